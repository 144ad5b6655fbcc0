// The file ANCHOR.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "storage/anchor.h"

#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rollcall;
  static const int file = ::memfd_create("anchor", 0);
  fuzz::require(::ftruncate(file, 0) == 0 && ::pwrite(file, data, size, 0) == ssize_t(size),
                "no file in memory");
  const std::string path = "/proc/self/fd/" + std::to_string(file);
  const Result<Anchor> anchor = Anchor::open(path, Anchor::Access::kWrite);
  fuzz::require(anchor.ok() || anchor.status().code() == StatusCode::kCorruption,
                anchor.status().to_string());
  return 0;
}
