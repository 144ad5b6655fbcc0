// Events in plain sets, presented to plans as chunks: what the engine and the executor do, without
// either.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/catalog/series_catalog.h"
#include "core/query/plan/plan.h"
#include "core/time/time_zone.h"
#include "rollcall/query.h"
#include "tests/support/naive_engine.h"
#include "tests/support/random.h"

namespace rollcall::testing {

// Spreads the users of its events over several chunks, each of which is a partition. Answers in
// every way that a chunk may: sets of its own and sets expanded into scratch, as long as the chunk
// and shorter, bounds that end before the last user. Its answer is merged from the answers of its
// partitions, in any order. A read that the plan did not announce fails the test.
class FakeStore {
 public:
  FakeStore(StoreSettings settings, const std::vector<NaiveEvent>& events, std::uint64_t seed = 1);

  PlanContext context() const;
  Result<std::unique_ptr<Plan>> plan(const Query& query) const;
  Result<QueryResult> query(const Query& query) const;
  Result<QueryResult> query(std::string_view json) const;

 private:
  friend class FakeChunk;
  static constexpr std::size_t kChunks = 3;

  struct Chunk {
    std::size_t word_count = 0;
    std::map<std::pair<SeriesId, Day>, std::set<std::uint32_t>> presence;  // ordinals
    std::map<std::pair<SeriesId, Day>, std::map<std::uint32_t, AmountSum>> amounts;
    std::map<std::uint32_t, UserId> users;
    std::map<std::pair<SeriesId, Day>, std::map<std::size_t, EventTotal>> totals;  // by hour
  };
  class Runner;
  void add(const NaiveEvent& event, std::size_t chunk, std::uint32_t ordinal);

  StoreSettings settings_;
  TimeZone zone_;
  SeriesCatalog catalog_;
  DayRange days_;
  std::optional<TimeUs> known_until_;
  SegmentCatalog segments_;
  std::vector<Chunk> chunks_;
  mutable Random random_;
};

}  // namespace rollcall::testing
