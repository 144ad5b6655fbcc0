// Users behind a cell come from C as Arrow and as Roaring, and are those that JSON lists.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bindings/c/c_session.h"

namespace rollcall::testing {
namespace {

using JsonValue = nlohmann::json;

constexpr std::string_view kEverybody =
    R"j({"kind": "segment", "segment": "did(*)", "members": {}})j";

ArrowArrayStream numbered(const std::vector<std::uint64_t>& users) {
  const std::vector<std::int64_t> times(users.size(), std::int64_t{20'454} * 86'400'000'000);
  return stream_of({batch_of({numbers<std::uint64_t>("L", "user", users),
                              numbers<std::int64_t>("tsu:UTC", "time", times),
                              text("event", std::vector<std::string>(users.size(), "login"))})});
}

std::vector<std::string> rows_of(rollcall_engine* engine, std::string_view question) {
  const Returned answer = ask(engine, question);
  EXPECT_TRUE(answer.ok()) << answer.error;
  std::vector<std::string> users;
  const JsonValue read = JsonValue::parse(answer.text, nullptr, false);
  for (const JsonValue& row : read["rows"]) users.push_back(row[0]);
  return users;
}

ReadArrow arrow_of(rollcall_engine* engine, std::string_view question) {
  ArrowArrayStream stream;
  const Returned returned = call([&](rollcall_error** error) {
    return rollcall_query_arrow(engine, question.data(), question.size(), nullptr, 0, &stream,
                                error);
  });
  EXPECT_TRUE(returned.ok()) << returned.error;
  return returned.ok() ? read_arrow(stream) : ReadArrow();
}

Returned roaring_of(rollcall_engine* engine, std::string_view question) {
  char* bytes = nullptr;
  std::size_t size = 0;
  Returned returned = call([&](rollcall_error** error) {
    return rollcall_query_roaring(engine, question.data(), question.size(), nullptr, 0, &bytes,
                                  &size, error);
  });
  if (bytes != nullptr) returned.text.assign(bytes, size);
  rollcall_free(bytes);
  return returned;
}

Returned write_roaring(rollcall_engine* engine, std::string_view question, std::string_view path) {
  return call([&](rollcall_error** error) {
    return rollcall_write_roaring(engine, question.data(), question.size(), nullptr, 0, path.data(),
                                  path.size(), error);
  });
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// More than one batch of Arrow, in disorder, over all widths of integers.
std::vector<std::uint64_t> many_ids() {
  std::vector<std::uint64_t> ids = {0, UINT64_MAX, 1, std::uint64_t{1} << 63};
  for (std::uint64_t i = 0; i < 140'000; ++i) ids.push_back(i * 2'654'435'761 % (1U << 31));
  return ids;
}

TEST(CMembers, IntegersComeAsNumbersInArrow) {
  const EngineHandle engine = open_in_memory(R"({"user_kind": "integer"})");
  ASSERT_TRUE(ingest(engine.get(), numbered(many_ids())).ok());
  for (const std::string_view page :
       {"{}", R"({"limit": 70000})", R"({"limit": 1})", R"({"after": "2147483000", "limit": 2})",
        R"({"after": "18446744073709551615"})"}) {
    SCOPED_TRACE(page);
    const std::string question =
        fmt::format(R"j({{"kind": "segment", "segment": "did(*)", "members": {}}})j", page);
    const std::vector<std::string> rows = rows_of(engine.get(), question);
    const ReadArrow arrow = arrow_of(engine.get(), question);
    EXPECT_EQ(arrow.names, (std::vector<std::string>{"user"}));
    EXPECT_EQ(arrow.formats, (std::vector<std::string>{"L"}));
    ASSERT_EQ(arrow.rows.size(), rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) ASSERT_EQ(arrow.rows[i].at(0), rows[i]);
    const JsonValue answer = JsonValue::parse(ask(engine.get(), question).text);
    const bool has_next = answer.contains("next") && !answer["next"].is_null();
    EXPECT_EQ(arrow.metadata.contains("rollcall.next"), has_next);
    EXPECT_EQ(has_next ? JsonValue(arrow.metadata.at("rollcall.next")) : JsonValue(),
              has_next ? answer["next"] : JsonValue());
  }
  EXPECT_EQ(live_arrow(), LiveArrow());
}

TEST(CMembers, TextsComeAsTextsInArrow) {
  const EngineHandle engine = open_in_memory();
  ASSERT_TRUE(ingest(engine.get(), three_days()).ok());
  const ReadArrow all = arrow_of(engine.get(), kEverybody);
  EXPECT_EQ(all.formats, (std::vector<std::string>{"u"}));
  EXPECT_EQ(all.rows, (std::vector<std::vector<std::string>>{{"ann"}, {"bob"}, {"cid"}}));
  const ReadArrow page = arrow_of(
      engine.get(),
      R"j({"kind": "segment", "segment": "did(*)", "members": {"limit": 1, "after": "ann"}})j");
  EXPECT_EQ(page.rows, (std::vector<std::vector<std::string>>{{"bob"}}));
  EXPECT_EQ(page.metadata.at("rollcall.next"), "bob");
}

// The expected bytes are those of the specification: one map, of numbers below 2^32, with one array
// of 16-bit numbers.
TEST(CMembers, IntegersComeAsRoaring) {
  const EngineHandle engine = open_in_memory(R"({"user_kind": "integer"})");
  ASSERT_TRUE(ingest(engine.get(), numbered({9, 1, 5})).ok());
  const Returned set = roaring_of(engine.get(), kEverybody);
  ASSERT_TRUE(set.ok()) << set.error;
  constexpr unsigned char kExpected[] = {1, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0x3a, 0x30, 0, 0, 1,
                                         0, 0, 0, 0, 0, 2, 0, 16, 0, 0, 0, 1, 0,    5,    0, 9, 0};
  EXPECT_EQ(set.text, std::string(reinterpret_cast<const char*>(kExpected), sizeof kExpected));
  EXPECT_EQ(roaring_of(engine.get(), R"({"kind": "active"})").code, ROLLCALL_INVALID_ARGUMENT);
  EXPECT_EQ(roaring_of(engine.get(), "{}").code, ROLLCALL_INVALID_ARGUMENT);

  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/back";
  ASSERT_TRUE(write_roaring(engine.get(), kEverybody, path).ok());
  EXPECT_EQ(bytes_of(path), set.text);
  EXPECT_EQ(write_roaring(engine.get(), kEverybody, directory.path() + "/none/back").code,
            ROLLCALL_IO_ERROR);
}

TEST(CMembers, TextsAreWrittenAsRoaringAndReadBack) {
  const TemporaryDirectory directory;
  EngineHandle engine;
  ASSERT_TRUE(open("",
                   fmt::format(R"({{"in_memory": true, "question_directories": ["{}"]}})",
                               directory.path()),
                   engine)
                  .ok());
  ASSERT_TRUE(ingest(engine.get(), three_days()).ok());
  EXPECT_EQ(roaring_of(engine.get(), kEverybody).code, ROLLCALL_INVALID_ARGUMENT);
  const std::string path = directory.path() + "/buyers";
  ASSERT_TRUE(write_roaring(engine.get(),
                            R"j({"kind": "segment", "segment": "did(buy)", "members": {}})j", path)
                  .ok());
  EXPECT_EQ(bytes_of(directory.path() + "/dictionary.jsonl"), "{\"ordinal\":0,\"user\":\"ann\"}\n");
  const std::string back = fmt::format(
      R"j({{"kind": "segment", "segment": {{"in_file": "{}"}}, "members": {{}}}})j", path);
  EXPECT_EQ(rows_of(engine.get(), back), (std::vector<std::string>{"ann"}));
}

}  // namespace
}  // namespace rollcall::testing
