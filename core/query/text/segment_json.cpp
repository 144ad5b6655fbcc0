#include "core/query/text/segment_json.h"

#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "core/query/text/query_json.h"
#include "core/query/text/range_json.h"
#include "core/query/text/selector_json.h"

namespace rollcall {
namespace {

using Kind = Segment::Kind;

// This field tells what an object is.
constexpr std::array<Spelling<Kind>, 7> kKinds = {{{"did", Kind::kDid},
                                                   {"first", Kind::kFirst},
                                                   {"all", Kind::kAll},
                                                   {"any", Kind::kAny},
                                                   {"not", Kind::kNot},
                                                   {"in_file", Kind::kFile},
                                                   {"segment", Kind::kSaved}}};

constexpr std::string_view kExpected =
    "a segment: a text such as \"did(purchase, 30d)\", or an object with one of did, first, all, "
    "any, not, in_file, segment";

Status read_days(const Json& value, const std::string& path, Segment& out) {
  if (!value.is_object() || value.size() != 1) {
    return unexpected(path, "an object such as {\"gte\": 3} (gte, lte, eq)", value);
  }
  Segment::DaysTest& test = out.days.emplace(Segment::DaysTest{});
  FieldReaders fields;
  for (const auto& [name, compare] : kCompareNames) {
    fields.push_back({name, [&test, compare = compare](const Json& json, const std::string& at) {
                        test.compare = compare;
                        return read_integer(json, at, test.days);
                      }});
  }
  return read_fields(value, path, fields);
}

Status read_parts(const Json& value, const std::string& path, Segment& out) {
  if (!value.is_array() || value.empty()) return unexpected(path, "a list of segments", value);
  for (const Json& part : value.get<Json::Array>()) {
    ROLLCALL_RETURN_IF_ERROR(read_segment(part, path, out.parts.emplace_back()));
  }
  return {};
}

Status read_name(const Json& value, const std::string& path, Segment& out) {
  if (!value.is_string()) return unexpected(path, "a string", value);
  out.name = value.get<std::string>();
  return {};
}

FieldReader operand_field(std::string_view name, Segment& out) {
  switch (out.kind) {
    case Kind::kDid:
    case Kind::kFirst:
      return selector_field(name, out.event);
    case Kind::kAll:
    case Kind::kAny:
      return {name, [&out](const Json& value, const std::string& path) {
                return read_parts(value, path, out);
              }};
    case Kind::kNot:
      return {name, [&out](const Json& value, const std::string& path) {
                return read_segment(value, path, out.parts.emplace_back());
              }};
    case Kind::kFile:
    case Kind::kSaved:
      break;
  }
  return {name, [&out](const Json& value, const std::string& path) {
            return read_name(value, path, out);
          }};
}

}  // namespace

Status read_segment(const Json& value, const std::string& path, Segment& out) {
  if (value.is_string()) {
    Result<Segment> segment = parse_segment(value.get<std::string>());
    if (!segment.ok()) {
      return Status::invalid_argument(path + ": " + segment.status().message());
    }
    out = *std::move(segment);
    return {};
  }
  if (!value.is_object()) return unexpected(path, kExpected, value);
  out = {};
  std::string_view found;
  for (const auto& [name, kind] : kKinds) {
    if (!value.contains(name)) continue;
    if (!found.empty()) return unexpected(path, kExpected, value);
    found = name;
    out.kind = kind;
  }
  if (found.empty()) return unexpected(path, kExpected, value);
  FieldReaders fields = {operand_field(found, out)};
  if (out.kind == Kind::kDid || out.kind == Kind::kFirst) {
    fields.push_back(date_field("from", out.range.from));
    fields.push_back(date_field("to", out.range.to));
    fields.push_back(last_field(out.range.last));
  }
  if (out.kind == Kind::kDid) {
    fields.push_back({"days", [&out](const Json& json, const std::string& at) {
                        return read_days(json, at, out);
                      }});
  }
  return read_fields(value, path, fields);
}

std::string segment_json(const Segment& segment) {
  const std::string field(name_of(kKinds, segment.kind));
  JsonFields fields;
  switch (segment.kind) {
    case Kind::kDid:
    case Kind::kFirst:
      fields.emplace_back(field, selector_json(segment.event));
      add_range(segment.range.from, segment.range.to, segment.range.last, fields);
      if (segment.days) {
        fields.emplace_back("days",
                            to_object({{std::string(name_of(kCompareNames, segment.days->compare)),
                                        std::to_string(segment.days->days)}}));
      }
      break;
    case Kind::kAll:
    case Kind::kAny: {
      std::string parts;
      for (const Segment& part : segment.parts) {
        parts += (parts.empty() ? "" : ", ") + segment_json(part);
      }
      fields.emplace_back(field, "[" + parts + "]");
      break;
    }
    case Kind::kNot:
      fields.emplace_back(field, segment_json(segment.parts[0]));
      break;
    case Kind::kFile:
    case Kind::kSaved:
      fields.emplace_back(field, quote(segment.name));
      break;
  }
  return to_object(fields);
}

}  // namespace rollcall
