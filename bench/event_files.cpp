#include "bench/event_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <string_view>

#include "bench/session.h"
#include "rollcall/native_format.h"
#include "rollcall/query.h"

namespace rollcall::bench {
namespace {

constexpr std::size_t kBlockRows = std::size_t{1} << 18;
constexpr std::int64_t kSecondUs = 1'000'000;
constexpr std::int64_t kDaySeconds = 86'400;
constexpr std::array<std::string_view, 3> kPlatforms = {"ios", "web", "android"};

// Writes "2026-01-31T23:59:59Z"; neighbours in a stream share their date.
class TimeText {
 public:
  void append(TimeUs time, fmt::memory_buffer& out) {
    const std::int64_t seconds = time / kSecondUs, day = seconds / kDaySeconds;
    if (day != day_) {
      day_ = day;
      date_ = to_string(Day{static_cast<std::int32_t>(day)});
    }
    const std::int64_t rest = seconds % kDaySeconds;
    fmt::format_to(std::back_inserter(out), "{}T{:02}:{:02}:{:02}Z", date_, rest / 3600,
                   rest / 60 % 60, rest % 60);
  }

 private:
  std::int64_t day_ = -1;
  std::string date_;
};

std::string value_text(Amount value) {
  return fmt::format("{}.{:02}", value / 1'000'000, value / 10'000 % 100);
}

std::string_view platform_of(std::size_t row) { return kPlatforms[row % kPlatforms.size()]; }

void append_csv(const WorkloadRows& rows, std::size_t begin, std::size_t end,
                fmt::memory_buffer& out) {
  TimeText time;
  for (std::size_t i = begin; i < end; ++i) {
    fmt::format_to(std::back_inserter(out), "{},{},", rows.users[i],
                   kEventNameList[rows.events[i]]);
    time.append(rows.times[i], out);
    fmt::format_to(std::back_inserter(out), ",{},{}\n",
                   rows.values[i] == 0 ? "" : value_text(rows.values[i]), platform_of(i));
  }
}

void append_ndjson(const WorkloadRows& rows, std::size_t begin, std::size_t end,
                   fmt::memory_buffer& out) {
  TimeText time;
  for (std::size_t i = begin; i < end; ++i) {
    fmt::format_to(std::back_inserter(out), R"({{"user":{},"event":"{}","time":")", rows.users[i],
                   kEventNameList[rows.events[i]]);
    time.append(rows.times[i], out);
    fmt::format_to(std::back_inserter(out),
                   R"("{},"platform":"{}"}})"
                   "\n",
                   rows.values[i] == 0 ? "" : ",\"value\":" + value_text(rows.values[i]),
                   platform_of(i));
  }
}

}  // namespace

void write_event_file(const WorkloadColumns& columns, std::size_t rows, FileFormat format,
                      const std::string& path) {
  std::ofstream file(path, std::ios::binary);
  if (format == FileFormat::kDelimited) file << "user,event,time,value,platform\n";
  fmt::memory_buffer text;
  std::string block;
  for (std::size_t begin = 0; begin < rows; begin += kBlockRows) {
    const std::size_t end = std::min(rows, begin + kBlockRows);
    text.clear();
    block.clear();
    switch (format) {
      case FileFormat::kDelimited:
        append_csv(columns.rows(), begin, end, text);
        break;
      case FileFormat::kNdjson:
        append_ndjson(columns.rows(), begin, end, text);
        break;
      case FileFormat::kNative:
        must(append_native_block(columns.batch(begin, end - begin), 6, block));
        break;
      case FileFormat::kParquet:
        throw BenchError("rows are not written as Parquet");
    }
    file.write(text.data(), static_cast<std::streamsize>(text.size()));
    file << block;
  }
  if (!file.flush()) throw BenchError(path + ": cannot be written");
}

}  // namespace rollcall::bench
