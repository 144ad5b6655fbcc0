// No field of a question, of a selector or of a segment is left out by the files of questions: each
// is set in some question that is answered there, and each word that a field takes, besides its
// default, is one of its values. Questions are read as the engine reads them.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "rollcall/kinds.h"
#include "rollcall/query.h"
#include "tests/support/query_file.h"

namespace rollcall::testing {
namespace {

using JsonText = nlohmann::ordered_json;
using Test = PropertyCondition::Test;

// Is what questions may set, and what the files do set. Both are named as in "funnel.order=any".
struct Fields {
  std::set<std::string> known, set;
  void see(const std::string& field) { set.insert(field); }
  void see(const std::string& field, bool is_set) {
    if (is_set) see(field);
  }
};

// Returns "/rule/period".
JsonText::json_pointer place_of(const QueryField& field) {
  std::string path = "/" + std::string(field.place.empty() ? field.name : field.place);
  std::ranges::replace(path, '.', '/');
  return JsonText::json_pointer(path);
}

std::string value_of(const std::string& field, std::string_view value) {
  return field + "=" + std::string(value);
}

// ---- What there is ----

void know_fields(const std::string& within, std::span<const QueryField> fields, Fields& all) {
  for (const QueryField& field : fields) {
    const std::string name = within + "." + std::string(field.name);
    all.known.insert(name);
    for (const std::string_view word : field.words) {
      const bool is_default = field.default_json == "\"" + std::string(word) + "\"";
      if (!is_default) all.known.insert(value_of(name, word));
    }
  }
}

constexpr std::string_view kNames[] = {"any", "of names", "of other names"};
constexpr std::string_view kTests[] = {"any_of", "none_of", "contains", "set", "not set",
                                       "gt",     "gte",     "lt",       "lte", "eq"};
constexpr std::string_view kSegments[] = {
    "did",      "first",     "all",       "any",     "not",      "in_file", "segment",
    "declined", "favourite", "converted", "dropped", "campaign", "variant"};
constexpr std::string_view kCompares[] = {"gte", "lte", "eq"};

Fields known_fields() {
  Fields all;
  for (const QueryKind& kind : query_kinds()) {
    know_fields(std::string(kind.name), kind.fields, all);
  }
  know_fields("any", common_fields(), all);
  know_fields("any", range_fields(), all);
  for (const std::string_view names : kNames) all.known.insert(value_of("selector.event", names));
  all.known.insert({"selector.event=several names", "selector.where=several properties",
                    "selector.where=several of a property", "selector.where=several values"});
  for (const std::string_view test : kTests) {
    all.known.insert(value_of("where.property", test));
    if (test.size() <= 3 && test != "set") all.known.insert(value_of("where.value", test));
  }
  for (const std::string_view kind : kSegments) {
    // The engines of these files may read no lists.
    if (kind != "in_file") all.known.insert("segment." + std::string(kind));
  }
  for (const std::string_view field : {"days", "times", "sum"}) {
    for (const std::string_view compare : kCompares) {
      all.known.insert(value_of("segment." + std::string(field), compare));
    }
  }
  for (const std::string_view kind : {"did", "first", "favourite"}) {
    for (const std::string_view end : {"from", "to", "last"}) {
      all.known.insert("segment." + std::string(kind) + "." + std::string(end));
    }
  }
  all.known.insert({"segment.campaign.run", "segment.campaign.class", "segment.campaign.arm",
                    "segment.campaign.arm=holdout"});
  all.known.insert({"segment.declined.to_at_most", "segment.declined.from_at_least",
                    "segment.dropped.at", "segment.converted.among", "segment.converted.where"});
  return all;
}

// ---- What is set ----

void see_conditions(const std::vector<PropertyCondition>& where, Fields& fields) {
  std::set<std::string> properties;
  for (const PropertyCondition& condition : where) {
    const std::string_view test = kTests[static_cast<std::size_t>(condition.test)];
    fields.see(value_of(condition.property == "value" ? "where.value" : "where.property", test));
    fields.see("selector.where=several values", condition.values.size() > 1);
    fields.see("selector.where=several of a property",
               !properties.insert(condition.property).second);
  }
  fields.see("selector.where=several properties", properties.size() > 1);
}

void see_selector(const Selector& selector, Fields& fields) {
  fields.see(value_of("selector.event", kNames[static_cast<std::size_t>(selector.match)]));
  fields.see("selector.event=several names",
             selector.match == Selector::Names::kAnyOf && selector.names.size() > 1);
  see_conditions(selector.where, fields);
}

void see_query(const Query& query, Fields& fields);

void see_segment(const Segment& segment, Fields& fields) {
  const std::string kind(kSegments[static_cast<std::size_t>(segment.kind)]);
  fields.see("segment." + kind);
  const auto see_compare = [&](const std::string& field, const auto& test) {
    if (test) {
      fields.see(value_of("segment." + field, kCompares[static_cast<std::size_t>(test->compare)]));
    }
  };
  see_compare("days", segment.days);
  see_compare("times", segment.times);
  see_compare("sum", segment.sum);
  fields.see("segment." + kind + ".from", segment.range.from.has_value());
  fields.see("segment." + kind + ".to", segment.range.to.has_value());
  fields.see("segment." + kind + ".last", segment.range.last.has_value());
  fields.see("segment.declined.to_at_most",
             segment.decline.to_at_most != Segment::Decline().to_at_most);
  fields.see("segment.declined.from_at_least",
             segment.decline.from_at_least != Segment::Decline().from_at_least);
  fields.see("segment.dropped.at", segment.at_step != Segment().at_step);
  using Arm = Segment::AudiencePart::Arm;
  fields.see("segment.campaign.run", segment.audience.run.has_value());
  fields.see("segment.campaign.class", segment.audience.class_name.has_value());
  fields.see("segment.campaign.arm", segment.audience.arm.has_value());
  fields.see("segment.campaign.arm=holdout", segment.audience.arm == Arm::kHoldout);
  see_selector(segment.event, fields);
  for (const Segment& part : segment.parts) see_segment(part, fields);
  if (segment.comparison != nullptr) {
    fields.see("segment.variant.among", segment.comparison->common.among.has_value());
    fields.see("segment.variant.where", !segment.comparison->common.where.empty());
    see_query(*segment.comparison, fields);
  }
  if (segment.funnel == nullptr) return;
  fields.see("segment.converted.among", segment.funnel->common.among.has_value());
  fields.see("segment.converted.where", !segment.funnel->common.where.empty());
  see_query(*segment.funnel, fields);
}

// Sees what stands in selectors and segments.
void see_query(const Query& query, Fields& fields) {
  see_conditions(query.common.where, fields);
  if (query.common.among) see_segment(*query.common.among, fields);
  for (const Segment* const segment : segments_of(query)) see_segment(*segment, fields);
  const auto see_all = [&](const auto& selectors) {
    if constexpr (std::is_same_v<std::decay_t<decltype(selectors)>, Selector>) {
      see_selector(selectors, fields);
    } else {
      for (const Selector& selector : selectors) see_selector(selector, fields);
    }
  };
  std::visit(
      [&](const auto& ask) {
        if constexpr (requires { ask.event; }) see_all(ask.event);
        if constexpr (requires { ask.cohort_event; }) see_all(ask.cohort_event);
        if constexpr (requires { ask.return_event; }) see_all(ask.return_event);
        if constexpr (requires { ask.value_event; }) see_all(ask.value_event);
        if constexpr (requires { ask.steps; }) see_all(ask.steps);
        if constexpr (requires { ask.exclusions; }) {
          for (const auto& exclusion : ask.exclusions) see_all(exclusion.event);
        }
        const auto see_if_set = [&](const std::optional<Selector>& selector) {
          if (selector) see_selector(*selector, fields);
        };
        if constexpr (requires { ask.then; }) see_if_set(ask.then);
        if constexpr (requires { ask.returned; }) see_selector(ask.returned, fields);
        if constexpr (requires { ask.converted; }) see_if_set(ask.converted);
        if constexpr (requires { ask.contact; }) see_if_set(ask.contact);
      },
      query.ask);
}

void see_fields(const std::string& within, std::span<const QueryField> described,
                const JsonText& question, Fields& fields) {
  for (const QueryField& field : described) {
    const JsonText::json_pointer place = place_of(field);
    if (!question.contains(place)) continue;
    const std::string name = within + "." + std::string(field.name);
    const JsonText& value = question.at(place);
    fields.see(name, field.type != FieldType::kFlag || value == JsonText(true));
    if (value.is_string()) fields.see(value_of(name, value.get<std::string>()));
  }
}

void see_file(const QueryFile& file, Fields& fields) {
  for (const QueryFile::Block& block : file.blocks()) {
    if (block.kind == QueryFile::Block::Kind::kSegment) {
      if (block.expected.starts_with("ok")) see_segment(block.segment, fields);
      continue;
    }
    const bool is_answered =
        block.kind == QueryFile::Block::Kind::kQuery && block.expected.starts_with("as_of");
    if (!is_answered) continue;
    const Result<Query> query = parse_query(block.json, file.settings().time_zone);
    ASSERT_TRUE(query.ok()) << block.json << query.status().to_string();
    const JsonText question = JsonText::parse(block.json);
    const QueryKind* const kind = find_query_kind(question.at("kind").get<std::string>());
    ASSERT_NE(kind, nullptr);
    see_fields(std::string(kind->name), kind->fields, question, fields);
    see_fields("any", common_fields(), question, fields);
    see_fields("any", range_fields(), question, fields);
    see_query(*query, fields);
  }
}

TEST(QueryFileFields, AreAllSet) {
  Fields fields = known_fields();
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(ROLLCALL_SOURCE_DIR "/tests")) {
    if (entry.path().extension() != ".test") continue;
    const Result<QueryFile> file = QueryFile::read(entry.path().string());
    ASSERT_TRUE(file.ok()) << file.status().to_string();
    ASSERT_NO_FATAL_FAILURE(see_file(*file, fields)) << entry.path();
  }
  std::vector<std::string> missing;
  std::ranges::set_difference(fields.known, fields.set, std::back_inserter(missing));
  EXPECT_EQ(missing, std::vector<std::string>()) << "no answered question of tests/ sets these";
}

}  // namespace
}  // namespace rollcall::testing
