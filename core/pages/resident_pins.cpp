// This file has what snapshots hold of the pages, and what they leave behind.
#include <algorithm>
#include <utility>

#include "core/pages/resident_pages.h"

namespace rollcall {

Status ResidentPages::load_for(const ReadSet& reads, const StoreView& view) {
  const auto load_all = [&](const auto& of_days) -> Status {
    for (const auto& read : of_days) ROLLCALL_RETURN_IF_ERROR(load_days(read.days, view));
    return {};
  };
  Status status = load_all(reads.unions);
  EachForm<DayForms>::visit([&]<class Form>(std::type_identity<Form>) {
    if (status.ok()) status = load_all(Form::reads(reads));
  });
  return status;
}

template <class Form>
void ResidentPages::pin_slots(const SlotsOf<Form>& slots, PagePlace place, PinnedPages& pinned,
                              QuestionAccount& account) const {
  PinnedOf<Form>& pages = pinned.of<Form>();
  for (place.chunk = 0; place.chunk < slots.size(); ++place.chunk) {
    const SlotOf<Form>& slot = slots[place.chunk];
    if (!slot.exists()) continue;
    if (pages.size() == pages.capacity()) take_for(account, pages, 1, QuestionNeed::kReads);
    pages.push_back({slot.page, {id_of<Form>(place), slot.epoch}});
  }
}

template <class Form>
void ResidentPages::pin_days(SeriesId series, DayRange days, PinnedPages& pinned,
                             QuestionAccount& account) const {
  const std::size_t days_max =
      days.empty() ? 0 : std::min(static_cast<std::size_t>(days.size()), days_.size());
  take_for(account, pinned.of<Form>(), days_max, QuestionNeed::kReads);
  for (auto day = days_.lower_bound(days.first); day != days_.end() && day->first <= days.last;
       ++day) {
    const auto found = day->second.series.find(series);
    if (found == day->second.series.end()) continue;
    pin_slots<Form>(found->second.slots<Form>(), {series, day->first, 0}, pinned, account);
  }
}

PinnedUnion ResidentPages::pin_union(SeriesId series, DayRange days, std::uint32_t user_count,
                                     BatchNumber quiet_since, PinnedPages& pinned,
                                     QuestionAccount& account) const {
  PinnedUnion result = {series, days, {}, {}};
  DayRange quiet = days;
  // The days that are expected to change are mostly the last ones.
  for (auto day = days_.upper_bound(days.last); day != days_.begin() &&
                                                (--day)->first >= days.first &&
                                                day->second.changed_in > quiet_since;) {
    quiet.last = day->first - 1;
  }
  const RunsOfDays split(quiet);
  const auto is_empty = [&](DayRange run) {
    return std::none_of(days_.lower_bound(run.first), days_.upper_bound(run.last),
                        [&](const auto& day) { return day.second.series.contains(series); });
  };
  for (const DayRange run : split.runs()) {
    if (is_empty(run)) continue;
    if (std::shared_ptr<RunSets> kept = kept_unions_.find(series, run)) {
      result.runs.push_back({run, std::move(kept), false});
      continue;
    }
    const std::size_t chunk_count = (user_count + kChunkOrdinals - 1) / kChunkOrdinals;
    account.take(sizeof(RunSets) + chunk_count * RunSets::kChunkBytes, QuestionNeed::kReads);
    result.runs.push_back({run, std::make_shared<RunSets>(chunk_count), true});
    pin_days<PresenceForm>(series, run, pinned, account);
  }
  result.rest = split.runs().empty() ? days : DayRange{quiet.last + 1, days.last};
  pin_days<PresenceForm>(series, result.rest, pinned, account);
  return result;
}

PinnedPages ResidentPages::pin(const ReadSet& reads, std::uint32_t user_count,
                               BatchNumber quiet_since, QuestionAccount& account) const {
  PinnedPages pinned;
  pinned.batch_number = batch_number_;
  for (const UnionRead& read : reads.unions) {
    for (const SeriesId series : read.series) {
      account.take(sizeof(PinnedUnion) + 2 * sizeof(PinnedUnion::Run), QuestionNeed::kReads);
      pinned.unions.push_back(
          pin_union(series, read.days, user_count, quiet_since, pinned, account));
    }
  }
  std::sort(pinned.unions.begin(), pinned.unions.end());
  pinned.pages.for_each([&]<class Form>(std::type_identity<Form>, PinnedOf<Form>& pages) {
    for (const auto& read : Form::reads(reads)) {
      for (const SeriesId series : read.series) {
        if constexpr (Form::kPer == PagePer::kSeriesDayChunk) {
          pin_days<Form>(series, read.days, pinned, account);
        } else if (const auto found = series_.of<Form>().find(series);
                   found != series_.of<Form>().end()) {
          pin_slots<Form>(found->second, {series, Day(), 0}, pinned, account);
        }
      }
    }
    // Reads may overlap; each page is pinned once.
    const auto before = [](const auto& a, const auto& b) { return a.address.id < b.address.id; };
    const auto same = [](const auto& a, const auto& b) { return a.address.id == b.address.id; };
    if (!std::is_sorted(pages.begin(), pages.end(), before)) {
      std::sort(pages.begin(), pages.end(), before);
    }
    pages.erase(std::unique(pages.begin(), pages.end(), same), pages.end());
  });
  return pinned;
}

void ResidentPages::install(const PinnedPages& pinned, BatchNumber batch_number) {
  pinned.pages.for_each([&]<class Form>(std::type_identity<Form>, const PinnedOf<Form>& pages) {
    for (const PinnedPage<PageOf<Form>>& page : pages) {
      const PageId& id = page.address.id;
      SlotsOf<Form>* slots = nullptr;
      if constexpr (Form::kPer == PagePer::kSeriesDayChunk) {
        DayState& day = days_.at(Day{id.day});
        if (!day.loaded) continue;
        slots = &day.series.at(id.series).template slots<Form>();
      } else {
        slots = &series_.of<Form>().at(id.series);
      }
      SlotOf<Form>& slot = (*slots)[id.chunk];
      if (!page.page || slot.page || slot.epoch != page.address.epoch) continue;
      slot.page = page.page;
      slot.last_used = static_cast<std::uint32_t>(batch_number);
      account(slot);
    }
  });
}

void ResidentPages::install_unions(const PinnedPages& pinned) {
  const auto has_changed = [&](DayRange days) {
    const auto end = days_.upper_bound(days.last);
    return std::any_of(days_.lower_bound(days.first), end, [&](const auto& day) {
      return day.second.changed_in > pinned.batch_number;
    });
  };
  for (const PinnedUnion& made : pinned.unions) {
    for (const PinnedUnion::Run& run : made.runs) {
      if (!run.is_new || !run.sets->is_complete() || has_changed(run.days)) continue;
      kept_unions_.keep(made.series, run.days, run.sets);
    }
  }
}

}  // namespace rollcall
