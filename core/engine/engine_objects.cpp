// This file has how an engine keeps segments and other objects by name.
#include <fmt/format.h>
#include <simdjson.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "core/catalog/object_table.h"
#include "core/catalog/segment_table.h"
#include "core/engine/engine_state.h"
#include "core/query/text/json_reader.h"
#include "core/query/text/query_validation.h"
#include "core/query/text/segment_json.h"
#include "rollcall/message_text.h"
#include "rollcall/query.h"
#include "rollcall/saved_object.h"

namespace rollcall {
namespace {

// Files mean the same whoever asks, and wherever from.
void make_paths_absolute(Segment& segment) {
  if (segment.kind == Segment::Kind::kFile) {
    std::error_code ignored;
    const std::filesystem::path path = std::filesystem::absolute(segment.name, ignored);
    if (!ignored) segment.name = path.lexically_normal().string();
  }
  for (Segment& part : segment.parts) make_paths_absolute(part);
  change_segments_of_question(segment, make_paths_absolute);
}

std::string named(const SavedObject& object) {
  return fmt::format("{} {}", to_string(object.kind), quoted_excerpt(object.name));
}

Status check_expression(const std::string& field, Segment& expression) {
  // These faults do not depend on what the store holds; names of events may come later.
  ROLLCALL_RETURN_IF_ERROR(check_segment(field, expression));
  make_paths_absolute(expression);
  return {};
}

Status check_no_way_back(const SegmentTable& segments, const std::string& name) {
  const auto saved = segments.saved().find(name);
  if (saved->second.users) return {};
  const auto way = segments.way_back(name, saved->second.expression);
  if (!way) return {};
  return Status::invalid_argument(fmt::format("segment: {} would name itself{}",
                                              quoted_excerpt(name),
                                              way->empty() ? "" : ", by way of " + excerpts(*way)));
}

// Reads a list of ids as the store has them.
Status read_users(const Json& value, const std::string& path, UserKind kind,
                  std::vector<UserId>& users) {
  const bool is_integer = kind == UserKind::kInteger;
  const std::string_view allowed = is_integer ? "a list of integers" : "a list of strings";
  if (!value.is_array()) return unexpected(path, allowed, value);
  for (const Json& id : value.get<Json::Array>()) {
    if (is_integer ? !id.is_number_unsigned() : !id.is_string()) {
      return unexpected(path, allowed, id);
    }
    if (is_integer) {
      users.emplace_back(id.get<std::uint64_t>());
    } else {
      users.emplace_back(id.get<std::string>());
    }
  }
  return {};
}

Result<SavedSegment> read_segment_definition(const Json& definition, UserKind kind) {
  SavedSegment saved;
  std::vector<UserId> users;
  const FieldReaders fields = {
      {"segment",
       [&](const Json& value, const std::string& path) -> Status {
         ROLLCALL_RETURN_IF_ERROR(read_segment(value, path, saved.expression));
         return check_expression(path, saved.expression);
       }},
      {"users", [&](const Json& value, const std::string& path) {
         return read_users(value, path, kind, users);
       }}};
  ROLLCALL_RETURN_IF_ERROR(read_fields(definition, "definition", fields));
  if (definition.size() != 1) {
    return Status::invalid_argument(
        "definition: must have either \"segment\" or \"users\", found " + definition.text(64));
  }
  if (definition.contains("users"))
    saved.users = std::make_shared<const UserList>(std::move(users));
  return saved;
}

std::string segment_definition(const SavedSegment& saved) {
  if (!saved.users) return fmt::format("{{\"segment\": {}}}", segment_json(saved.expression));
  std::vector<std::string> ids;
  for (const UserList::Entry& entry : saved.users->entries()) {
    const auto* const number = std::get_if<std::uint64_t>(&entry.user);
    ids.push_back(number != nullptr ? std::to_string(*number)
                                    : quote(std::get<std::string>(entry.user)));
  }
  return fmt::format("{{\"users\": [{}]}}", fmt::join(ids, ", "));
}

PageKind page_of(ObjectKind kind) {
  return kind == ObjectKind::kSegment ? PageKind::kSegments : PageKind::kObjects;
}

// Is an object that was checked by itself.
struct CheckedObject {
  ObjectTable::Key key;
  std::string definition;  // of all kinds but segments
  SavedSegment segment;
};

Result<CheckedObject> check_object(const SavedObject& object, const StoreSettings& settings) {
  CheckedObject checked{.key = {object.kind, object.name}, .definition = {}, .segment = {}};
  if (object.name.empty() || object.name.size() > SavedObject::kNameBytesMax) {
    return Status::invalid_argument(fmt::format("the name has {} bytes (allowed: 1 to {})",
                                                object.name.size(), SavedObject::kNameBytesMax));
  }
  if (!simdjson::validate_utf8(object.name.data(), object.name.size())) {
    return Status::invalid_argument("the name is not UTF-8");
  }
  ROLLCALL_ASSIGN_OR_RETURN(const Json definition, parse_json(object.definition));
  if (!definition.is_object()) return unexpected("definition", "an object", definition);
  if (object.kind == ObjectKind::kSegment) {
    ROLLCALL_ASSIGN_OR_RETURN(checked.segment,
                              read_segment_definition(definition, settings.user_kind));
    return checked;
  }
  if (object.definition.size() > SavedObject::kDefinitionBytesMax) {
    return Status::invalid_argument(fmt::format("the definition has {} bytes (allowed: up to {})",
                                                object.definition.size(),
                                                SavedObject::kDefinitionBytesMax));
  }
  if (object.kind == ObjectKind::kQuestion) {
    ROLLCALL_RETURN_IF_ERROR(parse_query(object.definition, settings.time_zone).status());
  }
  checked.definition = definition.text(SavedObject::kDefinitionBytesMax);
  return checked;
}

}  // namespace

Status Engine::State::save_segment(const std::string& name, SavedSegment segment) {
  ROLLCALL_RETURN_IF_ERROR(check_writable());
  if (name.empty()) return Status::invalid_argument("segment: must have a name, found \"\"");
  if (!segment.users) ROLLCALL_RETURN_IF_ERROR(check_expression("segment", segment.expression));
  const Gate::Pass pass(gate);
  ROLLCALL_RETURN_IF_ERROR(write_failure.status());
  SegmentTable segments = tables.segments;
  segments.set(name, std::move(segment));
  ROLLCALL_RETURN_IF_ERROR(check_no_way_back(segments, name));
  tables.segments = std::move(segments);
  tables.changed.add(PageKind::kSegments);
  note_change();
  return {};
}

Status Engine::State::save_objects(std::span<const SavedObject> objects, OnSameName on_same_name) {
  ROLLCALL_RETURN_IF_ERROR(check_writable());
  std::vector<CheckedObject> checked;
  std::set<ObjectTable::Key> keys;
  for (const SavedObject& object : objects) {
    Result<CheckedObject> one = check_object(object, settings);
    if (!one.ok()) return one.status().within(named(object));
    if (!keys.insert(one->key).second) {
      return Status::invalid_argument(named(object) + ": is there twice (allowed: once)");
    }
    checked.push_back(*std::move(one));
  }
  const Gate::Pass pass(gate);
  ROLLCALL_RETURN_IF_ERROR(write_failure.status());
  SegmentTable segments = tables.segments;
  ObjectTable others = tables.objects;
  for (CheckedObject& object : checked) {
    const auto& [kind, name] = object.key;
    const bool is_segment = kind == ObjectKind::kSegment;
    const bool is_taken = is_segment ? segments.saved().contains(name) : others.has(object.key);
    if (is_taken && on_same_name == OnSameName::kRefuse) {
      return Status::already_exists(
          fmt::format("{} {}: the store has one of that name (allowed: another name, or to replace "
                      "it)",
                      to_string(kind), quoted_excerpt(name)));
    }
    if (is_segment) {
      segments.set(name, std::move(object.segment));
    } else {
      others.set(object.key, std::move(object.definition));
    }
  }
  for (const auto& [kind, name] : keys) {
    if (kind == ObjectKind::kSegment) ROLLCALL_RETURN_IF_ERROR(check_no_way_back(segments, name));
  }
  std::size_t bytes = 0;
  for (const auto& [key, definition] : others.saved()) bytes += definition.size();
  if (bytes > SavedObject::kBytesMax) {
    return Status::resource_exhausted(
        fmt::format("objects: the definitions would have {} bytes together (allowed: up to {})",
                    bytes, SavedObject::kBytesMax));
  }
  if (others.saved().size() > SavedObject::kCountMax) {
    return Status::resource_exhausted(
        fmt::format("objects: the store would have {} questions, campaigns and alerts (allowed: up "
                    "to {})",
                    others.saved().size(), SavedObject::kCountMax));
  }
  tables.segments = std::move(segments);
  tables.objects = std::move(others);
  for (const auto& [kind, name] : keys) tables.changed.add(page_of(kind));
  if (!keys.empty()) note_change();
  return {};
}

Status Engine::State::drop_object(ObjectKind kind, const std::string& name) {
  ROLLCALL_RETURN_IF_ERROR(check_writable());
  const Gate::Pass pass(gate);
  ROLLCALL_RETURN_IF_ERROR(write_failure.status());
  const bool dropped = kind == ObjectKind::kSegment ? tables.segments.erase(name)
                                                    : tables.objects.erase({kind, name});
  if (!dropped) {
    std::vector<std::string> names;
    for (const SavedObject& object : objects_of(kind)) names.push_back(object.name);
    return Status::not_found(unknown_name(to_string(kind), name, names));
  }
  tables.changed.add(page_of(kind));
  note_change();
  return {};
}

std::vector<SavedObject> Engine::State::objects_of(ObjectKind kind) const {
  std::vector<SavedObject> objects;
  if (kind == ObjectKind::kSegment) {
    for (const auto& [name, segment] : tables.segments.saved()) {
      objects.push_back({.kind = kind, .name = name, .definition = segment_definition(segment)});
    }
    return objects;
  }
  for (const auto& [key, definition] : tables.objects.saved()) {
    if (key.first != kind) continue;
    objects.push_back({.kind = kind, .name = key.second, .definition = definition});
  }
  return objects;
}

}  // namespace rollcall
