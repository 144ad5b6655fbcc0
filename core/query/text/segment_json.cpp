#include "core/query/text/segment_json.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/query/text/compare_json.h"
#include "core/query/text/decimal_text.h"
#include "core/query/text/funnel_json.h"
#include "core/query/text/query_json.h"
#include "core/query/text/query_object.h"
#include "core/query/text/query_validation.h"
#include "core/query/text/range_json.h"
#include "core/query/text/selector_json.h"

namespace rollcall {
namespace {

using Kind = Segment::Kind;

// This field tells what an object is.
constexpr std::array<Spelling<Kind>, 13> kKinds = {{{"did", Kind::kDid},
                                                    {"first", Kind::kFirst},
                                                    {"declined", Kind::kDeclined},
                                                    {"favourite", Kind::kFavourite},
                                                    {"converted", Kind::kConverted},
                                                    {"dropped", Kind::kDropped},
                                                    {"all", Kind::kAll},
                                                    {"any", Kind::kAny},
                                                    {"not", Kind::kNot},
                                                    {"in_file", Kind::kFile},
                                                    {"segment", Kind::kSaved},
                                                    {"campaign", Kind::kAudience},
                                                    {"variant", Kind::kVariant}}};

constexpr std::string_view kExpected =
    "a segment: a text such as \"did(purchase, 30d)\", or an object with one of did, first, "
    "declined, favourite, converted, dropped, all, any, not, in_file, segment, campaign, "
    "variant";

// Reads a field such as {"gte": 3}, whose number `read_number` reads.
template <class Test, class Number>
FieldReader comparison_field(std::string_view field, std::optional<Test>& out, Number Test::*number,
                             Status (*read_number)(const Json&, const std::string&, Number&)) {
  return {
      field, [&out, number, read_number](const Json& value, const std::string& path) {
        if (!value.is_object() || value.size() != 1) {
          return unexpected(path, "an object such as {\"gte\": 3} (gte, lte, eq)", value);
        }
        Test& test = out.emplace(Test{});
        FieldReaders fields;
        for (const auto& [name, compare] : kCompareNames) {
          fields.push_back({name, [&, compare = compare](const Json& json, const std::string& at) {
                              test.compare = compare;
                              return read_number(json, at, test.*number);
                            }});
        }
        return read_fields(value, path, fields);
      }};
}

FieldReader text_field(std::string_view name, std::string& out) {
  return {name, [&out](const Json& value, const std::string& path) -> Status {
            if (!value.is_string()) return unexpected(path, "a string", value);
            out = value.get<std::string>();
            return {};
          }};
}

FieldReader optional_text_field(std::string_view name, std::optional<std::string>& out) {
  return {name, [name, &out](const Json& value, const std::string& path) {
            return text_field(name, out.emplace()).read(value, path);
          }};
}

// Returns the fields of a kind besides its own and those of a range.
FieldReaders fields_of_kind(Segment& out, int depth) {
  FieldReaders fields;
  if (out.kind == Kind::kDid) {
    fields.push_back(comparison_field("days", out.days, &Segment::DaysTest::days, read_integer));
    fields.push_back(times_field("times", out.times));
    fields.push_back(comparison_field("sum", out.sum, &Segment::SumTest::amount, read_decimal));
  }
  if (out.kind == Kind::kDeclined) {
    fields.push_back({"to_at_most", [&out](const Json& json, const std::string& at) {
                        return read_decimal(json, at, out.decline.to_at_most);
                      }});
    fields.push_back({"from_at_least", [&out](const Json& json, const std::string& at) {
                        return read_integer(json, at, out.decline.from_at_least);
                      }});
  }
  if (out.kind == Kind::kFavourite) {
    fields.push_back(selector_field("of", out.event));
    fields.push_back(text_field("is", out.favourite.value));
  }
  if (out.kind == Kind::kAudience) {
    fields.push_back(optional_text_field("run", out.audience.run));
    fields.push_back(optional_text_field("class", out.audience.class_name));
    fields.push_back({"arm", [&out](const Json& json, const std::string& at) {
                        return read_word(json, at, "arm", kArmNames, out.audience.arm.emplace());
                      }});
  }
  if (out.kind == Kind::kVariant) {
    fields.push_back({"of", [&out, depth](const Json& json, const std::string& at) -> Status {
                        Query comparison;
                        ROLLCALL_RETURN_IF_ERROR(
                            read_segment_comparison(json, at, depth + 1, comparison));
                        out.comparison = std::make_shared<const Query>(std::move(comparison));
                        return {};
                      }});
  }
  if (out.kind == Kind::kDropped) {
    fields.push_back({"at", [&out](const Json& json, const std::string& at) {
                        return read_integer(json, at, out.at_step);
                      }});
  }
  return fields;
}

std::span<const std::string_view> required_fields(Kind kind) {
  static constexpr std::string_view kOfDeclined[] = {"last", "to_at_most", "from_at_least"};
  static constexpr std::string_view kOfFavourite[] = {"is"};
  static constexpr std::string_view kOfDropped[] = {"at"};
  static constexpr std::string_view kOfVariant[] = {"of"};
  if (kind == Kind::kDeclined) return kOfDeclined;
  if (kind == Kind::kFavourite) return kOfFavourite;
  if (kind == Kind::kDropped) return kOfDropped;
  if (kind == Kind::kVariant) return kOfVariant;
  return {};
}

Status read_parts(const Json& value, const std::string& path, int depth, Segment& out) {
  if (!value.is_array() || value.empty()) return unexpected(path, "a list of segments", value);
  for (const Json& part : value.get<Json::Array>()) {
    ROLLCALL_RETURN_IF_ERROR(read_segment(part, path, out.parts.emplace_back(), depth + 1));
  }
  return {};
}

FieldReader operand_field(std::string_view name, Segment& out, int depth) {
  switch (out.kind) {
    case Kind::kDid:
    case Kind::kFirst:
    case Kind::kDeclined:
      return selector_field(name, out.event);
    case Kind::kFavourite:
      return text_field(name, out.favourite.property);
    case Kind::kAll:
    case Kind::kAny:
      return {name, [&out, depth](const Json& value, const std::string& path) {
                return read_parts(value, path, depth, out);
              }};
    case Kind::kNot:
      return {name, [&out, depth](const Json& value, const std::string& path) {
                return read_segment(value, path, out.parts.emplace_back(), depth + 1);
              }};
    case Kind::kConverted:
    case Kind::kDropped:
      return {name, [&out, depth](const Json& value, const std::string& path) -> Status {
                Query funnel;
                ROLLCALL_RETURN_IF_ERROR(read_segment_funnel(value, path, depth + 1, funnel));
                out.funnel = std::make_shared<const Query>(std::move(funnel));
                return {};
              }};
    case Kind::kFile:
    case Kind::kSaved:
    case Kind::kAudience:
    case Kind::kVariant:
      break;
  }
  return text_field(name, out.name);
}

bool has_range(Kind kind) {
  return kind == Kind::kDid || kind == Kind::kFirst || kind == Kind::kFavourite;
}

// Checks what holds a question that is part of a segment, whose kind may be left out.
Status check_question(const Json& value, const std::string& path, int depth, std::string_view kind,
                      std::string_view allowed) {
  if (!value.is_object()) return unexpected(path, allowed, value);
  // Texts within texts have no other bound.
  if (depth > kSegmentDepthMax) {
    return Status::invalid_argument(
        fmt::format("{}: segments are nested deeper than {}", path, kSegmentDepthMax));
  }
  const Json* const found = value.find("kind");
  if (found == nullptr || is_text(*found, kind)) return {};
  return unexpected(path + ": kind", quote(kind), *found);
}

}  // namespace

Status read_segment_funnel(const Json& value, const std::string& path, int depth, Query& out) {
  ROLLCALL_RETURN_IF_ERROR(check_question(value, path, depth, "funnel",
                                          "a funnel such as {\"steps\": [\"visit\", \"order\"]}"));
  const QueryObject object(value, {.name = path, .takes_range = true, .segment_depth = depth},
                           "UTC", out.common);
  return parse_funnel(object, out.ask.emplace<FunnelQuery>());
}

Status read_segment_comparison(const Json& value, const std::string& path, int depth, Query& out) {
  ROLLCALL_RETURN_IF_ERROR(check_question(value, path, depth, "compare", kComparisonsAllowed));
  const QueryObject object(value, {.name = path, .takes_range = true, .segment_depth = depth},
                           "UTC", out.common);
  return parse_compare(object, out.ask.emplace<CompareQuery>());
}

Status read_segment(const Json& value, const std::string& path, Segment& out, int depth) {
  if (value.is_string()) {
    Result<Segment> segment = parse_nested_segment(value.get<std::string>(), depth);
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
  FieldReaders fields = {operand_field(found, out, depth)};
  if (has_range(out.kind)) {
    fields.push_back(date_field("from", out.range.from));
    fields.push_back(date_field("to", out.range.to));
  }
  if (has_range(out.kind) || out.kind == Kind::kDeclined) {
    fields.push_back(last_field(out.range.last));
  }
  std::ranges::move(fields_of_kind(out, depth), std::back_inserter(fields));
  ROLLCALL_RETURN_IF_ERROR(read_fields(value, path, fields));
  for (const std::string_view field : required_fields(out.kind)) {
    if (!value.contains(field)) {
      return Status::invalid_argument(
          fmt::format("{}: missing field {}", path, quoted_excerpt(field)));
    }
  }
  return {};
}

FieldReader times_field(std::string_view name, std::optional<Segment::TimesTest>& out) {
  return comparison_field(name, out, &Segment::TimesTest::times, read_integer);
}

namespace {

std::string test_json(Segment::Compare compare, std::string number) {
  return to_object({{std::string(name_of(kCompareNames, compare)), std::move(number)}});
}

}  // namespace

std::string times_json(const Segment::TimesTest& test) {
  return test_json(test.compare, std::to_string(test.times));
}

JsonFields segment_funnel_fields(const Query& funnel) {
  JsonFields fields = write_funnel(std::get<FunnelQuery>(funnel.ask));
  std::erase_if(fields, [](const auto& field) { return field.first == "total_seconds"; });
  add_common(funnel.common, {}, fields);
  add_dates(funnel.common, fields);
  return fields;
}

JsonFields segment_comparison_fields(const Query& comparison) {
  JsonFields fields = write_compare(std::get<CompareQuery>(comparison.ask));
  add_common(comparison.common, {}, fields);
  add_dates(comparison.common, fields);
  return fields;
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
                            test_json(segment.days->compare, std::to_string(segment.days->days)));
      }
      if (segment.times) fields.emplace_back("times", times_json(*segment.times));
      if (segment.sum) {
        fields.emplace_back("sum", test_json(segment.sum->compare, quote(segment.sum->amount)));
      }
      break;
    case Kind::kDeclined:
      fields.emplace_back(field, selector_json(segment.event));
      add_range(segment.range.from, segment.range.to, segment.range.last, fields);
      fields.emplace_back("to_at_most", quote(segment.decline.to_at_most));
      fields.emplace_back("from_at_least", std::to_string(segment.decline.from_at_least));
      break;
    case Kind::kFavourite:
      fields.emplace_back(field, quote(segment.favourite.property));
      fields.emplace_back("of", selector_json(segment.event));
      fields.emplace_back("is", quote(segment.favourite.value));
      add_range(segment.range.from, segment.range.to, segment.range.last, fields);
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
    case Kind::kAudience: {
      const Segment::AudiencePart& part = segment.audience;
      fields.emplace_back(field, quote(segment.name));
      if (part.run) fields.emplace_back("run", quote(*part.run));
      if (part.class_name) fields.emplace_back("class", quote(*part.class_name));
      if (part.arm) fields.emplace_back("arm", quote(name_of(kArmNames, *part.arm)));
      break;
    }
    case Kind::kVariant:
      fields.emplace_back(field, quote(segment.name));
      fields.emplace_back("of", to_object(segment_comparison_fields(*segment.comparison)));
      break;
    case Kind::kConverted:
    case Kind::kDropped:
      fields.emplace_back(field, to_object(segment_funnel_fields(*segment.funnel)));
      if (segment.kind == Kind::kDropped) {
        fields.emplace_back("at", std::to_string(segment.at_step));
      }
      break;
  }
  return to_object(fields);
}

}  // namespace rollcall
