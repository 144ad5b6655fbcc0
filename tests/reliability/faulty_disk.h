// The disk beneath the whole process, and how it fails.
//
// Linked into a test program, faulty_disk.cpp takes the place of the C library's open, write, fsync
// and so on, for everybody in the process: RocksDB's files and those beside them fail alike. Calls
// that concern files beneath one directory are counted, and may fail; all others go to the kernel.
//
// It knows what a power cut may take: bytes that were written and not synced, and names that were
// made, changed or removed since their directory was synced.
//
// Any thread may use it, but there is one disk at a time, made and removed while no other thread
// uses its files.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

namespace rollcall::testing {

struct DiskFault {
  enum class What : std::uint8_t {
    kFailOnce,
    kFailForEver,
    kPowerCut,
    kKill,  // the process ends there, as it would by SIGKILL, and nothing is lost that was written
  };
  What what = What::kFailOnce;
  std::uint64_t call = 0;  // the first call that fails, from 1; 0: none
  int error = 5;           // errno of a call that fails: EIO
  std::uint64_t seed = 0;  // of what a power cut takes
  // Bytes past this many do not fit: ENOSPC.
  std::uint64_t bytes_max = std::numeric_limits<std::uint64_t>::max();
  bool takes_direct = true;  // false: a file system without direct writes
};

// A process that is killed, or whose power was cut, ends like this.
inline constexpr int kPowerCutCode = 78;

// The disk fails so from now on. `directory` need not exist yet. A power cut keeps what it may need
// in DIRECTORY.removed, which it removes, and ends the process.
void start_disk_faults(const std::string& directory, const DiskFault& fault);

// Counted calls since, the bytes they wrote, whether one has failed, and how many files were to be
// opened for direct writes.
std::uint64_t disk_calls();
std::uint64_t disk_bytes();
bool disk_has_failed();
std::uint64_t direct_files();

// The disk works again, and has room.
void stop_disk_faults();

}  // namespace rollcall::testing
