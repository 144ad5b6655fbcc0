#include "kind_table.h"

#include <span>
#include <string_view>

#include "rollcall/kinds.h"

namespace nb = nanobind;

namespace rollcall::python {
namespace {

nb::str text(std::string_view view) { return nb::str(view.data(), view.size()); }

nb::list texts(std::span<const std::string_view> views) {
  nb::list list;
  for (const std::string_view view : views) list.append(text(view));
  return list;
}

const char* name_of_type(FieldType type) {
  switch (type) {
    case FieldType::kEvent:
      return "event";
    case FieldType::kConditions:
      return "conditions";
    case FieldType::kSegment:
      return "segment";
    case FieldType::kMembers:
      return "members";
    case FieldType::kProperty:
      return "property";
    case FieldType::kWord:
      return "word";
    case FieldType::kInteger:
      return "integer";
    case FieldType::kIntegers:
      return "integers";
    case FieldType::kDate:
      return "date";
    case FieldType::kSpan:
      return "span";
    case FieldType::kInstant:
      return "instant";
    case FieldType::kInstants:
      return "instants";
    case FieldType::kEvents:
      return "events";
    case FieldType::kExclusions:
      return "exclusions";
    case FieldType::kLength:
      return "length";
    case FieldType::kFlag:
      return "flag";
    case FieldType::kNames:
      return "names";
    case FieldType::kRules:
      return "rules";
    case FieldType::kEdges:
      return "edges";
    case FieldType::kSegments:
      return "segments";
    case FieldType::kText:
      return "text";
    case FieldType::kAmounts:
      return "amounts";
    case FieldType::kTexts:
      return "texts";
    case FieldType::kMetric:
      return "metric";
    case FieldType::kVariants:
      return "variants";
    case FieldType::kShares:
      return "shares";
    case FieldType::kUser:
      return "user";
  }
  return "unknown";
}

nb::list fields(std::span<const QueryField> all) {
  nb::list list;
  for (const QueryField& field : all) {
    nb::dict entry;
    entry["name"] = text(field.name);
    entry["type"] = name_of_type(field.type);
    entry["meaning"] = text(field.meaning);
    entry["default_json"] = text(field.default_json);
    entry["words"] = texts(field.words);
    entry["min"] = field.min;
    entry["max"] = field.max;
    entry["place"] = text(field.place.empty() ? field.name : field.place);
    entry["stands_for"] = texts(field.stands_for);
    entry["excludes"] = texts(field.excludes);
    entry["needs"] = text(field.needs);
    entry["is_required"] = field.is_required;
    list.append(entry);
  }
  return list;
}

}  // namespace

nb::dict kind_table() {
  nb::list kinds;
  for (const QueryKind& kind : query_kinds()) {
    nb::dict entry;
    entry["name"] = text(kind.name);
    entry["summary"] = text(kind.summary);
    entry["fields"] = fields(kind.fields);
    entry["takes_range"] = kind.takes_range;
    entry["chart"] = text(kind.chart);
    entry["range_needs"] = text(kind.range_needs);
    entry["shows_percent"] = kind.shows_percent;
    entry["has_members"] = kind.has_members;
    kinds.append(entry);
  }
  nb::dict table;
  table["kinds"] = kinds;
  table["common_fields"] = fields(common_fields());
  table["range_fields"] = fields(range_fields());
  return table;
}

}  // namespace rollcall::python
