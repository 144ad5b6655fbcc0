#include "tools/commands/question_limits.h"

#include <atomic>

#include "tools/commands/option_kinds.h"

namespace rollcall::tools {
namespace {

std::atomic<bool> work_abandoned{false};

}  // namespace

void add_timeout_flag(CLI::App& command, Timeout& timeout) {
  add_duration(command, "--timeout", timeout,
               "Give up after so many seconds, such as 1.5, 500ms or 2m (default: never)");
}

QuestionGuard::QuestionGuard(const Timeout& timeout) {
  if (timeout) limits_.deadline = std::chrono::steady_clock::now() + *timeout;
  limits_.stop = interrupt_.token();
}

Status QuestionGuard::wait_until_done(Progress& progress) const {
  std::unique_lock lock(progress.mutex);
  const auto is_done = [&] { return progress.is_done; };
  const bool done =
      limits_.deadline ? progress.changed.wait_until(lock, limits_.stop, *limits_.deadline, is_done)
                       : progress.changed.wait(lock, limits_.stop, is_done);
  if (done) return {};
  work_abandoned = true;
  if (limits_.stop.stop_requested()) {
    return {StatusCode::kCancelled,
            "stopped before the answer, while the store or the question was read"};
  }
  return {StatusCode::kDeadlineExceeded,
          "the time was over before the answer, while the store or the question was read"};
}

bool has_abandoned_work() { return work_abandoned; }

}  // namespace rollcall::tools
