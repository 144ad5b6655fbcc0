// This is rollcall itself, through its public interface, with all of its aggregates, and with or
// without the history of its events and two properties of each. Every question is asked of the
// store that keeps no more than it needs.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "bench/questions.h"
#include "bench/rivals/rival.h"
#include "bench/scratch_store.h"
#include "rollcall/kinds.h"
#include "rollcall/memory_store.h"
#include "rollcall/query.h"

namespace rollcall::bench {
namespace {

class RollcallRival : public Rival {
 public:
  RollcallRival(const Session& session, unsigned threads, bool on_disk, Kept kept)
      : on_disk_(on_disk), kept_(kept) {
    EngineOptions options = session.engine_options(IdKind::kDense, threads);
    options.settings->history = kept != Kept::kDays;
    if (kept == Kept::kProperties) options.settings->kept_properties = {"channel", "product"};
    if (on_disk) {
      scratch_ = std::make_unique<ScratchStore>(session);
      engine_ = scratch_->open(options);
    } else {
      options.checkpoint_dirty_bytes_max = std::numeric_limits<std::size_t>::max() / 2;
      engine_ = must(Engine::open(open_memory_store(), options));
    }
  }

  std::string settings() const override {
    return fmt::format("{} kernels, {} partitions; bytes of all aggregates{}{}",
                       engine_->info().isa, engine_->settings().partition_count,
                       kept_ == Kept::kDays    ? ""
                       : kept_ == Kept::kOrder ? " and every event"
                                               : " and every event with two properties",
                       on_disk_ ? "; seal: the last checkpoint" : " in memory");
  }
  double load(Session& session) override {
    return kept_ == Kept::kProperties ? session.ingest_with_properties(*engine_)
                                      : session.ingest(*engine_, IdKind::kDense);
  }
  double seal() override {
    return on_disk_ ? seconds_of([&] { must(engine_->checkpoint()); }) : 0;
  }
  std::optional<std::uint64_t> bytes() override {
    return on_disk_ ? scratch_->disk_bytes() : engine_->info().resident_bytes;
  }
  std::optional<Answer> ask(const RivalQuestion& question) override {
    if (question.kept != kept_) return std::nullopt;
    // Not every kind of question that rivals answer is one of rollcall's.
    const std::string wanted = nlohmann::json::parse(question.json).at("kind");
    const auto kinds = query_kinds();
    const bool has_kind = std::any_of(kinds.begin(), kinds.end(),
                                      [&](const QueryKind& kind) { return kind.name == wanted; });
    if (!has_kind) return std::nullopt;
    const Query query = must(parse_query(question.json));
    QueryResult result;
    Answer answer;
    answer.seconds = seconds_of([&] { result = must(engine_->query(query)); });
    answer.counts = question.read ? question.read(result) : counts_of(result, question.columns);
    return answer;
  }

 private:
  bool on_disk_;
  Kept kept_;
  std::unique_ptr<ScratchStore> scratch_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace

std::vector<RivalEntry> rollcall_entries(unsigned threads) {
  std::vector<RivalEntry> entries;
  const auto add_one = [&](const char* name, unsigned count, bool on_disk, Kept kept) {
    entries.push_back({name, count, on_disk, 0, [=](const Session& session) {
                         return std::make_unique<RollcallRival>(session, count, on_disk, kept);
                       }});
  };
  const auto add = [&](unsigned count) {
    add_one("rollcall", count, false, Kept::kDays);
    add_one("rollcall", count, true, Kept::kDays);
    add_one("rollcall/history", count, true, Kept::kOrder);
    add_one("rollcall/properties", count, true, Kept::kProperties);
  };
  add(1);
  if (threads > 1) add(threads);
  return entries;
}

}  // namespace rollcall::bench
