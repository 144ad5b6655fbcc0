// The file of --rejects has the rows that were not ingested, as CSV: file, line, column, reason,
// whether the file itself holds the row for a wider limit, row.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "rollcall/file_source.h"
#include "rollcall/status.h"

namespace rollcall::tools {

class RejectFile {
 public:
  // Adds to the file that exists, or makes one with a header line. "-" is standard output.
  //   kInvalidArgument  the file that is there has something else in it
  static Result<RejectFile> open(const std::string& path);

  // Returns once the operating system has the row.
  Status add(const RejectedRow& row);
  Status close();

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  RejectFile(std::string path, std::FILE* file);
  // Begins a file that is new, or goes on where another run has ended.
  Status begin();
  Status write(std::string_view text);
  Status failure(int error) const;

  std::string path_;
  std::unique_ptr<std::FILE, Closer> file_;
  bool is_terminal_ = false;
};

}  // namespace rollcall::tools
