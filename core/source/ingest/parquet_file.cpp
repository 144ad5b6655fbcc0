#include "core/source/ingest/parquet_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <utility>

#include "core/source/files/byte_source.h"
#include "core/source/files/content_mark.h"
#include "core/source/files/foreign_format.h"
#include "core/source/ingest/arrow_column.h"
#include "core/source/ingest/schema_inspector.h"
#include "rollcall/message_text.h"

namespace rollcall {
namespace {

constexpr std::string_view kParquetMagic = "PAR1";
constexpr std::size_t kForeignHeadBytes = 512;  // tell all formats that have a name
constexpr std::size_t kHeadRows = 100;
// Where texts are short, a batch is one block.
constexpr std::size_t kBatchRowsMax = std::size_t{1} << 16, kBatchRowsMin = std::size_t{1} << 10;
constexpr std::size_t kUsualRowBytes = 64;

// Returns what differs between a file and another one that takes its place.
std::array<std::int64_t, 5> facts_of(const std::string& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) return {};
  return {static_cast<std::int64_t>(facts.st_dev), static_cast<std::int64_t>(facts.st_ino),
          facts.st_size, facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec};
}

bool has_parquet_name(const std::string& path) {
  return path.ends_with(".parquet") || path.ends_with(".parq");
}

// Takes what a reading says about the form of text from one of Parquet, and the other way round.
SourceReading as_text(SourceReading reading) {
  reading.format = FileFormat::kDelimited;
  return reading;
}

SourceReading as_parquet(SourceReading reading) {
  reading.format = FileFormat::kParquet;
  return reading;
}

std::string_view allowed_types(std::string_view role) {
  if (role == "user") return "strings or integers";
  if (role == "event") return "strings";
  if (role == "time") return "timestamps, dates, integers or strings";
  if (role == "value") return "integers, decimals, floats or strings";
  return "strings, integers or booleans";
}

bool has_type(std::string_view role, ParquetType type) {
  switch (type) {
    case ParquetType::kText:
      return true;
    case ParquetType::kInteger:
      return role != "event";
    case ParquetType::kBoolean:
      return role == "property";
    case ParquetType::kTime:
      return role == "time";
    case ParquetType::kDecimal:
    case ParquetType::kFloat:
      return role == "value";
    case ParquetType::kOther:
      break;
  }
  return false;
}

}  // namespace

bool is_parquet(const std::string& path, const SourceOptions& options) {
  if (!stored_size(path)) return false;
  if (options.format == FileFormat::kParquet) return true;
  Result<StoredFile> file = StoredFile::open(path, {});
  if (!file.ok()) return false;
  const Result<std::string_view> head = file->look_ahead(kForeignHeadBytes);
  if (!head.ok()) return false;
  if (head->starts_with(kParquetMagic)) return true;
  return !options.format && has_parquet_name(path) && foreign_format(*head).empty();
}

Result<std::shared_ptr<const ParquetFile>> ParquetFile::open(const std::string& path,
                                                             const SourceOptions& options,
                                                             std::uint64_t page_bytes_max,
                                                             const SourceWait& wait) {
  auto file = std::make_shared<ParquetFile>();
  file->path_ = path;
  file->read_ = options.read_parquet;
  file->page_bytes_max_ = page_bytes_max;
  file->facts_ = facts_of(path);
  ROLLCALL_RETURN_IF_ERROR(file->look_at(wait));
  if (!file->read_) {
    return Status::unsupported(fmt::format(
        "{}: a Parquet file, and there is no reader of Parquet (allowed: CSV and its kin, NDJSON, "
        "the native format; Parquet with a reader)",
        path));
  }
  ROLLCALL_RETURN_IF_ERROR(file->read_head());
  return std::shared_ptr<const ParquetFile>(std::move(file));
}

Status ParquetFile::look_at(const SourceWait& wait) {
  ROLLCALL_ASSIGN_OR_RETURN(StoredFile file, StoredFile::open(path_, wait));
  ROLLCALL_ASSIGN_OR_RETURN(const std::string_view head, file.look_ahead(kParquetMagic.size()));
  if (head != kParquetMagic) {
    return damaged(fmt::format("it begins with {}", quoted_excerpt(head)));
  }
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(),
                                                                       &XXH3_freeState);
  if (state == nullptr) throw std::bad_alloc();
  XXH3_128bits_reset(state.get());
  std::vector<char> buffer(std::size_t{1} << 20);
  for (;;) {
    if (wait.stop.stop_requested()) return stopped_within(0);
    ROLLCALL_ASSIGN_OR_RETURN(const ReadBytes read, file.read(buffer.data(), buffer.size(), {}));
    XXH3_128bits_update(state.get(), buffer.data(), read.size);
    size_ += read.size;
    if (read.at_end) break;
  }
  digest_ = XXH3_128bits_digest(state.get());
  return {};
}

Status ParquetFile::damaged(std::string_view what) const {
  return Status::corruption(
      fmt::format("{}: not a Parquet file that can be read to its end: {}", path_, what));
}

Status ParquetFile::begin(const std::vector<std::string>& columns, std::uint64_t first_row_group,
                          std::size_t batch_rows, Owned<ArrowArrayStream>& stream) const {
  const ParquetRequest request = {columns, first_row_group, batch_rows, page_bytes_max_};
  return open_stream(request, stream).status();
}

Result<std::vector<std::uint64_t>> ParquetFile::open_stream(const ParquetRequest& request,
                                                            Owned<ArrowArrayStream>& stream) const {
  Result<std::vector<std::uint64_t>> groups = read_(path_, request, stream.get());
  if (groups.ok() && facts_of(path_) != facts_) {
    return Status::io_error(fmt::format("{}: it has changed while it was read", path_));
  }
  if (groups.ok()) return groups;
  return groups.status().code() == StatusCode::kCorruption ? damaged(groups.status().message())
                                                           : groups.status().within(path_);
}

Status ParquetFile::read_head() {
  Owned<ArrowArrayStream> stream;
  const ParquetRequest request = {{}, 0, kHeadRows, page_bytes_max_};
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::uint64_t> groups, open_stream(request, stream));
  for (const std::uint64_t rows : groups) {
    if (__builtin_add_overflow(rows_, rows, &rows_)) return damaged("too many rows");
    group_ends_.push_back(rows_);
  }
  auto schema = std::make_shared<Owned<ArrowSchema>>();
  if (const int code = stream->get_schema(stream.get(), schema->get()); code != 0) {
    return damaged(stream_error_text(stream.get(), code));
  }
  std::map<std::string, int> names;
  for (std::int64_t i = 0; i < (*schema)->n_children; ++i) {
    const char* const name = (*schema)->children[i]->name;
    ++names[name == nullptr ? "" : name];
  }
  std::vector<std::string> fields;
  for (std::int64_t i = 0; i < (*schema)->n_children; ++i) {
    const ArrowSchema& child = *(*schema)->children[i];
    Column column{child.name == nullptr ? "" : child.name, child.format, parquet_type(child)};
    const bool is_name = !column.name.empty() &&
                         column.name.find_first_of("\r\n") == std::string::npos &&
                         names[column.name] == 1;
    // A name that is there twice tells no column.
    if (!is_name) column.type = ParquetType::kOther;
    if (column.type != ParquetType::kOther) fields.push_back(column.name);
    columns_.push_back(std::move(column));
  }
  for (const std::string& field : fields) {
    if (!head_.empty()) head_ += ',';
    append_field(field, head_);
  }
  head_ += '\n';
  if (rows_ == 0) {
    head_is_all_ = true;
    return {};
  }
  auto batch = std::make_shared<Owned<ArrowArray>>();
  if (const int code = stream->get_next(stream.get(), batch->get()); code != 0) {
    return damaged(stream_error_text(stream.get(), code));
  }
  if ((*batch)->release == nullptr || (*batch)->length <= 0) return damaged("it has no rows");
  const ParquetRows rows = {schema, batch, 0, (*batch)->length, 0};
  ParquetText text(fields);
  if (const Status written = text.write(rows); !written.ok()) return damaged(written.message());
  // Rows may be as long as any; a few of them tell enough.
  constexpr std::size_t kEnough = std::size_t{1} << 20;
  std::size_t size = text.text().size();
  for (const std::size_t begin : text.begins()) {
    if (begin >= kEnough) {
      size = begin;
      break;
    }
  }
  head_is_all_ = size == text.text().size() && std::cmp_greater_equal((*batch)->length, rows_);
  head_ += std::string_view(text.text()).substr(0, size);
  return {};
}

const ParquetFile::Column* ParquetFile::find(const std::string& name) const {
  const auto found = std::find_if(columns_.begin(), columns_.end(),
                                  [&](const Column& column) { return column.name == name; });
  return found == columns_.end() ? nullptr : &*found;
}

std::uint32_t ParquetFile::number_of(const std::string& column) const {
  const Column* const found = find(column);
  return found == nullptr ? 0 : static_cast<std::uint32_t>(found - columns_.data()) + 1;
}

std::pair<std::uint64_t, std::uint64_t> ParquetFile::place_of(std::uint64_t row) const {
  const auto end = std::upper_bound(group_ends_.begin(), group_ends_.end(), row);
  const auto group = static_cast<std::uint64_t>(end - group_ends_.begin());
  return {group, row - first_row_of(group)};
}

Status ParquetFile::check_type(std::string_view role, const std::string& column) const {
  const Column* const found = find(column);
  if (found == nullptr) return {};  // told by whoever looks for it
  const std::string_view of = role == "user" || role == "time" || role == "event" || role == "value"
                                  ? role
                                  : std::string_view("property");
  if (has_type(of, found->type)) return {};
  return Status::invalid_argument(
      fmt::format("{}: {}: column {}: of type {} (allowed: {}, once in the file)", path_, role,
                  quoted_excerpt(column), arrow_type_name(found->format), allowed_types(of)));
}

// A column that is no text at all is not in the text that is inspected, and would be missed there.
Status ParquetFile::check_names(const SourceOptions& options,
                                const std::vector<std::string>& properties) const {
  if (options.user) ROLLCALL_RETURN_IF_ERROR(check_type("user", *options.user));
  if (options.time) ROLLCALL_RETURN_IF_ERROR(check_type("time", *options.time));
  if (options.event) ROLLCALL_RETURN_IF_ERROR(check_type("event", *options.event));
  if (options.value) ROLLCALL_RETURN_IF_ERROR(check_type("value", *options.value));
  std::vector<std::string> names;
  for (const Column& column : columns_) names.push_back(column.name);
  for (const std::string& property : properties) {
    for (const std::string& part : property_parts(property, names)) {
      ROLLCALL_RETURN_IF_ERROR(check_type("property", part));
    }
  }
  return {};
}

Status ParquetFile::check_types(const SourceSchema& schema,
                                const std::vector<std::string>& properties) const {
  SourceOptions used;
  used.user = schema.user;
  used.time = schema.time;
  if (!schema.event.empty()) used.event = schema.event;
  if (!schema.value.empty()) used.value = schema.value;
  return check_names(used, properties);
}

// `schema` is what was found before, if anything was: the types of its columns are then known.
SourceOptions ParquetFile::text_options(const SourceOptions& options,
                                        const SourceSchema* schema) const {
  SourceOptions text = options;
  text.format = FileFormat::kDelimited;
  text.delimiter = ",";
  text.quotes = QuoteRule::kFields;
  text.skip_lines.reset();
  text.comment.clear();
  text.columns.clear();
  text.header.reset();
  text.nested = NestedValues::kText;
  text.line_bytes_max = std::numeric_limits<std::uint32_t>::max();
  if (schema == nullptr) return text;
  const Column* const time = find(schema->time);
  if (time != nullptr && time->type == ParquetType::kTime) text.time_format.reset();
  const Column* const value = find(schema->value);
  if (value != nullptr && value->type != ParquetType::kText) {
    text.decimal.reset();
    text.grouping.reset();
    text.currency.reset();
  }
  return text;
}

Result<SourceSchema> ParquetFile::inspect(const SourceOptions& options,
                                          const std::vector<std::string>& properties) const {
  ROLLCALL_RETURN_IF_ERROR(check_names(options, properties));
  Result<SourceSchema> schema =
      inspect_head(path_, head_, head_is_all_, text_options(options, nullptr), properties);
  ROLLCALL_RETURN_IF_ERROR(schema.status());
  ROLLCALL_ASSIGN_OR_RETURN(
      SourceSchema found,
      inspect_head(path_, head_, head_is_all_, text_options(options, &*schema), properties));
  ROLLCALL_RETURN_IF_ERROR(check_types(found, properties));
  found.format = FileFormat::kParquet;
  return found;
}

Result<ReadingPlan> ParquetFile::plan(const SourceOptions& options, const StoreSettings& settings,
                                      const TimeZone& zone, const SourceReading* known) const {
  const std::vector<std::string> properties = settings.properties();
  ROLLCALL_RETURN_IF_ERROR(check_names(options, properties));
  const SourceReading known_text = known == nullptr ? SourceReading() : as_text(*known);
  const SourceReading* const before = known == nullptr ? nullptr : &known_text;
  ROLLCALL_ASSIGN_OR_RETURN(const ReadingPlan first,
                            plan_reading(path_, head_, head_is_all_, text_options(options, nullptr),
                                         settings, zone, before));
  ROLLCALL_ASSIGN_OR_RETURN(
      ReadingPlan plan, plan_reading(path_, head_, head_is_all_,
                                     text_options(options, &first.schema), settings, zone, before));
  ROLLCALL_RETURN_IF_ERROR(check_types(plan.schema, properties));
  plan.reading = as_parquet(std::move(plan.reading));
  plan.schema.format = FileFormat::kParquet;
  return plan;
}

std::optional<SourceReading> ParquetFile::reading_if_new(const SourceOptions& options,
                                                         const StoreSettings& settings,
                                                         const SourceReading& known) const {
  SourceSchema schema;
  for (const SourceReading::Column& column : known.columns) {
    if (column.role == "time") schema.time = column.name;
    if (column.role == "value") schema.value = column.name;
  }
  const std::optional<SourceReading> reading = rollcall::reading_if_new(
      path_, head_, head_is_all_, text_options(options, &schema), settings, as_text(known));
  if (!reading) return {};
  return as_parquet(*reading);
}

ParquetBlockReader::ParquetBlockReader(std::shared_ptr<const ParquetFile> file,
                                       std::vector<std::string> columns, std::uint64_t begin,
                                       std::uint64_t end, std::size_t block_bytes)
    : file_(std::move(file)),
      columns_(std::move(columns)),
      row_(begin),
      end_(end),
      block_bytes_(block_bytes) {}

Status ParquetBlockReader::begin() {
  const std::uint64_t group = file_->place_of(row_).first;
  const std::size_t batch_rows =
      std::clamp(block_bytes_ / kUsualRowBytes, kBatchRowsMin, kBatchRowsMax);
  ROLLCALL_RETURN_IF_ERROR(file_->begin(columns_, group, batch_rows, stream_));
  auto schema = std::make_shared<Owned<ArrowSchema>>();
  if (const int code = stream_->get_schema(stream_.get(), schema->get()); code != 0) {
    return file_->damaged(stream_error_text(stream_.get(), code));
  }
  schema_ = std::move(schema);
  read_to_ = file_->first_row_of(group);
  has_begun_ = true;
  return {};
}

// Sets `rest_` to what is wanted of the next batch that has something.
Result<bool> ParquetBlockReader::next_batch() {
  for (;;) {
    auto batch = std::make_shared<Owned<ArrowArray>>();
    if (const int code = stream_->get_next(stream_.get(), batch->get()); code != 0) {
      return file_->damaged(stream_error_text(stream_.get(), code));
    }
    if ((*batch)->release == nullptr) return false;
    const std::int64_t size = (*batch)->length;
    if (size < 0 || std::cmp_greater(size, file_->rows() - read_to_)) {
      return file_->damaged("it has more rows than it says");
    }
    const std::uint64_t skipped = std::min(row_ - read_to_, static_cast<std::uint64_t>(size));
    read_to_ += static_cast<std::uint64_t>(size);
    rest_ = {schema_, batch, static_cast<std::int64_t>(skipped),
             size - static_cast<std::int64_t>(skipped), row_};
    if (rest_.size == 0) continue;
    Result<std::size_t> longest = longest_text(rest_, columns_);
    if (!longest.ok()) return file_->damaged(longest.status().message());
    // Rows that may be long make several blocks.
    const std::size_t fitting = 4 * block_bytes_ / std::max<std::size_t>(*longest, 1);
    step_ = static_cast<std::int64_t>(std::clamp<std::size_t>(fitting, 1, kBatchRowsMax));
    return true;
  }
}

Result<bool> ParquetBlockReader::next(SourceBlock& block) {
  if (row_ >= end_) return false;
  if (!has_begun_) ROLLCALL_RETURN_IF_ERROR(begin());
  if (rest_.size == 0) {
    ROLLCALL_ASSIGN_OR_RETURN(const bool more, next_batch());
    if (!more) {
      return file_->damaged(
          fmt::format("it has {} rows, and says that it has {}", read_to_, file_->rows()));
    }
  }
  auto rows = std::make_shared<ParquetRows>(rest_);
  rows->size = std::min({rest_.size, step_, static_cast<std::int64_t>(end_ - row_)});
  rows->first_row = row_;
  rest_.begin += rows->size;
  rest_.size -= rows->size;
  row_ += static_cast<std::uint64_t>(rows->size);
  if (rest_.size == 0) rest_ = {};
  block.size = block.rest_size = block.preamble_size = 0;
  block.long_record = kNowhere;
  block.in_long_record = block.first = block.tail = block.unfinished = false;
  block.end = mark_of_rows(file_->digest(), row_);
  block.rows = std::move(rows);
  return true;
}

Status check_to_the_end(const std::shared_ptr<const ParquetFile>& file,
                        const std::vector<std::string>& columns, std::size_t block_bytes,
                        const SourceWait& wait) {
  ParquetBlockReader reader(file, columns, 0, file->rows(), block_bytes);
  SourceBlock block;
  for (;;) {
    if (wait.stop.stop_requested()) return stopped_within(0);
    ROLLCALL_ASSIGN_OR_RETURN(const bool more, reader.next(block));
    if (!more) return {};
  }
}

std::vector<std::string> parquet_columns(const SourceSchema& schema,
                                         const std::vector<std::string>& properties) {
  std::vector<std::string> columns;
  for (const std::string& column : plan_columns(schema, properties).slot_columns) {
    const bool is_new = std::find(columns.begin(), columns.end(), column) == columns.end();
    if (is_new && !column.empty()) columns.push_back(column);
  }
  return columns;
}

}  // namespace rollcall
