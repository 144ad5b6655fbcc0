// These are the JSON spellings of words that several kinds of queries share.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "rollcall/question.h"

namespace rollcall {

template <class T>
struct Spelling {
  std::string_view name;
  T value;
};

template <class T, std::size_t n>
constexpr std::array<std::string_view, n> words_of(const std::array<Spelling<T>, n>& spellings) {
  std::array<std::string_view, n> words;
  for (std::size_t i = 0; i < n; ++i) words[i] = spellings[i].name;
  return words;
}
// Returns the names alone, as in QueryField::words.
template <const auto& spellings>
inline constexpr auto kWordsOf = words_of(spellings);

// These are the periods of every kind that has any.
inline constexpr std::array<Spelling<Period>, 5> kPeriodNames = {{{"day", Period::kDay},
                                                                  {"week", Period::kWeek},
                                                                  {"fortnight", Period::kFortnight},
                                                                  {"month", Period::kMonth},
                                                                  {"quarter", Period::kQuarter}}};
// Some kinds also have these.
inline constexpr std::array<Spelling<Period>, 7> kAllPeriodNames = [] {
  std::array<Spelling<Period>, 7> names = {{{"minute", Period::kMinute}, {"hour", Period::kHour}}};
  std::copy(kPeriodNames.begin(), kPeriodNames.end(), names.begin() + 2);
  return names;
}();

inline constexpr std::array<Spelling<Segment::Compare>, 3> kCompareNames = {
    {{"gte", Segment::Compare::kAtLeast},
     {"lte", Segment::Compare::kAtMost},
     {"eq", Segment::Compare::kExactly}}};

inline constexpr std::array<Spelling<Segment::AudiencePart::Arm>, 2> kArmNames = {
    {{"contacted", Segment::AudiencePart::Arm::kContacted},
     {"holdout", Segment::AudiencePart::Arm::kHoldout}}};
// Kinds with rows by cohort have these.
inline constexpr std::array<Spelling<RetentionQuery::Summary>, 3> kSummaryNames = {
    {{"pooled", RetentionQuery::Summary::kPooled},
     {"mean", RetentionQuery::Summary::kMean},
     {"none", RetentionQuery::Summary::kNone}}};

template <class T, std::size_t n>
std::string_view name_of(const std::array<Spelling<T>, n>& spellings, T value) {
  for (const Spelling<T>& spelling : spellings) {
    if (spelling.value == value) return spelling.name;
  }
  return {};
}

}  // namespace rollcall
