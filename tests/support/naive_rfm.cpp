#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/naive_kinds.h"
#include "tests/support/naive_members.h"

namespace rollcall::testing {

namespace {

// Means of means are compared with more digits than a double has.
__extension__ using Wide = __float128;

struct Purchases {
  std::set<Day> days, days_ever;
  std::int64_t events = 0, valued = 0;
  AmountSum amount = 0;
  std::map<Day, AmountSum> amount_of_day;  // over all that is known
};

// A number that users are ranked by: a quotient, whose divisor is above 0.
struct Rank {
  AmountSum number = 0, of = 1;
  friend bool operator<(const Rank& a, const Rank& b) { return a.number * b.of < b.number * a.of; }
};

struct Scored {
  std::array<Rank, 3> ranks;  // more is better
  std::array<std::int64_t, 3> scores{};
  std::string segment;
};

Cell quotient(AmountSum sum, std::uint32_t decimals, std::int64_t divisor, bool complete) {
  if (divisor == 0 || !complete) return {};
  Wide scale = 1;
  for (std::uint32_t i = 0; i < decimals; ++i) scale *= 10;
  return static_cast<double>(static_cast<Wide>(sum) / scale / static_cast<Wide>(divisor));
}

// Returns how the amount in units of the store compares with a decimal number.
int compare_with(const Rank& amount, const std::string& edge, std::uint32_t decimals) {
  const std::size_t point = std::min(edge.find('.'), edge.size());
  std::string digits = edge.substr(0, point);
  const std::string fraction = point < edge.size() ? edge.substr(point + 1) : "";
  digits += fraction;
  const bool is_negative = digits.starts_with('-');
  AmountSum number = 0;
  for (const char c : digits) {
    if (c >= '0' && c <= '9') number = number * 10 + (c - '0');
  }
  if (is_negative) number = -number;
  // amount / of / 10^decimals against number / 10^|fraction|.
  AmountSum left = amount.number, right = number * amount.of;
  for (std::size_t i = 0; i < fraction.size(); ++i) left *= 10;
  for (std::uint32_t i = 0; i < decimals; ++i) right *= 10;
  return left < right ? -1 : left > right ? 1 : 0;
}

std::string segment_of(const RfmRules& rules, const std::array<std::int64_t, 3>& scores) {
  for (const RfmRules::Segment& segment : rules.segments) {
    const RfmRules::Scores ranges[] = {segment.r, segment.f, segment.m};
    bool fits = true;
    for (std::size_t i = 0; i < 3; ++i) {
      fits = fits && ranges[i].first <= scores[i] && scores[i] <= ranges[i].last;
    }
    if (fits) return segment.name;
  }
  return "other";
}

struct Answer {
  bool has_rows = false, complete = false;
  std::map<NaiveUser, Purchases> purchases;  // of users with an event in the range
  std::map<NaiveUser, Scored> scored;
};

void score(const RfmRules& rules, const NaiveScope& scope, Answer& answer) {
  const std::uint32_t decimals = scope.data.settings.value_decimals;
  for (const auto& [user, purchases] : answer.purchases) {
    Rank& last = answer.scored[user].ranks[0];
    last.number = purchases.days.rbegin()->value;
    Rank& frequency = answer.scored[user].ranks[1];
    frequency.number = rules.frequency == RfmRules::Frequency::kDays
                           ? static_cast<std::int64_t>(purchases.days.size())
                           : purchases.events;
    Rank& monetary = answer.scored[user].ranks[2];
    monetary.number = purchases.amount;
    if (rules.monetary == RfmRules::Monetary::kMean && purchases.valued > 0) {
      monetary.of = purchases.valued;
    }
  }
  const auto all = static_cast<std::int64_t>(answer.scored.size());
  std::array<std::map<Rank, std::int64_t>, 3> users;  // who have the rank
  for (const auto& [user, one] : answer.scored) {
    for (std::size_t i = 0; i < 3; ++i) ++users[i][one.ranks[i]];
  }
  for (auto& [user, one] : answer.scored) {
    for (std::size_t i = 0; i < 3; ++i) {
      if (!rules.edges) {
        std::int64_t worse = 0;
        for (auto other = users[i].begin(); other->first < one.ranks[i]; ++other) {
          worse += other->second;
        }
        one.scores[i] = 1 + 5 * (2 * worse + users[i].at(one.ranks[i])) / (2 * all);
        continue;
      }
      for (std::size_t edge = 0; edge < 4; ++edge) {
        if (i == 0) {
          const AmountSum recency = scope.now.day.value - one.ranks[0].number;
          one.scores[0] -= rules.edges->recency[edge] <= recency;
        } else if (i == 1) {
          one.scores[1] += rules.edges->frequency[edge] <= one.ranks[1].number;
        } else {
          one.scores[2] += compare_with(one.ranks[2], rules.edges->monetary[edge], decimals) >= 0;
        }
      }
      one.scores[i] += i == 0 ? 5 : 1;
    }
    one.segment = segment_of(rules, one.scores);
  }
}

Result<Answer> answer_of(const RfmRules& rules, const QueryCommon& common,
                         const NaiveScope& scope) {
  const NaiveData& data = scope.data;
  Answer answer;
  ROLLCALL_ASSIGN_OR_RETURN(const std::optional<NaiveInstants> instants,
                            resolve_instants(scope, common));
  if (!instants) return answer;
  answer.has_rows = true;
  answer.complete = !common.to || scope.now.ended(instants->to);
  std::map<NaiveUser, Purchases> all;
  for (const std::size_t place : scope.events(rules.event)) {
    const AmountSum amount = data.events[place].value.value_or(0);
    const Day day = data.days[place];
    Purchases& purchases = all[data.user_of[place]];
    purchases.days_ever.insert(day);
    purchases.amount_of_day[day] += amount;
    if (day < instants->from || day > instants->to) continue;
    purchases.days.insert(day);
    ++purchases.events;
    purchases.valued += amount != 0;
    purchases.amount += amount;
  }
  for (auto& [user, purchases] : all) {
    if (!purchases.days.empty()) answer.purchases.emplace(user, std::move(purchases));
  }
  score(rules, scope, answer);
  return answer;
}

}  // namespace

Result<NaiveTable> rfm_table(const RfmQuery& ask, const QueryCommon& common,
                             const NaiveScope& scope) {
  ROLLCALL_ASSIGN_OR_RETURN(const Answer answer, answer_of(ask, common, scope));
  const bool by_cell = ask.by == RfmQuery::By::kCell;
  const std::uint32_t decimals = scope.data.settings.value_decimals;
  NaiveTable table;
  table.keys = {"segment"};
  table.columns = {{"segment", ColumnType::kString}};
  if (by_cell) {
    table.keys = {"r", "f", "m"};
    table.columns = {{"r", ColumnType::kInt}, {"f", ColumnType::kInt}, {"m", ColumnType::kInt}};
  }
  for (const Column& column : std::initializer_list<Column>{{"users", ColumnType::kCount},
                                                            {"share", ColumnType::kRatio},
                                                            {"mean_recency", ColumnType::kRatio},
                                                            {"mean_frequency", ColumnType::kRatio},
                                                            {"mean_monetary", ColumnType::kRatio},
                                                            {"value", ColumnType::kDecimal},
                                                            {"complete", ColumnType::kBool}}) {
    table.columns.push_back(column);
  }
  if (!answer.has_rows) return table;

  using Scores = std::array<std::int64_t, 3>;
  std::vector<std::pair<std::string, Scores>> keys;  // a segment, or a cell
  std::set<std::string> fitting;
  for (std::int64_t r = 1; r <= 5; ++r) {
    for (std::int64_t f = 1; f <= 5; ++f) {
      for (std::int64_t m = 1; m <= 5; ++m) {
        fitting.insert(segment_of(ask, {r, f, m}));
        if (by_cell) keys.push_back({"", {r, f, m}});
      }
    }
  }
  if (!by_cell) {
    for (const RfmRules::Segment& segment : ask.segments) keys.push_back({segment.name, {}});
    if (fitting.contains("other")) keys.push_back({"other", {}});
  }
  for (const auto& [name, scores] : keys) {
    Users users;
    std::int64_t recency = 0, frequency = 0, with_mean = 0;
    AmountSum value = 0;
    Wide means = 0;
    for (const auto& [user, one] : answer.scored) {
      if (by_cell ? one.scores != scores : one.segment != name) continue;
      const Purchases& purchases = answer.purchases.at(user);
      users.push_back(user);
      recency += scope.now.day - *purchases.days.rbegin();
      frequency += static_cast<std::int64_t>(one.ranks[1].number);
      value += purchases.amount;
      if (purchases.valued == 0) continue;
      ++with_mean;
      means += static_cast<Wide>(purchases.amount) / static_cast<Wide>(purchases.valued);
    }
    Cell monetary = quotient(value, decimals, count(users), answer.complete);
    if (ask.monetary == RfmRules::Monetary::kMean) {
      monetary = Cell();
      Wide scale = 1;
      for (std::uint32_t i = 0; i < decimals; ++i) scale *= 10;
      if (with_mean > 0 && answer.complete) {
        monetary = static_cast<double>(means / scale / static_cast<Wide>(with_mean));
      }
    }
    std::vector<NaiveCell> row;
    if (by_cell) {
      for (const std::int64_t number : scores) row.emplace_back(Cell(number));
    } else {
      row.emplace_back(Cell(name));
    }
    const auto all = static_cast<std::int64_t>(answer.scored.size());
    row.emplace_back(users);
    row.emplace_back(ratio(count(users), all, answer.complete));
    row.emplace_back(ratio(recency, count(users), answer.complete));
    row.emplace_back(ratio(frequency, count(users), answer.complete));
    row.emplace_back(monetary);
    row.emplace_back(Cell(decimal_text(value, decimals)));
    row.emplace_back(Cell(answer.complete));
    table.rows.push_back(std::move(row));
  }
  return table;
}

Result<NaiveTable> rfm_users_table(const RfmUsersQuery& ask, const QueryCommon& common,
                                   const NaiveScope& scope) {
  const NaiveData& data = scope.data;
  if (common.members) return Status::invalid_argument("members of rows of users");
  if (!common.breakdown.empty() && (ask.limit || !ask.after.empty())) {
    return Status::invalid_argument("pages of the parts of a breakdown");
  }
  std::optional<UserId> after;
  if (!ask.after.empty()) {
    ROLLCALL_ASSIGN_OR_RETURN(after, read_id(ask.after, data.settings.user_kind));
  }
  ROLLCALL_ASSIGN_OR_RETURN(const Answer answer, answer_of(ask, common, scope));
  const bool is_mean = ask.monetary == RfmRules::Monetary::kMean;
  const std::uint32_t decimals = data.settings.value_decimals;
  NaiveTable table;
  table.columns = {{"user", ColumnType::kString},
                   {"recency", ColumnType::kCount},
                   {"frequency", ColumnType::kCount},
                   {"monetary", is_mean ? ColumnType::kRatio : ColumnType::kDecimal},
                   {"r", ColumnType::kInt},
                   {"f", ColumnType::kInt},
                   {"m", ColumnType::kInt},
                   {"segment", ColumnType::kString},
                   {"x", ColumnType::kCount},
                   {"t_x", ColumnType::kCount},
                   {"T", ColumnType::kCount},
                   {"mean_repeat", ColumnType::kRatio},
                   {"complete", ColumnType::kBool}};
  std::map<UserId, NaiveUser> by_id;
  for (const auto& [user, one] : answer.scored) {
    if (!after || *after < data.users[user]) by_id.emplace(data.users[user], user);
  }
  for (const auto& [id, user] : by_id) {
    if (ask.limit && table.rows.size() == *ask.limit) {
      if (!table.rows.empty()) {
        table.next = std::get<std::string>(std::get<Cell>(table.rows.back()[0]));
      }
      break;
    }
    const Scored& one = answer.scored.at(user);
    const Purchases& purchases = answer.purchases.at(user);
    const Day first = *purchases.days_ever.begin();
    const auto repeats = static_cast<std::int64_t>(purchases.days_ever.size()) - 1;
    AmountSum later = 0;
    for (const auto& [day, amount] : purchases.amount_of_day) later += day == first ? 0 : amount;
    const Cell monetary =
        is_mean ? quotient(purchases.amount, decimals, purchases.valued, answer.complete)
                : Cell(decimal_text(purchases.amount, decimals));
    table.add_row(Cell(id_text(id)), Cell(std::int64_t{scope.now.day - *purchases.days.rbegin()}),
                  Cell(static_cast<std::int64_t>(one.ranks[1].number)), monetary,
                  Cell(one.scores[0]), Cell(one.scores[1]), Cell(one.scores[2]), Cell(one.segment),
                  Cell(repeats), Cell(std::int64_t{*purchases.days_ever.rbegin() - first}),
                  Cell(std::int64_t{scope.now.day - first}),
                  quotient(later, decimals, repeats, true), Cell(answer.complete));
  }
  return table;
}

}  // namespace rollcall::testing
