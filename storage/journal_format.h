// This is about the bytes of a journal file, DIR/JOURNAL-n. docs/format.md describes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rollcall/types.h"
#include "storage/store_id.h"

namespace rollcall {

// Records begin here, after the file's header and its marks.
inline constexpr std::uint64_t kJournalRecordsBegin = 4096;
inline constexpr std::uint64_t kJournalMarkOffsets[] = {512, 1024};
inline constexpr std::size_t kJournalMarkBytes = 32;
inline constexpr std::size_t kJournalRecordHeaderBytes = 32;

// Says how much of a journal is known to be on disk.
struct JournalMark {
  std::uint64_t file = 0;   // number of the file
  std::uint64_t bytes = 0;  // how many of its bytes
  std::uint64_t next = 0;   // number of the record that follows these bytes

  friend bool operator==(const JournalMark&, const JournalMark&) = default;
};

struct JournalRecordHeader {
  std::uint64_t checksum = 0;
  std::uint64_t bytes = 0;  // of the record, after the header
  std::uint64_t number = 0;
  Epoch base = 0;
};

// Returns the beginning of file `number`.
std::string encode_journal_header(const StoreId& store_id, std::uint64_t number);

// Encode and decode a mark. Decoding returns nullopt for bytes that were not encoded for the same
// store.
std::string encode_journal_mark(const JournalMark& mark, const StoreId& store_id);
std::optional<JournalMark> decode_journal_mark(std::string_view bytes, const StoreId& store_id);

// Returns to which of its two places in the file a mark is written. The other one has an earlier
// mark, in case this write is torn.
inline std::uint64_t journal_mark_offset(const JournalMark& mark) {
  return kJournalMarkOffsets[mark.next % 2];
}

// Returns the checksum, which ties a record to its store, its file and its number.
std::uint64_t journal_record_checksum(const JournalRecordHeader& header, std::string_view record,
                                      const StoreId& store_id, std::uint64_t file);
std::string encode_journal_record_header(const JournalRecordHeader& header);
// `bytes` are kJournalRecordHeaderBytes.
JournalRecordHeader decode_journal_record_header(std::string_view bytes);

}  // namespace rollcall
