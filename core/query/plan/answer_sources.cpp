#include "core/query/plan/answer_sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace rollcall {
namespace {

bool reads_aggregates(const ReadSet& reads) {
  return !reads.reads_history() || reads.reads_pages();
}

// Returns "a", "a and b" or "a, b and c".
std::string listed(const std::vector<std::string_view>& texts) {
  std::string result;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) result += i + 1 == texts.size() ? " and " : ", ";
    result += texts[i];
  }
  return result;
}

std::string source_of_aggregates(const ReadSet& reads) {
  ReadSet pages;  // without series that are found in the history
  pages.add(reads);
  std::vector<std::string_view> kept;
  if (!pages.presence.empty() || !pages.unions.empty()) kept.emplace_back("the users of every day");
  if (!pages.bounds.empty()) kept.emplace_back("the first and last day of every user");
  if (!pages.amounts.empty()) kept.emplace_back("the amounts of every user and day");
  for (const bool by_hour : {false, true}) {
    const auto is_such = [&](const TotalsRead& read) { return read.by_hour == by_hour; };
    if (std::ranges::none_of(pages.totals, is_such)) continue;
    kept.emplace_back(by_hour ? "the totals of every hour" : "the totals of every day");
  }
  if (!kept.empty()) return fmt::format("the aggregates, as they keep {}", listed(kept));
  return pages.lists.empty() && pages.audiences.empty()
             ? "the aggregates, as no day with events is asked about"
             : "the aggregates, as the users are named one by one";
}

}  // namespace

std::string_view answered_from(const ReadSet& reads) {
  if (!reads_aggregates(reads)) return "history";
  return reads.reads_history() ? "both" : "aggregates";
}

std::vector<std::string> sources_of(const ReadSet& reads) {
  std::vector<std::string> sources;
  for (const std::string& reason : reads.history_reasons) {
    sources.push_back("the history, as " + reason);
  }
  if (reads_aggregates(reads)) sources.push_back(source_of_aggregates(reads));
  return sources;
}

}  // namespace rollcall
