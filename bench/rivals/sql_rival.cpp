// These databases are packages of Node.js: ClickHouse and DuckDB. Each has a script that does what
// it is told, line by line, and answers in lines of JSON; see script.mjs.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "bench/rivals/child_process.h"
#include "bench/rivals/rival.h"
#include "bench/workload_properties.h"

namespace rollcall::bench {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kBlockRows = std::size_t{1} << 20;

// This is ClickHouse's own form, which it reads fastest: columns in blocks, each with name and
// type.
void write_native(const WorkloadRows& rows, bool properties, std::ofstream& file) {
  std::string block;
  const auto append_number = [&](std::uint64_t number) {
    for (; number >= 128; number >>= 7) block += static_cast<char>(number | 128);
    block += static_cast<char>(number);
  };
  const auto append_text = [&](std::string_view text) {
    append_number(text.size());
    block += text;
  };
  for (std::size_t begin = 0; begin < rows.size(); begin += kBlockRows) {
    const std::size_t end = std::min(rows.size(), begin + kBlockRows);
    const auto append_column = [&]<class T>(std::string_view name, std::string_view type, T,
                                            const auto& column) {
      append_text(name);
      append_text(type);
      for (std::size_t i = begin; i < end; ++i) {
        const T value = static_cast<T>(column[i]);
        block.append(reinterpret_cast<const char*>(&value), sizeof value);
      }
    };
    const auto append_derived = [&](std::string_view name, std::uint32_t (*of)(TimeUs)) {
      append_text(name);
      append_text("UInt8");
      for (std::size_t i = begin; i < end; ++i) block += static_cast<char>(of(rows.times[i]));
    };
    block.clear();
    append_number(properties ? 6 : 4);
    append_number(end - begin);
    append_column("user", "UInt32", std::uint32_t{}, rows.users);
    append_column("time", "DateTime64(6, 'UTC')", std::int64_t{}, rows.times);
    append_column("event", "UInt8", std::uint8_t{}, rows.events);
    append_column("value", "Int64", std::int64_t{}, rows.values);
    if (properties) {
      append_derived("channel", channel_of);
      append_derived("product", product_of);
    }
    file << block;
  }
}

// DuckDB makes a file of its own out of integers with commas.
void write_text(const WorkloadRows& rows, bool properties, std::ofstream& file) {
  fmt::memory_buffer text;
  for (std::size_t begin = 0; begin < rows.size(); begin += kBlockRows) {
    const std::size_t end = std::min(rows.size(), begin + kBlockRows);
    text.clear();
    for (std::size_t i = begin; i < end; ++i) {
      fmt::format_to(std::back_inserter(text), "{},{},{},{}", rows.users[i], rows.times[i],
                     rows.events[i], rows.values[i]);
      if (properties) {
        fmt::format_to(std::back_inserter(text), ",{},{}", channel_of(rows.times[i]),
                       product_of(rows.times[i]));
      }
      text.push_back('\n');
    }
    file.write(text.data(), static_cast<std::streamsize>(text.size()));
  }
}

struct Script {
  std::string name;  // "clickhouse"
  void (*write)(const WorkloadRows& rows, bool properties, std::ofstream& file);
};

class SqlRival : public Rival {
 public:
  SqlRival(const Session& session, const Script& script, const std::string& variant,
           unsigned threads)
      : write_(script.write),
        properties_(variant.starts_with("properties")),
        folder_(std::filesystem::path(session.options().directory) / script.name),
        events_file_(folder_ / (properties_ ? "events_with_properties" : "events")),
        child_(command(script)) {
    std::filesystem::remove_all(folder_ / "database");
    std::filesystem::create_directories(folder_);
    const Json answer = say({{"do", "open"},
                             {"variant", variant},
                             {"folder", folder_.string()},
                             {"events", events_file_.string()},
                             {"threads", threads},
                             {"first_day", to_string(session.options().workload.first_day)}});
    settings_ = answer.at("settings");
  }

  std::string settings() const override { return settings_; }

  double load(Session& session) override {
    if (!std::filesystem::exists(events_file_)) {
      std::ofstream file(events_file_, std::ios::binary);
      write_(session.round(IdKind::kDense, 0).rows(), properties_, file);
      if (!file.flush()) throw BenchError(events_file_.string() + ": cannot be written");
    }
    say({{"do", "prepare"}});
    return say({{"do", "load"}}).at("seconds");
  }
  double seal() override { return say({{"do", "seal"}}).at("seconds"); }
  std::optional<std::uint64_t> bytes() override {
    return say({{"do", "bytes"}}).at("bytes").get<std::uint64_t>();
  }
  std::optional<Answer> ask(const RivalQuestion& question) override {
    const Json answer = say({{"do", "ask"}, {"question", question.name}});
    if (!answer.contains("counts")) return std::nullopt;
    return Answer{answer.at("counts").get<Counts>(), answer.at("seconds")};
  }

 private:
  static std::vector<std::string> command(const Script& script) {
    if (find_program("node").empty()) throw RivalAbsent("no node on PATH");
    return {"node", fmt::format("{}/{}.mjs", ROLLCALL_RIVALS_DIR, script.name)};
  }

  Json say(const Json& request) {
    child_.write_line(request.dump());
    Json answer = Json::parse(child_.read_line());
    if (answer.contains("absent")) throw RivalAbsent(answer["absent"].get<std::string>());
    if (answer.contains("error")) throw BenchError(answer["error"].get<std::string>());
    return answer;
  }

  void (*write_)(const WorkloadRows& rows, bool properties, std::ofstream& file);
  bool properties_;
  std::filesystem::path folder_;
  std::filesystem::path events_file_;
  ChildProcess child_;
  std::string settings_;
};

std::vector<RivalEntry> entries_of(const Script& script, const std::vector<std::string>& variants,
                                   unsigned threads) {
  std::vector<RivalEntry> entries;
  for (const std::string& variant : variants) {
    entries.push_back({script.name + '/' + variant, threads, true, 0, [=](const Session& session) {
                         return std::make_unique<SqlRival>(session, script, variant, threads);
                       }});
  }
  return entries;
}

}  // namespace

std::vector<RivalEntry> clickhouse_entries(unsigned threads) {
  return entries_of(
      {"clickhouse", write_native},
      {"raw", "by_user", "bitmaps", "masks", "views", "properties", "properties_by_user"}, threads);
}

std::vector<RivalEntry> duckdb_entries(unsigned threads) {
  return entries_of({"duckdb", write_text}, {"raw", "distinct", "properties"}, threads);
}

}  // namespace rollcall::bench
