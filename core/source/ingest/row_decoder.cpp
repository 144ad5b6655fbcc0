#include "core/source/ingest/row_decoder.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <numeric>
#include <type_traits>
#include <utility>

#include "core/base/text_arena.h"
#include "core/source/formats/delimited_reader.h"
#include "core/source/formats/native_format.h"
#include "core/source/formats/ndjson_reader.h"
#include "core/source/ingest/batch_builder.h"
#include "core/source/ingest/parquet_decoder.h"
#include "core/source/ingest/row_sample.h"
#include "core/source/ingest/schema_inspector.h"
#include "core/source/ingest/source_reading.h"
#include "core/source/values/amount_parser.h"
#include "core/source/values/block_dictionary.h"
#include "core/source/values/joined_value.h"
#include "core/source/values/null_words.h"
#include "rollcall/message_text.h"

namespace rollcall {
namespace {

std::uint64_t count_lines(std::string_view text) {
  // Stretches whose count fits a byte are counted with vectors of bytes.
  constexpr std::size_t kStretch = 192;
  std::uint64_t lines = 0;
  for (; text.size() >= kStretch; text.remove_prefix(kStretch)) {
    std::uint8_t count = 0;
    for (std::size_t i = 0; i < kStretch; ++i) {
      count = static_cast<std::uint8_t>(count + (text[i] == '\n' ? 1 : 0));
    }
    lines += count;
  }
  return lines + static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

Result<PreparedBatch> prepare(const Engine& engine, const EventBatch& batch,
                              std::string_view name) {
  Result<PreparedBatch> prepared = engine.prepare(batch);
  if (prepared.ok()) return prepared;
  return prepared.status().within(name);
}

// Says whether a row at fault may come in when it is read by other options, or from a file in
// UTF-8.
bool wants_other_reading(const RowFault& fault) {
  return fault.kind == RejectKind::kUserNotUtf8 || fault.kind == RejectKind::kEventNotUtf8 ||
         fault.kind == RejectKind::kPropertyNotUtf8 ||
         names_another_reading(fault.helping_options());
}

// Gathers the rejected rows of one block.
class RejectCollector {
 public:
  RejectCollector(std::string_view block, std::size_t rejects_max, DecodedBlock& out)
      : block_(block), rejects_max_(rejects_max), out_(out) {}

  void add(std::string_view record, RowFault fault) {
    count(fault);
    if (out_.rejects.size() >= rejects_max_) return;
    const std::size_t begin = static_cast<std::size_t>(record.data() - block_.data());
    lines_ += count_lines(block_.substr(counted_to_, begin - counted_to_));
    counted_to_ = begin;
    out_.rejects.push_back({lines_, record, std::move(fault)});
  }

  // Adds a row of a block without lines by its number, from 0.
  void add_row(std::uint64_t row, RowFault fault) {
    count(fault);
    if (out_.rejects.size() < rejects_max_) out_.rejects.push_back({row, {}, std::move(fault)});
  }

 private:
  void count(const RowFault& fault) {
    out_.rejects_want_other_reading = out_.rejects_want_other_reading || wants_other_reading(fault);
    const auto counted =
        std::find_if(out_.rejected_by_kind.begin(), out_.rejected_by_kind.end(),
                     [&](const RejectCount& count) { return count.kind == fault.kind; });
    if (counted == out_.rejected_by_kind.end()) {
      out_.rejected_by_kind.push_back({fault.kind, 1});
    } else {
      ++counted->rows;
    }
  }

  std::string_view block_;
  std::size_t rejects_max_;
  DecodedBlock& out_;
  std::size_t counted_to_ = 0;
  std::uint64_t lines_ = 0;  // before counted_to_
};

template <class Reader>
class TextDecoder final : public RowDecoder {
 public:
  using MakeReader = std::function<Reader(std::size_t line_bytes_max)>;

  TextDecoder(const Engine& engine, const DecoderOptions& options, MakeReader make_reader,
              const std::function<BatchBuilder(const Admission&)>& make_builder)
      : engine_(engine),
        name_(options.name),
        header_(options.schema.header),
        rejects_max_(options.rejects_max),
        admission_(options.admission),
        cut_line_bytes_(options.cut_line_bytes),
        widths_(widths_of(admission_, cut_line_bytes_)),
        make_reader_(std::move(make_reader)),
        reader_(make_reader_(widths_.front())),
        builder_(make_builder(admission_)),
        prober_(make_builder(probing_admission())),
        syntax_(record_syntax(options.schema, options.source)) {}

  Status decode(SourceBlock& block, bool continues_line, DecodedBlock& out) override {
    std::string_view text = block.text();
    out.lines = count_lines(text);
    RejectCollector rejects(text, rejects_max_, out);
    if (continues_line) {
      const std::size_t line_end = text.find('\n');
      const std::string_view line = text.substr(0, line_end);
      if (line.find_first_not_of(" \t\r") != std::string_view::npos &&
          !admission_.is_second_reading()) {
        rejects.add(line,
                    {RejectKind::kGrownRow,
                     "the row was ingested when its line had no line end, and has grown since", 0});
        ++out.rows;
      }
      text.remove_prefix(line_end + 1);
    }
    text.remove_prefix(block.preamble_size);
    text_and_rest_ = block.text_and_rest();
    long_record_ =
        block.long_record == kNowhere ? nullptr : block.text().data() + block.long_record;
    reader_.start(text);
    const bool utf8 = simdjson::validate_utf8(text.data(), text.size());
    builder_.start(utf8);
    prober_.start(utf8);
    if (block.first && header_) reader_.next(row_);
    if (admission_.is_second_reading()) {
      read_again(text, rejects, out);
    } else {
      read(text, rejects, out);
    }
    out.good_rows = builder_.row_count();
    out.null_users = builder_.null_users().counts();
    out.null_values = builder_.null_values().counts();
    out.padded_users = builder_.padded_users();
    out.rounded_users = builder_.rounded_users();
    if constexpr (std::is_same_v<Reader, NdjsonReader>) out.late_columns = reader_.take_met();
    if (out.good_rows > 0) {
      ROLLCALL_ASSIGN_OR_RETURN(out.batch, prepare(engine_, builder_.batch(), name_));
    }
    return {};
  }

 private:
  void read(std::string_view text, RejectCollector& rejects, DecodedBlock& out) {
    while (reader_.next(row_)) {
      ++out.rows;
      if (row_.fault) {
        refuse_long(text, out);
        rejects.add(row_.record, std::move(*row_.fault));
      } else if (auto fault = builder_.add(row_.fields)) {
        if (fault->limit) {
          out.refused.add(*fault->limit, builder_.measures()[Limits::index(*fault->limit)]);
        }
        rejects.add(row_.record, std::move(*fault));
      }
    }
  }

  // Makes the fault of `row_` one of the limit of lines if a larger limit may take the row.
  void refuse_long(std::string_view text, DecodedBlock& out) {
    const std::string_view line = line_of(text, row_.record);
    std::size_t size = line.size();
    if (size <= cut_line_bytes_) {
      if (line.data() != long_record_) return;
      size = cut_line_bytes_ + 1;
      row_.fault = cut_short_fault(cut_line_bytes_, row_.fault->column);
    }
    row_.fault->limit = SourceLimit::kLineBytes;
    out.refused.add(SourceLimit::kLineBytes, static_cast<std::int64_t>(size));
  }

  // Takes rows that were refused before and are not now. Other faults were reported before, except
  // in lines that nobody has looked into.
  void read_again(std::string_view text, RejectCollector& rejects, DecodedBlock& out) {
    part_readers_.clear();
    while (reader_.next(row_)) {
      if (has_lines_of_its_own(row_)) {
        decide_long(text, rejects, out);
      } else if (row_.fault) {
        decide_bad_line(text, rejects, out);
      } else {
        decide_row(rejects, out);
      }
    }
  }

  // Says whether the row was read line by line before.
  bool has_lines_of_its_own(const Row& row) const {
    return row.record.size() > cut_line_bytes_ && row.record.find('\n') != std::string_view::npos;
  }

  // Decides on `row_`, a line of `text` that is no record even if it may be as long as it ever
  // could.
  void decide_bad_line(std::string_view text, RejectCollector& rejects, DecodedBlock& out) {
    const std::size_t size = line_of(text, row_.record).size();
    const std::size_t widest = widths_.front(), before = width_before();
    const bool too_long = size > widest;
    if (too_long || row_.record.data() == long_record_) {
      const auto measure = static_cast<std::int64_t>(too_long ? size : widest + 1);
      out.decided.add(SourceLimit::kLineBytes, measure);
      out.refused.add(SourceLimit::kLineBytes, measure);
    } else if (size > before || was_cut_short(row_.record, before)) {
      reject_now(std::move(*row_.fault), rejects, out);
    }
  }

  // Decides on the record `row_` of `text`, of which each line was a row of its own: it comes in
  // only if it is good, and none of them is in.
  void decide_long(std::string_view text, RejectCollector& rejects, DecodedBlock& out) {
    const std::size_t size = row_.record.size();
    const auto begin = static_cast<std::size_t>(row_.record.data() - text.data());
    const std::string_view part = text.substr(begin, text.find('\n', begin + size) + 1 - begin);
    std::optional<RowFault> fault = std::move(row_.fault);
    const bool is_good = !fault && probe(row_, fault);
    if (is_good && some_line_is_in(part, size)) {
      fault = RowFault{RejectKind::kPartsAreIn,
                       "lines of the row were ingested as rows of their own when rows of several "
                       "lines could not be as long",
                       0};
    }
    if (!fault) return decide_row(rejects, out);
    if (size > width_before()) reject_now(*std::move(fault), rejects, out);
    decide_lines(part, size, rejects, out);
  }

  // Decides on the lines of `part`, a record of `size` bytes which does not come in as one.
  void decide_lines(std::string_view part, std::size_t size, RejectCollector& rejects,
                    DecodedBlock& out) {
    const auto width = std::find_if(widths_.begin(), widths_.end(),
                                    [&](std::size_t candidate) { return candidate < size; });
    // The batch has views of what a reader has unescaped.
    Reader& reader = part_readers_.emplace_back(make_reader_(*width));
    reader.start(part);
    while (reader.next(row_)) {
      if (has_lines_of_its_own(row_)) {
        decide_long(part, rejects, out);
      } else if (!row_.fault) {
        decide_row(rejects, out);
      }
    }
  }

  void decide_row(RejectCollector& rejects, DecodedBlock& out) {
    const std::size_t size = row_.record.size();
    std::optional<RowFault> fault = builder_.add(row_.fields, size);
    if (fault && fault->is_in) return;
    if (fault && !fault->limit) {
      if (size > width_before()) reject_now(*std::move(fault), rejects, out);
      return;
    }
    const RowMeasures& measures = builder_.measures();
    const auto count = [&](SourceLimit limit, Refusals& to) {
      to.add(limit, measures[Limits::index(limit)]);
    };
    const SourceLimit before =
        admission_.before.back().refusing(measures).value_or(SourceLimit::kLineBytes);
    count(before, out.decided);
    if (fault) {
      count(*fault->limit, out.refused);
    } else {
      count(before, out.admitted);
      ++out.rows;
    }
  }

  // Rejects `row_`, into which nobody has looked before.
  void reject_now(RowFault fault, RejectCollector& rejects, DecodedBlock& out) {
    out.decided.add(SourceLimit::kLineBytes, static_cast<std::int64_t>(row_.record.size()));
    ++out.rows;
    rejects.add(row_.record, std::move(fault));
  }

  static Admission probing_admission() {
    Admission admission;
    admission.now.set(SourceLimit::kLineBytes, -1);
    admission.before = {admission.now};
    return admission;
  }

  // Says whether a row that was read is good but for limits; `prober_` then has its measures.
  // Otherwise it sets `fault`.
  bool probe(const Row& row, std::optional<RowFault>& fault) {
    std::optional<RowFault> found = prober_.add(row.fields, row.record.size());
    const bool is_good = found && found->limit;
    if (!is_good) fault = std::move(found);
    return is_good;
  }

  // Says whether a line of the record `part`, of `size` bytes, or a few of them together, was
  // ingested as a row before some reading took the record for one.
  bool some_line_is_in(std::string_view part, std::size_t size) {
    const std::vector<Limits>& before = admission_.before;
    const auto whole = std::find_if(before.begin(), before.end(), [&](const Limits& limits) {
      return limits[SourceLimit::kLineBytes] >= static_cast<std::int64_t>(size);
    });
    const auto took = [&](const Limits& limits) { return limits.take(prober_.measures()); };
    for (const std::size_t width : widths_) {
      if (width >= size) continue;
      Reader reader = make_reader_(width);
      reader.start(part);
      for (Row row; reader.next(row);) {
        std::optional<RowFault> fault;
        if (!row.fault && probe(row, fault) && std::any_of(before.begin(), whole, took)) {
          return true;
        }
      }
    }
    return false;
  }

  // Says whether the line of the block was cut from a record by that limit.
  bool was_cut_short(std::string_view line, std::size_t line_bytes_max) {
    const auto begin = static_cast<std::size_t>(line.data() - text_and_rest_.data());
    syntax_.line_bytes_max = line_bytes_max;
    return is_cut_short(text_and_rest_.substr(begin), syntax_);
  }

  // Returns the length of the longest records that earlier readings have looked into.
  std::size_t width_before() const {
    return std::max(cut_line_bytes_, admission_.line_bytes_max_before());
  }

  // Returns how long records may be for some reading, the longest first.
  static std::vector<std::size_t> widths_of(const Admission& admission,
                                            std::size_t cut_line_bytes) {
    std::vector<std::size_t> widths = {cut_line_bytes};
    const auto add = [&](const Limits& limits) {
      const auto width = static_cast<std::size_t>(limits[SourceLimit::kLineBytes]);
      if (width > cut_line_bytes) widths.push_back(width);
    };
    if (admission.is_second_reading()) add(admission.now);
    for (const Limits& limits : admission.before) add(limits);
    std::sort(widths.begin(), widths.end(), std::greater<>());
    widths.erase(std::unique(widths.begin(), widths.end()), widths.end());
    return widths;
  }

  // Returns the line that a record, or what is left of it, begins with, without its end.
  static std::string_view line_of(std::string_view text, std::string_view record) {
    const auto begin = static_cast<std::size_t>(record.data() - text.data());
    std::string_view line = text.substr(begin, text.find('\n', begin) - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }

  const Engine& engine_;
  std::string name_;
  bool header_;
  std::size_t rejects_max_;
  Admission admission_;
  std::size_t cut_line_bytes_;
  std::vector<std::size_t> widths_;
  MakeReader make_reader_;
  Reader reader_;
  std::deque<Reader> part_readers_;  // of records that are in by their lines
  BatchBuilder builder_;
  BatchBuilder prober_;  // never takes a row, and says what one would be
  RecordSyntax syntax_;
  std::string_view text_and_rest_;
  const char* long_record_ = nullptr;  // the line of the block that it begins with
  Row row_;
};

// Blocks of columns are read whole, or are an error, because whoever wrote them had the rows
// checked. The limits, however, are the reader's, and refuse rows.
class NativeDecoder final : public RowDecoder {
 public:
  NativeDecoder(const Engine& engine, const DecoderOptions& options)
      : engine_(engine),
        name_(options.name),
        rejects_max_(options.rejects_max),
        admission_(options.admission),
        known_until_max_(std::min(
            options.zone.known_until_max(std::min(admission_.now[SourceLimit::kTimeMax], kTimeMax)),
            kTimeMax)) {}

  Status decode(SourceBlock& block, bool, DecodedBlock& out) override {
    ROLLCALL_ASSIGN_OR_RETURN(NativeBatch native, decode_native_block(name_, block.text()));
    const StoreSettings& settings = engine_.settings();
    out.lines = native.time.size();  // rows take their place
    if (native.time.empty()) return {};
    if (native.layout.user_kind != settings.user_kind) {
      const bool integers = native.layout.user_kind == UserKind::kInteger;
      return Status::invalid_argument(
          fmt::format("{}: native block: its users are {} (allowed: {}, as in the store)", name_,
                      integers ? "integers" : "strings", integers ? "strings" : "integers"));
    }
    ROLLCALL_RETURN_IF_ERROR(rescale(native, settings.value_decimals));
    admit(native, block.text(), out);
    count_null_users(native, out);
    out.good_rows = native.time.size();
    if (out.good_rows == 0) return {};

    EventBatch batch;
    batch.user_integers = native.user_integers;
    batch.user_strings = native.user_strings;
    batch.event = {native.event.values, native.event.codes};
    batch.time = native.time;
    batch.value = native.value;
    if (native.layout.known_until) {
      batch.known_until = std::min(*native.layout.known_until, known_until_max_);
    }
    arena_.clear();
    joined_.clear();
    const std::vector<std::string> names = settings.properties();
    joined_.resize(names.size());
    std::vector<PropertyColumn> properties;
    for (std::size_t i = 0; i < names.size(); ++i) {
      ROLLCALL_ASSIGN_OR_RETURN(const bool there, find_property(native, names[i], joined_[i]));
      if (there) {
        properties.push_back({names[i], {joined_[i].values, joined_[i].codes}});
      }
    }
    batch.properties = properties;
    ROLLCALL_ASSIGN_OR_RETURN(out.batch, prepare(engine_, batch, name_));
    return {};
  }

 private:
  static void count_null_users(const NativeBatch& native, DecodedBlock& out) {
    WordCounter counter;
    for (const std::string_view user : native.user_strings) {
      if (is_null_id(user)) counter.add(user);
    }
    out.null_users = counter.counts();
  }

  // Says whether no row can be refused, which the earliest and the latest time of a block may show.
  bool admits_all(const NativeBatch& native) const {
    if (admission_.is_second_reading() || !native.user_strings.empty()) return false;
    TimeUs first = native.time[0], last = native.time[0];
    for (const TimeUs time : native.time) {
      first = std::min(first, time);
      last = std::max(last, time);
    }
    return admission_.now.take({0, first, last, 0, 0, 0});
  }

  // Leaves in `native` the rows that are to be ingested.
  void admit(NativeBatch& native, std::string_view block, DecodedBlock& out) const {
    const std::size_t rows = native.time.size();
    if (admits_all(native)) {
      out.rows = rows;
      return;
    }
    RejectCollector rejects(block, rejects_max_, out);
    // This is filled from the first row on that is left out.
    std::vector<std::uint32_t> kept;
    bool keeps_all = true;
    const auto leave_out = [&](std::size_t row) {
      if (!std::exchange(keeps_all, false)) return;
      kept.resize(row);
      std::iota(kept.begin(), kept.end(), std::uint32_t{0});
    };
    for (std::size_t row = 0; row < rows; ++row) {
      const std::size_t user_bytes =
          native.user_strings.empty() ? 0 : native.user_strings[row].size();
      const TimeUs time = native.time[row];
      const bool is_null = user_bytes > 0 && is_null_id(native.user_strings[row]);
      const RowMeasures measures = {
          0, time, time, static_cast<std::int64_t>(user_bytes), is_null ? 1 : 0, 0};
      if (admission_.is_in(measures)) {
        leave_out(row);
        continue;
      }
      const std::optional<SourceLimit> limit = admission_.now.refusing(measures);
      const auto count = [&](SourceLimit of, Refusals& to) {
        to.add(of, measures[Limits::index(of)]);
      };
      if (admission_.is_second_reading()) {
        const auto before = admission_.before.back().refusing(measures);
        if (before) count(*before, out.decided);
        if (before && !limit) count(*before, out.admitted);
      }
      if (!limit) {
        if (!keeps_all) kept.push_back(static_cast<std::uint32_t>(row));
      } else {
        leave_out(row);
        count(*limit, out.refused);
        if (!admission_.is_second_reading()) rejects.add_row(row, limit_fault(*limit, measures));
      }
    }
    const std::size_t kept_count = keeps_all ? rows : kept.size();
    out.rows = admission_.is_second_reading() ? kept_count : rows;
    if (!keeps_all) native.keep(kept);
  }

  // Returns the fault of a row that has no text.
  RowFault limit_fault(SourceLimit limit, const RowMeasures& measures) const {
    const std::int64_t bound = admission_.now[limit];
    const TimeZone utc;
    RowFault fault;
    if (limit == SourceLimit::kUserBytes) {
      fault = {RejectKind::kUserTooLong,
               fmt::format("user: too long: {} bytes (allowed: {})", measures[Limits::index(limit)],
                           bound),
               0};
    } else if (limit == SourceLimit::kNullUser) {
      fault = {RejectKind::kUserNull, "user: it means nobody, and such users are not kept", 0};
    } else {
      const bool early = limit == SourceLimit::kTimeMin;
      fault = {early ? RejectKind::kTimeTooEarly : RejectKind::kTimeTooLate,
               fmt::format("time: too {}: {} microseconds from 1970 (allowed: {} {})",
                           early ? "early" : "late", measures[Limits::index(limit)],
                           early ? "from" : "up to", utc.format(bound)),
               0};
    }
    fault.limit = limit;
    return fault;
  }

  Status rescale(NativeBatch& native, std::uint32_t decimals) const {
    if (native.layout.value_decimals == decimals) return {};
    for (Amount& amount : native.value) {
      const std::string text = fmt::format("{}e-{}", amount, native.layout.value_decimals);
      const AmountFault fault = parse_amount(text, decimals, amount);
      if (fault != AmountFault::kNone) {
        return Status::invalid_argument(fmt::format("{}: native block: {}", name_,
                                                    explain_amount_fault(fault, text, decimals)));
      }
    }
    return {};
  }

  // Finds the property of that name, or "a+b" joined from the properties a and b; returns false if
  // there is none.
  Result<bool> find_property(NativeBatch& native, const std::string& name,
                             NativeBatch::Column& out) {
    const auto& properties = native.layout.properties;
    const auto find = [&](std::string_view property) -> NativeBatch::Column* {
      const auto found = std::find(properties.begin(), properties.end(), property);
      if (found == properties.end()) return nullptr;
      return &native.properties[static_cast<std::size_t>(found - properties.begin())];
    };
    if (const NativeBatch::Column* column = find(name)) {
      out = *column;
      return true;
    }
    const std::size_t plus = name.find('+');
    if (plus == std::string::npos) return false;
    std::vector<const NativeBatch::Column*> parts;
    for (const std::string& part : property_parts(name, properties)) parts.push_back(find(part));
    if (std::count(parts.begin(), parts.end(), nullptr) > 0) return false;
    BlockDictionary values;
    JoinedValue joined;
    out.codes.reserve(native.time.size());
    for (std::size_t row = 0; row < native.time.size(); ++row) {
      joined.clear();
      for (const NativeBatch::Column* part : parts) {
        const std::uint32_t code = part->codes.empty() ? 0 : part->codes[row];
        if (code >= part->values.size()) {
          return Status::corruption(
              fmt::format("{}: native block: property code {} (allowed: below {})", name_, code,
                          part->values.size()));
        }
        joined.add(part->values[code]);
      }
      std::uint32_t code = values.find(joined.text());
      if (code == BlockDictionary::kNew) code = values.insert(arena_.store(joined.text()));
      out.codes.push_back(code);
    }
    out.values.assign(values.values().begin(), values.values().end());
    return true;
  }

  const Engine& engine_;
  std::string name_;
  std::size_t rejects_max_;
  Admission admission_;
  TimeUs known_until_max_;
  std::vector<NativeBatch::Column> joined_;
  TextArena arena_;
};

}  // namespace

std::unique_ptr<RowDecoder> RowDecoder::make(const Engine& engine, const DecoderOptions& options) {
  const SourceSchema& schema = options.schema;
  if (schema.format == FileFormat::kParquet) {
    DecoderOptions text = options;
    std::vector<std::string> columns = parquet_columns(schema, engine.settings().properties());
    text.schema.format = FileFormat::kDelimited;
    text.schema.header = false;
    text.schema.columns = columns;
    return std::make_unique<ParquetDecoder>(options.parquet, std::move(columns),
                                            make(engine, text));
  }
  if (schema.format == FileFormat::kNative) {
    return std::make_unique<NativeDecoder>(engine, options);
  }
  const ColumnPlan plan = plan_columns(schema, engine.settings().properties());
  BatchShape shape;
  shape.user_kind = engine.settings().user_kind;
  shape.event_name = schema.event_name;
  shape.has_value = !schema.value.empty();
  shape.value_decimals = engine.settings().value_decimals;
  shape.amount_form = amount_form(options.source);
  shape.holds_unrounded = options.holds_unrounded;
  shape.properties = plan.properties;
  const auto make_builder = [&](const Admission& admission) {
    return BatchBuilder(
        shape, TimeParser(options.zone, options.source.time_unit, options.source.time_format),
        admission);
  };
  if (schema.format == FileFormat::kNdjson) {
    const auto make_reader = [source = options.source, plan, awaited = options.awaited,
                              known = schema.columns](std::size_t line_bytes_max) {
      NdjsonReader reader(line_bytes_max, source.comment, plan.slot_columns, source.nested);
      reader.watch_for(awaited, known);
      return reader;
    };
    return std::make_unique<TextDecoder<NdjsonReader>>(engine, options, make_reader, make_builder);
  }
  std::vector<std::uint32_t> columns;
  for (const std::string& name : plan.slot_columns) {
    const auto found = std::find(schema.columns.begin(), schema.columns.end(), name);
    columns.push_back(name.empty() ? kNoColumn
                                   : static_cast<std::uint32_t>(found - schema.columns.begin()));
  }
  const auto make_reader = [syntax = record_syntax(schema, options.source),
                            column_count = schema.columns.size(),
                            columns](std::size_t line_bytes_max) mutable {
    syntax.line_bytes_max = line_bytes_max;
    return DelimitedReader(syntax, column_count, columns);
  };
  return std::make_unique<TextDecoder<DelimitedReader>>(engine, options, make_reader, make_builder);
}

}  // namespace rollcall
