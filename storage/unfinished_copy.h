// A copy of a store is made in this directory, until it is complete.
#pragma once

#include <string>

#include "rollcall/status.h"
#include "storage/store_lock.h"

namespace rollcall {

// It is removed if it ends unfinished. What a crash leaves of it is marked as unfinished.
class UnfinishedCopy {
 public:
  // Creates `target`.new, or takes over what a crash left there. `target` must be missing, an empty
  // directory, or what a crash left of a copy, which is removed.
  //   kNotFound       the parent is missing
  //   kAlreadyExists  one of the two holds something else
  //   kBusy           somebody else is making a copy there
  static Result<UnfinishedCopy> begin(const std::string& target);

  UnfinishedCopy(UnfinishedCopy&& other) noexcept;
  ~UnfinishedCopy();

  const std::string& directory() const { return directory_; }

  // Gives it its name and turns it into a store. Returns once that is on disk, as its files must
  // already be.
  Status finish();

 private:
  UnfinishedCopy(std::string directory, std::string target, StoreLock lock);

  std::string directory_;  // empty: finished, or moved from
  std::string target_;
  StoreLock lock_;
};

}  // namespace rollcall
