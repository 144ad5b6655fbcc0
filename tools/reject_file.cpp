#include "tools/reject_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "rollcall/standard_descriptors.h"
#include "tools/commands/option_flags.h"
#include "tools/text.h"

namespace rollcall::tools {

namespace {

constexpr std::string_view kHeader = "file,line,column,reason,held,row\n";

bool is_regular(std::FILE* file) {
  struct stat facts {};
  return ::fstat(::fileno(file), &facts) == 0 && S_ISREG(facts.st_mode);
}

}  // namespace

Result<RejectFile> RejectFile::open(const std::string& path) {
  if (path == "-" && was_closed(STDOUT_FILENO)) {
    return Status::io_error("--rejects -: standard output was closed when the program began");
  }
  std::FILE* file =
      path == "-" ? ::fdopen(::dup(STDOUT_FILENO), "ab") : std::fopen(path.c_str(), "a+b");
  if (file == nullptr) return Status::io_error("--rejects " + path + ": " + std::strerror(errno));
  RejectFile rejects(path, file);
  // A row is one write, so that a process that is killed leaves whole rows, and none that were
  // reported stay behind.
  std::setvbuf(file, nullptr, _IONBF, 0);
  ROLLCALL_RETURN_IF_ERROR(rejects.begin());
  return rejects;
}

RejectFile::RejectFile(std::string path, std::FILE* file)
    : path_(std::move(path)), file_(file), is_terminal_(::isatty(::fileno(file)) != 0) {}

Status RejectFile::begin() {
  std::FILE* const file = file_.get();
  // Standard output and pipes have no beginning to look at, so they get a header each time.
  if (path_ == "-" || !is_regular(file)) return write(kHeader);
  std::array<char, kHeader.size()> found{};
  std::rewind(file);
  const std::size_t size = std::fread(found.data(), 1, found.size(), file);
  // A disk that was full may have cut the header off.
  const std::string_view begun(found.data(), size);
  if (size < kHeader.size() && kHeader.starts_with(begun)) return write(kHeader.substr(size));
  if (begun != kHeader) {
    return Status::invalid_argument(
        fmt::format("--rejects {}: is there, and has something else in it (allowed: a new file, an "
                    "empty one, or one that --rejects began)",
                    path_));
  }
  // A disk that was full may have cut a row off.
  const bool is_cut_off = std::fseek(file, -1, SEEK_END) == 0 && std::fgetc(file) != '\n';
  std::fseek(file, 0, SEEK_END);
  return is_cut_off ? write("\n") : Status();
}

Status RejectFile::add(const RejectedRow& row) {
  const std::string line =
      fmt::format("{},{},{},{},{},{}\n", csv_field(row.file), row.line, row.column,
                  csv_field(with_flags(row.reason, row.hint)), row.held, csv_field(row.row));
  return write(is_terminal_ ? terminal_lines(line) : line);
}

Status RejectFile::close() { return std::fclose(file_.release()) == 0 ? Status() : failure(errno); }

Status RejectFile::write(std::string_view text) {
  const bool is_written = std::fwrite(text.data(), 1, text.size(), file_.get()) == text.size();
  return is_written ? Status() : failure(errno);
}

Status RejectFile::failure(int error) const {
  return Status::io_error("--rejects " + path_ + ": " + std::strerror(error));
}

}  // namespace rollcall::tools
