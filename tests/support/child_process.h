// This is another process, which is started, listened to and killed.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>
#include <vector>

namespace rollcall {

class ChildProcess {
 public:
  // The program comes first.
  explicit ChildProcess(std::vector<std::string> arguments) {
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);

    std::array<int, 2> pipe_ends{};
    EXPECT_EQ(::pipe2(pipe_ends.data(), O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
    EXPECT_EQ(::posix_spawn(&pid_, pointers[0], &actions, nullptr, pointers.data(), environ), 0);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(pipe_ends[1]);
    output_ = ::fdopen(pipe_ends[0], "r");
  }
  ~ChildProcess() {
    kill();
    std::fclose(output_);
  }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }

  // Returns the next line that it prints; "" once it has ended.
  std::string next_line() {
    std::array<char, 64> line{};
    if (std::fgets(line.data(), line.size(), output_) == nullptr) return "";
    std::string text = line.data();
    text.pop_back();
    return text;
  }

  // Ends it at once, wherever it is.
  void kill() {
    if (ended_) return;
    ::kill(pid_, SIGKILL);
    wait();
  }

  // Returns once it has ended by itself.
  void wait() {
    ended_ = true;
    ::waitpid(pid_, &wait_status_, 0);
  }

  // Returns whether it was there to be killed, and had not failed or crashed before.
  bool was_killed() const { return WIFSIGNALED(wait_status_) && WTERMSIG(wait_status_) == SIGKILL; }
  // Returns "exited with 1" or "ended by signal 9", for messages.
  std::string end_text() const {
    return WIFSIGNALED(wait_status_) ? "ended by signal " + std::to_string(WTERMSIG(wait_status_))
                                     : "exited with " + std::to_string(WEXITSTATUS(wait_status_));
  }
  // Returns whether it ended by itself, and well.
  bool succeeded() const { return WIFEXITED(wait_status_) && WEXITSTATUS(wait_status_) == 0; }

 private:
  pid_t pid_ = -1;
  std::FILE* output_ = nullptr;
  bool ended_ = false;
  int wait_status_ = 0;
};

}  // namespace rollcall
