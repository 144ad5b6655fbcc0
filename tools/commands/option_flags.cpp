#include "tools/commands/option_flags.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tools/text.h"

namespace rollcall::tools {
namespace {

struct FlagText {
  Option option;
  std::string_view flag;
  std::string_view does;
};

constexpr auto kFlags = std::to_array<FlagText>({
    {Option::kFormat, "--format", "says how rows are read"},
    {Option::kDelimiter, "--delimiter", "says what separates fields"},
    {Option::kQuotes, "--quotes", "says what quotes mean"},
    {Option::kSkipLines, "--skip-lines", "passes over so many lines before the header"},
    {Option::kComment, "--comment", "passes over lines that begin so"},
    {Option::kColumns, "--columns", "names columns that have no header"},
    {Option::kUser, "--user", "names the column of the user id"},
    {Option::kEvent, "--event", "names the column of the event's name"},
    {Option::kTime, "--time", "names the column of the time"},
    {Option::kValue, "--value", "names the column of the value"},
    {Option::kEventName, "--event-name", "names all events"},
    {Option::kTimeFormat, "--time-format", "says how times are written"},
    {Option::kTimeUnit, "--time-unit", "says what numbers count"},
    {Option::kDecimal, "--decimal", "says what stands before decimals"},
    {Option::kGrouping, "--grouping", "says what stands between groups of digits"},
    {Option::kCurrency, "--currency", "says what may stand beside values"},
    {Option::kRoundValues, "--round-values", "rounds them"},
    {Option::kRejectNullUsers, "--null-users", "says whether they are users"},
    {Option::kAgain, "--again", "has all of it count again, so that rows that are in count twice"},
    {Option::kTimeMin, "--not-before", "takes more of the past"},
    {Option::kTimeMax, "--days-ahead", "takes more of the future"},
    {Option::kLineBytesMax, "--line-max", "takes longer rows"},
    {Option::kReject, "--rejects",
     "keeps rejected rows in a file of their own when a new store reads the file"},
    {Option::kTimeZone, "--timezone", "says where its days begin"},
    {Option::kUserKind, "--user-type", "says what user ids are, when the store is made"},
    {Option::kDimensions, "--dimension", "names a property to count by"},
    {Option::kKeptProperties, "--keep", "names a property to keep with every event"},
    {Option::kPartitionCount, "--partitions", "says into how many parts users are divided"},
    {Option::kValueDecimals, "--value-decimals", "says how many digits are kept"},
    {Option::kEventNamesMax, "--event-names-max", "keeps more names, when the store is made"},
    {Option::kDimensionValuesMax, "--dimension-values-max",
     "keeps more values, when the store is made"},
    {Option::kHistoryDays, "--history-days", "says how far back history reaches"},
    {Option::kQuestionDirectories, "--lists", "names more directories"},
    {Option::kAcceptRollback, "--accept-rollback", "opens the store all the same"},
});

// These values are flags of their own.
struct FlagValue {
  OptionValue set;
  std::string_view flag;
  std::string_view does;
};

const FlagValue kFlagValues[] = {
    {{Option::kQuotes, "text"}, "--no-quotes", "takes quotes as text"},
    {{Option::kQuotes, "fields"}, "--quotes", "takes quoted fields of several lines"},
    {{Option::kRoundValues, "true"}, "--round-values", "rounds them"},
    {{Option::kRejectNullUsers, "false"}, "--null-users keep", "takes them as users"},
    {{Option::kAgain, "true"},
     "--again",
     "has all of it count again, so that rows that are in count twice"},
    {{Option::kAcceptRollback, "true"}, "--accept-rollback", "opens the store all the same"},
};

const FlagText* text_of(Option option) {
  const auto found = std::find_if(kFlags.begin(), kFlags.end(),
                                  [&](const FlagText& text) { return text.option == option; });
  return found == kFlags.end() ? nullptr : &*found;
}

std::string value_text(const OptionValue& set) {
  if (set.option == Option::kGrouping && set.value == "\u00a0") return "nbsp";
  if (set.option == Option::kGrouping && set.value == "\u202f") return "nnbsp";
  std::string text = set.value;
  if (set.option == Option::kTimeUnit) std::replace(text.begin(), text.end(), '_', '-');
  return shell_word(text);
}

// Returns null if the value is no flag of its own.
const FlagValue* flag_value(const OptionValue& set) {
  const auto* const found = std::find_if(std::begin(kFlagValues), std::end(kFlagValues),
                                         [&](const FlagValue& value) { return value.set == set; });
  return found == std::end(kFlagValues) ? nullptr : found;
}

std::string flag_text(const OptionValue& set) {
  if (const FlagValue* const value = flag_value(set)) return std::string(value->flag);
  std::string text(flag_of(set.option));
  if (!text.empty() && !set.value.empty()) text += " " + value_text(set);
  return text;
}

std::string way_text(const OptionHint::Way& way) {
  std::vector<std::string> flags;
  for (const OptionValue& set : way) flags.push_back(flag_text(set));
  std::erase(flags, "");
  return fmt::format("{}", fmt::join(flags, " "));
}

// Says whether `way` is no more than another value of the option that `before` sets.
bool continues(const OptionHint::Way& before, const OptionHint::Way& way) {
  return before.size() == 1 && way.size() == 1 && before[0].option == way[0].option &&
         !before[0].value.empty() && !way[0].value.empty();
}

std::string joined_by_or(const std::vector<std::string>& parts) {
  if (parts.empty()) return {};
  std::string text = parts.front();
  for (std::size_t i = 1; i < parts.size(); ++i) {
    text += (i + 1 == parts.size() ? " or " : ", ") + parts[i];
  }
  return text;
}

// Holds a way and those after it that are no more than other values of its option.
struct Alternatives {
  std::string flags;  // "--time-unit s, ms or us"; "" where the command line has none
  std::size_t next = 0;
};

Alternatives alternatives_from(const OptionHint& hint, std::size_t i) {
  std::vector<std::string> alternatives = {way_text(hint.ways[i])};
  std::size_t next = i + 1;
  for (; next < hint.ways.size() && continues(hint.ways[i], hint.ways[next]); ++next) {
    alternatives.push_back(value_text(hint.ways[next][0]));
  }
  return {alternatives.front().empty() ? "" : joined_by_or(alternatives), next};
}

// Says whether `way`, one of the hint's, is the option of another without its value, which says
// what it does.
bool is_said(const OptionHint& hint, const OptionHint::Way& way) {
  return way.size() == 1 && way[0].value.empty() &&
         std::any_of(hint.ways.begin(), hint.ways.end(), [&](const OptionHint::Way& other) {
           return other.size() == 1 && other[0].option == way[0].option && !other[0].value.empty();
         });
}

}  // namespace

std::string_view flag_of(Option option) {
  const FlagText* const text = text_of(option);
  return text == nullptr ? std::string_view() : text->flag;
}

std::string flags_text(const OptionHint& hint) {
  std::string text;
  for (std::size_t i = 0; i < hint.ways.size();) {
    const Alternatives found = alternatives_from(hint, i);
    if (!found.flags.empty()) {
      text.append(text.empty() ? "" : " or ").append(found.flags);
      // A list of values has an "or" of its own.
      if (found.next > i + 1 && found.next < hint.ways.size()) text += ",";
    }
    i = found.next;
  }
  return text;
}

std::string with_flags(std::string text, const OptionHint& hint) {
  const std::string flags = flags_text(hint);
  if (!flags.empty()) text.append("; try ").append(flags);
  return text;
}

std::string with_flags_at_fault(const Status& status) {
  std::string text = status.message();
  const std::string flags = flags_text(status.hint());
  if (!flags.empty()) text.append("; see ").append(flags);
  return text;
}

std::string advice_text(const OptionHint& hint) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < hint.ways.size();) {
    const OptionHint::Way& way = hint.ways[i];
    const Alternatives found = alternatives_from(hint, i);
    i = found.next;
    if (found.flags.empty() || is_said(hint, way)) continue;
    const FlagValue* const value = flag_value(way[0]);
    const FlagText* const of_option = text_of(way[0].option);
    texts.push_back(
        fmt::format("{} {}", found.flags, value == nullptr ? of_option->does : value->does));
  }
  return fmt::format("{}", fmt::join(texts, "; "));
}

}  // namespace rollcall::tools
