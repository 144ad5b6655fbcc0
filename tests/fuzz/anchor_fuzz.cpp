// This fuzzes the file ANCHOR.

#include <unistd.h>

#include <cstdlib>
#include <string>

#include "storage/anchor.h"

#include "tests/fuzz/fuzz_target.h"

namespace {

// Is a file that goes with the process. An anchor is opened by its name, and never through a link.
class NamedFile {
 public:
  NamedFile() : descriptor_(::mkstemp(path_.data())) {}
  ~NamedFile() { ::unlink(path_.c_str()); }

  const std::string& path() const { return path_; }
  int descriptor() const { return descriptor_; }

 private:
  std::string path_ = "/tmp/rollcall-anchor-XXXXXX";
  int descriptor_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rollcall;
  static const NamedFile file;
  fuzz::require(::ftruncate(file.descriptor(), 0) == 0 &&
                    ::pwrite(file.descriptor(), data, size, 0) == ssize_t(size),
                "no file to write to");
  const Result<Anchor> anchor = Anchor::open(file.path(), Anchor::Access::kWrite);
  fuzz::require(anchor.ok() || anchor.status().code() == StatusCode::kCorruption,
                anchor.status().to_string());
  return 0;
}
