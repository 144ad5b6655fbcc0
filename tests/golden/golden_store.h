// Stores as they were written once, and what they answered. Each is a folder:
//
//   store/      the directory of the store
//   questions   one JSON object a line
//   answers     the question, and below it what `to_text` makes of its answer; an empty line; then
//               what else the store keeps, a line each
#pragma once

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/saved_object.h"
#include "tests/support/result_text.h"

namespace rollcall::testing {

inline std::string file_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Returns the names of the columns that the table has in `answers`. Blanks in pairs divide them.
inline std::set<std::string> columns_of_answer(const std::string& answers,
                                               const std::string& question) {
  std::set<std::string> names;
  std::istringstream lines(answers);
  std::string line;
  while (std::getline(lines, line) && line != question) {
  }
  std::getline(lines, line);  // as_of
  std::getline(lines, line);
  for (std::size_t begin = 0; begin < line.size();) {
    begin = std::min(line.find_first_not_of(' ', begin), line.size());
    const std::size_t end = std::min(line.find("  ", begin), line.size());
    if (begin < end) names.insert(line.substr(begin, end - begin));
    begin = end;
  }
  return names;
}

// Leaves out the columns that tables have got since.
inline QueryResult with_columns(QueryResult answer, const std::set<std::string>& names) {
  for (std::size_t column = answer.columns.size(); column-- > 0;) {
    if (names.contains(answer.columns[column].name)) continue;
    const auto place = static_cast<std::ptrdiff_t>(column);
    answer.columns.erase(answer.columns.begin() + place);
    for (std::vector<Cell>& row : answer.rows) row.erase(row.begin() + place);
  }
  return answer;
}

// What stands in `answers`, of an engine on the store. `answers_then`, if there are any, say which
// columns are of interest.
inline std::string golden_answers(const Engine& engine, const std::string& questions,
                                  const std::string& answers_then = {}) {
  std::string text;
  std::istringstream lines(questions);
  for (std::string question; std::getline(lines, question);) {
    Result<QueryResult> answer = engine.query(question);
    if (answer.ok() && !answers_then.empty()) {
      answer = with_columns(*std::move(answer), columns_of_answer(answers_then, question));
    }
    text += question + "\n" + (answer.ok() ? to_text(*answer) : answer.status().to_string() + "\n");
    text += "\n";
  }
  for (const SourcePosition& source : engine.sources()) {
    text += "source " + source.id + " at " + source.position + "\n";
  }
  for (const ObjectKind kind : {ObjectKind::kQuestion, ObjectKind::kCampaign, ObjectKind::kAlert}) {
    for (const SavedObject& object : engine.objects(kind)) {
      text += std::string(to_string(kind)) + " " + object.name + ": " + object.definition + "\n";
    }
  }
  for (const AudienceInfo& audience : engine.audiences()) {
    text += "audience " + audience.name.campaign + ", run " + audience.name.run + ", as of " +
            audience.as_of + ":";
    for (const AudienceInfo::Class& part : audience.classes) {
      text += " " + part.name + " " + std::to_string(part.contacted) + " and " +
              std::to_string(part.holdout);
    }
    text += "\n";
  }
  return text + std::to_string(engine.info().event_count) + " events, " +
         std::to_string(engine.info().user_count) + " users\n";
}

}  // namespace rollcall::testing
