#include <xxhash.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tests/support/naive_kinds.h"
#include "tests/support/naive_segments.h"
#include "tests/support/naive_statistics.h"

namespace rollcall::testing {

namespace {

using Metric = CompareQuery::Metric;

// The variants of each user, and the first instant from which what they do counts.
struct Exposed {
  std::set<std::string> variants;
  TimeUs time = 0;
};

using ExposedUsers = std::map<NaiveUser, Exposed>;

ExposedUsers users_of_exposures(const CompareQuery& ask, const NaiveScope& scope,
                                const NaiveInstants& instants) {
  const NaiveData& data = scope.data;
  ExposedUsers users;
  for (const std::size_t place : scope.events(ask.exposure)) {
    const NaiveEvent& event = data.events[place];
    const std::string variant = property_of(event, ask.variant);
    const bool is_named = ask.values.empty()
                              ? !variant.empty()
                              : std::ranges::find(ask.values, variant) != ask.values.end();
    if (!is_named || event.time < instants.begin || event.time >= instants.end) continue;
    Exposed& user = users[data.user_of[place]];
    user.time = user.variants.empty() ? event.time : std::min(user.time, event.time);
    user.variants.insert(variant);
  }
  return users;
}

Result<ExposedUsers> users_of_segments(const CompareQuery& ask, const NaiveScope& scope,
                                       const NaiveInstants& instants) {
  NaiveScope before = scope;
  before.among.reset();
  ROLLCALL_ASSIGN_OR_RETURN(before.now, resolve_now(scope.data, AsOf(instants.from - 1)));
  ExposedUsers users;
  for (const CompareQuery::Arm& arm : ask.variants) {
    ROLLCALL_ASSIGN_OR_RETURN(const std::set<NaiveUser> found, users_of(arm.segment, before));
    for (const NaiveUser user : found) {
      if (scope.among && !scope.among->contains(user)) continue;
      users[user].variants.insert(arm.variant);
      users[user].time = instants.begin;
    }
  }
  return users;
}

// What a variant's users come to.
struct Arm {
  std::set<NaiveUser> users, excluded, immature, hits;
  std::vector<AmountSum> amounts;
  std::map<NaiveUser, AmountSum> measured;  // a rate: 1 or 0
};

// Nothing if the user's time is not over.
std::optional<AmountSum> measure(const CompareQuery& ask, const NaiveScope& scope,
                                 const NaiveInstants& instants, NaiveUser user, TimeUs exposed) {
  const NaiveData& data = scope.data;
  const Metric& metric = ask.metric;
  const bool by_days = metric.kind == Metric::Kind::kActive;
  const Day day = data.zone.day_of(exposed);
  const TimeUs last =
      by_days ? data.start_of(day + metric.to_day + 1) - 1 : exposed + metric.within.us;
  if (last >= instants.known_end) return std::nullopt;
  AmountSum measured = 0;
  for (const std::size_t place : scope.events(by_days ? ask.event : metric.outcome)) {
    const NaiveEvent& event = data.events[place];
    if (data.user_of[place] != user || event.time < exposed || event.time > last) continue;
    if (by_days && data.days[place] - day < metric.from_day) continue;
    measured += metric.kind == Metric::Kind::kValue ? event.value.value_or(0) : 1;
  }
  return measured;
}

// MurmurHash3's finalizer, fmix64.
std::uint64_t scrambled(std::uint64_t bits) {
  for (const std::uint64_t factor : {0xff51afd7ed558ccdULL, 0xc4ceb9fe1a85ec53ULL}) {
    bits = (bits ^ (bits >> 33)) * factor;
  }
  return bits ^ (bits >> 33);
}

std::uint64_t hash_of_id(const UserId& id) {
  if (const auto* integer = std::get_if<std::uint64_t>(&id)) return scrambled(*integer);
  const auto& text = std::get<std::string>(id);
  return XXH3_64bits(text.data(), text.size());
}

// Returns in how many of the question's splits the two parts differ as much as the variants do.
std::int64_t splits_as_far(const CompareQuery& ask, const NaiveData& data, const Arm& base,
                           const Arm& arm) {
  std::vector<std::pair<std::uint64_t, AmountSum>> users;
  for (const Arm* const part : {&base, &arm}) {
    for (const auto& [user, measured] : part->measured) {
      users.emplace_back(hash_of_id(data.users[user]), measured);
    }
  }
  const std::size_t base_size = base.measured.size();
  // The difference of both means, times the product of both sizes.
  const auto difference = [&](const auto& ordered) {
    AmountSum first = 0, rest = 0;
    for (std::size_t i = 0; i < ordered.size(); ++i) {
      (i < base_size ? first : rest) += ordered[i].second;
    }
    const AmountSum twice = rest * static_cast<AmountSum>(base_size) -
                            first * static_cast<AmountSum>(ordered.size() - base_size);
    return twice < 0 ? -twice : twice;
  };
  const AmountSum observed = difference(users);
  std::int64_t as_far = 0;
  for (std::int32_t round = 1; round <= *ask.aa; ++round) {
    const std::uint64_t factor = scrambled(scrambled(static_cast<std::uint64_t>(ask.seed)) +
                                           static_cast<std::uint64_t>(round)) |
                                 1;
    auto ordered = users;
    for (auto& [key, measured] : ordered) key *= factor;
    std::sort(ordered.begin(), ordered.end());
    as_far += difference(ordered) >= observed;
  }
  return as_far;
}

Cell number(const std::optional<long double>& found) {
  return found ? Cell(static_cast<double>(*found)) : Cell();
}

}  // namespace

Result<NaiveTable> compare_table(const CompareQuery& ask, const QueryCommon& common,
                                 const NaiveScope& scope) {
  const bool is_rate =
      ask.metric.kind == Metric::Kind::kActive || ask.metric.kind == Metric::Kind::kConversion;
  const std::string measured = is_rate ? "rate" : "mean";
  NaiveTable table;
  table.keys = {"variant"};
  table.columns = {{"variant", ColumnType::kString},        {"users", ColumnType::kCount},
                   {"excluded", ColumnType::kCount},        {"immature", ColumnType::kCount},
                   {measured, ColumnType::kRatio},          {"low_" + measured, ColumnType::kRatio},
                   {"high_" + measured, ColumnType::kRatio}};
  for (const char* const name : {"difference", "low", "high", "statistic", "p"}) {
    table.columns.push_back({name, ColumnType::kRatio});
  }
  if (ask.aa) table.columns.push_back({"aa", ColumnType::kRatio});
  ROLLCALL_ASSIGN_OR_RETURN(const std::optional<NaiveInstants> instants,
                            resolve_instants(scope, common));
  if (!instants) {
    for (const CompareQuery::Arm& arm : ask.variants) {
      ROLLCALL_RETURN_IF_ERROR(users_of(arm.segment, scope).status());
    }
    return table;
  }

  ExposedUsers exposed;
  std::vector<std::string> names = ask.values;
  if (ask.variants.empty()) {
    exposed = users_of_exposures(ask, scope, *instants);
  } else {
    ROLLCALL_ASSIGN_OR_RETURN(exposed, users_of_segments(ask, scope, *instants));
    for (const CompareQuery::Arm& arm : ask.variants) names.push_back(arm.variant);
    std::sort(names.begin(), names.end());
  }
  std::map<std::string, Arm> arms;
  for (const auto& [user, seen] : exposed) {
    for (const std::string& variant : seen.variants) {
      Arm& arm = arms[variant];
      if (seen.variants.size() > 1) {
        arm.excluded.insert(user);
        continue;
      }
      const std::optional<AmountSum> found = measure(ask, scope, *instants, user, seen.time);
      (found ? arm.users : arm.immature).insert(user);
      if (!found) continue;
      arm.amounts.push_back(*found);
      arm.measured[user] = is_rate ? AmountSum{*found != 0} : *found;
      if (*found != 0) arm.hits.insert(user);
    }
  }
  if (names.empty()) {
    for (const auto& [variant, arm] : arms) names.push_back(variant);
  }

  long double scale = 1;
  if (ask.metric.kind == Metric::Kind::kValue) {
    for (std::uint32_t i = 0; i < scope.data.settings.value_decimals; ++i) scale *= 10;
  }
  const auto estimate = [&](const Arm& arm, const Arm* base) {
    const auto rate_of = [](const Arm& of) {
      return NaiveRate{static_cast<std::int64_t>(of.hits.size()),
                       static_cast<std::int64_t>(of.users.size())};
    };
    if (base == nullptr) {
      return is_rate ? rate_estimate(rate_of(arm)) : mean_estimate(arm.amounts, scale);
    }
    return is_rate ? rate_difference_estimate(rate_of(arm), rate_of(*base))
                   : mean_difference_estimate(arm.amounts, base->amounts, scale);
  };
  const auto list = [](const std::set<NaiveUser>& users) {
    return Users(users.begin(), users.end());
  };
  std::vector<std::int64_t> counts;
  std::vector<double> shares;
  for (const std::string& name : names) {
    const std::string& control = ask.control.empty() ? names.front() : ask.control;
    const Arm& arm = arms[name];
    const NaiveEstimate own = estimate(arm, nullptr);
    const NaiveEstimate against = name == control ? NaiveEstimate() : estimate(arm, &arms[control]);
    table.add_row(Cell(name), list(arm.users), list(arm.excluded), list(arm.immature),
                  number(own.value), number(own.low), number(own.high), number(against.value),
                  number(against.low), number(against.high), number(against.statistic),
                  number(against.p));
    if (ask.aa) {
      table.rows.back().push_back(
          against.p ? Cell(static_cast<double>(splits_as_far(ask, scope.data, arms[control], arm)) /
                           static_cast<double>(*ask.aa))
                    : Cell());
    }
    counts.push_back(static_cast<std::int64_t>(arm.users.size() + arm.immature.size()));
    const auto share = std::ranges::find(ask.split, name, &CompareQuery::Share::variant);
    shares.push_back(share == ask.split.end() ? 1 : share->share);
  }
  const NaiveEstimate fit = fit_estimate(counts, shares);
  table.add_row(Cell(std::string("sample_ratio")), Cell(), Cell(), Cell(), Cell(), Cell(), Cell(),
                Cell(), Cell(), Cell(), number(fit.statistic), number(fit.p));
  if (ask.aa) table.rows.back().emplace_back(Cell());
  return table;
}

}  // namespace rollcall::testing
