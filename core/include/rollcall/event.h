// A batch holds events in columns.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "rollcall/types.h"

namespace rollcall {

// Holds strings that are referred to by number: row i holds values[codes[i]]. If `codes` is empty,
// every row holds values[0]. Values may repeat, and an unused value costs nothing.
struct DictionaryColumn {
  std::span<const std::string_view> values;
  std::span<const std::uint32_t> codes;
};

// Holds the values of a dimension or of a kept property (StoreSettings). They are UTF-8 of up to
// 1,024 bytes. A batch without a column for one has "" in every row.
struct PropertyColumn {
  std::string_view name;
  DictionaryColumn column;
};

// Holds events to ingest. It is a view: the caller owns all that it points to, which need only
// outlive the call. Row i consists of element i of every column.
struct EventBatch {
  // Exactly one of the two is set, depending on the store's UserKind. Strings are UTF-8 of 1 to
  // 65,536 bytes.
  std::span<const std::uint64_t> user_integers;
  std::span<const std::string_view> user_strings;

  DictionaryColumn event;         // event names: UTF-8, 1 to 1,024 bytes
  std::span<const TimeUs> time;   // any order; between the years 1 and 9999
  std::span<const Amount> value;  // empty: no event has a value
  std::span<const PropertyColumn> properties;

  // Is the instant up to which the batch makes the data known, if that is later than its latest
  // event time. A source whose events are bare dates sets it to the last second of its latest date.
  // It has no effect in a batch without events.
  std::optional<TimeUs> known_until;
};

}  // namespace rollcall
