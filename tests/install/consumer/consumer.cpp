// This program uses TBB and RocksDB itself, beside rollcall, and neither notices the other.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <rocksdb/db.h>
#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/parallel_reduce.h>

#include <rollcall/alert.h>
#include <rollcall/campaign.h>
#include <rollcall/engine.h>
#include <rollcall/figure.h>
#include <rollcall/rocks_store.h>

namespace {

int fail(const std::string& what) {
  std::fprintf(stderr, "consumer: %s\n", what.c_str());
  return 1;
}

std::uint64_t sum_to(std::uint64_t last) {
  return tbb::parallel_reduce(
      tbb::blocked_range<std::uint64_t>(1, last + 1), std::uint64_t{0},
      [](const auto& range, std::uint64_t sum) {
        for (std::uint64_t i = range.begin(); i < range.end(); ++i) sum += i;
        return sum;
      },
      [](std::uint64_t a, std::uint64_t b) { return a + b; });
}

rollcall::Result<std::int64_t> users_seen(const std::string& directory) {
  ROLLCALL_ASSIGN_OR_RETURN(auto store, rollcall::open_rocks_store(directory));
  ROLLCALL_ASSIGN_OR_RETURN(auto engine, rollcall::Engine::open(std::move(store), {}));
  const std::vector<std::string_view> users = {"alice", "bob", "alice"};
  const std::vector<rollcall::TimeUs> time = {0, 1, 2};
  const std::vector<std::string_view> names = {"login"};
  rollcall::EventBatch batch;
  batch.user_strings = users;
  batch.time = time;
  batch.event.values = names;
  ROLLCALL_RETURN_IF_ERROR(engine->ingest(batch));
  ROLLCALL_ASSIGN_OR_RETURN(const auto result, engine->query(R"({"kind": "active"})"));
  ROLLCALL_RETURN_IF_ERROR(engine->close());
  return std::get<std::int64_t>(result.rows.at(0).at(1));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return fail("needs a directory");
  const std::filesystem::path directory = argv[1];
  std::filesystem::remove_all(directory);
  std::filesystem::create_directories(directory);

  // The host's own limit stays the host's.
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, 1);
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* raw = nullptr;
  if (!rocksdb::DB::Open(options, directory / "own", &raw).ok())
    return fail("cannot open own database");
  const std::unique_ptr<rocksdb::DB> own(raw);

  const auto users = users_seen(directory / "rollcall");
  if (!users.ok()) return fail(users.status().to_string());
  if (!rollcall::parse_campaign("back", R"j({"audience": "not did(*, 7d)"})j").ok()) {
    return fail("cannot read a campaign");
  }
  if (*users != 2) return fail("counted " + std::to_string(*users) + " users instead of 2");

  const auto alert = rollcall::parse_alert(
      R"({"query": {"kind": "active"}, "column": "users", "condition": {"below": 5}})");
  if (!alert.ok()) return fail(alert.status().to_string());

  if (!own->Put(rocksdb::WriteOptions(), "key", "value").ok())
    return fail("cannot write own database");
  if (sum_to(1000) != 500500) return fail("own TBB loop went wrong");
  if (tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism) != 1) {
    return fail("the host's TBB limit was changed");
  }
  if (rollcall::html_text("<") != "&lt;") return fail("a figure would have markup of others");
  std::puts("2 users");
  return 0;
}
