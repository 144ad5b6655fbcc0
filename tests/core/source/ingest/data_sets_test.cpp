// The real data sets, against what is published about them.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/file_source.h"
#include "rollcall/memory_store.h"

namespace rollcall {
namespace {

std::unique_ptr<Engine> open_engine(StoreSettings settings = {}) {
  EngineOptions options;
  options.settings = std::move(settings);
  auto engine = Engine::open(open_memory_store(), options);
  EXPECT_TRUE(engine.ok()) << engine.status().to_string();
  return *std::move(engine);
}

IngestReport ingest(Engine& engine, const std::vector<std::string>& paths,
                    const SourceOptions& options = {}) {
  Result<IngestReport> report = ingest_files(engine, paths, options, {});
  EXPECT_TRUE(report.ok()) << report.status().to_string();
  return report.ok() ? *std::move(report) : IngestReport{};
}

class DataSets : public ::testing::Test {
 protected:
  std::string path(const std::string& name) {
    const std::string file = std::string(ROLLCALL_DATA_DIR) + "/" + name;
    if (!std::filesystem::exists(file)) return "";
    return file;
  }
};

TEST_F(DataSets, OnlineRetail) {
  const std::string file = path("online_retail/online_retail.csv.gz");
  if (file.empty()) GTEST_SKIP() << "no data in " << ROLLCALL_DATA_DIR;
  StoreSettings settings;
  settings.time_zone = "Europe/London";
  settings.dimensions = {"Country"};
  const auto engine = open_engine(settings);
  SourceOptions options;
  options.event_name = "purchase";
  options.value = "UnitPrice";
  const IngestReport report = ingest(*engine, {file}, options);
  EXPECT_EQ(report.rows_read, 541'909u);
  EXPECT_EQ(report.rows_ingested, 406'829u);
  ASSERT_EQ(report.rejected_by_kind.size(), 1u);
  EXPECT_EQ(report.rejected_by_kind[0].kind, RejectKind::kUserMissing);
  EXPECT_EQ(engine->info().user_count, 4372u);
  EXPECT_EQ(engine->info().day_count, 305u);
}

TEST_F(DataSets, Cdnow) {
  const std::string master = path("cdnow/CDNOW_master.txt.gz");
  const std::string sample = path("cdnow/CDNOW_sample.txt.gz");
  if (master.empty()) GTEST_SKIP() << "no data in " << ROLLCALL_DATA_DIR;
  SourceOptions options;
  options.event_name = "purchase";
  options.time_format = "%Y%m%d";
  options.value = "dollar_value";
  const auto engine = open_engine();
  EXPECT_EQ(ingest(*engine, {master}, options).rows_ingested, 69'659u);
  EXPECT_EQ(engine->info().user_count, 23'570u);

  options.columns = {"master_id", "user", "date", "cds", "dollars"};
  options.value = "dollars";
  const auto sampled = open_engine();
  EXPECT_EQ(ingest(*sampled, {sample}, options).rows_ingested, 6919u);
  EXPECT_EQ(sampled->info().user_count, 2357u);
}

TEST_F(DataSets, CollegeMsg) {
  const std::string file = path("college_msg/CollegeMsg.txt.gz");
  if (file.empty()) GTEST_SKIP() << "no data in " << ROLLCALL_DATA_DIR;
  StoreSettings settings;
  settings.user_kind = UserKind::kInteger;
  const auto engine = open_engine(settings);
  SourceOptions options;
  options.event_name = "message";
  EXPECT_EQ(ingest(*engine, {file}, options).rows_ingested, 59'835u);
  EXPECT_EQ(engine->info().user_count, 1350u);
}

TEST_F(DataSets, Ecom) {
  const std::string file = path("retentioneering_ecom/ecom.csv.gz");
  if (file.empty()) GTEST_SKIP() << "no data in " << ROLLCALL_DATA_DIR;
  StoreSettings settings;
  settings.dimensions = {"platform", "acquisition_channel", "platform+acquisition_channel"};
  const auto engine = open_engine(settings);
  EXPECT_EQ(ingest(*engine, {file}).rows_ingested, 31'106u);
  EXPECT_EQ(engine->info().user_count, 600u);
  const auto info = engine->info();
  const auto events = std::find_if(info.events.begin(), info.events.end(),
                                   [](const EventInfo& e) { return e.name == "product_view"; });
  ASSERT_NE(events, info.events.end());
  EXPECT_EQ(events->events, 6851u);
}

}  // namespace
}  // namespace rollcall
