#include "core/query/plan/distribution.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <tuple>
#include <utility>

#include "core/time/floor_quotient.h"

namespace rollcall {
namespace {

constexpr std::uint64_t kOfMax = std::uint64_t{1} << 32;
// Merging fewer entries than this is not worthwhile.
constexpr std::size_t kMergedLeast = 1'024;

AmountSum floor_of(const Fraction& fraction) {
  return fraction.of == 1 ? fraction.number
                          : floor_quotient(fraction.number, static_cast<AmountSum>(fraction.of));
}

// Sorts numbers into buckets by how far they are from the least one, so that only those of a few
// buckets need to be sorted. Most users have small numbers, so buckets grow with the distance, as
// those of an HDR histogram do: each doubling has kPerDoubling of them.
class NumberBuckets {
 public:
  NumberBuckets(AmountSum least, AmountSum most) : least_(least), count_(of({most}) + 1) {}

  std::size_t count() const { return count_; }
  std::size_t of(const Fraction& number) const {
    __extension__ using Distance = unsigned __int128;
    const auto distance = static_cast<Distance>(floor_of(number)) - static_cast<Distance>(least_);
    const auto high = static_cast<std::uint64_t>(distance >> 64U);
    const auto low = static_cast<std::uint64_t>(distance);
    const auto width =
        static_cast<unsigned>(high == 0 ? std::bit_width(low) : 64 + std::bit_width(high));
    if (width <= kDigits) return static_cast<std::size_t>(low);
    const unsigned shift = width - kDigits;
    return shift * kPerDoubling + static_cast<std::size_t>(distance >> shift);
  }

 private:
  static constexpr unsigned kDigits = 10;  // of the distance, which tell its bucket
  static constexpr std::size_t kPerDoubling = std::size_t{1} << (kDigits - 1);

  AmountSum least_;
  std::size_t count_;
};

}  // namespace

void Distribution::add(const Fraction& number, std::uint64_t user_count) {
  constexpr AmountSum kLeast = std::numeric_limits<Amount>::min();
  constexpr AmountSum kMost = std::numeric_limits<Amount>::max();
  if (user_count == 1 && number.of == 1 && kLeast <= number.number && number.number <= kMost) {
    take_for(memory_, lone_, 1, QuestionNeed::kNumbers);
    lone_.push_back(static_cast<Amount>(number.number));
    return;
  }
  // Merging only when there are twice as many costs each entry a few moves.
  if (entries_.size() >= std::max(kMergedLeast, 2 * merged_)) {
    merge_equal(entries_);
    merged_ = entries_.size();
  }
  take_for(memory_, entries_, 1, QuestionNeed::kNumbers);
  entries_.push_back({number, user_count});
}

void Distribution::merge(const Distribution& other) {
  take_for(memory_, lone_, other.lone_.size(), QuestionNeed::kNumbers);
  lone_.insert(lone_.end(), other.lone_.begin(), other.lone_.end());
  for (const Entry& entry : other.entries_) add(entry.number, entry.user_count);
}

std::uint64_t Distribution::user_count() const {
  std::uint64_t count = lone_.size();
  for (const Entry& entry : entries_) count += entry.user_count;
  return count;
}

void Distribution::merge_equal(std::vector<Entry>& entries) {
  const auto key_of = [](const Entry& entry) {
    return std::pair(entry.number.number, entry.number.of);
  };
  std::ranges::sort(entries, {}, key_of);
  std::size_t kept = 0;
  for (const Entry& entry : entries) {
    if (kept > 0 && key_of(entries[kept - 1]) == key_of(entry)) {
      entries[kept - 1].user_count += entry.user_count;
    } else {
      entries[kept++] = entry;
    }
  }
  entries.resize(kept);
}

std::vector<std::optional<Fraction>> Distribution::starts_of_parts(std::uint64_t parts) const {
  std::vector<std::optional<Fraction>> starts(parts - 1);
  const std::uint64_t all = user_count();
  if (all == 0) return starts;
  AmountSum least = std::numeric_limits<AmountSum>::max();
  AmountSum most = std::numeric_limits<AmountSum>::min();
  for_each([&](const Fraction& number, std::uint64_t) {
    const AmountSum floor = floor_of(number);
    least = std::min(least, floor);
    most = std::max(most, floor);
  });
  const NumberBuckets buckets(least, most);
  QuestionMemory memory(account_);
  memory.take(buckets.count() * (sizeof(std::uint64_t) + 1), QuestionNeed::kNumbers);
  std::vector<std::uint64_t> users(buckets.count());
  for_each(
      [&](const Fraction& number, std::uint64_t count) { users[buckets.of(number)] += count; });

  // The rank of a number, twice that of its users, lies between twice the users below its bucket
  // and twice those up to its bucket's end. The first bucket with a number of a part is therefore
  // the first that may have one, or the one after it.
  const auto needed = [&](std::size_t start) { return 2 * all * (start + 1); };
  std::vector<bool> is_sorted(buckets.count());
  std::size_t start = 0, candidates = 0;
  std::uint64_t below = 0;
  bool takes_next = false;
  for (std::size_t bucket = 0; bucket < users.size(); ++bucket) {
    if (users[bucket] == 0) continue;
    is_sorted[bucket] = std::exchange(takes_next, false);
    below += users[bucket];
    for (; start < starts.size() && parts * (2 * below - 1) >= needed(start); ++start) {
      is_sorted[bucket] = takes_next = true;
    }
    if (is_sorted[bucket]) candidates += users[bucket];
  }
  std::vector<Entry> sorted;
  memory.take(std::min(candidates, lone_.size() + entries_.size()) * sizeof(Entry),
              QuestionNeed::kNumbers);
  sorted.reserve(std::min(candidates, lone_.size() + entries_.size()));
  for_each([&](const Fraction& number, std::uint64_t count) {
    if (is_sorted[buckets.of(number)]) sorted.push_back({number, count});
  });
  std::ranges::sort(sorted,
                    [](const Entry& a, const Entry& b) { return is_less(a.number, b.number); });

  start = 0;
  below = 0;
  std::size_t bucket = 0;
  for (std::size_t i = 0, next = 0; i < sorted.size(); i = next) {
    // What lies below in buckets that are not sorted is known as a whole.
    for (const std::size_t own = buckets.of(sorted[i].number); bucket < own; ++bucket) {
      if (!is_sorted[bucket]) below += users[bucket];
    }
    std::uint64_t equal = 0;
    for (; next < sorted.size() && !is_less(sorted[i].number, sorted[next].number); ++next) {
      equal += sorted[next].user_count;
    }
    for (; start < starts.size() && parts * (2 * below + equal) >= needed(start); ++start) {
      starts[start] = sorted[i].number;
    }
    below += equal;
  }
  return starts;
}

void Distribution::write(ByteWriter& writer) const {
  std::vector<Entry> entries = entries_;
  entries.reserve(entries.size() + lone_.size());
  for (const Amount number : lone_) entries.push_back({{number}, 1});
  merge_equal(entries);
  writer.varint(entries.size());
  for (const Entry& entry : entries) {
    writer.sum(entry.number.number);
    writer.varint(entry.number.of);
    writer.varint(entry.user_count);
  }
}

bool Distribution::read(ByteReader& reader) {
  constexpr std::size_t kEntryBytes = 4;
  const std::size_t count = reader.count(kEntryBytes);
  take_for(memory_, entries_, count, QuestionNeed::kNumbers);
  for (std::size_t i = 0; i < count; ++i) {
    Entry entry;
    entry.number.number = reader.sum();
    entry.number.of = reader.varint();
    entry.user_count = reader.varint();
    const auto key_of = [](const Entry& e) { return std::pair(e.number.number, e.number.of); };
    const bool ascends = entries_.empty() || key_of(entries_.back()) < key_of(entry);
    const bool is_one = 1 <= entry.number.of && entry.number.of <= kOfMax && entry.user_count > 0;
    if (!reader.ok() || !ascends || !is_one) return false;
    entries_.push_back(entry);
  }
  merged_ = count;
  return reader.ok();
}

bool Distribution::is_within(std::uint64_t users_max, AmountSum number_max,
                             AmountSum sum_max) const {
  std::uint64_t users = 0;
  AmountSum sum = 0;
  bool is_within = true;
  for_each([&](const Fraction& number, std::uint64_t user_count) {
    if (!is_within) return;
    is_within = user_count <= users_max - users && -number_max <= number.number &&
                number.number <= number_max;
    if (!is_within) return;
    users += user_count;
    const AmountSum size = number.number < 0 ? -number.number : number.number;
    is_within = size == 0 || static_cast<AmountSum>(user_count) <= (sum_max - sum) / size;
    if (is_within) sum += size * static_cast<AmountSum>(user_count);
  });
  return is_within;
}

}  // namespace rollcall
