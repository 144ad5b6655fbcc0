#include "ingest.h"

#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arrow_stream.h"
#include "capsules.h"
#include "options.h"
#include "parquet_call.h"
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

constexpr Word<Ack> kAcks[] = {{"memory", Ack::kMemory}, {"durable", Ack::kDurable}};

// Owns what a delivery points to.
struct GivenDelivery {
  std::vector<SourcePosition> positions;
  std::optional<BatchToken> token;
  Ack ack = Ack::kMemory;

  // The whole stream counts, or nothing of it does.
  bool is_whole() const { return !positions.empty() || token; }
  Delivery view() const { return {positions, token ? &*token : nullptr, ack}; }
};

GivenDelivery read_delivery(const Given& given) {
  using Pair = std::pair<std::string, std::string>;
  GivenDelivery delivery;
  std::vector<Pair> positions;
  given.read("positions", "a dict from source to position, both texts", positions);
  for (auto& [id, position] : positions) {
    delivery.positions.push_back({std::move(id), std::move(position)});
  }
  Pair token;
  given.read("token", "a pair of a source and a token, both texts", token);
  if (given.has("token")) delivery.token = {token.first, token.second};
  given.read_word("ack", kAcks, delivery.ack);
  return delivery;
}

// Ingests what Arrow has. If Python ends the call, the rows that were read are committed, unless
// the stream counts as a whole: then none of them are.
nb::dict ingest_arrow(HeldEngine& held, nb::object source, nb::dict options, nb::object progress) {
  const Given given(std::move(options));
  const ArrowColumns columns = read_columns(given);
  const GivenDelivery delivery = read_delivery(given);
  OwnedStream stream = take_stream(std::move(source));
  auto counted = std::make_shared<StreamProgress>();
  const Report report = report_to(
      std::move(progress), [counted](const nb::object& call) { call(counted->rows.load(), 0, 0); });
  const OnStop on_stop = delivery.is_whole() ? OnStop::kFail : OnStop::kEnd;
  IngestOutcome outcome;
  const auto ingest = [&](Engine& engine, std::stop_token stop) -> Result<std::uint64_t> {
    OwnedStream stoppable(new ArrowArrayStream{});
    make_stoppable(held, stream.get(), stop, on_stop, counted, stoppable.get());
    Result<std::uint64_t> rows =
        ingest_arrow_stream(engine, stoppable.get(), columns, delivery.view(), &outcome);
    if (stop.stop_requested()) ROLLCALL_RETURN_IF_ERROR(engine.checkpoint());
    return rows;
  };
  nb::dict told;
  told["rows"] = value_or_raise(held.with_stop(ingest, report));
  told["was_skipped"] = outcome.was_skipped;
  told["rows_forgotten"] = outcome.rows_forgotten;
  return told;
}

// Adds which words were taken for nothing, or for nobody, and how often.
void add_words(nb::list& notes, std::string_view what, const std::vector<WordCount>& words) {
  if (words.empty()) return;
  std::string text(what);
  for (const WordCount& word : words) {
    text += (&word == words.data() ? " " : ", ") + word.word + " (" + std::to_string(word.rows) +
            (word.rows == 1 ? " row)" : " rows)");
  }
  notes.append(nb::cast(text));
}

nb::list notes_of(const IngestReport& report) {
  nb::list notes;
  for (const HintedText& note : report.notes) notes.append(nb::cast(note.text));
  add_words(notes, "values that say there is none:", report.null_values);
  add_words(notes, "users that may be nobody:", report.null_users);
  return notes;
}

nb::dict dict_of(const RejectedRow& row) {
  nb::dict told;
  told["file"] = row.file;
  told["line"] = row.line;
  told["column"] = row.column;
  told["reason"] = row.reason;
  return told;
}

nb::list examples_of(const std::vector<RejectedRow>& rows) {
  nb::list examples;
  for (const RejectedRow& row : rows) examples.append(dict_of(row));
  return examples;
}

// Hands rejected rows to a function of Python, and keeps what it raises.
class RejectCall {
 public:
  RejectCall(const HeldEngine& held, nb::object call) : held_(held), call_(std::move(call)) {}

  std::function<Status(const RejectedRow&)> hook() {
    if (call_.is_none()) return {};
    return [this](const RejectedRow& row) { return tell(row); };
  }
  // The caller has the GIL.
  void rethrow() const {
    if (raised_) std::rethrow_exception(raised_);
  }

 private:
  Status tell(const RejectedRow& row) {
    const GilAcquire gil;
    const HeldEngine::Callback callback(held_);
    try {
      nb::dict told = dict_of(row);
      told["row"] = nb::bytes(row.row.data(), row.row.size());
      told["kind"] = std::string(to_string(row.kind));
      told["held"] = row.held;
      call_(told);
      return {};
    } catch (const nb::python_error&) {
      raised_ = std::current_exception();
      return {StatusCode::kCancelled, "on_reject raised an exception"};
    }
  }

  const HeldEngine& held_;
  const nb::object call_;
  std::exception_ptr raised_;
};

// Has a function of Python read Parquet files, and keeps what it raises.
class ParquetCall {
 public:
  ParquetCall(const HeldEngine& held, nb::object call) : held_(held), call_(std::move(call)) {}

  ReadParquet hook() {
    return [this](const std::string& path, const ParquetRequest& request, ArrowArrayStream* rows) {
      return read(path, request, rows);
    };
  }
  // The caller has the GIL.
  void rethrow() const {
    if (raised_) std::rethrow_exception(raised_);
  }

 private:
  Result<std::vector<std::uint64_t>> read(const std::string& path, const ParquetRequest& request,
                                          ArrowArrayStream* rows) {
    const GilAcquire gil;
    const HeldEngine::Callback callback(held_);
    try {
      return call_parquet_reader(call_, path, request, rows);
    } catch (const nb::python_error&) {
      raised_ = std::current_exception();
      return Status(StatusCode::kCancelled, "the reader of Parquet raised an exception");
    }
  }

  const HeldEngine& held_;
  const nb::object call_;
  std::exception_ptr raised_;
};

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
  told["notes"] = notes_of(report);
  told["rows_forgotten"] = report.rows_forgotten;
  return told;
}

nb::dict ingest_paths(HeldEngine& held, const std::vector<std::string>& paths, nb::dict options,
                      bool strict, nb::object progress, nb::object on_reject,
                      nb::object read_parquet) {
  SourceOptions source = read_source_options(Given(std::move(options)));
  auto counters = std::make_shared<Counters>();
  const Report report = report_to(std::move(progress), [counters](const nb::object& call) {
    call(counters->rows.load(), counters->bytes.load(), counters->bytes_total.load());
  });
  RejectCall rejected(held, std::move(on_reject));
  ParquetCall parquet(held, std::move(read_parquet));
  source.read_parquet = parquet.hook();
  const auto ingest = [&](Engine& engine, std::stop_token stop) {
    IngestHooks hooks;
    hooks.stop = stop;
    hooks.strict = strict;
    hooks.reject = rejected.hook();
    hooks.progress = [&](const IngestProgress& made) {
      counters->rows = made.rows_read;
      counters->bytes = made.bytes_read;
      counters->bytes_total = made.bytes_total;
    };
    return ingest_files(engine, paths, source, hooks);
  };
  Result<IngestReport> made = held.with_stop(ingest, report);
  rejected.rethrow();
  parquet.rethrow();
  return dict_of(value_or_raise(std::move(made)));
}

}  // namespace

void bind_ingest(nb::class_<HeldEngine>& engine) {
  engine.def("ingest_arrow", &ingest_arrow, "source"_a, "options"_a, "progress"_a.none())
      .def("ingest_files", &ingest_paths, "paths"_a, "options"_a, "strict"_a, "progress"_a.none(),
           "on_reject"_a.none(), "read_parquet"_a)
      .def("keep", [](HeldEngine& held, const std::vector<std::string>& names) {
        raise_unless_ok(held.keep(names));
      });
}

}  // namespace rollcall::python
