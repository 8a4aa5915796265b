# gw_module(NAME fhir_json SOURCES a.cpp HEADERS a.hpp PUBLIC_DEPS gw::fhir_base PRIVATE_DEPS gw_rapidjson)
#   One static library per folder, alias gw::<NAME>. Headers are in a FILE_SET, so that the target
#   all_verify_interface_header_sets proves that each compiles alone. Includes are written from the repository's root.
# gw_test(NAME fhir_json_test SOURCES a_test.cpp DEPS gw::fhir_json LABELS unit)
#   One GoogleTest program with its ctest label. Labels: unit db e2e conformance shared bench.
# gw_generated(FILE)
#   Names a file that the build makes, so that the target `generated` makes it without compiling anything: clang-tidy
#   needs the text alone. Called in the folder of the custom command.

# For builds that need no more than one label's tests, or no more than the generated texts.
add_custom_target(unit_tests)
add_custom_target(generated)

function(gw_generated file)
  string(REPLACE "${PROJECT_BINARY_DIR}/" "" relative "${file}")
  string(MAKE_C_IDENTIFIER "generated_${relative}" target)
  add_custom_target(${target} DEPENDS "${file}")
  add_dependencies(generated ${target})
endfunction()

function(gw_module)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;HEADERS;PUBLIC_DEPS;PRIVATE_DEPS" ${ARGN})
  if(ARG_SOURCES)
    add_library(${ARG_NAME} STATIC ${ARG_SOURCES})
    set(scope PUBLIC)
    target_link_libraries(${ARG_NAME} PUBLIC ${ARG_PUBLIC_DEPS} fmt::fmt PRIVATE gw_options ${ARG_PRIVATE_DEPS})
  else()
    add_library(${ARG_NAME} INTERFACE)
    set(scope INTERFACE)
    target_link_libraries(${ARG_NAME} INTERFACE ${ARG_PUBLIC_DEPS} fmt::fmt)
  endif()
  add_library(gw::${ARG_NAME} ALIAS ${ARG_NAME})
  target_sources(${ARG_NAME} ${scope} FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}" FILES ${ARG_HEADERS})
  target_include_directories(${ARG_NAME} ${scope} "${PROJECT_SOURCE_DIR}")
endfunction()

function(gw_test)
  cmake_parse_arguments(ARG "" "NAME;TIMEOUT" "SOURCES;DEPS;LABELS" ${ARGN})
  if(NOT GW_TESTS)
    return()
  endif()
  add_executable(${ARG_NAME} ${ARG_SOURCES})
  target_link_libraries(${ARG_NAME} PRIVATE gw_options ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  target_compile_definitions(${ARG_NAME} PRIVATE
    GW_SOURCE_DIR="${PROJECT_SOURCE_DIR}" GW_BINARY_DIR="${PROJECT_BINARY_DIR}")
  if(unit IN_LIST ARG_LABELS)
    add_dependencies(unit_tests ${ARG_NAME})
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  if(GW_SANITIZE)
    math(EXPR ARG_TIMEOUT "${ARG_TIMEOUT} * 5") # the thread sanitizer slows tests down by 5 to 15 times
  endif()
  add_test(NAME ${ARG_NAME} COMMAND ${ARG_NAME} WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
  set_tests_properties(${ARG_NAME} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT} SKIP_REGULAR_EXPRESSION "^SKIPPED ALL:")
endfunction()
