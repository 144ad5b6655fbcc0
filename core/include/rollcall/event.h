// A batch of events, in columns.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "rollcall/types.h"

namespace rollcall {

// Strings named by number: row i holds values[codes[i]]. Empty `codes` means that every row holds
// values[0]. The values may repeat; an unused value costs nothing.
struct DictionaryColumn {
  std::span<const std::string_view> values;
  std::span<const std::uint32_t> codes;
};

// A declared dimension's values. A batch without a column for a dimension has "" in every row.
struct PropertyColumn {
  std::string_view name;
  DictionaryColumn column;
};

// Events to ingest. A view: all that it points to belongs to the caller and need outlive only the
// call. Row i is made of element i of every column.
struct EventBatch {
  // Exactly one of the two, by the store's UserKind. Strings are UTF-8, 1 to 65,536 bytes.
  std::span<const std::uint64_t> user_integers;
  std::span<const std::string_view> user_strings;

  DictionaryColumn event;         // event names: UTF-8, 1 to 1,024 bytes
  std::span<const TimeUs> time;   // any order; between the years 1 and 9999
  std::span<const Amount> value;  // empty: no event has a value
  std::span<const PropertyColumn> properties;

  // The instant up to which the batch makes the data known, when that is later than its latest
  // event time. A source whose events are bare dates sets it to the last second of its latest date.
  // Has no effect in a batch without events.
  std::optional<TimeUs> known_until;
};

}  // namespace rollcall
