# Third-party libraries, all from Debian. Modules link them PRIVATE, so their include paths never reach a dependent.

find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(PostgreSQL REQUIRED)
find_package(fmt REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(XercesC REQUIRED)
find_package(Poco REQUIRED COMPONENTS Foundation Net NetSSL Util Crypto)
find_package(ICU REQUIRED COMPONENTS uc i18n data)
find_package(ZLIB REQUIRED)
find_package(BZip2 REQUIRED)
find_package(Python3 REQUIRED COMPONENTS Interpreter)
find_package(PkgConfig REQUIRED)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)

find_path(GW_RAPIDJSON_INCLUDE rapidjson/reader.h REQUIRED)
add_library(gw_rapidjson INTERFACE)
target_include_directories(gw_rapidjson SYSTEM INTERFACE "${GW_RAPIDJSON_INCLUDE}")
