#include "tools/commands/question_limits.h"

#include "tools/commands/option_kinds.h"

namespace rollcall::tools {

void add_timeout_flag(CLI::App& command, Timeout& timeout) {
  add_duration(command, "--timeout", timeout,
               "Give up after so many seconds, such as 1.5, 500ms or 2m (default: never)");
}

QuestionGuard::QuestionGuard(const Timeout& timeout) {
  if (timeout) limits_.deadline = std::chrono::steady_clock::now() + *timeout;
  limits_.stop = interrupt_.token();
}

}  // namespace rollcall::tools
