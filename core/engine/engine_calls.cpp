// These are the public calls: each sees to it that the engine is open in this process, and that no
// exception leaves it. The work is that of Engine::State.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <limits>
#include <string_view>
#include <system_error>
#include <utility>

#include "core/base/guard.h"
#include "core/base/memory_policy.h"
#include "core/base/open_file.h"
#include "core/batch/prepared_batch.h"
#include "core/batch/prepared_merge.h"
#include "core/engine/engine_state.h"
#include "kernels/kernel_table.h"
#include "rollcall/option_check.h"

namespace rollcall {
namespace {

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

Status check_options(const EngineOptions& options) {
  if (options.settings) ROLLCALL_RETURN_IF_ERROR(validate(*options.settings));
  if (options.threads_max <= kThreadsMax) return {};
  return Status::invalid_argument(fmt::format("options: threads_max is {} (allowed: 0 to {})",
                                              options.threads_max, kThreadsMax));
}

// Absolute paths mean the same wherever the process goes.
Status make_absolute(std::vector<std::string>& directories) {
  for (std::string& directory : directories) {
    const Status whole = check_path(directory);
    if (!whole.ok()) {
      return Status::invalid_argument("directory that questions may read: " + whole.message());
    }
    std::error_code error;
    std::filesystem::path path = std::filesystem::absolute(directory, error);
    if (!error) path = std::filesystem::weakly_canonical(path, error);
    if (directory.empty() || error) {
      return Status::invalid_argument(
                 fmt::format("directory that questions may read: \"{}\": {} (allowed: the path of "
                             "a directory)",
                             directory, directory.empty() ? "is empty" : error.message()))
          .with_hint(Option::kQuestionDirectories);
    }
    directory = path.string();
  }
  return {};
}

Status moved_from() {
  return Status::failed_precondition(
      "engine: the prepared batch was moved from; it is ingested already, or elsewhere");
}

}  // namespace

Status check_store_settings(const StoreSettings& settings) {
  ROLLCALL_RETURN_IF_ERROR(validate(settings));
  Status zone = TimeZone::check_portable(settings.time_zone);
  if (zone.ok()) zone = TimeZone::find(settings.time_zone).status();
  return zone.with_hint(Option::kTimeZone);
}

PreparedBatch::PreparedBatch(std::unique_ptr<PreparedRows> rows) : rows_(std::move(rows)) {}
PreparedBatch::PreparedBatch(PreparedBatch&&) noexcept = default;
PreparedBatch& PreparedBatch::operator=(PreparedBatch&&) noexcept = default;
PreparedBatch::~PreparedBatch() = default;

std::size_t PreparedBatch::memory_bytes() const {
  if (!rows_) return 0;
  std::size_t bytes = 0;
  for (const std::unique_ptr<PreparedBlock>& block : rows_->blocks) bytes += block->memory_bytes();
  return bytes;
}

Engine::Engine(std::unique_ptr<State> state)
    : settings_(state->settings),
      options_(state->options),
      process_(::getpid()),
      state_(std::move(state)) {}

Engine::~Engine() {
  // A child's copy is left as it is, and so is its part of the store.
  if (::getpid() != process_) static_cast<void>(state_.release());
}

bool Engine::is_open() const { return state_ != nullptr && ::getpid() == process_; }

Status Engine::check_open() const {
  if (is_open()) return {};
  return Status::failed_precondition(
      state_ == nullptr
          ? "engine: it is closed"
          : fmt::format("engine: process {} opened it, of which this is a child", process_));
}

Result<std::unique_ptr<Engine>> Engine::open(std::unique_ptr<Store> store,
                                             const EngineOptions& options) {
  return guarded("engine: open", [&]() -> Result<std::unique_ptr<Engine>> {
    if (store == nullptr) {
      return Status::invalid_argument("engine: the store is null (allowed: an open store)");
    }
    ROLLCALL_RETURN_IF_ERROR(check_kernels());
    ROLLCALL_RETURN_IF_ERROR(check_options(options));
    EngineOptions with_paths = options;
    ROLLCALL_RETURN_IF_ERROR(make_absolute(with_paths.question_directories));
    auto state = std::make_unique<State>(with_paths);
    state->pool = std::make_shared<BlockPool>(options.memory_bytes_max * kPoolShare);
    state->store = std::move(store);
    state->store_bytes = state->store->limit_memory(options.memory_bytes_max * kStoreShare);
    ROLLCALL_RETURN_IF_ERROR(state->load());
    return std::unique_ptr<Engine>(new Engine(std::move(state)));
  });
}

Result<PreparedBatch> Engine::prepare(const EventBatch& batch) const {
  return guarded("engine: prepare", [&]() -> Result<PreparedBatch> {
    ROLLCALL_RETURN_IF_ERROR(check_open());
    const TimeUs time_max = options_.time_max.value_or(std::numeric_limits<TimeUs>::max());
    ROLLCALL_ASSIGN_OR_RETURN(
        std::unique_ptr<PreparedRows> rows,
        prepare_rows(batch, {settings_, state_->zone, time_max, state_->pool, state_->workers}));
    return PreparedBatch(std::move(rows));
  });
}

Result<IngestOutcome> Engine::ingest(PreparedBatch batch, const Delivery& delivery) {
  return guarded("engine: ingest", [&]() -> Result<IngestOutcome> {
    ROLLCALL_RETURN_IF_ERROR(check_open());
    if (!batch.rows_) return moved_from();
    return state_->ingest(*batch.rows_, delivery);
  });
}

Result<IngestOutcome> Engine::ingest(std::vector<PreparedBatch> batches, const Delivery& delivery) {
  if (batches.empty()) return ingest(EventBatch{}, delivery);
  return guarded("engine: ingest", [&]() -> Result<IngestOutcome> {
    ROLLCALL_RETURN_IF_ERROR(check_open());
    std::vector<std::unique_ptr<PreparedRows>> rows;
    for (PreparedBatch& batch : batches) {
      if (!batch.rows_) return moved_from();
      rows.push_back(std::move(batch.rows_));
    }
    ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<PreparedRows> merged,
                              merge_prepared(std::move(rows)));
    return state_->ingest(*merged, delivery);
  });
}

Result<IngestOutcome> Engine::ingest(const EventBatch& batch, const Delivery& delivery) {
  ROLLCALL_ASSIGN_OR_RETURN(PreparedBatch prepared, prepare(batch));
  return ingest(std::move(prepared), delivery);
}

Status Engine::checkpoint() {
  return guarded("engine: checkpoint", [&]() -> Status {
    ROLLCALL_RETURN_IF_ERROR(check_open());
    return state_->checkpoint();
  });
}

Status Engine::compact() {
  return guarded("engine: compact", [&]() -> Status {
    ROLLCALL_RETURN_IF_ERROR(check_open());
    return state_->compact();
  });
}

Result<QueryResult> Engine::query(const Query& query, const QueryLimits& limits) const {
  ROLLCALL_ASSIGN_OR_RETURN(std::vector<QueryResult> results,
                            this->query(std::span(&query, 1), limits));
  return std::move(results.front());
}

Result<QueryResult> Engine::query(std::string_view json, const QueryLimits& limits) const {
  ROLLCALL_RETURN_IF_ERROR(check_open());
  ROLLCALL_ASSIGN_OR_RETURN(const Query parsed, parse_query(json, settings_.time_zone));
  return query(parsed, limits);
}

Result<std::vector<QueryResult>> Engine::query(std::span<const Query> queries,
                                               const QueryLimits& limits) const {
  return guarded("engine: query", [&]() -> Result<std::vector<QueryResult>> {
    ROLLCALL_RETURN_IF_ERROR(check_open());
    return state_->query(queries, limits);
  });
}

Result<MemberIds> Engine::members(const Query& query, const QueryLimits& limits) const {
  return guarded("engine: members", [&]() -> Result<MemberIds> {
    ROLLCALL_RETURN_IF_ERROR(check_open());
    if (!query.common.members) {
      return Status::invalid_argument(
          "members: the question asks for none (allowed: one with a "
          "field \"members\")");
    }
    MemberIds ids;
    ROLLCALL_ASSIGN_OR_RETURN(std::vector<QueryResult> answers,
                              state_->query(std::span(&query, 1), limits, &ids));
    ids.answer = std::move(answers.front());
    return ids;
  });
}

Result<Explanation> Engine::explain(const Query& query, const QueryLimits& limits) const {
  return guarded("engine: explain", [&]() -> Result<Explanation> {
    ROLLCALL_RETURN_IF_ERROR(check_open());
    return state_->explain(query, limits);
  });
}

Status Engine::save_segment(const std::string& name, const Segment& segment) {
  return guarded("engine: save_segment", [&]() -> Status {
    ROLLCALL_RETURN_IF_ERROR(check_open());
    return state_->save_segment(name, {.expression = segment, .users = nullptr});
  });
}

Status Engine::save_segment(const std::string& name, std::vector<UserId> users) {
  return guarded("engine: save_segment", [&]() -> Status {
    ROLLCALL_RETURN_IF_ERROR(check_open());
    auto list = std::make_shared<const UserList>(std::move(users));
    return state_->save_segment(name, {.expression = {}, .users = std::move(list)});
  });
}

Status Engine::drop_segment(const std::string& name) {
  return guarded("engine: drop_segment", [&]() -> Status {
    ROLLCALL_RETURN_IF_ERROR(check_open());
    return state_->drop_object(ObjectKind::kSegment, name);
  });
}

std::vector<SegmentInfo> Engine::segments() const {
  if (!is_open()) return {};
  const Gate::Pass pass(state_->gate);
  std::vector<SegmentInfo> infos;
  for (const auto& [name, segment] : state_->tables.segments.saved()) {
    infos.push_back({.name = name, .expression = {}, .users = {}});
    if (segment.users) {
      infos.back().users = segment.users->entries().size();
    } else {
      infos.back().expression = segment.expression;
    }
  }
  return infos;
}

Status Engine::save_objects(std::span<const SavedObject> objects, OnSameName on_same_name) {
  return guarded("engine: save_objects", [&]() -> Status {
    ROLLCALL_RETURN_IF_ERROR(check_open());
    return state_->save_objects(objects, on_same_name);
  });
}

Status Engine::drop_object(ObjectKind kind, const std::string& name) {
  return guarded("engine: drop_object", [&]() -> Status {
    ROLLCALL_RETURN_IF_ERROR(check_open());
    return state_->drop_object(kind, name);
  });
}

std::vector<SavedObject> Engine::objects(ObjectKind kind) const {
  if (!is_open()) return {};
  const Gate::Pass pass(state_->gate);
  return state_->objects_of(kind);
}

Result<AudienceInfo> Engine::freeze(const AudienceRequest& request, const QueryLimits& limits) {
  return guarded("engine: freeze", [&]() -> Result<AudienceInfo> {
    ROLLCALL_RETURN_IF_ERROR(check_open());
    return state_->freeze(request, limits);
  });
}

Status Engine::drop_audience(const AudienceName& name) {
  return guarded("engine: drop_audience", [&]() -> Status {
    ROLLCALL_RETURN_IF_ERROR(check_open());
    return state_->drop_audience(name);
  });
}

std::vector<AudienceInfo> Engine::audiences() const {
  if (!is_open()) return {};
  const Gate::Pass pass(state_->gate);
  return state_->audience_infos();
}

Result<std::uint64_t> Engine::forget(std::span<const UserId> users) {
  return guarded("engine: forget", [&]() -> Result<std::uint64_t> {
    ROLLCALL_RETURN_IF_ERROR(check_open());
    return state_->forget(users);
  });
}

Status Engine::close() {
  Status status = guarded("engine: close", [&]() -> Status {
    ROLLCALL_RETURN_IF_ERROR(check_open());
    return state_->store->read_only() ? Status() : state_->checkpoint();
  });
  if (is_open()) state_.reset();
  return status;
}

std::vector<SourcePosition> Engine::sources() const {
  if (!is_open()) return {};
  const Gate::Pass pass(state_->gate);
  return state_->tables.sources.positions();
}

EngineInfo Engine::info() const {
  EngineInfo info;
  info.settings = settings_;
  return is_open() ? state_->info() : info;
}

Result<VerifyReport> Engine::verify() const {
  return guarded("engine: verify", [&]() -> Result<VerifyReport> {
    ROLLCALL_RETURN_IF_ERROR(check_open());
    return state_->verify();
  });
}

}  // namespace rollcall
