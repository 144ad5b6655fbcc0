#include "bench/questions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <variant>

#include "bench/session.h"

namespace rollcall::bench {
namespace {

constexpr std::array<std::int32_t, 7> kIdleEdges = {0, 1, 7, 14, 30, 60, 90};
constexpr std::int32_t kGapDays = 7;

}  // namespace

std::vector<Question> make_questions(Day first_day, std::int32_t days, const std::string& event) {
  const std::int32_t half = std::max(1, days / 2);
  const std::string last_day = to_string(first_day + (days - 1));
  const auto retention = [&](bool recurring) {
    return Question{
        fmt::format("retention_{}_{}x{}", recurring ? "recurring" : "first_ever", half, half),
        fmt::format(R"({{"kind": "retention", "event": {}, "cohort": "{}", "from": "{}", )"
                    R"("to": "{}", "periods": {}, "summary": "none"}})",
                    event, recurring ? "recurring" : "first_ever", to_string(first_day),
                    to_string(first_day + (half - 1)), half - 1),
        {"size", "users"},
        [=](const DaySets& sets) { return retention_truth(sets, half, half, recurring); }};
  };
  return {
      {fmt::format("daily_{}", days),
       fmt::format(R"({{"kind": "active", "event": {}}})", event),
       {"users"},
       [=](const DaySets& sets) { return active_truth(sets, 1, 0, days - 1); }},
      {fmt::format("window_{}", half),
       fmt::format(R"({{"kind": "active", "event": {}, "window_days": {}, "from": "{}"}})", event,
                   half, last_day),
       {"users"},
       [=](const DaySets& sets) { return active_truth(sets, half, days - 1, days - 1); }},
      {fmt::format("window_{}_rolling", half),
       fmt::format(R"({{"kind": "active", "event": {}, "window_days": {}}})", event, half),
       {"users"},
       [=](const DaySets& sets) { return active_truth(sets, half, 0, days - 1); }},
      retention(false),
      retention(true),
      {fmt::format("churn_{}d", kGapDays),
       fmt::format(R"({{"kind": "churn", "event": {}, "rule": {{"gap_days": {}}}}})", event,
                   kGapDays),
       {"base", "retained", "churned", "recalled"},
       [](const DaySets& sets) { return churn_truth(sets, kGapDays); }},
      {"idle",
       fmt::format(R"({{"kind": "idle", "event": {}}})", event),
       {"users"},
       [](const DaySets& sets) { return idle_truth(sets, kIdleEdges); }},
  };
}

Counts counts_of(const QueryResult& result, const std::vector<std::string>& columns) {
  std::vector<std::size_t> positions;
  for (const std::string& name : columns) {
    const auto found = std::find_if(result.columns.begin(), result.columns.end(),
                                    [&](const Column& column) { return column.name == name; });
    if (found == result.columns.end()) throw BenchError("no column " + name + " in an answer");
    positions.push_back(static_cast<std::size_t>(found - result.columns.begin()));
  }
  Counts counts;
  for (const std::vector<Cell>& row : result.rows) {
    for (const std::size_t position : positions) {
      const auto* const count = std::get_if<std::int64_t>(&row[position]);
      counts.push_back(count == nullptr ? 0 : static_cast<std::uint64_t>(*count));
    }
  }
  return counts;
}

void must_equal_counts(const std::string& what, const Counts& found, const Counts& expected) {
  must_equal(what + ": cells", found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    must_equal(fmt::format("{}: cell {}", what, i), found[i], expected[i]);
  }
}

}  // namespace rollcall::bench
