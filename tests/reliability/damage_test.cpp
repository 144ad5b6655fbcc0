// Damage to any file of a store gives the right answers, or an error that says what is wrong. It
// never gives a wrong number, never loses events in silence, and never crashes.
//
// ROLLCALL_DAMAGE_CASES is how many files are damaged, each in a copy of its own, which a reader
// and then a writer opens. RocksDB of Debian has its assertions on, and some damage breaks one:
// that ends the process and is counted apart.
//
// The journal is damaged with the rest, and holds batches that are in no checkpoint. A last record
// that is torn may be what a crash leaves of one that was never acknowledged, and is then dropped
// in silence (docs/decisions/0016). None is here: each was synced, and then noted as synced in its
// file and in the anchor, so that damage to one of the two cannot make it look unsynced. Therefore
// every batch must be there, or there must be an error.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rollcall/alert_log.h"
#include "rollcall/rocks_store.h"
#include "tests/reliability/checked_stream.h"
#include "tests/reliability/child.h"
#include "tests/storage/file_bytes.h"
#include "tests/storage/temporary_directory.h"
#include "tests/support/error_text.h"
#include "tests/support/random.h"
#include "tests/support/run_size.h"

namespace rollcall::testing {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBatches = 9;       // in the store that is damaged; one more follows
constexpr std::size_t kCheckpointed = 7;  // the others are in two files of the journal

// Holds the bytes of all files beneath; of LOCK, which says who writes, it has only that it exists.
using Files = std::map<std::string, std::string>;
Files contents(const fs::path& directory) {
  Files files = all_files(directory);
  std::erase_if(files, [&](const auto& file) { return fs::is_directory(directory / file.first); });
  if (files.contains("LOCK")) files["LOCK"].clear();
  return files;
}

// Returns "rocksdb/MANIFEST", "rocksdb/sst", "ANCHOR", ...: the name without its number.
std::string kind_of(const std::string& name) {
  const fs::path path(name);
  if (path.has_extension()) return (path.parent_path() / path.extension().string().substr(1));
  return name.substr(0, name.find('-'));
}

// The names of the files that differ.
std::string differences(const Files& before, const Files& after) {
  std::string names;
  for (const auto& [name, bytes] : before) {
    const auto found = after.find(name);
    if (found == after.end()) names += name + " is gone, ";
    if (found != after.end() && found->second != bytes) names += name + " differs, ";
  }
  for (const auto& [name, bytes] : after) {
    if (!before.contains(name)) names += name + " is new, ";
  }
  return names;
}

// The second session keeps this, and freezes a list; the second and the third add to the log of
// alerts.
const SavedObject kKeptAlert{ObjectKind::kAlert, "low", R"({"x":[1,2]})"};
const std::vector<std::string> kAlertRecords = {"first", std::string(700, 'x'), "third"};

Status keep_operations(Engine& engine) {
  ROLLCALL_RETURN_IF_ERROR(engine.save_objects({&kKeptAlert, 1}));
  AudienceRequest request;
  request.name = {"back", ""};
  ROLLCALL_ASSIGN_OR_RETURN(request.users, parse_segment("did(*)"));
  request.holdout = "0.4";
  request.draw = "back";
  ROLLCALL_RETURN_IF_ERROR(engine.freeze(request).status());
  return engine.checkpoint();
}

Status add_alert_records(const std::string& directory, std::size_t begin, std::size_t end) {
  ROLLCALL_ASSIGN_OR_RETURN(AlertLog log, AlertLog::open(directory));
  return log.append(std::span(kAlertRecords).subspan(begin, end - begin));
}

constexpr const char* kDamages[] = {"flipped", "truncated", "zeroed", "deleted", "stale"};

struct Case {
  std::string file;
  std::string damage;
};

enum class Outcome { kRight, kRefused, kTold, kAborted };
constexpr const char* kOutcomes[] = {"right answers", "store refused", "told later",
                                     "RocksDB aborted"};

// Returns what a child found, as a text for its parent.
std::string found(Outcome outcome, const std::string& what) {
  return std::to_string(static_cast<int>(outcome)) + " " + what;
}
std::string found_wrong(const std::string& what) { return "wrong " + what; }

std::string found_error(Outcome outcome, const Status& error, const std::string& path) {
  return repeats(error, path) ? found(outcome, error.to_string())
                              : found_wrong("the error does not say where: " + error.to_string());
}

class DamageTest : public ::testing::Test {
 protected:
  // The store, and what its files were when it had fewer batches. Each is in a child, so that this
  // process has no threads, and ends as a crash would.
  void make_stores() {
    const std::vector<std::size_t> ends = {2, 6, kCheckpointed + 1, kBatches};
    for (std::size_t session = 0; session < ends.size(); ++session) {
      const std::size_t begin = session == 0 ? 0 : ends[session - 1];
      const ChildEnd end = run_in_child([&]() -> std::string {
        EngineOptions options;
        options.settings = stream_.settings();
        options.threads_max = 1;
        auto store = open_rocks_store(store_);
        if (!store.ok()) return store.status().to_string();
        auto engine = Engine::open(*std::move(store), options);
        if (!engine.ok()) return engine.status().to_string();
        for (std::size_t i = begin; i < ends[session]; ++i) {
          Status status = stream_.ingest(**engine, i, CheckedStream::ack(i));
          if (status.ok() && CheckedStream::ack(i) == Ack::kMemory)
            status = (*engine)->checkpoint();
          if (!status.ok()) return status.to_string();
        }
        Status status;
        if (session == 1) {
          status = keep_operations(**engine);
          if (status.ok()) status = add_alert_records(store_, 0, 1);
        }
        if (session == 2) status = add_alert_records(store_, 1, kAlertRecords.size());
        return status.to_string();
      });
      ASSERT_EQ(end.report, "ok") << to_string(end);
      if (session + 1 == ends.size()) break;
      older_.push_back(contents(store_));
    }
    files_ = contents(store_);
    for (const auto& [name, bytes] : files_) kinds_[kind_of(name)].push_back(name);
    ASSERT_EQ(kinds_["JOURNAL"].size(), 2u);
  }

  // Makes `copy_` hold these files and no others.
  void put(const Files& files) const {
    fs::create_directories(copy_ + "/rocksdb");
    for (const auto& entry : fs::recursive_directory_iterator(copy_)) {
      if (entry.is_regular_file()) fs::remove(entry.path());
    }
    for (const auto& [name, bytes] : files) write_file(fs::path(copy_) / name, bytes);
  }

  // Returns the file's bytes with the damage, or nothing if it cannot be damaged so.
  std::optional<std::string> damaged(Random& random, const Case& damage) const {
    std::string bytes = files_.at(damage.file);
    if (damage.damage == "stale") {
      std::vector<std::string> choices;
      for (const Files& older : older_) {
        for (const auto& [name, old_bytes] : older) {
          if (kind_of(name) == kind_of(damage.file) && old_bytes != bytes) {
            choices.push_back(old_bytes);
          }
        }
      }
      if (choices.empty()) return std::nullopt;
      return random.pick(choices);
    }
    if (bytes.empty()) return std::nullopt;
    const std::size_t place = random.below(bytes.size());
    if (damage.damage == "flipped") {
      bytes[place] = static_cast<char>(bytes[place] ^ (1 << random.below(8)));
    } else if (damage.damage == "truncated") {
      bytes.resize(place);
    } else {
      const std::size_t block = random.chance(50) ? 16 : 4096;
      const std::size_t begin = place / block * block;
      const std::size_t end = std::min(begin + block, bytes.size());
      std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(begin),
                bytes.begin() + static_cast<std::ptrdiff_t>(end), '\0');
    }
    if (bytes == files_.at(damage.file)) return std::nullopt;
    return bytes;
  }

  // Opens the store, which has so many batches, asks it, and then verifies it or adds the next one.
  enum class Then { kVerify, kIngest };
  std::string look(const std::string& path, bool read_only, std::size_t batches, Then then) const {
    auto store = open_rocks_store(path, {.read_only = read_only, .create_if_missing = false});
    if (!store.ok()) return found_error(Outcome::kRefused, store.status(), path);
    EngineOptions options;
    options.threads_max = 1;
    const auto engine = Engine::open(*std::move(store), options);
    if (!engine.ok()) return found_error(Outcome::kTold, engine.status(), path);
    const CheckedStream::Comparison comparison = stream_.compare(**engine, batches);
    if (!comparison.wrong.empty()) return found_wrong(comparison.wrong);
    Status status = comparison.first_error;
    const std::string wrong = wrong_operations(**engine, path, status);
    if (!wrong.empty()) return found_wrong(wrong);
    if (then == Then::kIngest) {
      if (status.ok()) status = stream_.ingest(**engine, batches);
      if (status.ok()) status = (*engine)->close();
    } else {
      const Result<VerifyReport> report = (*engine)->verify();
      if (!report.ok()) return found_error(Outcome::kTold, report.status(), path);
      if (!report->faults.empty()) return found(Outcome::kTold, report->faults.front());
    }
    return status.ok() ? found(Outcome::kRight, "") : found_error(Outcome::kTold, status, path);
  }

  // Compares what operates on the store. What cannot be read is an error; returns what differs.
  static std::string wrong_operations(const Engine& engine, const std::string& path,
                                      Status& status) {
    if (engine.objects(ObjectKind::kAlert) != std::vector{kKeptAlert}) return "objects differ";
    const std::vector<AudienceInfo> audiences = engine.audiences();
    if (audiences.size() != 1) return "lists are gone";
    std::uint64_t users = 0;
    for (const auto& part : audiences[0].classes) users += part.contacted + part.holdout;
    const Result<QueryResult> listed = engine.query(
        R"j({"kind": "segment", "members": {"of": "users"}, "segment": {"campaign": "back"}})j");
    if (!listed.ok()) {
      status = listed.status();
    } else if (users == 0 || listed->rows.size() != users) {
      return "a list has other users";
    }
    const Result<std::vector<std::string>> records = read_alert_log(path);
    if (!records.ok()) {
      status = records.status();
      return "";
    }
    // A log that is gone, or is one of earlier, cannot be told from one that never had more.
    std::vector<std::string> expected = kAlertRecords;
    if (records->size() < expected.size()) expected.resize(records->size());
    return *records == expected ? "" : "the log of alerts differs";
  }

  std::string look_as_reader(const std::string& path) const {
    return look(path, /*read_only=*/true, kCheckpointed, Then::kVerify);
  }
  std::string look_as_writer(const std::string& path) const {
    const std::string first = look(path, /*read_only=*/false, kBatches, Then::kIngest);
    if (!first.starts_with(found(Outcome::kRight, ""))) return first;
    return look(path, /*read_only=*/false, kBatches + 1, Then::kVerify);
  }

  // Returns what reader and writer found; it fails if that is wrong.
  static std::vector<Outcome> judge(const ChildEnd& end) {
    if (end.how == ChildEnd::How::kAsserted) return {Outcome::kAborted};
    const std::size_t line_end = end.report.find('\n');
    const bool is_right = end.how == ChildEnd::How::kReturned && line_end != std::string::npos &&
                          !end.report.starts_with(found_wrong("")) &&
                          !end.report.substr(line_end + 1).starts_with(found_wrong(""));
    EXPECT_TRUE(is_right) << to_string(end);
    if (!is_right) return {};
    return {static_cast<Outcome>(end.report[0] - '0'),
            static_cast<Outcome>(end.report[line_end + 1] - '0')};
  }

  TemporaryDirectory directory_{directory_in_memory()};
  const std::string store_ = directory_.path("store");
  std::vector<Files> older_;
  const CheckedStream stream_{7, kBatches + 1};
  const std::string copy_ = directory_.path("copy");
  Files files_;  // of the store, undamaged
  std::map<std::string, std::vector<std::string>> kinds_;
};

TEST_F(DamageTest, IsToldOrHarmless) {
  ASSERT_NO_FATAL_FAILURE(make_stores());
  Random random(run_seed());
  const std::uint64_t cases = run_size("ROLLCALL_DAMAGE_CASES", 75);
  const std::vector<std::string> damages(std::begin(kDamages), std::end(kDamages));
  std::vector<std::string> kinds;
  for (const auto& [kind, names] : kinds_) kinds.push_back(kind);

  // Counts outcomes by kind of file and by damage.
  std::map<std::string, std::map<Outcome, int>> counts;
  for (std::uint64_t i = 0; i < cases;) {
    const Case damage{random.pick(kinds_[random.pick(kinds)]), random.pick(damages)};
    const std::optional<std::string> bytes =
        damage.damage == "deleted" ? "" : damaged(random, damage);
    if (!bytes) continue;
    SCOPED_TRACE(::testing::Message()
                 << "case " << i << ": " << damage.file << " " << damage.damage);
    ++i;
    Files before = files_;
    if (damage.damage == "deleted") {
      before.erase(damage.file);
    } else {
      before[damage.file] = *bytes;
    }
    put(before);
    const ChildEnd end = run_in_child([&] {
      const std::string reader = look_as_reader(copy_);
      if (contents(copy_) != before) return found_wrong("a reader changed files");
      const std::string writer = look_as_writer(copy_);
      // A store that was refused must be unchanged, so that the right file can be put back.
      if (writer.starts_with(found(Outcome::kRefused, "")) && contents(copy_) != before) {
        return found_wrong("files of a store that was refused were changed: " +
                           differences(before, contents(copy_)) + ": " + writer);
      }
      // Nothing of the journal is repaired or dropped either.
      if (kind_of(damage.file) == "JOURNAL" && writer.starts_with(found(Outcome::kTold, ""))) {
        write_file(fs::path(copy_) / damage.file, files_.at(damage.file));
        const std::string again = look_as_writer(copy_);
        if (!again.starts_with(found(Outcome::kRight, ""))) {
          return found_wrong("with the right file put back: " + again);
        }
      }
      return reader + "\n" + writer;
    });
    for (const Outcome outcome : judge(end)) {
      ++counts[kind_of(damage.file)][outcome];
      ++counts["all " + damage.damage][outcome];
    }
  }
  std::printf("%-18s %15s %15s %15s %15s\n", "damaged", kOutcomes[0], kOutcomes[1], kOutcomes[2],
              kOutcomes[3]);
  for (auto& [what, by_outcome] : counts) {
    std::printf("%-18s", what.c_str());
    for (int outcome = 0; outcome < 4; ++outcome) {
      std::printf(" %15d", by_outcome[static_cast<Outcome>(outcome)]);
    }
    std::printf("\n");
  }
}

}  // namespace
}  // namespace rollcall::testing
