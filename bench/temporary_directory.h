// Is a folder that is removed with its owner.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "bench/session.h"

namespace rollcall::bench {

class TemporaryDirectory {
 public:
  // Makes one in `parent`, named after `program`. Throws BenchError.
  TemporaryDirectory(const std::string& parent, const std::string& program) {
    std::string name = parent + "/" + program + "-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) {
      throw BenchError(parent + ": cannot make a folder there");
    }
    path_ = name;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace rollcall::bench
