// What tests with random questions have in common: an engine of a random configuration, and a
// random cell of an answer.
#pragma once

#include <cstddef>
#include <optional>

#include "rollcall/query.h"
#include "rollcall/status.h"
#include "tests/support/random.h"
#include "tests/support/test_engine.h"

namespace rollcall::testing {

// Every configuration gives the same answers.
EngineSetup random_setup(Random& random);

// Is a cell that counts, perhaps users.
struct CountCell {
  Members members;  // its keys, and its column
  std::size_t count = 0;
};
// Returns a cell of a random row of the answer, or nothing if the row has none, or sums up others.
std::optional<CountCell> random_cell(Random& random, const QueryResult& answer);

// Returns whether the answer is refused since what the smallest budget leaves for questions does
// not hold the largest ones.
bool is_too_large(const Result<QueryResult>& found, const Result<QueryResult>& expected);

}  // namespace rollcall::testing
