// What tests of each kind's parser have in common.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "rollcall/query.h"

namespace rollcall::testing {

// Returns the question of a kind that the JSON asks.
template <class Ask>
Ask parse_ask(std::string_view json) {
  const Result<Query> query = parse_query(json);
  EXPECT_TRUE(query.ok()) << json << "\n" << query.status().to_string();
  return query.ok() ? std::get<Ask>(query->ask) : Ask{};
}

// Returns why the JSON is no question.
inline std::string parse_error(std::string_view json) {
  const Result<Query> query = parse_query(json);
  EXPECT_EQ(query.status().code(), StatusCode::kInvalidArgument) << json;
  return query.status().message();
}

}  // namespace rollcall::testing
