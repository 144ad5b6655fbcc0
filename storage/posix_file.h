// This header reads and writes small files outside the database as a whole. Errors have the path
// and the operating system's message.
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

// Checks that a file is one that a store may use: a regular file, not a link. A file to be written
// must have no other name, as it would then also be somebody else's file. A missing file is fine.
//   kInvalidArgument  it is not; it is left alone
Status check_regular_file(const std::string& path, FileUse use);

// Is an open file that closes itself. Programs that this process starts do not inherit it, and it
// is never one of the descriptors 0 to 2.
class PosixFile {
 public:
  // Takes the flags of open(2). A file that they create has read and write permission for the
  // owner, and others as the umask allows. With O_DIRECTORY, links are followed.
  //   kNotFound         there is no such file
  //   kInvalidArgument  as check_regular_file
  static Result<PosixFile> open(const std::string& path, int flags);

  PosixFile(PosixFile&& other) noexcept;
  PosixFile& operator=(PosixFile&& other) noexcept;
  ~PosixFile();

  const std::string& path() const { return path_; }
  int descriptor() const { return descriptor_; }

  // Returns `size` bytes from `offset`, or fewer if the file ends.
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

// Returns the file's bytes, of which there may be at most `size_max`.
Result<std::string> read_small_file(const std::string& path, std::size_t size_max);

// Creates a file, open for reading and writing, in place of what has the name. The old file loses
// the name, and nothing is written through it.
Result<PosixFile> make_file(const std::string& path);

// Puts a file with these bytes in place, durably: after a crash there is either the old file, if
// any, or this one. PATH.new exists meanwhile.
Status replace_file(const std::string& path, std::string_view bytes);

// Removes what a crash may have left of a replace_file(). It may be a second name of PATH, because
// adding one name and removing another need not reach the disk together.
Status remove_replacement(const std::string& path);

// Removes a file; a missing one is fine. The removal is not durable until its directory is synced.
Status remove_file(const std::string& path);

// Makes names created or removed in `directory` durable.
Status sync_directory(const std::string& directory);

}  // namespace rollcall
