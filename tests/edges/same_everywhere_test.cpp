// The locale of the host changes no number: neither that of C++ streams nor that of the C library.

#include <gtest/gtest.h>

#include <clocale>
#include <locale>
#include <string>

#include "rollcall/rocks_store.h"
#include "tests/core/source/ingesting.h"
#include "tests/core/source/source_files.h"

namespace rollcall {
namespace {

// Writes 1234.5 as 1'234,5.
class Grouping : public std::numpunct<char> {
 protected:
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '\''; }
  std::string do_grouping() const override { return "\1\2\3"; }
  std::string do_truename() const override { return "wahr"; }
  std::string do_falsename() const override { return "falsch"; }
};

// Returns all that a store tells of some files, made and asked from the beginning.
std::string told(const TestDirectory& directory, const std::string& csv,
                 const std::string& ndjson) {
  std::filesystem::remove_all(directory.path("store"));
  EngineOptions options;
  options.settings = StoreSettings{};
  options.settings->time_zone = "Europe/London";
  const auto engine = *Engine::open(*open_rocks_store(directory.path("store")), options);
  const IngestReport report = ingest(*engine, {csv, ndjson});
  std::string text = fmt::format("{} of {}\n", report.rows_ingested, report.rows_read);
  for (const RejectedRow& row : report.examples) text += row.reason + "\n";
  for (const char* question :
       {R"({"kind": "counts", "period": "week"})",
        R"({"kind": "retention", "measure": "value", "periods": 3})",
        R"({"kind": "churn", "rule": {"gap_days": 2}})", R"({"kind": "stickiness"})",
        R"({"kind": "segment", "segment": {"days": 2.0}})"}) {
    auto answer = engine->query(question);
    if (answer.ok()) answer->stats = {};
    text += (answer.ok() ? to_json(*answer) : answer.status().to_string()) + "\n";
  }
  for (const SourcePosition& source : engine->sources()) text += source.position + "\n";
  return text + answers(*engine);
}

TEST(SameEverywhere, WhateverTheHostsLocale) {
  const TestDirectory directory;
  std::string csv = "user,time,event,value\n", ndjson;
  for (int i = 0; i < 3000; ++i) {
    csv += fmt::format("{},2026-03-{:02} {:02}:30:00,buy,{}.{:03}\n", 10'000 + i % 97, 1 + i % 31,
                       i % 24, 1000 + i * 7, i % 1000);
    ndjson += fmt::format(R"({{"user": {}, "time": {}.25, "event": "buy", "value": {}.5}})",
                          10'000 + i % 89, 1'774'000'000 + i * 300, 1234 + i) +
              "\n";
  }
  csv += "1,2026-03-01 00:00:00,buy,1234,5\n2,yesterday,buy,1.5\n";
  const std::string csv_path = directory.write("a.csv", csv);
  const std::string ndjson_path = directory.write("b.ndjson", ndjson);
  const std::string expected = told(directory, csv_path, ndjson_path);

  const std::locale before = std::locale::global(std::locale(std::locale::classic(), new Grouping));
  EXPECT_EQ(told(directory, csv_path, ndjson_path), expected);
  std::locale::global(before);

  for (const char* name : {"de_DE.UTF-8", "tr_TR.UTF-8", "fr_FR.UTF-8", "C.UTF-8"}) {
    if (std::setlocale(LC_ALL, name) == nullptr) continue;  // not installed
    EXPECT_EQ(told(directory, csv_path, ndjson_path), expected) << name;
  }
  std::setlocale(LC_ALL, "C");
}

}  // namespace
}  // namespace rollcall
