#include "tests/edges/failing_calls/failing_calls.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>

namespace rollcall::testing {
namespace {

std::atomic<bool> counting{false};
Fails failing_kind = Fails::kReads;
std::uint64_t first_failure = 0;
bool fails_for_ever = false;
std::atomic<std::uint64_t> calls{0};

}  // namespace

// Counts a call of the kind; whether it is to fail.
bool fails(Fails kind) {
  if (!counting || kind != failing_kind) return false;
  const std::uint64_t number = ++calls;
  if (first_failure == 0) return false;
  return fails_for_ever ? number >= first_failure : number == first_failure;
}

// Is for a call that returns -1.
bool fails_with_error(Fails kind) {
  if (!fails(kind)) return false;
  errno = kind == Fails::kOpens ? EMFILE : EIO;
  return true;
}

void fail_calls(Fails kind, std::uint64_t first, bool for_ever) {
  failing_kind = kind;
  first_failure = first;
  fails_for_ever = for_ever;
  calls = 0;
  counting = true;
}

std::uint64_t stop_failing() {
  counting = false;
  return calls;
}

std::string to_string(Fails kind) {
  switch (kind) {
    case Fails::kReads:
      return "read";
    case Fails::kLooks:
      return "stat";
    case Fails::kOpens:
      return "open";
    case Fails::kThreads:
      return "thread";
  }
  return "";
}

// Is the function of the C library behind ours.
template <class Function>
Function* next_of(Function*, const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace rollcall::testing

using rollcall::testing::Fails;
using rollcall::testing::fails;
using rollcall::testing::fails_with_error;
using rollcall::testing::next_of;

extern "C" {

ssize_t read(int file, void* bytes, size_t size) {
  return fails_with_error(Fails::kReads) ? -1 : ::syscall(SYS_read, file, bytes, size);
}
ssize_t pread(int file, void* bytes, size_t size, off_t offset) {
  return fails_with_error(Fails::kReads) ? -1 : ::syscall(SYS_pread64, file, bytes, size, offset);
}
ssize_t pread64(int file, void* bytes, size_t size, off64_t offset) {
  return fails_with_error(Fails::kReads) ? -1 : ::syscall(SYS_pread64, file, bytes, size, offset);
}

int open(const char* path, int flags, ...) {
  std::va_list arguments;
  va_start(arguments, flags);
  const unsigned mode = (flags & O_CREAT) != 0 ? va_arg(arguments, unsigned) : 0;
  va_end(arguments);
  if (fails_with_error(Fails::kOpens)) return -1;
  return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}
int open64(const char* path, int flags, ...) {
  std::va_list arguments;
  va_start(arguments, flags);
  const unsigned mode = (flags & O_CREAT) != 0 ? va_arg(arguments, unsigned) : 0;
  va_end(arguments);
  if (fails_with_error(Fails::kOpens)) return -1;
  return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}
FILE* fopen(const char* path, const char* mode) {
  static const auto next = next_of(&::fopen, "fopen");
  return fails_with_error(Fails::kOpens) ? nullptr : next(path, mode);
}
FILE* fopen64(const char* path, const char* mode) {
  static const auto next = next_of(&::fopen64, "fopen64");
  return fails_with_error(Fails::kOpens) ? nullptr : next(path, mode);
}
DIR* opendir(const char* path) {
  static const auto next = next_of(&::opendir, "opendir");
  return fails_with_error(Fails::kOpens) ? nullptr : next(path);
}

int stat(const char* path, struct stat* facts) noexcept {
  static const auto next = next_of(&::stat, "stat");
  return fails_with_error(Fails::kLooks) ? -1 : next(path, facts);
}
int stat64(const char* path, struct stat64* facts) noexcept {
  static const auto next = next_of(&::stat64, "stat64");
  return fails_with_error(Fails::kLooks) ? -1 : next(path, facts);
}
int lstat(const char* path, struct stat* facts) noexcept {
  static const auto next = next_of(&::lstat, "lstat");
  return fails_with_error(Fails::kLooks) ? -1 : next(path, facts);
}
int lstat64(const char* path, struct stat64* facts) noexcept {
  static const auto next = next_of(&::lstat64, "lstat64");
  return fails_with_error(Fails::kLooks) ? -1 : next(path, facts);
}
int fstat(int file, struct stat* facts) noexcept {
  static const auto next = next_of(&::fstat, "fstat");
  return fails_with_error(Fails::kLooks) ? -1 : next(file, facts);
}
int fstat64(int file, struct stat64* facts) noexcept {
  static const auto next = next_of(&::fstat64, "fstat64");
  return fails_with_error(Fails::kLooks) ? -1 : next(file, facts);
}
ssize_t readlink(const char* path, char* bytes, size_t size) noexcept {
  return fails_with_error(Fails::kLooks) ? -1 : ::syscall(SYS_readlink, path, bytes, size);
}
char* getcwd(char* bytes, size_t size) noexcept {
  static const auto next = next_of(&::getcwd, "getcwd");
  return fails_with_error(Fails::kLooks) ? nullptr : next(bytes, size);
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*work)(void*),
                   void* argument) noexcept {
  static const auto next = next_of(&::pthread_create, "pthread_create");
  return fails(Fails::kThreads) ? EAGAIN : next(thread, attributes, work, argument);
}

}  // extern "C"
