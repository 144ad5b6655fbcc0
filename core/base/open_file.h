// This header opens files that somebody named, with care.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "rollcall/status.h"

namespace rollcall {

// Checks that the operating system would see the whole of a path.
//   kInvalidArgument  it has a NUL byte, where the system would end it: that is another path
Status check_path(const std::string& path);

// Is an open file that closes itself.
class OpenFile {
 public:
  // Opens a regular file of at most `bytes_max` bytes. The call does not wait for any other kind of
  // file, and lets none become the terminal of the process.
  //   kNotFound, kInvalidArgument, kIoError  as read_regular_file
  static Result<OpenFile> open_regular(const std::string& path, std::size_t bytes_max);
  // Does the same for a file that lies in or beneath one of `directories`, or is one of them, with
  // links resolved. Others are refused alike, whether they exist or not.
  //   kInvalidArgument  as above, or it lies elsewhere
  static Result<OpenFile> open_beneath(const std::vector<std::string>& directories,
                                       const std::string& path, std::size_t bytes_max);

  OpenFile(OpenFile&& other) noexcept;
  OpenFile& operator=(OpenFile&&) = delete;
  ~OpenFile();

  int descriptor() const { return descriptor_; }
  // Returns the size that the file had when it was opened. Files such as those in /proc may say 0
  // and have more.
  std::size_t size() const { return size_; }
  int release();  // hands the descriptor to a new owner

 private:
  explicit OpenFile(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;  // -1: moved from, or released
  std::size_t size_ = 0;
};

}  // namespace rollcall
