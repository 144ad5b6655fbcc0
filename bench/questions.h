// Benchmarks ask these questions of a workload, and have their true answers.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "bench/truth.h"
#include "rollcall/query.h"

namespace rollcall::bench {

struct Question {
  std::string name;                                  // "retention_recurring_30x30"
  std::string json;                                  // as Engine::query takes it
  std::vector<std::string> columns;                  // of the answer, that are compared
  std::function<Counts(const DaySets& sets)> truth;  // row by row, the columns above
  // Says whether it reads nothing but the sets of one event, day by day.
  bool needs_sets_only = true;
};

// Returns one question of each kind, over `days` days from `first_day`; windows are half of them.
// `event` is a selector in JSON, and the `sets` given to `truth` are those of it.
std::vector<Question> make_questions(Day first_day, std::int32_t days, const std::string& event);

// Returns the place of a column in the rows of an answer. Throws BenchError if there is none.
std::size_t column_of(const QueryResult& result, const std::string& name);
// Returns the columns of an answer, row by row. Throws BenchError if one is missing.
Counts counts_of(const QueryResult& result, const std::vector<std::string>& columns);
// Throws BenchError if they are not the same.
void must_equal_counts(const std::string& what, const Counts& found, const Counts& expected);

}  // namespace rollcall::bench
