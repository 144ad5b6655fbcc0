// The calls of rollcall.h that have an engine.
#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include "bindings/c/handles.h"
#include "bindings/c/option_json.h"
#include "bindings/c/report_json.h"
#include "rollcall/arrow.h"
#include "rollcall/arrow_result.h"
#include "rollcall/campaign.h"
#include "rollcall/member_ids.h"
#include "rollcall/memory_store.h"
#include "rollcall/message_text.h"
#include "rollcall/query.h"
#include "rollcall/roaring.h"
#include "rollcall/saved_definitions.h"
#include "rollcall/standard_descriptors.h"
#include "rollcall/store_copy.h"

namespace rollcall::c {
namespace {

// Sets `directory`, as the caller names it, to where it is, or to nothing for a store in memory.
// The program may go to another directory later, and the store must not go with it.
Status find_place(const OpenOptions& options, std::string& directory) {
  if (options.in_memory) {
    if (!directory.empty()) {
      return Status::invalid_argument(
          fmt::format("directory: {}, with in_memory (allowed: none)", quoted_excerpt(directory)));
    }
    if (!options.store.read_only) return {};
    return Status::invalid_argument("options: read_only, with in_memory (allowed: one of them)");
  }
  if (directory.empty()) {
    return Status::invalid_argument(
        "directory: is empty (allowed: a path; or the option {\"in_memory\": true})");
  }
  std::error_code error;
  directory = std::filesystem::absolute(directory, error).string();
  if (error) return Status::io_error("the working directory: " + error.message());
  return {};
}

bool is_list(std::string_view json) {
  const std::size_t first = json.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && json[first] == '[';
}

Result<std::string> answer_json(const Engine& engine, std::string_view question,
                                const QueryLimits& limits) {
  if (!is_list(question)) {
    ROLLCALL_ASSIGN_OR_RETURN(const QueryResult result, engine.query(question, limits));
    return to_json(result);
  }
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<Query> queries,
                            parse_queries(question, engine.settings().time_zone));
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<QueryResult> results, engine.query(queries, limits));
  std::string json = "[";
  for (const QueryResult& result : results) {
    if (&result != results.data()) json += ", ";
    json += to_json(result);
  }
  return json + "]";
}

constexpr ObjectKind kKinds[] = {ObjectKind::kSegment, ObjectKind::kQuestion, ObjectKind::kCampaign,
                                 ObjectKind::kAlert};

Result<ObjectKind> kind_of(std::string_view name) {
  std::vector<std::string> allowed;
  for (const ObjectKind kind : kKinds) {
    if (to_string(kind) == name) return kind;
    allowed.emplace_back(to_string(kind));
  }
  return Status::invalid_argument("kind: " + unknown_name("kind", name, allowed));
}

// Answers a question, with a column of ids if it asks for members.
using RowsOrIds = std::variant<QueryResult, MemberIds>;
Result<RowsOrIds> answer_of(const Engine& engine, std::string_view json,
                            const QueryLimits& limits) {
  ROLLCALL_ASSIGN_OR_RETURN(const Query query, parse_query(json, engine.settings().time_zone));
  if (query.common.members) {
    ROLLCALL_ASSIGN_OR_RETURN(MemberIds ids, engine.members(query, limits));
    return RowsOrIds(std::move(ids));
  }
  ROLLCALL_ASSIGN_OR_RETURN(QueryResult result, engine.query(query, limits));
  return RowsOrIds(std::move(result));
}

// Returns the rows of an answer, also of ids.
QueryResult rows_of(RowsOrIds answer) {
  if (const auto* const ids = std::get_if<MemberIds>(&answer)) return ids->with_rows();
  return std::get<QueryResult>(std::move(answer));
}

// Owns a stream until an ingest takes it, so that it is released whatever fails before.
class StreamOwner {
 public:
  explicit StreamOwner(ArrowArrayStream* stream) : stream_(stream) {}
  StreamOwner(const StreamOwner&) = delete;
  StreamOwner& operator=(const StreamOwner&) = delete;
  ~StreamOwner() {
    if (stream_ != nullptr && stream_->release != nullptr) stream_->release(stream_);
  }

 private:
  ArrowArrayStream* const stream_;
};

}  // namespace
}  // namespace rollcall::c

using rollcall::Engine;
using rollcall::Result;
using rollcall::Status;
using rollcall::c::null_fault;
using rollcall::c::Output;
using rollcall::c::run_call;
using rollcall::c::run_engine_call;
using rollcall::c::run_listing_call;
using rollcall::c::run_text_call;
using rollcall::c::text_of;

extern "C" {

// --- Stores. ---

std::int32_t rollcall_open(const char* directory, std::size_t directory_size, const char* options,
                           std::size_t options_size, rollcall_engine** out,
                           rollcall_error** error) {
  if (out != nullptr) *out = nullptr;
  return run_call(error, [&]() -> Status {
    if (out == nullptr) return null_fault("out");
    ROLLCALL_ASSIGN_OR_RETURN(const std::string_view place,
                              text_of("directory", directory, directory_size));
    ROLLCALL_ASSIGN_OR_RETURN(const std::string_view json,
                              text_of("options", options, options_size));
    ROLLCALL_ASSIGN_OR_RETURN(const rollcall::c::OpenOptions chosen,
                              rollcall::c::read_open_options(json));
    ROLLCALL_RETURN_IF_ERROR(rollcall::open_standard_descriptors());
    auto handle = std::make_unique<rollcall_engine>();
    handle->directory = place;
    ROLLCALL_RETURN_IF_ERROR(rollcall::c::find_place(chosen, handle->directory));
    ROLLCALL_ASSIGN_OR_RETURN(
        auto store, chosen.in_memory
                        ? Result<std::unique_ptr<rollcall::Store>>(rollcall::open_memory_store())
                        : rollcall::open_rocks_store(handle->directory, chosen.store));
    ROLLCALL_ASSIGN_OR_RETURN(handle->engine, Engine::open(std::move(store), chosen.engine));
    *out = handle.release();
    return {};
  });
}

std::int32_t rollcall_close(rollcall_engine* engine, rollcall_error** error) {
  return run_engine_call(engine, error, [](Engine& opened) { return opened.close(); });
}

void rollcall_engine_free(rollcall_engine* engine) { delete engine; }

std::int32_t rollcall_checkpoint(rollcall_engine* engine, rollcall_error** error) {
  return run_engine_call(engine, error, [](Engine& opened) { return opened.checkpoint(); });
}

std::int32_t rollcall_compact(rollcall_engine* engine, rollcall_error** error) {
  return run_engine_call(engine, error, [](Engine& opened) { return opened.compact(); });
}

std::int32_t rollcall_verify(rollcall_engine* engine, char** out, std::size_t* size,
                             rollcall_error** error) {
  return run_text_call(engine, {out, size}, false, error,
                       [](const Engine& opened) -> Result<std::string> {
                         ROLLCALL_ASSIGN_OR_RETURN(const auto report, opened.verify());
                         return rollcall::c::verify_json(report);
                       });
}

std::int32_t rollcall_info(rollcall_engine* engine, char** out, std::size_t* size,
                           rollcall_error** error) {
  return run_listing_call(engine, {out, size}, error, [](const Engine& opened) {
    return rollcall::c::info_json(opened.info());
  });
}

std::int32_t rollcall_sources(rollcall_engine* engine, char** out, std::size_t* size,
                              rollcall_error** error) {
  return run_listing_call(engine, {out, size}, error, [](const Engine& opened) {
    return rollcall::c::sources_json(opened.sources());
  });
}

std::int32_t rollcall_copy(const char* from, std::size_t from_size, const char* to,
                           std::size_t to_size, char** out, std::size_t* size,
                           rollcall_error** error) {
  const Output output{out, size};
  output.clear();
  return run_call(error, [&]() -> Status {
    ROLLCALL_ASSIGN_OR_RETURN(const std::string_view source, text_of("from", from, from_size));
    ROLLCALL_ASSIGN_OR_RETURN(const std::string_view target, text_of("to", to, to_size));
    if (out == nullptr) return null_fault("out");
    ROLLCALL_ASSIGN_OR_RETURN(const auto copy,
                              rollcall::copy_rocks_store(std::string(source), std::string(target)));
    output.write(rollcall::c::copy_json(copy));
    return {};
  });
}

// --- Events. ---

std::int32_t rollcall_ingest_arrow(rollcall_engine* engine, ArrowArrayStream* stream,
                                   const char* columns, std::size_t columns_size,
                                   const char* delivery, std::size_t delivery_size, char** out,
                                   std::size_t* size, rollcall_error** error) {
  const rollcall::c::StreamOwner owner(stream);
  return run_text_call(
      engine, {out, size}, true, error, [&](Engine& opened) -> Result<std::string> {
        if (stream == nullptr) return null_fault("stream");
        ROLLCALL_ASSIGN_OR_RETURN(const std::string_view columns_json,
                                  text_of("columns", columns, columns_size));
        ROLLCALL_ASSIGN_OR_RETURN(const auto chosen, rollcall::c::read_arrow_columns(columns_json));
        ROLLCALL_ASSIGN_OR_RETURN(const std::string_view delivery_json,
                                  text_of("delivery", delivery, delivery_size));
        ROLLCALL_ASSIGN_OR_RETURN(const auto delivered, rollcall::c::read_delivery(delivery_json));
        rollcall::IngestOutcome outcome;
        ROLLCALL_ASSIGN_OR_RETURN(
            const std::uint64_t rows,
            rollcall::ingest_arrow_stream(opened, stream, chosen, delivered.view(), &outcome));
        return rollcall::c::outcome_json(rows, outcome);
      });
}

std::int32_t rollcall_ingest_files(rollcall_engine* engine, const char* paths,
                                   std::size_t paths_size, const char* options,
                                   std::size_t options_size, const rollcall_stop* stop, char** out,
                                   std::size_t* size, rollcall_error** error) {
  return run_text_call(
      engine, {out, size}, true, error, [&](Engine& opened) -> Result<std::string> {
        ROLLCALL_ASSIGN_OR_RETURN(const std::string_view paths_json,
                                  text_of("paths", paths, paths_size));
        ROLLCALL_ASSIGN_OR_RETURN(const auto files, rollcall::c::read_texts(paths_json, "paths"));
        ROLLCALL_ASSIGN_OR_RETURN(const std::string_view options_json,
                                  text_of("options", options, options_size));
        ROLLCALL_ASSIGN_OR_RETURN(
            auto chosen, rollcall::c::read_file_options(options_json, opened.settings().time_zone));
        if (stop != nullptr) chosen.hooks.stop = stop->source.get_token();
        ROLLCALL_ASSIGN_OR_RETURN(
            const auto report, rollcall::ingest_files(opened, files, chosen.source, chosen.hooks));
        return rollcall::c::report_json(report);
      });
}

std::int32_t rollcall_forget(rollcall_engine* engine, const char* users, std::size_t users_size,
                             std::uint64_t* known, rollcall_error** error) {
  if (known != nullptr) *known = 0;
  return run_engine_call(engine, error, [&](Engine& opened) -> Status {
    ROLLCALL_ASSIGN_OR_RETURN(const std::string_view json, text_of("users", users, users_size));
    ROLLCALL_ASSIGN_OR_RETURN(const auto ids,
                              rollcall::c::read_users(json, opened.settings().user_kind));
    ROLLCALL_ASSIGN_OR_RETURN(const std::uint64_t forgotten, opened.forget(ids));
    if (known != nullptr) *known = forgotten;
    return {};
  });
}

// --- Questions. ---

std::int32_t rollcall_query(rollcall_engine* engine, const char* question,
                            std::size_t question_size, const rollcall_stop* stop,
                            std::uint64_t timeout_ms, char** out, std::size_t* size,
                            rollcall_error** error) {
  return run_text_call(
      engine, {out, size}, false, error, [&](const Engine& opened) -> Result<std::string> {
        ROLLCALL_ASSIGN_OR_RETURN(const std::string_view json,
                                  text_of("question", question, question_size));
        return rollcall::c::answer_json(opened, json, rollcall::c::limits_of(stop, timeout_ms));
      });
}

std::int32_t rollcall_query_arrow(rollcall_engine* engine, const char* question,
                                  std::size_t question_size, const rollcall_stop* stop,
                                  std::uint64_t timeout_ms, ArrowArrayStream* out,
                                  rollcall_error** error) {
  if (out != nullptr) *out = {};
  return run_engine_call(engine, error, [&](const Engine& opened) -> Status {
    if (out == nullptr) return null_fault("out");
    ROLLCALL_ASSIGN_OR_RETURN(const std::string_view json,
                              text_of("question", question, question_size));
    ROLLCALL_ASSIGN_OR_RETURN(
        auto answer,
        rollcall::c::answer_of(opened, json, rollcall::c::limits_of(stop, timeout_ms)));
    if (auto* const ids = std::get_if<rollcall::MemberIds>(&answer)) {
      return rollcall::export_arrow_stream(
          std::make_shared<const rollcall::MemberIds>(std::move(*ids)), out);
    }
    return rollcall::export_arrow_stream(std::get<rollcall::QueryResult>(std::move(answer)), out);
  });
}

std::int32_t rollcall_query_roaring(rollcall_engine* engine, const char* question,
                                    std::size_t question_size, const rollcall_stop* stop,
                                    std::uint64_t timeout_ms, char** out, std::size_t* size,
                                    rollcall_error** error) {
  return run_text_call(
      engine, {out, size}, false, error, [&](const Engine& opened) -> Result<std::string> {
        ROLLCALL_ASSIGN_OR_RETURN(const std::string_view json,
                                  text_of("question", question, question_size));
        ROLLCALL_ASSIGN_OR_RETURN(
            auto answer,
            rollcall::c::answer_of(opened, json, rollcall::c::limits_of(stop, timeout_ms)));
        auto* const ids = std::get_if<rollcall::MemberIds>(&answer);
        if (ids != nullptr && ids->kind == rollcall::UserKind::kInteger) {
          return rollcall::to_roaring(std::move(ids->numbers));
        }
        return rollcall::to_roaring(rollcall::c::rows_of(std::move(answer)),
                                    opened.settings().user_kind);
      });
}

std::int32_t rollcall_write_roaring(rollcall_engine* engine, const char* question,
                                    std::size_t question_size, const rollcall_stop* stop,
                                    std::uint64_t timeout_ms, const char* path,
                                    std::size_t path_size, rollcall_error** error) {
  return run_engine_call(engine, error, [&](const Engine& opened) -> Status {
    ROLLCALL_ASSIGN_OR_RETURN(const std::string_view json,
                              text_of("question", question, question_size));
    ROLLCALL_ASSIGN_OR_RETURN(const std::string_view file, text_of("path", path, path_size));
    ROLLCALL_ASSIGN_OR_RETURN(
        auto answer,
        rollcall::c::answer_of(opened, json, rollcall::c::limits_of(stop, timeout_ms)));
    return rollcall::write_roaring_file(rollcall::c::rows_of(std::move(answer)),
                                        opened.settings().user_kind, std::string(file));
  });
}

std::int32_t rollcall_explain(rollcall_engine* engine, const char* question,
                              std::size_t question_size, const rollcall_stop* stop,
                              std::uint64_t timeout_ms, char** out, std::size_t* size,
                              rollcall_error** error) {
  return run_text_call(
      engine, {out, size}, false, error, [&](const Engine& opened) -> Result<std::string> {
        ROLLCALL_ASSIGN_OR_RETURN(const std::string_view json,
                                  text_of("question", question, question_size));
        ROLLCALL_ASSIGN_OR_RETURN(const rollcall::Query query,
                                  rollcall::parse_query(json, opened.settings().time_zone));
        ROLLCALL_ASSIGN_OR_RETURN(const auto explanation,
                                  opened.explain(query, rollcall::c::limits_of(stop, timeout_ms)));
        return rollcall::c::explanation_json(explanation);
      });
}

// --- What a store keeps by name. ---

std::int32_t rollcall_save_objects(rollcall_engine* engine, const char* objects,
                                   std::size_t objects_size, std::int32_t replace,
                                   rollcall_error** error) {
  return run_engine_call(engine, error, [&](Engine& opened) -> Status {
    ROLLCALL_ASSIGN_OR_RETURN(const std::string_view json,
                              text_of("objects", objects, objects_size));
    ROLLCALL_ASSIGN_OR_RETURN(const auto parsed, rollcall::parse_objects(json));
    ROLLCALL_RETURN_IF_ERROR(rollcall::check_definitions(parsed, opened.settings().time_zone));
    return opened.save_objects(parsed, rollcall::c::on_same_name(replace));
  });
}

std::int32_t rollcall_drop_object(rollcall_engine* engine, const char* kind, std::size_t kind_size,
                                  const char* name, std::size_t name_size, rollcall_error** error) {
  return run_engine_call(engine, error, [&](Engine& opened) -> Status {
    ROLLCALL_ASSIGN_OR_RETURN(const std::string_view word, text_of("kind", kind, kind_size));
    ROLLCALL_ASSIGN_OR_RETURN(const auto parsed, rollcall::c::kind_of(word));
    ROLLCALL_ASSIGN_OR_RETURN(const std::string_view object, text_of("name", name, name_size));
    return opened.drop_object(parsed, std::string(object));
  });
}

std::int32_t rollcall_objects(rollcall_engine* engine, const char* kind, std::size_t kind_size,
                              char** out, std::size_t* size, rollcall_error** error) {
  return run_text_call(
      engine, {out, size}, false, error, [&](const Engine& opened) -> Result<std::string> {
        ROLLCALL_RETURN_IF_ERROR(opened.prepare({}).status());
        ROLLCALL_ASSIGN_OR_RETURN(const std::string_view word, text_of("kind", kind, kind_size));
        if (!word.empty()) {
          ROLLCALL_ASSIGN_OR_RETURN(const auto parsed, rollcall::c::kind_of(word));
          return rollcall::objects_json(opened.objects(parsed));
        }
        std::vector<rollcall::SavedObject> objects;
        for (const auto each : rollcall::c::kKinds) {
          for (auto& object : opened.objects(each)) objects.push_back(std::move(object));
        }
        return rollcall::objects_json(objects);
      });
}

std::int32_t rollcall_segments(rollcall_engine* engine, char** out, std::size_t* size,
                               rollcall_error** error) {
  return run_listing_call(engine, {out, size}, error, [](const Engine& opened) {
    return rollcall::c::segments_json(opened.segments());
  });
}

std::int32_t rollcall_freeze(rollcall_engine* engine, const char* request, std::size_t request_size,
                             const rollcall_stop* stop, std::uint64_t timeout_ms, char** out,
                             std::size_t* size, rollcall_error** error) {
  return run_text_call(
      engine, {out, size}, true, error, [&](Engine& opened) -> Result<std::string> {
        ROLLCALL_ASSIGN_OR_RETURN(const std::string_view json,
                                  text_of("request", request, request_size));
        ROLLCALL_ASSIGN_OR_RETURN(const auto audience, rollcall::c::read_audience_request(
                                                           json, opened.settings().time_zone));
        ROLLCALL_ASSIGN_OR_RETURN(
            const auto frozen, opened.freeze(audience, rollcall::c::limits_of(stop, timeout_ms)));
        return rollcall::c::audience_json(frozen);
      });
}

std::int32_t rollcall_drop_audience(rollcall_engine* engine, const char* campaign,
                                    std::size_t campaign_size, const char* run,
                                    std::size_t run_size, rollcall_error** error) {
  return run_engine_call(engine, error, [&](Engine& opened) -> Status {
    ROLLCALL_ASSIGN_OR_RETURN(const std::string_view name,
                              text_of("campaign", campaign, campaign_size));
    ROLLCALL_ASSIGN_OR_RETURN(const std::string_view of_run, text_of("run", run, run_size));
    return opened.drop_audience({std::string(name), std::string(of_run)});
  });
}

std::int32_t rollcall_audiences(rollcall_engine* engine, char** out, std::size_t* size,
                                rollcall_error** error) {
  return run_listing_call(engine, {out, size}, error, [](const Engine& opened) {
    return rollcall::c::audiences_json(opened.audiences());
  });
}

}  // extern "C"
