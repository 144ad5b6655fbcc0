// A reader of records passes this to a builder of batches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/reject_kind.h"
#include "rollcall/source_options.h"

namespace rollcall {

// Event names and property values have at most this many bytes, and users so many; see event.h.
inline constexpr std::size_t kNameBytesMax = 1024;
inline constexpr std::uint32_t kUserBytesMax = 65'536;

// These fields of a row are used, in this order; properties follow.
enum Slot : std::size_t { kUserSlot, kTimeSlot, kEventSlot, kValueSlot, kFirstPropertySlot };

// Holds a field's text as a view, which is valid until the reader starts on another block. If it is
// empty, there is none.
struct Field {
  std::string_view text;
  std::uint32_t column = 0;  // of its first byte in the record, from 1; 0: not there
};

// Says why a row cannot be ingested.
struct RowFault {
  RejectKind kind = RejectKind::kFieldCount;
  std::string reason = {};
  std::uint32_t column = 0;  // as RejectedRow::column
  OptionHint hint = {};      // empty: hint_for(kind)
  // Is the limit that alone keeps the row out, so that it may come in when it is read again.
  std::optional<SourceLimit> limit = std::nullopt;
  bool is_in = false;  // not a fault: an earlier reading has ingested the row

  // Returns what RejectedRow::hint has.
  OptionHint helping_options() const { return hint.empty() ? hint_for(kind) : hint; }
};

struct Row {
  std::string_view record;    // as it stands in the block, without the line end
  std::vector<Field> fields;  // by slot; ignored if there is a fault
  std::optional<RowFault> fault;
};

}  // namespace rollcall
