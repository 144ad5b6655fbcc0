// to_string writes a segment as people write it.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "core/query/text/date_text.h"
#include "core/query/text/query_json.h"
#include "core/query/text/query_names.h"
#include "core/query/text/segment_cursor.h"
#include "core/query/text/segment_json.h"
#include "core/query/text/selector_json.h"
#include "rollcall/question.h"
#include "rollcall/segment.h"

namespace rollcall {
namespace {

using Kind = Segment::Kind;

// Says how tightly the parts of an expression hold together.
enum class Binding { kOr, kAnd, kUnary };

Binding binding_of(Kind kind) {
  if (kind == Kind::kAny) return Binding::kOr;
  return kind == Kind::kAll ? Binding::kAnd : Binding::kUnary;
}

std::string names_text(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : "|") + name_text(name);
  return text;
}

std::string condition_text(const PropertyCondition& condition) {
  const std::string property = name_text(condition.property);
  switch (condition.test) {
    case PropertyCondition::Test::kAnyOf:
      return property + "=" + names_text(condition.values);
    case PropertyCondition::Test::kNoneOf:
      return property + "!=" + names_text(condition.values);
    case PropertyCondition::Test::kContains:
      return property + "~" + names_text(condition.values);
    case PropertyCondition::Test::kIsSet:
      return property;
    case PropertyCondition::Test::kIsNotSet:
      return "!" + property;
    case PropertyCondition::Test::kMore:
      return property + " > " + condition.values[0];
    case PropertyCondition::Test::kAtLeast:
      return property + " >= " + condition.values[0];
    case PropertyCondition::Test::kLess:
      return property + " < " + condition.values[0];
    case PropertyCondition::Test::kAtMost:
      return property + " <= " + condition.values[0];
    case PropertyCondition::Test::kEquals:
      break;
  }
  return property + " == " + condition.values[0];
}

}  // namespace

std::string selector_text(const Selector& selector) {
  std::string text = "*";
  if (selector.match == Selector::Names::kAnyOf) text = names_text(selector.names);
  if (selector.match == Selector::Names::kNoneOf) text = "!" + names_text(selector.names);
  if (selector.where.empty()) return text;
  std::string conditions;
  for (const PropertyCondition& condition : selector.where) {
    conditions += (conditions.empty() ? "" : ", ") + condition_text(condition);
  }
  return text + "[" + conditions + "]";
}

namespace {

std::string range_text(const DateRangeText& range) {
  if (range.last) return to_string(*range.last);
  if (range.from && range.from == range.to) return to_string(*range.from);
  return (range.from ? to_string(*range.from) : "") + ".." + (range.to ? to_string(*range.to) : "");
}

template <class Number>
std::string test_text(Segment::Compare compare, const Number& number) {
  switch (compare) {
    case Segment::Compare::kAtLeast:
      return fmt::format(" >= {}", number);
    case Segment::Compare::kAtMost:
      return fmt::format(" <= {}", number);
    case Segment::Compare::kExactly:
      break;
  }
  return fmt::format(" = {}", number);
}

std::string event_text(const Segment& segment) {
  std::string text = selector_text(segment.event);
  if (segment.range != DateRangeText{}) text += ", " + range_text(segment.range);
  if (segment.kind == Kind::kFirst) return "first(" + text + ")";
  if (segment.kind == Kind::kDeclined) {
    return fmt::format("declined({}, {}, {})", text, segment.decline.to_at_most,
                       segment.decline.from_at_least);
  }
  if (segment.kind == Kind::kFavourite) {
    return fmt::format("favourite({} of {}) = {}", name_text(segment.favourite.property), text,
                       name_text(segment.favourite.value));
  }
  if (segment.days) {
    return "days(" + text + ")" + test_text(segment.days->compare, segment.days->days);
  }
  if (segment.times) {
    return "times(" + text + ")" + test_text(segment.times->compare, segment.times->times);
  }
  if (segment.sum) {
    return "sum(" + text + ")" + test_text(segment.sum->compare, segment.sum->amount);
  }
  return "did(" + text + ")";
}

// Leaves out the fields that have their usual value.
template <class Ask>
std::string question_text(const Query& question, JsonFields (*fields_of)(const Query&),
                          std::string_view required) {
  Query usual;
  usual.ask.emplace<Ask>();
  const JsonFields left_out = fields_of(usual);
  JsonFields fields = fields_of(question);
  std::erase_if(fields, [&](const auto& field) {
    return field.first != required && std::ranges::find(left_out, field) != left_out.end();
  });
  return to_object(fields);
}

std::string variant_text(const Segment& segment) {
  return fmt::format(
      "variant({}, {})", name_text(segment.name),
      question_text<CompareQuery>(*segment.comparison, segment_comparison_fields, "metric"));
}

std::string funnel_text(const Segment& segment) {
  const std::string funnel =
      question_text<FunnelQuery>(*segment.funnel, segment_funnel_fields, "steps");
  if (segment.kind == Kind::kConverted) return fmt::format("converted({})", funnel);
  return fmt::format("dropped({}, {})", funnel, segment.at_step);
}

std::string audience_text(const Segment& segment) {
  const Segment::AudiencePart& part = segment.audience;
  std::string text = name_text(segment.name);
  if (part.run) text += ", run=" + name_text(*part.run);
  if (part.class_name) text += ", class=" + name_text(*part.class_name);
  if (part.arm) text += fmt::format(", arm={}", name_of(kArmNames, *part.arm));
  return "campaign(" + text + ")";
}

// Writes it in parentheses, unless it binds as tightly as `binding`.
std::string segment_text(const Segment& segment, Binding binding);

std::string list_text(const Segment& segment, std::string_view joint, Binding part_binding,
                      Binding binding) {
  if (segment.parts.size() == 1) return segment_text(segment.parts[0], binding);
  std::string text;
  for (const Segment& part : segment.parts) {
    if (!text.empty()) text += joint;
    text += segment_text(part, part_binding);
  }
  return binding_of(segment.kind) < binding ? "(" + text + ")" : text;
}

std::string segment_text(const Segment& segment, Binding binding) {
  switch (segment.kind) {
    case Kind::kAny:
      return list_text(segment, " or ", Binding::kAnd, binding);
    case Kind::kAll:
      return list_text(segment, " and ", Binding::kUnary, binding);
    case Kind::kNot:
      return "not " + segment_text(segment.parts[0], Binding::kUnary);
    case Kind::kFile:
      return "in_file(" + name_text(segment.name) + ")";
    case Kind::kSaved:
      return "segment(" + name_text(segment.name) + ")";
    case Kind::kAudience:
      return audience_text(segment);
    case Kind::kConverted:
    case Kind::kDropped:
      return funnel_text(segment);
    case Kind::kVariant:
      return variant_text(segment);
    case Kind::kDid:
    case Kind::kFirst:
    case Kind::kDeclined:
    case Kind::kFavourite:
      break;
  }
  return event_text(segment);
}

}  // namespace

std::string to_string(const Segment& segment) { return segment_text(segment, Binding::kOr); }

}  // namespace rollcall
