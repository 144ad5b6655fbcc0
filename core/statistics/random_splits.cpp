#include "core/statistics/random_splits.h"

#include <algorithm>
#include <array>
#include <bit>
#include <boost/multiprecision/cpp_int.hpp>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "kernels/kernel_table.h"

namespace rollcall {
namespace {

// Holds a product of a sum, within 2^128, and of a number of users.
using Product = boost::multiprecision::int256_t;

using Key = std::int32_t;
constexpr Key kKeyMin = std::numeric_limits<Key>::min();

// So many users are drawn at a time, for so many splits: they and their keys stay in the nearest
// cache meanwhile.
constexpr std::size_t kBlockUsers = 2048;
constexpr std::size_t kBlockWords = kBlockUsers / 64;
constexpr std::uint64_t kSplitsAtOnce = 32;

template <class Visit>
void for_each_bit(std::span<const std::uint64_t> words, const Visit& visit) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    for (std::uint64_t rest = words[i]; rest != 0; rest &= rest - 1) {
      visit(64 * i + static_cast<std::size_t>(std::countr_zero(rest)));
    }
  }
}

AmountSum sum_of(const MeasuredGroup& group) {
  if (group.values.empty()) return static_cast<AmountSum>(group.with.size());
  AmountSum sum = 0;
  for (const AmountSum value : group.values) sum += value;
  return sum;
}

// Is a part of some users that is being drawn.
struct DrawnPart {
  std::uint64_t factor = 0;
  std::size_t below = 0;  // users whose keys are less than the near ones
  AmountSum sum = 0;      // of their values
  std::vector<std::pair<std::uint64_t, AmountSum>> near;

  // Returns whether a part of so many users ends among the near ones.
  bool ends_near(std::size_t users) const { return below <= users && users - below <= near.size(); }
  // Returns the sum of the values of all of them, if it does.
  AmountSum sum_of_first(std::size_t users) {
    const auto end = near.begin() + static_cast<std::ptrdiff_t>(users - below);
    std::nth_element(near.begin(), end, near.end());
    for (auto user = near.begin(); user != end; ++user) sum += user->second;
    return sum;
  }
};

// Draws parts of some users by their keys. Keys are as good as random, so the one that a part ends
// with is close to where it would be if they were spread evenly. Users with lesser keys are in the
// part, those with greater ones are not, and only the few with keys near it have to be sorted.
class PartDrawer {
 public:
  PartDrawer(std::span<const MeasuredGroup> groups, std::size_t part_users)
      : groups_(groups), part_users_(part_users) {
    for (const MeasuredGroup& group : groups) users_ += group.users();
  }

  // Calls use(sum) with what the values add up to in the part that each factor makes.
  template <class Use>
  void draw(std::span<const std::uint64_t> factors, const Use& use) {
    // Few keys stray farther, unless many users have the same hash.
    constexpr double kDeviations = 5;
    constexpr double kMore = 16;
    parts_.resize(factors.size());
    for (std::size_t i = 0; i < factors.size(); ++i) parts_[i].factor = factors[i];
    draw_all(parts_, kDeviations);
    for (DrawnPart& part : parts_) {
      for (double reach = kMore * kDeviations; !part.ends_near(part_users_); reach *= kMore) {
        draw_all({&part, 1}, reach);
      }
      use(part.sum_of_first(part_users_));
    }
  }

 private:
  // Goes through all users once. Keys so many standard deviations from the end of a part are near.
  void draw_all(std::span<DrawnPart> parts, double reach) {
    constexpr double kKeys = 4294967296;
    const double share = static_cast<double>(part_users_) / static_cast<double>(users_);
    const double deviation = std::sqrt(share * (1 - share) / static_cast<double>(users_));
    const auto key_at = [&](double place) {
      return static_cast<Key>(std::clamp(std::floor(place * kKeys), 0.0, kKeys - 1) + kKeyMin);
    };
    near_least_ = key_at(share - reach * deviation);
    near_most_ = key_at(share + reach * deviation);
    for (DrawnPart& part : parts) {
      part.below = 0;
      part.sum = 0;
      part.near.clear();
    }
    for (const MeasuredGroup& group : groups_) {
      draw_users(group.without, {}, /*measured=*/0, parts);
      draw_users(group.with, group.values, /*measured=*/1, parts);
    }
  }

  // `values` are those of the users; empty: it is `measured` of each.
  void draw_users(std::span<const std::uint64_t> users, std::span<const AmountSum> values,
                  AmountSum measured, std::span<DrawnPart> parts) {
    for (std::size_t first = 0; first < users.size(); first += kBlockUsers) {
      const std::size_t count = std::min(kBlockUsers, users.size() - first);
      const auto own_values = values.empty() ? values : values.subspan(first, count);
      for (DrawnPart& part : parts) {
        draw_block(users.subspan(first, count), own_values, measured, part);
      }
    }
  }

  void draw_block(std::span<const std::uint64_t> users, std::span<const AmountSum> values,
                  AmountSum measured, DrawnPart& part) {
    kernel_.draw_keys(users.data(), part.factor, keys_.data(), users.size());
    if (near_least_ > kKeyMin) {
      const std::span<const std::uint64_t> below =
          bits_between(kKeyMin, near_least_ - 1, users.size());
      const std::uint64_t below_here = kernel_.count(below.data(), below.size());
      part.below += below_here;
      if (values.empty()) {
        part.sum += measured * static_cast<AmountSum>(below_here);
      } else {
        for_each_bit(below, [&](std::size_t i) { part.sum += values[i]; });
      }
    }
    for_each_bit(bits_between(near_least_, near_most_, users.size()), [&](std::size_t i) {
      part.near.emplace_back(users[i] * part.factor, values.empty() ? measured : values[i]);
    });
  }

  // Returns which of the first keys are between two, both included, until it is called again.
  std::span<const std::uint64_t> bits_between(Key least, Key most, std::size_t count) {
    const std::size_t word_count = (count + 63) / 64;
    kernel_.in_range_bits(keys_.data(), least, most, bits_.data(), word_count);
    if (count % 64 != 0) bits_[word_count - 1] &= (std::uint64_t{1} << (count % 64)) - 1;
    return {bits_.data(), word_count};
  }

  const kernels::KernelTable& kernel_ = *kernels::active_table();
  const std::span<const MeasuredGroup> groups_;
  const std::size_t part_users_;
  std::size_t users_ = 0;
  Key near_least_ = kKeyMin;
  Key near_most_ = kKeyMin;
  std::vector<DrawnPart> parts_;
  alignas(64) std::array<Key, kBlockUsers> keys_{};
  alignas(64) std::array<std::uint64_t, kBlockWords> bits_{};
};

}  // namespace

std::uint64_t count_splits_as_far(const MeasuredGroup& control, const MeasuredGroup& variant,
                                  std::uint64_t rounds, std::uint64_t seed,
                                  const std::function<void()>& before_round) {
  const std::array<MeasuredGroup, 2> groups = {control, variant};
  const AmountSum control_sum = sum_of(control);
  const Product all = control_sum + sum_of(variant);
  // With the sum s of a part of n users, and S of all N users, the difference of the means is
  // (n S - N s) / (n (N - n)), of which only the numerator varies.
  const auto distance = [&](AmountSum sum) -> Product {
    return abs(all * control.users() - Product(sum) * (control.users() + variant.users()));
  };
  const Product observed = distance(control_sum);
  PartDrawer drawer(groups, control.users());
  std::uint64_t as_far = 0;
  std::vector<std::uint64_t> factors;
  for (std::uint64_t round = 0; round < rounds;) {
    factors.clear();
    while (round < rounds && factors.size() < kSplitsAtOnce) {
      before_round();
      factors.push_back(kernels::mix(kernels::mix(seed) + ++round) | 1);
    }
    drawer.draw(factors, [&](AmountSum sum) {
      if (distance(sum) >= observed) ++as_far;
    });
  }
  return as_far;
}

}  // namespace rollcall
