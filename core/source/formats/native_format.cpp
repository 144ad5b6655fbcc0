#include "core/source/formats/native_format.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/base/byte_codec.h"
#include "core/base/guard.h"
#include "rollcall/message_text.h"

namespace rollcall {
namespace {

constexpr std::uint32_t kVersion = 1;
constexpr std::uint64_t kPayloadBytesMax = std::uint64_t{1} << 30;

enum Flag : std::uint8_t { kStringUsers = 1, kHasValue = 2, kHasKnownUntil = 4, kAllFlags = 7 };

// A block begins with this, in memory as in the file.
struct BlockHeader {
  char magic[8];
  std::uint32_t version;
  std::uint32_t zero;
  std::uint64_t payload_bytes;
  std::uint64_t checksum;  // XXH3 with 64 bits of the payload
};
static_assert(sizeof(BlockHeader) == 32);

Status check_column(std::string_view name, const DictionaryColumn& column, std::size_t rows) {
  if (!column.codes.empty() && column.codes.size() != rows) {
    return Status::invalid_argument(fmt::format(
        "native block: column {} has {} rows, column time {}", name, column.codes.size(), rows));
  }
  const auto wrong = std::find_if(column.codes.begin(), column.codes.end(),
                                  [&](std::uint32_t code) { return code >= column.values.size(); });
  if (wrong != column.codes.end() || (column.codes.empty() && rows > 0 && column.values.empty())) {
    return Status::invalid_argument(fmt::format(
        "native block: column {} has a code outside its {} values", name, column.values.size()));
  }
  return {};
}

void write_column(const DictionaryColumn& column, ByteWriter& writer) {
  writer.varint(column.values.size());
  for (const std::string_view value : column.values) writer.text(value);
  writer.byte(column.codes.empty() ? 0 : 1);
  writer.elements(column.codes.data(), column.codes.size());
}

NativeBatch::Column read_column(std::size_t rows, ByteReader& reader) {
  NativeBatch::Column column;
  const std::size_t value_count = reader.count(1);
  column.values.reserve(value_count);
  for (std::size_t i = 0; i < value_count; ++i) column.values.push_back(reader.text());
  if (reader.varint_up_to(1) == 1) column.codes = reader.elements<std::uint32_t>(rows);
  return column;
}

NativeLayout read_layout(ByteReader& reader) {
  NativeLayout layout;
  layout.row_count = reader.varint();
  const auto flags = reader.varint_up_to<std::uint8_t>(kAllFlags);
  layout.user_kind = (flags & kStringUsers) != 0 ? UserKind::kString : UserKind::kInteger;
  layout.has_value = (flags & kHasValue) != 0;
  layout.value_decimals = reader.varint_up_to(18);
  if ((flags & kHasKnownUntil) != 0) layout.known_until = reader.zigzag();
  const std::size_t property_count = reader.count(1);
  for (std::size_t i = 0; i < property_count && reader.ok(); ++i) {
    layout.properties.emplace_back(reader.text());
  }
  return layout;
}

Result<BlockHeader> read_header(std::string_view name, std::string_view bytes) {
  BlockHeader header{};
  if (bytes.size() < sizeof(header)) {
    return Status::corruption(fmt::format("{}: native block: it is cut off", name));
  }
  std::memcpy(&header, bytes.data(), sizeof(header));
  const std::string_view magic(header.magic, sizeof(header.magic));
  if (magic != kNativeMagic) {
    return Status::corruption(fmt::format("{}: not a native block: it begins with {} (allowed: {})",
                                          name, quoted_excerpt(magic),
                                          quoted_excerpt(kNativeMagic)));
  }
  if (header.version != kVersion) {
    return Status::unsupported(
        fmt::format("{}: native block: version {} (allowed: {})", name, header.version, kVersion));
  }
  if (header.zero != 0) {
    return Status::corruption(
        fmt::format("{}: native block: {} stands where a zero should", name, header.zero));
  }
  if (header.payload_bytes > kPayloadBytesMax) {
    return Status::corruption(fmt::format("{}: native block: {} bytes (allowed: at most {})", name,
                                          header.payload_bytes, kPayloadBytesMax));
  }
  return header;
}

Status damaged(std::string_view name) {
  return Status::corruption(fmt::format("{}: native block: it is not what was written", name));
}

Status append_block(const EventBatch& batch, std::uint32_t value_decimals, std::string& out) {
  const std::size_t rows = batch.time.size();
  const std::size_t users = batch.user_integers.size() + batch.user_strings.size();
  if (users != rows || (!batch.value.empty() && batch.value.size() != rows)) {
    return Status::invalid_argument(fmt::format(
        "native block: {} users, {} times and {} values (allowed: as many of each, or no value)",
        users, rows, batch.value.size()));
  }
  ROLLCALL_RETURN_IF_ERROR(check_column("event", batch.event, rows));
  for (const PropertyColumn& property : batch.properties) {
    ROLLCALL_RETURN_IF_ERROR(check_column(property.name, property.column, rows));
  }

  const std::size_t begin = out.size();
  out.append(sizeof(BlockHeader), '\0');
  ByteWriter writer(out);
  writer.varint(rows);
  const std::uint8_t flags = static_cast<std::uint8_t>(
      (batch.user_strings.empty() ? 0 : kStringUsers) | (batch.value.empty() ? 0 : kHasValue) |
      (batch.known_until ? kHasKnownUntil : 0));
  writer.byte(flags);
  writer.varint(value_decimals);
  if (batch.known_until) writer.zigzag(*batch.known_until);
  writer.varint(batch.properties.size());
  for (const PropertyColumn& property : batch.properties) writer.text(property.name);
  writer.elements(batch.user_integers.data(), batch.user_integers.size());
  for (const std::string_view user : batch.user_strings) writer.text(user);
  write_column(batch.event, writer);
  writer.elements(batch.time.data(), rows);
  writer.elements(batch.value.data(), batch.value.size());
  for (const PropertyColumn& property : batch.properties) write_column(property.column, writer);

  const std::string_view payload = std::string_view(out).substr(begin + sizeof(BlockHeader));
  if (payload.size() > kPayloadBytesMax) {
    const std::size_t size = payload.size();
    out.resize(begin);
    return Status::invalid_argument(fmt::format(
        "native block: a batch of {} bytes (allowed: at most {})", size, kPayloadBytesMax));
  }
  BlockHeader header{};
  kNativeMagic.copy(header.magic, sizeof(header.magic));
  header.version = kVersion;
  header.payload_bytes = payload.size();
  header.checksum = XXH3_64bits(payload.data(), payload.size());
  std::memcpy(out.data() + begin, &header, sizeof(header));
  return {};
}

}  // namespace

Status append_native_block(const EventBatch& batch, std::uint32_t value_decimals,
                           std::string& out) {
  const std::size_t begin = out.size();
  try {
    return append_block(batch, value_decimals, out);
  } catch (...) {
    out.resize(begin);
    return caught_exception("native block");
  }
}

void NativeBatch::keep(const std::vector<std::uint32_t>& rows) {
  const auto keep_in = [&](auto& column) {
    if (column.empty()) return;  // no such column, or one value for all rows
    for (std::size_t i = 0; i < rows.size(); ++i) column[i] = column[rows[i]];
    column.resize(rows.size());
  };
  keep_in(user_integers);
  keep_in(user_strings);
  keep_in(event.codes);
  keep_in(time);
  keep_in(value);
  for (Column& property : properties) keep_in(property.codes);
}

Result<NativeLayout> read_native_layout(std::string_view name, std::string_view head) {
  ROLLCALL_RETURN_IF_ERROR(read_header(name, head).status());
  ByteReader reader(head.substr(sizeof(BlockHeader)));
  NativeLayout layout = read_layout(reader);
  if (!reader.ok()) return damaged(name);
  return layout;
}

Result<NativeBatch> decode_native_block(std::string_view name, std::string_view block) {
  ROLLCALL_ASSIGN_OR_RETURN(const BlockHeader header, read_header(name, block));
  const std::string_view payload = block.substr(sizeof(BlockHeader));
  if (payload.size() != header.payload_bytes ||
      XXH3_64bits(payload.data(), payload.size()) != header.checksum) {
    return damaged(name);
  }
  ByteReader reader(payload);
  NativeBatch batch;
  batch.layout = read_layout(reader);
  // Every row has a time, so a block cannot have more rows than that.
  if (!reader.ok() || batch.layout.row_count > reader.remaining() / sizeof(TimeUs)) {
    return damaged(name);
  }
  const std::size_t rows = batch.layout.row_count;
  if (batch.layout.user_kind == UserKind::kInteger) {
    batch.user_integers = reader.elements<std::uint64_t>(rows);
  } else {
    batch.user_strings.reserve(rows);
    for (std::size_t i = 0; i < rows; ++i) batch.user_strings.push_back(reader.text());
  }
  batch.event = read_column(rows, reader);
  batch.time = reader.elements<TimeUs>(rows);
  if (batch.layout.has_value) batch.value = reader.elements<Amount>(rows);
  for (std::size_t i = 0; i < batch.layout.properties.size() && reader.ok(); ++i) {
    batch.properties.push_back(read_column(rows, reader));
  }
  if (!reader.done()) return damaged(name);
  return batch;
}

// Reads on until `block` has `size` bytes, or fewer at the end.
Status NativeBlockReader::read_to(std::size_t size, SourceBlock& block) {
  block.reserve(size);
  while (block.size < size && !at_end_) {
    const Result<ReadBytes> read =
        content_.read(block.bytes.data() + block.size, size - block.size);
    if (read.status().code() == StatusCode::kCancelled) return stopped_within(block.size);
    ROLLCALL_RETURN_IF_ERROR(read.status());
    block.size += read->size;
    at_end_ = read->at_end;
  }
  return {};
}

Result<bool> NativeBlockReader::next(SourceBlock& block) {
  block.first = content_.offset() == 0;
  block.tail = block.unfinished = false;
  block.size = 0;
  ROLLCALL_RETURN_IF_ERROR(read_to(sizeof(BlockHeader), block));
  if (block.size == 0) return false;
  ROLLCALL_ASSIGN_OR_RETURN(const BlockHeader header, read_header(name_, block.text()));
  // It goes step by step, so that a damaged size is found out before memory is taken for all of it.
  constexpr std::size_t kStepBytes = 16 << 20;
  const std::size_t block_size = sizeof(BlockHeader) + header.payload_bytes;
  while (block.size < block_size) {
    ROLLCALL_RETURN_IF_ERROR(read_to(std::min(block_size, block.size + kStepBytes), block));
    if (at_end_ && block.size < block_size) {
      return Status::corruption(
          fmt::format("{}: native block: it is cut off, {} of {} bytes are there", name_,
                      block.size, block_size));
    }
  }
  content_.take(block.text());
  block.end = content_.mark();
  return true;
}

}  // namespace rollcall
