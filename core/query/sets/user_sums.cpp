#include "core/query/sets/user_sums.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace rollcall {

UserSums::UserSums(ChunkSets& sets, QuestionAccount* account) : sets_(sets), memory_(account) {
  const std::size_t count = sets.chunk().word_count() * 64;
  memory_.take(count * sizeof(AmountSum), QuestionNeed::kSets);
  sums_.assign(count, 0);
}

template <class Visit>
void UserSums::for_amounts(const std::vector<SeriesId>& events, DayRange days, Visit visit) const {
  for (Day day = days.first; day <= days.last; day = day + 1) {
    for (const SeriesId series : events) {
      for (const UserAmount& of_user : sets_.amounts(series, day)) visit(of_user);
    }
  }
}

std::uint64_t* UserSums::make_words() const {
  std::uint64_t* const words = sets_.arena().take();
  std::fill_n(words, sets_.chunk().word_count(), std::uint64_t{0});
  return words;
}

void UserSums::add(const std::vector<SeriesId>& events, DayRange days) {
  for_amounts(events, days,
              [&](const UserAmount& of_user) { sums_.at(of_user.place) += of_user.amount; });
}

BitSpan UserSums::positive() const {
  std::uint64_t* const words = make_words();
  for (std::size_t place = 0; place < sums_.size(); ++place) {
    words[place / 64] |= std::uint64_t{sums_[place] > 0 ? 1U : 0U} << (place % 64);
  }
  return {words, sets_.chunk().word_count()};
}

BitSpan UserSums::payers(const std::vector<SeriesId>& events, DayRange days) {
  add(events, days);
  std::uint64_t* const words = make_words();
  for_amounts(events, days, [&](const UserAmount& of_user) {
    // A user who comes again has no sum any more.
    if (std::exchange(sums_.at(of_user.place), 0) <= 0) return;
    words[of_user.place / 64] |= std::uint64_t{1} << (of_user.place % 64);
  });
  const std::size_t word_count = sets_.chunk().word_count();
  if (sets_.limit()) {
    const BitSpan limit = *sets_.limit();
    sets_.kernels().and_into(words, limit.words, std::min(word_count, limit.word_count));
    return {words, std::min(word_count, limit.word_count)};
  }
  return {words, word_count};
}

}  // namespace rollcall
