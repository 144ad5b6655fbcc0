// The pipeline of ingest_files: blocks are read one after the other, decoded in parallel, and
// ingested in their order.

#include <fmt/format.h>
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

#include "core/guard.h"
#include "core/source/batch_builder.h"
#include "core/source/content_reader.h"
#include "core/source/file_run.h"
#include "core/source/native_format.h"
#include "core/source/pending_rejects.h"
#include "core/source/row_decoder.h"
#include "core/source/row_sample.h"
#include "core/source/schema_inspector.h"
#include "core/source/source_identity.h"
#include "core/source/source_paths.h"
#include "core/source/source_reading.h"
#include "core/source/text_block_reader.h"
#include "core/time_zone.h"
#include "core/workers.h"
#include "rollcall/file_source.h"

namespace rollcall {
namespace {

constexpr std::size_t kBlockBytesMin = 1, kBlockBytesMax = std::size_t{1} << 30;
constexpr auto kProgressInterval = std::chrono::milliseconds(200);
// The shares of the engine's memory that may wait to be ingested, and be read and decoded.
constexpr std::size_t kWaitingShare = 16;
constexpr std::size_t kDecodingShare = 16;
// What a block takes, with what it is decoded to, is about this many times its text.
constexpr std::size_t kBlockFootprint = 6;
constexpr std::uint64_t kToTheEnd = std::numeric_limits<std::uint64_t>::max();
// Smaller blocks cost more time than they save memory.
constexpr std::size_t kWorthwhileBlockBytes = std::size_t{64} << 10;

// What goes down the pipeline: a block of a file, the end of a file, or an error.
struct Work {
  std::shared_ptr<FileRun> file;
  Status status;
  bool end_of_file = false;
  bool continues_line = false;
  bool moves = false;  // the file's position, to the end of the block
  SourceBlock block;
  bool is_decoded = false;
  DecodedBlock decoded;
};

void decode(const Engine& engine, Work& work) {
  if (!work.status.ok() || work.end_of_file || work.is_decoded) return;
  std::unique_ptr<RowDecoder> decoder = work.file->take_decoder(engine);
  work.status = decoder->decode(work.block, work.continues_line, work.decoded);
  work.is_decoded = true;
  work.file->give_back(std::move(decoder));
}

// Blocks are reused: fresh memory costs more than reading into it.
class WorkPool {
 public:
  std::shared_ptr<Work> take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return std::make_shared<Work>();
    std::shared_ptr<Work> work = std::move(idle_.back());
    idle_.pop_back();
    return work;
  }
  void give_back(std::shared_ptr<Work> work) {
    work->file.reset();
    work->status = {};
    work->end_of_file = work->continues_line = work->is_decoded = false;
    work->decoded = {};
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(work));
  }

 private:
  std::mutex mutex_;
  std::vector<std::shared_ptr<Work>> idle_;
};

// Whether a slow source, of which `head` has come so far, says how it is to be read: `is_planned`
// tells whether a plan comes of it. What is wrong with the source is not waited for, either.
template <class IsPlanned>
bool is_enough(std::string_view head, const SourceOptions& options, const IsPlanned& is_planned) {
  constexpr std::ptrdiff_t kLinesEnough = 100;
  const bool has_header = options.header.value_or(options.columns.empty());
  const std::ptrdiff_t lines_min = head.starts_with(kNativeMagic)         ? 0
                                   : head.starts_with('{') || !has_header ? 1
                                                                          : 2;
  const std::ptrdiff_t lines = std::count(head.begin(), head.end(), '\n');
  return lines >= kLinesEnough || (lines >= lines_min && is_planned());
}

// The first stage: opens one file after the other and reads its blocks.
class BlockStage {
 public:
  BlockStage(Engine& engine, std::vector<std::string> paths, const SourceOptions& options,
             const IngestHooks& hooks, std::size_t block_bytes_max, const TimeZone& zone,
             WorkPool& pool)
      : engine_(engine),
        settings_(engine.settings()),
        paths_(std::move(paths)),
        options_(options),
        rejects_max_(hooks.reject ? std::numeric_limits<std::size_t>::max() : kExamplesMax),
        block_bytes_(std::clamp(hooks.batch_bytes, kBlockBytesMin, block_bytes_max)),
        zone_(zone),
        pool_(pool),
        limits_(options, engine.options()),
        registry_(engine.sources()),
        wait_{hooks.stop, [this] { return tick(); }} {}

  // Null at the end. A file that cannot be read, or goes wrong later, is left for the next one.
  std::shared_ptr<Work> next() {
    if (file_ && file_->failed) abandon();
    if (!file_ && to_read_.empty() && next_path_ == paths_.size()) return nullptr;
    // What has come through a pipe is handed on first: nobody can read it again.
    const bool can_be_read_again = !file_ || file_->identified;
    if (wait_.stop.stop_requested() && can_be_read_again) return stopped({});
    std::shared_ptr<Work> work = pool_.take();
    if (!file_ && to_read_.empty()) work->status = open(paths_[next_path_++]);
    if (!file_ && work->status.ok()) work->status = start();
    work->file = file_;
    if (work->status.ok()) work->status = read(*work);
    if (work->status.code() == StatusCode::kCancelled) {
      const std::string& path = paths_[next_path_ - 1];
      const bool lost = !work->status.message().empty() && !stored_size(path);
      return stopped(lost ? fmt::format("{}: {}", path == "-" ? "standard input" : path,
                                        work->status.message())
                          : std::string());
    }
    if (!work->status.ok()) {
      abandon();
    } else if (work->end_of_file) {
      close();
    }
    return work;
  }

  // Whether it ended early, as it was asked to.
  bool was_stopped() const { return was_stopped_; }
  // What was read and is lost by that; may be empty.
  const std::string& stop_note() const { return stop_note_; }
  // What went wrong while nothing came.
  const Status& tick_failure() const { return tick_failure_; }

  // As stored; of all files read so far. Any thread.
  std::uint64_t bytes_read() const { return bytes_read_.load(std::memory_order_relaxed); }

 private:
  std::shared_ptr<Work> stopped(std::string note) {
    was_stopped_ = true;
    stop_note_ = std::move(note);
    return nullptr;
  }

  // The engine looks at the clock when a batch comes. While none does, one without rows keeps its
  // promise of checkpoints by age.
  Status tick() {
    tick_failure_ = engine_.ingest(std::vector<PreparedBatch>());
    return tick_failure_.ok() ? Status() : stopped_within(0);
  }

  // Finds out what is to be read of the next path.
  Status open(const std::string& path) {
    ROLLCALL_ASSIGN_OR_RETURN(ContentReader content, ContentReader::open(path, wait_));
    const auto enough = [&](std::string_view so_far) {
      return is_enough(so_far, options_, [&] {
        return plan_reading(path, so_far, false, options_, settings_.dimensions, zone_, nullptr)
            .ok();
      });
    };
    ROLLCALL_ASSIGN_OR_RETURN(const std::string_view looked_at, content.head(enough));
    const std::string head(looked_at);
    auto file = std::make_shared<FileRun>();
    DecoderOptions& decoding = file->options;
    file->report.path = path;
    decoding.name = path == "-" ? "standard input" : path;
    decoding.zone = zone_;
    decoding.rejects_max = rejects_max_;
    decoding.admission.now = limits_;
    decoding.cut_line_bytes = options_.line_bytes_max;
    const bool complete = content.head_is_all();
    const bool empty = holds_nothing(head, complete);
    const auto plan = [&](const SourceReading* known) {
      return plan_reading(decoding.name, head, complete, options_, settings_.dimensions, zone_,
                          known);
    };
    file->identified = !empty && stored_size(path).has_value();
    if (file->identified) {
      ROLLCALL_RETURN_IF_ERROR(recognize(path, std::move(content), plan, *file));
    } else {
      content_.emplace(std::move(content));
    }
    if (!empty) {
      ROLLCALL_ASSIGN_OR_RETURN(ReadingPlan chosen,
                                plan(file->known ? &file->position.reading : nullptr));
      decoding.schema = std::move(chosen.schema);
      decoding.source = std::move(chosen.options);
      for (const std::string& name : decoding.schema.absent) {
        file->notes.push_back(fmt::format(
            "{}: no column {}: it is empty in every row{}", decoding.name, name,
            decoding.schema.format == FileFormat::kDelimited ? "" : " that does not have it"));
      }
    }
    for (SourceRegistry::Part& part : file->parts) {
      for (RefusedRange& range : part.due) {
        auto again = std::make_shared<FileRun>();
        again->options = file->options;
        again->options.admission.before = range.readings;
        again->options.cut_line_bytes = range.cut_line_bytes;
        again->identified = true;
        again->known = true;
        again->position = part.owner;
        again->second = {file, std::move(range), false};
        to_read_.push_back(std::move(again));
      }
    }
    to_read_.push_back(std::move(file));
    return {};
  }

  // Begins with the next reading of the path: those of parts that were read before come first.
  Status start() {
    std::shared_ptr<FileRun> file = std::move(to_read_.front());
    to_read_.pop_front();
    ContentReader* content = &*content_;
    continues_line_ = file->position.tail;
    if (file->second) {
      const RefusedRange& range = file->second->range;
      if (!content_again_) {
        ROLLCALL_ASSIGN_OR_RETURN(ContentReader opened,
                                  ContentReader::open(file->second->of->report.path, wait_));
        content_again_.emplace(std::move(opened));
      }
      content = &*content_again_;
      content->end_at(range.end);
      ROLLCALL_ASSIGN_OR_RETURN(const bool reached, content->skip_to(range.begin));
      if (!reached) {
        return Status::io_error(
            fmt::format("{}: it has changed while it was read", file->second->of->report.path));
      }
      continues_line_ = range.continues_line;
    }
    position_moved_ = false;
    const DecoderOptions& decoding = file->options;
    if (decoding.schema.format == FileFormat::kNative) {
      native_.emplace(decoding.name, *content);
    } else {
      const SourceSchema& schema = decoding.schema;
      RecordSyntax syntax = record_syntax(schema, decoding.source);
      syntax.line_bytes_max = decoding.cut_line_bytes;
      text_.emplace(*content, syntax, block_bytes_, schema.skip_lines,
                    decoding.admission.line_bytes_max());
    }
    file_ = std::move(file);
    return {};
  }

  // Sets `file`'s position and `content_`, which then stands there. `plan` as plan_reading.
  template <class Plan>
  Status recognize(const std::string& path, ContentReader content, const Plan& plan,
                   FileRun& file) {
    const auto read_as = [&](const SourceReading* known) -> Result<SourceReading> {
      ROLLCALL_ASSIGN_OR_RETURN(ReadingPlan planned, plan(known));
      return std::move(planned.reading);
    };
    ROLLCALL_ASSIGN_OR_RETURN(SourceRegistry::Recognized recognized,
                              registry_.recognize(path, std::move(content), read_as));
    if (recognized.otherwise && !options_.again) {
      return Status::invalid_argument(fmt::format(
          "{}: it was read before in another way, and its rows would count twice: with {}; now "
          "with {} (allowed: the same; or --again, to have them count again)",
          path, recognized.otherwise->describe(), recognized.source.reading.describe()));
    }
    file.known = recognized.known;
    file.position = position_ = recognized.source;
    content_.emplace(std::move(recognized.content));
    if (file.known) {
      file.parts = registry_.take_due(file.position, limits_);
      position_.refused = {};  // from here on the last stage knows better
      const Result<SourceReading> guessed = read_as(nullptr);
      if (guessed.ok() && guessed->key() != file.position.reading.key()) {
        file.notes_if_read.push_back(fmt::format("{}: it is read on as it was before: {}", path,
                                                 file.position.reading.describe()));
      }
    }
    return {};
  }

  Status read(Work& work) {
    const Result<bool> more = native_ ? native_->next(work.block) : text_->next(work.block);
    bytes_read_.store(bytes_closed_ + content_->stored_bytes_read(), std::memory_order_relaxed);
    ROLLCALL_RETURN_IF_ERROR(more.status());
    work.continues_line = std::exchange(continues_line_, false);
    if (*more && file_->second) {
      work.moves = true;
      return {};
    }
    if (*more) {
      // Damage must be known before the first row counts: undamaged, the file may begin otherwise.
      if (file_->identified && !position_moved_ && content_->is_compressed()) {
        ROLLCALL_RETURN_IF_ERROR(check_to_the_end(file_->report.path, wait_));
      }
      // An unfinished record that holds no good row may be the beginning of one: it is read again,
      // should it grow. Another file of this run may be what it has grown to, so that it has to be
      // known here and now.
      if (work.block.unfinished) decode(engine_, work);
      work.moves = !work.block.unfinished || work.decoded.good_rows > 0;
      if (work.moves) {
        position_.mark = work.block.end;
        position_.tail = work.block.tail;
        position_.counted = true;
        position_moved_ = true;
      }
      return work.status;
    }
    if (!file_->second && content_->is_unchecked()) {
      file_->notes_if_read.push_back(
          fmt::format("{}: it is compressed without a checksum, so that damage to it may go "
                      "unnoticed (zstd --check adds one)",
                      file_->options.name));
    }
    work.end_of_file = true;
    return {};
  }

  // The same content may come again in this run, before its last batch is ingested, and after a
  // part of it could not be read.
  void remember() {
    const KnownSource& position = file_->failed ? file_->position : position_;
    if (file_->identified && !file_->second && position_moved_ && position.mark.offset > 0) {
      registry_.update(position);
    }
  }

  // Ends a reading.
  void close() {
    if (file_) remember();
    text_.reset();
    native_.reset();
    file_.reset();
    if (to_read_.empty()) {
      if (content_) bytes_closed_ += content_->stored_bytes_read();
      content_.reset();
      content_again_.reset();
    }
  }

  // Leaves the path for the next one.
  void abandon() {
    to_read_.clear();
    close();
  }

  Engine& engine_;
  const StoreSettings& settings_;
  std::vector<std::string> paths_;
  const SourceOptions& options_;
  std::size_t rejects_max_;
  std::size_t block_bytes_;
  const TimeZone& zone_;
  WorkPool& pool_;
  Limits limits_;
  SourceRegistry registry_;
  const SourceWait wait_;

  bool was_stopped_ = false;
  std::string stop_note_;
  Status tick_failure_;
  std::size_t next_path_ = 0;
  std::deque<std::shared_ptr<FileRun>> to_read_;  // of the last path
  std::shared_ptr<FileRun> file_;
  KnownSource position_;  // of file_, as far as it is read
  bool position_moved_ = false;
  std::optional<ContentReader> content_;        // of the path, where its position is
  std::optional<ContentReader> content_again_;  // the same, where it is read for a second time
  std::optional<TextBlockReader> text_;         // one of the two
  std::optional<NativeBlockReader> native_;
  bool continues_line_ = false;
  std::uint64_t bytes_closed_ = 0;
  std::atomic<std::uint64_t> bytes_read_{0};
};

std::uint64_t total_size(const std::vector<std::string>& paths) {
  std::uint64_t total = 0;
  for (const std::string& path : paths) {
    const auto size = stored_size(path);
    if (!size) return 0;
    total += *size;
  }
  return total;
}

// The last stage: gathers batches, ingests them and reports.
class IngestStage {
 public:
  IngestStage(Engine& engine, const IngestHooks& hooks, const BlockStage& blocks,
              ExpandedPaths paths)
      : engine_(engine),
        hooks_(hooks),
        blocks_(blocks),
        bytes_total_(total_size(paths.files)),
        waiting_bytes_max_(engine.options().memory_bytes_max / kWaitingShare) {
    report_.notes = std::move(paths.notes);
  }

  Status take(Work& work) {
    if (!work.status.ok()) return fail(work);
    FileRun& file = *work.file;
    if (file.failed) return {};
    if (work.end_of_file) return finish(file, true);
    DecodedBlock& decoded = work.decoded;
    if (hooks_.strict && !decoded.rejects.empty()) return first_reject(file, decoded);
    for (const WordCount& count : decoded.null_users) null_users_.add(count.word, count.rows);
    for (const WordCount& count : decoded.null_values) null_values_.add(count.word, count.rows);
    for (const std::string& column : decoded.late_values) {
      if (!file.late_values.insert(column).second) continue;
      report_.notes.push_back(fmt::format(
          "{}: column {} is not read as the value: the first rows do not have it (--value {} reads "
          "it)",
          file.options.name, column, column));
    }
    rejects_.add(file.options.name, lines_of_file_, decoded);
    if (!file.second) file.report.rows_read += decoded.rows;
    lines_of_file_ += decoded.lines;
    if (file.second) {
      position_due_ = true;
      note_second_reading(file, work);
    } else if (file.identified && work.moves) {
      position_due_ = true;
      note_refused(file, work);
      file.position.mark = work.block.end;
      file.position.tail = work.block.tail;
      file.position.rows += decoded.rows;
      file.position.counted = file.position.counted || decoded.good_rows > 0;
      // The line end of a tail is not in the file.
      file.position.lines += decoded.lines - (work.block.tail ? 1 : 0);
    } else {
      file.refused_beyond.add(decoded.refused);
    }
    if (decoded.batch) {
      waiting_rows_ += decoded.good_rows;
      waiting_bytes_ += decoded.batch->memory_bytes();
      waiting_.push_back(*std::move(decoded.batch));
    }
    // What comes next through a pipe may be long in coming.
    if (!file.identified || waiting_rows_ + rejects_.rows() >= hooks_.batch_rows ||
        waiting_bytes_ + rejects_.memory_bytes() >= waiting_bytes_max_) {
      ROLLCALL_RETURN_IF_ERROR(ingest_waiting());
    }
    report_progress(false);
    return {};
  }

  // Ingests what has been gathered, and has the open file's position say so; then tells of the rows
  // before it that were rejected. What fails is not tried again.
  Status ingest_waiting() {
    if (!waiting_.empty() || position_due_) ROLLCALL_RETURN_IF_ERROR(ingest_batches());
    rejects_.tell(hooks_.reject, report_);
    return {};
  }

  // The file that the next work belongs to begins.
  void begin(FileRun& file) {
    // What was read in this run was not yet counted when the file was recognized.
    KnownSource& position = file.position;
    const std::uint64_t reading = position.reading.hash();
    count(reading, position.mark.hash, position.rows, position.lines);
    for (KnownSource::End& end : position.earlier_ends) {
      count(reading, end.hash, end.rows, end.lines);
    }
    if (const auto latest = refused_.find(position.id); latest != refused_.end()) {
      position.refused = latest->second;
    }
    open_file_ = &file;
    range_is_open_ = false;
    lines_of_file_ = file.second ? file.second->range.lines : position.lines;
    if (file.second) return;
    file.report.rows_known = position.rows;
    for (std::string& note : file.notes) report_.notes.push_back(std::move(note));
    if (hooks_.schema && !file.options.schema.columns.empty()) {
      hooks_.schema(file.options.name, file.options.schema);
    }
  }

  // The end of a file that the run was stopped in.
  Status finish_open_file() {
    if (open_file_ != nullptr) return finish(*open_file_, false);
    if (unreported_ != nullptr) report_file(*unreported_);
    return {};
  }

  // `blocks` have come to their end.
  IngestReport finish_report() {
    report_progress(true);
    report_.stopped = blocks_.was_stopped();
    if (!blocks_.stop_note().empty()) report_.notes.push_back(blocks_.stop_note());
    std::stable_sort(report_.rejected_by_kind.begin(), report_.rejected_by_kind.end(),
                     [](const RejectCount& a, const RejectCount& b) { return a.rows > b.rows; });
    report_.null_users = most_frequent_first(null_users_.counts());
    report_.null_values = most_frequent_first(null_values_.counts());
    return std::move(report_);
  }

 private:
  static std::vector<WordCount> most_frequent_first(std::vector<WordCount> counts) {
    std::sort(counts.begin(), counts.end(), [](const WordCount& a, const WordCount& b) {
      return std::tie(b.rows, a.word) < std::tie(a.rows, b.word);
    });
    return counts;
  }

  Status ingest_batches() {
    const SourcePosition position = open_file_->position.to_position();
    const std::size_t rows = std::exchange(waiting_rows_, 0);
    waiting_bytes_ = 0;
    position_due_ = false;
    ROLLCALL_RETURN_IF_ERROR(engine_.ingest(
        std::exchange(waiting_, {}), {.position = open_file_->identified ? &position : nullptr}));
    report_.rows_read += rows;
    report_.rows_ingested += rows;
    return {};
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
      ROLLCALL_RETURN_IF_ERROR(finish(*work.file, false));
      work.file->failed = true;
    }
    report_.failures.push_back(std::move(work.status));
    return {};
  }

  // `ended`: all of it is read.
  Status finish(FileRun& file, bool ended) {
    ROLLCALL_RETURN_IF_ERROR(ingest_waiting());
    open_file_ = nullptr;
    if (file.identified) {
      KnownSource& position = file.position;
      position.refused.drop_empty();
      refused_[position.id] = position.refused;
      counts_[{position.reading.hash(), position.mark.hash.high64, position.mark.hash.low64}] = {
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

  void report_file(FileRun& file) {
    FileReport& report = file.report;
    if (report.rows_read > 0) {
      for (std::string& note : file.notes_if_read) report_.notes.push_back(std::move(note));
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
    report.refused = refused.counts();
    report.admitted = file.admitted.counts();
    report.refusals_known = file.position.refusals_unknown_before == 0;
    report_.files.push_back(report);
    unreported_.reset();
  }

  // What limits refused of a block that is read for the first time; before the position moves.
  void note_refused(FileRun& file, const Work& work) {
    if (work.decoded.refused.empty()) return;
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

  // Of a run that takes no row amiss.
  Status first_reject(const FileRun& file, const DecodedBlock& decoded) const {
    const BlockReject& reject = decoded.rejects.front();
    return Status::invalid_argument(fmt::format("{}:{}:{}: {}", file.options.name,
                                                lines_of_file_ + reject.line + 1,
                                                reject.fault.column, reject.fault.reason));
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
  // Rows and lines of the files read in this run, by their reading and the hash of their mark.
  std::map<std::array<std::uint64_t, 3>, std::pair<std::uint64_t, std::uint64_t>> counts_;
  // What limits keep out of the sources that were read in this run, by the source's id.
  std::unordered_map<std::string, RefusedRanges> refused_;
  FileRun* open_file_ = nullptr;         // begun and not finished
  std::shared_ptr<FileRun> unreported_;  // whose parts were read again, and not yet what follows
  bool range_is_open_ = false;           // the last of its position's ranges is of this reading
  std::uint64_t lines_of_file_ = 0;
  std::vector<PreparedBatch> waiting_;  // of the open file, to be ingested as one
  std::size_t waiting_rows_ = 0;
  std::size_t waiting_bytes_ = 0;
  PendingRejects rejects_;
  bool position_due_ = false;  // the open file's position has moved since it was ingested last
  std::chrono::steady_clock::time_point progress_time_ = std::chrono::steady_clock::now();
};

Result<IngestReport> run_pipeline(Engine& engine, const std::vector<std::string>& paths,
                                  const SourceOptions& options, const IngestHooks& hooks) {
  ROLLCALL_ASSIGN_OR_RETURN(const ExpandedPaths expanded, expand_directories(paths));
  ROLLCALL_ASSIGN_OR_RETURN(const TimeZone zone, TimeZone::find(engine.settings().time_zone));
  Status status;
  Status next_status;  // of what reads, which may be ahead
  std::atomic<bool> stopped{false};
  std::shared_ptr<FileRun> file_begun;

  // Unlike the engine's, these have tasks that pass the gate.
  Workers workers(engine.options().threads_max);
  const std::size_t blocks_max = workers.thread_count() + 2;
  const std::size_t block_bytes_max =
      std::clamp(engine.options().memory_bytes_max / kDecodingShare / blocks_max / kBlockFootprint,
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
  // What was read before an error stands.
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

// `hook`, so that what it throws says which one threw it.
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

// They refer to those of the caller.
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
  // Of an engine that takes no call, nothing is read: a pipe would have lost it.
  ROLLCALL_RETURN_IF_ERROR(engine.prepare({}).status());
  Result<IngestReport> report =
      guarded("ingest", [&] { return run_pipeline(engine, paths, options, named_hooks(hooks)); });
  // What stands shall last, whatever came after it.
  Status durable = engine.checkpoint();
  if (report.ok() && !durable.ok()) return durable;
  return report;
}

}  // namespace rollcall
