#include "bench/workload_w.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <utility>

#include "core/base/workers.h"

namespace rollcall::bench {
namespace {

constexpr std::int64_t kSecondUs = 1'000'000;
constexpr std::int64_t kDayUs = 86'400 * kSecondUs;
constexpr std::int64_t kJitterUs = 60 * kSecondUs;

// Says how many of a hundred events have each name.
constexpr std::array<std::uint32_t, kEventNames> kShares = {35, 20, 14, 10, 8, 6, 5, 2};
constexpr std::array<std::uint8_t, 100> kEventByPercent = [] {
  std::array<std::uint8_t, 100> events{};
  std::size_t at = 0;
  for (std::size_t event = 0; event < kEventNames; ++event) {
    for (std::uint32_t i = 0; i < kShares[event]; ++i) {
      events[at++] = static_cast<std::uint8_t>(event);
    }
  }
  return events;
}();

// Is the finish of SplitMix64 (Steele, Lea, Flood 2014), a bijection.
std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(mix(seed)) {}
  std::uint64_t operator()() { return mix(state_ += 0x9e3779b97f4a7c15u); }
  // Returns a number in [0, 1).
  double fraction() { return static_cast<double>((*this)() >> 11) * 0x1p-53; }

 private:
  std::uint64_t state_;
};

// Returns a number below `bound`, from 32 random bits.
std::uint32_t scale(std::uint32_t bits, std::uint32_t bound) {
  return static_cast<std::uint32_t>((std::uint64_t{bits} * bound) >> 32);
}

// Draws ranks 1..n with probabilities proportional to rank^-0.8, by rejection-inversion (Hörmann
// and Derflinger, ACM TOMACS 6(3), 1996). With that exponent the integral of the hat is 5 x^0.2,
// whose inverse is a fifth power, so most draws call no function of the library.
class ZipfRanks {
 public:
  explicit ZipfRanks(std::uint64_t n)
      : n_(static_cast<double>(n)),
        integral_low_(integral(1.5) - 1),
        integral_high_(integral(n_ + 0.5)),
        sure_(2 - inverse(integral(2.5) - density(2))) {}

  std::uint64_t operator()(Random& random) const {
    for (;;) {
      const double u = integral_high_ + random.fraction() * (integral_low_ - integral_high_);
      const double x = inverse(u);
      const double rank = std::clamp(std::floor(x + 0.5), 1.0, n_);
      if (rank - x <= sure_ || u >= integral(rank + 0.5) - density(rank)) {
        return static_cast<std::uint64_t>(rank);
      }
    }
  }

 private:
  static double density(double x) { return std::pow(x, -0.8); }
  static double integral(double x) { return 5 * std::pow(x, 0.2); }
  static double inverse(double u) {
    const double root = u / 5, squared = root * root;
    return squared * squared * root;
  }

  double n_, integral_low_, integral_high_;
  double sure_;  // a draw no further below its rank is accepted without evaluating the density
};

template <class T>
std::span<const T> part(const std::vector<T>& column, std::size_t begin, std::size_t count) {
  return std::span(column).subspan(begin, count);
}

}  // namespace

std::string_view to_string(IdKind kind) {
  switch (kind) {
    case IdKind::kDense:
      return "dense";
    case IdKind::kScattered:
      return "scattered";
    case IdKind::kString:
      return "string";
  }
  return "";
}

WorkloadW::WorkloadW(const WorkloadWOptions& options) : options_(options) {
  // A factor without a common divisor makes multiplication modulo `users` a bijection; one near the
  // golden section of it puts neighbouring ranks far apart.
  rank_factor_ = std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>(static_cast<double>(options.users) * 0.6180339887498949));
  while (std::gcd(rank_factor_, options.users) != 1) ++rank_factor_;
}

TimeUs WorkloadW::first_time() const { return std::int64_t{options_.first_day.value} * kDayUs; }

void WorkloadW::generate(std::uint64_t first, std::size_t count, WorkloadRows& rows) const {
  const std::size_t size =
      static_cast<std::size_t>(std::min<std::uint64_t>(count, options_.events - first));
  rows.users.resize(size);
  rows.times.resize(size);
  rows.events.resize(size);
  rows.values.resize(size);
  const std::size_t block_count = (size + kBlockRows - 1) / kBlockRows;
  Workers().for_each(block_count, [&](std::size_t block) {
    generate_block(first / kBlockRows + block, first, rows);
  });
}

void WorkloadW::generate_block(std::uint64_t block, std::uint64_t first, WorkloadRows& rows) const {
  const ZipfRanks ranks(options_.users);
  Random random(mix(options_.seed) + block);
  const TimeUs begin_us = first_time();
  const std::int64_t span_us = options_.days * kDayUs;
  const double step_us = static_cast<double>(span_us) / static_cast<double>(options_.events);

  const std::uint64_t row_begin = block * kBlockRows;
  const std::size_t begin = static_cast<std::size_t>(row_begin - first);
  const std::size_t end = std::min(begin + kBlockRows, rows.size());
  for (std::size_t i = begin; i < end; ++i) {
    rows.users[i] = (ranks(random) - 1) * rank_factor_ % options_.users;

    const std::uint64_t bits = random();
    const std::uint32_t event =
        kEventByPercent[scale(static_cast<std::uint32_t>(bits), kEventByPercent.size())];
    rows.events[i] = event;

    const std::int64_t jitter_us =
        static_cast<std::int64_t>(scale(static_cast<std::uint32_t>(bits >> 32), 2 * kJitterUs)) -
        kJitterUs;
    const double even_us = static_cast<double>(first + i) * step_us;
    rows.times[i] = begin_us + std::clamp<std::int64_t>(
                                   static_cast<std::int64_t>(even_us) + jitter_us, 0, span_us - 1);
    if (options_.whole_seconds) rows.times[i] -= rows.times[i] % kSecondUs;

    // Returns an amount from 0.01 to 200.00, in hundredths.
    const bool valued = options_.all_valued || event == kPurchase || event == kRefund;
    rows.values[i] =
        valued ? (1 + scale(static_cast<std::uint32_t>(random() >> 32), 20'000)) * Amount{10'000}
               : 0;
  }
}

std::uint64_t WorkloadW::scattered_id(std::uint64_t user) { return mix(user + 1); }

std::size_t WorkloadW::string_id(std::uint64_t user, char* out) {
  const std::uint64_t id = scattered_id(user);
  const std::size_t length = 16 + id % 25;
  // The first 16 digits name the user; those that follow repeat them.
  for (std::size_t i = 0; i < length; ++i) out[i] = "0123456789abcdef"[(id >> (i % 16 * 4)) & 15];
  return length;
}

WorkloadColumns::WorkloadColumns(WorkloadRows rows, IdKind kind)
    : rows_(std::move(rows)), kind_(kind) {
  if (kind == IdKind::kDense) return;
  constexpr std::size_t kBlock = WorkloadW::kBlockRows;
  const std::size_t size = rows_.size(), block_count = (size + kBlock - 1) / kBlock;
  if (kind == IdKind::kString) strings_.resize(size);
  texts_.resize(kind == IdKind::kString ? block_count : 0);
  Workers().for_each(block_count, [&](std::size_t block) {
    const std::size_t begin = block * kBlock, end = std::min(begin + kBlock, size);
    if (kind == IdKind::kScattered) {
      for (std::size_t i = begin; i < end; ++i) {
        rows_.users[i] = WorkloadW::scattered_id(rows_.users[i]);
      }
      return;
    }
    std::vector<char>& text = texts_[block];
    text.resize((end - begin) * WorkloadW::kStringIdBytesMax);
    char* at = text.data();
    for (std::size_t i = begin; i < end; ++i) {
      const std::size_t length = WorkloadW::string_id(rows_.users[i], at);
      strings_[i] = {at, length};
      at += length;
    }
  });
}

EventBatch WorkloadColumns::batch(std::size_t begin, std::size_t count) const {
  count = std::min(count, size() - begin);
  EventBatch batch;
  if (kind_ == IdKind::kString) {
    batch.user_strings = part(strings_, begin, count);
  } else {
    batch.user_integers = part(rows_.users, begin, count);
  }
  batch.event = {kEventNameList, part(rows_.events, begin, count)};
  batch.time = part(rows_.times, begin, count);
  batch.value = part(rows_.values, begin, count);
  return batch;
}

}  // namespace rollcall::bench
