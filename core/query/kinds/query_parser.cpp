// This file reads and writes questions as JSON. The fields of a question are read as the row of its
// kind says.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/guard.h"
#include "core/query/kinds/kind_table.h"
#include "core/query/text/json_reader.h"
#include "core/query/text/query_object.h"
#include "core/query/text/query_validation.h"
#include "core/query/text/segment_json.h"
#include "rollcall/json.h"
#include "rollcall/kinds.h"
#include "rollcall/message_text.h"
#include "rollcall/query.h"

namespace rollcall {
namespace {

// One array may have this many questions.
constexpr std::size_t kQuestionsMax = 1'000;

std::vector<std::string> kind_names() {
  std::vector<std::string> names;
  for (const QueryKind& kind : query_kinds()) names.emplace_back(kind.name);
  return names;
}

Status read_query(const Json& document, std::string_view time_zone, Query& query) {
  if (!document.is_object()) return unexpected("query", "an object", document);
  const std::vector<std::string> kinds = kind_names();
  const Json* const kind = document.find("kind");
  if (kind == nullptr) {
    return Status::invalid_argument(
        fmt::format("query: missing field \"kind\", allowed: {}", fmt::join(kinds, ", ")));
  }
  if (!kind->is_string()) {
    return unexpected("query: kind", fmt::format("one of {}", fmt::join(kinds, ", ")), *kind);
  }
  const std::string& name = kind->get<std::string>();
  const std::optional<Status> status = parse_kind(name, document, time_zone, query);
  if (status) return *status;
  return Status::invalid_argument(fmt::format("query: {}", unknown_name("kind", name, kinds)));
}

Result<Query> to_query(const Json& document, std::string_view time_zone) {
  Query query;
  ROLLCALL_RETURN_IF_ERROR(read_query(document, time_zone, query));
  ROLLCALL_RETURN_IF_ERROR(validate(query));
  return query;
}

Result<Json> read_document(std::string_view json, std::string_view what) {
  Result<Json> document = parse_json(json);
  if (document.ok()) return document;
  return Status::invalid_argument(fmt::format("{}: {}", what, document.status().message()));
}

Result<std::vector<Query>> to_queries(std::string_view json, std::string_view time_zone) {
  ROLLCALL_ASSIGN_OR_RETURN(const Json document, read_document(json, "query"));
  if (!document.is_array()) {
    ROLLCALL_ASSIGN_OR_RETURN(Query query, to_query(document, time_zone));
    return std::vector<Query>{std::move(query)};
  }
  std::vector<Query> queries;
  const auto& list = document.get<Json::Array>();
  if (list.size() > kQuestionsMax) {
    return Status::invalid_argument(fmt::format(
        "query: has too many questions: found {}, allowed: {}", list.size(), kQuestionsMax));
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    Result<Query> query = to_query(list[i], time_zone);
    if (!query.ok()) {
      return query.status().within(fmt::format("[{}]", i));
    }
    queries.push_back(*std::move(query));
  }
  return queries;
}

}  // namespace

Result<Query> parse_query(std::string_view json, std::string_view time_zone) {
  return guarded("query", [&]() -> Result<Query> {
    ROLLCALL_ASSIGN_OR_RETURN(const Json document, read_document(json, "query"));
    return to_query(document, time_zone);
  });
}

Result<std::vector<Query>> parse_queries(std::string_view json, std::string_view time_zone) {
  return guarded("query", [&] { return to_queries(json, time_zone); });
}

Result<Segment> parse_segment_json(std::string_view json, std::string_view field) {
  return guarded(field, [&]() -> Result<Segment> {
    ROLLCALL_ASSIGN_OR_RETURN(const Json document, read_document(json, field));
    Segment segment;
    ROLLCALL_RETURN_IF_ERROR(read_segment(document, std::string(field), segment));
    if (const Status status = check_segment(field, segment); !status.ok()) {
      return status.as(StatusCode::kInvalidArgument);
    }
    return segment;
  });
}

Result<AsOf> parse_as_of_json(std::string_view json, std::string_view field,
                              std::string_view time_zone) {
  return guarded(field, [&]() -> Result<AsOf> {
    ROLLCALL_ASSIGN_OR_RETURN(const Json document, read_document(json, field));
    AsOf as_of;
    ROLLCALL_RETURN_IF_ERROR(read_as_of(document, std::string(field), time_zone, as_of));
    return as_of;
  });
}

}  // namespace rollcall
