// Says how far two groups of users are apart by chance alone: both are taken together, and split at
// random again and again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "rollcall/types.h"

namespace rollcall {

// Holds what is measured of the users of a group, each told by a hash of their id (hash_user), in
// no order.
struct MeasuredGroup {
  std::span<const std::uint64_t> without;  // those of whom 0 is measured
  std::span<const std::uint64_t> with;     // the others
  std::span<const AmountSum> values;  // of the others, 2^126 together at most; empty: 1 of each

  std::size_t users() const { return without.size() + with.size(); }
};

// Returns in how many of `rounds` splits the means of the two parts are as far apart as those of
// `control` and `variant`, or farther. Both have users, fewer than 2^32 together. The part in the
// place of `control` has its size: the users in it are those with the least hash * factor modulo
// 2^64, where factor = mix(mix(seed) + round), made odd, rounds count from 1, and mix is the
// finalizer of MurmurHash3. So the same users are split in the same way on any machine: hashes are
// as good as random, so that a factor is enough to make another order of them. Of users with the
// same hash, those of the lesser value come first. Means are compared exactly. Calls
// `before_round`, which may throw, as often as its name says.
std::uint64_t count_splits_as_far(const MeasuredGroup& control, const MeasuredGroup& variant,
                                  std::uint64_t rounds, std::uint64_t seed,
                                  const std::function<void()>& before_round);

}  // namespace rollcall
