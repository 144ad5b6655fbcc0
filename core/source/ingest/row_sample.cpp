#include "core/source/ingest/row_sample.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "core/source/files/source_paths.h"
#include "core/source/formats/delimited_reader.h"
#include "core/source/formats/ndjson_reader.h"
#include "core/source/formats/text_block_reader.h"
#include "core/source/values/null_words.h"

namespace rollcall {
namespace {

constexpr std::size_t kRowsInspected = 1000;

// Returns the whole records of `head`, which then end with a line end.
std::string whole_head(std::string_view head, bool complete, const RecordSyntax& syntax) {
  std::string text(complete ? head : head.substr(0, whole_records_size(head, syntax)));
  if (!text.empty() && text.back() != '\n') text += '\n';
  return text;
}

struct SplitRows {
  std::vector<std::vector<std::string>> rows;  // that are good
  std::optional<RowFault> first_fault;         // of the very first row
};

SplitRows split_rows(std::string_view head, bool complete, const RecordSyntax& syntax,
                     std::size_t rows_max) {
  const std::string text = whole_head(head, complete, syntax);
  DelimitedReader reader(syntax, 0, {});
  reader.start(text);
  SplitRows split;
  bool first = true;
  for (Row row; split.rows.size() < rows_max && reader.next(row); first = false) {
    if (row.fault) {
      if (first) split.first_fault = row.fault;
      continue;
    }
    std::vector<std::string>& fields = split.rows.emplace_back();
    for (const Field& field : reader.all_fields()) fields.emplace_back(field.text);
  }
  return split;
}

RecordSyntax syntax_of(std::string_view delimiter, const SourceOptions& options) {
  return {std::string(delimiter), quotes_of(delimiter, options), options.line_bytes_max,
          options.comment};
}

bool is_named_tsv(std::string_view name) {
  for (const std::string_view suffix : {".gz", ".zst"}) {
    if (name.ends_with(suffix)) name.remove_suffix(suffix.size());
  }
  return name.ends_with(".tsv") || name.ends_with(".TSV");
}

}  // namespace

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::string_view after_preamble(std::string_view head, std::uint32_t skip_lines) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (head.starts_with(kByteOrderMark)) head.remove_prefix(kByteOrderMark.size());
  for (; skip_lines > 0 && !head.empty(); --skip_lines) {
    head.remove_prefix(std::min(head.find('\n'), head.size() - 1) + 1);
  }
  return head;
}

std::string_view first_line(std::string_view head) {
  std::string_view line = head.substr(0, head.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

namespace {

std::string_view delimiter_of_declaration(std::string_view head) {
  std::string_view line = first_line(head);
  constexpr std::string_view kDeclaration = "sep=";
  const bool declares =
      line.size() > kDeclaration.size() &&
      std::equal(kDeclaration.begin(), kDeclaration.end(), line.begin(),
                 [](char a, char b) { return a == ('A' <= b && b <= 'Z' ? b - 'A' + 'a' : b); });
  if (!declares) return {};
  line.remove_prefix(kDeclaration.size());
  if (line == "\\t") return "\t";
  return line.size() == 1 ? line : std::string_view();
}

// Says whether bytes of 0 stand where they do in ASCII that is written as UTF-16: in every other
// place.
bool looks_like_utf16(std::string_view head) {
  constexpr std::size_t kBytesLookedAt = 32;
  head = head.substr(0, std::min(head.size() / 2 * 2, kBytesLookedAt));
  std::size_t zeros[2] = {0, 0};
  for (std::size_t i = 0; i < head.size(); ++i)
    if (head[i] == '\0') ++zeros[i % 2];
  const std::size_t all = head.size() / 2;
  return all >= 2 && ((zeros[0] == all && zeros[1] == 0) || (zeros[1] == all && zeros[0] == 0));
}

}  // namespace

Status source_fault(std::string_view name, std::string_view what) {
  return Status::invalid_argument(fmt::format("{}: {}", name, what));
}

DeclaredDelimiter declared_delimiter(std::string_view head, std::uint32_t skip_lines,
                                     std::string_view comment) {
  if (const auto first = delimiter_of_declaration(after_preamble(head, 0)); !first.empty()) {
    return {first, 1};
  }
  head = after_preamble(head, skip_lines);
  std::uint32_t lines = skip_lines + 1;
  for (; !comment.empty() && head.starts_with(comment); ++lines) {
    if (head.find('\n') == std::string_view::npos) return {};
    head.remove_prefix(head.find('\n') + 1);
  }
  const std::string_view delimiter = delimiter_of_declaration(head);
  return {delimiter, delimiter.empty() ? 0 : lines};
}

Status check_text(std::string_view name, std::string_view head) {
  if (head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF")) {
    return source_fault(name,
                        "text in UTF-16 or UTF-32 (allowed: UTF-8: iconv -f UTF-16 -t UTF-8)");
  }
  if (looks_like_utf16(head)) {
    return source_fault(
        name, fmt::format("text in UTF-16 without a byte order mark (allowed: UTF-8: iconv "
                          "-f UTF-16{} -t UTF-8)",
                          head[0] == '\0' ? "BE" : "LE"));
  }
  const std::size_t carriage_return = head.find('\r');
  if (carriage_return < head.size() - 1 && head.find('\n') == std::string_view::npos) {
    return source_fault(name, "its lines end with CR (allowed: LF or CR LF: tr '\\r' '\\n')");
  }
  return {};
}

FileFormat guess_format(std::string_view name, std::string_view head) {
  const std::optional<FileFormat> named = format_from_name(name);
  // A file whose beginning is text is no Parquet file, whatever its name.
  if (named && *named != FileFormat::kParquet) return *named;
  const std::size_t first = head.find_first_not_of(" \t\r\n");
  const bool json = first != std::string_view::npos && (head[first] == '{' || head[first] == '[');
  return json ? FileFormat::kNdjson : FileFormat::kDelimited;
}

QuoteRule quotes_of(std::string_view delimiter, const SourceOptions& options) {
  if (delimiter == " ") return QuoteRule::kText;
  // Programs that write tabs seldom quote, and those that do close what they open.
  return options.quotes.value_or(delimiter == "\t" ? QuoteRule::kFieldsOrText : QuoteRule::kFields);
}

std::string_view guess_delimiter(std::string_view name, std::string_view head, bool complete,
                                 const SourceOptions& options) {
  const bool tsv = is_named_tsv(name);
  constexpr std::size_t kRows = 20;
  std::string_view best = ",";
  std::size_t best_fields = 1;
  bool best_even = false;
  for (const std::string_view delimiter : {",", "\t", ";", "|", " "}) {
    const auto [rows, first_fault] =
        split_rows(head, complete, syntax_of(delimiter, options), kRows);
    if (rows.empty() || first_fault) continue;
    const std::size_t fields = rows.front().size();
    if (tsv && delimiter == "\t" && fields > 1) return delimiter;
    const bool even = std::all_of(rows.begin(), rows.end(),
                                  [&](const auto& row) { return row.size() == fields; });
    // Blanks stand in texts as well. They are tried last, and only taken if they fit everywhere and
    // nothing else splits the first line.
    const bool better = delimiter == " "
                            ? even && fields > 1 && best_fields == 1
                            : even > best_even || (even == best_even && fields > best_fields);
    if (fields > 1 && better) {
      best = delimiter;
      best_fields = fields;
      best_even = even;
    }
  }
  return best;
}

RecordSyntax record_syntax(const SourceSchema& schema, const SourceOptions& options) {
  if (schema.format == FileFormat::kDelimited) return syntax_of(schema.delimiter, options);
  return {",", QuoteRule::kText, options.line_bytes_max, options.comment};
}

namespace {

Status no_row_within(std::string_view name, std::string_view head, const SourceOptions& options) {
  return source_fault(
             name, fmt::format("no row within the {} bytes that were looked at (allowed: rows of "
                               "at most {} bytes)",
                               head.size(), options.line_bytes_max))
      .with_hint(Option::kLineBytesMax);
}

Result<RowSample> sample_delimited(std::string_view name, std::string_view head, bool complete,
                                   const SourceOptions& options, const SourceSchema& schema) {
  RowSample sample;
  SplitRows split =
      split_rows(head, complete, syntax_of(schema.delimiter, options), kRowsInspected);
  if (schema.header && split.first_fault) {
    return source_fault(name,
                        fmt::format("the first line, which names the columns, cannot be read: {}",
                                    split.first_fault->reason))
        .with_hint(split.first_fault->helping_options());
  }
  sample.rows = std::move(split.rows);
  if (sample.rows.empty() && head.empty() && complete && schema.skip_lines > 0) {
    return source_fault(name, fmt::format("no line after the {} that are skipped (allowed: fewer)",
                                          schema.skip_lines));
  }
  if (sample.rows.empty()) return no_row_within(name, head, options);
  if (schema.header) {
    for (const std::string& field : sample.rows.front()) sample.columns.emplace_back(trim(field));
    sample.rows.erase(sample.rows.begin());
  }
  const std::size_t field_count =
      schema.header ? sample.columns.size() : sample.rows.front().size();
  if (!options.columns.empty()) {
    if (options.columns.size() != field_count) {
      return source_fault(name, fmt::format("columns: {} names for {} fields",
                                            options.columns.size(), field_count));
    }
    sample.columns = options.columns;
  }
  if (sample.columns.empty()) {
    return source_fault(name, fmt::format("it has no header line, so its {} columns need names",
                                          field_count))
        .with_hint(Option::kColumns);
  }
  for (auto& row : sample.rows) row.resize(sample.columns.size());
  return sample;
}

Result<RowSample> sample_ndjson(std::string_view name, std::string_view head, bool complete,
                                const SourceOptions& options) {
  const std::size_t first = head.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && head[first] == '[') {
    return source_fault(name,
                        "a JSON array (allowed: NDJSON, which has one object a line: jq -c '.[]')");
  }
  const RecordSyntax syntax = {",", QuoteRule::kText, options.line_bytes_max, options.comment};
  std::string text = whole_head(head, complete, syntax);
  const std::size_t size = text.size();
  if (size == 0) return no_row_within(name, head, options);
  text.append(kBlockPadding, '\0');
  RowSample sample;
  for (std::size_t begin = 0; begin < size && sample.rows.size() < kRowsInspected;) {
    const std::size_t line_end = text.find('\n', begin);
    const std::string_view line = std::string_view(text).substr(begin, line_end - begin);
    const bool is_blank_line = line.find_first_not_of(" \t\r") == line.npos;
    if (is_blank_line || syntax.is_comment(std::string_view(text).substr(begin))) {
      begin = line_end + 1;
      continue;
    }
    std::vector<std::string> row(sample.columns.size());
    for (NdjsonValue& value : ndjson_values({text.data() + begin, line_end - begin})) {
      if (value.is_object) {
        const auto known = std::find(sample.objects.begin(), sample.objects.end(), value.path);
        if (known == sample.objects.end()) sample.objects.push_back(std::move(value.path));
        continue;
      }
      const auto found = std::find(sample.columns.begin(), sample.columns.end(), value.path);
      const std::size_t column = static_cast<std::size_t>(found - sample.columns.begin());
      if (found == sample.columns.end()) {
        sample.columns.push_back(value.path);
        row.emplace_back();
      }
      row[column] = std::move(value.text);
    }
    sample.rows.push_back(std::move(row));
    begin = line_end + 1;
  }
  if (sample.columns.empty()) {
    return source_fault(
        name, fmt::format("its first {} bytes are not JSON with one object a line (jq -c . "
                          "makes that of objects over several lines)",
                          head.size()));
  }
  for (auto& row : sample.rows) row.resize(sample.columns.size());
  return sample;
}

}  // namespace

Result<RowSample> sample_rows(std::string_view name, std::string_view head, bool complete,
                              const SourceOptions& options, const SourceSchema& schema) {
  return schema.format == FileFormat::kDelimited
             ? sample_delimited(name, head, complete, options, schema)
             : sample_ndjson(name, head, complete, options);
}

bool holds_a_row(std::string_view name, std::string_view content, const SourceOptions& options,
                 const SourceSchema& schema) {
  if (schema.format == FileFormat::kNative) return true;  // a block has rows from its first byte on
  const Result<RowSample> sample = sample_rows(name, after_preamble(content, schema.skip_lines),
                                               /*complete=*/true, options, schema);
  return sample.ok() && !sample->rows.empty();
}

bool holds_mostly(const RowSample& sample, const std::string& column,
                  const std::function<bool(std::string_view)>& is_such) {
  const auto found = std::find(sample.columns.begin(), sample.columns.end(), column);
  const std::size_t index = static_cast<std::size_t>(found - sample.columns.begin());
  std::size_t texts = 0, such = 0;
  for (const auto& row : sample.rows) {
    const std::string_view text = trim(row[index]);
    if (text.empty()) continue;
    ++texts;
    if (is_such(text)) ++such;
  }
  return 2 * such >= texts;
}

std::size_t rows_without(const RowSample& sample, const std::string& column) {
  const auto found = std::find(sample.columns.begin(), sample.columns.end(), column);
  const auto index = static_cast<std::size_t>(found - sample.columns.begin());
  return static_cast<std::size_t>(
      std::count_if(sample.rows.begin(), sample.rows.end(),
                    [&](const auto& row) { return trim(row[index]).empty(); }));
}

bool is_mostly_there(const RowSample& sample, const std::string& column) {
  return 2 * rows_without(sample, column) <= sample.rows.size();
}

std::string first_unlike(const RowSample& sample, const std::string& column,
                         const std::function<bool(std::string_view)>& is_such) {
  const auto found = std::find(sample.columns.begin(), sample.columns.end(), column);
  const std::size_t index = static_cast<std::size_t>(found - sample.columns.begin());
  for (const auto& row : sample.rows) {
    const std::string_view text = trim(row[index]);
    if (!text.empty() && !is_such(text)) return std::string(text);
  }
  return {};
}

bool is_all_empty(const RowSample& sample, const std::string& column) {
  const auto found = std::find(sample.columns.begin(), sample.columns.end(), column);
  const auto index = static_cast<std::size_t>(found - sample.columns.begin());
  return std::all_of(sample.rows.begin(), sample.rows.end(), [&](const auto& row) {
    const std::string_view text = trim(row[index]);
    return text.empty() || is_null_word(text);
  });
}

}  // namespace rollcall
