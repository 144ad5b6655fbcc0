#include "storage/posix_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

namespace rollcall {

Status errno_status(const std::string& path, std::string_view action, StatusCode code) {
  const int error = errno;
  return {code,
          path + ": cannot " + std::string(action) + ": " + std::generic_category().message(error)};
}

PosixFile::PosixFile(std::string path, int descriptor)
    : path_(std::move(path)), descriptor_(descriptor) {}

PosixFile::PosixFile(PosixFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

PosixFile& PosixFile::operator=(PosixFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

PosixFile::~PosixFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<PosixFile> PosixFile::open(const std::string& path, int flags) {
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
  if (descriptor < 0) {
    return errno_status(path, "open",
                        errno == ENOENT ? StatusCode::kNotFound : StatusCode::kIoError);
  }
  return PosixFile(path, descriptor);
}

Result<std::string> PosixFile::read(std::uint64_t offset, std::size_t size) const {
  std::string bytes(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const ssize_t count =
        ::pread(descriptor_, bytes.data() + done, size - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_status(path_, "read");
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  bytes.resize(done);
  return bytes;
}

Status PosixFile::write(std::uint64_t offset, std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t count =
        ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_status(path_, "write");
    offset += static_cast<std::uint64_t>(count);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Status PosixFile::truncate(std::uint64_t size) const {
  if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) {
    return errno_status(path_, "truncate");
  }
  return {};
}

Result<std::uint64_t> PosixFile::size() const {
  struct stat facts;
  if (::fstat(descriptor_, &facts) != 0) return errno_status(path_, "look at the file");
  return static_cast<std::uint64_t>(facts.st_size);
}

Status PosixFile::sync() const {
  if (::fdatasync(descriptor_) != 0) return errno_status(path_, "sync");
  return {};
}

Result<std::string> read_small_file(const std::string& path, std::size_t size_max) {
  ROLLCALL_ASSIGN_OR_RETURN(const PosixFile file, PosixFile::open(path, O_RDONLY));
  ROLLCALL_ASSIGN_OR_RETURN(std::string bytes, file.read(0, size_max + 1));
  if (bytes.size() > size_max) {
    return Status::corruption(path + ": the file is longer than " + std::to_string(size_max) +
                              " bytes");
  }
  return bytes;
}

Status replace_file(const std::string& path, std::string_view bytes) {
  const std::string new_path = path + ".new";
  {
    ROLLCALL_ASSIGN_OR_RETURN(const PosixFile file,
                              PosixFile::open(new_path, O_WRONLY | O_CREAT | O_TRUNC));
    ROLLCALL_RETURN_IF_ERROR(file.write(0, bytes));
    ROLLCALL_RETURN_IF_ERROR(file.sync());
  }
  if (::rename(new_path.c_str(), path.c_str()) != 0) {
    return errno_status(path, "replace with " + new_path);
  }
  return sync_directory(std::filesystem::path(path).parent_path().string());
}

Status remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return errno_status(path, "remove");
  return {};
}

Status sync_directory(const std::string& directory) {
  ROLLCALL_ASSIGN_OR_RETURN(const PosixFile file,
                            PosixFile::open(directory, O_RDONLY | O_DIRECTORY));
  if (::fsync(file.descriptor()) != 0) return errno_status(directory, "sync");
  return {};
}

}  // namespace rollcall
