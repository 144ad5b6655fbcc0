// This is a directory for one test, which is removed afterwards.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <system_error>

namespace rollcall {

// Returns a directory for tests of which nothing needs to be on a disk.
inline std::string directory_in_memory() {
  return ::access("/dev/shm/", W_OK) == 0 ? "/dev/shm/" : ::testing::TempDir();
}

class TemporaryDirectory {
 public:
  // `parent` ends with a slash.
  explicit TemporaryDirectory(const std::string& parent = ::testing::TempDir()) {
    std::string pattern = parent + "rollcall-storage-XXXXXX";
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    path_ = pattern;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string path(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace rollcall
