#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <thread>

#include <fmt/format.h>

#include "rollcall/json.h"
#include "rollcall/message_text.h"
#include "rollcall/notifier.h"

namespace rollcall {

namespace {

constexpr std::chrono::milliseconds kLookEvery{10};

// Owns what posix_spawn is told about the new process.
class SpawnSetup {
 public:
  SpawnSetup() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
  }
  ~SpawnSetup() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;

  // Returns what errno would be.
  int prepare() {
    // Files of the store close themselves when a program is started, and so should those of the
    // host, but nothing says that they do.
    for (const int error :
         {::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0),
          ::posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, "/dev/null", O_WRONLY, 0),
          ::posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, "/dev/null", O_WRONLY, 0),
          ::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1),
          ::posix_spawn_file_actions_addchdir_np(&actions_, "/")}) {
      if (error != 0) return error;
    }
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    return ::posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }

  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Returns the environment: nothing of ours but PATH, which may hold keys.
std::vector<std::string> command_environment(const Notification& notification) {
  const char* const path = std::getenv("PATH");
  std::vector<std::string> environment = {
      fmt::format("PATH={}", path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin"),
      "ROLLCALL_DELIVERY=" + notification.delivery, "ROLLCALL_BODY=" + notification.body};
  const Result<Json> body = parse_written_json(notification.body);
  if (!body.ok() || !body->is_object()) return environment;
  for (const auto& [field, value] : body->fields()) {
    std::string name = "ROLLCALL_";
    for (const char c : field) name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    std::string text = value.is_string() ? value.get<std::string>() : value.text();
    if (value.is_null()) text.clear();
    // The environment ends a text there.
    text.resize(std::min(text.find('\0'), text.size()));
    environment.push_back(name + "=" + text);
  }
  return environment;
}

void kill_group(pid_t process) {
  ::kill(-process, SIGKILL);
  int ignored = 0;
  while (::waitpid(process, &ignored, 0) < 0 && errno == EINTR) {
  }
}

Status ended_status(const std::string& program, int wait_status) {
  if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0) return {};
  return Status::io_error(
      WIFEXITED(wait_status)
          ? fmt::format("{}: ended with status {}", excerpt(program), WEXITSTATUS(wait_status))
          : fmt::format("{}: ended by signal {}", excerpt(program), WTERMSIG(wait_status)));
}

}  // namespace

Status run_command(const CommandTarget& target, const Notification& notification,
                   std::stop_token stop, const CommandLimits& limits) {
  const std::string& program = target.arguments.front();
  std::vector<std::string> arguments = target.arguments;
  std::vector<std::string> environment = command_environment(notification);
  SpawnSetup setup;
  pid_t process = -1;
  int error = setup.prepare();
  if (error == 0) {
    error = ::posix_spawn(&process, program.c_str(), setup.actions(), setup.attributes(),
                          pointers_to(arguments).data(), pointers_to(environment).data());
  }
  if (error != 0) {
    return Status::io_error(fmt::format("{}: cannot start: {}", excerpt(program),
                                        std::generic_category().message(error)));
  }
  const auto deadline = std::chrono::steady_clock::now() + limits.time_limit;
  for (;;) {
    int wait_status = 0;
    const pid_t ended = ::waitpid(process, &wait_status, WNOHANG);
    if (ended == process) return ended_status(program, wait_status);
    if (ended < 0 && errno != EINTR) {
      return Status::io_error(fmt::format("{}: cannot wait for its end: {}", excerpt(program),
                                          std::generic_category().message(errno)));
    }
    if (stop.stop_requested()) {
      kill_group(process);
      return {StatusCode::kCancelled, excerpt(program) + ": stopped"};
    }
    if (std::chrono::steady_clock::now() >= deadline) {
      kill_group(process);
      return Status::io_error(fmt::format("{}: took longer than {} ms and was killed",
                                          excerpt(program), limits.time_limit.count()));
    }
    std::this_thread::sleep_for(kLookEvery);
  }
}

}  // namespace rollcall
