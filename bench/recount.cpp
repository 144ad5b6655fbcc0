#include "bench/recount.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <mutex>
#include <numeric>

#include "core/base/workers.h"

namespace rollcall::bench {
namespace {

constexpr std::int64_t kDayUs = 86'400'000'000;

std::uint64_t id_of(IdKind ids, std::uint64_t user) {
  return ids == IdKind::kDense ? user : WorkloadW::scattered_id(user);
}

}  // namespace

std::uint64_t count_bits(std::span<const std::uint64_t> words) {
  std::uint64_t count = 0;
  for (const std::uint64_t word : words) count += static_cast<std::uint64_t>(std::popcount(word));
  return count;
}

Recount::Recount(const WorkloadWOptions& options)
    : options_(options),
      word_count_(static_cast<std::size_t>(options.users / 64 + 1)),
      bits_(word_count_ * kEventNames * static_cast<std::size_t>(options.days)) {}

void Recount::add(const WorkloadRows& rows) {
  constexpr std::size_t kBlock = WorkloadW::kBlockRows;
  std::mutex mutex;
  Workers().for_each((rows.size() + kBlock - 1) / kBlock, [&](std::size_t block) {
    Counts counts{};
    std::array<std::uint64_t, kEventNames> events{};
    add_block(rows, block * kBlock, std::min(rows.size(), (block + 1) * kBlock), counts, events);
    const std::lock_guard lock(mutex);
    for (std::size_t i = 0; i < kEventNames; ++i) events_[i] += events[i];
    for (std::size_t i = 0; i < counts.size(); ++i) {
      counts_[i].counts += counts[i].counts;
      counts_[i].sums += counts[i].sums;
    }
  });
}

void Recount::add_block(const WorkloadRows& rows, std::size_t begin, std::size_t end,
                        Counts& counts, std::array<std::uint64_t, kEventNames>& events) {
  const std::int64_t first_us = options_.first_day.value * kDayUs;
  for (std::size_t i = begin; i < end; ++i) {
    const std::uint64_t user = rows.users[i];
    const std::uint32_t event = rows.events[i];
    const std::size_t day = static_cast<std::size_t>((rows.times[i] - first_us) / kDayUs);
    ++events[event];
    // Several threads meet at the edges of days only, if at all.
    std::atomic_ref(bits_[(day * kEventNames + event) * word_count_ + user / 64])
        .fetch_or(std::uint64_t{1} << (user % 64), std::memory_order_relaxed);
    for (const IdKind ids : {IdKind::kDense, IdKind::kScattered}) {
      Digest& digest = counts[static_cast<std::size_t>(ids)];
      digest.counts += digest_of(kEverybody, event, static_cast<std::int32_t>(day));
      digest.sums +=
          digest_of(id_of(ids, user), event, kNoDay) * static_cast<std::uint64_t>(rows.values[i]);
    }
  }
}

std::span<const std::uint64_t> Recount::users(std::uint32_t event, std::int32_t day) const {
  return std::span(bits_).subspan(
      (static_cast<std::size_t>(day) * kEventNames + event) * word_count_, word_count_);
}

std::vector<std::uint64_t> Recount::users(std::int32_t day) const {
  std::vector<std::uint64_t> any(word_count_);
  for (std::uint32_t event = 0; event < kEventNames; ++event) {
    const std::span<const std::uint64_t> words = users(event, day);
    for (std::size_t i = 0; i < word_count_; ++i) any[i] |= words[i];
  }
  return any;
}

std::uint64_t Recount::events() const {
  return std::accumulate(events_.begin(), events_.end(), std::uint64_t{0});
}

std::uint64_t Recount::event_day_users() const { return count_bits(bits_); }

std::uint64_t Recount::day_users() const {
  std::uint64_t count = 0;
  for (std::int32_t day = 0; day < days(); ++day) count += count_bits(users(day));
  return count;
}

std::uint64_t Recount::user_count() const {
  std::vector<std::uint64_t> ever(word_count_);
  for (std::size_t i = 0; i < bits_.size(); ++i) ever[i % word_count_] |= bits_[i];
  return count_bits(ever);
}

Digest Recount::digest(IdKind ids) const {
  Digest digest = counts_[static_cast<std::size_t>(ids)];
  for (std::int32_t day = 0; day < days(); ++day) {
    for (std::uint32_t event = 0; event < kEventNames; ++event) {
      const std::span<const std::uint64_t> words = users(event, day);
      for (std::size_t i = 0; i < words.size(); ++i) {
        for (std::uint64_t bits = words[i]; bits != 0; bits &= bits - 1) {
          const std::uint64_t user = i * 64 + static_cast<std::uint64_t>(std::countr_zero(bits));
          digest.bits += digest_of(id_of(ids, user), event, day);
        }
      }
    }
  }
  return digest;
}

}  // namespace rollcall::bench
