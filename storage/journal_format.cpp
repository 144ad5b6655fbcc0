#include "storage/journal_format.h"

#include <xxhash.h>

#include "storage/little_endian.h"

namespace rollcall {

namespace {

constexpr std::string_view kJournalMagic = "rolljrnl";

std::uint64_t checksum(std::string_view bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

}  // namespace

std::string encode_journal_header(const StoreId& store_id, std::uint64_t number) {
  std::string header(kJournalMagic);
  header.append(store_id.begin(), store_id.end());
  append_u64(header, number);
  append_u64(header, checksum(header, 0));
  return header;
}

std::string encode_journal_mark(const JournalMark& mark, const StoreId& store_id) {
  std::string bytes;
  append_u64(bytes, mark.file);
  append_u64(bytes, mark.bytes);
  append_u64(bytes, mark.next);
  append_u64(bytes, checksum(bytes, checksum({store_id.data(), store_id.size()}, 0)));
  return bytes;
}

std::optional<JournalMark> decode_journal_mark(std::string_view bytes, const StoreId& store_id) {
  if (bytes.size() != kJournalMarkBytes) return std::nullopt;
  const JournalMark mark{load_u64(bytes.data()), load_u64(bytes.data() + 8),
                         load_u64(bytes.data() + 16)};
  if (bytes != encode_journal_mark(mark, store_id)) return std::nullopt;
  return mark;
}

std::uint64_t journal_record_checksum(const JournalRecordHeader& header, std::string_view record,
                                      const StoreId& store_id, std::uint64_t file) {
  std::string fields(store_id.begin(), store_id.end());
  for (const std::uint64_t field : {file, header.bytes, header.number, header.base}) {
    append_u64(fields, field);
  }
  return checksum(record, checksum(fields, 0));
}

std::string encode_journal_record_header(const JournalRecordHeader& header) {
  std::string bytes;
  for (const std::uint64_t field : {header.checksum, header.bytes, header.number, header.base}) {
    append_u64(bytes, field);
  }
  return bytes;
}

JournalRecordHeader decode_journal_record_header(std::string_view bytes) {
  return {load_u64(bytes.data()), load_u64(bytes.data() + 8), load_u64(bytes.data() + 16),
          load_u64(bytes.data() + 24)};
}

}  // namespace rollcall
