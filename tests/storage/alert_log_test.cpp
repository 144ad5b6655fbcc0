// This tests the log of alerts against restarts, damage, other writers and kills.
#include "rollcall/alert_log.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "tests/storage/temporary_directory.h"
#include "tests/support/child_process.h"

namespace rollcall {
namespace {

namespace fs = std::filesystem;
using Records = std::vector<std::string>;

class AlertLogTest : public ::testing::Test {
 protected:
  // Adds a record and returns how many bytes the log has then.
  std::uint64_t append(const std::string& record) {
    Result<AlertLog> log = AlertLog::open(directory_.path());
    EXPECT_TRUE(log.ok()) << log.status().to_string();
    EXPECT_TRUE(log->append({&record, 1}).ok());
    return log->bytes();
  }
  Records opened() {
    const Result<AlertLog> log = AlertLog::open(directory_.path());
    EXPECT_TRUE(log.ok()) << log.status().to_string();
    return log.ok() ? log->records() : Records{"unreadable"};
  }
  Records read() const {
    const Result<Records> records = read_alert_log(directory_.path());
    EXPECT_TRUE(records.ok()) << records.status().to_string();
    return records.ok() ? *records : Records{"unreadable"};
  }
  std::string path() const { return directory_.path("ALERTS"); }
  std::string bytes() const {
    std::ifstream file(path(), std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  void write(const std::string& bytes) const {
    std::ofstream(path(), std::ios::binary | std::ios::trunc) << bytes;
  }

  TemporaryDirectory directory_{directory_in_memory()};
};

TEST_F(AlertLogTest, HasNoRecordsWithoutAFile) {
  EXPECT_EQ(read(), Records{});
  EXPECT_FALSE(fs::exists(path()));  // reading makes none
  EXPECT_EQ(opened(), Records{});
  EXPECT_TRUE(fs::exists(path()));
}

TEST_F(AlertLogTest, KeepsRecordsInOrder) {
  append("one");
  append("");
  append(std::string(100'000, 'x') + '\0');
  const Records expected = {"one", "", std::string(100'000, 'x') + '\0'};
  EXPECT_EQ(read(), expected);
  EXPECT_EQ(opened(), expected);
}

TEST_F(AlertLogTest, ReplacesAllRecords) {
  append("one");
  append("two");
  {
    Result<AlertLog> log = AlertLog::open(directory_.path());
    ASSERT_TRUE(log->replace(Records{"three"}).ok());
    ASSERT_TRUE(log->append(Records{"four", "five"}).ok());
    EXPECT_EQ(log->records(), (Records{"three", "four", "five"}));
  }
  EXPECT_EQ(read(), (Records{"three", "four", "five"}));
}

TEST_F(AlertLogTest, RefusesARecordThatIsTooLong) {
  Result<AlertLog> log = AlertLog::open(directory_.path());
  EXPECT_EQ(log->append(Records{"zero", std::string(AlertLog::kRecordBytesMax + 1, 'x')}).code(),
            StatusCode::kResourceExhausted);
  EXPECT_TRUE(log->append(Records{"one"}).ok());
  EXPECT_EQ(read(), Records{"one"});
}

// The bytes of the last record reach the disk in any order, but those before were synced.
TEST_F(AlertLogTest, CutsOffATornTailAtEachOfItsBytes) {
  append("one");
  const std::string before = bytes();
  append("the second record");
  const std::string whole = bytes();
  for (std::size_t size = before.size(); size < whole.size(); ++size) {
    // The mark that counts the second record was never written.
    write(before + whole.substr(before.size(), size - before.size()));
    EXPECT_EQ(read(), Records{"one"}) << size;
    EXPECT_EQ(opened(), Records{"one"}) << size;
    EXPECT_EQ(bytes(), before) << size;
    append("another");
    EXPECT_EQ(read(), (Records{"one", "another"})) << size;
  }
}

TEST_F(AlertLogTest, NoticesThatTheFileLostItsEnd) {
  append("one");
  append("two");
  const std::string whole = bytes();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    write(whole.substr(0, size));
    EXPECT_EQ(read_alert_log(directory_.path()).status().code(), StatusCode::kCorruption) << size;
    EXPECT_EQ(AlertLog::open(directory_.path()).status().code(), StatusCode::kCorruption) << size;
    EXPECT_EQ(bytes(), whole.substr(0, size));  // left alone
  }
}

TEST_F(AlertLogTest, NoticesEachFlippedByte) {
  append("one");
  append("two");
  const std::string whole = bytes();
  std::size_t noticed = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string flipped = whole;
    flipped[i] = static_cast<char>(flipped[i] ^ 0x20);
    write(flipped);
    const Result<Records> records = read_alert_log(directory_.path());
    noticed += !records.ok();
    // Bytes between the parts, and the mark that counts the records, hold none of them.
    const bool is_beside = i >= 24 && i < 1024;
    EXPECT_EQ(records.ok(), is_beside) << i;
    if (records.ok()) {
      EXPECT_EQ(*records, (Records{"one", "two"})) << i;
    } else {
      EXPECT_EQ(records.status().code(), StatusCode::kCorruption) << i;
    }
  }
  EXPECT_EQ(noticed, 24 + whole.size() - 1024);
}

// A crash may come between the record and the mark that counts it; the file is as if it had.
TEST_F(AlertLogTest, CountsWhatACrashLeftUncounted) {
  append("one");
  const std::string before = bytes();
  append("two");
  std::string whole = bytes();
  whole.replace(512, 16, before.substr(512, 16));
  write(whole);
  EXPECT_EQ(opened(), (Records{"one", "two"}));
  // From here on, the second record is there or its damage is noticed.
  std::string flipped = bytes();
  flipped.back() = static_cast<char>(flipped.back() ^ 1);
  write(flipped);
  EXPECT_EQ(read_alert_log(directory_.path()).status().code(), StatusCode::kCorruption);
}

TEST_F(AlertLogTest, RefusesALink) {
  append("one");
  fs::rename(path(), directory_.path("elsewhere"));
  fs::create_symlink(directory_.path("elsewhere"), path());
  EXPECT_EQ(read_alert_log(directory_.path()).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(AlertLog::open(directory_.path()).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(AlertLogTest, LetsTwoProcessesWrite) {
  constexpr int kCount = 40;
  ChildProcess a({ROLLCALL_ALERT_LOG_WRITER, directory_.path(), "a", std::to_string(kCount)});
  ChildProcess b({ROLLCALL_ALERT_LOG_WRITER, directory_.path(), "b", std::to_string(kCount)});
  a.wait();
  b.wait();
  ASSERT_TRUE(a.succeeded()) << a.end_text();
  ASSERT_TRUE(b.succeeded()) << b.end_text();
  std::map<char, int> next = {{'a', 1}, {'b', 1}};
  for (const std::string& record : read()) {
    EXPECT_EQ(record.substr(2), std::to_string(next[record[0]]++));
  }
  EXPECT_EQ(next['a'], kCount + 1);
  EXPECT_EQ(next['b'], kCount + 1);
}

TEST_F(AlertLogTest, KeepsWhatWasAcknowledgedBeforeAKill) {
  for (int kill = 0; kill < 12; ++kill) {
    fs::remove(path());
    ChildProcess writer({ROLLCALL_ALERT_LOG_WRITER, directory_.path(), "k", "1000000"});
    int acknowledged = 0;
    while (acknowledged < 1 + kill) acknowledged = std::atoi(writer.next_line().c_str());
    writer.kill();
    ASSERT_TRUE(writer.was_killed()) << writer.end_text();
    const Records records = opened();
    EXPECT_GE(records.size(), static_cast<std::size_t>(acknowledged));
    for (std::size_t i = 0; i < records.size(); ++i) {
      EXPECT_EQ(records[i], "k " + std::to_string(i + 1));
    }
  }
}

}  // namespace
}  // namespace rollcall
