# The program rollcall-rivals is built with the benchmarks, and with the tests, which run it on
# little data. Of the rivals, RocksDB is present anyway, and CRoaring is built in if it is found;
# the others are separate programs, which are looked for when it runs.
include_guard(GLOBAL)
include(${CMAKE_CURRENT_LIST_DIR}/../harness.cmake)

set(ROLLCALL_CROARING_DIR "" CACHE PATH
    "A folder with roaring/roaring.{h,c}, the amalgamated CRoaring; empty: the system's")
if(ROLLCALL_CROARING_DIR)
  enable_language(C)
  add_library(rollcall_rivals_croaring STATIC ${ROLLCALL_CROARING_DIR}/roaring/roaring.c)
  target_include_directories(rollcall_rivals_croaring SYSTEM PUBLIC ${ROLLCALL_CROARING_DIR})
  set(croaring rollcall_rivals_croaring)
else()
  find_package(roaring CONFIG QUIET)
  set(croaring $<TARGET_NAME_IF_EXISTS:roaring::roaring>)
endif()

add_executable(rollcall_rivals
  ${CMAKE_CURRENT_LIST_DIR}/child_process.cpp
  ${CMAKE_CURRENT_LIST_DIR}/comparison.cpp
  ${CMAKE_CURRENT_LIST_DIR}/croaring_rival.cpp
  ${CMAKE_CURRENT_LIST_DIR}/redis_client.cpp
  ${CMAKE_CURRENT_LIST_DIR}/redis_rival.cpp
  ${CMAKE_CURRENT_LIST_DIR}/rival_questions.cpp
  ${CMAKE_CURRENT_LIST_DIR}/rocksdb_rival.cpp
  ${CMAKE_CURRENT_LIST_DIR}/rollcall_rival.cpp
  ${CMAKE_CURRENT_LIST_DIR}/rollcall_rivals.cpp
  ${CMAKE_CURRENT_LIST_DIR}/sql_rival.cpp)
set_target_properties(rollcall_rivals PROPERTIES OUTPUT_NAME rollcall-rivals
                      RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
target_compile_definitions(rollcall_rivals PRIVATE
  ROLLCALL_RIVALS_DIR="${CMAKE_CURRENT_LIST_DIR}")
target_link_libraries(rollcall_rivals PRIVATE
  rollcall_build_flags rollcall_bench_support rollcall_kernels RocksDB::rocksdb-shared
  CLI11::CLI11 fmt::fmt nlohmann_json::nlohmann_json ${croaring})
rollcall_unite(rollcall_rivals)
