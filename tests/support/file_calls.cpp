#include "tests/support/file_calls.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <string>

namespace rollcall::testing {

Fate (*volatile fate_of_file_call)(std::string_view call) = nullptr;
volatile int file_call_error = EIO;

namespace {

std::string_view file_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string path_of(int descriptor) {
  std::array<char, 4096> path{};
  const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
  const ssize_t size = ::readlink(link.c_str(), path.data(), path.size());
  return size < 0 ? std::string() : std::string(path.data(), static_cast<std::size_t>(size));
}

// Says what the file is to RocksDB, in the words of kDatabaseCalls, or "" for other files.
std::string_view database_file(std::string_view path) {
  const std::string_view name = file_name(path);
  if (name.ends_with(".log")) return "db log";
  if (name.ends_with(".sst") || name.starts_with("PAGES-")) return "db table";
  if (name.starts_with("MANIFEST-")) return "db manifest";
  return "";
}

bool is_journal(std::string_view path) { return file_name(path).starts_with("JOURNAL-"); }
bool is_anchor(std::string_view path) { return file_name(path) == "ANCHOR"; }

Fate fate(std::string_view call) {
  const auto ask = fate_of_file_call;
  if (ask == nullptr || call.empty()) return Fate::kGo;
  return ask(call);
}

std::string_view write_call(int descriptor, off_t offset) {
  if (fate_of_file_call == nullptr) return "";
  const std::string path = path_of(descriptor);
  if (is_journal(path)) return offset == 0 ? "make" : offset < 4096 ? "mark" : "record";
  if (is_anchor(path)) return offset < 8192 ? "anchor" : "anchor mark";
  return database_file(path);  // a table, past the page cache
}

// Is for a write at the end of a file.
std::string_view append_call(int descriptor) {
  return fate_of_file_call == nullptr ? "" : database_file(path_of(descriptor));
}

std::string sync_call(int descriptor) {
  if (fate_of_file_call == nullptr) return "";
  const std::string path = path_of(descriptor);
  if (is_journal(path)) return "sync";
  if (is_anchor(path)) return "anchor sync";
  const std::string_view file = database_file(path);
  return file.empty() ? "" : std::string(file) + " sync";
}

std::string_view remove_call(std::string_view path) {
  if (is_journal(path)) return "remove";
  const std::string_view file = database_file(path);
  return file == "db log" || file == "db table" ? "db remove" : "";
}

void die() { ::raise(SIGKILL); }

// Runs `call(share)`, with share 1 or 2 halves of the bytes.
template <class Call>
auto with_fate(std::string_view name, Call call) -> decltype(call(2)) {
  const Fate what = fate(name);
  if (what == Fate::kDieBefore) die();
  if (what == Fate::kDieHalfway || what == Fate::kFailHalfway) call(1);
  if (what == Fate::kDieHalfway) die();
  if (what == Fate::kFail || what == Fate::kFailHalfway) {
    errno = file_call_error;
    return -1;
  }
  const auto result = call(2);
  if (what == Fate::kDieAfter) die();
  return result;
}

}  // namespace
}  // namespace rollcall::testing

using rollcall::testing::with_fate;

extern "C" {

ssize_t pwrite(int descriptor, const void* bytes, std::size_t size, off_t offset) {
  return with_fate(rollcall::testing::write_call(descriptor, offset), [&](std::size_t halves) {
    return static_cast<ssize_t>(
        ::syscall(SYS_pwrite64, descriptor, bytes, size * halves / 2, offset));
  });
}

ssize_t pread(int descriptor, void* bytes, std::size_t size, off_t offset) {
  const bool is_asked = rollcall::testing::fate_of_file_call != nullptr &&
                        rollcall::testing::is_journal(rollcall::testing::path_of(descriptor));
  return with_fate(is_asked ? "read" : "", [&](std::size_t) {
    return static_cast<ssize_t>(::syscall(SYS_pread64, descriptor, bytes, size, offset));
  });
}

ssize_t write(int descriptor, const void* bytes, std::size_t size) {
  return with_fate(rollcall::testing::append_call(descriptor), [&](std::size_t halves) {
    return static_cast<ssize_t>(::syscall(SYS_write, descriptor, bytes, size * halves / 2));
  });
}

int fdatasync(int descriptor) {
  return with_fate(rollcall::testing::sync_call(descriptor), [&](std::size_t) {
    return static_cast<int>(::syscall(SYS_fdatasync, descriptor));
  });
}

int rename(const char* from, const char* to) noexcept {
  return with_fate(
      rollcall::testing::file_name(to) == "CURRENT" ? "db current" : "", [&](std::size_t) {
        return static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
      });
}

int unlink(const char* path) noexcept {
  return with_fate(rollcall::testing::remove_call(path),
                   [&](std::size_t) { return static_cast<int>(::syscall(SYS_unlink, path)); });
}

}  // extern "C"
