// Is a file that is written front to back: plain, or compressed as its name says (.gz, .zst), or
// standard output.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "rollcall/status.h"

namespace rollcall::tools {

//   kInvalidArgument  a file at `path` would lie in a store; "-" is standard output
Status check_output_place(const std::string& path);

class OutputFile {
 public:
  // "-" is standard output. An existing file is replaced.
  //   kInvalidArgument  as check_output_place
  static Result<std::unique_ptr<OutputFile>> open(const std::string& path);
  virtual ~OutputFile() = default;

  // Says whether writing may wait for somebody to read, because it is no file on a disk.
  virtual bool may_wait() const = 0;

  virtual Status append(std::string_view bytes) = 0;
  // Writes what is still held back. No other call may follow; without it the file may be cut off.
  virtual Status close() = 0;
};

}  // namespace rollcall::tools
