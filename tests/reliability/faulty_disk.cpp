#include "tests/reliability/faulty_disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "tests/support/random.h"

namespace rollcall::testing {

namespace {

namespace fs = std::filesystem;

constexpr int kDescriptorsMax = 4096;
constexpr std::uint64_t kSectorBytes = 512;
constexpr std::size_t kDirectBytes = 4096;  // direct writes are multiples of this

// This calls the kernel itself.
int kernel_open(const char* path, int flags, unsigned mode) {
  return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}
ssize_t kernel_read(int file, void* bytes, std::size_t size, off_t offset) {
  return ::syscall(SYS_pread64, file, bytes, size, offset);
}
ssize_t kernel_write(int file, const void* bytes, std::size_t size, std::optional<off_t> offset) {
  return offset ? ::syscall(SYS_pwrite64, file, bytes, size, *offset)
                : ::syscall(SYS_write, file, bytes, size);
}
int kernel_rename(const char* from, const char* to) {
  return static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}
int kernel_link(const char* from, const char* to) {
  return static_cast<int>(::syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0));
}
int kernel_unlink(const char* path) {
  return static_cast<int>(::syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}

// Returns "a/b" for "a//b", "a/b/" and "a/b/c/..".
std::string normal(const std::string& path) {
  const std::string text = fs::path(path).lexically_normal().string();
  return text.ends_with('/') ? text.substr(0, text.size() - 1) : text;
}

using FileNumber = std::pair<dev_t, ino_t>;

// Bytes that were there before a write.
struct Overwritten {
  off_t offset;
  std::string bytes;
};

struct UnsyncedFile {
  int file = -1;           // kept open, as it may lose its names
  off_t synced_bytes = 0;  // how long it was when it was synced
  std::vector<Overwritten> overwritten;
};

// A name that was made, or gone, since its directory was synced.
struct NameChange {
  std::string path;
  std::string before;  // a second name of the file that had the name before; empty: none had
  bool is_directory = false;
};

class Disk {
 public:
  Disk(std::string directory, const DiskFault& fault)
      : directory_(std::move(directory)), removed_(directory_ + ".removed"), fault_(fault) {
    if (fault_.what == DiskFault::What::kPowerCut) fs::create_directory(removed_);
  }
  ~Disk() {
    std::error_code ignored;
    if (fault_.what == DiskFault::What::kPowerCut) fs::remove_all(removed_, ignored);
  }
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  std::uint64_t calls() const { return calls_; }
  std::uint64_t bytes() const { return bytes_; }
  bool has_failed() const { return failed_; }
  std::uint64_t direct_files() const { return direct_files_; }

  bool watches(const std::string& path) const {
    return path == directory_ || path.starts_with(directory_ + "/");
  }

  // Counts a call; true when it is to fail. A power cut and a kill do not return.
  bool fails() {
    const std::uint64_t call = ++calls_;
    if (fault_.call == 0 || call < fault_.call) return false;
    if (fault_.what == DiskFault::What::kFailOnce && call > fault_.call) return false;
    if (fault_.what == DiskFault::What::kPowerCut) cut_power();
    if (fault_.what == DiskFault::What::kKill) ::_exit(kPowerCutCode);
    return fail(fault_.error);
  }

  // Returns how many of `size` bytes fit; sets errno if none do.
  std::size_t room(std::size_t size) {
    const std::uint64_t fits = std::min<std::uint64_t>(size, fault_.bytes_max - bytes_);
    bytes_ += fits;
    if (fits == 0 && size > 0) fail(ENOSPC);
    return fits;
  }

  bool takes(int flags) {
    if ((flags & O_DIRECT) == 0) return true;
    ++direct_files_;
    return fault_.takes_direct;
  }

  void before_write(int file, std::size_t size, std::optional<off_t> offset) {
    if (fault_.what != DiskFault::What::kPowerCut) return;
    const std::lock_guard lock(mutex_);
    struct stat facts {};
    ::fstat(file, &facts);
    UnsyncedFile& unsynced = unsynced_file(file, facts);
    if (!offset || *offset >= facts.st_size) return;
    std::string bytes(std::min(size, static_cast<std::size_t>(facts.st_size - *offset)), '\0');
    if (kernel_read(unsynced.file, bytes.data(), bytes.size(), *offset) < 0) std::abort();
    unsynced.overwritten.push_back({*offset, std::move(bytes)});
  }

  void after_sync(int file, const std::string& path) {
    if (fault_.what != DiskFault::What::kPowerCut) return;
    const std::lock_guard lock(mutex_);
    struct stat facts {};
    ::fstat(file, &facts);
    if (const auto entry = unsynced_.find({facts.st_dev, facts.st_ino}); entry != unsynced_.end()) {
      ::syscall(SYS_close, entry->second.file);
      unsynced_.erase(entry);
    }
    if (!S_ISDIR(facts.st_mode)) return;
    std::erase_if(names_, [&](const NameChange& change) {
      if (fs::path(change.path).parent_path() != normal(path)) return false;
      if (!change.before.empty()) kernel_unlink(change.before.c_str());
      return true;
    });
  }

  void before_name_change(const std::string& path, bool is_directory = false) {
    if (fault_.what != DiskFault::What::kPowerCut) return;
    const std::lock_guard lock(mutex_);
    NameChange change{normal(path), "", is_directory};
    if (!is_directory && ::access(path.c_str(), F_OK) == 0) {
      change.before = removed_ + "/" + std::to_string(++removed_count_);
      if (kernel_link(path.c_str(), change.before.c_str()) != 0) std::abort();
    }
    names_.push_back(std::move(change));
  }

 private:
  bool fail(int error) {
    failed_ = true;
    errno = error;
    return true;
  }

  UnsyncedFile& unsynced_file(int file, const struct stat& facts) {
    const auto [entry, is_new] =
        unsynced_.try_emplace({facts.st_dev, facts.st_ino}, UnsyncedFile());
    if (is_new) {
      entry->second.file = open_again(file);
      entry->second.synced_bytes = facts.st_size;
    }
    return entry->second;
  }
  // This is not dup(), which would share the locks of `file`.
  static int open_again(int file) {
    return kernel_open(("/proc/self/fd/" + std::to_string(file)).c_str(), O_RDWR, 0);
  }

  [[noreturn]] void cut_power() {
    const std::lock_guard lock(mutex_);
    Random random(fault_.seed);
    for (const auto& [number, file] : unsynced_) lose_bytes(random, file);
    // File systems keep the order of names: some of the last changes are lost, newest first.
    for (std::size_t lost = random.below(names_.size() + 1); lost > 0; --lost) {
      undo(names_.back());
      names_.pop_back();
    }
    std::error_code ignored;
    fs::remove_all(removed_, ignored);
    ::_exit(kPowerCutCode);
  }

  static void lose_bytes(Random& random, const UnsyncedFile& unsynced) {
    const int file = unsynced.file;
    for (auto old = unsynced.overwritten.rbegin(); old != unsynced.overwritten.rend(); ++old) {
      if (random.chance(50)) continue;
      kernel_write(file, old->bytes.data(), random.below(old->bytes.size() + 1), old->offset);
    }
    struct stat facts {};
    ::fstat(file, &facts);
    if (facts.st_size > unsynced.synced_bytes) {
      const auto added = static_cast<std::size_t>(facts.st_size - unsynced.synced_bytes);
      const off_t end = unsynced.synced_bytes +
                        static_cast<off_t>(random.chance(30) ? added : random.below(added + 1));
      ::syscall(SYS_ftruncate, file, end);
      constexpr std::array<char, kSectorBytes> kZeros{};
      for (off_t sector = unsynced.synced_bytes; sector < end;
           sector += static_cast<off_t>(kSectorBytes)) {
        if (!random.chance(20)) continue;
        kernel_write(file, kZeros.data(),
                     std::min(kSectorBytes, static_cast<std::uint64_t>(end - sector)), sector);
      }
    }
  }

  static void undo(const NameChange& change) {
    if (change.is_directory) {
      std::error_code ignored;
      fs::remove_all(change.path, ignored);
    } else if (change.before.empty()) {
      kernel_unlink(change.path.c_str());
    } else {
      kernel_rename(change.before.c_str(), change.path.c_str());
    }
  }

  const std::string directory_;
  const std::string removed_;
  const DiskFault fault_;
  std::atomic<std::uint64_t> calls_{0};
  std::atomic<std::uint64_t> bytes_{0};
  std::atomic<bool> failed_{false};
  std::atomic<std::uint64_t> direct_files_{0};

  std::mutex mutex_;  // guards all that follows
  std::map<FileNumber, UnsyncedFile> unsynced_;
  std::vector<NameChange> names_;
  std::uint64_t removed_count_ = 0;
};

std::atomic<Disk*> the_disk{nullptr};
std::array<std::string, kDescriptorsMax> paths;  // of open files that are watched
std::mutex paths_mutex;

// Returns the path of an open file that is watched, or "".
std::string watched_path(int file) {
  if (the_disk == nullptr || file < 0 || file >= kDescriptorsMax) return "";
  const std::lock_guard lock(paths_mutex);
  return paths[static_cast<std::size_t>(file)];
}

// Returns the disk, if it is to be asked about this path.
Disk* disk_of(const char* path) {
  Disk* disk = the_disk;
  return disk != nullptr && disk->watches(path) ? disk : nullptr;
}
Disk* disk_of(int file) { return watched_path(file).empty() ? nullptr : the_disk.load(); }

ssize_t write_to_disk(int file, const void* bytes, std::size_t size, std::optional<off_t> offset) {
  Disk* disk = disk_of(file);
  if (disk == nullptr) return kernel_write(file, bytes, size, offset);
  if (disk->fails()) return -1;
  std::size_t fits = disk->room(size);
  if (fits < size && (::fcntl(file, F_GETFL) & O_DIRECT) != 0) fits -= fits % kDirectBytes;
  if (fits == 0 && size > 0) {
    errno = ENOSPC;
    return -1;
  }
  disk->before_write(file, fits, offset);
  return kernel_write(file, bytes, fits, offset);
}

int sync_to_disk(int file, long call) {
  Disk* disk = disk_of(file);
  if (disk != nullptr && disk->fails()) return -1;
  const int outcome = static_cast<int>(::syscall(call, file));
  if (disk != nullptr && outcome == 0) disk->after_sync(file, watched_path(file));
  return outcome;
}

}  // namespace

void start_disk_faults(const std::string& directory, const DiskFault& fault) {
  the_disk = new Disk(directory, fault);
}

std::uint64_t disk_calls() { return the_disk.load()->calls(); }
std::uint64_t disk_bytes() { return the_disk.load()->bytes(); }
std::uint64_t direct_files() { return the_disk.load()->direct_files(); }
bool disk_has_failed() { return the_disk.load()->has_failed(); }

void stop_disk_faults() { delete the_disk.exchange(nullptr); }

}  // namespace rollcall::testing

// The C library declares these, with its words.
extern "C" {

using rollcall::testing::Disk;
using rollcall::testing::disk_of;

int open(const char* path, int flags, ...) {
  std::va_list arguments;
  va_start(arguments, flags);
  const unsigned mode = (flags & O_CREAT) != 0 ? va_arg(arguments, unsigned) : 0;
  va_end(arguments);
  Disk* disk = disk_of(path);
  const bool makes = (flags & O_CREAT) != 0 && ::access(path, F_OK) != 0;
  if (disk != nullptr) {
    if (disk->fails()) return -1;
    if (!disk->takes(flags)) {
      errno = EINVAL;
      return -1;
    }
    if (makes) disk->before_name_change(path);
  }
  const int file = rollcall::testing::kernel_open(path, flags, mode);
  if (disk != nullptr && file >= 0 && file < rollcall::testing::kDescriptorsMax) {
    const std::lock_guard lock(rollcall::testing::paths_mutex);
    rollcall::testing::paths[static_cast<std::size_t>(file)] = path;
  }
  return file;
}

int close(int file) {
  if (file >= 0 && file < rollcall::testing::kDescriptorsMax) {
    const std::lock_guard lock(rollcall::testing::paths_mutex);
    rollcall::testing::paths[static_cast<std::size_t>(file)].clear();
  }
  return static_cast<int>(::syscall(SYS_close, file));
}

ssize_t write(int file, const void* bytes, size_t size) {
  return rollcall::testing::write_to_disk(file, bytes, size, std::nullopt);
}

ssize_t pwrite(int file, const void* bytes, size_t size, off_t offset) {
  return rollcall::testing::write_to_disk(file, bytes, size, offset);
}

ssize_t pread(int file, void* bytes, size_t size, off_t offset) {
  Disk* disk = disk_of(file);
  if (disk != nullptr && disk->fails()) return -1;
  return rollcall::testing::kernel_read(file, bytes, size, offset);
}

int fsync(int file) { return rollcall::testing::sync_to_disk(file, SYS_fsync); }

int fdatasync(int file) { return rollcall::testing::sync_to_disk(file, SYS_fdatasync); }

int ftruncate(int file, off_t size) noexcept {
  Disk* disk = disk_of(file);
  if (disk != nullptr && disk->fails()) return -1;
  return static_cast<int>(::syscall(SYS_ftruncate, file, size));
}

int rename(const char* from, const char* to) noexcept {
  if (Disk* disk = disk_of(to); disk != nullptr) {
    if (disk->fails()) return -1;
    disk->before_name_change(to);
    disk->before_name_change(from);
  }
  return rollcall::testing::kernel_rename(from, to);
}

int link(const char* from, const char* to) noexcept {
  if (Disk* disk = disk_of(to); disk != nullptr) {
    if (disk->fails()) return -1;
    disk->before_name_change(to);
  }
  return rollcall::testing::kernel_link(from, to);
}

int unlink(const char* path) noexcept {
  if (Disk* disk = disk_of(path); disk != nullptr) {
    if (disk->fails()) return -1;
    disk->before_name_change(path);
  }
  return rollcall::testing::kernel_unlink(path);
}

int mkdir(const char* path, mode_t mode) noexcept {
  if (Disk* disk = disk_of(path); disk != nullptr) {
    if (disk->fails()) return -1;
    if (::access(path, F_OK) != 0) disk->before_name_change(path, /*is_directory=*/true);
  }
  return static_cast<int>(::syscall(SYS_mkdirat, AT_FDCWD, path, mode));
}

}  // extern "C"
