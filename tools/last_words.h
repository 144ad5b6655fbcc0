// This is said when a signal ends work that cannot be stopped half-way.
#pragma once

#include <string>

namespace rollcall::tools {

// While it lives, SIGINT, SIGTERM and SIGHUP, unless ignored, write "rollcall: interrupted; ..."
// and end the process at once with exit code 128 + n, as a crash would. It is for work that a crash
// does no harm to. At most one lives at a time.
class LastWords {
 public:
  explicit LastWords(const std::string& words);
  // The destructor makes signals do again what they did before.
  ~LastWords();
  LastWords(const LastWords&) = delete;
  LastWords& operator=(const LastWords&) = delete;
};

}  // namespace rollcall::tools
