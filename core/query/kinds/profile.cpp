// Profile says who one user is, by what they did. It reads what the store has of that user alone,
// but for the rank within a year, and for the scores among all users unless these are kept.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "core/query/kinds/active_days.h"
#include "core/query/kinds/kind_rows.h"
#include "core/query/kinds/kind_table.h"
#include "core/query/kinds/rfm_plan.h"
#include "core/query/plan/table_plan.h"
#include "core/query/resolve/event_range.h"
#include "core/query/sequence/step_events.h"
#include "core/query/sets/vertical_count.h"
#include "core/query/text/date_text.h"
#include "core/query/text/decimal_text.h"
#include "core/query/text/query_validation.h"
#include "core/time/time_zone.h"
#include "rollcall/message_text.h"

namespace rollcall {
namespace {

constexpr std::int32_t kYearMax = 9999;
constexpr std::int32_t kListedEventsMax = 10'000;

struct ProfileParts {
  Query query;
  Scope scope;
  std::shared_ptr<const UserList> user;  // the one
  StepSelectors selectors;               // all that is seen of the events
  EventRange range;
  // The days before the history begins, of which pages tell when the user was active.
  SeriesUnion early_events;
  DayRange early_days;
  bool is_open = false;       // the range begins with the first day of the store
  SeriesUnion ranked_events;  // of the users of a year
  std::vector<std::string> notes;
};

// Is a row of the answer.
struct ProfileRow {
  std::string what, name, value;
};

// A partial answer has the rows as texts that are in the order of the rows.
std::string text_of_row(std::size_t number, const ProfileRow& row) {
  std::string text = fmt::format("{:08}", number);
  ByteWriter writer(text);
  for (const std::string* const cell : {&row.what, &row.name, &row.value}) writer.text(*cell);
  return text;
}

[[noreturn]] void throw_damaged() {
  throw QuestionFailure(Status::corruption("partial answer: a row of the profile is damaged"));
}

ProfileRow row_of_text(std::string_view text) {
  ByteReader reader(text.substr(std::min<std::size_t>(text.size(), 8)));
  ProfileRow row;
  for (std::string* const cell : {&row.what, &row.name, &row.value}) *cell = reader.text();
  if (!reader.done()) throw_damaged();
  return row;
}

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest != end) return {};
  return number;
}

// The cells are of a year's report: cell i holds the users with i + 1 active days in it. All else
// is texts.
class ProfilePlan final : public TablePlan {
 public:
  // `scales` are those of all users, if the scores are asked for.
  ProfilePlan(const PlanContext& context, std::shared_ptr<const ProfileParts> parts,
              std::optional<RfmScales> scales);

  std::size_t cell_count() const override {
    return ask_.year && !year_.empty() ? static_cast<std::size_t>(year_.size()) : 0;
  }
  bool has_texts() const override { return true; }
  bool keeps_names() const override { return true; }
  QueryResult finish(const Partial& counts) const override;
  std::vector<std::size_t> cells_of(std::size_t, std::string_view) const override { return {}; }

 private:
  void count(ChunkSets& sets, CellSink& sink) const override;
  // Returns the scores of the user whose rows these are, or none without an event in the range.
  std::vector<ProfileRow> scores_of(const std::vector<ProfileRow>& rows) const;
  void rank_year(ChunkSets& sets, CellSink& sink) const;
  std::vector<Day> early_days_of(const ChunkSets& sets, std::uint32_t place) const;
  std::vector<ProfileRow> rows_of(const StepEvents& seen, std::span<const StepEvent> events,
                                  std::vector<Day> active_days) const;
  void add_days(std::span<const Day> days, std::vector<ProfileRow>& rows) const;
  void add_events(const StepEvents& seen, std::span<const std::size_t> places,
                  std::vector<ProfileRow>& rows) const;
  void add_favourites(const StepEvents& seen, std::span<const StepEvent> events,
                      std::span<const std::size_t> places, std::vector<ProfileRow>& rows) const;
  void add_months(std::span<const StepEvent> events, std::span<const std::size_t> places,
                  std::vector<ProfileRow>& rows) const;
  void add_last(const StepEvents& seen, std::span<const StepEvent> events,
                std::vector<std::size_t> places, std::vector<ProfileRow>& rows) const;
  const std::string& event_name(const StepEvents& seen, std::size_t place) const {
    return catalog_.events().values()[seen.name_of(place)];
  }
  std::string_view property_value(const StepEvents& seen, std::size_t property,
                                  std::uint32_t value) const {
    return property < catalog_.dimensions().size() ? catalog_.values(property).values()[value]
                                                   : seen.text_of(value);
  }

  const ProfileQuery ask_;
  const TimeZone& zone_;
  const SeriesCatalog& catalog_;
  const WeekStart week_start_;
  const std::uint32_t value_decimals_;
  const bool is_restricted_;  // to some events, or users
  const std::shared_ptr<const ProfileParts> shared_;
  const ProfileParts& parts_;
  const std::optional<RfmScales> scales_;
  std::vector<std::string> property_names_;
  DayRange year_;  // as far as there are data
};

ProfilePlan::ProfilePlan(const PlanContext& context, std::shared_ptr<const ProfileParts> parts,
                         std::optional<RfmScales> scales)
    : TablePlan(parts->query, parts->scope),
      ask_(std::get<ProfileQuery>(parts->query.ask)),
      zone_(context.zone),
      catalog_(context.catalog),
      week_start_(context.settings.week_start),
      value_decimals_(context.settings.value_decimals),
      is_restricted_(!parts->query.common.where.empty() || parts->query.common.among.has_value()),
      shared_(std::move(parts)),
      parts_(*shared_),
      scales_(scales),
      property_names_(context.settings.properties()) {
  constexpr std::string_view kWhy = "the events of the user are looked at one by one";
  if (!timeframe_.data.empty()) reads_.read_history(kWhy);
  if (!parts_.range.empty()) reads_.read_history(*parts_.range.from, kWhy);
  read_presence(parts_.early_events, parts_.early_days);
  if (ask_.year && !parts_.range.empty()) {
    year_ = {std::max(*parts_.range.from, timeframe_.data.first),
             std::min(*parts_.range.to, timeframe_.data.last)};
    read_presence(parts_.ranked_events, year_);
  }
  reads_.only_of_lists = year_.empty();
  std::vector<std::string> notes = {
      "all is about the user's events in the range, as if there were no others; values and counts "
      "are texts",
      "current_streak ends on the day of as_of, or on the day before; lifecycle is of the day, the "
      "week and the month that hold as_of, and inactive are those with no event in the period or "
      "in the one before",
      "favourite is the most frequent value among the events that have one; of several, that seen "
      "last, then the smaller in bytes"};
  if (ask_.year) {
    notes.emplace_back(
        "rank is the share of the year's active users, in percent, who had fewer active days in "
        "it, as far as is known at as_of");
  }
  if (ask_.rfm) {
    notes.emplace_back(
        "rfm scores are from 1 to 5, the best, by the ranks among the users with an event in the "
        "range: of the last day, of the number of events, and of the sum of amounts");
  }
  notes.insert(notes.end(), parts_.notes.begin(), parts_.notes.end());
  JsonFields fields = fields_of(parts_.query);
  fields.emplace_back("from", parts_.range.from ? quote(to_string(*parts_.range.from)) : "null");
  fields.emplace_back("to", parts_.range.to ? quote(to_string(*parts_.range.to)) : "null");
  reads_.lists.push_back(parts_.user);
  define(std::move(fields), context, nullptr, std::move(notes));
  result_.columns = {
      {"what", ColumnType::kString}, {"name", ColumnType::kString}, {"value", ColumnType::kString}};
}

void ProfilePlan::count(ChunkSets& sets, CellSink& sink) const {
  if (!year_.empty()) rank_year(sets, sink);
  const BitSpan listed = sets.listed(*parts_.user);
  std::uint32_t place = 0;
  while (place / 64 < listed.word_count && listed.words[place / 64] == 0) place += 64;
  if (place / 64 >= listed.word_count) return;
  place += static_cast<std::uint32_t>(std::countr_zero(listed.words[place / 64]));

  std::vector<Day> active_days = early_days_of(sets, place);
  StepEvents seen(parts_.selectors, account());
  std::span<const StepEvent> events;
  const std::uint32_t ordinal = sets.chunk().first_ordinal() + place;
  if (!timeframe_.data.empty()) {
    UserCursor cursor = sets.chunk().history(
        [&](std::size_t run, const LogBlock& block) { seen.open(run, block); });
    if (cursor.seek(ordinal) && cursor.ordinal() == ordinal) events = seen.of_user(cursor);
  }
  // Nothing of the user is known up to as_of.
  if (events.empty() && active_days.empty()) return;
  std::size_t number = 0;
  for (const ProfileRow& row : rows_of(seen, events, std::move(active_days))) {
    sink.add_text(text_of_row(number++, row));
  }
}

void ProfilePlan::rank_year(ChunkSets& sets, CellSink& sink) const {
  const std::size_t mark = sets.arena().mark();
  std::vector<BitSpan> active;
  for (Day day = year_.first; day <= year_.last; day = day + 1) {
    active.push_back(sets.active(parts_.ranked_events, {day, day}));
  }
  VerticalCount(sets, active).add_each(sink, 0);
  sets.arena().give_back_to(mark);
}

std::vector<Day> ProfilePlan::early_days_of(const ChunkSets& sets, std::uint32_t place) const {
  std::vector<Day> days;
  if (parts_.early_days.empty()) return days;
  std::vector<std::uint64_t> scratch(sets.chunk().word_count());
  for (Day day = parts_.early_days.first; day <= parts_.early_days.last; day = day + 1) {
    const bool is_active = std::ranges::any_of(parts_.early_events.series, [&](SeriesId series) {
      const BitSpan users = sets.chunk().presence(series, day, scratch.data());
      return place / 64 < users.word_count && (users.words[place / 64] >> (place % 64) & 1) != 0;
    });
    if (is_active) days.push_back(day);
  }
  return days;
}

// `active_days` are those before the history begins, which lie in an open range alone.
std::vector<ProfileRow> ProfilePlan::rows_of(const StepEvents& seen,
                                             std::span<const StepEvent> events,
                                             std::vector<Day> active_days) const {
  if (!parts_.is_open) active_days.clear();
  std::vector<std::size_t> places;
  for (std::size_t place = 0; place < events.size(); ++place) {
    if (events[place].time < parts_.range.begin || events[place].time >= parts_.range.end) continue;
    places.push_back(place);
    const Day day = zone_.day_of(events[place].time);
    if (active_days.empty() || active_days.back() != day) active_days.push_back(day);
  }
  std::vector<ProfileRow> rows;
  add_days(active_days, rows);
  add_events(seen, places, rows);
  add_favourites(seen, events, places, rows);
  for (const Period period : {Period::kDay, Period::kWeek, Period::kMonth}) {
    const std::string_view state =
        lifecycle_state(active_days, Calendar(period, week_start_), timeframe_.last_day);
    rows.push_back({"lifecycle", to_string(period), std::string(state)});
  }
  add_months(events, places, rows);
  if (!year_.empty() && !active_days.empty()) {
    // The rank itself is known once everybody is counted.
    rows.push_back({"rank", "percent", std::to_string(active_days.size())});
  }
  add_last(seen, events, std::move(places), rows);
  return rows;
}

void ProfilePlan::add_days(std::span<const Day> days, std::vector<ProfileRow>& rows) const {
  if (!days.empty()) {
    rows.push_back({"first_day", "", to_string(days.front())});
    rows.push_back({"last_day", "", to_string(days.back())});
  }
  const Streaks streaks = streaks_of(days, timeframe_.last_day);
  rows.push_back({"active_days", "", std::to_string(days.size())});
  rows.push_back({"current_streak", "", std::to_string(streaks.current)});
  rows.push_back({"longest_streak", "", std::to_string(streaks.longest)});
}

void ProfilePlan::add_events(const StepEvents& seen, std::span<const std::size_t> places,
                             std::vector<ProfileRow>& rows) const {
  struct OfName {
    std::uint64_t events = 0;
    bool has_value = false;
    AmountSum value = 0;
  };
  std::map<std::string_view, OfName> names;
  for (const std::size_t place : places) {
    OfName& of_name = names[event_name(seen, place)];
    ++of_name.events;
    of_name.has_value = of_name.has_value || seen.amount_of(place) != 0;
    of_name.value += seen.amount_of(place);
  }
  for (const auto& [name, of_name] : names) {
    rows.push_back({"events", std::string(name), std::to_string(of_name.events)});
  }
  for (const auto& [name, of_name] : names) {
    if (!of_name.has_value) continue;
    rows.push_back({"value", std::string(name),
                    std::get<std::string>(decimal_cell(of_name.value, value_decimals_))});
  }
}

void ProfilePlan::add_favourites(const StepEvents& seen, std::span<const StepEvent> events,
                                 std::span<const std::size_t> places,
                                 std::vector<ProfileRow>& rows) const {
  struct Seen {
    std::uint64_t events = 0;
    TimeUs last = 0;
  };
  std::map<std::string_view, std::string_view> favourites;  // by property
  for (std::size_t property = 0; property < property_names_.size(); ++property) {
    std::map<std::string_view, Seen> values;
    for (const std::size_t place : places) {
      const std::string_view value = property_value(seen, property, seen.value_of(place, property));
      if (value.empty()) continue;
      Seen& of_value = values[value];
      ++of_value.events;
      of_value.last = events[place].time;
    }
    // Of equal ones, the first is the smallest in bytes.
    const auto most = std::ranges::max_element(values, {}, [](const auto& value) {
      return std::pair(value.second.events, value.second.last);
    });
    if (most != values.end()) favourites.emplace(property_names_[property], most->first);
  }
  for (const auto& [property, value] : favourites) {
    rows.push_back({"favourite", std::string(property), std::string(value)});
  }
}

void ProfilePlan::add_months(std::span<const StepEvent> events, std::span<const std::size_t> places,
                             std::vector<ProfileRow>& rows) const {
  const Calendar months(Period::kMonth, week_start_);
  std::map<std::int32_t, std::uint64_t> counts;
  for (const std::size_t place : places)
    ++counts[months.index_of(zone_.day_of(events[place].time))];
  for (const auto& [month, count] : counts) {
    rows.push_back({"month", to_string(months.first_day(month)), std::to_string(count)});
  }
}

void ProfilePlan::add_last(const StepEvents& seen, std::span<const StepEvent> events,
                           std::vector<std::size_t> places, std::vector<ProfileRow>& rows) const {
  // Events of one instant have no order, so their names decide.
  std::ranges::sort(places, [&](std::size_t a, std::size_t b) {
    if (events[a].time != events[b].time) return events[a].time > events[b].time;
    return event_name(seen, a) < event_name(seen, b);
  });
  places.resize(std::min(places.size(), static_cast<std::size_t>(ask_.events)));
  for (const std::size_t place : places) {
    rows.push_back(
        {"last_event", to_string(zone_.zoned(events[place].time)), event_name(seen, place)});
  }
}

std::vector<ProfileRow> ProfilePlan::scores_of(const std::vector<ProfileRow>& rows) const {
  std::int32_t last_day = 0;
  std::uint64_t events = 0;
  AmountSum value = 0;
  for (const ProfileRow& row : rows) {
    if (row.what == "last_day") {
      const std::optional<Day> day = parse_date(row.value);
      if (!day) throw_damaged();
      last_day = day->value;
    } else if (row.what == "events") {
      const std::optional<std::uint64_t> count = whole_number(row.value);
      if (!count) throw_damaged();
      events += *count;
    } else if (row.what == "value") {
      const std::optional<DecimalText> sum = parse_decimal_text(row.value);
      if (!sum) throw_damaged();
      value += scaled(*sum, value_decimals_).floor;
      if (value > kScaledMax || value < -kScaledMax) throw_damaged();
    }
  }
  if (events == 0) return {};
  const auto score = [](std::string name, const ScoreScale& scale, AmountSum number) {
    return ProfileRow{"rfm", std::move(name), std::to_string(scale.score_of({number}))};
  };
  return {score("r", scales_->last_day, last_day),
          score("f", scales_->frequency, static_cast<AmountSum>(events)),
          score("m", scales_->monetary, value)};
}

QueryResult ProfilePlan::finish(const Partial& counts) const {
  if (counts.texts.empty()) {
    throw QuestionFailure(Status::not_found(fmt::format(
        "profile: user: unknown, found {} (allowed: a user with an event up to as_of{})",
        quoted_excerpt(ask_.user), is_restricted_ ? " that where and among let count" : "")));
  }
  std::vector<ProfileRow> rows;
  for (const auto& [text, _] : counts.texts) {
    ProfileRow row = row_of_text(text);
    if (row.what == "rank") {
      const std::span cells(counts.cells);
      const std::optional<std::uint64_t> days = whole_number(row.value);
      if (!days || *days == 0 || *days > cells.size()) throw_damaged();
      const auto own = cells.begin() + static_cast<std::ptrdiff_t>(*days - 1);
      if (*own == 0) throw_damaged();  // the user is one of them
      const std::uint64_t fewer = std::accumulate(cells.begin(), own, std::uint64_t{0});
      const std::uint64_t all = std::accumulate(cells.begin(), cells.end(), std::uint64_t{0});
      row.value = fmt::format("{}", nearest_quotient(AmountSum{fewer} * 100, all));
    }
    rows.push_back(std::move(row));
  }
  if (scales_) {
    const auto is_later = [](const ProfileRow& row) {
      return row.what == "month" || row.what == "rank" || row.what == "last_event";
    };
    const std::vector<ProfileRow> scores = scores_of(rows);
    rows.insert(std::ranges::find_if(rows, is_later), scores.begin(), scores.end());
  }
  QueryResult result = result_;
  for (ProfileRow& row : rows) {
    add_row(result, std::move(row.what), std::move(row.name), std::move(row.value));
  }
  return result;
}

// Returns the user as the store's ids are.
Result<UserId> user_of(const ProfileQuery& ask, UserKind kind) {
  if (kind == UserKind::kString) return UserId(ask.user);
  if (const std::optional<std::uint64_t> number = whole_number(ask.user)) return UserId(*number);
  return Status::invalid_argument(
      fmt::format("profile: user: must be a whole number from 0 to 18446744073709551615, as the "
                  "store's users are, found {}",
                  quoted_excerpt(ask.user)));
}

// Returns the plan of the scales of all users, which goes on with that of the profile.
PlanResult plan_scores(const Query& ranged, const PlanContext& context, const ReadSet& of_profile,
                       decltype(RfmParts::make_answer) make_profile) {
  auto parts = std::make_shared<RfmParts>();
  parts->query = ranged;
  parts->query.ask = RfmQuery();
  parts->scope.kind = "profile";
  parts->make_answer = std::move(make_profile);
  parts->answer_reads = of_profile;
  parts->answer_keeps_names = true;
  PlanContext of_all = with_events(parts->query, context);
  of_all.open_from = context.first_day_of_history();
  return make_rfm_plan(std::move(parts), of_all);
}

// Returns the question with its year as a range.
Query with_year(const ProfileQuery& ask, const Query& query) {
  Query of_year = query;
  if (!ask.year) return of_year;
  of_year.common.from = day_from_civil({*ask.year, 1, 1});
  of_year.common.to = day_from_civil({*ask.year, 12, 31});
  return of_year;
}

constexpr std::string_view kYearStandsAlone = "year: does not go with from, to or last";

// Checks what other kinds take, and a profile of one user has no use for.
Status check_common_of(const ProfileQuery& ask, const QueryCommon& common) {
  if (ask.year && (common.from || common.to || common.last)) {
    return Status::invalid_argument(fmt::format("profile: {}", kYearStandsAlone));
  }
  if (!common.breakdown.empty()) {
    return Status::invalid_argument(
        fmt::format("profile: breakdown: does not go with one user, found {} (allowed: \"where\", "
                    "with a condition on it)",
                    quoted_excerpt(common.breakdown)));
  }
  if (common.members) {
    return Status::invalid_argument("profile: members: does not go with one user");
  }
  return {};
}

PlanResult plan(const ProfileQuery& ask, const Query& query, const PlanContext& context) {
  ROLLCALL_RETURN_IF_ERROR(check_common_of(ask, query.common));
  ROLLCALL_RETURN_IF_ERROR(check_history("profile", context));
  const Query ranged = with_year(ask, query);
  ROLLCALL_ASSIGN_OR_RETURN(Scope scope, resolve_scope("profile", ranged, context));
  const std::vector<PropertyCondition> where = conditions_of(query, context);
  ProfileParts parts;
  ROLLCALL_ASSIGN_OR_RETURN(UserId user, user_of(ask, context.settings.user_kind));
  parts.user = std::make_shared<const UserList>(std::vector<UserId>{std::move(user)});
  ROLLCALL_ASSIGN_OR_RETURN(
      EventSelector events,
      resolve_event_selector("profile: where", Selector(), where, context.catalog));
  parts.notes = events.notes;
  parts.selectors.steps.push_back(std::move(events));
  ROLLCALL_ASSIGN_OR_RETURN(
      parts.range, resolve_event_range("profile", ranged.common, context, scope.timeframe));
  parts.is_open = !ranged.common.from && !ranged.common.last;
  const std::size_t property_count = context.settings.properties().size();
  for (std::uint32_t i = 0; i < property_count; ++i) parts.selectors.told.push_back(i);
  parts.selectors.tells_names = parts.selectors.tells_amounts = true;

  const DayRange data = scope.timeframe.data;
  if (!data.empty()) {
    const Day begin = context.first_day_of_history();
    parts.selectors.begin = context.zone.start_of(begin);
    parts.selectors.end = scope.timeframe.as_of_time + kUsPerSecond;
    if (data.first < begin && !why_events_are_needed(Selector(), where, context.catalog)) {
      PlanContext of_pages = context;
      of_pages.events = std::make_shared<EventSeries>();
      ROLLCALL_ASSIGN_OR_RETURN(parts.early_events,
                                resolve_selector("profile: where", Selector(), where, of_pages));
      parts.early_days = {data.first, std::min(data.last, begin - 1)};
    }
  }
  if (ask.year) {
    ROLLCALL_ASSIGN_OR_RETURN(parts.ranked_events,
                              resolve_selector("profile: where", Selector(), where, context));
  }
  parts.query = query;
  parts.scope = std::move(scope);
  const auto shared = std::make_shared<const ProfileParts>(std::move(parts));
  auto profile = std::make_unique<ProfilePlan>(context, shared, std::nullopt);
  if (!ask.rfm) return PlanResult(std::move(profile));
  const auto make_profile = [context, shared](std::shared_ptr<const RfmParts>, RfmScales scales) {
    return std::make_unique<ProfilePlan>(context, shared, scales);
  };
  return plan_scores(ranged, context, profile->reads(), make_profile);
}

// --- The row. ---

constexpr std::string_view kRangeFields[] = {"from", "to", "last"};
constexpr QueryField of_year(QueryField field) {
  field.excludes = kRangeFields;
  return field;
}
constexpr QueryField with_default(QueryField field, std::string_view default_json) {
  field.default_json = default_json;
  return field;
}
constexpr QueryField kProfileFields[] = {
    {.name = "user", .type = FieldType::kUser, .meaning = "The user's id", .is_required = true},
    with_default(
        field_of_integer("events", "How many of the last events to list", 0, kListedEventsMax),
        "20"),
    of_year(
        field_of_integer("year", "A year to report on, with the user's rank in it", 1, kYearMax)),
    {.name = "rfm",
     .type = FieldType::kFlag,
     .meaning = "The RFM scores, for which all users are looked at",
     .default_json = "true"}};

Status parse(const QueryObject& object, ProfileQuery& ask) {
  if (!object.has("user")) return object.fault("missing field \"user\"");
  const bool has_range =
      std::ranges::any_of(kRangeFields, [&](auto field) { return object.has(field); });
  if (object.has("year") && has_range) return object.fault(kYearStandsAlone);
  const FieldReader user = {"user", [&ask](const Json& value, const std::string& path) {
                              if (value.is_string()) {
                                ask.user = value.get<std::string>();
                              } else if (value.is_number_unsigned()) {
                                ask.user = std::to_string(value.get<std::uint64_t>());
                              } else {
                                return unexpected(path, "the id of a user", value);
                              }
                              return Status();
                            }};
  const FieldReader events = {"events", [&ask](const Json& value, const std::string& path) {
                                return read_integer(value, path, ask.events);
                              }};
  return object.read(
      {user, events, optional_integer_field("year", ask.year), flag_field("rfm", ask.rfm)});
}

JsonFields write(const ProfileQuery& ask) {
  JsonFields fields = {{"user", quote(ask.user)}, {"events", std::to_string(ask.events)}};
  if (ask.year) fields.emplace_back("year", std::to_string(*ask.year));
  fields.emplace_back("rfm", ask.rfm ? "true" : "false");
  return fields;
}

Status check(const ProfileQuery& ask) {
  ROLLCALL_RETURN_IF_ERROR(check_whole_number("events", ask.events, 0, kListedEventsMax));
  if (!ask.year) return {};
  return check_whole_number("year", *ask.year, 1, kYearMax);
}

std::string describe(const ProfileQuery& ask) {
  std::string text = fmt::format(
      "Of user {}: first and last day, active days and streaks; events, amounts and events of each "
      "month; favourite values; the state in the lifecycle; and the last {} events.",
      quoted_excerpt(ask.user), ask.events);
  if (ask.year) {
    text += fmt::format(
        " All of it in {}, with the share of that year's users who had fewer active days.",
        *ask.year);
  }
  if (ask.rfm) text += " With the scores of recency, frequency and amounts among all users.";
  return text;
}

}  // namespace

const KindRow<ProfileQuery>& row_of(std::type_identity<ProfileQuery>) {
  static constexpr std::string_view kExamples[] = {
      R"({"kind": "profile", "user": "7"})", R"({"kind": "profile", "user": "7", "year": 2026})"};
  static constexpr KindRow<ProfileQuery> kRow = {
      .kind = {.name = "profile",
               .summary = "Who one user is, by what they did",
               .fields = kProfileFields,
               .examples = kExamples},
      .parse = parse,
      .write = write,
      .check = check,
      .describe = describe,
      .plan = plan};
  return kRow;
}

}  // namespace rollcall
