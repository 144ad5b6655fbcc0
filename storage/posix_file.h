// Small files outside the database, read and written whole. Errors name the path and say what the
// operating system said.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "rollcall/status.h"

namespace rollcall {

// Returns `code` and what errno means, after "PATH: cannot ACTION: ".
Status errno_status(const std::string& path, std::string_view action,
                    StatusCode code = StatusCode::kIoError);

enum class FileUse { kRead, kWrite };

// Whether a file is one that a store may use: a regular file, and no link to one. One that is
// written must have no other name, as that would be another's file: what is written would be
// written there, too. Fine when there is no such file.
//   kInvalidArgument  it is not; it is left alone
Status check_regular_file(const std::string& path, FileUse use);

// An open file that closes itself. Not inherited by programs that this process starts, and never
// one of the descriptors 0 to 2.
class PosixFile {
 public:
  // Takes open(2)'s flags; a file that they create is rw for the owner and as the umask allows.
  // With O_DIRECTORY links are followed.
  //   kNotFound         there is no such file
  //   kInvalidArgument  as check_regular_file
  static Result<PosixFile> open(const std::string& path, int flags);

  PosixFile(PosixFile&& other) noexcept;
  PosixFile& operator=(PosixFile&& other) noexcept;
  ~PosixFile();

  const std::string& path() const { return path_; }
  int descriptor() const { return descriptor_; }

  // Returns `size` bytes from `offset`; fewer where the file ends.
  Result<std::string> read(std::uint64_t offset, std::size_t size) const;
  Status write(std::uint64_t offset, std::string_view bytes) const;
  // Cuts off what lies past `size`.
  Status truncate(std::uint64_t size = 0) const;
  Result<std::uint64_t> size() const;
  // Returns once the bytes are on disk.
  Status sync() const;

 private:
  PosixFile(std::string path, int descriptor);

  std::string path_;
  int descriptor_;  // -1: moved from
};

// Returns the file's bytes, of which it may have `size_max`.
Result<std::string> read_small_file(const std::string& path, std::size_t size_max);

// Makes a file, open to read and to write, in place of what has the name. That loses the name, and
// nothing is written through it.
Result<PosixFile> make_file(const std::string& path);

// Puts a file with these bytes in place, durably: a crash leaves the old file, if any, or this one.
// Meanwhile PATH.new exists.
Status replace_file(const std::string& path, std::string_view bytes);

// Removes what a crash may have left of a replace_file(). It may be a second name of PATH, as a
// name that is given and one that is taken away need not reach the disk together.
Status remove_replacement(const std::string& path);

// Fine when there is no such file. Not durable until its directory is synced.
Status remove_file(const std::string& path);

// Makes names created or removed in `directory` durable.
Status sync_directory(const std::string& directory);

}  // namespace rollcall
