#include "core/query/kinds/compare_days.h"

#include <algorithm>
#include <iterator>

#include "core/query/kinds/compare_parts.h"

namespace rollcall {
namespace {

// The sets of so many variants are held at once. Where there are more, one walk through the history
// is less than the pages of all of them.
constexpr std::size_t kDayVariantsMax = 32;

// Returns the exposures to a variant, a value of the declared property `dimension`.
std::optional<SeriesUnion> exposures_of(const EventSelector& exposure, std::uint32_t dimension,
                                        std::optional<ValueCode> variant,
                                        const SeriesCatalog& catalog) {
  EventSelector of_variant = exposure;
  if (of_variant.where.empty()) of_variant.where.push_back({dimension, {}});
  // Conditions on two properties must hold of the same event, which pages do not tell.
  if (of_variant.where.size() > 1 || of_variant.where.front().dimension != dimension) return {};
  std::vector<ValueCode>& codes = of_variant.where.front().codes;
  const bool is_possible =
      variant && (exposure.where.empty() || std::ranges::binary_search(codes, *variant));
  codes.clear();
  if (is_possible) codes.push_back(*variant);
  return series_of(of_variant, catalog);
}

}  // namespace

std::optional<CompareDays> CompareDays::find(const CompareParts& parts,
                                             const PlanContext& context) {
  const CompareQuery::Metric& metric = parts.ask.metric;
  const bool is_of_days = metric.kind == CompareQuery::Metric::Kind::kActive &&
                          !context.events->takes_all() && !parts.range.empty();
  if (!is_of_days) return {};
  std::optional<SeriesUnion> outcome = series_of(parts.selectors.steps.back(), context.catalog);
  if (!outcome) return {};
  CompareDays days;
  days.outcome_ = *std::move(outcome);
  days.from_day_ = metric.from_day;
  days.to_day_ = metric.to_day;
  const Timeframe& timeframe = parts.scope.timeframe;
  const Day first = *parts.range.from;
  const Day last_over = timeframe.last_ended_day - metric.to_day;
  if (parts.has_segments()) {
    days.exposed_ = {first, first};
    days.over_ = {first, std::min(first, last_over)};
    return days;
  }
  // On the day of the exposure, what counts begins with its instant.
  const bool begins_later = metric.from_day > 0;
  if (!begins_later || parts.is_of_texts || parts.variants->size() > kDayVariantsMax) return {};
  const std::uint32_t dimension = parts.selectors.told.front();
  for (const std::string& variant : *parts.variants) {
    std::optional<SeriesUnion> exposures =
        exposures_of(parts.selectors.steps.front(), dimension,
                     context.catalog.values(dimension).find(variant), context.catalog);
    if (!exposures) return {};
    days.exposures_.push_back(*std::move(exposures));
  }
  days.exposed_ = {std::max(first, timeframe.data.first),
                   std::min(*parts.range.to, timeframe.data.last)};
  days.over_ = {days.exposed_.first, std::min(days.exposed_.last, last_over)};
  return days;
}

std::vector<CompareDays::Read> CompareDays::reads() const {
  std::vector<Read> reads;
  for (const SeriesUnion& exposures : exposures_) reads.push_back({exposures, exposed_});
  if (!over_.empty()) {
    reads.push_back({outcome_, {window(over_.first).first, window(over_.last).last}});
  }
  return reads;
}

void CompareDays::each_variant(ChunkSets& sets,
                               const std::function<void(std::size_t, const Users&)>& use) const {
  struct Exposed {
    MutableSet seen, over, hits;
  };
  const auto make_empty = [&sets] {
    MutableSet set = sets.make_set();
    set.clear();
    return set;
  };
  std::vector<Exposed> variants;
  std::generate_n(std::back_inserter(variants), exposures_.size(), [&] {
    return Exposed{make_empty(), make_empty(), make_empty()};
  });
  MutableSet fresh = make_empty();
  SlidingUnion outcome(
      sets, static_cast<std::size_t>(to_day_ - from_day_) + 1,
      over_.empty() ? 0 : static_cast<std::size_t>(over_.size() + to_day_ - from_day_));
  const std::size_t mark = sets.arena().mark();
  Day pushed = window(exposed_.first).first - 1;  // the last day that was
  for (Day day = exposed_.first; day <= exposed_.last; day = day + 1) {
    BitSpan hits;
    if (over_.contains(day)) {
      while (pushed < window(day).last) {
        pushed = pushed + 1;
        outcome.push(sets.active(outcome_, {pushed, pushed}));
        sets.arena().give_back_to(mark);
      }
      hits = outcome.value();
    }
    for (std::size_t variant = 0; variant < variants.size(); ++variant) {
      Exposed& of = variants[variant];
      const BitSpan users = sets.active(exposures_[variant], {day, day});
      if (!hits.empty()) {
        fresh.assign(users);
        fresh.remove(of.seen.span());
        fresh.keep(hits);
        of.hits.add(fresh.span());
      }
      of.seen.add(users);
      sets.arena().give_back_to(mark);
      if (day == over_.last) of.over.assign(of.seen.span());
    }
  }
  std::vector<BitSpan> members;
  for (const Exposed& of : variants) members.push_back(of.seen.span());
  const MutableSet several = in_several(sets, members);
  for (std::size_t variant = 0; variant < variants.size(); ++variant) {
    Exposed& of = variants[variant];
    fresh.assign(several.span());
    fresh.keep(of.seen.span());
    of.seen.remove(of.over.span());
    for (MutableSet* const set : {&of.seen, &of.over, &of.hits}) set->remove(several.span());
    use(variant, {.excluded = fresh.span(),
                  .immature = of.seen.span(),
                  .users = of.over.span(),
                  .hits = of.hits.span()});
  }
}

MutableSet in_several(ChunkSets& sets, std::span<const BitSpan> members) {
  MutableSet several = sets.make_set(), any = sets.make_set(), again = sets.make_set();
  several.clear();
  any.clear();
  for (const BitSpan set : members) {
    again.assign(set);
    again.keep(any.span());
    several.add(again.span());
    any.add(set);
  }
  return several;
}

}  // namespace rollcall
