#include "rollcall/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <new>
#include <set>
#include <string_view>
#include <utility>

#include "core/base/guard.h"
#include "core/base/memory_policy.h"
#include "core/base/sort_unique.h"
#include "core/batch/forgotten_rows.h"
#include "core/batch/prepared_batch.h"
#include "core/batch/prepared_merge.h"
#include "core/engine/engine_state.h"
#include "core/engine/staged_batch.h"
#include "core/query/text/query_validation.h"
#include "kernels/kernel_table.h"
#include "rollcall/message_text.h"
#include "rollcall/option_check.h"

namespace rollcall {
namespace {

// Names the first setting in which an existing store differs from what the caller wants.
Status check_same(const StoreSettings& stored, const StoreSettings& wanted) {
  const auto differs = [](std::string_view setting, const auto& has, const auto& want) {
    return Status::invalid_argument(
        fmt::format("settings: {} is {} (the store was made with {})", setting, want, has));
  };
  // Kept properties may grow.
  StoreSettings fixed = wanted;
  fixed.kept_properties = stored.kept_properties;
  if (stored == fixed) return {};
  // A store from before there was history may be opened by a program that would have it.
  fixed.history = false;
  if (stored == fixed) return {};
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
    return differs("dimensions", excerpts(stored.dimensions), excerpts(wanted.dimensions));
  }
  if (stored.event_names_max != wanted.event_names_max) {
    return differs("event_names_max", stored.event_names_max, wanted.event_names_max);
  }
  if (stored.dimension_values_max != wanted.dimension_values_max) {
    return differs("dimension_values_max", stored.dimension_values_max,
                   wanted.dimension_values_max);
  }
  return differs("history", stored.history, wanted.history);
}

Status check_delivery(const Delivery& delivery) {
  std::set<std::string_view> ids;
  for (const SourcePosition& position : delivery.positions) {
    if (delivery.positions.size() == 1 || ids.insert(position.id).second) continue;
    return Status::invalid_argument(
        fmt::format("delivery: two positions of source {} (allowed: one of each)",
                    quoted_excerpt(position.id)));
  }
  constexpr std::size_t kTokenBytesMax = 256;
  const BatchToken* const token = delivery.token;
  if (token == nullptr || (!token->token.empty() && token->token.size() <= kTokenBytesMax)) {
    return {};
  }
  return Status::invalid_argument(
      fmt::format("delivery: the token of source {} has {} bytes (allowed: 1 to {})",
                  quoted_excerpt(token->source), token->token.size(), kTokenBytesMax));
}

}  // namespace

Result<std::shared_ptr<const StoreView>> Engine::State::view_of(const Store& store) {
  Result<std::shared_ptr<const StoreView>> view = store.view();
  if (!view.ok() || *view != nullptr) return view;
  return Status::failed_precondition("store: view() is null (allowed: a view, or an error)");
}

Status Engine::State::load() {
  std::uint64_t first_record = 0;
  Epoch last_epoch = 0;
  {
    const Gate::Pass pass(gate);
    ROLLCALL_RETURN_IF_ERROR(load_commit());
    first_record = manifest.journal_next;
    last_epoch = epoch;
  }
  if (store->journal() == nullptr) return {};
  return store->journal()->replay(first_record, last_epoch,
                                  [&](const JournalRecord& record) { return replay(record); });
}

Status Engine::State::load_commit() {
  ROLLCALL_ASSIGN_OR_RETURN(const std::optional<LastCommit> last, store->last_commit());
  if (last) {
    ROLLCALL_ASSIGN_OR_RETURN(manifest, Manifest::deserialize(last->manifest));
    epoch = last->epoch;
    settings = manifest.settings;
    if (Status status = validate(settings); !status.ok()) {
      return Status::corruption("manifest: " + status.message());
    }
    if (options.settings) ROLLCALL_RETURN_IF_ERROR(check_same(settings, *options.settings));
    Result<TimeZone> found = TimeZone::find(settings.time_zone);
    if (!found.ok()) {
      return {StatusCode::kUnsupported,
              "the store's " + found.status().message() + "; nothing in the store is damaged"};
    }
    zone = *std::move(found);
  } else {
    settings = options.settings.value_or(StoreSettings{});
    ROLLCALL_RETURN_IF_ERROR(check_store_settings(settings));
    settings.kept_properties.clear();  // they are added when the tables are there
    manifest.settings = settings;
    ROLLCALL_ASSIGN_OR_RETURN(zone, TimeZone::find(settings.time_zone));
    manifest.partition_epochs.assign(settings.partition_count, 0);
    note_change();  // the settings themselves are worth a commit
  }
  ROLLCALL_ASSIGN_OR_RETURN(view, view_of(*store));
  ROLLCALL_ASSIGN_OR_RETURN(tables, read_tables(*view, manifest));
  ROLLCALL_RETURN_IF_ERROR(set_history_days());
  ROLLCALL_RETURN_IF_ERROR(add_kept_properties());
  partitions.reserve(settings.partition_count);
  for (std::uint32_t i = 0; i < settings.partition_count; ++i) {
    partitions.emplace_back(i, settings);
  }
  std::vector<Status> statuses(partitions.size());
  workers.for_each(partitions.size(), [&](std::size_t i) {
    gate.assert_passed();
    if (const Epoch stored = manifest.partition_epochs[i]; stored != 0) {
      statuses[i] = partitions[i].open(*view, stored, tables.catalog->series_count());
    }
  });
  for (Status& status : statuses) ROLLCALL_RETURN_IF_ERROR(std::move(status));
  bool has_retired_pages = false;
  history_is_due = has_old_events();
  for (const Partition& partition : partitions) {
    committed_users.push_back(partition.ordinal_count());
    has_retired_pages = has_retired_pages || partition.pages().has_retired_pages();
  }
  // A commit lets go of them, even if nothing else comes.
  if (has_retired_pages && !store->read_only()) note_change();
  // Most questions will want the days.
  const std::size_t days_bytes_max = state_bytes_max() * kDaysAtOpenShare;
  std::atomic<std::size_t> days_bytes{0};
  Status days_read = for_each_partition([&](Partition& partition) -> Status {
    gate.assert_passed();
    for (const auto& [date, day] : partition.days()) {
      if (days_bytes > days_bytes_max) return {};
      const std::size_t before = partition.memory_use().resident_bytes;
      ROLLCALL_RETURN_IF_ERROR(partition.load_days({date, date}, *view));
      days_bytes += partition.memory_use().resident_bytes - before;
    }
    return {};
  });
  return days_read;
}

Status Engine::State::set_history_days() {
  HistoryLimit& limit = tables.history_limit;
  if (!options.history_days || *options.history_days == limit.days) return {};
  const auto refused = [&](std::string_view why) {
    return Status::invalid_argument(
               fmt::format("engine: history_days is {}, and {}", *options.history_days, why))
        .with_hint(Option::kHistoryDays);
  };
  if (!settings.history) return refused("the store keeps no history (allowed: 0)");
  if (store->read_only()) {
    return refused(
        fmt::format("the store was opened read-only (allowed: {}, as it has)", limit.days));
  }
  limit.days = *options.history_days;
  tables.changed.add(PageKind::kHistoryLimit);
  note_change();
  return {};
}

Status Engine::State::add_kept_properties() {
  settings.kept_properties = tables.catalog->kept_properties();
  std::vector<std::string> wanted = options.keep;
  if (options.settings) {
    const std::vector<std::string>& names = options.settings->kept_properties;
    wanted.insert(wanted.begin(), names.begin(), names.end());
  }
  for (std::string& name : wanted) {
    const std::vector<std::string>& kept = settings.kept_properties;
    if (std::find(kept.begin(), kept.end(), name) != kept.end()) continue;
    if (store->read_only()) {
      return Status::invalid_argument(
          fmt::format("settings: kept property {}: the store does not keep it, and was opened "
                      "read-only (kept: {})",
                      quoted_excerpt(name), kept.empty() ? "none" : excerpts(kept)));
    }
    settings.kept_properties.push_back(std::move(name));
  }
  if (settings.kept_properties.size() == tables.catalog->kept_properties().size()) return {};
  ROLLCALL_RETURN_IF_ERROR(validate(settings));
  tables.writable_catalog().set_kept_properties(settings.kept_properties);
  tables.changed.add(PageKind::kKept);
  kept_by = epoch + 1;
  note_change();
  return {};
}

Result<JournalledBatch> Engine::State::decode(const JournalRecord& record) {
  // At the first record, all threads read the users, as far as there is room for them. If there is
  // too little, the users of a partition are read again when its rows are decoded, and the others
  // make way.
  const auto load_users = [&](Partition& partition) {
    gate.assert_passed();
    return partition.load_users(*view);
  };
  if (batch_number == 0) {
    Status status = read_partitions(load_users);
    if (!status.ok()) return status;
  }
  return decode_journal_record(record.bytes, settings, pool, partitions, [&](std::uint32_t number) {
    gate.assert_passed();
    evict_for(0);
    return load_users(partitions[number]);
  });
}

Status Engine::State::replay(const JournalRecord& record) {
  JournalledBatch batch;
  Delivery delivery{.ack = Ack::kDurable};
  BatchOutcome batch_outcome;
  {
    const Gate::Pass pass(gate);
    ROLLCALL_ASSIGN_OR_RETURN(batch, decode(record));
    delivery.positions = batch.positions;
    delivery.token = batch.token ? &*batch.token : nullptr;
    ROLLCALL_ASSIGN_OR_RETURN(batch_outcome,
                              ingest_within_gate(*batch.rows, delivery, record.number));
  }
  if (batch_outcome.needs_room) {
    ROLLCALL_RETURN_IF_ERROR(checkpoint());
    const MutexLock no_checkpoint(checkpointer.mutex());
    const Gate::Pass pass(gate);
    ROLLCALL_RETURN_IF_ERROR(ingest_by_partition(*batch.rows, delivery, record.number));
  }
  {
    const Gate::Pass pass(gate);
    if (manifest.journal_next != record.number + 1) {  // its token was known
      manifest.journal_next = record.number + 1;
      note_change();
    }
  }
  // This thread makes the checkpoint: nothing else passes the gate while the engine opens.
  if (checkpoint_need() == CheckpointNeed::kNothing) return {};
  const MutexLock alone(checkpointer.mutex());
  return checkpointer.make_scheduled();
}

Result<std::uint64_t> Engine::State::append_to_journal(const PreparedRows& rows,
                                                       const Delivery& delivery) {
  record_writer.begin(rows, delivery, partitions.size());
  ROLLCALL_RETURN_IF_ERROR(for_each_partition(rows.row_count, [&](Partition& partition) {
    gate.assert_passed();
    record_writer.encode_rows(rows, partition, committed_users[partition.number()]);
    return Status();
  }));
  return store->journal()->append(epoch, record_writer.finish());
}

Status Engine::State::sync_journal(std::uint64_t record) {
  const Status status = guarded("engine: the journal", [&] {
    const Status synced = store->journal()->sync(record);
    return synced.ok() ? store->check_place() : synced;
  });
  if (status.ok()) return {};
  // The batch is in but may be lost, and nobody may rely on what would be written after it.
  const Gate::Pass pass(gate);
  write_failure.note(status);
  return {StatusCode::kUncertain, status.message()};
}

Status Engine::State::check_writable() const {
  if (!store->read_only()) return {};
  return Status::invalid_argument("engine: the store was opened read-only");
}

Status Engine::State::check_failures() const {
  ROLLCALL_RETURN_IF_ERROR(state_failure.status());
  return write_failure.status();
}

void Engine::State::note_change() { schedule.note_change(CheckpointSchedule::Clock::now()); }

Epoch Engine::State::commit_before_record(const Delivery& delivery) const {
  // A batch that still has the rows of forgotten users may not outlive the moment in which they are
  // forgotten. The first commit has the settings, without which a record means nothing.
  Epoch needed = std::max({forgotten_by, kept_by, Epoch{1}});
  for (const SourcePosition& position : delivery.positions) {
    needed = std::max(needed, tables.sources.durable_by(position.id));
  }
  if (delivery.token != nullptr) {
    needed = std::max(needed, tables.sources.durable_by(delivery.token->source));
  }
  return needed;
}

Result<bool> Engine::State::stage(const PreparedRows& rows,
                                  const std::vector<NumberedSeries>& series) {
  const auto stage_all = [&]() -> Result<bool> {
    gate.assert_passed();
    MemoryAllowance allowance(room());
    Status status = for_each_partition(rows.row_count, [&](Partition& partition) {
      gate.assert_passed();
      return partition.stage(rows, *view, series, allowance);
    });
    if (allowance.is_overdrawn()) return false;
    if (!status.ok()) return status;
    return true;
  };
  ROLLCALL_ASSIGN_OR_RETURN(const bool fits, stage_all());
  // Pages that a checkpoint has yet to store cannot leave memory. If they are many, the batch waits
  // for the end of the checkpoint, because letting everything else go would not be enough.
  if (fits || written_out_bytes > state_bytes_max() * kWrittenOutShareMost) return fits;
  for (Partition& partition : partitions) partition.unstage();
  evict_for(state_bytes_max() * kRoomMadeShare);
  return stage_all();
}

void Engine::State::forget_totals(const PreparedRows& rows,
                                  const std::vector<NumberedSeries>& series) {
  kept_ranks.change();
  for (const std::vector<PreparedRows::Pair>& pairs : rows.pairs) {
    for (const PreparedRows::Pair& pair : pairs) {
      day_totals.forget({series[pair.series].id, pair.day});
      day_totals.forget({kAnySeries, pair.day});
    }
  }
}

Result<Engine::State::BatchOutcome> Engine::State::ingest_within_gate(
    const PreparedRows& rows, const Delivery& delivery, std::optional<std::uint64_t> record) {
  ROLLCALL_RETURN_IF_ERROR(check_failures());
  const bool durable = delivery.ack == Ack::kDurable;
  const bool journalled = durable && !record;
  BatchOutcome batch_outcome;
  if (journalled && commit_before_record(delivery) > epoch) {
    batch_outcome.needs_checkpoint = true;
    return batch_outcome;
  }
  if (is_known(delivery)) {
    batch_outcome.is_known = true;
    // The batch that came before may still wait to be synced.
    if (journalled && manifest.journal_next != 0) batch_outcome.record = manifest.journal_next - 1;
    return batch_outcome;
  }
  if (by_partition) {
    batch_outcome.needs_room = true;
    return batch_outcome;
  }
  SeriesCatalog& catalog = tables.writable_catalog();
  // A batch that fails leaves nothing behind: no users, no names.
  StagedBatch staged(catalog, partitions);
  const std::vector<NumberedSeries> series = number_series(rows, catalog);
  ROLLCALL_ASSIGN_OR_RETURN(const bool fits, stage(rows, series));
  if (!fits) {
    batch_outcome.needs_room = true;
    return batch_outcome;
  }
  // An exception from here on (memory ran out) leaves a batch half applied.
  UnlessFinished application(
      state_failure,
      Status::resource_exhausted("engine: a batch was applied in part; open the store again"));
  if (journalled) {
    const Result<std::uint64_t> appended = append_to_journal(rows, delivery);
    if (!appended.ok()) {
      application.finish();  // nothing is applied yet
      return appended.status();
    }
    batch_outcome.record = record = *appended;
  }
  if (staged.changed_names()) tables.changed.add(PageKind::kDictionary);
  staged.finish();
  ++batch_number;
  ROLLCALL_RETURN_IF_ERROR(for_each_partition(rows.row_count, [&](Partition& partition) {
    gate.assert_passed();
    partition.apply(rows, batch_number);
    return Status();
  }));
  forget_totals(rows, series);
  const Epoch durable_by = durable ? 0 : epoch + (schedule.is_committing() ? 2 : 1);
  if (count_batch(rows, delivery, record, durable_by, manifest, tables.sources)) {
    tables.changed.add(PageKind::kSources);
  }
  if (rows.row_count != 0 || record || tables.changed.has(PageKind::kSources)) note_change();
  application.finish();
  return batch_outcome;
}

Result<Engine::State::BatchOutcome> Engine::State::let_in(PreparedRows& rows,
                                                          const Delivery& delivery) {
  const SourceTurns::Turn turn(source_turns, delivery);
  std::shared_ptr<const ForgottenUsers> dropped;  // whose rows are no longer among them
  const auto pass_gate = [&](auto enter) -> Result<BatchOutcome> {
    for (;;) {
      {
        const Gate::Pass pass(gate);
        if (dropped == tables.forgotten) return enter();
        dropped = tables.forgotten;
      }
      drop_forgotten_rows(rows, *dropped, workers);
    }
  };
  const auto ingest_whole = [&] {
    gate.assert_passed();
    return ingest_within_gate(rows, delivery, {});
  };
  ROLLCALL_ASSIGN_OR_RETURN(BatchOutcome batch_outcome, pass_gate(ingest_whole));
  bool has_waited = false;
  bool has_made_room = false;
  while (batch_outcome.needs_checkpoint ||
         (batch_outcome.needs_room && !has_made_room && !by_partition)) {
    // A checkpoint that is under way may be enough.
    if (has_waited || !checkpointer.wait()) {
      ROLLCALL_RETURN_IF_ERROR(checkpoint());
      if (batch_outcome.needs_room) {
        const Gate::Pass pass(gate);
        evict_for(state_bytes_max());
        has_made_room = true;
      }
    }
    has_waited = true;
    ROLLCALL_ASSIGN_OR_RETURN(batch_outcome, pass_gate(ingest_whole));
  }
  if (batch_outcome.needs_room) {
    const MutexLock no_checkpoint(checkpointer.mutex());
    const bool was_by_partition = by_partition;
    do {
      by_partition = true;  // for others too: they wait behind this one, and not before it
      ROLLCALL_RETURN_IF_ERROR(checkpoint_alone());
      const Result<BatchOutcome> passed = pass_gate([&]() -> Result<BatchOutcome> {
        gate.assert_passed();
        checkpointer.mutex().assert_held();
        // Another batch may have come meanwhile.
        if (schedule.has_changes()) return BatchOutcome{.needs_checkpoint = true};
        return ingest_by_partition(rows, delivery, {});
      });
      if (!passed.ok()) {
        by_partition = was_by_partition;
        return passed.status();
      }
      batch_outcome = *passed;
    } while (batch_outcome.needs_checkpoint);
  }
  return batch_outcome;
}

Result<IngestOutcome> Engine::State::ingest(PreparedRows& rows, const Delivery& delivery) {
  ROLLCALL_RETURN_IF_ERROR(check_writable());
  ROLLCALL_RETURN_IF_ERROR(check_delivery(delivery));
  if (rows.settings != settings) {
    return Status::invalid_argument("engine: the batch was prepared for a store of other settings");
  }
  if (delivery.ack == Ack::kDurable && store->journal() == nullptr) {
    return Status::unsupported(
        "delivery: the store has no journal, so that a batch cannot be acknowledged as durable "
        "(allowed: in memory; or a store on disk)");
  }
  const std::uint64_t row_count = rows.row_count;
  ROLLCALL_ASSIGN_OR_RETURN(const BatchOutcome batch_outcome, let_in(rows, delivery));
  IngestOutcome outcome{.was_skipped = batch_outcome.is_known};
  if (!batch_outcome.is_known) outcome.rows_forgotten = row_count - rows.row_count;
  if (batch_outcome.record) ROLLCALL_RETURN_IF_ERROR(sync_journal(*batch_outcome.record));
  // The batch is in. A caller who was told otherwise would send it again, so the next call is told
  // what goes wrong from here on.
  Status room;
  try {
    room = guarded("engine: a checkpoint", [&] { return make_room(); });
  } catch (const std::bad_alloc&) {
    room = Checkpointer::cannot_make();
  }
  if (!room.ok()) {
    const Gate::Pass pass(gate);
    write_failure.note(std::move(room));
  }
  return outcome;
}

Status Engine::State::compact() {
  ROLLCALL_RETURN_IF_ERROR(checkpoint());
  const MutexLock no_checkpoint(checkpointer.mutex());
  return store->compact();
}

bool Engine::State::is_known(const Delivery& delivery) const {
  return delivery.token != nullptr && tables.sources.has(*delivery.token);
}

Status Engine::State::fold(FoldDepth depth) {
  // Questions mostly find everything folded, which does not take the workers to find out.
  if (std::all_of(partitions.begin(), partitions.end(),
                  [&](const Partition& partition) { return partition.is_folded(depth); })) {
    return {};
  }
  return for_each_partition([&](Partition& partition) {
    gate.assert_passed();
    return partition.fold(*view, depth);
  });
}

EngineInfo Engine::State::info() const {
  EngineInfo info;
  info.settings = settings;
  info.isa = kernels::active_table()->isa;
  const Result<StoreSize> size = guarded("store: size", [&] { return store->size(); });
  if (size.ok()) info.store = *size;
  const Gate::Pass pass(gate);
  info.event_count = manifest.event_count;
  info.days = manifest.days;
  info.known_until = manifest.known_until;
  info.epoch = epoch;
  info.checkpointing = schedule.is_in_background();
  const SeriesCatalog& catalog = *tables.catalog;
  info.series_count = catalog.series_count();
  info.source_count = tables.sources.positions().size();
  info.history_days = tables.history_limit.days;
  info.history_from = tables.history_limit.from;
  info.forgotten_count = tables.forgotten ? tables.forgotten->size() : 0;
  std::vector<std::uint64_t> events(catalog.events().values().size());
  std::vector<Day> days;
  for (const Partition& partition : partitions) {
    info.user_count += partition.user_count();
    if (partition.history() != nullptr) info.history_events += partition.history()->event_count();
    for (const auto& [date, day] : partition.days()) days.push_back(date);
    for (const auto& [series, count] : partition.events()) {
      events[catalog.series(series).event] += count;
    }
  }
  sort_unique(days);
  info.day_count = days.size();
  for (std::size_t i = 0; i < events.size(); ++i) {
    info.events.push_back({catalog.events().values()[i], events[i]});
  }
  info.event_names_overflowed = catalog.events().overflowed();
  for (std::size_t i = 0; i < catalog.dimensions().size(); ++i) {
    const BoundedDictionary& values = catalog.values(i);
    info.dimensions.push_back(
        {catalog.dimensions()[i], values.values().size(), values.overflowed()});
  }
  const MemoryUse use = memory_use();
  info.resident_bytes = use.resident_bytes;
  info.dirty_bytes = use.dirty_bytes;
  return info;
}

}  // namespace rollcall
