#include "bench/rivals/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <sstream>

#include "bench/session.h"

namespace rollcall::bench {

ChildProcess::ChildProcess(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  std::array<int, 2> in{}, out{};
  if (pipe2(in.data(), O_CLOEXEC) != 0 || pipe2(out.data(), O_CLOEXEC) != 0) {
    throw BenchError(command[0] + ": no pipes to start it with");
  }
  pid_ = fork();
  if (pid_ < 0) throw BenchError(command[0] + ": cannot be started");
  if (pid_ == 0) {
    // The child ends with this program, however that ends.
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  // A child that is gone is noticed when it does not answer.
  signal(SIGPIPE, SIG_IGN);
  to_ = fdopen(in[1], "w");
  from_ = fdopen(out[0], "r");
}

ChildProcess::~ChildProcess() {
  std::fclose(to_);
  std::fclose(from_);
  kill(pid_, SIGTERM);
  waitpid(pid_, nullptr, 0);
}

void ChildProcess::write_line(const std::string& line) {
  std::fputs(line.c_str(), to_);
  std::fputc('\n', to_);
  std::fflush(to_);
}

std::string ChildProcess::read_line() {
  char* line = nullptr;
  std::size_t capacity = 0;
  const ssize_t length = getline(&line, &capacity, from_);
  std::string text(line == nullptr || length < 0 ? "" : line);
  std::free(line);
  if (length < 0) throw BenchError("a rival's program ended before it answered");
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

std::string find_program(const std::string& name) {
  const char* const path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::string file = folder + '/' + name;
    if (access(file.c_str(), X_OK) == 0) return file;
  }
  return "";
}

}  // namespace rollcall::bench
