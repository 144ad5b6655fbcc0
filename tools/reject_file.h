// The file of --rejects: rows that were not ingested, as CSV: file, line, column, reason, row.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "rollcall/file_source.h"
#include "rollcall/status.h"

namespace rollcall::tools {

class RejectFile {
 public:
  // Adds to the file that is there, or makes one with a header line. "-" is standard output.
  static Result<RejectFile> open(const std::string& path);

  void add(const RejectedRow& row);  // a failure is kept for `close`
  Status close();

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  RejectFile(std::string path, std::FILE* file);

  std::string path_;
  std::unique_ptr<std::FILE, Closer> file_;
  bool is_terminal_ = false;
  int error_ = 0;  // the errno of the first failure
};

}  // namespace rollcall::tools
