// Each row of the table of kinds keeps to the fields that it makes public.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/query/kinds/kind_table.h"
#include "rollcall/kinds.h"
#include "rollcall/query.h"
#include "tests/support/error_text.h"
#include "tests/support/event_generator.h"
#include "tests/support/history_generator.h"
#include "tests/support/query_generator.h"
#include "tests/support/random.h"
#include "tests/support/run_size.h"

namespace rollcall::testing {
namespace {

using JsonText = nlohmann::ordered_json;

std::string_view place_of(const QueryField& field) {
  return field.place.empty() ? field.name : field.place;
}

// Returns "/rule/period".
JsonText::json_pointer pointer_to(const QueryField& field) {
  std::string path = "/" + std::string(place_of(field));
  std::replace(path.begin(), path.end(), '.', '/');
  return JsonText::json_pointer(path);
}

std::vector<QueryField> fields_of_kind(const QueryKind& kind) {
  std::vector<QueryField> fields(kind.fields.begin(), kind.fields.end());
  if (kind.takes_range) {
    fields.insert(fields.end(), range_fields().begin(), range_fields().end());
  }
  fields.insert(fields.end(), common_fields().begin(), common_fields().end());
  return fields;
}

const QueryField* find(const std::vector<QueryField>& fields, std::string_view name) {
  const auto field = std::find_if(fields.begin(), fields.end(),
                                  [&](const QueryField& other) { return other.name == name; });
  return field == fields.end() ? nullptr : &*field;
}

// Returns a value that a field takes.
JsonText sample_of(const QueryField& field) {
  switch (field.type) {
    case FieldType::kEvent:
    case FieldType::kProperty:
      return "login";
    case FieldType::kConditions:
      return {{"channel", "ads"}};
    case FieldType::kSegment:
      return "did(login)";
    case FieldType::kMembers:
      return {{"where", JsonText::object()}};
    case FieldType::kWord:
      return std::string(field.words.back());
    case FieldType::kInteger:
      return field.max;
    case FieldType::kIntegers:
      return JsonText::array({field.min});
    case FieldType::kUser:
      return "u1";
    case FieldType::kDate:
    case FieldType::kInstant:
      return "2026-01-31";
    case FieldType::kSpan:
    case FieldType::kLength:
      return "30d";
    case FieldType::kEvents: {
      std::vector<std::string> events;
      while (events.size() < FunnelQuery::kStepsMax) {
        events.push_back("login " + std::to_string(events.size()));
      }
      return events;
    }
    case FieldType::kExclusions:
      return JsonText::array({{{"event", "login"}}});
    case FieldType::kNames:
      return JsonText::array({"login"});
    case FieldType::kRules:
      return JsonText::array({{{"name", "quiet"}, {"segment", "did(login)"}}});
    case FieldType::kEdges:
      return std::string(field.words.back());
    case FieldType::kSegments:
      return JsonText::array({{{"name", "vip"}, {"r", {4, 5}}}});
    case FieldType::kText:
      return "7";
    case FieldType::kAmounts:
      return "1.80";
    case FieldType::kTexts:
      return JsonText::array({"a", "b"});
    case FieldType::kMetric:
      return {{"retention_day", 7}};
    case FieldType::kVariants:
      return {{"a", "did(login)"}, {"b", "not did(login)"}};
    case FieldType::kShares:
      return {{"a", 0.5}, {"b", 1}};
    case FieldType::kInstants:
      return {{"first", "2026-01-31"}};
    case FieldType::kFlag:
      return false;  // true may go with some other fields alone
  }
  return nullptr;
}

// A question of the kind with no more than it needs.
JsonText least_of(const QueryKind& kind) {
  JsonText question = {{"kind", std::string(kind.name)}};
  for (const QueryField& field : kind.fields) {
    if (field.is_required) question[pointer_to(field)] = sample_of(field);
  }
  return question;
}

// Returns the field that must be given with this one; empty: none.
std::string_view needed_by(const QueryField& field, const QueryKind& kind) {
  const bool is_of_range = std::ranges::any_of(
      range_fields(), [&](const QueryField& of_range) { return of_range.name == field.name; });
  return is_of_range ? kind.range_needs : field.needs;
}

// Returns the same with `value` in a field, and with the field that this one needs.
JsonText question_with(const QueryKind& kind, const QueryField& field, const JsonText& value) {
  JsonText question = least_of(kind);
  const std::vector<QueryField> fields = fields_of_kind(kind);
  if (const std::string_view name = needed_by(field, kind); !name.empty()) {
    const QueryField* const needed = find(fields, name);
    EXPECT_NE(needed, nullptr) << field.name;
    if (needed != nullptr) question[pointer_to(*needed)] = sample_of(*needed);
  }
  question[pointer_to(field)] = value;
  // What counts as coming back begins after the time of the candidates, and ends after it begins.
  const auto default_of = [&](std::string_view name, const JsonText& other) {
    if (find(fields, name) != nullptr && find(fields, "candidates") != nullptr &&
        field.name != name) {
      question[std::string(name)] = other;
    }
  };
  default_of("within", "1s");
  default_of("from_day", field.name == "within" ? 36'600 : 2);
  default_of("to_day", 36'600);
  return question;
}

Status read(const JsonText& question) { return parse_query(question.dump()).status(); }

template <class Use>
void for_each_field(Use use) {
  for (const QueryKind& kind : query_kinds()) {
    for (const QueryField& field : fields_of_kind(kind)) {
      SCOPED_TRACE(::testing::Message() << kind.name << ": " << field.name);
      use(kind, field);
    }
  }
}

TEST(KindTable, HasAKindForEachAlternative) {
  const std::span kinds = query_kinds();
  ASSERT_EQ(kinds.size(), std::variant_size_v<AnyAsk>);
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const QueryKind& kind = kinds[i];
    EXPECT_TRUE(names.insert(kind.name).second) << kind.name;
    EXPECT_EQ(find_query_kind(kind.name), &kind);
    EXPECT_FALSE(kind.summary.empty()) << kind.name;
    const Result<Query> query = parse_query(least_of(kind).dump());
    ASSERT_TRUE(query.ok()) << query.status().to_string();
    EXPECT_EQ(query->ask.index(), i);
    EXPECT_EQ(kind_of(*query), kind.name);
    EXPECT_FALSE(describe(*query).empty());
  }
  EXPECT_EQ(find_query_kind("activ"), nullptr);
  EXPECT_EQ(find_query_kind(""), nullptr);
}

TEST(KindTable, FieldsAreWellFormed) {
  for_each_field([](const QueryKind& kind, const QueryField& field) {
    const std::vector<QueryField> fields = fields_of_kind(kind);
    EXPECT_EQ(find(fields, field.name)->meaning, field.meaning) << "two fields of one name";
    EXPECT_FALSE(field.meaning.empty());
    EXPECT_EQ(field.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string_view::npos);
    EXPECT_EQ(field.type == FieldType::kWord, !field.words.empty() &&
                                                  field.type != FieldType::kIntegers &&
                                                  field.type != FieldType::kEdges);
    EXPECT_LE(field.min, field.max);
    for (const std::string_view other : field.stands_for) EXPECT_NE(find(fields, other), nullptr);
    for (const std::string_view other : field.excludes) EXPECT_NE(find(fields, other), nullptr);
    EXPECT_TRUE(field.needs.empty() || find(fields, field.needs) != nullptr);
    EXPECT_TRUE(!field.is_implied || !field.needs.empty());
    EXPECT_TRUE(field.needed_unless.empty() || find(fields, field.needed_unless) != nullptr);
  });
}

// Whatever is offered can be asked.
TEST(KindTable, EveryFieldIsRead) {
  for_each_field([](const QueryKind& kind, const QueryField& field) {
    const Status status = read(question_with(kind, field, sample_of(field)));
    EXPECT_TRUE(status.ok()) << status.message();
  });
  for (const QueryKind& kind : query_kinds()) {
    for (const QueryField& field : range_fields()) {
      JsonText question = least_of(kind);
      question[pointer_to(field)] = sample_of(field);
      EXPECT_EQ(read(question).ok(), kind.takes_range && kind.range_needs.empty()) << question;
    }
    JsonText question = least_of(kind);
    const std::string unknown = "fiel";
    question[unknown] = 1;
    EXPECT_TRUE(repeats(read(question), "\"" + unknown + "\""));
  }
}

// The help of each surface shows these, so they must be questions of their kind.
TEST(KindTable, ExamplesAreQuestionsOfTheirKinds) {
  for (const QueryKind& kind : query_kinds()) {
    EXPECT_FALSE(kind.examples.empty()) << kind.name;
    for (const std::string_view json : kind.examples) {
      const Result<Query> query = parse_query(json);
      ASSERT_TRUE(query.ok()) << json << ": " << query.status().message();
      EXPECT_EQ(kind_of(*query), kind.name) << json;
    }
  }
}

// Whatever can be asked is offered: no field is written that is not public.
TEST(KindTable, EveryFieldThatIsWrittenIsPublic) {
  const std::uint64_t seed = run_seed();
  std::set<std::size_t> seen;
  for (std::uint64_t round = 0; round < 100; ++round) {
    Random random(seed + round);
    const Stream stream = random_stream(random, random_knobs(random));
    for (int i = 0; i < 20; ++i) {
      const bool of_history = !stream.events.empty() && random.chance(20);
      const Query query =
          of_history ? random_history_question(random, stream) : random_query(random, stream);
      seen.insert(query.ask.index());
      const std::string json = to_json(query);
      SCOPED_TRACE(::testing::Message() << "ROLLCALL_SEED=" << seed << " " << json);
      const QueryKind& kind = *find_query_kind(kind_of(query));
      const std::vector<QueryField> fields = fields_of_kind(kind);
      const JsonText question = JsonText::parse(json);
      for (const auto& [name, value] : question.items()) {
        const bool is_public =
            std::any_of(fields.begin(), fields.end(), [&name = name](const QueryField& field) {
              return place_of(field).substr(0, place_of(field).find('.')) == name;
            });
        EXPECT_TRUE(is_public || name == "kind") << name;
      }
    }
  }
  // Random streams have no audiences to ask about; EveryFieldIsRead covers what does.
  EXPECT_EQ(seen.size() + 1, query_kinds().size());
}

TEST(KindTable, DefaultsAreThoseInForce) {
  for (const QueryKind& kind : query_kinds()) {
    for (const QueryField& field : fields_of_kind(kind)) {
      SCOPED_TRACE(::testing::Message() << kind.name << ": " << field.name);
      JsonText question = least_of(kind);
      for (const QueryField& other : kind.fields) {
        const bool is_needed = !field.default_json.empty() && other.name == field.needs;
        if (is_needed) question[pointer_to(other)] = sample_of(other);
      }
      Query query = *parse_query(question.dump());
      query.common.breakdown = "channel";  // some fields are in force with one only
      const JsonText in_force = JsonText::parse(to_json(query));
      if (field.default_json.empty()) {
        EXPECT_EQ(in_force.contains(pointer_to(field)),
                  field.is_required || field.name == "breakdown");
      } else {
        ASSERT_TRUE(in_force.contains(pointer_to(field)));
        EXPECT_EQ(in_force[pointer_to(field)], JsonText::parse(field.default_json));
      }
    }
  }
}

TEST(KindTable, WordsAreThoseTaken) {
  for_each_field([](const QueryKind& kind, const QueryField& field) {
    for (const std::string_view word : field.words) {
      const Status status = read(question_with(kind, field, std::string(word)));
      EXPECT_TRUE(status.ok()) << status.message();
    }
    if (field.type == FieldType::kWord || field.type == FieldType::kIntegers) {
      EXPECT_FALSE(read(question_with(kind, field, "no such word")).ok());
    }
  });
}

TEST(KindTable, NumbersAreTakenFromMinToMax) {
  for_each_field([](const QueryKind& kind, const QueryField& field) {
    if (field.type == FieldType::kInteger) {
      EXPECT_TRUE(read(question_with(kind, field, field.min)).ok());
      EXPECT_TRUE(read(question_with(kind, field, field.max)).ok());
      EXPECT_FALSE(read(question_with(kind, field, field.min - 1)).ok());
      EXPECT_FALSE(read(question_with(kind, field, field.max + 1)).ok());
    }
    if (field.type == FieldType::kIntegers) {
      // Some lists have to begin with the least; some have a greatest sum.
      const auto takes = [&](std::int64_t number) {
        return read(question_with(kind, field, JsonText::array({number}))).ok() ||
               read(question_with(kind, field, JsonText::array({field.min, number}))).ok();
      };
      EXPECT_TRUE(takes(field.min));
      EXPECT_TRUE(takes(field.max));
      EXPECT_FALSE(takes(field.min - 1));
      EXPECT_FALSE(takes(field.max + 1));
    }
  });
}

TEST(KindTable, FieldsThatExcludeEachOtherAreRefusedTogether) {
  int looked_at = 0;
  for_each_field([&](const QueryKind& kind, const QueryField& field) {
    const std::vector<QueryField> fields = fields_of_kind(kind);
    for (const auto& others : {field.stands_for, field.excludes}) {
      for (const std::string_view name : others) {
        const QueryField& other = *find(fields, name);
        JsonText question = question_with(kind, field, sample_of(field));
        question[pointer_to(other)] = sample_of(other);
        EXPECT_FALSE(read(question).ok()) << question;
        ++looked_at;
      }
    }
  });
  EXPECT_GT(looked_at, 4);
}

TEST(KindTable, AFieldThatStandsForOthersSetsThem) {
  for_each_field([](const QueryKind& kind, const QueryField& field) {
    if (field.stands_for.empty()) return;
    const std::vector<QueryField> fields = fields_of_kind(kind);
    JsonText apart = least_of(kind);
    for (const std::string_view name : field.stands_for) {
      apart[pointer_to(*find(fields, name))] = sample_of(field);
    }
    EXPECT_EQ(*parse_query(apart.dump()),
              *parse_query(question_with(kind, field, sample_of(field)).dump()));
  });
}

TEST(KindTable, TimesOfDayAndPartsOfDaysAreRefusedFromProgramsWhereTheyDoNotGo) {
  Query churn{.common = {}, .ask = ChurnQuery()};
  EXPECT_TRUE(validate(churn).ok());
  std::get<ChurnQuery>(churn.ask).rule = ChurnQuery::NextPeriods{Period::kHour, 1};
  EXPECT_EQ(validate(churn).message(),
            "churn: rule: period: must be day, week, fortnight, month, quarter, found \"hour\"");
  Query funnel = *parse_query(R"({"kind": "funnel", "steps": ["a", "b"]})");
  funnel.common.from = LocalTime{Day{0}, 1};
  EXPECT_TRUE(validate(funnel).ok());
  std::get<FunnelQuery>(funnel.ask).period = Period::kMinute;
  EXPECT_EQ(validate(funnel).message(),
            "funnel: period: must be day, week, fortnight, month, quarter, found \"minute\"");
  Query active{.common = {}, .ask = ActiveQuery()};
  active.common.to = LocalTime{Day{0}, 60'000'000};
  EXPECT_EQ(validate(active).message(),
            "active: to: a time of day goes with the periods \"hour\" and \"minute\", found "
            "1970-01-01T00:01 (allowed: a date)");
  std::get<ActiveQuery>(active.ask).period = Period::kMinute;
  EXPECT_TRUE(validate(active).ok());
  active.common.to = LocalTime{Day{0}, 86'400'000'000};
  EXPECT_EQ(validate(active).message(),
            "active: to: the time of day must be less than 24 hours, found 86400000000 "
            "microseconds");
}

TEST(KindTable, AKindWithoutARangeTakesNoneFromPrograms) {
  for (const QueryKind& kind : query_kinds()) {
    Query query = *parse_query(least_of(kind).dump());
    query.common.from = Day{0};
    const Status status = validate(query);
    EXPECT_EQ(status.ok(), kind.takes_range && kind.range_needs.empty());
    if (!status.ok()) {
      EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status.message();
    }
  }
}

}  // namespace
}  // namespace rollcall::testing
