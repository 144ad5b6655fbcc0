// ingest_files is a pipeline: blocks are read one after the other, decoded in parallel, and
// ingested in their order.

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <exception>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/guard.h"
#include "core/base/memory_policy.h"
#include "core/base/workers.h"
#include "core/source/files/content_reader.h"
#include "core/source/files/source_paths.h"
#include "core/source/formats/native_format.h"
#include "core/source/formats/text_block_reader.h"
#include "core/source/ingest/batch_builder.h"
#include "core/source/ingest/block_stage.h"
#include "core/source/ingest/file_run.h"
#include "core/source/ingest/pending_rejects.h"
#include "core/source/ingest/row_decoder.h"
#include "core/source/ingest/row_sample.h"
#include "core/source/ingest/schema_inspector.h"
#include "core/source/ingest/source_identity.h"
#include "core/source/ingest/source_reading.h"
#include "core/time/time_zone.h"
#include "rollcall/file_source.h"
#include "rollcall/option_check.h"

namespace rollcall {
namespace {

constexpr auto kProgressInterval = std::chrono::milliseconds(200);
// A block, with what it is decoded to, takes about this many times its text.
constexpr std::size_t kBlockFootprint = 6;
constexpr std::uint64_t kToTheEnd = std::numeric_limits<std::uint64_t>::max();
// Smaller blocks cost more time than they save memory.
constexpr std::size_t kWorthwhileBlockBytes = std::size_t{64} << 10;

std::uint64_t total_size(const std::vector<std::string>& paths) {
  std::uint64_t total = 0;
  for (const std::string& path : paths) {
    const auto size = stored_size(path);
    if (!size) return 0;
    total += *size;
  }
  return total;
}

// Is the last stage, which gathers batches, ingests them and reports.
class IngestStage {
 public:
  IngestStage(Engine& engine, const IngestHooks& hooks, const BlockStage& blocks,
              ExpandedPaths paths)
      : engine_(engine),
        hooks_(hooks),
        blocks_(blocks),
        bytes_total_(total_size(paths.files)),
        waiting_bytes_max_(engine.options().memory_bytes_max * kWaitingShare) {
    for (std::string& note : paths.notes) report_.notes.push_back({std::move(note), {}});
  }

  Status take(Work& work) {
    if (!work.status.ok()) return fail(work);
    FileRun& file = *work.file;
    if (file.failed) return {};
    if (work.end_of_file) return finish(file, /*ended=*/true);
    DecodedBlock& decoded = work.decoded;
    if (hooks_.strict && !decoded.rejects.empty()) return first_reject(file, decoded);
    for (const WordCount& count : decoded.null_users) null_users_.add(count.word, count.rows);
    for (const WordCount& count : decoded.null_values) null_values_.add(count.word, count.rows);
    padded_users_.add(decoded.padded_users);
    rounded_users_.add(decoded.rounded_users);
    note_late_columns(file, decoded);
    note_rejects(file.second ? *file.second->of : file, decoded);
    rejects_.add(file.options.name, file.identified, lines_of_file_, decoded);
    if (!file.second) file.report.rows_read += decoded.rows;
    if (work.block.tail && file.identified && !file.second && decoded.good_rows > 0) {
      unended_.push_back(file.options.name);
    }
    lines_of_file_ += decoded.lines;
    if (file.second) {
      position_due_ = true;
      note_second_reading(file, work);
    } else if (file.identified && work.moves) {
      position_due_ = true;
      note_refused(file, work);
      file.position.mark = work.block.end;
      file.position.told.reset();
      file.position.tail = work.block.tail;
      file.position.rows += decoded.rows;
      file.position.counted = file.position.counted || decoded.good_rows > 0;
      // The line end of a tail is not in the file.
      file.position.lines += decoded.lines - (work.block.tail ? 1 : 0);
    } else {
      file.refused_beyond.add(decoded.refused);
      if (file.identified && decoded.rows > 0 && file.position.mark.offset > 0) {
        position_due_ = true;
        file.position.told = work.block.end.hash;
      }
    }
    if (decoded.batch) {
      waiting_rows_ += decoded.good_rows;
      waiting_bytes_ += decoded.batch->memory_bytes();
      waiting_.push_back(*std::move(decoded.batch));
    }
    // What comes next through a pipe may take long.
    if (!file.identified || waiting_rows_ + rejects_.rows() >= hooks_.batch_rows ||
        waiting_bytes_ + rejects_.memory_bytes() >= waiting_bytes_max_) {
      ROLLCALL_RETURN_IF_ERROR(ingest_waiting());
    }
    report_progress(/*last=*/false);
    return {};
  }

  // Reports the rows that were rejected, then ingests what has been gathered, together with the
  // position of the open file. Once that is durable, nobody reports them any more. After a failure,
  // this is not tried again.
  Status ingest_waiting() {
    PendingRejects rejects = std::exchange(rejects_, {});
    std::vector<PreparedBatch> batches = std::exchange(waiting_, {});
    const std::size_t rows = std::exchange(waiting_rows_, 0);
    waiting_bytes_ = 0;
    const bool is_due = std::exchange(position_due_, false) || !batches.empty();
    const Status told = guarded("ingest", [&] { return rejects.tell(hooks_.reject); });
    // A pipe has no position, from which the next run could go on.
    if (!told.ok() && open_file_->identified) return told;
    if (is_due) ROLLCALL_RETURN_IF_ERROR(ingest_batches(std::move(batches), rows));
    std::move(rejects).count_in(report_);
    return told;
  }

  // The file that the next work belongs to begins.
  void begin(FileRun& file) {
    // What was read in this run was not yet counted when the file was recognized.
    KnownSource& position = file.position;
    const std::uint64_t reading = position.reading->hash();
    count(reading, position.mark.hash, position.rows, position.lines);
    for (KnownSource::End& end : position.earlier_ends) {
      count(reading, end.hash, end.rows, end.lines);
    }
    if (const auto latest = refused_.find(position.id); latest != refused_.end()) {
      position.refused = latest->second;
    }
    open_file_ = &file;
    range_is_open_ = record_is_open_ = false;
    lines_of_file_ = file.second ? file.second->range.lines : position.lines;
    if (file.second) return;
    file.report.rows_known = position.rows;
    for (std::string& note : file.notes) report_.notes.push_back({std::move(note), {}});
    if (hooks_.schema && !file.options.schema.columns.empty()) {
      hooks_.schema(file.options.name, file.options.schema);
    }
  }

  // Finishes the file that the run was stopped in.
  Status finish_open_file() {
    if (open_file_ != nullptr) return finish(*open_file_, /*ended=*/false);
    if (unreported_ != nullptr) report_file(*unreported_);
    return {};
  }

  // `blocks` have come to their end.
  IngestReport finish_report() {
    report_progress(/*last=*/true);
    report_.stopped = blocks_.was_stopped();
    if (!blocks_.stop_note().empty()) report_.notes.push_back({blocks_.stop_note(), {}});
    if (!unended_.empty()) report_.notes.push_back({unended_note(), {}});
    if (!times_kept_.empty()) report_.notes.push_back({times_kept_note(), {}});
    std::stable_sort(report_.rejected_by_kind.begin(), report_.rejected_by_kind.end(),
                     [](const RejectCount& a, const RejectCount& b) { return a.rows > b.rows; });
    report_.null_users = most_frequent_first(null_users_.counts());
    report_.null_values = most_frequent_first(null_values_.counts());
    report_.padded_users = {padded_users_.first, padded_users_.rows};
    report_.rounded_users = {rounded_users_.first, rounded_users_.rows};
    return std::move(report_);
  }

 private:
  static std::vector<WordCount> most_frequent_first(std::vector<WordCount> counts) {
    std::sort(counts.begin(), counts.end(), [](const WordCount& a, const WordCount& b) {
      return std::tie(b.rows, a.word) < std::tie(a.rows, b.word);
    });
    return counts;
  }

  Status ingest_batches(std::vector<PreparedBatch> batches, std::size_t rows) {
    const SourcePosition position = open_file_->position.to_position();
    Delivery delivery;
    if (open_file_->identified) delivery.positions = {&position, 1};
    ROLLCALL_ASSIGN_OR_RETURN(const IngestOutcome outcome,
                              engine_.ingest(std::move(batches), delivery));
    report_.rows_forgotten += outcome.rows_forgotten;
    report_.rows_read += rows;
    report_.rows_ingested += rows;
    return {};
  }

  static std::string list_of_names(const std::vector<std::string>& names) {
    constexpr std::size_t kNamed = 3;
    const std::size_t named = std::min(names.size(), kNamed);
    return fmt::format(
        "{}{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(named), ", "),
        named < names.size() ? fmt::format(" and {} more", names.size() - named) : "");
  }

  std::string unended_note() const {
    return fmt::format(
        "{}: the last row has no line end, and was taken as it stands; should its line go on "
        "later, what is added is rejected",
        list_of_names(unended_));
  }

  std::string times_kept_note() const {
    return fmt::format(
        "{}: times are read as they were before, not in the form that was given (allowed: all of "
        "it "
        "in that form, in a new store)",
        list_of_names(times_kept_));
  }

  // Sets the rows and lines before a mark that was reached in this run.
  void count(std::uint64_t reading, XXH128_hash_t mark, std::uint64_t& rows,
             std::uint64_t& lines) const {
    const auto found = counts_.find({reading, mark.high64, mark.low64});
    if (found != counts_.end()) std::tie(rows, lines) = found->second;
  }

  // What was read of the file before it failed stands.
  Status fail(Work& work) {
    if (hooks_.strict) {
      report_.failures.push_back(work.status);
      return work.status;
    }
    if (work.file != nullptr) {
      if (work.file->failed) return {};
      ROLLCALL_RETURN_IF_ERROR(finish(*work.file, /*ended=*/false));
      work.file->failed = true;
    }
    report_.failures.push_back(std::move(work.status));
    return {};
  }

  // `ended` says that all of it is read.
  Status finish(FileRun& file, bool ended) {
    ROLLCALL_RETURN_IF_ERROR(ingest_waiting());
    open_file_ = nullptr;
    if (file.identified) {
      KnownSource& position = file.position;
      position.refused.drop_empty();
      refused_[position.id] = position.refused;
      counts_[{position.reading->hash(), position.mark.hash.high64, position.mark.hash.low64}] = {
          position.rows, position.lines};
    }
    if (!file.second) {
      report_file(file);
    } else {
      unreported_ = file.second->of;
      if (!ended) report_file(*unreported_);
    }
    return {};
  }

  static void note_rejects(FileRun& file, const DecodedBlock& decoded) {
    file.has_good_rows = file.has_good_rows || decoded.good_rows > 0;
    file.has_other_rejects = file.has_other_rejects || decoded.rejects_want_other_reading;
  }

  static void note_late_columns(FileRun& file, const DecodedBlock& decoded) {
    for (const std::string& column : decoded.late_columns) {
      if (std::find(file.late_columns.begin(), file.late_columns.end(), column) ==
          file.late_columns.end()) {
        file.late_columns.push_back(column);
      }
    }
    for (const RejectCount& count : decoded.rejected_by_kind) {
      if (count.kind == RejectKind::kUserMissing) file.roles_missing.insert(Option::kUser);
      if (count.kind == RejectKind::kTimeMissing) file.roles_missing.insert(Option::kTime);
      if (count.kind == RejectKind::kEventMissing) file.roles_missing.insert(Option::kEvent);
    }
  }

  // A second user, time or event of rows that have the first is nothing to worry about. A value
  // that is left out is seen nowhere else. No option reads one column of some rows and another of
  // the rest, so a hint is given for the value alone. Returns whether a hint was given.
  bool tell_late_columns(const FileRun& file) {
    bool is_told = false;
    for (const std::string& column : file.late_columns) {
      const Option role = role_of_awaited(column);
      if (role != Option::kValue && !file.roles_missing.contains(role)) continue;
      const bool is_value = role == Option::kValue;
      report_.notes.push_back(
          {fmt::format("{}: column {} is not read as the {}: the first rows do not have it",
                       file.options.name, column, name_of(role)),
           is_value ? OptionHint(role, column) : OptionHint()});
      is_told = is_told || is_value;
    }
    return is_told;
  }

  // Returns whether a column was passed over that another reading would take.
  static bool has_passed_over(const FileRun& file) {
    const std::vector<HintedText>& columns = file.options.schema.passed_over;
    return std::any_of(columns.begin(), columns.end(),
                       [](const HintedText& column) { return names_another_reading(column.hint); });
  }

  void report_file(FileRun& file) {
    FileReport& report = file.report;
    const bool is_column_told = tell_late_columns(file);
    if (report.rows_read > 0) {
      for (std::string& note : file.notes_if_read) {
        report_.notes.push_back({std::move(note), {}});
      }
    }
    report.outcome = !file.known            ? FileReport::Outcome::kRead
                     : report.rows_read > 0 ? FileReport::Outcome::kResumed
                                            : FileReport::Outcome::kKnown;
    Refusals refused = file.refused_beyond;
    const auto add = [&](const KnownSource& source, std::uint64_t end) {
      const auto latest = refused_.find(source.id);
      refused.add((latest == refused_.end() ? source.refused : latest->second).before(end));
    };
    add(file.position, kToTheEnd);
    for (const SourceRegistry::Part& part : file.parts) {
      if (part.owner.id != file.position.id) add(part.owner, part.end);
    }
    if (file.keeps_times) times_kept_.push_back(file.options.name);
    const bool has_rows_in = file.has_good_rows || file.position.counted;
    report.rows_want_other_reading = has_rows_in && file.has_other_rejects;
    report.columns_want_other_reading = has_rows_in && (is_column_told || has_passed_over(file));
    report.refused = refused.counts();
    report.admitted = file.admitted.counts();
    report.refusals_known = file.position.refusals_unknown_before == 0;
    report_.files.push_back(report);
    unreported_.reset();
  }

  // Notes what limits refused of a block that is read for the first time, before the position
  // moves.
  void note_refused(FileRun& file, const Work& work) {
    // A record that was cut short is read again to its end.
    const bool goes_on = std::exchange(record_is_open_, work.block.in_long_record);
    if (work.decoded.refused.empty() && !goes_on) return;
    KnownSource& position = file.position;
    if (std::exchange(range_is_open_, true)) {
      position.refused.extend_last(work.block.end.offset, work.decoded.refused);
      return;
    }
    RefusedRange range;
    range.begin = position.mark.offset;
    range.end = work.block.end.offset;
    range.lines = position.lines;
    range.continues_line = position.tail;
    range.cut_line_bytes = file.options.cut_line_bytes;
    range.readings = {file.options.admission.now};
    range.refused = work.decoded.refused;
    position.refused.push_back(std::move(range));
  }

  void note_second_reading(FileRun& file, const Work& work) {
    FileRun::SecondReading& second = *file.second;
    const DecodedBlock& decoded = work.decoded;
    file.position.refused.read_again(second.range.begin, work.block.end.offset, lines_of_file_,
                                     std::exchange(second.goes_on, true),
                                     file.options.admission.now, decoded.decided, decoded.refused);
    second.range.begin = work.block.end.offset;
    file.position.counted = file.position.counted || decoded.good_rows > 0;
    second.of->admitted.add(decoded.admitted);
  }

  // Returns the error of a run that takes no row amiss.
  Status first_reject(const FileRun& file, const DecodedBlock& decoded) const {
    const BlockReject& reject = decoded.rejects.front();
    return Status::invalid_argument(fmt::format("{}:{}:{}: {}", file.options.name,
                                                lines_of_file_ + reject.line + 1,
                                                reject.fault.column, reject.fault.reason))
        .with_hint(reject.fault.helping_options());
  }

  void report_progress(bool last) {
    if (!hooks_.progress) return;
    const auto now = std::chrono::steady_clock::now();
    if (!last && now - progress_time_ < kProgressInterval) return;
    progress_time_ = now;
    hooks_.progress({blocks_.bytes_read(), bytes_total_, report_.rows_read, report_.rows_ingested});
  }

  Engine& engine_;
  const IngestHooks& hooks_;
  const BlockStage& blocks_;
  std::uint64_t bytes_total_;
  std::size_t waiting_bytes_max_;
  IngestReport report_;
  WordCounter null_users_;
  WordCounter null_values_;
  OddIds padded_users_, rounded_users_;
  std::vector<std::string> times_kept_;  // see FileRun::keeps_times
  std::vector<std::string> unended_;     // files whose last row was taken without its line end
  // Counts rows and lines of the files read in this run, by their reading and the hash of their
  // mark.
  std::map<std::array<std::uint64_t, 3>, std::pair<std::uint64_t, std::uint64_t>> counts_;
  // Holds what limits keep out of the sources that were read in this run, by the source's id.
  std::unordered_map<std::string, RefusedRanges> refused_;
  FileRun* open_file_ = nullptr;         // begun and not finished
  std::shared_ptr<FileRun> unreported_;  // whose parts were read again, and not yet what follows
  bool range_is_open_ = false;           // the last of its position's ranges is of this reading
  bool record_is_open_ = false;          // and ends within a record that was cut short
  std::uint64_t lines_of_file_ = 0;
  std::vector<PreparedBatch> waiting_;  // of the open file, to be ingested as one
  std::size_t waiting_rows_ = 0;
  std::size_t waiting_bytes_ = 0;
  PendingRejects rejects_;
  bool position_due_ = false;  // the open file's position has moved since it was ingested last
  std::chrono::steady_clock::time_point progress_time_ = std::chrono::steady_clock::now();
};

// Ingests what is waiting, and reports. `status` says how reading ended; what was read before an
// error stands.
Result<IngestReport> finish_run(Status status, IngestStage& ingest, const IngestHooks& hooks) {
  Status rest = status.ok() ? ingest.finish_open_file() : ingest.ingest_waiting();
  if (status.ok()) status = std::move(rest);
  IngestReport report = ingest.finish_report();
  if (status.ok() && !report.failures.empty()) status = report.failures.front();
  if (hooks.summary) {
    const Status told = guarded("ingest", [&] {
      hooks.summary(report);
      return Status();
    });
    if (status.ok()) status = told;
  }
  ROLLCALL_RETURN_IF_ERROR(status);
  return report;
}

Result<IngestReport> run_pipeline(Engine& engine, const std::vector<std::string>& paths,
                                  const SourceOptions& options, const IngestHooks& hooks) {
  ROLLCALL_ASSIGN_OR_RETURN(const ExpandedPaths expanded, expand_directories(paths));
  ROLLCALL_ASSIGN_OR_RETURN(const TimeZone zone, TimeZone::find(engine.settings().time_zone));
  Status status;
  Status next_status;  // of what reads, which may be ahead
  std::atomic<bool> stopped{false};
  std::shared_ptr<FileRun> file_begun;

  // Unlike the engine's workers, these have tasks that pass the gate.
  Workers workers(engine.options().threads_max);
  const std::size_t blocks_max = workers.thread_count() + 2;
  const std::size_t block_bytes_max =
      std::clamp(engine.options().memory_bytes_max * kDecodingShare / blocks_max / kBlockFootprint,
                 kWorthwhileBlockBytes, kBlockBytesMax);
  WorkPool pool;
  BlockStage blocks(engine, expanded.files, options, hooks, block_bytes_max, zone, pool);
  IngestStage ingest(engine, hooks, blocks, expanded);
  using WorkRead = std::shared_ptr<Work>;
  const auto next = [&]() -> WorkRead {
    Result<WorkRead> work = guarded(
        "ingest", [&]() -> Result<WorkRead> { return stopped ? WorkRead() : blocks.next(); });
    if (work.ok()) return *std::move(work);
    next_status = work.status();
    return nullptr;
  };
  const auto decode_block = [&](Work& work) {
    if (stopped) return;
    work.status = guarded("ingest", [&] {
      decode(engine, work);
      return work.status;
    });
  };
  const auto take = [&](std::shared_ptr<Work> work) {
    if (!stopped) {
      status = guarded("ingest", [&] {
        if (work->file != nullptr && work->file != file_begun) {
          file_begun = work->file;
          ingest.begin(*file_begun);
        }
        return ingest.take(*work);
      });
      stopped = !status.ok();
    }
    pool.give_back(std::move(work));
  };
  workers.pipeline(next, decode_block, take);
  if (status.ok()) status = blocks.tick_failure();
  if (status.ok()) status = std::move(next_status);
  return finish_run(std::move(status), ingest, hooks);
}

// Wraps `hook`, so that what it throws says which hook threw it.
template <class Returned, class... Arguments>
std::function<Returned(Arguments...)> named(std::string_view name,
                                            const std::function<Returned(Arguments...)>& hook) {
  if (!hook) return {};
  return [name, &hook](Arguments... arguments) -> Returned {
    try {
      return hook(arguments...);
    } catch (...) {
      throw std::runtime_error(caught_exception(name).message());
    }
  };
}

// Returns hooks whose errors name them. They refer to those of the caller.
IngestHooks named_hooks(const IngestHooks& hooks) {
  IngestHooks own = hooks;
  own.progress = named("the hook \"progress\"", hooks.progress);
  own.schema = named("the hook \"schema\"", hooks.schema);
  own.summary = named("the hook \"summary\"", hooks.summary);
  own.reject = named("the hook \"reject\"", hooks.reject);
  return own;
}

}  // namespace

Result<IngestReport> ingest_files(Engine& engine, const std::vector<std::string>& paths,
                                  const SourceOptions& options, const IngestHooks& hooks) {
  // If the engine takes no call, nothing is read, because what was read of a pipe would be lost.
  ROLLCALL_RETURN_IF_ERROR(engine.prepare({}).status());
  ROLLCALL_RETURN_IF_ERROR(check_source_options(options));
  Result<IngestReport> report =
      guarded("ingest", [&] { return run_pipeline(engine, paths, options, named_hooks(hooks)); });
  // What stands shall last, whatever came after it.
  Status durable = engine.checkpoint();
  if (report.ok() && !durable.ok()) return durable;
  return report;
}

}  // namespace rollcall
