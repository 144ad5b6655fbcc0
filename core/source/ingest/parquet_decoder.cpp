#include "core/source/ingest/parquet_decoder.h"

#include <fmt/format.h>

#include <algorithm>

#include "rollcall/message_text.h"

namespace rollcall {

Status ParquetDecoder::decode(SourceBlock& block, bool, DecodedBlock& out) {
  const ParquetRows& rows = *block.rows;
  if (const Status written = text_.write(rows); !written.ok()) {
    return file_->damaged(written.message());
  }
  block.reserve(text_.text().size());
  std::copy(text_.text().begin(), text_.text().end(), block.bytes.begin());
  block.size = text_.text().size();
  ROLLCALL_RETURN_IF_ERROR(text_decoder_->decode(block, false, out));
  out.lines = static_cast<std::uint64_t>(rows.size);
  for (BlockReject& reject : out.rejects) place(block, rows.first_row, reject);
  return {};
}

void ParquetDecoder::place(const SourceBlock& block, std::uint64_t first_row,
                           BlockReject& reject) const {
  const auto begin = static_cast<std::size_t>(reject.record.data() - block.text().data());
  const std::vector<std::size_t>& begins = text_.begins();
  const auto after = std::upper_bound(begins.begin(), begins.end(), begin);
  reject.line = static_cast<std::uint64_t>(after - begins.begin()) - 1;
  std::string place;
  if (reject.fault.column > 0) {
    const std::string& column = columns_[field_at(reject.record, reject.fault.column - 1)];
    reject.fault.column = file_->number_of(column);
    place = fmt::format("column {}, ", quoted_excerpt(column));
  }
  const auto [group, row] = file_->place_of(first_row + reject.line);
  reject.fault.reason += fmt::format(" ({}row {} of row group {})", place, row + 1, group + 1);
}

std::size_t ParquetDecoder::field_at(std::string_view record, std::size_t byte) const {
  std::size_t field = 0;
  bool is_quoted = false;
  for (const char c : record.substr(0, byte)) {
    if (c == '"') is_quoted = !is_quoted;
    if (c == ',' && !is_quoted) ++field;
  }
  return std::min(field, columns_.size() - 1);
}

}  // namespace rollcall
