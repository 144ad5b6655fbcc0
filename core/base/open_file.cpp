#include "core/base/open_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "core/base/guard.h"
#include "rollcall/message_text.h"
#include "rollcall/regular_file.h"

namespace rollcall {
namespace {

namespace fs = std::filesystem;

Status cannot(const std::string& name, std::string_view action, int error) {
  const std::string text =
      fmt::format("{}: cannot be {}: {}", name, action, std::generic_category().message(error));
  return {error == ENOENT ? StatusCode::kNotFound : StatusCode::kIoError, text};
}

std::string_view kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

Status too_large(const std::string& name, std::size_t bytes_max) {
  return Status::invalid_argument(
      fmt::format("{}: has more than {} bytes, which are allowed", name, bytes_max));
}

Status lies_elsewhere(const std::string& path, const std::vector<std::string>& directories) {
  return Status::invalid_argument(
             fmt::format("{}: lies where questions may read no file (allowed: {})", path,
                         directories.empty()
                             ? "none"
                             : fmt::format("in and beneath {}", fmt::join(directories, ", "))))
      .with_hint(Option::kQuestionDirectories);
}

bool lies_beneath(const std::vector<std::string>& directories, const fs::path& file) {
  return std::any_of(directories.begin(), directories.end(), [&](const std::string& directory) {
    std::error_code error;
    const fs::path allowed = fs::weakly_canonical(directory, error);
    if (error) return false;
    const auto [rest, unused] =
        std::mismatch(allowed.begin(), allowed.end(), file.begin(), file.end());
    return rest == allowed.end();
  });
}

// Returns where an open file lies, whatever has happened to its name since.
Result<fs::path> path_of(int descriptor, const std::string& name) {
  std::array<char, 4096> path{};
  const std::string link = fmt::format("/proc/self/fd/{}", descriptor);
  const ssize_t size = ::readlink(link.c_str(), path.data(), path.size());
  if (size < 0) return cannot(name, "located by /proc/self/fd", errno);
  return fs::path(std::string_view(path.data(), static_cast<std::size_t>(size)));
}

}  // namespace

Status check_path(const std::string& path) {
  if (path.find('\0') == std::string::npos) return {};
  return Status::invalid_argument(
      fmt::format("{}: has a NUL byte (allowed: a path, which has none)", quoted_excerpt(path)));
}

Result<OpenFile> OpenFile::open_regular(const std::string& path, std::size_t bytes_max) {
  ROLLCALL_RETURN_IF_ERROR(check_path(path));
  OpenFile file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (file.descriptor_ < 0) return cannot(path, "opened", errno);
  struct stat facts {};
  if (::fstat(file.descriptor_, &facts) != 0) return cannot(path, "looked at", errno);
  if (!S_ISREG(facts.st_mode)) {
    return Status::invalid_argument(
        fmt::format("{}: is {} (allowed: a regular file)", path, kind_of(facts.st_mode)));
  }
  file.size_ = static_cast<std::size_t>(std::max<off_t>(facts.st_size, 0));
  if (file.size_ > bytes_max) return too_large(path, bytes_max);
  return file;
}

Result<OpenFile> OpenFile::open_beneath(const std::vector<std::string>& directories,
                                        const std::string& path, std::size_t bytes_max) {
  ROLLCALL_RETURN_IF_ERROR(check_path(path));
  // The place is checked before the file is opened, so that nothing elsewhere is touched, and again
  // once it is open, because names may have come to mean something else meanwhile.
  std::error_code error;
  if (const fs::path named = fs::weakly_canonical(fs::absolute(path, error), error);
      error || !lies_beneath(directories, named)) {
    return lies_elsewhere(path, directories);
  }
  ROLLCALL_ASSIGN_OR_RETURN(OpenFile file, open_regular(path, bytes_max));
  ROLLCALL_ASSIGN_OR_RETURN(const fs::path opened, path_of(file.descriptor_, path));
  if (!lies_beneath(directories, opened)) return lies_elsewhere(path, directories);
  return file;
}

OpenFile::OpenFile(OpenFile&& other) noexcept : descriptor_(other.release()), size_(other.size_) {}

OpenFile::~OpenFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

int OpenFile::release() { return std::exchange(descriptor_, -1); }

Result<std::string> read_to_end(int descriptor, const std::string& name, std::size_t bytes_max) {
  return guarded(name, [&]() -> Result<std::string> {
    std::string bytes;
    constexpr std::size_t kStepBytes = std::size_t{64} << 10;
    for (;;) {
      const std::size_t size = bytes.size();
      bytes.resize(size + kStepBytes);
      const ssize_t count = ::read(descriptor, bytes.data() + size, kStepBytes);
      bytes.resize(size + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
      if (count < 0 && errno == EAGAIN) {  // somebody made the pipe so that it does not wait
        pollfd more{descriptor, POLLIN, 0};
        ::poll(&more, 1, -1);
      } else if (count < 0 && errno != EINTR) {
        return cannot(name, "read", errno);
      }
      if (count == 0) return bytes;
      if (bytes.size() > bytes_max) return too_large(name, bytes_max);
    }
  });
}

Result<std::string> read_regular_file(const std::string& path, std::size_t bytes_max) {
  return guarded(path, [&]() -> Result<std::string> {
    ROLLCALL_ASSIGN_OR_RETURN(const OpenFile file, OpenFile::open_regular(path, bytes_max));
    return read_to_end(file.descriptor(), path, bytes_max);
  });
}

}  // namespace rollcall
