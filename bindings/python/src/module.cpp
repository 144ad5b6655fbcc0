// The extension module rollcall._core: the engine as Python's own classes see it. It is no public
// interface; the package around it is.
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "answer.h"
#include "capsules.h"
#include "errors.h"
#include "gil.h"
#include "held_engine.h"
#include "ingest.h"
#include "kind_table.h"
#include "objects.h"
#include "operations.h"
#include "options.h"
#include "parquet_call.h"
#include "rollcall/command_line.h"
#include "rollcall/query.h"
#include "rollcall/standard_descriptors.h"
#include "rollcall/store_copy.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace rollcall::python {
namespace {

std::unique_ptr<HeldEngine> open_store(std::string directory, bool in_memory, nb::dict options) {
  const Given given(std::move(options));
  Opening opening = read_opening(std::move(directory), in_memory, given);
  const StoreSettings wanted = *opening.engine.settings;
  std::unique_ptr<HeldEngine> held = HeldEngine::open(std::move(opening));
  if (!held->was_made()) raise_unless_ok(check_given_settings(given, wanted, held->settings()));
  return held;
}

Result<Answer> answer_of(const Engine& engine, const std::string& json, const QueryLimits& limits) {
  ROLLCALL_ASSIGN_OR_RETURN(const Query query, parse_query(json, engine.settings().time_zone));
  if (query.common.members) {
    ROLLCALL_ASSIGN_OR_RETURN(MemberIds ids, engine.members(query, limits));
    return Answer(std::move(ids));
  }
  ROLLCALL_ASSIGN_OR_RETURN(QueryResult result, engine.query(query, limits));
  return Answer(std::move(result));
}

// Most questions take less time than the thread that minds signals while a call runs. A question
// is therefore asked without one first, and given up soon.
std::unique_ptr<Answer> query(HeldEngine& held, const std::string& json,
                              std::optional<double> timeout) {
  constexpr double kSoon = 1e-3;  // seconds
  Result<Answer> answer = Status(StatusCode::kDeadlineExceeded, "");
  if (!timeout || *timeout > kSoon) {
    answer =
        held.with([&](Engine& engine) { return answer_of(engine, json, limits_of(kSoon, {})); });
  }
  if (answer.status().code() == StatusCode::kDeadlineExceeded) {
    answer = held.with_stop([&](Engine& engine, std::stop_token stop) {
      return answer_of(engine, json, limits_of(timeout, std::move(stop)));
    });
  }
  return std::make_unique<Answer>(value_or_raise(std::move(answer)));
}

nb::list query_all(HeldEngine& held, const std::string& json, std::optional<double> timeout) {
  std::vector<Answer> answers = value_or_raise(
      held.with_stop([&](Engine& engine, std::stop_token stop) -> Result<std::vector<Answer>> {
        ROLLCALL_ASSIGN_OR_RETURN(const std::vector<Query> queries,
                                  parse_queries(json, engine.settings().time_zone));
        ROLLCALL_ASSIGN_OR_RETURN(std::vector<QueryResult> results,
                                  engine.query(queries, limits_of(timeout, stop)));
        std::vector<Answer> all;
        for (QueryResult& result : results) all.emplace_back(std::move(result));
        return all;
      }));
  nb::list list;
  for (Answer& answer : answers) list.append(nb::cast(std::make_unique<Answer>(std::move(answer))));
  return list;
}

nb::dict explain(HeldEngine& held, const std::string& json, std::optional<double> timeout) {
  const Explanation told = value_or_raise(
      held.with_stop([&](Engine& engine, std::stop_token stop) -> Result<Explanation> {
        ROLLCALL_ASSIGN_OR_RETURN(const Query query,
                                  parse_query(json, engine.settings().time_zone));
        return engine.explain(query, limits_of(timeout, stop));
      }));
  return dict_of(told);
}

Status no_value(Status status) { return status; }

int run_command(const std::vector<nb::bytes>& given, const nb::object& read_parquet) {
  std::vector<std::string> arguments;
  for (const nb::bytes& argument : given) arguments.emplace_back(argument.c_str(), argument.size());
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  const ReadParquet reader = parquet_of_commands(read_parquet);
  const GilRelease release;
  return run_command_line(static_cast<int>(arguments.size()), pointers.data(), reader);
}

}  // namespace
}  // namespace rollcall::python

NB_MODULE(_core, module) {
  using namespace rollcall;
  using namespace rollcall::python;
  // Engines that are open at the end are closed by the package; nothing is printed.
  nb::set_leak_warnings(false);
  raise_unless_ok(open_standard_descriptors());

  bind_answer(module);
  nb::class_<HeldEngine> engine(module, "Engine", nb::is_weak_referenceable());
  engine.def("close", [](HeldEngine& held) { raise_unless_ok(held.close()); })
      .def("close_at_exit", [](HeldEngine& held) { raise_unless_ok(held.close_at_exit()); })
      .def_prop_ro("is_closed", &HeldEngine::is_closed)
      .def_prop_ro("is_own_process", &HeldEngine::is_own_process)
      .def_prop_ro("directory", &HeldEngine::name)
      .def("query", &query, "json"_a, "timeout"_a.none())
      .def("query_all", &query_all, "json"_a, "timeout"_a.none())
      .def("explain", &explain, "json"_a, "timeout"_a.none())
      .def("checkpoint",
           [](HeldEngine& held) {
             raise_unless_ok(held.with([](Engine& e) { return no_value(e.checkpoint()); }));
           })
      .def("compact", [](HeldEngine& held) {
        raise_unless_ok(held.with([](Engine& e) { return no_value(e.compact()); }));
      });
  bind_ingest(engine);
  bind_objects(engine);
  bind_operations(engine);

  module.def("open", &open_store, "directory"_a, "in_memory"_a, "options"_a);
  module.def("run_command_line", &run_command, "arguments"_a, "read_parquet"_a);
  module.def("kind_table", &kind_table);
  module.def("columns_capsule", &columns_capsule, "columns"_a, "length"_a);
  module.def("status_codes", [] {
    nb::list names;
    for (auto code = StatusCode::kInvalidArgument; code <= StatusCode::kUncertain;
         code = static_cast<StatusCode>(static_cast<int>(code) + 1)) {
      names.append(code_name(code));
    }
    return names;
  });
  module.def("copy_store", [](const std::string& from, const std::string& to) {
    Result<StoreCopy> copied = Status();
    {
      const GilRelease release;
      copied = copy_rocks_store(from, to);
    }
    const StoreCopy copy = value_or_raise(std::move(copied));
    nb::dict told;
    told["epoch"] = copy.epoch;
    told["page_count"] = copy.page_count;
    told["bytes"] = copy.bytes;
    return told;
  });
}
