// This lock on DIR/LOCK ensures one writer per store; it ends with its process, however that ends.
#pragma once

#include <string>
#include <utility>

#include "rollcall/status.h"
#include "storage/posix_file.h"

namespace rollcall {

// The lock is held until it is destroyed, even if children made by fork() still have it open. If
// this process ends first, they hold it until they end or start a program.
class StoreLock {
 public:
  // Takes the lock and notes in the file who has it.
  //   kBusy  somebody else holds it, maybe this very process; the text says who
  static Result<StoreLock> acquire(const std::string& path);

  // Checks that the locked file is still the one that its path leads to, from the working directory
  // if it is relative.
  //   kIoError  it was removed, moved or replaced, and most likely the store with it
  Status check_place() const;

  StoreLock(StoreLock&&) = default;
  ~StoreLock();

 private:
  explicit StoreLock(PosixFile file) : file_(std::move(file)) {}

  PosixFile file_;
};

}  // namespace rollcall
