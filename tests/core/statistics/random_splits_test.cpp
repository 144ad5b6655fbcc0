#include "core/statistics/random_splits.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

namespace rollcall {
namespace {

std::uint64_t seed_of_test() {
  const char* const text = std::getenv("ROLLCALL_SEED");
  return text == nullptr ? std::random_device()() : std::strtoull(text, nullptr, 10);
}

using Drawn = std::pair<std::uint64_t, AmountSum>;

// Owns the users of a group.
struct Group {
  std::vector<std::uint64_t> without, with;
  std::vector<AmountSum> values;

  void add(Drawn user) {
    (user.second == 0 ? without : with).push_back(user.first);
    if (user.second != 0) values.push_back(user.second);
  }
  MeasuredGroup measured(bool are_ones) const {
    if (are_ones) return {without, with, {}};
    return {without, with, values};
  }
};

// The finalizer of MurmurHash3, written once more.
std::uint64_t fmix64(std::uint64_t k) {
  k ^= k >> 33;
  k *= 0xff51afd7ed558ccdULL;
  k ^= k >> 33;
  k *= 0xc4ceb9fe1a85ec53ULL;
  return k ^ (k >> 33);
}

// Sorts all users for each split.
std::uint64_t sorted_splits_as_far(const std::vector<Drawn>& users, std::size_t control_users,
                                   std::uint64_t rounds, std::uint64_t seed) {
  const auto distance = [&](const std::vector<Drawn>& ordered) {
    AmountSum first = 0, rest = 0;
    for (std::size_t i = 0; i < ordered.size(); ++i) {
      (i < control_users ? first : rest) += ordered[i].second;
    }
    const AmountSum found = rest * static_cast<AmountSum>(control_users) -
                            first * static_cast<AmountSum>(ordered.size() - control_users);
    return found < 0 ? -found : found;
  };
  std::uint64_t as_far = 0;
  for (std::uint64_t round = 1; round <= rounds; ++round) {
    std::vector<Drawn> ordered = users;
    for (Drawn& user : ordered) user.first *= fmix64(fmix64(seed) + round) | 1;
    std::sort(ordered.begin(), ordered.end());
    if (distance(ordered) >= distance(users)) ++as_far;
  }
  return as_far;
}

TEST(RandomSplits, AgreeWithSortingAllUsers) {
  const std::uint64_t seed = seed_of_test();
  SCOPED_TRACE(::testing::Message() << "seed=" << seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 60; ++i) {
    const bool are_ones = random() % 2 == 0;
    // Hashes that several users have are tied, and those of a few bits lie anywhere but evenly.
    const std::uint64_t hashes = i % 5 == 4 ? 40 : ~std::uint64_t{0};
    const std::size_t control_users = 1 + random() % (i % 3 == 0 ? 9'000 : 50);
    const std::size_t all = control_users + 1 + random() % (i % 3 == 1 ? 9'000 : 50);
    std::vector<Drawn> users;
    Group control, variant;
    for (std::size_t user = 0; user < all; ++user) {
      const AmountSum sign = random() % 2 == 0 ? 1 : -1;
      const AmountSum value = random() % 3 == 0 ? 0
                              : are_ones        ? 1
                                         : sign * static_cast<AmountSum>(random() % 1'000'000);
      users.emplace_back(random() % hashes, value);
      (user < control_users ? control : variant).add(users.back());
    }
    const std::uint64_t split_seed = random();
    std::uint64_t calls = 0;
    EXPECT_EQ(count_splits_as_far(control.measured(are_ones), variant.measured(are_ones), 10,
                                  split_seed, [&] { ++calls; }),
              sorted_splits_as_far(users, control_users, 10, split_seed))
        << i;
    EXPECT_EQ(calls, 10u);
  }
}

// Amounts may be so large that a product of their sum and a number of users has more than 128 bits.
TEST(RandomSplits, LargeAmounts) {
  Group control, variant;
  const AmountSum large = AmountSum{1} << 120;
  for (std::uint64_t user = 0; user < 20; ++user) {
    (user < 10 ? control : variant).add({fmix64(user), user < 10 ? large : -large});
  }
  // A split is as far only if it is this one, or the one the other way round.
  EXPECT_EQ(count_splits_as_far(control.measured(false), variant.measured(false), 100, 0, [] {}),
            0u);
}

// Users who are all alike differ by nothing in any split, which is as much as they do.
TEST(RandomSplits, UsersAllAlike) {
  Group control, variant;
  for (std::uint64_t user = 0; user < 20; ++user) {
    (user < 3 ? control : variant).add({fmix64(user), 5});
  }
  EXPECT_EQ(count_splits_as_far(control.measured(false), variant.measured(false), 7, 1, [] {}), 7u);
}

// Under no difference, the share of splits is spread evenly: it says how rare a difference is.
TEST(RandomSplits, ASplitIsAsLikelyAsAnyOther) {
  Group control, variant;
  for (std::uint64_t user = 0; user < 4; ++user) {
    (user < 2 ? control : variant).add({fmix64(user), user < 2 ? 1 : 0});
  }
  // Four users split into two and two in six ways, and two of these are as far.
  const std::uint64_t as_far =
      count_splits_as_far(control.measured(true), variant.measured(true), 9'000, 3, [] {});
  EXPECT_NEAR(static_cast<double>(as_far) / 9'000, 1.0 / 3, 0.02);
}

TEST(RandomSplits, EndsWhereTheCallerDoes) {
  Group control, variant;
  control.add({1, 1});
  variant.add({2, 0});
  int calls = 0;
  const auto end_at_the_third = [&] {
    if (++calls == 3) throw std::runtime_error("enough");
  };
  EXPECT_THROW(
      count_splits_as_far(control.measured(true), variant.measured(true), 100, 0, end_at_the_third),
      std::runtime_error);
  EXPECT_EQ(calls, 3);
}

}  // namespace
}  // namespace rollcall
