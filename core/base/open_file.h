// Files that somebody named, opened with care.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "rollcall/status.h"

namespace rollcall {

// Whether the operating system would see the whole of a path.
//   kInvalidArgument  it has a NUL byte, where it would end: that would be another path
Status check_path(const std::string& path);

// An open file that closes itself.
class OpenFile {
 public:
  // Opens a regular file of at most `bytes_max` bytes. What is none is not waited for, and does not
  // become the terminal of the process.
  //   kNotFound, kInvalidArgument, kIoError  as read_regular_file
  static Result<OpenFile> open_regular(const std::string& path, std::size_t bytes_max);
  // The same, if it lies in or beneath one of `directories`, or is one of them, links resolved.
  // Others are refused alike, whether they are there or not.
  //   kInvalidArgument  it lies elsewhere, too
  static Result<OpenFile> open_beneath(const std::vector<std::string>& directories,
                                       const std::string& path, std::size_t bytes_max);

  OpenFile(OpenFile&& other) noexcept;
  OpenFile& operator=(OpenFile&&) = delete;
  ~OpenFile();

  int descriptor() const { return descriptor_; }
  // Returns the size that the file had when it was opened; files of the system may say 0 and have
  // more.
  std::size_t size() const { return size_; }
  int release();  // for a new owner

 private:
  explicit OpenFile(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;  // -1: moved from, or released
  std::size_t size_ = 0;
};

}  // namespace rollcall
