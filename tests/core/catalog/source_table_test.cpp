#include "core/catalog/source_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/run_size.h"

namespace rollcall {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs positions_of(const SourceTable& table) {
  Pairs pairs;
  for (const SourcePosition& position : table.positions()) {
    pairs.emplace_back(position.id, position.position);
  }
  return pairs;
}

std::string bytes_of(const SourceTable& table) {
  std::string bytes;
  table.serialize(bytes);
  return bytes;
}

TEST(SourceTable, KeepsTheLastPositionInTheOrderOfFirstAppearance) {
  SourceTable table;
  table.set({"b", "1"}, 0);
  table.set({"a", "2"}, 0);
  table.set({"b", "3"}, 0);
  table.set({"", ""}, 0);
  EXPECT_EQ(positions_of(table), (Pairs{{"b", "3"}, {"a", "2"}, {"", ""}}));
}

TEST(SourceTable, IsDurableByTheLastCommitThatAPositionOrATokenWaitsFor) {
  SourceTable table;
  EXPECT_EQ(table.durable_by("a"), 0u);
  table.set({"a", "1"}, 7);
  EXPECT_EQ(table.durable_by("a"), 7u);
  table.set({"a", "2"}, 0);  // of the journal: those before it still wait
  EXPECT_EQ(table.durable_by("a"), 7u);
  table.add({"a", "token"}, 9);
  EXPECT_EQ(table.durable_by("a"), 9u);
  EXPECT_EQ(table.durable_by("b"), 0u);
}

// The table is compared with a map and lists, and goes through bytes now and then.
TEST(SourceTable, ReadsBackWhatWasWritten) {
  std::mt19937_64 random(testing::run_seed());
  constexpr std::size_t kWindow = 1024;
  std::map<std::string, std::deque<std::string>> tokens;
  Pairs positions;
  auto table = std::make_unique<SourceTable>();
  for (int step = 0; step < 6000; ++step) {
    const std::string source = std::to_string(random() % 3);
    const std::string text = std::to_string(random() % 6000);
    if (random() % 4 == 0) {
      table->set({source, text}, 0);
      const auto place = std::find_if(positions.begin(), positions.end(),
                                      [&](const auto& pair) { return pair.first == source; });
      if (place == positions.end()) {
        positions.emplace_back(source, text);
      } else {
        place->second = text;
      }
    } else {
      std::deque<std::string>& window = tokens[source];
      const bool is_known = std::find(window.begin(), window.end(), text) != window.end();
      ASSERT_EQ(table->has({source, text}), is_known) << source << ' ' << text;
      if (is_known) continue;
      table->add({source, text}, 0);
      window.push_back(text);
      if (window.size() > kWindow) window.pop_front();
    }
    if (step % 1000 != 999) continue;
    const std::string bytes = bytes_of(*table);
    table = std::make_unique<SourceTable>();
    ASSERT_TRUE(table->deserialize(bytes).ok());
    EXPECT_EQ(positions_of(*table), positions);
    EXPECT_EQ(bytes_of(*table), bytes);
  }
  ASSERT_EQ(tokens["0"].size(), kWindow);  // some have gone
}

TEST(SourceTable, RefusesBytesThatDoNotAddUp) {
  SourceTable table;
  table.set({"a", "1"}, 0);
  table.add({"b", "t"}, 0);
  const std::string bytes = bytes_of(table);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(SourceTable().deserialize(bytes.substr(0, size)).code(), StatusCode::kCorruption)
        << size;
  }
  EXPECT_EQ(SourceTable().deserialize(bytes + '\0').code(), StatusCode::kCorruption);
  using namespace std::string_literals;
  const std::string same_position = "\2\1a\1x\1a\1y\0"s;
  const std::string same_source = "\0\2\1b\1\1t\1b\1\1u"s;
  const std::string same_token = "\0\1\1b\2\1t\1t"s;
  for (const std::string& twice : {same_position, same_source, same_token}) {
    EXPECT_EQ(SourceTable().deserialize(twice).code(), StatusCode::kCorruption);
  }
  EXPECT_TRUE(SourceTable().deserialize("\2\1a\1x\1b\1y\2\1b\1\1t\1c\1\1t"s).ok());
}

}  // namespace
}  // namespace rollcall
