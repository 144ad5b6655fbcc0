#include "rollcall/engine.h"

#include <fmt/format.h>
#include <oneapi/tbb/info.h>
#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <new>
#include <utility>

#include "core/engine_state.h"
#include "core/prepared_batch.h"
#include "core/prepared_merge.h"
#include "core/query/name_suggestion.h"
#include "core/query/query_validation.h"
#include "kernels/kernel_table.h"

namespace rollcall {
namespace {

// Fewer rows than this are not worth waking other threads for.
constexpr std::size_t kParallelRowsMin = 4096;
// Times as long as the last one took.
constexpr int kRestAfterCheckpoint = 9;

Status check_kernels() {
  if (kernels::active_table() != nullptr) return {};
  std::string runnable;
  for (const kernels::KernelTable* table : kernels::runnable_tables()) {
    runnable.append(runnable.empty() ? "" : ", ").append(table->isa);
  }
  const char* wanted = std::getenv("ROLLCALL_ISA");
  return Status::unsupported(
      fmt::format("ROLLCALL_ISA: \"{}\" cannot run on this machine (allowed: {})",
                  wanted == nullptr ? "" : wanted, runnable));
}

// Names the first setting in which an existing store differs from what the caller wants.
Status check_same(const StoreSettings& stored, const StoreSettings& wanted) {
  const auto differs = [](std::string_view setting, const auto& has, const auto& want) {
    return Status::invalid_argument(
        fmt::format("settings: {} is {} (the store was made with {})", setting, want, has));
  };
  if (stored == wanted) return {};
  if (stored.user_kind != wanted.user_kind) {
    const auto name = [](UserKind kind) {
      return kind == UserKind::kInteger ? "integer" : "string";
    };
    return differs("user_kind", name(stored.user_kind), name(wanted.user_kind));
  }
  if (stored.partition_count != wanted.partition_count) {
    return differs("partition_count", stored.partition_count, wanted.partition_count);
  }
  if (stored.time_zone != wanted.time_zone) {
    return differs("time_zone", stored.time_zone, wanted.time_zone);
  }
  if (stored.week_start != wanted.week_start) {
    const auto name = [](WeekStart day) { return day == WeekStart::kMonday ? "monday" : "sunday"; };
    return differs("week_start", name(stored.week_start), name(wanted.week_start));
  }
  if (stored.value_decimals != wanted.value_decimals) {
    return differs("value_decimals", stored.value_decimals, wanted.value_decimals);
  }
  if (stored.dimensions != wanted.dimensions) {
    return differs("dimensions", fmt::format("[{}]", fmt::join(stored.dimensions, ", ")),
                   fmt::format("[{}]", fmt::join(wanted.dimensions, ", ")));
  }
  if (stored.event_names_max != wanted.event_names_max) {
    return differs("event_names_max", stored.event_names_max, wanted.event_names_max);
  }
  return differs("dimension_values_max", stored.dimension_values_max, wanted.dimension_values_max);
}

// Numbers the batch's local series, making names and series that are new.
std::vector<SeriesId> number_series(const PreparedRows& rows, SeriesCatalog& catalog) {
  std::vector<EventCode> events;
  for (const std::string& name : rows.event_names) events.push_back(catalog.intern_event(name));
  std::vector<std::vector<ValueCode>> values(rows.dimension_values.size());
  for (std::size_t dimension = 0; dimension < values.size(); ++dimension) {
    for (const std::string& value : rows.dimension_values[dimension]) {
      values[dimension].push_back(catalog.intern_value(dimension, value));
    }
  }
  std::vector<SeriesId> series;
  for (std::size_t i = 0; i < rows.series.size(); ++i) {
    const LocalSeries& local = rows.series[i];
    series.push_back(i < rows.event_names.size()
                         ? catalog.event_series(events[local.event])
                         : catalog.value_series(events[local.event], local.dimension,
                                                values[local.dimension][local.value]));
  }
  return series;
}

// Files mean the same whoever asks, from wherever.
void make_paths_absolute(Segment& segment) {
  if (segment.kind == Segment::Kind::kFile) {
    std::error_code ignored;
    const std::filesystem::path path = std::filesystem::absolute(segment.name, ignored);
    if (!ignored) segment.name = path.lexically_normal().string();
  }
  for (Segment& part : segment.parts) make_paths_absolute(part);
}

// Undoes the first half of an ingest, unless that half is finished.
class StagedBatch {
 public:
  StagedBatch(SeriesCatalog& catalog, std::vector<Partition>& partitions)
      : catalog_(catalog), partitions_(partitions), before_(catalog.mark()) {}
  ~StagedBatch() {
    if (finished_) return;
    for (Partition& partition : partitions_) partition.unstage();
    catalog_.truncate(before_);
  }
  StagedBatch(const StagedBatch&) = delete;
  StagedBatch& operator=(const StagedBatch&) = delete;

  void finish() { finished_ = true; }
  bool changed_names() const { return catalog_.mark() != before_; }

 private:
  SeriesCatalog& catalog_;
  std::vector<Partition>& partitions_;
  const SeriesCatalog::Mark before_;
  bool finished_ = false;
};

}  // namespace

Status Engine::State::load() {
  ROLLCALL_ASSIGN_OR_RETURN(const std::optional<LastCommit> last, store->last_commit());
  if (last) {
    ROLLCALL_ASSIGN_OR_RETURN(manifest, Manifest::deserialize(last->manifest));
    epoch = last->epoch;
    settings = manifest.settings;
    if (Status status = validate(settings); !status.ok()) {
      return Status::corruption("manifest: " + status.message());
    }
    if (options.settings) ROLLCALL_RETURN_IF_ERROR(check_same(settings, *options.settings));
  } else {
    settings = manifest.settings = options.settings.value_or(StoreSettings{});
    manifest.partition_epochs.assign(settings.partition_count, 0);
    changed = true;  // the settings themselves are worth a commit
  }
  ROLLCALL_ASSIGN_OR_RETURN(zone, TimeZone::find(settings.time_zone));
  ROLLCALL_ASSIGN_OR_RETURN(view, store->view());
  catalog = std::make_shared<SeriesCatalog>(settings);
  if (manifest.catalog_epoch != 0) {
    const PageAddress address{{PageKind::kDictionary, 0, 0, 0, 0}, manifest.catalog_epoch};
    ROLLCALL_ASSIGN_OR_RETURN(const std::string bytes, view->read(address));
    ROLLCALL_RETURN_IF_ERROR(catalog->deserialize(bytes));
  }
  if (manifest.sources_epoch != 0) {
    const PageAddress address{{PageKind::kSources, 0, 0, 0, 0}, manifest.sources_epoch};
    ROLLCALL_ASSIGN_OR_RETURN(const std::string bytes, view->read(address));
    ROLLCALL_RETURN_IF_ERROR(sources.deserialize(bytes));
  }
  if (manifest.segments_epoch != 0) {
    const PageAddress address{{PageKind::kSegments, 0, 0, 0, 0}, manifest.segments_epoch};
    ROLLCALL_ASSIGN_OR_RETURN(const std::string bytes, view->read(address));
    ROLLCALL_RETURN_IF_ERROR(segments.deserialize(bytes, settings.user_kind));
  }
  partitions.reserve(settings.partition_count);
  for (std::uint32_t i = 0; i < settings.partition_count; ++i) {
    partitions.emplace_back(i, settings.user_kind);
  }
  std::vector<Status> statuses(partitions.size());
  arena.execute([&] {
    tbb::parallel_for(std::size_t{0}, partitions.size(), [&](std::size_t i) {
      if (const Epoch stored = manifest.partition_epochs[i]; stored != 0) {
        statuses[i] = partitions[i].open(*view, stored, catalog->series_count());
      }
    });
  });
  for (Status& status : statuses) ROLLCALL_RETURN_IF_ERROR(std::move(status));
  return {};
}

Status Engine::State::ingest_within_gate(const PreparedRows& rows, const SourcePosition* position) {
  ROLLCALL_RETURN_IF_ERROR(state_failure);
  ROLLCALL_RETURN_IF_ERROR(write_failure);
  if (catalog.use_count() > 1) catalog = std::make_shared<SeriesCatalog>(*catalog);
  // A batch that fails leaves nothing behind: no users, no names.
  StagedBatch staged(*catalog, partitions);
  const std::vector<SeriesId> series = number_series(rows, *catalog);
  const auto for_all = [&](auto visit) -> Status {
    if (rows.row_count >= kParallelRowsMin) return for_each_partition(visit);
    Status first;
    for (Partition& partition : partitions) {
      if (Status status = visit(partition); !status.ok() && first.ok()) first = std::move(status);
    }
    return first;
  };
  ROLLCALL_RETURN_IF_ERROR(
      for_all([&](Partition& partition) { return partition.stage(rows, *view, series); }));
  // What throws from here on (memory ran out) leaves a batch half applied.
  state_failure =
      Status::resource_exhausted("engine: a batch was applied in part; open the store again");
  catalog_changed = catalog_changed || staged.changed_names();
  staged.finish();
  ++batch_number;
  ROLLCALL_RETURN_IF_ERROR(for_all([&](Partition& partition) {
    partition.apply(batch_number);
    return Status();
  }));
  for (const std::vector<PreparedRows::Pair>& pairs : rows.pairs) {
    for (const PreparedRows::Pair& pair : pairs) {
      day_totals.forget({series[pair.series], pair.day});
      day_totals.forget({kAnySeries, pair.day});
    }
  }
  if (rows.row_count != 0) {
    manifest.event_count += rows.row_count;
    if (manifest.days.empty()) manifest.days = rows.day_range;
    manifest.days.first = std::min(manifest.days.first, rows.day_range.first);
    manifest.days.last = std::max(manifest.days.last, rows.day_range.last);
    manifest.known_until =
        std::max(manifest.known_until.value_or(rows.known_until), rows.known_until);
    changed = true;
  }
  if (position != nullptr) {
    sources.set(*position);
    sources_changed = changed = true;
  }
  state_failure = Status();
  return {};
}

Status Engine::State::ingest(const PreparedRows& rows, const SourcePosition* position) {
  if (store->read_only()) return Status::invalid_argument("engine: the store was opened read-only");
  if (rows.settings != settings) {
    return Status::invalid_argument("engine: the batch was prepared for a store of other settings");
  }
  {
    const Gate::Pass pass(gate);
    ROLLCALL_RETURN_IF_ERROR(ingest_within_gate(rows, position));
  }
  // The batch is in. A caller who was told otherwise would send it again, so what goes wrong from
  // here on is told to the next call.
  Status room;
  try {
    room = make_room();
  } catch (const std::bad_alloc&) {
    room = Status::resource_exhausted("engine: no memory for a checkpoint; open the store again");
  }
  if (!room.ok()) {
    const Gate::Pass pass(gate);
    if (write_failure.ok()) write_failure = std::move(room);
  }
  return {};
}

MemoryUse Engine::State::memory_use() const {
  MemoryUse use = {day_totals.memory_bytes(), 0};
  for (const Partition& partition : partitions) {
    use.resident_bytes += partition.memory_use().resident_bytes;
    use.dirty_bytes += partition.memory_use().dirty_bytes;
  }
  return use;
}

Status Engine::State::make_room() {
  const std::size_t resident_max = options.memory_bytes_max;
  // A checkpoint for a sliver of dirty pages would free next to nothing, and be asked for again.
  const std::size_t worth_writing = resident_max / 16;
  bool write = false;
  {
    const Gate::Pass pass(gate);
    const MemoryUse use = memory_use();
    const bool has_rested =
        std::chrono::steady_clock::now() - checkpoint_end >= kRestAfterCheckpoint * checkpoint_time;
    write = (use.dirty_bytes > options.checkpoint_dirty_bytes_max && has_rested) ||
            (use.resident_bytes > resident_max && use.dirty_bytes > worth_writing);
  }
  if (!write) return {};
  const auto begin = std::chrono::steady_clock::now();
  ROLLCALL_RETURN_IF_ERROR(checkpoint());
  const Gate::Pass pass(gate);
  checkpoint_end = std::chrono::steady_clock::now();
  checkpoint_time = checkpoint_end - begin;
  return {};
}

void Engine::State::evict_for(std::size_t wanted_bytes) {
  const std::size_t resident = memory_use().resident_bytes;
  if (committing || resident + wanted_bytes <= options.memory_bytes_max) return;
  // Each partition gives up its share of the excess, and a little more, so that what comes next
  // finds room.
  const std::size_t target = options.memory_bytes_max / 4 * 3;
  const double keep = resident == 0 ? 0
                                    : static_cast<double>(target - std::min(target, wanted_bytes)) /
                                          static_cast<double>(resident);
  for (Partition& partition : partitions) {
    const auto bytes = static_cast<double>(partition.memory_use().resident_bytes);
    partition.evict(static_cast<std::size_t>(bytes * keep));
  }
}

Status Engine::State::fold(bool bounds) {
  return for_each_partition([&](Partition& partition) { return partition.fold(*view, bounds); });
}

Status Engine::State::save_segment(const std::string& name, SavedSegment segment) {
  if (store->read_only()) return Status::invalid_argument("engine: the store was opened read-only");
  if (name.empty()) return Status::invalid_argument("segment: must have a name, found \"\"");
  if (!segment.users) {
    // What is wrong with it whatever the store holds; names of events may come later.
    ROLLCALL_RETURN_IF_ERROR(validate({{}, SegmentQuery{segment.expression}}));
    make_paths_absolute(segment.expression);
  }
  const Gate::Pass pass(gate);
  ROLLCALL_RETURN_IF_ERROR(write_failure);
  segments.set(name, std::move(segment));
  segments_changed = changed = true;
  return {};
}

Status Engine::State::drop_segment(const std::string& name) {
  if (store->read_only()) return Status::invalid_argument("engine: the store was opened read-only");
  const Gate::Pass pass(gate);
  ROLLCALL_RETURN_IF_ERROR(write_failure);
  if (!segments.erase(name)) {
    std::vector<std::string> names;
    for (const auto& [saved, segment] : segments.saved()) names.push_back(saved);
    return Status::not_found(unknown_name("segment", name, names));
  }
  segments_changed = changed = true;
  return {};
}

EngineInfo Engine::State::info() const {
  EngineInfo info;
  info.settings = settings;
  info.isa = kernels::active_table()->isa;
  if (const Result<StoreSize> size = store->size(); size.ok()) info.store = *size;
  const Gate::Pass pass(gate);
  info.event_count = manifest.event_count;
  info.days = manifest.days;
  info.known_until = manifest.known_until;
  info.epoch = epoch;
  info.series_count = catalog->series_count();
  info.source_count = sources.positions().size();
  std::vector<std::uint64_t> events(catalog->events().values().size());
  std::vector<Day> days;
  for (const Partition& partition : partitions) {
    info.user_count += partition.user_count();
    for (const auto& [date, day] : partition.days()) {
      days.push_back(date);
      for (const auto& [series, series_day] : day.series) {
        if (series == kAnySeries || !catalog->series(series).is_event()) continue;
        for (const HourTotal& hour : series_day.hours) {
          events[catalog->series(series).event] += hour.events;
        }
      }
    }
  }
  std::sort(days.begin(), days.end());
  info.day_count = static_cast<std::uint64_t>(std::unique(days.begin(), days.end()) - days.begin());
  for (std::size_t i = 0; i < events.size(); ++i) {
    info.events.push_back({catalog->events().values()[i], events[i]});
  }
  info.event_names_overflowed = catalog->events().overflowed();
  for (std::size_t i = 0; i < catalog->dimensions().size(); ++i) {
    const BoundedDictionary& values = catalog->values(i);
    info.dimensions.push_back(
        {catalog->dimensions()[i], values.values().size(), values.overflowed()});
  }
  const MemoryUse use = memory_use();
  info.resident_bytes = use.resident_bytes;
  info.dirty_bytes = use.dirty_bytes;
  return info;
}

PreparedBatch::PreparedBatch(std::unique_ptr<PreparedRows> rows) : rows_(std::move(rows)) {}
PreparedBatch::PreparedBatch(PreparedBatch&&) noexcept = default;
PreparedBatch& PreparedBatch::operator=(PreparedBatch&&) noexcept = default;
PreparedBatch::~PreparedBatch() = default;

std::size_t PreparedBatch::memory_bytes() const {
  std::size_t bytes = 0;
  for (const std::unique_ptr<PreparedBlock>& block : rows_->blocks) bytes += block->memory_bytes();
  return bytes;
}

Engine::Engine(std::unique_ptr<State> state) : state_(std::move(state)) {}
Engine::~Engine() = default;

Result<std::unique_ptr<Engine>> Engine::open(std::unique_ptr<Store> store,
                                             const EngineOptions& options) {
  ROLLCALL_RETURN_IF_ERROR(check_kernels());
  if (options.settings) ROLLCALL_RETURN_IF_ERROR(validate(*options.settings));
  constexpr std::uint32_t kThreadsMax = 1024;
  if (options.threads_max > kThreadsMax) {
    return Status::invalid_argument(fmt::format("options: threads_max is {} (allowed: 0 to {})",
                                                options.threads_max, kThreadsMax));
  }
  auto state = std::make_unique<State>();
  state->options = options;
  state->pool = std::make_shared<BlockPool>(options.memory_bytes_max / 8);
  state->store = std::move(store);
  if (options.threads_max != 0) {
    // oneTBB prints a warning when asked for more threads than it would use.
    const int threads = static_cast<int>(options.threads_max);
    state->arena.initialize(std::min(threads, tbb::info::default_concurrency()));
  }
  ROLLCALL_RETURN_IF_ERROR(state->load());
  return std::unique_ptr<Engine>(new Engine(std::move(state)));
}

Result<PreparedBatch> Engine::prepare(const EventBatch& batch) const {
  const TimeUs time_max = state_->options.time_max.value_or(std::numeric_limits<TimeUs>::max());
  ROLLCALL_ASSIGN_OR_RETURN(
      std::unique_ptr<PreparedRows> rows,
      prepare_rows(batch, {state_->settings, state_->zone, time_max, state_->pool, state_->arena}));
  return PreparedBatch(std::move(rows));
}

Status Engine::ingest(PreparedBatch batch, const SourcePosition* position) {
  return state_->ingest(*batch.rows_, position);
}

Status Engine::ingest(std::vector<PreparedBatch> batches, const SourcePosition* position) {
  if (batches.empty()) return ingest(EventBatch{}, position);
  std::vector<std::unique_ptr<PreparedRows>> rows;
  for (PreparedBatch& batch : batches) rows.push_back(std::move(batch.rows_));
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<PreparedRows> merged,
                            merge_prepared(std::move(rows)));
  return state_->ingest(*merged, position);
}

Status Engine::ingest(const EventBatch& batch, const SourcePosition* position) {
  ROLLCALL_ASSIGN_OR_RETURN(PreparedBatch prepared, prepare(batch));
  return ingest(std::move(prepared), position);
}

Status Engine::checkpoint() { return state_->checkpoint(); }

Result<QueryResult> Engine::query(const Query& query) const {
  ROLLCALL_ASSIGN_OR_RETURN(std::vector<QueryResult> results, state_->query({&query, 1}));
  return std::move(results.front());
}

Result<QueryResult> Engine::query(std::string_view json) const {
  ROLLCALL_ASSIGN_OR_RETURN(const Query parsed, parse_query(json, state_->settings.time_zone));
  return query(parsed);
}

Result<std::vector<QueryResult>> Engine::query(std::span<const Query> queries) const {
  return state_->query(queries);
}

Status Engine::save_segment(const std::string& name, const Segment& segment) {
  return state_->save_segment(name, {.expression = segment, .users = nullptr});
}

Status Engine::save_segment(const std::string& name, std::vector<UserId> users) {
  return state_->save_segment(
      name, {.expression = {}, .users = std::make_shared<const UserList>(std::move(users))});
}

Status Engine::drop_segment(const std::string& name) { return state_->drop_segment(name); }

std::vector<SegmentInfo> Engine::segments() const {
  const Gate::Pass pass(state_->gate);
  std::vector<SegmentInfo> infos;
  for (const auto& [name, segment] : state_->segments.saved()) {
    infos.push_back({.name = name, .expression = {}, .users = {}});
    if (segment.users) {
      infos.back().users = segment.users->entries().size();
    } else {
      infos.back().expression = segment.expression;
    }
  }
  return infos;
}

Result<Explanation> Engine::explain(const Query& query) const { return state_->explain(query); }

Status Engine::close() {
  Status status = state_->store->read_only() ? Status() : state_->checkpoint();
  state_.reset();
  return status;
}

const StoreSettings& Engine::settings() const { return state_->settings; }

const EngineOptions& Engine::options() const { return state_->options; }

std::vector<SourcePosition> Engine::sources() const {
  const Gate::Pass pass(state_->gate);
  return state_->sources.positions();
}

EngineInfo Engine::info() const { return state_->info(); }

Result<VerifyReport> Engine::verify() const { return state_->verify(); }

}  // namespace rollcall
