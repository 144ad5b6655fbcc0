// The pipeline of ingest_files: blocks are read one after the other, decoded in parallel, and
// ingested in their order.

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <exception>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "core/memory_policy.h"
#include "core/source/content_reader.h"
#include "core/source/native_format.h"
#include "core/source/row_decoder.h"
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

constexpr std::size_t kExamplesMax = 10;
constexpr std::size_t kBlockBytesMin = 1, kBlockBytesMax = std::size_t{1} << 30;
constexpr auto kProgressInterval = std::chrono::milliseconds(200);
// What a block takes, with what it is decoded to, is about this many times its text.
constexpr std::size_t kBlockFootprint = 6;
// Smaller blocks cost more time than they save memory.
constexpr std::size_t kWorthwhileBlockBytes = std::size_t{64} << 10;

// One file of a run. The reading stage makes it, decoders share it, the last stage reports on it.
struct FileRun {
  DecoderOptions options;
  bool identified = false;  // its position is committed once it moves
  KnownSource position;     // the last stage's, as far as it is ingested
  bool known = false;
  std::atomic<bool> failed{false};  // some of it cannot be read: what follows is not looked at
  FileReport report;
  std::vector<std::string> notes;
  std::string note_if_read;  // to be told if any row is

  std::unique_ptr<RowDecoder> take_decoder(const Engine& engine) {
    {
      const std::lock_guard lock(mutex);
      if (!idle_decoders.empty()) {
        std::unique_ptr<RowDecoder> decoder = std::move(idle_decoders.back());
        idle_decoders.pop_back();
        return decoder;
      }
    }
    return RowDecoder::make(engine, options);
  }
  void give_back(std::unique_ptr<RowDecoder> decoder) {
    const std::lock_guard lock(mutex);
    idle_decoders.push_back(std::move(decoder));
  }

  std::mutex mutex;
  std::vector<std::unique_ptr<RowDecoder>> idle_decoders;
};

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

// The first stage: opens one file after the other and reads its blocks.
class BlockStage {
 public:
  BlockStage(const Engine& engine, std::vector<std::string> paths, const SourceOptions& options,
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
        registry_(engine.sources()) {}

  // Null at the end. A file that cannot be read, or goes wrong later, is left for the next one.
  std::shared_ptr<Work> next() {
    if (file_ && file_->failed) close();
    if (!file_ && next_path_ == paths_.size()) return nullptr;
    std::shared_ptr<Work> work = pool_.take();
    if (!file_) work->status = open(paths_[next_path_++]);
    work->file = file_;
    if (work->status.ok()) work->status = read(*work);
    if (!work->status.ok() || work->end_of_file) close();
    return work;
  }

  // As stored; of all files read so far. Any thread.
  std::uint64_t bytes_read() const { return bytes_read_.load(std::memory_order_relaxed); }

 private:
  Status open(const std::string& path) {
    ROLLCALL_ASSIGN_OR_RETURN(ContentReader content, ContentReader::open(path));
    ROLLCALL_ASSIGN_OR_RETURN(const std::string_view looked_at, content.head());
    const std::string head(looked_at);
    auto file = std::make_shared<FileRun>();
    DecoderOptions& decoding = file->options;
    file->report.path = path;
    decoding.name = path == "-" ? "standard input" : path;
    decoding.zone = zone_;
    decoding.rejects_max = rejects_max_;
    const bool complete = head.size() < kHeadBytes;
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
    continues_line_ = file->position.tail;
    position_moved_ = false;
    if (file->options.schema.format == FileFormat::kNative) {
      native_.emplace(file->options.name, *content_);
    } else {
      const SourceSchema& schema = file->options.schema;
      const bool quotes = schema.format == FileFormat::kDelimited && schema.delimiter != ' ';
      text_.emplace(*content_, RecordSyntax{schema.delimiter, quotes, options_.line_bytes_max},
                    block_bytes_);
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
      const Result<SourceReading> guessed = read_as(nullptr);
      if (guessed.ok() && guessed->key() != file.position.reading.key()) {
        file.note_if_read = fmt::format("{}: it is read on as it was before: {}", path,
                                        file.position.reading.describe());
      }
    }
    return {};
  }

  Status read(Work& work) {
    const Result<bool> more = native_ ? native_->next(work.block) : text_->next(work.block);
    bytes_read_.store(bytes_closed_ + content_->stored_bytes_read(), std::memory_order_relaxed);
    ROLLCALL_RETURN_IF_ERROR(more.status());
    work.continues_line = std::exchange(continues_line_, false);
    if (*more) {
      // Damage must be known before the first row counts: undamaged, the file may begin otherwise.
      if (file_->identified && !position_moved_ && content_->is_compressed()) {
        ROLLCALL_RETURN_IF_ERROR(check_to_the_end(file_->report.path));
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
    work.end_of_file = true;
    return {};
  }

  // The same content may come again in this run, before its last batch is ingested, and after a
  // part of it could not be read.
  void remember() {
    const KnownSource& position = file_->failed ? file_->position : position_;
    if (file_->identified && position_moved_ && position.mark.offset > 0) {
      registry_.update(position);
    }
  }

  void close() {
    if (file_) remember();
    if (content_) bytes_closed_ += content_->stored_bytes_read();
    text_.reset();
    native_.reset();
    content_.reset();
    file_.reset();
  }

  const Engine& engine_;
  const StoreSettings& settings_;
  std::vector<std::string> paths_;
  const SourceOptions& options_;
  std::size_t rejects_max_;
  std::size_t block_bytes_;
  const TimeZone& zone_;
  WorkPool& pool_;
  SourceRegistry registry_;

  std::size_t next_path_ = 0;
  std::shared_ptr<FileRun> file_;
  KnownSource position_;  // of file_, as far as it is read
  bool position_moved_ = false;
  std::optional<ContentReader> content_;
  std::optional<TextBlockReader> text_;  // one of the two
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
    if (work.end_of_file) return finish(file);
    ROLLCALL_RETURN_IF_ERROR(report_rejects(work));

    DecodedBlock& decoded = work.decoded;
    report_.rows_read += decoded.rows - decoded.good_rows;
    report_.rows_rejected += decoded.rows - decoded.good_rows;
    file.report.rows_read += decoded.rows;
    lines_of_file_ += decoded.lines;
    if (file.identified && work.moves) {
      position_due_ = true;
      file.position.mark = work.block.end;
      file.position.tail = work.block.tail;
      file.position.rows += decoded.rows;
      file.position.counted = file.position.counted || decoded.good_rows > 0;
      // The line end of a tail is not in the file.
      file.position.lines += decoded.lines - (work.block.tail ? 1 : 0);
    }
    if (decoded.batch) {
      waiting_rows_ += decoded.good_rows;
      waiting_bytes_ += decoded.batch->memory_bytes();
      waiting_.push_back(*std::move(decoded.batch));
      // What comes next through a pipe may be long in coming.
      if (!file.identified || waiting_rows_ >= hooks_.batch_rows ||
          waiting_bytes_ >= waiting_bytes_max_) {
        ROLLCALL_RETURN_IF_ERROR(ingest_waiting());
      }
    }
    report_progress(false);
    return {};
  }

  // Ingests what has been gathered, and has the open file's position say so. What fails is not
  // tried again.
  Status ingest_waiting() {
    if (waiting_.empty() && !position_due_) return {};
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

  // The file that the next work belongs to begins.
  void begin(FileRun& file) {
    // What was read in this run was not yet counted when the file was recognized.
    KnownSource& position = file.position;
    const std::uint64_t reading = position.reading.hash();
    count(reading, position.mark.hash, position.rows, position.lines);
    for (KnownSource::End& end : position.earlier_ends) {
      count(reading, end.hash, end.rows, end.lines);
    }
    open_file_ = &file;
    file.report.rows_known = file.position.rows;
    lines_of_file_ = file.position.lines;
    for (std::string& note : file.notes) report_.notes.push_back(std::move(note));
    if (hooks_.schema && !file.options.schema.columns.empty()) {
      hooks_.schema(file.options.name, file.options.schema);
    }
  }

  // The end of a file that the run was stopped in.
  Status finish_open_file() { return open_file_ == nullptr ? Status() : finish(*open_file_); }

  IngestReport finish_report() {
    report_progress(true);
    std::stable_sort(report_.rejected_by_kind.begin(), report_.rejected_by_kind.end(),
                     [](const RejectCount& a, const RejectCount& b) { return a.rows > b.rows; });
    return std::move(report_);
  }

 private:
  // Sets the rows and lines before a mark that was reached in this run.
  void count(std::uint64_t reading, XXH128_hash_t mark, std::uint64_t& rows,
             std::uint64_t& lines) const {
    const auto found = counts_.find({reading, mark.high64, mark.low64});
    if (found != counts_.end()) std::tie(rows, lines) = found->second;
  }

  // What was read of the file before it failed stands.
  Status fail(Work& work) {
    if (hooks_.strict) return work.status;
    if (work.file != nullptr) {
      if (work.file->failed) return {};
      ROLLCALL_RETURN_IF_ERROR(finish(*work.file));
      work.file->failed = true;
    }
    report_.failures.push_back(std::move(work.status));
    return {};
  }

  Status finish(FileRun& file) {
    ROLLCALL_RETURN_IF_ERROR(ingest_waiting());
    open_file_ = nullptr;
    if (file.identified) {
      const KnownSource& position = file.position;
      counts_[{position.reading.hash(), position.mark.hash.high64, position.mark.hash.low64}] = {
          position.rows, position.lines};
    }
    if (!file.note_if_read.empty() && file.report.rows_read > 0) {
      report_.notes.push_back(std::move(file.note_if_read));
    }
    file.report.outcome = !file.known                 ? FileReport::Outcome::kRead
                          : file.report.rows_read > 0 ? FileReport::Outcome::kResumed
                                                      : FileReport::Outcome::kKnown;
    report_.files.push_back(file.report);
    return {};
  }

  Status report_rejects(Work& work) {
    for (BlockReject& reject : work.decoded.rejects) {
      RejectedRow row;
      row.file = work.file->options.name;
      row.line = lines_of_file_ + reject.line + 1;
      row.column = reject.fault.column;
      row.reason = std::move(reject.fault.reason);
      row.kind = reject.fault.kind;
      row.row = reject.record;
      if (hooks_.reject) hooks_.reject(row);
      if (hooks_.strict) {
        return Status::invalid_argument(
            fmt::format("{}:{}:{}: {}", row.file, row.line, row.column, row.reason));
      }
      if (report_.examples.size() < kExamplesMax) report_.examples.push_back(std::move(row));
    }
    for (const RejectCount& count : work.decoded.rejected_by_kind) {
      const auto found =
          std::find_if(report_.rejected_by_kind.begin(), report_.rejected_by_kind.end(),
                       [&](const RejectCount& known) { return known.kind == count.kind; });
      if (found == report_.rejected_by_kind.end()) {
        report_.rejected_by_kind.push_back(count);
      } else {
        found->rows += count.rows;
      }
    }
    return {};
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
  // Rows and lines of the files read in this run, by their reading and the hash of their mark.
  std::map<std::array<std::uint64_t, 3>, std::pair<std::uint64_t, std::uint64_t>> counts_;
  FileRun* open_file_ = nullptr;  // begun and not finished
  std::uint64_t lines_of_file_ = 0;
  std::vector<PreparedBatch> waiting_;  // of the open file, to be ingested as one
  std::size_t waiting_rows_ = 0;
  std::size_t waiting_bytes_ = 0;
  bool position_due_ = false;  // the open file's position has moved since it was ingested last
  std::chrono::steady_clock::time_point progress_time_ = std::chrono::steady_clock::now();
};

Result<IngestReport> run_pipeline(Engine& engine, const std::vector<std::string>& paths,
                                  const SourceOptions& options, const IngestHooks& hooks) {
  ROLLCALL_ASSIGN_OR_RETURN(const ExpandedPaths expanded, expand_directories(paths));
  ROLLCALL_ASSIGN_OR_RETURN(const TimeZone zone, TimeZone::find(engine.settings().time_zone));
  Status status;
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
  const auto next = [&] {
    const bool enough = stopped || (hooks.stop && hooks.stop());
    return enough ? nullptr : blocks.next();
  };
  const auto decode_block = [&](Work& work) {
    if (!stopped) decode(engine, work);
  };
  const auto take = [&](std::shared_ptr<Work> work) {
    if (!stopped) {
      if (work->file != nullptr && work->file != file_begun) {
        file_begun = work->file;
        ingest.begin(*file_begun);
      }
      status = ingest.take(*work);
      stopped = !status.ok();
    }
    pool.give_back(std::move(work));
  };
  workers.pipeline(next, decode_block, take);
  // What was read before an error stands.
  Status rest = status.ok() ? ingest.finish_open_file() : ingest.ingest_waiting();
  if (status.ok()) status = std::move(rest);
  IngestReport report = ingest.finish_report();
  if (status.ok() && !report.failures.empty()) status = report.failures.front();
  if (hooks.summary) hooks.summary(report);
  ROLLCALL_RETURN_IF_ERROR(status);
  return report;
}

}  // namespace

Result<IngestReport> ingest_files(Engine& engine, const std::vector<std::string>& paths,
                                  const SourceOptions& options, const IngestHooks& hooks) {
  Result<IngestReport> report = [&]() -> Result<IngestReport> {
    try {
      return run_pipeline(engine, paths, options, hooks);
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception& error) {
      return Status::io_error(fmt::format("ingest: {}", error.what()));
    }
  }();
  // What stands shall last, whatever came after it.
  Status durable = engine.checkpoint();
  if (report.ok() && !durable.ok()) return durable;
  return report;
}

}  // namespace rollcall
