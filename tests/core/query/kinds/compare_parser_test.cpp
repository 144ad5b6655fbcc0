// Questions about variants: what is read, and the exact words for what is not.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "rollcall/query.h"

namespace rollcall::testing {
namespace {

template <class Ask>
Ask parse_ask(std::string_view json) {
  const Result<Query> query = parse_query(json);
  EXPECT_TRUE(query.ok()) << json << "\n" << query.status().to_string();
  return query.ok() ? std::get<Ask>(query->ask) : Ask{};
}

std::string error(std::string_view json) {
  const Result<Query> query = parse_query(json);
  EXPECT_EQ(query.status().code(), StatusCode::kInvalidArgument) << json;
  return query.status().message();
}

TEST(CompareParser, Errors) {
  const std::vector<std::pair<std::string, std::string>> cases = {

  };
  for (const auto& [json, message] : cases) EXPECT_EQ(error(json), message) << json;
}

}  // namespace
}  // namespace rollcall::testing
