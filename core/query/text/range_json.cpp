#include "core/query/text/range_json.h"

namespace rollcall {
namespace {

template <class T, class Parse>
FieldReader text_field(std::string_view name, std::string_view allowed, std::optional<T>& out,
                       Parse parse) {
  return {name, [&out, allowed, parse](const Json& value, const std::string& path) {
            if (value.is_string()) out = parse(value.get<std::string>());
            return out ? Status() : unexpected(path, allowed, value);
          }};
}

}  // namespace

FieldReader date_field(std::string_view name, std::optional<DateText>& out) {
  return text_field(name, kDateTextsAllowed, out, parse_date_text);
}

FieldReader range_end_field(std::string_view name, std::optional<RangeEnd>& out) {
  return text_field(name, kRangeEndsAllowed, out, parse_range_end);
}

FieldReader last_field(std::optional<LastSpan>& out) {
  return text_field("last", kLastSpansAllowed, out, parse_last_span);
}

}  // namespace rollcall
