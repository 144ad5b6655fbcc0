#include "core/query/text/query_json.h"

#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/query/text/date_text.h"
#include "core/query/text/instant_text.h"
#include "core/query/text/query_names.h"
#include "core/query/text/range_json.h"
#include "core/query/text/segment_json.h"
#include "core/query/text/selector_json.h"

namespace rollcall {
namespace {

std::string members_json(const Members& members) {
  JsonFields where;
  for (const auto& [column, value] : members.where) where.emplace_back(column, quote(value));
  JsonFields fields = {{"where", to_object(where)}};
  if (!members.of.empty()) fields.emplace_back("of", quote(members.of));
  if (members.limit) fields.emplace_back("limit", std::to_string(*members.limit));
  if (!members.after.empty()) fields.emplace_back("after", quote(members.after));
  return to_object(fields);
}

}  // namespace

std::string as_of_text(const AsOf& as_of) {
  if (const auto* time = std::get_if<TimeUs>(&as_of)) return format_instant(*time);
  if (const auto* day = std::get_if<Day>(&as_of)) return to_string(*day);
  return to_string(DateText(std::get<RelativeDate>(as_of)));
}

void add_common(const QueryCommon& common, JsonFields of_breakdown, JsonFields& fields) {
  if (!common.where.empty()) fields.emplace_back("where", where_json(common.where));
  if (common.among) fields.emplace_back("among", segment_json(*common.among));
  if (!common.breakdown.empty()) {
    fields.emplace_back("breakdown", quote(common.breakdown));
    fields.emplace_back("breakdown_limit", std::to_string(common.breakdown_limit));
    fields.insert(fields.end(), std::make_move_iterator(of_breakdown.begin()),
                  std::make_move_iterator(of_breakdown.end()));
  }
  if (common.members) fields.emplace_back("members", members_json(*common.members));
}

void add_dates(const QueryCommon& common, JsonFields& fields) {
  add_range(common.from, common.to, common.last, fields);
  if (common.as_of) fields.emplace_back("as_of", quote(as_of_text(*common.as_of)));
}

std::string quote(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string to_object(const JsonFields& fields) {
  std::string object;
  for (const auto& [name, value] : fields) {
    object += (object.empty() ? "" : ", ") + quote(name) + ": " + value;
  }
  return "{" + object + "}";
}

std::string integer_list(const std::vector<std::int32_t>& numbers) {
  return fmt::format("[{}]", fmt::join(numbers, ", "));
}

std::string to_string(Period period) { return std::string(name_of(kAllPeriodNames, period)); }

}  // namespace rollcall
