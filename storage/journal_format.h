// The bytes of a journal file, DIR/JOURNAL-n. docs/format.md describes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rollcall/types.h"
#include "storage/store_id.h"

namespace rollcall {

// Records begin here; the file's header and its mark stand before.
inline constexpr std::uint64_t kJournalRecordsBegin = 4096;
inline constexpr std::uint64_t kJournalMarkOffsets[] = {512, 1024};
inline constexpr std::size_t kJournalMarkBytes = 32;
inline constexpr std::size_t kJournalRecordHeaderBytes = 32;

// How much of a journal is known to be on disk.
struct JournalMark {
  std::uint64_t file = 0;   // number of the file
  std::uint64_t bytes = 0;  // of it
  std::uint64_t next = 0;   // number of the record that follows these bytes

  friend bool operator==(const JournalMark&, const JournalMark&) = default;
};

struct JournalRecordHeader {
  std::uint64_t checksum = 0;
  std::uint64_t bytes = 0;  // of the record, after the header
  std::uint64_t number = 0;
  Epoch base = 0;
};

// What stands at the beginning of file `number`.
std::string encode_journal_header(const StoreId& store_id, std::uint64_t number);

// Nothing is decoded from bytes that are not what was encoded for the same store.
std::string encode_journal_mark(const JournalMark& mark, const StoreId& store_id);
std::optional<JournalMark> decode_journal_mark(std::string_view bytes, const StoreId& store_id);

// Which of its two places in the file a mark is written to. The other one has an earlier mark, in
// case that this write is torn.
inline std::uint64_t journal_mark_offset(const JournalMark& mark) {
  return kJournalMarkOffsets[mark.next % 2];
}

// The checksum ties a record to its store, its file and its number.
std::uint64_t journal_record_checksum(const JournalRecordHeader& header, std::string_view record,
                                      const StoreId& store_id, std::uint64_t file);
std::string encode_journal_record_header(const JournalRecordHeader& header);
// `bytes` are kJournalRecordHeaderBytes.
JournalRecordHeader decode_journal_record_header(std::string_view bytes);

}  // namespace rollcall
