// Is a program that runs beside this one, spoken to line by line.
#pragma once

#include <sys/types.h>

#include <cstdio>
#include <string>
#include <vector>

namespace rollcall::bench {

class ChildProcess {
 public:
  // Starts `command`, found on PATH, whose standard error is this program's. Throws BenchError; a
  // program that cannot be found ends with 127.
  explicit ChildProcess(const std::vector<std::string>& command);
  // Closes its standard input, asks it to end (SIGTERM), and waits.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  void write_line(const std::string& line);
  // Returns a line without its end. Throws BenchError at the end of its output.
  std::string read_line();

 private:
  pid_t pid_ = -1;
  std::FILE* to_ = nullptr;
  std::FILE* from_ = nullptr;
};

// Returns the file of that name in a folder of PATH, or "".
std::string find_program(const std::string& name);

}  // namespace rollcall::bench
