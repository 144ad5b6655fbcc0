// Stores as they were written once, and what they answered. Each is a folder:
//
//   store/      the directory of the store
//   questions   one JSON object a line
//   answers     the question, and below it what `to_text` makes of its answer; an empty line
#pragma once

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "rollcall/engine.h"
#include "tests/support/result_text.h"

namespace rollcall::testing {

inline std::string file_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Returns what stands in `answers`, of an engine on the store.
inline std::string golden_answers(const Engine& engine, const std::string& questions) {
  std::string text;
  std::istringstream lines(questions);
  for (std::string question; std::getline(lines, question);) {
    const Result<QueryResult> answer = engine.query(question);
    text += question + "\n" + (answer.ok() ? to_text(*answer) : answer.status().to_string() + "\n");
    text += "\n";
  }
  for (const SourcePosition& source : engine.sources()) {
    text += "source " + source.id + " at " + source.position + "\n";
  }
  return text + std::to_string(engine.info().event_count) + " events, " +
         std::to_string(engine.info().user_count) + " users\n";
}

}  // namespace rollcall::testing
