// A row of the table of kinds has all that there is to know about one kind of question. A kind is
// one file, which has its row, and one line in kind_rows.h. Its plans are in the same file, or in
// files beside it that have its name, too.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/query/plan/plan.h"
#include "core/query/text/query_json.h"
#include "core/query/text/query_names.h"
#include "core/query/text/query_object.h"
#include "rollcall/kinds.h"
#include "rollcall/question.h"
#include "rollcall/segment.h"
#include "rollcall/status.h"

namespace rollcall {

using PlanResult = Result<std::unique_ptr<Plan>>;

// Ranks the values of a breakdown: cell i of the plan is the users of values[i]. The values of a
// kept property are the texts of the plan (Plan::has_texts), and there are no cells.
struct Ranking {
  std::vector<std::string> values;  // ascending
  std::unique_ptr<Plan> plan;
};

// `Ask` is the kind's alternative of Query::ask.
template <class Ask>
struct KindRow {
  QueryKind kind;
  std::string_view no_range = {};  // why it takes no range of dates; empty if it always takes one

  // Reads the fields of `object` into `ask`.
  Status (*parse)(const QueryObject& object, Ask& ask);
  // Writes the fields in force as JSON.
  JsonFields (*write)(const Ask& ask);
  // Writes the fields that are in force only with a breakdown. It is null if there are none.
  JsonFields (*write_of_breakdown)(const Ask& ask) = nullptr;
  // Checks what can be checked without a store. Errors begin with the field.
  Status (*check)(const Ask& ask);
  // Says who is counted and what the numbers of a row are, in whole sentences.
  std::string (*describe)(const Ask& ask);
  // Makes the plan of `query`, which asks for `ask` and was checked.
  PlanResult (*plan)(const Ask& ask, const Query& query, const PlanContext& context);

  // Rates are also given of the counts so far, where these are not complete.
  bool gives_early_rates = false;
  // Returns whether it takes a range of dates. It is null if kind.range_needs is empty.
  bool (*takes_range)(const Ask& ask) = nullptr;
  // Its range may have times of day, whatever its rows go by. If these go by hours or minutes, it
  // may anyway.
  bool takes_times = false;
  // Returns the periods that rows go by. It is null if rows go by none.
  Period (*row_period)(const Ask& ask) = nullptr;
  // Returns the event whose values a breakdown ranks. If it is null, that is any event.
  const Selector& (*ranked_event)(const Ask& ask) = nullptr;
  // Ranks the values of a breakdown. If it is null, they are ranked by the users of `ranked_event`.
  Result<Ranking> (*ranking)(const Ask& ask, const Query& query,
                             const PlanContext& context) = nullptr;
  // Returns the segments that it asks about, besides `among`. It is null if there are none.
  std::vector<const Segment*> (*segments)(const Ask& ask) = nullptr;
};

// Is for rows of kinds with a `period` and an `event`.
template <class Ask>
Period own_period(const Ask& ask) {
  return ask.period;
}
template <class Ask>
const Selector& own_event(const Ask& ask) {
  return ask.event;
}

// Make fields of the types that most kinds have.
constexpr QueryField field_of_word(std::string_view name, std::string_view meaning,
                                   std::string_view default_json,
                                   std::span<const std::string_view> words) {
  return {.name = name,
          .type = FieldType::kWord,
          .meaning = meaning,
          .default_json = default_json,
          .words = words};
}
constexpr QueryField field_of_integer(std::string_view name, std::string_view meaning,
                                      std::int64_t min, std::int64_t max) {
  return {.name = name, .type = FieldType::kInteger, .meaning = meaning, .min = min, .max = max};
}
constexpr QueryField field_of_event(std::string_view name, std::string_view meaning) {
  return {.name = name, .type = FieldType::kEvent, .meaning = meaning, .default_json = "\"*\""};
}
inline constexpr QueryField kEventField = field_of_event("event", "Event that counts");
// Is for kinds whose periods may be hours and minutes, too.
inline constexpr QueryField kPeriodField =
    field_of_word("period", "Period", "\"day\"", kWordsOf<kAllPeriodNames>);

}  // namespace rollcall
