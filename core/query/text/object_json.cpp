// Reads and writes saved objects as JSON.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "core/base/guard.h"
#include "core/query/text/json_reader.h"
#include "core/query/text/query_json.h"
#include "rollcall/saved_object.h"

namespace rollcall {
namespace {

constexpr std::array<Spelling<ObjectKind>, 4> kObjectKinds = {{{"segment", ObjectKind::kSegment},
                                                               {"question", ObjectKind::kQuestion},
                                                               {"campaign", ObjectKind::kCampaign},
                                                               {"alert", ObjectKind::kAlert}}};

Status read_object(const Json& value, const std::string& path, SavedObject& object) {
  if (!value.is_object()) return unexpected(path, "an object", value);
  for (const std::string_view field : {"kind", "name", "definition"}) {
    if (!value.contains(field)) {
      return Status::invalid_argument(fmt::format("{}: missing field \"{}\"", path, field));
    }
  }
  return read_fields(value, path,
                     {word_field("kind", kObjectKinds, object.kind),
                      {"name",
                       [&](const Json& name, const std::string& at) -> Status {
                         if (!name.is_string()) return unexpected(at, "a string", name);
                         object.name = name.get<std::string>();
                         return {};
                       }},
                      {"definition", [&](const Json& definition, const std::string& at) -> Status {
                         if (!definition.is_object())
                           return unexpected(at, "an object", definition);
                         object.definition =
                             definition.text(std::numeric_limits<std::size_t>::max());
                         return {};
                       }}});
}

Status read_objects(const Json& document, std::vector<SavedObject>& objects) {
  if (!document.is_object() || !document.contains("objects")) {
    return unexpected("objects", "a document such as {\"objects\": []}", document);
  }
  return read_fields(
      document, "objects",
      {{"objects", [&](const Json& list, const std::string&) -> Status {
          if (!list.is_array()) return unexpected("objects", "a list", list);
          for (const Json& value : list.get<Json::Array>()) {
            const std::string path = fmt::format("objects[{}]", objects.size());
            ROLLCALL_RETURN_IF_ERROR(read_object(value, path, objects.emplace_back()));
          }
          return {};
        }}});
}

}  // namespace

std::string_view to_string(ObjectKind kind) {
  for (const Spelling<ObjectKind>& spelling : kObjectKinds) {
    if (spelling.value == kind) return spelling.name;
  }
  return "";
}

std::string objects_json(std::span<const SavedObject> objects) {
  std::string json = "{\"objects\": [";
  for (const SavedObject& object : objects) {
    json += fmt::format("{}\n  {{\"kind\": \"{}\", \"name\": {}, \"definition\": {}}}",
                        &object == objects.data() ? "" : ",", to_string(object.kind),
                        quote(object.name), object.definition);
  }
  return json + "\n]}\n";
}

Result<std::vector<SavedObject>> parse_objects(std::string_view json) {
  return guarded("objects", [&]() -> Result<std::vector<SavedObject>> {
    const Result<Json> document = parse_json(json);
    if (!document.ok()) return document.status().within("objects");
    std::vector<SavedObject> objects;
    ROLLCALL_RETURN_IF_ERROR(read_objects(*document, objects));
    return objects;
  });
}

}  // namespace rollcall
