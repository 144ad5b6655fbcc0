#include "core/source/row_decoder.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

#include "core/source/amount_parser.h"
#include "core/source/batch_builder.h"
#include "core/source/block_dictionary.h"
#include "core/source/delimited_reader.h"
#include "core/source/excerpt.h"
#include "core/source/joined_value.h"
#include "core/source/native_format.h"
#include "core/source/ndjson_reader.h"
#include "core/source/null_words.h"
#include "core/source/schema_inspector.h"
#include "core/source/text_arena.h"

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
  return Status(prepared.status().code(), fmt::format("{}: {}", name, prepared.status().message()));
}

// Gathers the rejected rows of one block.
class RejectCollector {
 public:
  RejectCollector(std::string_view block, std::size_t rejects_max, DecodedBlock& out)
      : block_(block), rejects_max_(rejects_max), out_(out) {}

  void add(std::string_view record, RowFault fault) {
    const auto counted =
        std::find_if(out_.rejected_by_kind.begin(), out_.rejected_by_kind.end(),
                     [&](const RejectCount& count) { return count.kind == fault.kind; });
    if (counted == out_.rejected_by_kind.end()) {
      out_.rejected_by_kind.push_back({std::string(fault.kind), 1});
    } else {
      ++counted->rows;
    }
    if (out_.rejects.size() >= rejects_max_) return;
    const std::size_t begin = static_cast<std::size_t>(record.data() - block_.data());
    lines_ += count_lines(block_.substr(counted_to_, begin - counted_to_));
    counted_to_ = begin;
    out_.rejects.push_back({lines_, record, std::move(fault)});
  }

 private:
  std::string_view block_;
  std::size_t rejects_max_;
  DecodedBlock& out_;
  std::size_t counted_to_ = 0;
  std::uint64_t lines_ = 0;  // before counted_to_
};

template <class Reader>
class TextDecoder final : public RowDecoder {
 public:
  TextDecoder(const Engine& engine, const DecoderOptions& options, Reader reader,
              BatchBuilder builder)
      : engine_(engine),
        name_(options.name),
        header_(options.schema.header),
        rejects_max_(options.rejects_max),
        reader_(std::move(reader)),
        builder_(std::move(builder)) {}

  Status decode(const SourceBlock& block, bool continues_line, DecodedBlock& out) override {
    std::string_view text = block.text();
    out.lines = count_lines(text);
    RejectCollector rejects(text, rejects_max_, out);
    if (continues_line) {
      const std::size_t line_end = text.find('\n');
      const std::string_view line = text.substr(0, line_end);
      if (line.find_first_not_of(" \t\r") != std::string_view::npos) {
        rejects.add(line,
                    {"row was ingested before it was complete",
                     "the row was ingested when its line had no line end, and has grown since", 0});
        ++out.rows;
      }
      text.remove_prefix(line_end + 1);
    }
    text.remove_prefix(block.preamble_size);
    reader_.start(text);
    builder_.start(simdjson::validate_utf8(text.data(), text.size()));
    if (block.first && header_) reader_.next(row_);
    while (reader_.next(row_)) {
      ++out.rows;
      if (row_.fault) {
        rejects.add(row_.record, std::move(*row_.fault));
      } else if (auto fault = builder_.add(row_.fields)) {
        rejects.add(row_.record, std::move(*fault));
      }
    }
    out.good_rows = builder_.row_count();
    out.null_users = builder_.null_users().counts();
    out.null_values = builder_.null_values().counts();
    if constexpr (std::is_same_v<Reader, NdjsonReader>) out.late_values = reader_.take_met();
    if (out.good_rows > 0) {
      ROLLCALL_ASSIGN_OR_RETURN(out.batch, prepare(engine_, builder_.batch(), name_));
    }
    return {};
  }

 private:
  const Engine& engine_;
  std::string name_;
  bool header_;
  std::size_t rejects_max_;
  Reader reader_;
  BatchBuilder builder_;
  Row row_;
};

// Blocks of columns are taken whole, or are an error: whoever wrote them had the rows checked.
class NativeDecoder final : public RowDecoder {
 public:
  NativeDecoder(const Engine& engine, const DecoderOptions& options)
      : engine_(engine),
        name_(options.name),
        reject_null_users_(options.source.reject_null_users) {}

  Status decode(const SourceBlock& block, bool, DecodedBlock& out) override {
    ROLLCALL_ASSIGN_OR_RETURN(NativeBatch native, decode_native_block(name_, block.text()));
    const StoreSettings& settings = engine_.settings();
    const std::size_t rows = native.time.size();
    out.rows = out.good_rows = rows;
    if (rows == 0) return {};
    if (native.layout.user_kind != settings.user_kind) {
      const bool integers = native.layout.user_kind == UserKind::kInteger;
      return Status::invalid_argument(
          fmt::format("{}: native block: its users are {} (allowed: {}, as in the store)", name_,
                      integers ? "integers" : "strings", integers ? "strings" : "integers"));
    }
    ROLLCALL_RETURN_IF_ERROR(count_null_users(native, out));
    ROLLCALL_RETURN_IF_ERROR(rescale(native, settings.value_decimals));

    EventBatch batch;
    batch.user_integers = native.user_integers;
    batch.user_strings = native.user_strings;
    batch.event = {native.event.values, native.event.codes};
    batch.time = native.time;
    batch.value = native.value;
    batch.known_until = native.layout.known_until;
    arena_.clear();
    joined_.clear();
    joined_.resize(settings.dimensions.size());
    std::vector<PropertyColumn> properties;
    for (std::size_t i = 0; i < settings.dimensions.size(); ++i) {
      ROLLCALL_ASSIGN_OR_RETURN(const bool there,
                                find_dimension(native, settings.dimensions[i], joined_[i]));
      if (there) {
        properties.push_back({settings.dimensions[i], {joined_[i].values, joined_[i].codes}});
      }
    }
    batch.properties = properties;
    ROLLCALL_ASSIGN_OR_RETURN(out.batch, prepare(engine_, batch, name_));
    return {};
  }

 private:
  Status count_null_users(const NativeBatch& native, DecodedBlock& out) const {
    WordCounter counter;
    for (const std::string_view user : native.user_strings) {
      if (is_null_id(user)) counter.add(user);
    }
    out.null_users = counter.counts();
    if (!reject_null_users_ || out.null_users.empty()) return {};
    return Status::invalid_argument(
        fmt::format("{}: native block: user {} means nobody (allowed with --null-users keep)",
                    name_, quoted_excerpt(out.null_users.front().word)));
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

  // The property of that name, or "a+b" joined from the properties a and b; false when it has none.
  Result<bool> find_dimension(NativeBatch& native, const std::string& name,
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
    for (const std::string& part : dimension_parts(name, properties)) parts.push_back(find(part));
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
  bool reject_null_users_;
  std::vector<NativeBatch::Column> joined_;
  TextArena arena_;
};

}  // namespace

std::unique_ptr<RowDecoder> RowDecoder::make(const Engine& engine, const DecoderOptions& options) {
  const SourceSchema& schema = options.schema;
  if (schema.format == FileFormat::kNative) {
    return std::make_unique<NativeDecoder>(engine, options);
  }
  const ColumnPlan plan = plan_columns(schema, engine.settings().dimensions);
  BatchShape shape;
  shape.user_kind = engine.settings().user_kind;
  shape.user_bytes_max = options.source.user_bytes_max;
  shape.event_name = schema.event_name;
  shape.has_value = !schema.value.empty();
  shape.value_decimals = engine.settings().value_decimals;
  shape.amount_form = amount_form(options.source);
  shape.reject_null_users = options.source.reject_null_users;
  shape.dimensions = plan.dimensions;
  BatchBuilder builder(std::move(shape), TimeParser(options.zone, options.source.time_unit,
                                                    options.source.time_format,
                                                    engine.options().time_max.value_or(kTimeMax)));
  if (schema.format == FileFormat::kNdjson) {
    NdjsonReader reader(options.source.line_bytes_max, options.source.comment, plan.slot_columns,
                        options.source.nested);
    reader.watch_for(awaited_values(schema, options.source));
    return std::make_unique<TextDecoder<NdjsonReader>>(engine, options, std::move(reader),
                                                       std::move(builder));
  }
  std::vector<std::uint32_t> columns;
  for (const std::string& name : plan.slot_columns) {
    const auto found = std::find(schema.columns.begin(), schema.columns.end(), name);
    columns.push_back(name.empty() ? kNoColumn
                                   : static_cast<std::uint32_t>(found - schema.columns.begin()));
  }
  DelimitedReader reader(record_syntax(schema, options.source), schema.columns.size(),
                         std::move(columns));
  return std::make_unique<TextDecoder<DelimitedReader>>(engine, options, std::move(reader),
                                                        std::move(builder));
}

}  // namespace rollcall
