# The generator of events is for benchmarks, tests and `rollcall generate`; it is built whether or
# not the benchmarks are.
include_guard(GLOBAL)
add_library(rollcall_workload STATIC ${CMAKE_CURRENT_LIST_DIR}/workload.cpp)
target_include_directories(rollcall_workload PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
target_link_libraries(rollcall_workload PUBLIC rollcall_core PRIVATE $<BUILD_INTERFACE:rollcall_build_flags>)
