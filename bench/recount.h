// This is a plain recount of workload W, without an engine. Every benchmark's answers are compared
// with it before its times count. It holds a bit per event name, day and user.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "bench/floor.h"
#include "bench/workload_w.h"

namespace rollcall::bench {

class Recount {
 public:
  explicit Recount(const WorkloadWOptions& options);

  // Adds rows whose users are numbers, not ids. It works on all processors.
  void add(const WorkloadRows& rows);

  std::int32_t days() const { return options_.days; }
  const WorkloadWOptions& options() const { return options_; }

  // Holds users as a bitset over their numbers.
  std::span<const std::uint64_t> users(std::uint32_t event, std::int32_t day) const;
  // Returns the users of any event.
  std::vector<std::uint64_t> users(std::int32_t day) const;

  std::uint64_t events(std::uint32_t event) const { return events_[event]; }
  std::uint64_t events() const;
  std::uint64_t event_day_users() const;  // distinct (event, day, user)
  std::uint64_t day_users() const;        // distinct (day, user)
  std::uint64_t user_count() const;
  // Returns the digest of what a floor keeps, of dense or scattered ids.
  Digest digest(IdKind ids) const;

 private:
  // Holds counts and sums of the digest, by kind of ids.
  using Counts = std::array<Digest, 2>;
  void add_block(const WorkloadRows& rows, std::size_t begin, std::size_t end, Counts& counts,
                 std::array<std::uint64_t, kEventNames>& events);

  WorkloadWOptions options_;
  std::size_t word_count_;
  std::vector<std::uint64_t> bits_;  // by day, event and user
  std::array<std::uint64_t, kEventNames> events_{};
  Counts counts_{};
};

std::uint64_t count_bits(std::span<const std::uint64_t> words);

}  // namespace rollcall::bench
