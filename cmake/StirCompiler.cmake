# Language, warnings, linker, compiler cache and precompiled headers: everything that is the same for all rooms.

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_COMPILE_WARNING_AS_ERROR ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)

set(STIR_BINARY_DIR ${CMAKE_BINARY_DIR} CACHE PATH "where the program `stir` is put")
set(STIR_SANITIZE "" CACHE STRING "comma-separated sanitizers, or nothing")
option(STIR_FUZZ "fuzz targets with libFuzzer (clang)" OFF)
option(STIR_PCH "precompile the standard headers" ON)
# Presets that are built whole more often than bit by bit set it: most of the time goes into templates and inline functions that
# neighbours share. So names in the unnamed namespaces of a room differ from each other.
set(STIR_BATCH 1 CACHE STRING "how many sources of a room are compiled together")

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual
                    -Wcast-align -Wcast-qual -Wextra-semi)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12's optimizer sees overlaps, overruns and uninitialised members in its own std::string and std::expected (its bugs
  # 105651, 105329, 105562). The sanitizers, the library's assertions and clang's analyzer watch for the real ones.
  add_compile_options(-Wno-restrict -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread
                      -Wno-maybe-uninitialized -Wno-free-nonheap-object)
  # What ccache needs to keep objects that were compiled with a precompiled header.
  add_compile_options(-fpch-preprocess)
endif()

if(STIR_SANITIZE)
  add_compile_options(-fsanitize=${STIR_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${STIR_SANITIZE})
  if(STIR_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=all)
  endif()
endif()

# Functions that nobody calls and libraries that nobody uses cost start-up time.
add_compile_options(-ffunction-sections -fdata-sections)
add_link_options(-Wl,--gc-sections -Wl,--as-needed)
find_program(STIR_MOLD mold)
if(STIR_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

find_program(STIR_CCACHE ccache)
if(STIR_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      /usr/bin/env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} ${STIR_CCACHE})
endif()
