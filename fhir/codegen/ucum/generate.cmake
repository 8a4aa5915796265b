# gw_generate_ucum(OUTPUT table.cpp SUMMARY table.summary.txt)
#   Makes the constant table of UCUM at build time, and again when the package, our list or the generator change.

function(gw_generate_ucum)
  cmake_parse_arguments(ARG "" "OUTPUT;SUMMARY" "" ${ARGN})
  set(codegen ${PROJECT_SOURCE_DIR}/fhir/codegen/ucum)
  set(definitions ${PROJECT_SOURCE_DIR}/fhir/definitions)
  set(package ${definitions}/node_modules/@atomic-ehr/ucum)
  if(NOT EXISTS "${package}/package.json")
    message(FATAL_ERROR
      "The UCUM table is missing (fhir/definitions/node_modules). Run `./dev setup`: it fetches it, pinned by package-lock.json.")
  endif()
  set(stages generate load check lower emit)
  list(TRANSFORM stages REPLACE "(.+)" "${codegen}/\\1.py")
  get_filename_component(folder ${ARG_OUTPUT} DIRECTORY)
  file(MAKE_DIRECTORY ${folder})
  add_custom_command(
    OUTPUT ${ARG_OUTPUT} ${ARG_SUMMARY}
    COMMAND ${Python3_EXECUTABLE} -B ${codegen}/generate.py --out ${ARG_OUTPUT} --summary ${ARG_SUMMARY}
    DEPENDS ${stages} ${definitions}/package-lock.json ${definitions}/ucum_plain_units.txt ${package}/package.json
    COMMENT "Generating the table of UCUM"
    VERBATIM)
endfunction()
