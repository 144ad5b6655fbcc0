#include "tests/reliability/child.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cassert>
#include <cstdio>
#include <cstdlib>

namespace rollcall::testing {

namespace {

constexpr int kReturnedCode = 77;
constexpr int kAssertedCode = 76;

bool is_child = false;

// Is a file without a name, shared with the child.
class SharedFile {
 public:
  SharedFile() : descriptor_(::memfd_create("rollcall-child", MFD_CLOEXEC)) {}
  ~SharedFile() { ::close(descriptor_); }
  SharedFile(const SharedFile&) = delete;
  SharedFile& operator=(const SharedFile&) = delete;

  int descriptor() const { return descriptor_; }
  std::string text() const {
    std::string text;
    std::array<char, 4096> bytes{};
    for (ssize_t count = 0; (count = ::pread(descriptor_, bytes.data(), bytes.size(),
                                             static_cast<off_t>(text.size()))) > 0;) {
      text.append(bytes.data(), static_cast<std::size_t>(count));
    }
    return text;
  }

 private:
  int descriptor_;
};

void write_all(int descriptor, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t count = ::write(descriptor, text.data() + done, text.size() - done);
    if (count <= 0) std::abort();
    done += static_cast<std::size_t>(count);
  }
}

}  // namespace

ChildEnd run_in_child(const std::function<std::string()>& work, unsigned seconds_max) {
  const SharedFile report;
  const SharedFile errors;
  std::fflush(stdout);
  std::fflush(stderr);
  ChildEnd end;
  const pid_t child = ::fork();
  if (child == 0) {
    is_child = true;
    ::dup2(errors.descriptor(), STDERR_FILENO);
    ::signal(SIGALRM, SIG_DFL);
    const rlimit no_core{};
    ::setrlimit(RLIMIT_CORE, &no_core);
    ::alarm(seconds_max);
    write_all(report.descriptor(), work());
    ::_exit(kReturnedCode);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child) {
    end.how = ChildEnd::How::kKilled;
    end.errors = "the child could not be started";
    return end;
  }
  end.errors = errors.text();
  if (WIFEXITED(status)) {
    end.code = WEXITSTATUS(status);
    end.how = end.code == kReturnedCode   ? ChildEnd::How::kReturned
              : end.code == kAssertedCode ? ChildEnd::How::kAsserted
                                          : ChildEnd::How::kExited;
    if (end.how == ChildEnd::How::kReturned) end.report = report.text();
  } else {
    end.code = WTERMSIG(status);
    end.how = end.code == SIGABRT ? ChildEnd::How::kAborted : ChildEnd::How::kKilled;
  }
  return end;
}

std::string to_string(const ChildEnd& end) {
  switch (end.how) {
    case ChildEnd::How::kReturned:
      return "returned: " + end.report;
    case ChildEnd::How::kExited:
      return "exited with " + std::to_string(end.code) + ": " + end.errors;
    case ChildEnd::How::kAsserted:
      return "an assertion failed: " + end.errors;
    case ChildEnd::How::kAborted:
      return "aborted: " + end.errors;
    case ChildEnd::How::kKilled:
      return "killed by signal " + std::to_string(end.code) + ": " + end.errors;
  }
  return "";
}

}  // namespace rollcall::testing

// Takes the place of what the C library calls when an assert() fails, so that such an end has an
// exit code of its own: abort() would look like an end of ours.
extern "C" void __assert_fail(const char* condition, const char* file, unsigned line,
                              const char* function) noexcept {
  std::fprintf(stderr, "%s:%u: %s: the assertion failed: %s\n", file, line, function, condition);
  if (rollcall::testing::is_child) ::_exit(rollcall::testing::kAssertedCode);
  std::abort();
}
