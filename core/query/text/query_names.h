// How the words of a query are spelled in JSON.
#pragma once

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

inline constexpr std::array<std::string_view, 8> kKindNames = {
    "active", "retention", "churn",      "idle",
    "counts", "lifecycle", "stickiness", "segment"};  // as in Query::ask
inline std::string_view kind_of(const Query& query) { return kKindNames[query.ask.index()]; }

inline constexpr std::array<Spelling<Period>, 5> kPeriodNames = {{{"day", Period::kDay},
                                                                  {"week", Period::kWeek},
                                                                  {"fortnight", Period::kFortnight},
                                                                  {"month", Period::kMonth},
                                                                  {"quarter", Period::kQuarter}}};

inline constexpr std::array<Spelling<RetentionQuery::Cohort>, 3> kCohortNames = {
    {{"first_ever", RetentionQuery::Cohort::kFirstEver},
     {"first_in_range", RetentionQuery::Cohort::kFirstInRange},
     {"recurring", RetentionQuery::Cohort::kRecurring}}};

inline constexpr std::array<Spelling<RetentionQuery::Mode>, 4> kModeNames = {
    {{"on", RetentionQuery::Mode::kOn},
     {"on_or_after", RetentionQuery::Mode::kOnOrAfter},
     {"on_or_before", RetentionQuery::Mode::kOnOrBefore},
     {"streak", RetentionQuery::Mode::kStreak}}};

inline constexpr std::array<Spelling<RetentionQuery::Summary>, 3> kSummaryNames = {
    {{"pooled", RetentionQuery::Summary::kPooled},
     {"mean", RetentionQuery::Summary::kMean},
     {"none", RetentionQuery::Summary::kNone}}};

inline constexpr std::array<Spelling<RetentionQuery::Measure>, 2> kMeasureNames = {
    {{"users", RetentionQuery::Measure::kUsers}, {"value", RetentionQuery::Measure::kValue}}};

inline constexpr std::array<Spelling<RetentionQuery::BreakdownMatch>, 2> kBreakdownMatchNames = {
    {{"cohort", RetentionQuery::BreakdownMatch::kCohort},
     {"both", RetentionQuery::BreakdownMatch::kBoth}}};

inline constexpr std::array<Spelling<Segment::Compare>, 3> kCompareNames = {
    {{"gte", Segment::Compare::kAtLeast},
     {"lte", Segment::Compare::kAtMost},
     {"eq", Segment::Compare::kExactly}}};

inline constexpr std::array<Spelling<ChurnQuery::Base>, 2> kBaseNames = {
    {{"active", ChurnQuery::Base::kActive}, {"new", ChurnQuery::Base::kNew}}};

template <class T, std::size_t n>
std::string_view name_of(const std::array<Spelling<T>, n>& spellings, T value) {
  for (const Spelling<T>& spelling : spellings) {
    if (spelling.value == value) return spelling.name;
  }
  return {};
}

}  // namespace rollcall
