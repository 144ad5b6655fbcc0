// RFM user by user, with the summary of their purchases that models of repeated purchases take:
// page by page, as members are listed.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/query/kinds/kind_rows.h"
#include "core/query/kinds/rfm_plan.h"
#include "core/query/kinds/rfm_rules.h"
#include "core/query/plan/member_list.h"
#include "core/query/text/query_validation.h"

namespace rollcall {
namespace {

constexpr std::int64_t kPageMax = 1'000'000'000;

class RfmUsersPlan final : public RfmPlan {
 public:
  RfmUsersPlan(std::shared_ptr<const RfmParts> parts, Members page, RfmScales scales)
      : RfmPlan(*parts), parts_(std::move(parts)), page_(std::move(page)), scales_(scales) {}

  std::size_t cell_count() const override { return 1; }
  const Members* page() const override { return &page_; }
  std::size_t numbers_per_user() const override { return kNumbers; }
  QueryResult finish(const Partial& listed) const override;
  std::vector<std::size_t> cells_of(std::size_t, std::string_view) const override { return {}; }

 private:
  // These are the numbers of a user.
  enum Number : std::size_t {
    kLastDay,
    kFrequency,
    kAmount,
    kValuedEvents,
    kFirstDayEver,
    kLastDayEver,
    kDaysEver,
    kAmountAfterFirstDay,
    kNumbers
  };

  void write_identity(ByteWriter& writer) const override {
    writer.text("users");
    write_scales(scales_, writer);
  }
  void count(ChunkSets& sets, CellSink& sink) const override;
  void tell(ChunkSets& sets, const TellUser& tell_user) const override;
  void add_user(const MemberPage::User& user, QueryResult& result) const;

  const std::shared_ptr<const RfmParts> parts_;
  const Members page_;
  const RfmScales scales_;
  const RfmSegments segments_{parts_->rules};
};

void RfmUsersPlan::count(ChunkSets& sets, CellSink& sink) const {
  if (!parts_->days.empty()) sink.add(0, users_in_range(*parts_, sets));
}

void RfmUsersPlan::tell(ChunkSets& sets, const TellUser& tell_user) const {
  const RfmMeasures found = measure(*parts_, sets, /*with_ever=*/true);
  for (std::size_t place = 0; place < found.last_days.size(); ++place) {
    if (found.last_days[place] == kNeverLast) continue;
    std::array<AmountSum, kNumbers> numbers{};
    numbers[kLastDay] = found.last_days[place];
    numbers[kFrequency] = static_cast<AmountSum>(found.frequencies[place]);
    numbers[kAmount] = found.amounts[place];
    if (parts_->has_means()) {
      numbers[kValuedEvents] = static_cast<AmountSum>(found.valued_events[place]);
    }
    numbers[kFirstDayEver] = found.first_days_ever[place];
    numbers[kLastDayEver] = found.last_days_ever[place];
    numbers[kDaysEver] = static_cast<AmountSum>(found.days_ever[place]);
    numbers[kAmountAfterFirstDay] = found.amounts_after_first_day[place];
    tell_user(static_cast<std::uint32_t>(place), numbers);
  }
}

void RfmUsersPlan::add_user(const MemberPage::User& user, QueryResult& result) const {
  const std::span<const AmountSum> numbers(user.numbers.get(), kNumbers);
  // Numbers that come from elsewhere may be any.
  const auto count_of = [](AmountSum number) {
    return static_cast<std::uint64_t>(
        std::clamp<AmountSum>(number, 0, std::numeric_limits<std::int64_t>::max()));
  };
  const AmountSum last_day = timeframe_.last_day.value;
  const std::uint64_t valued = std::min(count_of(numbers[kValuedEvents]), std::uint64_t{1} << 32);
  const std::uint64_t days = count_of(numbers[kDaysEver]);
  const std::uint64_t repeats = days - std::min(days, std::uint64_t{1});
  const Fraction monetary = {
      std::clamp(numbers[kAmount], -ScoreScale::kNever.number / 2, ScoreScale::kNever.number / 2),
      std::max(valued, std::uint64_t{1})};
  const std::size_t r = scales_.last_day.score_of({numbers[kLastDay]});
  const std::size_t f = scales_.frequency.score_of({numbers[kFrequency]});
  const std::size_t m = scales_.monetary.score_of(monetary);
  std::vector<Cell> cells = {user_text(user.id), count_cell(count_of(last_day - numbers[kLastDay])),
                             count_cell(count_of(numbers[kFrequency]))};
  cells.push_back(parts_->has_means() ? quotient_cell(monetary.number, parts_->decimals, valued,
                                                      parts_->is_complete)
                                      : decimal_cell(monetary.number, parts_->decimals));
  for (const std::size_t score : {r, f, m}) cells.emplace_back(static_cast<std::int64_t>(score));
  cells.emplace_back(segments_.names()[segments_.segment_of(r, f, m)]);
  cells.push_back(count_cell(repeats));
  cells.push_back(count_cell(count_of(numbers[kLastDayEver] - numbers[kFirstDayEver])));
  cells.push_back(count_cell(count_of(last_day - numbers[kFirstDayEver])));
  cells.push_back(quotient_cell(numbers[kAmountAfterFirstDay], parts_->decimals, repeats,
                                /*complete=*/true));
  cells.emplace_back(parts_->is_complete);
  add_row_of(result, std::move(cells));
}

QueryResult RfmUsersPlan::finish(const Partial& listed) const {
  QueryResult result = result_;
  const std::vector<const MemberPage::User*> users = listed.users->listed();
  for (const MemberPage::User* const user : users) add_user(*user, result);
  result.next = listed.users->next(users);
  return result;
}

PlanResult plan(const RfmUsersQuery& ask, const Query& query, const PlanContext& context) {
  if (query.common.members) {
    return Status::invalid_argument(
        "rfm_users: members: do not go with rows of users (allowed: limit and after)");
  }
  if (!query.common.breakdown.empty() && (ask.limit || !ask.after.empty())) {
    return Status::invalid_argument(
        fmt::format("rfm_users: {}: does not go with a breakdown, whose parts would each have "
                    "pages of their own",
                    ask.limit ? "limit" : "after"));
  }
  const Members page = {.where = {}, .of = {}, .limit = ask.limit, .after = ask.after};
  if (const Status status = check_after(ask.after, context.settings.user_kind); !status.ok()) {
    return status.within("rfm_users");
  }
  auto parts = std::make_shared<RfmParts>();
  parts->query = query;
  parts->rules = ask;
  parts->scope.kind = "rfm_users";
  parts->wants_ever = true;
  const bool is_mean = ask.monetary == RfmRules::Monetary::kMean;
  parts->columns = {{"user", ColumnType::kString},
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
  parts->notes = {
      "x is the days with an event after the first such day, t_x the days from the first to the "
      "last, T those from the first to as_of, and mean_repeat the sum of the values after the "
      "first day over x: all of what is known up to as_of, whatever the range"};
  parts->make_answer = [page](std::shared_ptr<const RfmParts> shared, RfmScales scales) {
    return std::make_unique<RfmUsersPlan>(std::move(shared), page, scales);
  };
  return make_rfm_plan(std::move(parts), context);
}

// --- The row. ---

constexpr QueryField kRfmUsersFields[] = {
    kEventField,
    kRfmFrequencyField,
    kRfmMonetaryField,
    kRfmScoresField,
    kRfmSegmentsField,
    field_of_integer("limit", "Users on a page: all unless given", 1, kPageMax),
    {.name = "after",
     .type = FieldType::kText,
     .meaning = "User after whom the page begins: next of the page before"}};

Status parse(const QueryObject& object, RfmUsersQuery& ask) {
  FieldReaders fields = rfm_rule_readers(ask);
  fields.push_back(limit_field("limit", ask.limit));
  fields.push_back(string_field("after", ask.after));
  return object.read(std::move(fields));
}

JsonFields write(const RfmUsersQuery& ask) {
  JsonFields fields = rfm_rule_fields(ask);
  fields.emplace_back("segments", rfm_segments_json(ask));
  if (ask.limit) fields.emplace_back("limit", std::to_string(*ask.limit));
  if (!ask.after.empty()) fields.emplace_back("after", quote(ask.after));
  return fields;
}

Status check(const RfmUsersQuery& ask) {
  if (ask.limit) {
    const auto limit = static_cast<std::int64_t>(std::min(*ask.limit, kPageMax + std::uint64_t{1}));
    ROLLCALL_RETURN_IF_ERROR(check_whole_number("limit", limit, 1, kPageMax));
  }
  return check_rfm_rules(ask);
}

std::string describe(const RfmUsersQuery& ask) {
  return describe_rfm_rules(ask) +
         " Each row is a user, with what they are scored by, their scores and their segment, and "
         "a summary of all their days with an event: days after the first one (x), days from the "
         "first to the last (t_x) and to as_of (T), and the value of a day after the first.";
}

Period by_day(const RfmUsersQuery&) { return Period::kDay; }

}  // namespace

const KindRow<RfmUsersQuery>& row_of(std::type_identity<RfmUsersQuery>) {
  static constexpr std::string_view kExamples[] = {
      R"({"kind": "rfm_users", "event": "purchase", "limit": 10})"};
  static constexpr KindRow<RfmUsersQuery> kRow = {
      .kind = {.name = "rfm_users",
               .summary = "Recency, frequency and monetary value, user by user",
               .fields = kRfmUsersFields,
               .examples = kExamples,
               .has_members = false},
      .parse = parse,
      .write = write,
      .check = check,
      .describe = describe,
      .plan = plan,
      .row_period = by_day,
      .ranked_event = own_event};
  return kRow;
}

}  // namespace rollcall
