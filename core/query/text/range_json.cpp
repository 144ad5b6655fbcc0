#include "core/query/text/range_json.h"

#include "core/query/text/date_text.h"

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

FieldReader last_field(std::optional<LastSpan>& out) {
  return text_field("last", kLastSpansAllowed, out, parse_last_span);
}

void add_range(const std::optional<DateText>& from, const std::optional<DateText>& to,
               const std::optional<LastSpan>& last, JsonFields& fields) {
  if (from) fields.emplace_back("from", quote(to_string(*from)));
  if (to) fields.emplace_back("to", quote(to_string(*to)));
  if (last) fields.emplace_back("last", quote(to_string(*last)));
}

}  // namespace rollcall
