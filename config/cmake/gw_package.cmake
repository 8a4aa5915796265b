# The Debian package: `./dev package`, or cpack in a build folder. The program goes to /usr/bin; configuration and rules
# to /etc/passerelle, where dpkg keeps what an operator changed; the systemd unit, documents and examples beside them.
if(NOT TARGET passerelle)
  return()
endif()

set(deploy "${PROJECT_SOURCE_DIR}/config/deploy")
set(packaged "${PROJECT_BINARY_DIR}/package")

# The packaged configuration is config/passerelle.yaml with two other values: nobody reads without a token, and the
# private database has its place. A replacement that finds nothing to replace is an error.
file(READ "${PROJECT_SOURCE_DIR}/config/passerelle.yaml" configuration)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/config/passerelle.yaml")
foreach(change
    "  mode: \"open\"|  mode: \"deny\""
    "    directory: \"\"|    directory: \"/var/lib/passerelle/database\""
    "every setting at its default.|every setting, at its default except access.mode and database.embedded."
    "# Generated from the tables in gateway/settings. edit those, then run gateway_settings_test --update-golden.|# `passerelle check-config /etc/passerelle/passerelle.yaml` checks it. After a change: systemctl restart passerelle.")
  string(REPLACE "|" ";" change "${change}")
  list(GET change 0 from)
  list(GET change 1 to)
  string(REGEX REPLACE "${from}" "${to}" changed "${configuration}")
  if(changed STREQUAL configuration)
    message(FATAL_ERROR "config/passerelle.yaml has no line '${from}' that the package could replace")
  endif()
  set(configuration "${changed}")
endforeach()
file(WRITE "${packaged}/passerelle.yaml" "${configuration}")

set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)  # cpack takes what is built and builds nothing: ./dev package builds the program
set(etc "/etc/passerelle")
install(TARGETS passerelle RUNTIME DESTINATION /usr/bin)
install(FILES "${packaged}/passerelle.yaml" DESTINATION "${etc}")
foreach(folder mappings policies plans tariffs)
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/config/${folder}" DESTINATION "${etc}" FILES_MATCHING PATTERN "*.yaml" PATTERN "*.json")
  file(GLOB_RECURSE files RELATIVE "${PROJECT_SOURCE_DIR}/config" CONFIGURE_DEPENDS
    "${PROJECT_SOURCE_DIR}/config/${folder}/*.yaml" "${PROJECT_SOURCE_DIR}/config/${folder}/*.json")
  list(APPEND rule_files ${files})
endforeach()
install(FILES "${deploy}/passerelle.service" DESTINATION "/lib/systemd/system")
install(PROGRAMS "${deploy}/backup" "${deploy}/restore" "${deploy}/rolling_upgrade" DESTINATION /usr/share/passerelle)
install(FILES "${PROJECT_SOURCE_DIR}/README.md" DESTINATION /usr/share/doc/passerelle)
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION /usr/share/doc/passerelle RENAME copyright)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/docs" DESTINATION /usr/share/doc/passerelle FILES_MATCHING PATTERN "*.md")

# dpkg takes files for configuration only when it is told so.
set(conffiles "${etc}/passerelle.yaml\n")
foreach(file ${rule_files})
  string(APPEND conffiles "${etc}/${file}\n")
endforeach()
file(WRITE "${packaged}/conffiles" "${conffiles}")
# dpkg refuses maintainer scripts that are not executable.
foreach(script preinst postinst prerm postrm)
  configure_file("${deploy}/debian/${script}" "${packaged}/${script}" COPYONLY FILE_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME passerelle)
set(CPACK_PACKAGE_VENDOR "The Passerelle project")
set(CPACK_PACKAGE_CONTACT "The Passerelle project <passerelle@passerelle.example>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_SET_DESTDIR ON)  # destinations are absolute: files go to /etc and /lib as well
set(CPACK_INSTALL_PREFIX "/usr")
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Receives HL7 v2 messages of hospitals over MLLP, serves FHIR R4 over HTTP to
teleconsultation platforms, insurers and patients, and keeps one record of what
happened in between, in a PostgreSQL of its own or in one that exists.")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "tzdata, passwd, init-system-helpers")
# Needed for database.embedded alone: an existing server needs none of its programs here.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "postgresql-15, ca-certificates")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  "${packaged}/conffiles" "${packaged}/preinst" "${packaged}/postinst" "${packaged}/prerm" "${packaged}/postrm")
include(CPack)
