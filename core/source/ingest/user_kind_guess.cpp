// The users of files are integers if the whole of the files says so.

#include <algorithm>
#include <optional>

#include "core/base/digits.h"
#include "core/source/files/content_reader.h"
#include "core/source/files/source_paths.h"
#include "core/source/formats/delimited_reader.h"
#include "core/source/formats/native_format.h"
#include "core/source/formats/ndjson_reader.h"
#include "core/source/formats/text_block_reader.h"
#include "core/source/ingest/parquet_file.h"
#include "core/source/ingest/row_sample.h"
#include "core/source/ingest/schema_inspector.h"
#include "rollcall/file_source.h"

namespace rollcall {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{1} << 20;

struct UsersSeen {
  bool any = false;
  bool all_integers = true;
};

template <class Reader>
void look_at_users(Reader& reader, const SourceBlock& block, bool header, UsersSeen& seen) {
  reader.start(block.records());
  Row row;
  if (block.first && header) reader.next(row);
  while (seen.all_integers && reader.next(row)) {
    if (row.fault) continue;
    const std::string_view user = row.fields[kUserSlot].text;
    if (user.find_first_not_of(" \t") == std::string_view::npos) continue;
    std::uint64_t integer = 0;
    seen.any = true;
    seen.all_integers = parse_canonical_integer(user, integer);
  }
}

template <class Reader>
void look_at_text(ContentReader& content, const SourceSchema& schema, const RecordSyntax& syntax,
                  Reader reader, UsersSeen& seen) {
  TextBlockReader blocks(content, syntax, kBlockBytes, schema.skip_lines);
  SourceBlock block;
  while (seen.all_integers) {
    const Result<bool> more = blocks.next(block);
    if (!more.ok() || !*more) return;
    look_at_users(reader, block, schema.header, seen);
  }
}

void look_at_parquet(const std::string& path, const SourceOptions& options, UsersSeen& seen) {
  const Result<std::shared_ptr<const ParquetFile>> file =
      ParquetFile::open(path, options, kInspectedPageBytesMax, {});
  if (!file.ok() || (*file)->rows() == 0) return;
  const Result<SourceSchema> schema = (*file)->inspect(options, {});
  if (!schema.ok()) return;
  ParquetBlockReader blocks(*file, {schema->user}, 0, (*file)->rows(), kBlockBytes);
  ParquetText text({schema->user});
  SourceBlock block;
  while (seen.all_integers) {
    const Result<bool> more = blocks.next(block);
    if (!more.ok() || !*more || !text.write(*block.rows).ok()) return;
    // The reader of delimited text undoes the quotes.
    RecordSyntax syntax;
    syntax.line_bytes_max = text.text().size();
    DelimitedReader reader(syntax, 1, {0});
    std::string padded = text.text();
    padded.append(kBlockPadding, ' ');
    block.preamble_size = 0;
    block.bytes.assign(padded.begin(), padded.end());
    block.size = text.text().size();
    look_at_users(reader, block, /*header=*/false, seen);
  }
}

void look_at_file(const std::string& path, const SourceOptions& options, UsersSeen& seen) {
  if (is_parquet(path, options)) return look_at_parquet(path, options, seen);
  Result<ContentReader> content = ContentReader::open(path);
  if (!content.ok()) return;
  const std::vector<std::string> no_properties;
  const Result<std::string_view> looked_at =
      content->head(head_to_inspect(path, options, no_properties));
  if (!looked_at.ok()) return;
  const std::string head(*looked_at);
  const bool complete = content->head_is_all();
  if (holds_nothing(head, complete)) return;
  const Result<SourceSchema> schema = inspect_head(path, head, complete, options, no_properties);
  if (!schema.ok()) return;

  if (schema->format == FileFormat::kNative) {
    const Result<NativeLayout> layout = read_native_layout(path, head);
    seen.any = true;
    seen.all_integers = layout.ok() && layout->user_kind == UserKind::kInteger;
    return;
  }
  const RecordSyntax syntax = record_syntax(*schema, options);
  if (schema->format == FileFormat::kNdjson) {
    NdjsonReader reader(options.line_bytes_max, options.comment, {schema->user}, options.nested);
    return look_at_text(*content, *schema, syntax, std::move(reader), seen);
  }
  const auto column = std::find(schema->columns.begin(), schema->columns.end(), schema->user);
  const auto number = static_cast<std::uint32_t>(column - schema->columns.begin());
  return look_at_text(*content, *schema, syntax,
                      DelimitedReader(syntax, schema->columns.size(), {number}), seen);
}

}  // namespace

Result<UserKind> guess_user_kind(const std::vector<std::string>& paths,
                                 const SourceOptions& options) {
  ROLLCALL_ASSIGN_OR_RETURN(const ExpandedPaths expanded, expand_directories(paths));
  UsersSeen seen;
  for (const std::string& path : expanded.files) {
    if (!seen.all_integers || !stored_size(path)) return UserKind::kString;
    look_at_file(path, options, seen);
  }
  return seen.any && seen.all_integers ? UserKind::kInteger : UserKind::kString;
}

}  // namespace rollcall
