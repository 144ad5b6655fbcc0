#include "ingest.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arrow_stream.h"
#include "capsules.h"
#include "options.h"
#include "rollcall/file_source.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace rollcall::python {
namespace {

// Holds what an ingest that is under way tells about itself.
struct Counters {
  std::atomic<std::uint64_t> rows = 0;
  std::atomic<std::uint64_t> bytes = 0;
  std::atomic<std::uint64_t> bytes_total = 0;  // 0: unknown
};

// Calls `progress(rows, bytes, bytes_total)` five times a second at most, unless it is None.
template <class Read>
Report report_to(nb::object progress, Read read) {
  if (progress.is_none()) return {};
  using Clock = std::chrono::steady_clock;
  return [progress = std::move(progress), read, last = Clock::time_point()]() mutable {
    if (Clock::now() - last < std::chrono::milliseconds(200)) return;
    last = Clock::now();
    read(progress);
  };
}

ArrowColumns read_columns(const Given& given) {
  constexpr std::string_view kName = "the name of a column";
  ArrowColumns columns;
  given.read("user", kName, columns.user);
  given.read("time", kName, columns.time);
  given.read("event", kName, columns.event);
  given.read("event_name", "a text", columns.event_name);
  given.read("value", kName, columns.value);
  return columns;
}

// Ingests what Arrow has in one piece, with the position of its source. It is not stopped halfway,
// since the position tells of all of it.
std::uint64_t ingest_piece(HeldEngine& held, nb::object source, nb::dict options, std::string id,
                           std::string position) {
  const ArrowColumns columns = read_columns(Given(std::move(options)));
  OwnedStream stream = take_stream(std::move(source));
  const SourcePosition positions[] = {{std::move(id), std::move(position)}};
  return value_or_raise(held.with([&](Engine& engine) {
    return ingest_arrow_stream(engine, stream.get(), columns, Delivery{.positions = positions});
  }));
}

// Ingests what Arrow has. If Python ends the call, the rows that were read are committed.
std::uint64_t ingest_arrow(HeldEngine& held, nb::object source, nb::dict options,
                           nb::object progress) {
  const ArrowColumns columns = read_columns(Given(std::move(options)));
  OwnedStream stream = take_stream(std::move(source));
  auto counted = std::make_shared<StreamProgress>();
  const Report report = report_to(
      std::move(progress), [counted](const nb::object& call) { call(counted->rows.load(), 0, 0); });
  const auto ingest = [&](Engine& engine, std::stop_token stop) -> Result<std::uint64_t> {
    OwnedStream stoppable(new ArrowArrayStream{});
    make_stoppable(stream.get(), stop, counted, stoppable.get());
    Result<std::uint64_t> rows = ingest_arrow_stream(engine, stoppable.get(), columns);
    if (stop.stop_requested()) ROLLCALL_RETURN_IF_ERROR(engine.checkpoint());
    return rows;
  };
  return value_or_raise(held.with_stop(ingest, report));
}

nb::list texts_of(const std::vector<HintedText>& hinted) {
  nb::list texts;
  for (const HintedText& text : hinted) texts.append(nb::cast(text.text));
  return texts;
}

nb::list examples_of(const std::vector<RejectedRow>& rows) {
  nb::list examples;
  for (const RejectedRow& row : rows) {
    nb::dict told;
    told["file"] = row.file;
    told["line"] = row.line;
    told["column"] = row.column;
    told["reason"] = row.reason;
    examples.append(told);
  }
  return examples;
}

nb::dict dict_of(const IngestReport& report) {
  nb::dict told;
  told["rows_read"] = report.rows_read;
  told["rows_ingested"] = report.rows_ingested;
  told["rows_rejected"] = report.rows_rejected;
  nb::dict rejected;
  for (const RejectCount& count : report.rejected_by_kind) {
    rejected[nb::cast(std::string(to_string(count.kind)))] = count.rows;
  }
  told["rejected"] = rejected;
  told["examples"] = examples_of(report.examples);
  told["notes"] = texts_of(report.notes);
  return told;
}

nb::dict ingest_paths(HeldEngine& held, const std::vector<std::string>& paths, nb::dict options,
                      bool strict, nb::object progress) {
  const SourceOptions source = read_source_options(Given(std::move(options)));
  auto counters = std::make_shared<Counters>();
  const Report report = report_to(std::move(progress), [counters](const nb::object& call) {
    call(counters->rows.load(), counters->bytes.load(), counters->bytes_total.load());
  });
  const auto ingest = [&](Engine& engine, std::stop_token stop) {
    IngestHooks hooks;
    hooks.stop = stop;
    hooks.strict = strict;
    hooks.progress = [&](const IngestProgress& made) {
      counters->rows = made.rows_read;
      counters->bytes = made.bytes_read;
      counters->bytes_total = made.bytes_total;
    };
    return ingest_files(engine, paths, source, hooks);
  };
  return dict_of(value_or_raise(held.with_stop(ingest, report)));
}

}  // namespace

void bind_ingest(nb::class_<HeldEngine>& engine) {
  engine.def("ingest_arrow", &ingest_arrow, "source"_a, "options"_a, "progress"_a.none())
      .def("ingest_piece", &ingest_piece, "source"_a, "options"_a, "id"_a, "position"_a)
      .def("ingest_files", &ingest_paths, "paths"_a, "options"_a, "strict"_a, "progress"_a.none())
      .def("keep", [](HeldEngine& held, const std::vector<std::string>& names) {
        raise_unless_ok(held.keep(names));
      });
}

}  // namespace rollcall::python
