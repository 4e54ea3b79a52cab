# stir_embed(<Table> ROOT <folder> GLOB <patterns...>): every file under the folder that fits becomes text in the binary,
#   found by the function stir::embedded::<Table>() of src/embedded/embedded.h, by its path relative to the folder.
# stir_embed_library(<name>): the library that holds all tables declared before, and the program's version.
# Run as a script (cmake -P) this file writes one table: TABLE, ROOT, OUT, and LIST (a file with one path a line).

if(CMAKE_SCRIPT_MODE_FILE)
  file(STRINGS ${LIST} paths)
  set(entries "")
  foreach(path IN LISTS paths)
    file(READ ${ROOT}/${path} text)
    if(text MATCHES "\\)stir_embed\"")
      message(FATAL_ERROR "${path} contains the delimiter of an embedded file")
    endif()
    string(APPEND entries "    {\"${path}\", R\"stir_embed(${text})stir_embed\"},\n")
  endforeach()
  list(LENGTH paths count)
  file(WRITE ${OUT} "// Written by the build from ${TABLE}'s files.\n#include \"embedded/embedded.h\"\n\n#include <array>\n\n"
       "namespace stir::embedded {\n\nstd::span<const EmbeddedFile> ${TABLE}() {\n"
       "  static constexpr std::array<EmbeddedFile, ${count}> kFiles{{\n${entries}  }};\n  return kFiles;\n}\n\n}\n")
  return()
endif()

set(STIR_EMBEDDED_SOURCES "" CACHE INTERNAL "tables declared so far")

function(stir_embed table)
  cmake_parse_arguments(ARG "" "ROOT" "GLOB" ${ARGN})
  set(root ${CMAKE_SOURCE_DIR}/${ARG_ROOT})
  list(TRANSFORM ARG_GLOB PREPEND ${root}/)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE ${root} ${ARG_GLOB})
  list(FILTER files EXCLUDE REGEX "README\\.md$")
  list(SORT files)
  list(JOIN files "\n" lines)
  set(out ${CMAKE_BINARY_DIR}/embedded/${table})
  file(CONFIGURE OUTPUT ${out}.txt CONTENT "${lines}" @ONLY)
  list(TRANSFORM files PREPEND ${root}/)
  add_custom_command(
    OUTPUT ${out}.cc
    COMMAND ${CMAKE_COMMAND} -D TABLE=${table} -D ROOT=${root} -D OUT=${out}.cc -D LIST=${out}.txt
            -P ${CMAKE_SOURCE_DIR}/cmake/StirEmbed.cmake
    DEPENDS ${files} ${out}.txt ${CMAKE_SOURCE_DIR}/cmake/StirEmbed.cmake
    COMMENT "embedding ${ARG_ROOT}"
    VERBATIM)
  set(STIR_EMBEDDED_SOURCES ${STIR_EMBEDDED_SOURCES} ${out}.cc CACHE INTERNAL "")
endfunction()

function(stir_embed_library name)
  set(version ${CMAKE_BINARY_DIR}/embedded/version.cc)
  file(CONFIGURE OUTPUT ${version} @ONLY CONTENT
       "// Written by the build.\n#include \"embedded/embedded.h\"\n\nnamespace stir::embedded {\n
std::string_view Version() { return \"${PROJECT_VERSION}\"; }\n\n}  // namespace stir::embedded\n")
  add_library(${name} STATIC ${STIR_EMBEDDED_SOURCES} ${version})
  set_target_properties(${name} PROPERTIES OUTPUT_NAME stir_${name})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
endfunction()
