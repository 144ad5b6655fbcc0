// These read questions as JSON, from where the command line says.
#pragma once

#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "rollcall/engine.h"
#include "rollcall/status.h"
#include "tools/commands/question_limits.h"
#include "tools/commands/store_access.h"

namespace rollcall::tools {

// Adds the argument SPEC: a file, the JSON itself, or - for standard input.
CLI::Option* add_query_text(CLI::App& command, std::string& spec);

//   kCancelled, kDeadlineExceeded  as QuestionGuard::wait_for
Result<std::string> read_query_text(const std::string& spec, const QuestionGuard& guard);

// Opens the store for the questions that `json`, read from `spec`, holds. Questions that stand on
// the command line may read the lists of users that they name; questions from elsewhere may read
// what anybody's questions may.
//   kCancelled, kDeadlineExceeded  as QuestionGuard::wait_for
Result<std::unique_ptr<Engine>> open_for_questions(const std::string& json, const std::string& spec,
                                                   StoreFlags store, const QuestionGuard& guard);

// Returns the status with the file in front: "spec.json: query: 2:10: malformed JSON: ...".
Status located(const Status& status, const std::string& spec);

}  // namespace rollcall::tools
