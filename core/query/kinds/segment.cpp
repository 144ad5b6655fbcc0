// This kind asks how many users a segment has.
#include <fmt/format.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "core/query/kinds/kind_rows.h"
#include "core/query/kinds/kind_table.h"
#include "core/query/plan/table_plan.h"
#include "core/query/text/query_validation.h"
#include "core/query/text/segment_json.h"

namespace rollcall {
namespace {

class SegmentPlan final : public TablePlan {
 public:
  SegmentPlan(const Query& query, const PlanContext& context, Scope scope, SegmentSet segment,
              std::optional<SeriesUnion> value);

  std::size_t cell_count() const override { return has_data_ ? 1 : 0; }
  void free_scratch() const override {
    TablePlan::free_scratch();
    segment_.free_scratch();
  }
  QueryResult finish(const Partial& counts) const override {
    QueryResult result = result_;
    for (const std::uint64_t users : counts.cells) add_row(result, count_cell(users));
    return result;
  }
  std::vector<std::size_t> cells_of(std::size_t row, std::string_view column) const override {
    if (column != "users") return {};
    return {row};
  }

 private:
  void write_identity(ByteWriter& writer) const override { segment_.write_identity(writer); }
  void count(ChunkSets& sets, CellSink& sink) const override {
    if (!has_data_) return;
    const BitSpan users = segment_.evaluate(sets);
    if (value_) {
      sink.add_and(0, users, sets.active(*value_, timeframe_.data));
    } else {
      sink.add(0, users);
    }
  }

  const SegmentSet segment_;
  const std::optional<SeriesUnion> value_;  // of a breakdown: users with such an event
  const bool has_data_;
};

SegmentPlan::SegmentPlan(const Query& query, const PlanContext& context, Scope scope,
                         SegmentSet segment, std::optional<SeriesUnion> value)
    : TablePlan(query, std::move(scope)),
      segment_(std::move(segment)),
      value_(std::move(value)),
      has_data_(!context.days.empty()) {
  segment_.add_reads(reads_);
  if (value_) read_presence(*value_, timeframe_.data);
  std::vector<std::string> notes = {
      "spans of days count back from as_of; not is relative to everybody seen up to then"};
  segment_.add_notes(notes);
  if (value_) notes.push_back("a user belongs to every value of an event of theirs up to as_of");
  define(fields_of(query), context, nullptr, std::move(notes));
  result_.columns = {{"users", ColumnType::kCount}};
}

PlanResult plan(const SegmentQuery& ask, const Query& query, const PlanContext& context) {
  ROLLCALL_ASSIGN_OR_RETURN(Scope scope, resolve_scope("segment", query, context));
  ROLLCALL_ASSIGN_OR_RETURN(
      SegmentSet segment,
      SegmentSet::resolve("segment", ask.segment, query.common.where, context, scope.timeframe));
  std::optional<SeriesUnion> value;
  if (context.value != nullptr) {
    ROLLCALL_ASSIGN_OR_RETURN(
        value, resolve_selector("segment", {}, conditions_of(query, context), context));
  }
  return PlanResult(std::make_unique<SegmentPlan>(query, context, std::move(scope),
                                                  std::move(segment), std::move(value)));
}

// --- The row. ---

constexpr QueryField kSegmentFields[] = {{.name = "segment",
                                          .type = FieldType::kSegment,
                                          .meaning = "The segment, such as 'did(login, 7d)'",
                                          .is_required = true}};

Status parse(const QueryObject& object, SegmentQuery& ask) {
  if (!object.has("segment")) return object.fault("missing field \"segment\"");
  const FieldReader segment = {"segment", [&ask](const Json& value, const std::string& path) {
                                 return read_segment(value, path, ask.segment);
                               }};
  return object.read({segment});
}

JsonFields write(const SegmentQuery& ask) { return {{"segment", segment_json(ask.segment)}}; }

Status check(const SegmentQuery& ask) { return check_segment("segment", ask.segment); }

std::string describe(const SegmentQuery& ask) {
  return fmt::format("How many users are in the segment {}.", to_string(ask.segment));
}

}  // namespace

Query count_of(Segment users) {
  Query query;
  query.ask = SegmentQuery{std::move(users)};
  return query;
}

const KindRow<SegmentQuery>& row_of(std::type_identity<SegmentQuery>) {
  static constexpr std::string_view kExamples[] = {
      R"json({"kind": "segment", "segment": "did(purchase, 30d) and not did(login, 7d)"})json",
      R"json({"kind": "segment", "segment": "segment(buyers)",
              "members": {"where": {}, "of": "users"}})json"};
  static constexpr KindRow<SegmentQuery> kRow = {
      .kind = {.name = "segment",
               .summary = "How many users a segment has, and who they are",
               .fields = kSegmentFields,
               .examples = kExamples,
               .takes_range = false},
      .no_range = "its parts have their own",
      .parse = parse,
      .write = write,
      .check = check,
      .describe = describe,
      .plan = plan,
      .segments = [](const SegmentQuery& ask) { return std::vector{&ask.segment}; }};
  return kRow;
}

}  // namespace rollcall
