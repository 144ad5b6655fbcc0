// What a limit refused comes in when its option moves, and nothing else does: each row comes in
// once.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/file_source.h"
#include "rollcall/memory_store.h"
#include "rollcall/native_format.h"
#include "tests/core/source/ingesting.h"
#include "tests/core/source/source_files.h"
#include "tests/support/faulty_store.h"
#include "tests/support/random.h"
#include "tests/support/times.h"

namespace rollcall {
namespace {

using testing::Faults;
using testing::FaultyStore;
using testing::kDayUs;
using testing::kSecondUs;
using testing::Random;

// Returns options for files whose times are small numbers.
SourceOptions in_seconds() {
  SourceOptions options;
  options.time_unit = TimeUnit::kSeconds;
  return options;
}

SourceOptions times_until(TimeUs last) {
  SourceOptions options;
  options.time_max = last;
  return options;
}

std::map<std::string, std::uint64_t> counts(const Engine& engine) {
  std::map<std::string, std::uint64_t> counts;
  for (const EventInfo& event : engine.info().events) counts[event.name] = event.events;
  return counts;
}

std::uint64_t rows_of(const std::vector<LimitCount>& counts, SourceLimit limit) {
  for (const LimitCount& count : counts) {
    if (count.limit == limit) return count.rows;
  }
  return 0;
}

const char* const kThreeRows =
    "user,time,event\na,1970-01-02,e1\nb,1970-01-11,e2\nc,1970-04-11,e3\nbad,x,e\n";

TEST(RefusedRows, ComeInWhenTheLimitMoves) {
  const TestDirectory directory;
  const auto disk = make_memory_disk();
  const std::string path = directory.write("a.csv", kThreeRows);
  {
    const auto engine = open_engine(disk);
    const IngestReport report = ingest(*engine, {path}, times_until(2 * kDayUs));
    EXPECT_EQ(report.rows_ingested, 1u);
    EXPECT_EQ(report.rows_rejected, 3u);
    EXPECT_EQ(rows_of(report.files[0].refused, SourceLimit::kTimeMax), 2u);
  }
  const auto engine = open_engine(disk);
  IngestReport report = ingest(*engine, {path}, times_until(20 * kDayUs));
  EXPECT_EQ(report.rows_ingested, 1u);
  EXPECT_EQ(report.rows_rejected, 0u);
  EXPECT_EQ(outcomes(report), std::vector{Outcome::kKnown});
  EXPECT_EQ(rows_of(report.files[0].admitted, SourceLimit::kTimeMax), 1u);
  EXPECT_EQ(rows_of(report.files[0].refused, SourceLimit::kTimeMax), 1u);
  // Narrower limits change nothing; then the rest comes in.
  report = ingest(*engine, {path}, times_until(kDayUs / 2));
  EXPECT_EQ(report.rows_read, 0u);
  EXPECT_EQ(rows_of(report.files[0].refused, SourceLimit::kTimeMax), 1u);
  report = ingest(*engine, {path});
  EXPECT_EQ(report.rows_ingested, 1u);
  EXPECT_TRUE(report.files[0].refused.empty());
  EXPECT_EQ(ingest(*engine, {path}).rows_read, 0u);
  EXPECT_EQ(counts(*engine),
            (std::map<std::string, std::uint64_t>{{"e1", 1}, {"e2", 1}, {"e3", 1}}));
}

TEST(RefusedRows, EveryLimitIsOne) {
  const TestDirectory directory;
  const std::string note(50, 'n');
  const std::string path = directory.write(
      "a.csv", "user,note,time,event\na,,1970-01-02,e1\nlonguser,,1970-01-02,e2\nc," + note +
                   ",1970-01-02,e3\n");
  SourceOptions narrow[3];
  narrow[0].user_bytes_max = 4;
  narrow[1].line_bytes_max = 40;
  narrow[2].time_min = 2 * kDayUs;
  for (const SourceOptions& options : narrow) {
    const auto engine = open_engine();
    const IngestReport first = ingest(*engine, {path}, options);
    ASSERT_EQ(first.files[0].refused.size(), 1u);
    const IngestReport second = ingest(*engine, {path});
    EXPECT_EQ(second.rows_ingested, first.rows_rejected);
    EXPECT_EQ(second.files[0].admitted.size(), 1u);
    EXPECT_EQ(engine->info().event_count, 3u);
    EXPECT_EQ(ingest(*engine, {path}).rows_read, 0u);
  }
}

// The engine's latest time is a limit like the others.
TEST(RefusedRows, TheEnginesLimitMovesToo) {
  const TestDirectory directory;
  const std::string path = directory.write("a.csv", kThreeRows);
  const auto disk = make_memory_disk();
  for (const auto& [time_max, events] :
       std::vector<std::pair<TimeUs, std::uint64_t>>{{2 * kDayUs, 1}, {20 * kDayUs, 2}}) {
    EngineOptions options;
    options.time_max = time_max;
    const auto engine = *Engine::open(open_memory_store(disk), options);
    ingest(*engine, {path});
    EXPECT_EQ(engine->info().event_count, events);
  }
}

// A clock that has moved reads no file again for nothing.
TEST(RefusedRows, NothingIsReadAgainThatWouldNotComeIn) {
  const TestDirectory directory;
  const auto engine = open_engine();
  const std::string path = directory.write("a.csv", kThreeRows);
  ingest(*engine, {path}, times_until(2 * kDayUs));
  const std::string before = engine->sources().front().position;
  for (int day = 3; day < 9; ++day) {
    EXPECT_EQ(ingest(*engine, {path}, times_until(day * kDayUs)).rows_read, 0u);
    EXPECT_EQ(engine->sources().front().position, before);
  }
  EXPECT_EQ(ingest(*engine, {path}, times_until(10 * kDayUs)).rows_ingested, 1u);
}

// A row that two limits refuse comes in when both take it, in one run or in two of them neither.
TEST(RefusedRows, OneRunHasToTakeARow) {
  const TestDirectory directory;
  const auto engine = open_engine();
  const std::string path = directory.write("a.csv", "user,time,event\nlonguser,1970-01-11,e\n");
  SourceOptions options = times_until(2 * kDayUs);
  options.user_bytes_max = 4;
  ingest(*engine, {path}, options);
  EXPECT_EQ(ingest(*engine, {path}, times_until(2 * kDayUs)).rows_ingested, 0u);
  options.time_max = 20 * kDayUs;
  EXPECT_EQ(ingest(*engine, {path}, options).rows_ingested, 0u);
  EXPECT_EQ(ingest(*engine, {path}, times_until(20 * kDayUs)).rows_ingested, 1u);
  EXPECT_EQ(ingest(*engine, {path}).rows_ingested, 0u);
}

// Another fault is reported once, or, in a line that nobody looked into, when somebody does.
TEST(RefusedRows, OtherFaultsAreNotToldAgain) {
  const TestDirectory directory;
  const auto engine = open_engine();
  const std::string path = directory.write(
      "a.csv", std::string(kThreeRows) + "b,nonsense,e4" + std::string(60, 'x') + "\n");
  SourceOptions options = times_until(2 * kDayUs);
  options.line_bytes_max = 40;
  EXPECT_EQ(ingest(*engine, {path}, options).rows_rejected, 4u);
  const IngestReport report = ingest(*engine, {path});
  EXPECT_EQ(report.rows_ingested, 2u);
  EXPECT_EQ(report.rows_rejected, 1u);
  ASSERT_EQ(report.examples.size(), 1u);
  EXPECT_EQ(report.examples[0].line, 6u);
  EXPECT_EQ(report.examples[0].kind, RejectKind::kTimeMalformed);
  EXPECT_EQ(ingest(*engine, {path}).rows_read, 0u);
}

// Records stay what they were: the lines of one that was too long were read one by one.
TEST(RefusedRows, NoLineCountsTwiceAsPartOfALongerRecord) {
  const TestDirectory directory;
  const auto engine = open_engine();
  const std::string inner = "u,,1970-01-02,inner";
  const std::string path = directory.write(
      "a.csv", "user,note,time,event\nv,\"" + std::string(30, 'n') + "\n" + inner + "\n" +
                   std::string(20, 'n') + "\",1970-01-02,outer\nlast,,1970-01-11,last\n");
  SourceOptions options = times_until(2 * kDayUs);
  options.line_bytes_max = 60;
  ingest(*engine, {path}, options);
  EXPECT_EQ(counts(*engine), (std::map<std::string, std::uint64_t>{{"inner", 1}}));
  ingest(*engine, {path});
  EXPECT_EQ(counts(*engine), (std::map<std::string, std::uint64_t>{{"inner", 1}, {"last", 1}}));
}

// Returns a record of many lines, with good rows around it.
std::string with_long_record(const std::string& note) {
  return "user,note,time,event\na,,1970-01-02,before\nv,\"" + note +
         "\",1970-01-02,long\nz,,1970-01-02,after\n";
}

std::string lines_of_text(int lines) {
  std::string note;
  for (int i = 0; i < lines; ++i) note += "a line, and \"\"more\"\"\n";
  return note;
}

// A record of several lines that was too long is refused by its length, like one of a single line.
TEST(RefusedRows, RecordsOfSeveralLinesAreOnes) {
  const TestDirectory directory;
  const std::map<std::string, std::uint64_t> all = {{"after", 1}, {"before", 1}, {"long", 1}};
  for (const std::string& end : {std::string("end"), std::string()}) {
    const std::string path = directory.write("a.csv", with_long_record(lines_of_text(100) + end));
    for (const std::size_t batch_bytes : {1u, 100u, 3000u, 1u << 20}) {
      const auto engine = open_engine();
      IngestHooks hooks;
      hooks.batch_bytes = batch_bytes;
      SourceOptions options;
      for (const std::uint32_t line_bytes : {200u, 1000u}) {
        options.line_bytes_max = line_bytes;
        const auto report = ingest_files(*engine, {path}, options, hooks);
        ASSERT_TRUE(report.ok());
        EXPECT_EQ(rows_of(report->files[0].refused, SourceLimit::kLineBytes), 1u);
        EXPECT_EQ(counts(*engine),
                  (std::map<std::string, std::uint64_t>{{"after", 1}, {"before", 1}}));
      }
      auto report = ingest_files(*engine, {path}, SourceOptions(), hooks);
      ASSERT_TRUE(report.ok());
      EXPECT_EQ(report->rows_ingested, 1u);
      EXPECT_EQ(report->rows_rejected, 0u);
      EXPECT_EQ(rows_of(report->files[0].admitted, SourceLimit::kLineBytes), 1u);
      EXPECT_TRUE(report->files[0].refused.empty());
      EXPECT_EQ(counts(*engine), all);
      EXPECT_EQ(ingest(*engine, {path}).rows_read, 0u);
    }
  }
}

// It comes in under the limits of the run that takes it, and once.
TEST(RefusedRows, RecordsOfSeveralLinesUnderOtherLimits) {
  const TestDirectory directory;
  const std::string path = directory.write("a.csv", with_long_record(lines_of_text(20)));
  const auto engine = open_engine();
  SourceOptions early = times_until(kDayUs / 2), late = times_until(2 * kDayUs);
  early.line_bytes_max = late.line_bytes_max = 100;
  ingest(*engine, {path}, early);
  ingest(*engine, {path}, times_until(kDayUs / 2));
  EXPECT_EQ(engine->info().event_count, 0u);
  ingest(*engine, {path}, late);
  EXPECT_EQ(counts(*engine), (std::map<std::string, std::uint64_t>{{"after", 1}, {"before", 1}}));
  EXPECT_EQ(ingest(*engine, {path}, times_until(2 * kDayUs)).rows_ingested, 1u);
  EXPECT_EQ(ingest(*engine, {path}).rows_ingested, 0u);
  EXPECT_EQ(engine->info().event_count, 3u);
}

// A stray quote with no other near it costs its line, and says so when it is known to be one.
TEST(RefusedRows, AStrayQuoteIsNoLongRecordForEver) {
  const TestDirectory directory;
  std::string text = "user,note,time,event\nv,\"stray,1970-01-02,lost\n";
  for (int i = 0; i < 20; ++i) text += "u,,1970-01-02,good\nu,,1970-01-11,late\n";
  const std::string path = directory.write("a.csv", text + "u,\"x\"y,1970-01-02,bad\n");
  const auto engine = open_engine();
  SourceOptions options = times_until(2 * kDayUs);
  options.line_bytes_max = 100;
  IngestReport report = ingest(*engine, {path}, options);
  EXPECT_EQ(rows_of(report.files[0].refused, SourceLimit::kLineBytes), 1u);
  EXPECT_EQ(report.rows_ingested, 20u);
  options.line_bytes_max = 1000;
  report = ingest(*engine, {path}, options);
  EXPECT_EQ(report.rows_ingested, 0u);
  ASSERT_EQ(report.examples.size(), 1u);
  EXPECT_EQ(report.examples[0].line, 2u);
  EXPECT_EQ(report.examples[0].kind, RejectKind::kQuoteNotClosed);
  EXPECT_EQ(rows_of(report.files[0].refused, SourceLimit::kLineBytes), 0u);
  report = ingest(*engine, {path});
  EXPECT_EQ(report.rows_rejected, 0u);
  EXPECT_EQ(counts(*engine), (std::map<std::string, std::uint64_t>{{"good", 20}, {"late", 20}}));
}

// Rows between two stray quotes stay rows, though a larger limit takes them for text of one.
TEST(RefusedRows, RowsBetweenStrayQuotesComeInOnce) {
  const TestDirectory directory;
  std::string text = "user,note,time,event\nv,\"stray,1970-01-02,lost\n";
  for (int i = 0; i < 20; ++i) text += "u,,1970-01-02,good\nu,,1970-01-11,late\n";
  for (const char* const last : {"u,x\",1970-01-02,bad\n", "u,x\"\n"}) {
    const std::string path = directory.write("a.csv", text + last);
    const auto engine = open_engine();
    SourceOptions options = times_until(2 * kDayUs);
    options.line_bytes_max = 100;
    ingest(*engine, {path}, options);
    EXPECT_EQ(ingest(*engine, {path}, times_until(2 * kDayUs)).rows_rejected, 1u);
    EXPECT_EQ(ingest(*engine, {path}).rows_rejected, 0u);
    EXPECT_EQ(counts(*engine)["good"], 20u);
    EXPECT_EQ(counts(*engine)["late"], 20u);
  }
}

TEST(RefusedRows, ReadInAnotherWayTheyCountOnlyWhenAsked) {
  const TestDirectory directory;
  const auto engine = open_engine();
  const std::string path =
      directory.write("a.csv", "src,dst,time,event\na,b,1970-01-11,e\nb,c,1970-01-11,e\n");
  SourceOptions early = times_until(kDayUs);
  early.user = "src";
  ingest(*engine, {path}, early);  // refuses all
  SourceOptions other;
  other.user = "dst";
  EXPECT_EQ(ingest(*engine, {path}, other).rows_ingested, 2u);
  SourceOptions wide;
  wide.user = "src";
  EXPECT_EQ(ingest_files(*engine, {path}, wide, {}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(engine->info().event_count, 2u);
  wide.again = true;
  EXPECT_EQ(ingest(*engine, {path}, wide).rows_ingested, 2u);
  EXPECT_EQ(ingest(*engine, {path}, wide).rows_ingested, 0u);
}

// The beginning of a file belongs to whichever was read first, and neither copy takes it in again.
TEST(RefusedRows, FilesThatPartShareWhatTheyBeginWith) {
  const TestDirectory directory;
  for (const bool shorter_first : {true, false}) {
    const auto engine = open_engine();
    const std::string text = kThreeRows;
    const std::string common = directory.write("1.csv", text);
    const std::string longer = directory.write("2.csv", text + "d,1970-01-11,e4\n");
    const std::string other = directory.write("3.csv", text + "e,1970-01-11,e5\n");
    const std::vector<std::string> paths = {common, longer, other};
    for (const std::string& path : paths) ingest(*engine, {path}, times_until(2 * kDayUs));
    EXPECT_EQ(engine->info().event_count, 1u);
    IngestReport report =
        ingest(*engine, shorter_first ? std::vector{other, common, longer} : std::vector{longer});
    EXPECT_EQ(report.rows_ingested, shorter_first ? 4u : 3u);
    ingest(*engine, paths);
    for (const auto& [event, count] : counts(*engine)) EXPECT_EQ(count, 1u) << event;
    EXPECT_EQ(engine->info().event_count, 5u);
  }
}

// Version f918a4b wrote it like this, after a run that refused two rows.
TEST(RefusedRows, PositionsThatDoNotTellThemCount) {
  const TestDirectory directory;
  const auto engine = open_engine();
  const std::string path =
      directory.write("a.csv", "user,time,event\na,86400,e1\nb,864000,e2\nc,8640000,e3\nbad,x,e\n");
  const SourcePosition old = {
      "file:aa3b32ad1b243e41",
      R"({"format":2,"name":"a.csv","offset":60,"hash":"8b0557a214ab999af0282d8)"
      R"(30026c8a4","head_bytes":60,"head_hash":"8b0557a214ab999af0282d830026c8)"
      R"(a4","reading":{"format":0,"delimiter":",","header":true,"names":[],"co)"
      R"(lumns":[["user","user",0],["time","time",1],["event","event",2]],"even)"
      R"(t_name":"","time_format":"","time_unit":0},"rows":4,"lines":5,"counted)"
      R"(":true,"tail":false,"earlier_ends":[]})"};
  const std::vector<std::string_view> users = {"a"}, events = {"e1"};
  const std::vector<TimeUs> times = {kDayUs};
  EventBatch batch;
  batch.user_strings = users;
  batch.event = {events, {}};
  batch.time = times;
  ASSERT_TRUE(engine->ingest(batch, {.positions = {&old, 1}}).ok());
  IngestReport report = ingest(*engine, {path});
  EXPECT_EQ(outcomes(report), std::vector{Outcome::kKnown});
  EXPECT_EQ(report.rows_read, 0u);
  EXPECT_FALSE(report.files[0].refusals_known);
  // What is added is kept as everywhere.
  directory.append("a.csv", "d,1970-01-02,e4\ne,1970-04-11,e5\n");
  EXPECT_EQ(ingest(*engine, {path}, times_until(2 * kDayUs)).rows_ingested, 1u);
  report = ingest(*engine, {path});
  EXPECT_EQ(report.rows_ingested, 1u);
  EXPECT_FALSE(report.files[0].refusals_known);
  EXPECT_EQ(counts(*engine),
            (std::map<std::string, std::uint64_t>{{"e1", 1}, {"e4", 1}, {"e5", 1}}));
}

// Rows of the native format are refused one by one.
TEST(RefusedRows, OfTheNativeFormat) {
  const std::vector<std::string_view> users = {"a", "b", "c", "d"}, events = {"e1", "e2", "e3"};
  const std::vector<std::uint32_t> codes = {0, 1, 2, 0};
  const std::vector<TimeUs> times = {kDayUs, 10 * kDayUs, 100 * kDayUs, 0};
  const std::vector<Amount> values = {1, 10, 100, 1000};
  EventBatch batch;
  batch.user_strings = users;
  batch.event = {events, codes};
  batch.time = times;
  batch.value = values;
  batch.known_until = 100 * kDayUs;
  std::string block;
  ASSERT_TRUE(append_native_block(batch, 6, block).ok());
  const TestDirectory directory;
  const auto engine = open_engine();
  const std::string path = directory.write("a.rollcall", block + block);
  SourceOptions options = times_until(2 * kDayUs);
  options.time_min = 1;
  IngestReport report = ingest(*engine, {path}, options);
  EXPECT_EQ(report.rows_read, 8u);
  EXPECT_EQ(report.rows_ingested, 2u);
  ASSERT_EQ(report.examples.size(), 6u);
  EXPECT_EQ(report.examples[3].line, 6u);
  EXPECT_EQ(report.examples[3].kind, RejectKind::kTimeTooLate);
  EXPECT_LT(engine->info().known_until, 3 * kDayUs);  // the end of the date that holds the limit
  report = ingest(*engine, {path}, times_until(20 * kDayUs));
  EXPECT_EQ(report.rows_ingested, 4u);
  EXPECT_EQ(rows_of(report.files[0].admitted, SourceLimit::kTimeMin), 2u);
  EXPECT_EQ(ingest(*engine, {path}).rows_ingested, 2u);
  EXPECT_EQ(counts(*engine),
            (std::map<std::string, std::uint64_t>{{"e1", 4}, {"e2", 2}, {"e3", 2}}));
  EXPECT_EQ(ingest(*engine, {path}).rows_read, 0u);
}

// Is a row of a random file.
struct TestRow {
  std::string text;  // without the line end
  std::string name;  // of its event, which no other row has
  TimeUs time = 0;
  std::size_t user_bytes = 0;
  bool good = true;

  bool taken_by(const SourceOptions& limits) const {
    return good && text.size() <= limits.line_bytes_max && user_bytes <= limits.user_bytes_max &&
           limits.time_min.value_or(time) <= time && time <= limits.time_max.value_or(time);
  }
};

// Is a file whose versions grow, or part where one of them ended.
struct TestFile {
  std::vector<std::size_t> rows;  // numbers
  bool ended = true;              // its last line
  bool read = false;              // to its end, by some run
};

class RandomRuns {
 public:
  explicit RandomRuns(std::uint64_t seed)
      : random_(seed), ndjson_(random_.chance(30)), many_lines_(random_.chance(30)) {
    gzip_ = random_.chance(30);
    files_.emplace_back();
    grow(files_.back());
    if (!files_.back().ended) finish_line(files_.back());
  }

  void run() {
    const int steps = random_.between(4, 14);
    for (int step = 0; step < steps && !::testing::Test::HasFailure(); ++step) {
      change_files();
      std::vector<std::size_t> numbers;
      for (std::size_t i = 0; i < files_.size(); ++i) {
        if (random_.chance(60)) numbers.push_back(i);
      }
      if (numbers.empty()) continue;
      random_.shuffle(numbers);
      ingest_some(numbers, random_limits(), !many_lines_ && random_.chance(50));
    }
    // Narrow and wide at the end: nothing is left out, and nothing comes twice.
    for (TestFile& file : files_) {
      if (!file.ended) finish_line(file);
    }
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < files_.size(); ++i) all.push_back(i);
    ingest_some(all, random_limits(), false);
    ingest_some(all, in_seconds(), false);
    ingest_some(all, in_seconds(), false);
  }

 private:
  SourceOptions random_limits() {
    SourceOptions limits = in_seconds();
    if (random_.chance(60)) limits.time_max = random_.between(0, 40) * kDayUs;
    if (random_.chance(40)) limits.time_min = random_.between(0, 40) * kDayUs;
    if (random_.chance(40)) limits.line_bytes_max = random_.pick<std::uint32_t>({100, 130, 200});
    if (random_.chance(40)) limits.user_bytes_max = random_.pick<std::uint32_t>({3, 6, 9});
    return limits;
  }

  TestRow random_row() {
    TestRow row;
    row.name = fmt::format("r{}", rows_.size());
    row.time = random_.between(0, 40) * kDayUs;
    const std::string user(static_cast<std::size_t>(random_.between(1, 10)), 'u');
    row.user_bytes = user.size();
    row.good = !random_.chance(10);
    const std::string time =
        row.good ? fmt::format("{}", row.time / kSecondUs) : std::string("nonsense");
    std::string note;
    if (random_.chance(20)) note = std::string(random_.below(200), 'n');
    if (ndjson_) {
      row.text = fmt::format(R"({{"user":"{}","note":"{}","time":"{}","event":"{}"}})", user, note,
                             time, row.name);
    } else {
      if (note.empty() && random_.chance(20)) note = "\"two\nlines, \"\"quoted\"\"\"";
      if (many_lines_ && random_.chance(20)) note = many_lines();
      row.text = fmt::format("{},{},{},{}", user, note, time, row.name);
    }
    return row;
  }

  // Returns a note that is too long for some limits. The lines that a reading line by line would
  // make of it are no rows.
  std::string many_lines() {
    std::string note = "\"";
    for (int lines = random_.between(2, 12); lines > 0; --lines) {
      note += random_.pick<std::string>(
          {"text", "more, text", "\"\"quoted\"\"", "", "a,b,c,d", std::string(110, 'n')});
      note += random_.chance(20) ? "\r\n" : "\n";
    }
    return note + (random_.chance(50) ? "end\"" : "\"");
  }

  void grow(TestFile& file) {
    if (!file.ended) finish_line(file);
    for (int i = random_.between(1, 60); i > 0; --i) {
      file.rows.push_back(rows_.size());
      rows_.push_back(random_row());
    }
    // A long record that is not written to its end is found by none of its beginnings.
    file.ended = many_lines_ || !random_.chance(15);
    file.read = false;
  }

  void finish_line(TestFile& file) {
    file.ended = true;
    file.read = false;
  }

  void change_files() {
    const std::size_t number = random_.below(files_.size());
    if (random_.chance(50)) grow(files_[number]);
    // A copy of what was read, which stays as it is, or goes on in another way.
    if (files_[number].read && files_[number].ended && files_.size() < 5 && random_.chance(40)) {
      TestFile copy = files_[number];
      if (random_.chance(50)) grow(copy);
      files_.push_back(std::move(copy));
    }
  }

  std::string write(std::size_t number) const {
    const TestFile& file = files_[number];
    std::string text = ndjson_ ? "" : "user,note,time,event\n";
    for (const std::size_t row : file.rows) text += rows_[row].text + "\n";
    if (!file.ended) text.pop_back();
    const std::string name =
        fmt::format("{}.{}{}", number, ndjson_ ? "jsonl" : "csv", gzip_ ? ".gz" : "");
    return directory_.write(name, gzip_ ? gzip(text) : text);
  }

  // Is one run. `cut` says that it may be stopped, or that its process may end, anywhere.
  void ingest_some(const std::vector<std::size_t>& numbers, const SourceOptions& limits, bool cut) {
    std::vector<std::string> paths;
    std::set<std::string> may_come;
    for (const std::size_t number : numbers) {
      paths.push_back(write(number));
      for (const std::size_t row : files_[number].rows) {
        if (rows_[row].taken_by(limits)) may_come.insert(rows_[row].name);
      }
    }
    IngestHooks hooks;
    hooks.batch_bytes = random_.pick<std::size_t>({100, 300, 1000, 1 << 20});
    hooks.batch_rows = random_.pick<std::size_t>({1, 10, 1 << 20});
    const auto faults = std::make_shared<Faults>();
    const bool crashes = cut && random_.chance(50);
    int blocks = cut ? random_.between(0, 40) : -1;
    bool was_cut = false;
    {
      EngineOptions options;
      options.settings = StoreSettings{};
      options.settings->partition_count = 1;
      options.threads_max = 2;
      const auto engine =
          *Engine::open(std::make_unique<FaultyStore>(open_memory_store(disk_), faults), options);
      std::stop_source stop;
      hooks.stop = stop.get_token();
      const auto cut_now = [&] {
        was_cut = true;
        faults->commits = crashes;
        if (!crashes) stop.request_stop();
      };
      hooks.reject = [&](const RejectedRow&) {
        if (blocks < 0) return Status();
        if (random_.chance(10)) {
          EXPECT_TRUE(engine->checkpoint().ok() || was_cut);
        }
        if (blocks-- == 0) cut_now();
        return Status();
      };
      // Second readings tell of no rows, and are stopped at some moment.
      std::jthread stopper;
      if (cut && !crashes && random_.chance(30)) {
        was_cut = true;
        const std::chrono::microseconds delay(random_.between(0, 2000));
        stopper = std::jthread([&stop, delay] {
          std::this_thread::sleep_for(delay);
          stop.request_stop();
        });
      }
      const auto report = ingest_files(*engine, paths, limits, hooks);
      // A last line without its end may be one that another file has whole.
      const bool has_part_of_line =
          std::any_of(numbers.begin(), numbers.end(),
                      [&](std::size_t number) { return !files_[number].ended; });
      if (has_part_of_line && report.status().hint().names(Option::kAgain)) was_cut = true;
      EXPECT_TRUE(report.ok() || was_cut) << report.status().to_string();
    }
    const auto engine = open_engine(disk_, [] {
      StoreSettings settings;
      settings.partition_count = 1;
      return settings;
    }());
    const auto found = counts(*engine);
    std::set<std::string> in;
    for (const auto& [name, count] : found) {
      EXPECT_EQ(count, 1u) << name;
      EXPECT_TRUE(in_.contains(name) || may_come.contains(name)) << name << " was let in";
      in.insert(name);
    }
    for (const std::string& name : in_) EXPECT_TRUE(in.contains(name)) << name << " is lost";
    if (!was_cut) {
      for (const std::string& name : may_come) {
        EXPECT_TRUE(in.contains(name)) << name << " did not come in";
      }
      for (const std::size_t number : numbers) files_[number].read = true;
    }
    in_ = std::move(in);
  }

  Random random_;
  bool ndjson_;
  bool many_lines_;  // rows may have
  bool gzip_ = false;
  const TestDirectory directory_;
  const std::shared_ptr<MemoryDisk> disk_ = make_memory_disk();
  std::vector<TestRow> rows_;
  std::vector<TestFile> files_;
  std::set<std::string> in_;  // names of rows that were ingested
};

TEST(RefusedRows, RandomRunsCountEachRowOnceThatSomeRunTook) {
  const char* const given = std::getenv("ROLLCALL_TEST_SEED");
  const std::uint64_t first = given != nullptr ? std::strtoull(given, nullptr, 10) : 1;
  const std::uint64_t last = given != nullptr ? first : 150;
  for (std::uint64_t seed = first; seed <= last && !HasFailure(); ++seed) {
    SCOPED_TRACE(fmt::format("ROLLCALL_TEST_SEED={}", seed));
    RandomRuns(seed).run();
  }
}

}  // namespace
}  // namespace rollcall
