# All benchmarks measure on this, and so does the program rollcall-bench. It is built with the
# benchmarks, and with the tests, which run it on little data.
include_guard(GLOBAL)
include(${CMAKE_CURRENT_LIST_DIR}/workload.cmake)
find_package(CLI11 CONFIG REQUIRED)

add_library(rollcall_bench_workload STATIC
  ${CMAKE_CURRENT_LIST_DIR}/floor.cpp
  ${CMAKE_CURRENT_LIST_DIR}/recount.cpp
  ${CMAKE_CURRENT_LIST_DIR}/workload_properties.cpp
  ${CMAKE_CURRENT_LIST_DIR}/workload_w.cpp)
target_include_directories(rollcall_bench_workload PUBLIC ${PROJECT_SOURCE_DIR})
target_link_libraries(rollcall_bench_workload
  PUBLIC rollcall_core TBB::tbb PRIVATE rollcall_build_flags Threads::Threads)
# The floor is as fast as the compiler makes it.
set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/floor.cpp
  TARGET_DIRECTORY rollcall_bench_workload PROPERTIES COMPILE_OPTIONS "-O3")

# The groups of measurements share this.
add_library(rollcall_bench_support STATIC
  ${CMAKE_CURRENT_LIST_DIR}/event_files.cpp
  ${CMAKE_CURRENT_LIST_DIR}/history_floor.cpp
  ${CMAKE_CURRENT_LIST_DIR}/history_truth.cpp
  ${CMAKE_CURRENT_LIST_DIR}/machine.cpp
  ${CMAKE_CURRENT_LIST_DIR}/questions.cpp
  ${CMAKE_CURRENT_LIST_DIR}/report.cpp
  ${CMAKE_CURRENT_LIST_DIR}/scratch_store.cpp
  ${CMAKE_CURRENT_LIST_DIR}/session.cpp
  ${CMAKE_CURRENT_LIST_DIR}/truth.cpp)
target_link_libraries(rollcall_bench_support
  PUBLIC rollcall_bench_workload rollcall_storage rollcall_core
  PRIVATE rollcall_build_flags rollcall_kernels fmt::fmt nlohmann_json::nlohmann_json
          Threads::Threads)
rollcall_unite(rollcall_bench_support)

add_executable(rollcall_bench
  ${CMAKE_CURRENT_LIST_DIR}/rollcall_bench.cpp
  ${CMAKE_CURRENT_LIST_DIR}/arrow_rows.cpp
  ${CMAKE_CURRENT_LIST_DIR}/measure_arrow.cpp
  ${CMAKE_CURRENT_LIST_DIR}/measure_c.cpp
  ${CMAKE_CURRENT_LIST_DIR}/measure_files.cpp
  ${CMAKE_CURRENT_LIST_DIR}/measure_ingest.cpp
  ${CMAKE_CURRENT_LIST_DIR}/measure_large_queries.cpp
  ${CMAKE_CURRENT_LIST_DIR}/history_pages.cpp
  ${CMAKE_CURRENT_LIST_DIR}/history_scan.cpp
  ${CMAKE_CURRENT_LIST_DIR}/measure_history.cpp
  ${CMAKE_CURRENT_LIST_DIR}/measure_history_writes.cpp
  ${CMAKE_CURRENT_LIST_DIR}/measure_latency.cpp
  ${CMAKE_CURRENT_LIST_DIR}/measure_operations.cpp
  ${CMAKE_CURRENT_LIST_DIR}/measure_pushed.cpp
  ${CMAKE_CURRENT_LIST_DIR}/measure_queries.cpp
  ${CMAKE_CURRENT_LIST_DIR}/measure_store.cpp
  ${CMAKE_CURRENT_LIST_DIR}/packed_run.cpp
  ${CMAKE_CURRENT_LIST_DIR}/quantiles.cpp)
set_target_properties(rollcall_bench PROPERTIES OUTPUT_NAME rollcall-bench
                      RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
target_link_libraries(rollcall_bench PRIVATE
  rollcall_build_flags rollcall_bench_support rollcall_c rollcall_kernels
  rollcall_operations CLI11::CLI11 fmt::fmt)
rollcall_unite(rollcall_bench)
