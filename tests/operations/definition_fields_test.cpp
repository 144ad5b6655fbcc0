// No field of a campaign or of an alert is left out by the definitions of every_field.json, and
// none of those that are there could be dropped unnoticed.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "rollcall/alert.h"
#include "rollcall/campaign.h"
#include "rollcall/saved_definitions.h"

namespace rollcall::testing {
namespace {

using DefinitionJson = nlohmann::ordered_json;
using Place = DefinitionJson::json_pointer;

// Has "every" and "every=day".
using FieldNames = std::set<std::string>;

std::string with_word(const std::string& field, const std::string& word) {
  return field + "=" + word;
}

FieldNames fields_of(ObjectKind kind) {
  FieldNames known;
  for (const DefinitionField& field : definition_fields(kind)) {
    known.insert(field.name);
    for (const std::string& word : field.words) known.insert(with_word(field.name, word));
  }
  return known;
}

std::vector<SavedObject> read_objects() {
  std::ifstream file(ROLLCALL_SOURCE_DIR "/tests/operations/every_field.json");
  const std::string json{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const Result<std::vector<SavedObject>> objects = parse_objects(json);
  EXPECT_TRUE(objects.ok()) << objects.status().to_string();
  return objects.ok() ? *objects : std::vector<SavedObject>();
}

// Returns whether a definition means what another does, which may be refused.
bool means_the_same(const SavedObject& object, const DefinitionJson& other) {
  if (object.kind == ObjectKind::kAlert) {
    const Result<AlertDefinition> read = parse_alert(other.dump());
    return read.ok() && *read == *parse_alert(object.definition);
  }
  const std::string name = other.contains("name") ? "" : object.name;
  const Result<Campaign> read = parse_campaign(name, other.dump());
  return read.ok() && *read == *parse_campaign(object.name, object.definition);
}

// Sees which of the known fields `value`, the part of a definition at `place`, sets.
void see_definition(const SavedObject& object, const std::string& within, const Place& place,
                    const FieldNames& known, FieldNames& seen) {
  const DefinitionJson whole = DefinitionJson::parse(object.definition);
  const DefinitionJson& value = whole.at(place);
  if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      see_definition(object, within, place / i, known, seen);
    }
  }
  if (!value.is_object()) return;
  for (const auto& [name, part] : value.items()) {
    const std::string field = within.empty() ? name : within + "." + name;
    if (!known.contains(field)) continue;
    seen.insert(field);
    if (part.is_string()) seen.insert(with_word(field, part.get<std::string>()));
    DefinitionJson without = whole;
    without.at(place).erase(name);
    // A campaign need not repeat the name that it is saved by.
    const bool may_go = object.kind == ObjectKind::kCampaign && field == "name";
    EXPECT_EQ(means_the_same(object, without), may_go) << object.name << ": " << field;
    see_definition(object, field, place / name, known, seen);
  }
}

TEST(DefinitionFields, AreAllSet) {
  const std::vector<SavedObject> objects = read_objects();
  for (const ObjectKind kind : {ObjectKind::kCampaign, ObjectKind::kAlert}) {
    const FieldNames known = fields_of(kind);
    EXPECT_GT(known.size(), 10u);
    FieldNames seen;
    for (const SavedObject& object : objects) {
      if (object.kind == kind) see_definition(object, "", Place(), known, seen);
    }
    for (const std::string& field : known) {
      EXPECT_TRUE(seen.contains(field)) << "no " << to_string(kind) << " sets " << field;
    }
  }
}

TEST(DefinitionFields, AreReadBackAsTheyWere) {
  const std::vector<SavedObject> objects = read_objects();
  EXPECT_TRUE(check_definitions(objects, "UTC").ok());
  EXPECT_EQ(*parse_objects(objects_json(objects)), objects);
  for (const SavedObject& object : objects) {
    if (object.kind != ObjectKind::kCampaign) continue;
    const Result<Campaign> campaign = parse_campaign(object.name, object.definition);
    ASSERT_TRUE(campaign.ok()) << campaign.status().to_string();
    EXPECT_TRUE(means_the_same(object, DefinitionJson::parse(to_json(*campaign)))) << object.name;
  }
}

// Parts of questions have no fields of their own here.
TEST(DefinitionFields, AreThoseOfCampaignsAndAlertsAlone) {
  EXPECT_TRUE(definition_fields(ObjectKind::kSegment).empty());
  EXPECT_TRUE(definition_fields(ObjectKind::kQuestion).empty());
}

}  // namespace
}  // namespace rollcall::testing
