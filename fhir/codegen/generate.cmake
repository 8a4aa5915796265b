# gw_generate_definitions(OUTPUT tables.cpp SUMMARY tables.summary.txt)
#   Makes the constant tables of FHIR R4 at build time, and again when the package, our additions and corrections, or the
#   generator change.
# gw_generate_resources(OUTPUT resources.bin)
#   The same for the packed conformance resources.

# The files that both depend on, in the caller's variables: inputs, Python stages, the package's folder.
macro(gw_definition_inputs)
  set(codegen ${PROJECT_SOURCE_DIR}/fhir/codegen)
  set(definitions ${PROJECT_SOURCE_DIR}/fhir/definitions)
  set(package ${definitions}/node_modules/hl7.fhir.r4.examples)
  if(NOT EXISTS "${package}/package.json")
    message(FATAL_ERROR
      "The FHIR definitions are missing (fhir/definitions/node_modules). Run `./dev setup`: it fetches them, pinned by package-lock.json.")
  endif()
  # The package is pinned by its lock file; its 5,000 files need not be watched. Ours are few, and are.
  file(GLOB ours CONFIGURE_DEPENDS ${definitions}/corrections/*.json ${definitions}/additions/*.json)
  set(stages generate load check lower search_expressions emit resources summary model)
  list(TRANSFORM stages REPLACE "(.+)" "${codegen}/\\1.py")
  set(inputs ${stages} ${ours} ${definitions}/package-lock.json ${definitions}/search_parameter_ids.txt ${package}/package.json)
endmacro()

function(gw_generate_definitions)
  cmake_parse_arguments(ARG "" "OUTPUT;SUMMARY" "" ${ARGN})
  gw_definition_inputs()
  get_filename_component(folder ${ARG_OUTPUT} DIRECTORY)
  file(MAKE_DIRECTORY ${folder})
  add_custom_command(
    OUTPUT ${ARG_OUTPUT} ${ARG_SUMMARY}
    COMMAND ${Python3_EXECUTABLE} -B ${codegen}/generate.py --out ${ARG_OUTPUT} --summary ${ARG_SUMMARY}
    DEPENDS ${inputs}
    COMMENT "Generating the tables of FHIR R4"
    VERBATIM)
endfunction()

function(gw_generate_resources)
  cmake_parse_arguments(ARG "" "OUTPUT" "" ${ARGN})
  gw_definition_inputs()
  get_filename_component(folder ${ARG_OUTPUT} DIRECTORY)
  file(MAKE_DIRECTORY ${folder})
  add_custom_command(
    OUTPUT ${ARG_OUTPUT}
    COMMAND ${Python3_EXECUTABLE} -B ${codegen}/generate.py --resources ${ARG_OUTPUT}
    DEPENDS ${inputs}
    COMMENT "Packing the conformance resources of FHIR R4"
    VERBATIM)
endfunction()
