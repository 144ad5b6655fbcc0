#include "tools/reject_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "rollcall/standard_descriptors.h"
#include "tools/text.h"

namespace rollcall::tools {

Result<RejectFile> RejectFile::open(const std::string& path) {
  if (path == "-" && was_closed(STDOUT_FILENO)) {
    return Status::io_error("--rejects -: standard output was closed when the program began");
  }
  std::FILE* file =
      path == "-" ? ::fdopen(::dup(STDOUT_FILENO), "ab") : std::fopen(path.c_str(), "a+b");
  if (file == nullptr) return Status::io_error("--rejects " + path + ": " + std::strerror(errno));
  RejectFile rejects(path, file);
  // A row is one write: who is killed leaves whole rows, and none that were told stay behind.
  std::setvbuf(file, nullptr, _IONBF, 0);
  // A disk that was full may have cut one off.
  const bool is_cut_off =
      path != "-" && std::fseek(file, -1, SEEK_END) == 0 && std::fgetc(file) != '\n';
  std::fseek(file, 0, SEEK_END);
  if (is_cut_off) std::fputc('\n', file);
  // Standard output has no end to look at; it gets a header line each time.
  if (path == "-" || std::ftell(file) == 0) std::fputs("file,line,column,reason,row\n", file);
  return rejects;
}

RejectFile::RejectFile(std::string path, std::FILE* file)
    : path_(std::move(path)), file_(file), is_terminal_(::isatty(::fileno(file)) != 0) {}

void RejectFile::add(const RejectedRow& row) {
  const std::string line = fmt::format("{},{},{},{},{}\n", csv_field(row.file), row.line,
                                       row.column, csv_field(row.reason), csv_field(row.row));
  const std::string shown = is_terminal_ ? terminal_lines(line) : line;
  if (std::fwrite(shown.data(), 1, shown.size(), file_.get()) != shown.size() && error_ == 0) {
    error_ = errno;
  }
}

Status RejectFile::close() {
  if (std::fclose(file_.release()) != 0 && error_ == 0) error_ = errno;
  if (error_ == 0) return {};
  return Status::io_error("--rejects " + path_ + ": " + std::strerror(error_));
}

}  // namespace rollcall::tools
