#include "storage/store_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <filesystem>
#include <string_view>
#include <utility>

namespace rollcall {

namespace {

constexpr std::size_t kOwnerBytesMax = 512;

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "an unnamed host";
  return name.data();
}

// Returns when this process started, in seconds since 1970, or 0 if /proc does not tell.
std::time_t process_start_time() {
  // Fields are separated by spaces, but the second one, in parentheses, may hold some itself. Field
  // 22 is the start in clock ticks since the machine's start.
  const Result<std::string> stat = read_small_file("/proc/self/stat", 4096);
  if (!stat.ok()) return 0;
  std::size_t position = stat->rfind(')');
  for (int field = 2; field < 22 && position != std::string::npos; ++field) {
    position = stat->find(' ', position + 1);
  }
  if (position == std::string::npos) return 0;
  long long ticks = 0;
  std::from_chars(stat->data() + position + 1, stat->data() + stat->size(), ticks);
  timespec now{};
  timespec since_boot{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  ::clock_gettime(CLOCK_BOOTTIME, &since_boot);
  return now.tv_sec - since_boot.tv_sec + static_cast<std::time_t>(ticks / ::sysconf(_SC_CLK_TCK));
}

std::string utc(std::time_t time) {
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

// Returns "process 4711 on host example, started 2026-01-05T10:00:00Z".
std::string describe_this_process() {
  return "process " + std::to_string(::getpid()) + " on host " + host_name() + ", started " +
         utc(process_start_time());
}

}  // namespace

Result<StoreLock> StoreLock::acquire(const std::string& path) {
  ROLLCALL_ASSIGN_OR_RETURN(PosixFile file, PosixFile::open(path, O_RDWR | O_CREAT));
  if (::flock(file.descriptor(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return errno_status(path, "lock");
    ROLLCALL_ASSIGN_OR_RETURN(std::string owner, file.read(0, kOwnerBytesMax));
    owner.resize(std::min(owner.find('\n'), owner.size()));
    if (owner.empty()) owner = "a process that has not said who it is yet";
    return Status::busy(path + ": the store is being written by " + owner);
  }
  ROLLCALL_RETURN_IF_ERROR(file.truncate());
  ROLLCALL_RETURN_IF_ERROR(file.write(0, describe_this_process() + "\n"));
  return StoreLock(std::move(file));
}

Status StoreLock::check_place() const {
  struct stat locked;
  if (::fstat(file_.descriptor(), &locked) != 0) {
    return errno_status(file_.path(), "look at the file");
  }
  struct stat found;
  const bool is_there = ::stat(file_.path().c_str(), &found) == 0;
  if (!is_there && errno != ENOENT && errno != ENOTDIR) {
    return errno_status(file_.path(), "look at the file");
  }
  if (is_there && found.st_dev == locked.st_dev && found.st_ino == locked.st_ino) return {};
  return Status::io_error(
      std::filesystem::path(file_.path()).parent_path().string() +
      ": the store is not there any more: it was removed, moved or replaced while it was open, and "
      "what was written went with it");
}

StoreLock::~StoreLock() {
  if (file_.descriptor() < 0) return;
  // An owner of the past must not be named while the next one introduces itself.
  (void)file_.truncate();
  // Children made by fork() hold it as long as they have the file.
  (void)::flock(file_.descriptor(), LOCK_UN);
}

}  // namespace rollcall
