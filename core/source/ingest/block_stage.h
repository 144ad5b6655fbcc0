// This is the first stage of ingest_files, which reads the blocks of one file after the other. Only
// file_ingest.cpp includes it.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/memory_policy.h"
#include "core/base/mutex.h"
#include "core/source/files/content_reader.h"
#include "core/source/formats/text_block_reader.h"
#include "core/source/ingest/file_run.h"
#include "core/source/ingest/parquet_file.h"
#include "core/source/ingest/pending_rejects.h"
#include "core/source/ingest/row_decoder.h"
#include "core/source/ingest/row_sample.h"
#include "core/source/ingest/schema_inspector.h"
#include "core/source/ingest/source_identity.h"
#include "core/source/ingest/source_limits.h"
#include "core/source/ingest/source_reading.h"
#include "core/time/time_zone.h"
#include "rollcall/engine.h"
#include "rollcall/file_source.h"
#include "rollcall/message_text.h"

namespace rollcall {

inline constexpr std::size_t kBlockBytesMin = 1, kBlockBytesMax = std::size_t{1} << 30;

// Is an item of the pipeline: a block of a file, the end of a file, or an error.
struct Work {
  std::shared_ptr<FileRun> file;
  Status status;
  bool end_of_file = false;
  bool continues_line = false;
  bool moves = false;  // the file's position moves to the end of the block
  SourceBlock block;
  bool is_decoded = false;
  DecodedBlock decoded;
};

inline void decode(const Engine& engine, Work& work) {
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
    const MutexLock lock(mutex_);
    if (idle_.empty()) return std::make_shared<Work>();
    std::shared_ptr<Work> work = std::move(idle_.back());
    idle_.pop_back();
    return work;
  }
  void give_back(std::shared_ptr<Work> work) {
    work->file.reset();
    work->status = {};
    work->end_of_file = work->continues_line = work->is_decoded = false;
    work->block.in_long_record = false;
    work->block.rows.reset();
    work->decoded = {};
    const MutexLock lock(mutex_);
    idle_.push_back(std::move(work));
  }

 private:
  Mutex mutex_;
  std::vector<std::shared_ptr<Work>> idle_ ROLLCALL_GUARDED_BY(mutex_);
};

// Is the first stage: it opens one file after the other and reads its blocks.
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
        columns_by_role_(registry_.columns_by_role()),
        wait_{hooks.stop, [this] { return tick(); }} {}

  // Returns null at the end. A file that cannot be read, or fails later, is left for the next one.
  std::shared_ptr<Work> next() {
    if (file_ && file_->failed) abandon();
    if (!file_ && to_read_.empty() && next_path_ == paths_.size()) return nullptr;
    // What has come through a pipe is handed on first, because nobody can read it again.
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

  // Returns whether it ended early because a stop was requested.
  bool was_stopped() const { return was_stopped_; }
  // Says what was read and is lost by the stop; the text may be empty.
  const std::string& stop_note() const { return stop_note_; }
  // Returns what failed while the stage waited for input.
  const Status& tick_failure() const { return tick_failure_; }

  // Returns the bytes as stored of all files read so far. Any thread may use it.
  std::uint64_t bytes_read() const { return bytes_read_.load(std::memory_order_relaxed); }

 private:
  std::shared_ptr<Work> stopped(std::string note) {
    was_stopped_ = true;
    stop_note_ = std::move(note);
    return nullptr;
  }

  // The engine looks at the clock when a batch comes. While none comes, a batch without rows makes
  // it keep its promise of checkpoints by age.
  Status tick() {
    tick_failure_ = engine_.ingest(std::vector<PreparedBatch>()).status();
    return tick_failure_.ok() ? Status() : stopped_within(0);
  }

  // Determines what is to be read of the next path.
  Status open(const std::string& path) {
    if (is_parquet(path, options_)) return open_parquet(path);
    ROLLCALL_ASSIGN_OR_RETURN(ContentReader content, ContentReader::open(path, wait_));
    ROLLCALL_ASSIGN_OR_RETURN(
        const std::string_view looked_at,
        content.head(head_to_inspect(path, options_, settings_.properties())));
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
      return plan_reading(decoding.name, head, complete, options_, settings_, zone_, known);
    };
    file->report.is_pipe = !stored_size(path).has_value();
    file->identified = !empty && !file->report.is_pipe;
    if (file->identified) {
      const auto plan_anew = [&](const SourceReading& known, std::uint64_t first_end) {
        return reading_if_new(decoding.name, std::string_view(head).substr(0, first_end),
                              complete || first_end < head.size(), options_, settings_, known);
      };
      ROLLCALL_RETURN_IF_ERROR(recognize(path, std::move(content), plan, plan_anew, *file));
    } else {
      content_.emplace(std::move(content));
    }
    if (!empty) {
      ROLLCALL_ASSIGN_OR_RETURN(ReadingPlan chosen,
                                plan(file->known ? file->position.reading.get() : nullptr));
      ROLLCALL_RETURN_IF_ERROR(read_as(std::move(chosen), *file));
    }
    read_ranges_again(file);
    to_read_.push_back(std::move(file));
    return {};
  }

  // Does the same for a Parquet file.
  Status open_parquet(const std::string& path) {
    ROLLCALL_ASSIGN_OR_RETURN(
        const std::shared_ptr<const ParquetFile> parquet,
        ParquetFile::open(path, options_, page_bytes_max(engine_.options()), wait_));
    auto file = std::make_shared<FileRun>();
    DecoderOptions& decoding = file->options;
    file->report.path = decoding.name = path;
    decoding.parquet = parquet;
    decoding.zone = zone_;
    decoding.rejects_max = rejects_max_;
    decoding.cut_line_bytes = std::numeric_limits<std::int64_t>::max();  // rows have no lines
    if (parquet->rows() > 0) {
      file->identified = true;
      ROLLCALL_RETURN_IF_ERROR(recognize_parquet(*parquet, *file));
      ROLLCALL_ASSIGN_OR_RETURN(
          ReadingPlan chosen, parquet->plan(options_, settings_, zone_,
                                            file->known ? file->position.reading.get() : nullptr));
      ROLLCALL_RETURN_IF_ERROR(read_as(std::move(chosen), *file));
    }
    read_ranges_again(file);
    to_read_.push_back(std::move(file));
    return {};
  }

  // Sets `file`'s position, and what else is known of its content.
  Status recognize_parquet(const ParquetFile& parquet, FileRun& file) {
    const auto read_as = [&](const SourceReading* known, std::uint64_t) -> Result<SourceReading> {
      if (known != nullptr) {
        if (auto other = parquet.reading_if_new(options_, settings_, *known)) return *other;
      }
      ROLLCALL_ASSIGN_OR_RETURN(ReadingPlan planned,
                                parquet.plan(options_, settings_, zone_, known));
      return std::move(planned.reading);
    };
    ROLLCALL_ASSIGN_OR_RETURN(SourceRegistry::RecognizedRows recognized,
                              registry_.recognize_rows(parquet.path(), parquet.digest(), read_as));
    if (recognized.otherwise && !options_.again) {
      return read_otherwise(parquet.path(), *recognized.otherwise, *recognized.source.reading);
    }
    note_known(parquet.path(), recognized.known, std::move(recognized.source), read_as, file);
    return {};
  }

  static std::uint64_t page_bytes_max(const EngineOptions& options) {
    constexpr std::uint64_t kPageBytesMin = std::uint64_t{8} << 20;
    return std::max<std::uint64_t>(options.memory_bytes_max * kDecodingShare, kPageBytesMin);
  }

  // Has the file read as it was planned.
  Status read_as(ReadingPlan plan, FileRun& file) {
    DecoderOptions& decoding = file.options;
    if (!file.known) ROLLCALL_RETURN_IF_ERROR(check_columns(decoding.name, plan.schema));
    for (const auto& [role, column] : columns_of(plan.schema)) {
      columns_by_role_[role].insert(column);
    }
    decoding.schema = std::move(plan.schema);
    decoding.source = std::move(plan.options);
    decoding.holds_unrounded = plan.reading.holds_unrounded;
    file.keeps_times = plan.keeps_times && file.position.counted;
    decoding.awaited = awaited_names(options_);
    decoding.admission.now = limits_for(plan.reading);
    for (const std::string& name : decoding.schema.absent) {
      file.notes.push_back(fmt::format(
          "{}: no column {}: it is empty in every row{}", decoding.name, name,
          decoding.schema.format == FileFormat::kDelimited || decoding.parquet != nullptr
              ? ""
              : " that does not have it"));
    }
    return {};
  }

  // Reads what limits kept out of the file, and now let in, before the rest of it.
  void read_ranges_again(const std::shared_ptr<FileRun>& file) {
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
  }

  // Returns the columns that were guessed, by role.
  std::vector<std::pair<std::string, std::string>> guessed_columns(
      const SourceSchema& schema) const {
    std::vector<std::pair<std::string, std::string>> columns = columns_of(schema);
    std::erase_if(columns, [&](const auto& column) {
      return (column.first == "user" && options_.user) ||
             (column.first == "time" && options_.time) ||
             (column.first == "event" && (options_.event || options_.event_name)) ||
             (column.first == "value" && options_.value);
    });
    return columns;
  }
  static std::vector<std::pair<std::string, std::string>> columns_of(const SourceSchema& schema) {
    std::vector<std::pair<std::string, std::string>> columns;
    if (schema.format == FileFormat::kNative) return columns;
    for (const auto& [role, column] : {std::pair("user", &schema.user),
                                       {"time", &schema.time},
                                       {"event", &schema.event},
                                       {"value", &schema.value}}) {
      if (!column->empty()) columns.emplace_back(role, *column);
    }
    return columns;
  }

  static Option option_of(std::string_view role) {
    return role == "user"    ? Option::kUser
           : role == "time"  ? Option::kTime
           : role == "event" ? Option::kEvent
                             : Option::kValue;
  }

  // A person may have an id in each of two columns, and an event may have two times or two amounts.
  // Files that are guessed to be read by different columns would not add up.
  Status check_columns(const std::string& name, const SourceSchema& schema) const {
    for (const auto& [role, guessed] : guessed_columns(schema)) {
      const auto others = columns_by_role_.find(role);
      if (others == columns_by_role_.end()) continue;
      for (const std::string& column : others->second) {
        const bool is_there =
            std::find(schema.columns.begin(), schema.columns.end(), column) != schema.columns.end();
        if (column == guessed || !is_there) continue;
        return Status::invalid_argument(
                   fmt::format("{}: {}: {} is guessed, where others were read with {}, which it "
                               "has, too, so that their rows would not add up (allowed: a column "
                               "that is chosen for all)",
                               name, role, quoted_excerpt(guessed), quoted_excerpt(column)))
            .with_hint(option_of(role));
      }
    }
    return {};
  }

  // Begins the next reading of the path: second readings of earlier parts come first.
  Status start() {
    std::shared_ptr<FileRun> file = std::move(to_read_.front());
    to_read_.pop_front();
    if (file->options.parquet != nullptr) {
      start_parquet(std::move(file));
      return {};
    }
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
      syntax.line_bytes_max =
          std::max(decoding.cut_line_bytes, decoding.admission.line_bytes_max());
      text_.emplace(*content, syntax, block_bytes_, schema.skip_lines);
    }
    file_ = std::move(file);
    return {};
  }

  void start_parquet(std::shared_ptr<FileRun> file) {
    const std::shared_ptr<const ParquetFile>& parquet = file->options.parquet;
    const auto [begin, end] = file->second
                                  ? std::pair(file->second->range.begin, file->second->range.end)
                                  : std::pair(file->position.mark.offset, parquet->rows());
    continues_line_ = position_moved_ = false;
    rows_.emplace(parquet, columns_of_parquet(*file), begin, end, block_bytes_);
    file_ = std::move(file);
  }

  std::vector<std::string> columns_of_parquet(const FileRun& file) const {
    if (file.options.parquet->rows() == 0) return {};
    return parquet_columns(file.options.schema, settings_.properties());
  }

  // Sets `file`'s position and `content_`, which then stands there. `plan` is as plan_reading, and
  // `plan_anew` as reading_if_new.
  template <class Plan, class PlanAnew>
  Status recognize(const std::string& path, ContentReader content, const Plan& plan,
                   const PlanAnew& plan_anew, FileRun& file) {
    const auto read_as = [&](const SourceReading* known,
                             std::uint64_t first_end) -> Result<SourceReading> {
      if (known != nullptr) {
        if (std::optional<SourceReading> other = plan_anew(*known, first_end)) {
          return *std::move(other);
        }
      }
      ROLLCALL_ASSIGN_OR_RETURN(ReadingPlan planned, plan(known));
      return std::move(planned.reading);
    };
    const auto holds_row = [&](std::string_view beginning) {
      const Result<ReadingPlan> planned = plan(nullptr);
      return planned.ok() && holds_a_row(path, beginning, planned->options, planned->schema);
    };
    ROLLCALL_ASSIGN_OR_RETURN(SourceRegistry::Recognized recognized,
                              registry_.recognize(path, std::move(content), read_as, holds_row));
    if (recognized.otherwise && !options_.again) {
      return read_otherwise(path, *recognized.otherwise, *recognized.source.reading);
    }
    if (recognized.longer && !options_.again) {
      const SourceRegistry::Recognized::Longer& longer = *recognized.longer;
      return Status::invalid_argument(
                 fmt::format("{}: its {} bytes may be the first of the {} that were read {}, and "
                             "would count twice "
                             "(allowed: the whole file, if it was cut off; or all again, if it is "
                             "another one, or has "
                             "rows that were rejected)",
                             path, longer.content, longer.offset,
                             longer.name == path ? "of it before" : "of " + longer.name))
          .with_hint({Option::kAgain, "true"});
    }
    content_.emplace(std::move(recognized.content));
    note_known(path, recognized.known, std::move(recognized.source), read_as, file);
    return {};
  }

  // Returns the error of a content that was counted when it was read in another way.
  static Status read_otherwise(const std::string& path, const SourceReading& before,
                               const SourceReading& now) {
    return Status::invalid_argument(fmt::format("{}: it was read before in another way, and its "
                                                "rows would count twice: with {}; now "
                                                "with {} (allowed: the same; all of it, in a "
                                                "new store; rows that were rejected, as a file "
                                                "of their own; or all again, if it is to count "
                                                "twice)",
                                                path, before.describe(), now.describe()))
        .with_hint(OptionHint(Option::kReject).or_else(Option::kAgain, "true"));
  }

  template <class ReadAs>
  void note_known(const std::string& path, bool known, KnownSource source, const ReadAs& read_as,
                  FileRun& file) {
    file.known = known;
    file.position = position_ = std::move(source);
    if (file.known) {
      file.parts = registry_.take_due(file.position, limits_for(*file.position.reading));
      position_.refused = {};  // from here on, the last stage has the current state
      Result<SourceReading> guessed = read_as(nullptr, 0);
      if (guessed.ok()) guessed->holds_unrounded = file.position.reading->holds_unrounded;
      if (guessed.ok() && guessed->key() != file.position.reading->key()) {
        file.notes_if_read.push_back(fmt::format("{}: it is read on as it was before: {}", path,
                                                 file.position.reading->describe()));
      }
    }
  }

  // A source that was once read with rounding is always read with it.
  Limits limits_for(const SourceReading& reading) const {
    Limits limits = limits_;
    if (!reading.holds_unrounded || reading.amounts.rounds) limits.unset(SourceLimit::kUnrounded);
    if (reading.format == FileFormat::kParquet) limits.unset(SourceLimit::kLineBytes);
    return limits;
  }

  Status read(Work& work) {
    if (rows_) return read_rows(work);
    const Result<bool> more = native_ ? native_->next(work.block) : text_->next(work.block);
    bytes_read_.store(bytes_closed_ + content_->stored_bytes_read(), std::memory_order_relaxed);
    ROLLCALL_RETURN_IF_ERROR(more.status());
    work.continues_line = std::exchange(continues_line_, false);
    if (*more && file_->second) {
      work.moves = true;
      return {};
    }
    if (*more) {
      // Damage must be known before the first row counts: the intact file may begin otherwise.
      if (file_->identified && !position_moved_ && content_->is_compressed()) {
        ROLLCALL_RETURN_IF_ERROR(check_to_the_end(file_->report.path, wait_));
      }
      // An unfinished record without a good row may be the beginning of one, and is read again if
      // it grows. Another file of this run may be what it has grown to, so this has to be known
      // here and now.
      if (work.block.unfinished) decode(engine_, work);
      work.moves = !work.block.unfinished || work.decoded.good_rows > 0;
      if (work.moves) {
        position_.mark = work.block.end;
        position_.tail = work.block.tail;
        position_.counted = true;
        position_.told.reset();
        position_moved_ = true;
      } else if (position_.mark.offset > 0 && work.decoded.rows > 0) {
        const XXH128_hash_t content = work.block.end.hash;
        if (position_.told && XXH128_isEqual(*position_.told, content)) {
          DecodedBlock known;
          known.refused = std::move(work.decoded.refused);
          work.decoded = std::move(known);
        }
        position_.told = content;
      }
      return work.status;
    }
    if (!file_->second && content_->is_unchecked()) {
      file_->notes_if_read.push_back(note_of_unchecked(file_->options.name));
    }
    work.end_of_file = true;
    return {};
  }

  Status read_rows(Work& work) {
    const std::shared_ptr<const ParquetFile>& parquet = file_->options.parquet;
    const bool is_first = !position_moved_ && !file_->second;
    if (is_first && rows_->row() < parquet->rows()) {
      // Damage must be known before the first row counts: the intact file may begin otherwise.
      ROLLCALL_RETURN_IF_ERROR(
          check_to_the_end(parquet, columns_of_parquet(*file_), block_bytes_, wait_));
    }
    ROLLCALL_ASSIGN_OR_RETURN(const bool more, rows_->next(work.block));
    const double part = static_cast<double>(rows_->row()) /
                        static_cast<double>(std::max<std::uint64_t>(parquet->rows(), 1));
    bytes_read_.store(
        bytes_closed_ + static_cast<std::uint64_t>(part * static_cast<double>(parquet->size())),
        std::memory_order_relaxed);
    work.end_of_file = !more;
    work.moves = more;
    if (more && !file_->second) {
      position_.mark = work.block.end;
      position_.counted = true;
      position_moved_ = true;
    }
    return {};
  }

  // Remembers the position, because the same content may come again in this run, before its last
  // batch is ingested, or after a part of it could not be read.
  void remember() {
    const KnownSource& position = file_->failed ? file_->position : position_;
    const bool is_new = position_moved_ || position.told;
    if (file_->identified && !file_->second && is_new && position.mark.offset > 0) {
      registry_.update(position);
    }
  }

  // Ends a reading.
  void close() {
    if (file_) remember();
    if (rows_ && to_read_.empty()) bytes_closed_ += file_->options.parquet->size();
    rows_.reset();
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
  // Columns of files that were read before, or in this run.
  std::map<std::string, std::set<std::string>> columns_by_role_;
  const SourceWait wait_;

  bool was_stopped_ = false;
  std::string stop_note_;
  Status tick_failure_;
  std::size_t next_path_ = 0;
  std::deque<std::shared_ptr<FileRun>> to_read_;  // readings of the last path
  std::shared_ptr<FileRun> file_;
  KnownSource position_;  // of file_, up to what is read
  bool position_moved_ = false;
  std::optional<ContentReader> content_;        // of the path, at its position
  std::optional<ContentReader> content_again_;  // of the same path, for second readings
  std::optional<TextBlockReader> text_;         // either this or the next one is set
  std::optional<NativeBlockReader> native_;
  std::optional<ParquetBlockReader> rows_;  // of a Parquet file, which has no content_
  bool continues_line_ = false;
  std::uint64_t bytes_closed_ = 0;
  std::atomic<std::uint64_t> bytes_read_{0};
};

}  // namespace rollcall
