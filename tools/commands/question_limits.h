// These end a question before its answer: --timeout, and signals.
#pragma once

#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

#include <CLI/CLI.hpp>

#include "rollcall/engine.h"
#include "rollcall/status.h"
#include "tools/interrupt.h"

namespace rollcall::tools {

using Timeout = std::optional<std::chrono::milliseconds>;

void add_timeout_flag(CLI::App& command, Timeout& timeout);

// It is to be made when the command begins, from which --timeout counts, and kept until it has its
// answers.
class QuestionGuard {
 public:
  explicit QuestionGuard(const Timeout& timeout);
  const QueryLimits& limits() const { return limits_; }

  // Runs `work`, which reads only and can be stopped by nothing, such as the opening of a store, in
  // a thread of its own, and waits for it only until the limits end the question. The work then
  // goes on by itself until the process ends, so it must refer to nothing that is destroyed before:
  // has_abandoned_work() knows.
  //   kCancelled, kDeadlineExceeded  as Engine::query, which is not reached
  template <class T>
  Result<T> wait_for(std::function<Result<T>()> work) const;

 private:
  // The thread and the one that waits for it share this.
  struct Progress {
    std::mutex mutex;
    std::condition_variable_any changed;
    bool is_done = false;
  };

  Status wait_until_done(Progress& progress) const;

  Interrupt interrupt_;
  QueryLimits limits_;
};

// Says whether a thread is at work that nobody waits for. The process has to end by std::_Exit,
// which destroys nothing of what that works with.
bool has_abandoned_work();

template <class T>
Result<T> QuestionGuard::wait_for(std::function<Result<T>()> work) const {
  struct Shared : Progress {
    std::optional<Result<T>> result;
    std::exception_ptr exception;
  };
  const auto shared = std::make_shared<Shared>();
  std::thread thread([shared, work = std::move(work)] {
    try {
      shared->result.emplace(work());
    } catch (...) {
      shared->exception = std::current_exception();
    }
    const std::lock_guard lock(shared->mutex);
    shared->is_done = true;
    shared->changed.notify_all();
  });
  if (Status status = wait_until_done(*shared); !status.ok()) {
    thread.detach();
    return status;
  }
  thread.join();
  if (shared->exception) std::rethrow_exception(shared->exception);
  return *std::move(shared->result);
}

}  // namespace rollcall::tools
