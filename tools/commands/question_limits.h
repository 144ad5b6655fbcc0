// What ends a question before its answer: --timeout, and signals.
#pragma once

#include <chrono>
#include <optional>

#include <CLI/CLI.hpp>

#include "rollcall/engine.h"
#include "tools/interrupt.h"

namespace rollcall::tools {

using Timeout = std::optional<std::chrono::milliseconds>;

void add_timeout_flag(CLI::App& command, Timeout& timeout);

// To be made when the command begins, from which --timeout counts, and kept until it has its
// answers.
class QuestionGuard {
 public:
  explicit QuestionGuard(const Timeout& timeout);
  const QueryLimits& limits() const { return limits_; }

 private:
  Interrupt interrupt_;
  QueryLimits limits_;
};

}  // namespace rollcall::tools
