// Columns of kept properties, from files of each format.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/file_source.h"
#include "rollcall/memory_store.h"
#include "rollcall/native_format.h"
#include "tests/core/source/ingesting.h"
#include "tests/core/source/source_files.h"

namespace rollcall {
namespace {

class KeptColumns : public ::testing::Test {
 protected:
  void open(std::vector<std::string> keep, std::vector<std::string> dimensions = {}) {
    engine_.reset();
    StoreSettings settings;
    settings.dimensions = std::move(dimensions);
    settings.kept_properties = std::move(keep);
    engine_ = open_engine(disk_, settings);
  }

  // Returns the users with an event that has this value of a property, with blanks between them.
  std::string users_with(std::string_view property, std::string_view value) const {
    const std::string segment =
        fmt::format(R"({{"did": {{"where": {{"{}": "{}"}}}}}})", property, value);
    const auto answer = engine_->query(
        fmt::format(R"({{"kind": "segment", "segment": {}, "members": {{}}}})", segment));
    EXPECT_TRUE(answer.ok()) << answer.status().to_string();
    std::string users;
    if (!answer.ok()) return users;
    for (const std::vector<Cell>& row : answer->rows) {
      users += (users.empty() ? "" : " ") + std::get<std::string>(row[0]);
    }
    return users;
  }

  std::vector<std::string> ignored(const std::vector<std::string>& paths) {
    std::vector<std::string> columns;
    IngestHooks hooks;
    hooks.schema = [&](const std::string&, const SourceSchema& schema) {
      columns.insert(columns.end(), schema.ignored.begin(), schema.ignored.end());
    };
    ingest(*engine_, paths, {}, hooks);
    return columns;
  }

  const TestDirectory directory_;
  const std::shared_ptr<MemoryDisk> disk_ = make_memory_disk();
  std::unique_ptr<Engine> engine_;
};

TEST_F(KeptColumns, OfDelimitedText) {
  open({"session", "x+y"}, {"channel"});
  const std::string path = directory_.write("a.csv",
                                            "user,time,event,session,channel,x,y,z\n"
                                            "ann,2026-01-01,e,s1,ads,1,2,3\n"
                                            "bob,2026-01-02,e,,ads,1,,3\n"
                                            "cat,2026-01-03,e,s2,,1,2,3\n");
  EXPECT_EQ(ignored({path}), std::vector<std::string>{"z"});
  EXPECT_EQ(users_with("session", "s1"), "ann");
  EXPECT_EQ(users_with("session", ""), "bob");
  EXPECT_EQ(users_with("x+y", "1+2"), "ann cat");
  EXPECT_EQ(users_with("channel", "ads"), "ann bob");
}

TEST_F(KeptColumns, OfNdjson) {
  open({"session", "page.path"});
  const std::string path = directory_.write(
      "a.ndjson",
      R"({"user": "ann", "time": "2026-01-01", "event": "e", "session": 7, "page": {"path": "/a"}}
{"user": "bob", "time": "2026-01-01", "event": "e", "page": {"path": "/b"}}
{"user": "cat", "time": "2026-01-01", "event": "e", "session": "7"}
)");
  EXPECT_EQ(ignored({path}), std::vector<std::string>());
  EXPECT_EQ(users_with("session", "7"), "ann cat");
  EXPECT_EQ(users_with("page.path", "/b"), "bob");
  EXPECT_EQ(users_with("page.path", ""), "cat");
}

TEST_F(KeptColumns, OfNativeBlocks) {
  open({"session"}, {"channel"});
  const std::vector<std::string_view> users = {"ann", "bob", "cat"}, events = {"e"},
                                      sessions = {"s1", "unused", "s2"}, channels = {"ads"};
  const std::vector<std::uint32_t> codes = {2, 0, 2};
  const std::vector<TimeUs> times = {0, 1'000'000, 86'400'000'000};
  const std::vector<PropertyColumn> properties = {{"channel", {channels, {}}},
                                                  {"session", {sessions, codes}}};
  EventBatch batch;
  batch.user_strings = users;
  batch.event = {events, {}};
  batch.time = times;
  batch.properties = properties;
  std::string bytes;
  ASSERT_TRUE(append_native_block(batch, 6, bytes).ok());
  ingest(*engine_, {directory_.write("a.rollcall", bytes)});
  EXPECT_EQ(users_with("session", "s2"), "ann cat");
  EXPECT_EQ(users_with("session", "unused"), "");
  EXPECT_EQ(users_with("channel", "ads"), "ann bob cat");
}

// A file that was read stays known when a column of it is kept later, and the rest of it has the
// column.
TEST_F(KeptColumns, AddedToAFileThatGrows) {
  const std::string path =
      directory_.write("a.csv", "user,time,event,session\nann,2026-01-01,e,s1\n");
  open({});
  EXPECT_EQ(ignored({path}), std::vector<std::string>{"session"});
  open({"session"});
  EXPECT_EQ(outcomes(ingest(*engine_, {path})), std::vector{Outcome::kKnown});
  directory_.append("a.csv", "bob,2026-01-02,e,s1\n");
  EXPECT_EQ(outcomes(ingest(*engine_, {path})), std::vector{Outcome::kResumed});
  EXPECT_EQ(users_with("session", "s1"), "bob");
  EXPECT_EQ(users_with("session", ""), "ann");
}

TEST_F(KeptColumns, ValuesThatAreTooLongAreRejected) {
  open({"page"});
  const std::string path = directory_.write(
      "a.csv", "user,time,event,page\nann,2026-01-01,e," + std::string(1'025, 'x') +
                   "\nbob,2026-01-01,e," + std::string(1'024, 'x') + "\n");
  const IngestReport report = ingest(*engine_, {path});
  EXPECT_EQ(report.rows_rejected, 1u);
  EXPECT_EQ(users_with("page", std::string(1'024, 'x')), "bob");
}

}  // namespace
}  // namespace rollcall
