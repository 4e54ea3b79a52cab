# Third-party libraries as imported targets, one name each. They come from Debian's packages; DuckDB from tools/setup.
# Archives are preferred to shared objects: each shared object costs the start of every command.

find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(CURL REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(date REQUIRED)

# stir_archive(<target> HEADER <file> NAMES <library file names...>): one library by name, its archive first.
function(stir_archive target)
  cmake_parse_arguments(ARG "" "HEADER" "NAMES" ${ARGN})
  string(MAKE_C_IDENTIFIER ${target} id)
  find_library(${id}_LIBRARY NAMES ${ARG_NAMES} REQUIRED)
  find_path(${id}_INCLUDE ${ARG_HEADER} REQUIRED)
  add_library(${target} UNKNOWN IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES IMPORTED_LOCATION ${${id}_LIBRARY})
  if(NOT ${id}_INCLUDE STREQUAL "/usr/include")
    set_target_properties(${target} PROPERTIES INTERFACE_INCLUDE_DIRECTORIES ${${id}_INCLUDE})
  endif()
  mark_as_advanced(${id}_LIBRARY ${id}_INCLUDE)
endfunction()

stir_archive(fmt::fmt HEADER fmt/format.h NAMES libfmt.a fmt)
stir_archive(yaml::yaml HEADER yaml.h NAMES libyaml.a yaml)
stir_archive(pcre2::pcre2 HEADER pcre2.h NAMES libpcre2-8.a pcre2-8)
stir_archive(SQLite::SQLite3 HEADER sqlite3.h NAMES libsqlite3.a sqlite3)
stir_archive(xxhash::xxhash HEADER xxhash.h NAMES libxxhash.a xxhash)
# The allocator of the program itself: about a seventh less time for work that is made of many small values on several threads.
# The sanitizers bring their own.
stir_archive(jemalloc::jemalloc HEADER jemalloc/jemalloc.h NAMES libjemalloc_pic.a jemalloc)
target_link_libraries(SQLite::SQLite3 INTERFACE Threads::Threads ${CMAKE_DL_LIBS} m)

# DuckDB is opened with dlopen when a command needs it, so only its header is compiled against.
set(STIR_DEPS_DIR ${CMAKE_SOURCE_DIR}/.deps)
add_library(duckdb::headers INTERFACE IMPORTED GLOBAL)
file(MAKE_DIRECTORY ${STIR_DEPS_DIR}/include)
target_include_directories(duckdb::headers SYSTEM INTERFACE ${STIR_DEPS_DIR}/include)
target_compile_definitions(duckdb::headers INTERFACE STIR_BUILD_LIB_DIR="${STIR_DEPS_DIR}/lib")

# So is PostgreSQL's client library.
find_path(STIR_LIBPQ_INCLUDE libpq-fe.h PATH_SUFFIXES postgresql REQUIRED)
add_library(libpq::headers INTERFACE IMPORTED GLOBAL)
target_include_directories(libpq::headers SYSTEM INTERFACE ${STIR_LIBPQ_INCLUDE})

find_path(STIR_BOOST_INCLUDE boost/beast/http.hpp REQUIRED)
add_library(Boost::headers INTERFACE IMPORTED GLOBAL)
target_include_directories(Boost::headers SYSTEM INTERFACE ${STIR_BOOST_INCLUDE})

find_package(GTest REQUIRED)
