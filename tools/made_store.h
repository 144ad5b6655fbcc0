// An ingest makes this store, and takes it back if nothing comes into it.
#pragma once

#include <string>
#include <vector>

#include "rollcall/status.h"

namespace rollcall::tools {

// Takes a store back as if it had never been: the files that the store made, and the directory if
// this process made it and nothing else is in it. It is to be made before the store is. Whatever
// else has come to lie there, or has the store's name by now, is not touched.
class MadeStore {
 public:
  explicit MadeStore(std::string directory);
  MadeStore(MadeStore&& other) noexcept;
  MadeStore(const MadeStore&) = delete;
  ~MadeStore();

  // Notes the directory, once the store is made.
  Status note_made();

  // Sees to it that nobody else opens the store, which this process still has open.
  //   kIoError  its name has come to mean something else; nothing is touched
  Status hide();

  // Removes it, once it is not open any more. Returns the names of what is left in the directory.
  Result<std::vector<std::string>> remove();

 private:
  bool is_at(const std::string& path) const;

  std::string directory_;
  std::string place_;    // where the directory is by now
  bool made_directory_;  // it was not there before
  int descriptor_ = -1;  // of the directory
};

}  // namespace rollcall::tools
