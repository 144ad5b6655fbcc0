# Finds every package, and says which is missing and how to get it.
#
# TBB comes before RocksDB, whose package brings a FindTBB.cmake that defines no TBB::tbb.

set(rollcall_missing "")

macro(rollcall_find package debian_package)
  find_package(${package} ${ARGN} QUIET)
  if(NOT ${package}_FOUND)
    string(APPEND rollcall_missing "\n  ${package}: apt-get install ${debian_package}")
  endif()
endmacro()

find_package(Threads REQUIRED)
rollcall_find(TBB libtbb-dev CONFIG)
rollcall_find(RocksDB librocksdb-dev CONFIG)
rollcall_find(xsimd libxsimd-dev CONFIG)
rollcall_find(nlohmann_json nlohmann-json3-dev CONFIG)
rollcall_find(Boost libboost-dev CONFIG)
rollcall_find(date libhowardhinnant-date-dev CONFIG)
rollcall_find(simdjson libsimdjson-dev CONFIG)
rollcall_find(fmt libfmt-dev CONFIG)
rollcall_find(ZLIB zlib1g-dev MODULE)

find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(xxhash QUIET IMPORTED_TARGET GLOBAL libxxhash)
  # The name is not "zstd", because the find module of RocksDB has that name, and would meet our
  # results in the cache.
  pkg_check_modules(libzstd QUIET IMPORTED_TARGET GLOBAL libzstd)
else()
  string(APPEND rollcall_missing "\n  pkg-config: apt-get install pkg-config")
endif()
if(NOT xxhash_FOUND)
  string(APPEND rollcall_missing "\n  xxHash: apt-get install libxxhash-dev")
endif()
if(NOT libzstd_FOUND)
  string(APPEND rollcall_missing "\n  zstd: apt-get install libzstd-dev")
endif()

if(ROLLCALL_BUILD_NOTIFIER)
  rollcall_find(CURL libcurl4-openssl-dev)
  rollcall_find(OpenSSL libssl-dev)
endif()
if(ROLLCALL_BUILD_TOOLS)
  rollcall_find(CLI11 libcli11-dev CONFIG)
endif()
if(ROLLCALL_BUILD_TESTS)
  rollcall_find(GTest libgtest-dev CONFIG)
  rollcall_find(rapidcheck librapidcheck-dev CONFIG)
  rollcall_find(roaring libroaring-dev CONFIG)
endif()
if(ROLLCALL_BUILD_BENCHMARKS)
  rollcall_find(benchmark libbenchmark-dev CONFIG)
endif()

if(rollcall_missing)
  message(FATAL_ERROR "rollcall needs packages that are not here:${rollcall_missing}\n"
                      "On Debian 12 and Ubuntu 24.04, tools/setup installs all of them.")
endif()
