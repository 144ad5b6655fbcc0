// An engine in memory, and what ingest_files does to it.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/file_source.h"
#include "rollcall/memory_store.h"

namespace rollcall {

using Outcome = FileReport::Outcome;

inline constexpr std::string_view kHeader = "user,time,event\n";

inline std::unique_ptr<Engine> open_engine(std::shared_ptr<MemoryDisk> disk = make_memory_disk(),
                                           StoreSettings settings = {}) {
  EngineOptions options;
  options.settings = std::move(settings);
  auto engine = Engine::open(open_memory_store(std::move(disk)), options);
  EXPECT_TRUE(engine.ok()) << engine.status().to_string();
  return *std::move(engine);
}

inline IngestReport ingest(Engine& engine, const std::vector<std::string>& paths,
                           const SourceOptions& options = {}, const IngestHooks& hooks = {}) {
  Result<IngestReport> report = ingest_files(engine, paths, options, hooks);
  EXPECT_TRUE(report.ok()) << report.status().to_string();
  return report.ok() ? *std::move(report) : IngestReport{};
}

inline std::vector<Outcome> outcomes(const IngestReport& report) {
  std::vector<Outcome> out;
  for (const FileReport& file : report.files) out.push_back(file.outcome);
  return out;
}

// `count` rows from number `first` on; a few of the ten users in each day.
inline std::string rows(int first, int count) {
  std::string text;
  for (int i = first; i < first + count; ++i) {
    text += fmt::format("u{},2026-01-{:02} 00:00:{:02},e{}\n", i % 10, 1 + i % 28, i % 60, i % 3);
  }
  return text;
}

// Everything an engine can be asked for here.
inline std::string answers(const Engine& engine) {
  std::string text;
  for (const char* query :
       {R"({"kind": "active", "from": "2026-01-01", "to": "2026-01-31"})",
        R"({"kind": "retention", "from": "2026-01-01", "to": "2026-01-31", "periods": 5})"}) {
    auto result = engine.query(query);
    EXPECT_TRUE(result.ok()) << result.status().to_string();
    if (!result.ok()) continue;
    result->stats = {};
    text += to_json(*result) + '\n';
  }
  return text +
         fmt::format("{} events, {} users", engine.info().event_count, engine.info().user_count);
}

}  // namespace rollcall
