#include "storage/posix_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "rollcall/standard_descriptors.h"

namespace rollcall {

namespace {

Status check_facts(const std::string& path, const struct stat& facts, FileUse use) {
  const auto refused = [&](const std::string& found) {
    return Status::invalid_argument(path + ": is " + found +
                                    " (allowed: a file as the store makes it, a regular one)");
  };
  if (S_ISLNK(facts.st_mode)) return refused("a symbolic link");
  if (!S_ISREG(facts.st_mode)) return refused("no file");
  if (use == FileUse::kWrite && facts.st_nlink > 1) {
    return Status::invalid_argument(
        path + ": has " + std::to_string(facts.st_nlink) +
        " names, and what is written to it would change the file of the others, too (allowed: a "
        "file of its own; rollcall backup, or cp without links, makes one)");
  }
  return {};
}

std::string replacement_path(const std::string& path) { return path + ".new"; }

}  // namespace

Status errno_status(const std::string& path, std::string_view action, StatusCode code) {
  const int error = errno;
  return {code,
          path + ": cannot " + std::string(action) + ": " + std::generic_category().message(error)};
}

Status check_regular_file(const std::string& path, FileUse use) {
  struct stat facts;
  if (::lstat(path.c_str(), &facts) != 0) {
    return errno == ENOENT ? Status() : errno_status(path, "look at the file");
  }
  return check_facts(path, facts, use);
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
  ROLLCALL_RETURN_IF_ERROR(open_standard_descriptors());
  const bool is_directory = (flags & O_DIRECTORY) != 0;
  const FileUse use = (flags & O_ACCMODE) == O_RDONLY ? FileUse::kRead : FileUse::kWrite;
  // It does not wait, because the other end of a pipe may never come.
  if (!is_directory) flags |= O_NOFOLLOW | O_NONBLOCK;
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
  if (descriptor < 0) {
    const Status status =
        errno_status(path, "open", errno == ENOENT ? StatusCode::kNotFound : StatusCode::kIoError);
    const Status unfit = is_directory ? Status() : check_regular_file(path, use);
    return unfit.code() == StatusCode::kInvalidArgument ? unfit : status;
  }
  PosixFile file(path, descriptor);
  if (is_directory) return file;
  struct stat facts;
  if (::fstat(descriptor, &facts) != 0) return errno_status(path, "look at the file");
  ROLLCALL_RETURN_IF_ERROR(check_facts(path, facts, use));
  return file;
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

Result<PosixFile> make_file(const std::string& path) {
  ROLLCALL_RETURN_IF_ERROR(remove_file(path));
  return PosixFile::open(path, O_RDWR | O_CREAT | O_EXCL);
}

Status replace_file(const std::string& path, std::string_view bytes) {
  const std::string new_path = replacement_path(path);
  {
    ROLLCALL_ASSIGN_OR_RETURN(const PosixFile file, make_file(new_path));
    ROLLCALL_RETURN_IF_ERROR(file.write(0, bytes));
    ROLLCALL_RETURN_IF_ERROR(file.sync());
  }
  if (::rename(new_path.c_str(), path.c_str()) != 0) {
    return errno_status(path, "replace with " + new_path);
  }
  return sync_directory(std::filesystem::path(path).parent_path().string());
}

Status remove_replacement(const std::string& path) { return remove_file(replacement_path(path)); }

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
