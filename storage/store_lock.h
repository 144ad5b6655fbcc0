// One writer per store: a lock on DIR/LOCK that ends with its process, however that ends.
#pragma once

#include <string>
#include <utility>

#include "rollcall/status.h"
#include "storage/posix_file.h"

namespace rollcall {

// Held until destroyed, whatever children made by fork() still have of it. Should this process end
// before, they hold it until they end or start a program.
class StoreLock {
 public:
  // Takes the lock and writes down who has it.
  //   kBusy  somebody else holds it, maybe this very process; the text says who
  static Result<StoreLock> acquire(const std::string& path);

  StoreLock(StoreLock&&) = default;
  ~StoreLock();

 private:
  explicit StoreLock(PosixFile file) : file_(std::move(file)) {}

  PosixFile file_;
};

}  // namespace rollcall
