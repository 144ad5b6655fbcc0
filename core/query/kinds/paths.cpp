// Paths: what users do next, or what they did before, step by step.
//
// A place of a path is an event of it, counted from the one that opens it. A first plan counts the
// users of each name at each place, and so finds which names are shown there; the plan that follows
// it counts steps between the names shown, with all others as one.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/question_account.h"
#include "core/base/sort_unique.h"
#include "core/query/kinds/history_ranking.h"
#include "core/query/kinds/kind_rows.h"
#include "core/query/kinds/kind_table.h"
#include "core/query/plan/table_plan.h"
#include "core/query/resolve/event_range.h"
#include "core/query/sequence/session_paths.h"
#include "core/query/sequence/step_events.h"
#include "core/query/text/explanation.h"
#include "core/query/text/length_text.h"
#include "core/query/text/query_validation.h"
#include "core/query/text/selector_json.h"

namespace rollcall {
namespace {

using Direction = PathsQuery::Direction;

constexpr std::array<Spelling<Direction>, 2> kDirectionNames = {
    {{"after", Direction::kAfter}, {"before", Direction::kBefore}}};

constexpr std::int32_t kDepthMax = 100;
constexpr std::int32_t kLimitMax = 1'000;
constexpr std::string_view kWhyHistory = "paths follow the events of a user one by one";
constexpr std::string_view kEndName = "$end";
constexpr std::string_view kStartName = "$start";

// Holds what both plans of a question share.
struct PathsParts {
  Query query;
  PathsQuery ask;
  Scope scope;
  QueryResult heading;  // of the first plan
  StepSelectors selectors;
  EventRange range;
  std::vector<std::string> names;    // of all events that the store knows, by their bytes
  std::vector<std::uint32_t> ranks;  // in `names`, by number of the catalog
  bool is_complete = false;
  QuestionMemory memory;  // of the names

  std::size_t place_count() const { return static_cast<std::size_t>(ask.depth) + 1; }
  PathRules rules() const {
    return {.window = ask.window.us,
            .depth = static_cast<std::size_t>(ask.depth),
            .is_backwards = ask.direction == Direction::kBefore};
  }
  std::string_view end_name() const {
    return ask.direction == Direction::kBefore ? kStartName : kEndName;
  }
  // Returns whether a name means something else in an answer, so that events of it are among the
  // others.
  static bool is_taken(std::string_view name) {
    return name == kOtherName || name == kEndName || name == kStartName;
  }
};

// Calls visit(path) with each path of each user, and done(place) after those of a user.
template <class Visit, class Done>
void for_each_path(const PathsParts& parts, ChunkSets& sets, Visit visit, Done done) {
  if (parts.range.empty()) return;
  StepEvents seen(parts.selectors, parts.scope.account);
  SessionPaths paths(parts.rules(), parts.ranks);
  sets.for_each_history([&](std::size_t run, const LogBlock& block) { seen.open(run, block); },
                        [&](UserCursor& cursor, std::uint32_t place) {
                          const std::span<const StepEvent> events = seen.from_first_step(cursor);
                          if (events.empty()) return;
                          paths.find(seen, events, visit);
                          done(place);
                        });
}

// Adds the user to each of these cells once, and forgets them.
void add_to_cells(std::vector<std::size_t>& cells, std::uint32_t place, CellSink& sink) {
  sort_unique(cells);
  for (const std::size_t cell : cells) sink.add_user(cell, place);
  cells.clear();
}

// Holds the names that are shown at a place of the paths.
struct ShownNames {
  std::vector<std::uint32_t> ranks;   // ascending
  std::vector<std::uint32_t> labels;  // by rank of any name: its place in `ranks`, or other()

  std::size_t other() const { return ranks.size(); }
  std::size_t end() const { return ranks.size() + 1; }
};

class PathsPlan final : public TablePlan {
 public:
  PathsPlan(std::shared_ptr<const PathsParts> parts, std::vector<ShownNames> shown);

  std::size_t cell_count() const override {
    return parts_->range.empty() ? 0 : (shown_.size() - 1) * label_count_ * label_count_;
  }
  std::size_t tally_count() const override { return cell_count(); }
  QueryResult finish(const Partial& counts) const override;
  std::vector<std::size_t> cells_of(std::size_t, std::string_view) const override { return {}; }
  std::vector<std::size_t> cells_of_row(const std::vector<Cell>& cells, std::size_t row,
                                        std::string_view column) const override;

 private:
  void write_identity(ByteWriter& writer) const override;
  void count(ChunkSets& sets, CellSink& sink) const override;
  // Steps are counted from 1; a step leads from the label `inner` at the place before to `outer`.
  std::size_t cell_of(std::size_t step, std::size_t inner, std::size_t outer) const {
    return ((step - 1) * label_count_ + inner) * label_count_ + outer;
  }
  std::string name_of(std::size_t place, std::size_t label) const;
  std::optional<std::size_t> label_of(std::size_t place, const Cell& name) const;
  bool is_backwards() const { return parts_->ask.direction == Direction::kBefore; }

  const std::shared_ptr<const PathsParts> parts_;
  const std::vector<ShownNames> shown_;  // by place
  std::size_t label_count_ = 0;          // the most that a place has
};

PathsPlan::PathsPlan(std::shared_ptr<const PathsParts> parts, std::vector<ShownNames> shown)
    : TablePlan(parts->query, parts->scope), parts_(std::move(parts)), shown_(std::move(shown)) {
  if (!parts_->range.empty()) reads_.read_history(*parts_->range.from, kWhyHistory);
  result_ = parts_->heading;
  for (const ShownNames& names : shown_) label_count_ = std::max(label_count_, names.end() + 1);
}

void PathsPlan::write_identity(ByteWriter& writer) const {
  writer.text("steps");
  for (const ShownNames& names : shown_) {
    writer.varint(names.ranks.size());
    for (const std::uint32_t rank : names.ranks) writer.text(parts_->names[rank]);
  }
}

void PathsPlan::count(ChunkSets& sets, CellSink& sink) const {
  std::vector<std::size_t> cells;
  for_each_path(
      *parts_, sets,
      [&](std::span<const std::uint32_t> path) {
        for (std::size_t step = 1; step < shown_.size() && step <= path.size(); ++step) {
          const ShownNames& names = shown_[step];
          const std::size_t inner = shown_[step - 1].labels[path[step - 1]];
          const std::size_t outer = step < path.size() ? names.labels[path[step]] : names.end();
          const std::size_t cell = cell_of(step, inner, outer);
          cells.push_back(cell);
          sink.add_tally(cell, 1);
        }
      },
      [&](std::uint32_t place) { add_to_cells(cells, place, sink); });
}

std::string PathsPlan::name_of(std::size_t place, std::size_t label) const {
  const ShownNames& names = shown_[place];
  if (label == names.end()) return std::string(parts_->end_name());
  return label == names.other() ? std::string(kOtherName) : parts_->names[names.ranks[label]];
}

std::optional<std::size_t> PathsPlan::label_of(std::size_t place, const Cell& name) const {
  for (std::size_t label = 0; label <= shown_[place].end(); ++label) {
    if (name == Cell(name_of(place, label))) return label;
  }
  return {};
}

QueryResult PathsPlan::finish(const Partial& counts) const {
  QueryResult result = result_;
  if (cell_count() == 0) return result;
  for (std::size_t step = 1; step < shown_.size(); ++step) {
    // Rows go by `from` first, which is farther from the event that opens a path if it leads back.
    const std::size_t inner_count = shown_[step - 1].end(), outer_count = shown_[step].end() + 1;
    for (std::size_t i = 0; i < inner_count * outer_count; ++i) {
      const std::size_t inner = is_backwards() ? i % inner_count : i / outer_count;
      const std::size_t outer = is_backwards() ? i / inner_count : i % outer_count;
      const std::size_t cell = cell_of(step, inner, outer);
      if (counts.cells[cell] == 0) continue;
      std::string from = name_of(step - 1, inner), to = name_of(step, outer);
      if (is_backwards()) std::swap(from, to);
      add_row(result, static_cast<std::int64_t>(step), std::move(from), std::move(to),
              count_cell(counts.cells[cell]), count_cell(counts.tallies[cell]),
              parts_->is_complete);
    }
  }
  return result;
}

std::vector<std::size_t> PathsPlan::cells_of_row(const std::vector<Cell>& cells, std::size_t,
                                                 std::string_view column) const {
  if (column != "users") return {};
  const auto step = static_cast<std::size_t>(std::get<std::int64_t>(cells[0]));
  const auto inner = label_of(step - 1, cells[is_backwards() ? 2 : 1]);
  const auto outer = label_of(step, cells[is_backwards() ? 1 : 2]);
  if (!inner || !outer) return {};
  return {cell_of(step, *inner, *outer)};
}

// Counts the users of each name at each place of their paths.
class PathNamesPlan final : public TablePlan {
 public:
  PathNamesPlan(const PlanContext& context, std::shared_ptr<PathsParts> parts,
                std::vector<std::string> notes);

  std::size_t cell_count() const override {
    return parts_->range.empty() ? 0 : parts_->place_count() * parts_->names.size();
  }
  std::unique_ptr<Plan> next(const Partial& counts) const override;
  QueryResult finish(const Partial&) const override { return result_; }
  std::vector<std::size_t> cells_of(std::size_t, std::string_view) const override { return {}; }

 private:
  void write_identity(ByteWriter& writer) const override {
    writer.text("names");
    for (const std::string& name : parts_->names) writer.text(name);
  }
  void count(ChunkSets& sets, CellSink& sink) const override {
    std::vector<std::size_t> cells;
    for_each_path(
        *parts_, sets,
        [&](std::span<const std::uint32_t> path) {
          for (std::size_t place = 0; place < path.size(); ++place) {
            cells.push_back(place * parts_->names.size() + path[place]);
          }
        },
        [&](std::uint32_t place) { add_to_cells(cells, place, sink); });
  }

  std::shared_ptr<const PathsParts> parts_;
};

PathNamesPlan::PathNamesPlan(const PlanContext& context, std::shared_ptr<PathsParts> parts,
                             std::vector<std::string> notes)
    : TablePlan(parts->query, parts->scope) {
  if (!parts->range.empty()) reads_.read_history(*parts->range.from, kWhyHistory);
  JsonFields fields = fields_of(parts->query);
  fields.emplace_back("from", parts->range.from ? quote(to_string(*parts->range.from)) : "null");
  fields.emplace_back("to", parts->range.to ? quote(to_string(*parts->range.to)) : "null");
  define(std::move(fields), context, nullptr, std::move(notes));
  result_.columns = {{"step", ColumnType::kInt},     {"from", ColumnType::kString},
                     {"to", ColumnType::kString},    {"users", ColumnType::kCount},
                     {"events", ColumnType::kCount}, {"complete", ColumnType::kBool}};
  result_.pivot =
      Pivot{.rows = {"step", "from"}, .column = "to", .cells = "users", .is_shaded = true};
  parts->heading = result_;
  parts_ = std::move(parts);
}

std::unique_ptr<Plan> PathNamesPlan::next(const Partial& counts) const {
  const std::size_t name_count = parts_->names.size();
  const auto limit = static_cast<std::size_t>(parts_->ask.limit);
  std::vector<ShownNames> shown(parts_->place_count());
  for (std::size_t place = 0; place < shown.size() && cell_count() != 0; ++place) {
    const auto users = std::span(counts.cells).subspan(place * name_count, name_count);
    std::vector<std::uint32_t>& ranks = shown[place].ranks;
    for (std::uint32_t rank = 0; rank < name_count; ++rank) {
      if (users[rank] != 0 && !PathsParts::is_taken(parts_->names[rank])) ranks.push_back(rank);
    }
    // Ranks ascend, so that of names with as many users the smaller one stays first.
    std::ranges::stable_sort(ranks, std::ranges::greater(),
                             [&](std::uint32_t rank) { return users[rank]; });
    ranks.resize(std::min(ranks.size(), limit));
    std::ranges::sort(ranks);
    std::vector<std::uint32_t>& labels = shown[place].labels;
    labels.assign(name_count, static_cast<std::uint32_t>(ranks.size()));
    for (std::uint32_t label = 0; label < ranks.size(); ++label) labels[ranks[label]] = label;
  }
  return std::make_unique<PathsPlan>(parts_, std::move(shown));
}

// Returns the names of the catalog in the order of their bytes.
void rank_names(const std::vector<std::string>& names, PathsParts& parts) {
  std::size_t bytes = 0;
  for (const std::string& name : names) bytes += sizeof name + name.size();
  // Each place has a label for each name.
  bytes += names.size() * sizeof(std::uint32_t) * (parts.place_count() + 2);
  parts.memory.take(bytes, QuestionNeed::kPlans);
  std::vector<std::uint32_t> order(names.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {},
                    [&](std::uint32_t code) -> const std::string& { return names[code]; });
  parts.ranks.resize(names.size());
  for (const std::uint32_t code : order) {
    parts.ranks[code] = static_cast<std::uint32_t>(parts.names.size());
    parts.names.push_back(names[code]);
  }
}

// Guards against an absurd number of counts: a step has one for each pair of names.
Status check_steps(const PathsQuery& ask, std::size_t name_count) {
  constexpr std::size_t kPairsMax = 2'500'000;
  const std::size_t names = std::min(name_count, static_cast<std::size_t>(ask.limit)) + 2;
  const auto depth = static_cast<std::size_t>(ask.depth);
  if (names * names <= kPairsMax / depth) return {};
  return Status::invalid_argument(fmt::format(
      "paths: limit: too many pairs of names: found {} steps of {} x {} names, allowed: "
      "{} pairs; ask for fewer names or a lower depth",
      depth, names, names, kPairsMax));
}

std::vector<std::string> notes_of(const PathsParts& parts, bool has_other_names) {
  std::vector<std::string> notes = {
      parts.ask.direction == Direction::kAfter
          ? "the first such event of a session opens its one path, and step 1 leads from it to the "
            "next event; a path that ends goes to $end"
          : "the last such event of a session opens its one path, and step 1 leads to it from the "
            "event before; a path that begins comes from $start",
      "a session goes on as long as its events follow one another within the window; events "
      "outside the range are in none",
      "an event that opens a path is shown even if steps does not have it; events of one instant "
      "come in byte order of their names",
      "events counts paths; each step shows the names with the most users there, and the others "
      "together as $other"};
  if (has_other_names) {
    notes.push_back(
        fmt::format("there are more event names than the store keeps; the others count "
                    "as \"{}\"",
                    kOtherName));
  }
  return notes;
}

PlanResult plan(const PathsQuery& ask, const Query& query, const PlanContext& context) {
  ROLLCALL_RETURN_IF_ERROR(check_history("paths", context));
  auto parts = std::make_shared<PathsParts>();
  parts->query = query;
  parts->ask = ask;
  ROLLCALL_ASSIGN_OR_RETURN(parts->scope, resolve_scope("paths", query, context));
  const Timeframe& timeframe = parts->scope.timeframe;
  const std::vector<PropertyCondition> where = conditions_of(query, context);
  std::vector<std::string> of_values;
  const auto add = [&](std::string_view field, const Selector& selector) -> Status {
    ROLLCALL_ASSIGN_OR_RETURN(EventSelector resolved,
                              resolve_event_selector(field, selector, where, context.catalog));
    for (const std::string& note : resolved.notes) {
      if (std::ranges::find(of_values, note) == of_values.end()) of_values.push_back(note);
    }
    parts->selectors.steps.push_back(std::move(resolved));
    return {};
  };
  ROLLCALL_RETURN_IF_ERROR(add("paths: event", ask.event));
  ROLLCALL_RETURN_IF_ERROR(add("paths: steps", ask.steps));
  ROLLCALL_ASSIGN_OR_RETURN(parts->range,
                            resolve_event_range("paths", query.common, context, timeframe));
  parts->selectors.begin = parts->range.begin;
  parts->selectors.end = parts->range.end;
  parts->selectors.tells_names = true;
  if (!parts->range.empty()) {
    parts->is_complete = timeframe.as_of_time >= context.zone.last_second_of(*parts->range.to);
  }
  parts->memory = QuestionMemory(context.account);
  const BoundedDictionary& events = context.catalog.events();
  rank_names(events.values(), *parts);
  ROLLCALL_RETURN_IF_ERROR(check_steps(ask, events.values().size()));
  std::vector<std::string> notes = notes_of(*parts, events.overflowed());
  for (std::string& note : of_values) {
    if (std::ranges::find(notes, note) == notes.end()) notes.push_back(std::move(note));
  }
  return PlanResult(std::make_unique<PathNamesPlan>(context, std::move(parts), std::move(notes)));
}

// --- The row. ---

constexpr QueryField kPathsFields[] = {
    field_of_event("event", "Event that paths lead from, or to"),
    field_of_word("direction", "What comes after the event, or what came before", "\"after\"",
                  kWordsOf<kDirectionNames>),
    field_of_event("steps", "Events that are shown; others are passed over"),
    {.name = "depth",
     .type = FieldType::kInteger,
     .meaning = "Steps of a path",
     .default_json = "5",
     .min = 1,
     .max = kDepthMax},
    // Pages of members have a limit, too, which would be the same flag.
    {.name = "step_limit",
     .type = FieldType::kInteger,
     .meaning = "Names with the most users at each step; the rest is $other",
     .default_json = "10",
     .min = 1,
     .max = kLimitMax,
     .place = "limit"},
    {.name = "window",
     .type = FieldType::kLength,
     .meaning = "Longest time between two events of a session",
     .default_json = "\"30m\""}};

FieldReader integer_field(std::string_view name, std::int32_t& out) {
  return {name, [&out](const Json& value, const std::string& path) {
            return read_integer(value, path, out);
          }};
}

Status parse(const QueryObject& object, PathsQuery& ask) {
  return object.read({selector_field("event", ask.event),
                      word_field("direction", kDirectionNames, ask.direction),
                      selector_field("steps", ask.steps), integer_field("depth", ask.depth),
                      integer_field("limit", ask.limit), length_field("window", ask.window)});
}

JsonFields write(const PathsQuery& ask) {
  return {{"event", selector_json(ask.event)},  {"direction", word(kDirectionNames, ask.direction)},
          {"steps", selector_json(ask.steps)},  {"depth", std::to_string(ask.depth)},
          {"limit", std::to_string(ask.limit)}, {"window", quote(to_string(ask.window))}};
}

Status check(const PathsQuery& ask) {
  ROLLCALL_RETURN_IF_ERROR(check_selector("event", ask.event));
  ROLLCALL_RETURN_IF_ERROR(check_selector("steps", ask.steps));
  ROLLCALL_RETURN_IF_ERROR(check_whole_number("depth", ask.depth, 1, kDepthMax));
  ROLLCALL_RETURN_IF_ERROR(check_whole_number("limit", ask.limit, 1, kLimitMax));
  if (ask.window.us > 0) return {};
  return Status::invalid_argument("window: must be longer than 0s, found " + to_string(ask.window));
}

std::string describe(const PathsQuery& ask) {
  const bool is_after = ask.direction == Direction::kAfter;
  std::string text = fmt::format(
      "What users do {} {}, up to {} steps {}: for each step, from which event to which, how many "
      "distinct users took it, and in how many sessions. A session ends where no event follows "
      "within {}.",
      is_after ? "after" : "before", event_words(ask.event), ask.depth, is_after ? "on" : "back",
      to_string(ask.window));
  if (ask.steps != Selector()) {
    text +=
        fmt::format(" Shown besides is {}; all others are passed over.", event_words(ask.steps));
  }
  return text;
}

}  // namespace

const KindRow<PathsQuery>& row_of(std::type_identity<PathsQuery>) {
  static constexpr std::string_view kExamples[] = {
      R"({"kind": "paths", "event": "signup", "depth": 3})"};
  static constexpr KindRow<PathsQuery> kRow = {
      .kind = {.name = "paths",
               .summary = "What users do next, or did before, step by step",
               .fields = kPathsFields,
               .examples = kExamples,
               .chart = "users"},
      .parse = parse,
      .write = write,
      .check = check,
      .describe = describe,
      .plan = plan,
      .ranked_event = own_event,
      .ranking = rank_by_history<PathsQuery>};
  return kRow;
}

}  // namespace rollcall
