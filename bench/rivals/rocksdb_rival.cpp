// This is RocksDB by hand, with one operation or two for each event, as the state backend of a
// stream processor uses it: there is a counter for each event name and user, and a key for each
// day, user and event name.
#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/table.h>
#include <rocksdb/version.h>

#include <array>
#include <cstring>
#include <filesystem>

#include "bench/history_truth.h"
#include "bench/rivals/rival.h"

namespace rollcall::bench {
namespace {

void must_rocksdb(const rocksdb::Status& status) {
  if (!status.ok()) throw BenchError("rocksdb: " + status.ToString());
}

class AddUint64 : public rocksdb::AssociativeMergeOperator {
 public:
  bool Merge(const rocksdb::Slice&, const rocksdb::Slice* existing, const rocksdb::Slice& value,
             std::string* merged, rocksdb::Logger*) const override {
    std::uint64_t sum = 0, more = 0;
    if (existing != nullptr) std::memcpy(&sum, existing->data(), sizeof sum);
    std::memcpy(&more, value.data(), sizeof more);
    sum += more;
    merged->assign(reinterpret_cast<const char*>(&sum), sizeof sum);
    return true;
  }
  const char* Name() const override { return "AddUint64"; }
};

// Keys are big-endian, so that they are in the order of their numbers: day, user, event; or event,
// user.
using DayKey = std::array<char, 6>;
using CounterKey = std::array<char, 5>;

void write_user(std::uint64_t user, char* to) {
  for (int i = 0; i < 4; ++i) to[i] = static_cast<char>(user >> (24 - 8 * i));
}
std::uint32_t read_user(const char* from) {
  std::uint32_t user = 0;
  for (int i = 0; i < 4; ++i) user = user << 8 | static_cast<unsigned char>(from[i]);
  return user;
}
template <std::size_t N>
rocksdb::Slice slice(const std::array<char, N>& key) {
  return {key.data(), key.size()};
}

class RocksdbRival : public Rival {
 public:
  explicit RocksdbRival(const Session& session)
      : users_(session.options().workload.users),
        first_time_(session.options().workload.first_day.value * kDayUs) {
    const std::filesystem::path path =
        std::filesystem::path(session.options().directory) / "rocksdb";
    std::filesystem::remove_all(path);
    rocksdb::Options options;
    options.create_if_missing = true;
    options.create_missing_column_families = true;
    options.IncreaseParallelism(static_cast<int>(session.options().threads));
    options.compression = rocksdb::kLZ4Compression;
    rocksdb::ColumnFamilyOptions columns(options);
    columns.write_buffer_size = std::size_t{256} << 20;
    columns.max_write_buffer_number = 4;
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = rocksdb::NewLRUCache(std::size_t{1} << 30);
    columns.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    rocksdb::ColumnFamilyOptions counters = columns;
    counters.merge_operator = std::make_shared<AddUint64>();
    rocksdb::DB* database = nullptr;
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    must_rocksdb(
        rocksdb::DB::Open(options, path.string(),
                          {{rocksdb::kDefaultColumnFamilyName, columns}, {"counters", counters}},
                          &handles, &database));
    database_.reset(database);
    days_ = handles[0];
    counters_ = handles[1];
  }
  ~RocksdbRival() override {
    for (rocksdb::ColumnFamilyHandle* const handle : {days_, counters_}) {
      database_->DestroyColumnFamilyHandle(handle);
    }
  }
  RocksdbRival(const RocksdbRival&) = delete;
  RocksdbRival& operator=(const RocksdbRival&) = delete;

  std::string settings() const override {
    return fmt::format(
        "RocksDB {}.{}.{}, Merge into a counter and Put of a (day, user, event) key for every "
        "event, no log, 256 MiB write buffers, LZ4, compaction beside the one thread that writes; "
        "seal: flush; bytes: of its tables",
        ROCKSDB_MAJOR, ROCKSDB_MINOR, ROCKSDB_PATCH);
  }

  double load(Session& session) override {
    double seconds = 0;
    for (std::size_t number = 0; number < session.round_count(); ++number) {
      const WorkloadRows& rows = session.round(IdKind::kDense, number).rows();
      seconds += seconds_of([&] { write(rows); });
    }
    check_counters(session.truth());
    return seconds;
  }

  double seal() override {
    return seconds_of([&] { must_rocksdb(database_->Flush({}, {days_, counters_})); });
  }

  std::optional<std::uint64_t> bytes() override {
    std::uint64_t bytes = 0;
    for (rocksdb::ColumnFamilyHandle* const handle : {days_, counters_}) {
      std::uint64_t part = 0;
      if (!database_->GetIntProperty(handle, rocksdb::DB::Properties::kLiveSstFilesSize, &part)) {
        return std::nullopt;
      }
      bytes += part;
    }
    return bytes;
  }

  // The others take the same walk over all keys, and then do work that is not RocksDB's.
  std::optional<Answer> ask(const RivalQuestion& question) override {
    Answer answer;
    if (question.ask == Ask::kDaily) {
      answer.seconds = seconds_of([&] { answer.counts = daily(); });
    } else if (question.ask == Ask::kMonthly) {
      answer.seconds = seconds_of([&] { answer.counts = monthly(); });
    } else {
      return std::nullopt;
    }
    return answer;
  }

 private:
  void write(const WorkloadRows& rows) {
    rocksdb::WriteOptions options;
    options.disableWAL = true;
    const std::uint64_t one = 1;
    const rocksdb::Slice one_slice(reinterpret_cast<const char*>(&one), sizeof one);
    DayKey day_key{};
    CounterKey counter_key{};
    for (std::size_t i = 0; i < rows.size(); ++i) {
      day_key[0] = static_cast<char>((rows.times[i] - first_time_) / kDayUs);
      write_user(rows.users[i], &day_key[1]);
      day_key[5] = counter_key[0] = static_cast<char>(rows.events[i]);
      write_user(rows.users[i], &counter_key[1]);
      must_rocksdb(database_->Put(options, days_, slice(day_key), {}));
      must_rocksdb(database_->Merge(options, counters_, slice(counter_key), one_slice));
    }
  }

  void check_counters(const Recount& truth) const {
    std::vector<std::uint64_t> events(kEventNames);
    const std::unique_ptr<rocksdb::Iterator> at(database_->NewIterator({}, counters_));
    for (at->SeekToFirst(); at->Valid(); at->Next()) {
      std::uint64_t count = 0;
      std::memcpy(&count, at->value().data(), sizeof count);
      events[static_cast<std::size_t>(at->key()[0])] += count;
    }
    must_rocksdb(at->status());
    for (std::uint32_t event = 0; event < kEventNames; ++event) {
      must_equal("rocksdb: events of a name", events[event], truth.events(event));
    }
  }

  // Calls `visit` with day and user of each key from `first` on.
  template <class Visit>
  void walk(std::int32_t first, Visit visit) const {
    const DayKey from = {static_cast<char>(first)};
    const std::unique_ptr<rocksdb::Iterator> at(database_->NewIterator({}, days_));
    for (at->Seek(slice(from)); at->Valid(); at->Next()) {
      visit(static_cast<std::size_t>(at->key()[0]), read_user(at->key().data() + 1));
    }
    must_rocksdb(at->status());
  }

  Counts daily() const {
    Counts counts(kRivalDays);
    std::size_t day_before = kRivalDays;
    std::uint32_t user_before = 0;
    walk(0, [&](std::size_t day, std::uint32_t user) {
      if (day != day_before || user != user_before) ++counts[day];
      day_before = day;
      user_before = user;
    });
    return counts;
  }

  Counts monthly() const {
    std::vector<bool> seen(users_);
    std::uint64_t count = 0;
    walk(kRivalDays - kWindowDays, [&](std::size_t, std::uint32_t user) {
      if (!seen[user]) ++count;
      seen[user] = true;
    });
    return {count};
  }

  std::uint64_t users_;
  TimeUs first_time_;
  std::unique_ptr<rocksdb::DB> database_;
  rocksdb::ColumnFamilyHandle* days_ = nullptr;
  rocksdb::ColumnFamilyHandle* counters_ = nullptr;
};

}  // namespace

std::vector<RivalEntry> rocksdb_entries(std::uint64_t events_max) {
  return {{"rocksdb", 1, true, events_max,
           [](const Session& session) { return std::make_unique<RocksdbRival>(session); }}};
}

}  // namespace rollcall::bench
