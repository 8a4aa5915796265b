# Warnings, sanitizers and build-speed settings. Every target of ours links gw_options; nothing is set through CMAKE_CXX_FLAGS.

add_library(gw_options INTERFACE)
target_compile_options(gw_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wnull-dereference
  $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond -Wlogical-op -Wno-missing-field-initializers>
  $<$<CXX_COMPILER_ID:Clang>:-Wno-missing-field-initializers -Wno-missing-designated-field-initializers>
  # g++ 12 reports false positives for these at -O2 on std::string and std::expected (GCC bugs 105329, 105651, 107852).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict -Wno-stringop-overflow -Wno-maybe-uninitialized -Wno-null-dereference -Wno-array-bounds>)
target_compile_definitions(gw_options INTERFACE $<$<CONFIG:Debug>:GW_DEBUG=1>)

if(GW_WERROR)
  target_compile_options(gw_options INTERFACE -Werror)
endif()

if(GW_SANITIZE)
  target_compile_options(gw_options INTERFACE -fsanitize=${GW_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(gw_options INTERFACE -fsanitize=${GW_SANITIZE})
  if(GW_SANITIZE STREQUAL "thread")
    # g++ 12 takes the pointers of a vector for moved ones once the thread sanitizer has instrumented them.
    target_compile_options(gw_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-free-nonheap-object>)
  endif()
endif()

# A fuzzer finds its way by the branches of the code under test, so the modules are instrumented as the targets are.
if(GW_FUZZ)
  target_compile_options(gw_options INTERFACE -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
    -fno-sanitize=pointer-overflow)  # RapidJSON adds to a null pointer when it has nothing on its stack yet
  target_link_options(gw_options INTERFACE -fsanitize=address,undefined)
endif()

find_program(GW_CCACHE ccache)
if(GW_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${GW_CCACHE}")
endif()

find_program(GW_MOLD mold)
if(GW_MOLD AND NOT GW_SANITIZE)
  add_link_options(-fuse-ld=mold)
endif()
