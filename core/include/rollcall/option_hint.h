// Hints at options that would accept what was refused. Errors, notes and rejected rows carry such a
// hint beside their text, so that each surface can spell the options in its own way: the command
// line as flags, a binding as arguments.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall {

// Names options by the fields of the structs that hold them.
enum class Option : std::uint8_t {
  // SourceOptions
  kFormat,
  kDelimiter,
  kQuotes,
  kSkipLines,
  kComment,
  kColumns,
  kUser,
  kEvent,
  kTime,
  kValue,
  kEventName,
  kTimeFormat,
  kTimeUnit,
  kDecimal,
  kGrouping,
  kCurrency,
  kRoundValues,
  kRejectNullUsers,
  kAgain,
  kTimeMin,
  kTimeMax,
  kLineBytesMax,
  kUserBytesMax,
  // IngestHooks
  kReject,
  // StoreSettings
  kTimeZone,
  kUserKind,
  kDimensions,
  kKeptProperties,
  kPartitionCount,
  kValueDecimals,
  kEventNamesMax,
  kDimensionValuesMax,
  // EngineOptions
  kHistoryDays,
  kQuestionDirectories,
  // RocksStoreOptions
  kAcceptRollback,
};

// Returns the field's name: "time_unit".
std::string_view name_of(Option option);

// Holds an option and the value to set it to. A value of an enum is a word, such as "excel_days"
// for kExcelDays; a value of a bool is "true" or "false". If the value is empty, the text beside it
// says what the option is for.
struct OptionValue {
  Option option = Option::kFormat;
  std::string value;

  friend bool operator==(const OptionValue&, const OptionValue&) = default;
};

// Holds alternatives, any of which may help, with the likeliest first. The options of one way go
// together.
struct OptionHint {
  using Way = std::vector<OptionValue>;
  std::vector<Way> ways;

  OptionHint() = default;
  OptionHint(Option option, std::string value = {});  // NOLINT(google-explicit-constructor)

  OptionHint& or_else(Option option, std::string value = {}) &;
  OptionHint&& or_else(Option option, std::string value = {}) &&;

  bool empty() const { return ways.empty(); }
  // Returns whether some way sets the option. The second form returns whether some way sets it to
  // that value.
  bool names(Option option) const;
  bool names(Option option, std::string_view value) const;

  friend bool operator==(const OptionHint&, const OptionHint&) = default;
};

// Returns, for example, "decimal = , and grouping = . or time_format", or "" for an empty hint.
std::string to_string(const OptionHint& hint);

// Says what a reader should know, and which options would change it.
struct HintedText {
  std::string text;
  OptionHint hint;

  friend bool operator==(const HintedText&, const HintedText&) = default;
};

}  // namespace rollcall
