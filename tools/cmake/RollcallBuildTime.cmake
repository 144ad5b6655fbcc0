# This file makes builds short.
#
# A compiler spends half of its time here on reading headers, most of all those of the standard
# library and of packages. Sources of a library, or of a folder's tests, are therefore compiled
# several at a time, which reads the headers once for all of them. Test programs of one source share
# precompiled headers; the core, which is the largest library, has both. Sources with options of
# their own, such as those on the path of every event and those of wide instructions, are compiled
# by themselves, because CMake leaves them out.
#
# With ROLLCALL_UNITE off, each source is compiled by itself, and must compile that way, too.

# A compiler cache is used if there is one. It has to be told that times and definitions in what is
# precompiled do not matter.
find_program(ROLLCALL_CCACHE ccache DOC "Compiler cache to use, if CMAKE_CXX_COMPILER_LAUNCHER names no other")
if(PROJECT_IS_TOP_LEVEL AND ROLLCALL_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${ROLLCALL_CCACHE})
endif()

# There are many test programs, and each has the whole library in it.
find_program(ROLLCALL_MOLD mold DOC "Fast linker to use for builds with tests")
if(PROJECT_IS_TOP_LEVEL AND ROLLCALL_BUILD_TESTS AND ROLLCALL_MOLD AND NOT ROLLCALL_SANITIZE
   AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_link_options(-fuse-ld=mold)
endif()

# Compiles the sources of `target` 16 at a time, or as many as are given. More of them take less time
# in all, and more memory at once.
function(rollcall_unite target)
  set(batch 16)
  if(ARGC GREATER 1)
    set(batch ${ARGV1})
  endif()
  set_target_properties(${target} PROPERTIES
    UNITY_BUILD ${ROLLCALL_UNITE} UNITY_BUILD_BATCH_SIZE ${batch})
endfunction()

# Precompiles the named headers of packages, and those of the standard library, for `target`.
# Headers of ours change too often.
function(rollcall_precompile target)
  if(NOT ROLLCALL_UNITE)
    return()
  endif()
  target_precompile_headers(${target} PRIVATE ${ARGN}
    <algorithm> <atomic> <chrono> <functional> <map> <memory> <optional> <random> <set> <string> <string_view>
    <thread> <unordered_map> <utility> <variant> <vector>)
endfunction()
