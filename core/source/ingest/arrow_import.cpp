#include <fmt/format.h>

#include <memory>
#include <optional>
#include <utility>

#include "core/base/guard.h"
#include "core/source/ingest/arrow_batch.h"
#include "core/source/ingest/gathered_batches.h"
#include "core/source/ingest/owned_arrow.h"
#include "rollcall/arrow.h"

namespace rollcall {
namespace {

// Is a record batch, with the columns made of it.
struct HeldArrow : HeldBatch {
  Status fault(const Status& refused) const override {
    const Status of_row = columns->row_fault(events);
    if (!of_row.ok()) return of_row;
    return refused.within(fmt::format("arrow: the batch that begins at row {}", first_row));
  }

  Owned<ArrowArray> array;
  std::optional<ArrowBatch> columns;
};

Status stream_error(ArrowArrayStream* stream, int code) {
  return Status::io_error("arrow: the stream reported " + stream_error_text(stream, code));
}

// Reads record batches to the end of the stream, and counts their rows.
Status read_batches(const Engine& engine, Owned<ArrowArrayStream>& taken,
                    const ArrowColumns& columns, const TimeZone& zone, const ArrowSchema* schema,
                    GatheredBatches& gathered, std::uint64_t& rows) {
  TimeParser time_parser(zone, TimeUnit::kGuess, std::nullopt);
  for (;;) {
    auto held = std::make_unique<HeldArrow>();
    ArrowArray* const array = held->array.get();
    if (const int code = taken->get_next(taken.get(), array); code != 0) {
      return stream_error(taken.get(), code);
    }
    if (array->release == nullptr) return {};
    ROLLCALL_RETURN_IF_ERROR(check_complete(*schema, *array));
    held->columns.emplace(engine.settings(), zone, columns, schema, array, rows);
    ROLLCALL_ASSIGN_OR_RETURN(held->events, held->columns->read(time_parser));
    held->first_row = rows;
    rows += held->events.time.size();
    ROLLCALL_RETURN_IF_ERROR(gathered.add(std::move(held)));
  }
}

Result<std::uint64_t> ingest_stream(Engine& engine, Owned<ArrowArrayStream>& taken,
                                    const ArrowColumns& columns, const Delivery& delivery,
                                    IngestOutcome& outcome) {
  if (taken->get_schema == nullptr || taken->get_next == nullptr) {
    return Status::invalid_argument("arrow: get_schema or get_next of the stream is null");
  }
  // If an engine takes no call, the stream's batches stay unread.
  ROLLCALL_RETURN_IF_ERROR(engine.prepare({}).status());
  ROLLCALL_ASSIGN_OR_RETURN(const TimeZone zone, TimeZone::find(engine.settings().time_zone));
  Owned<ArrowSchema> schema;
  if (const int code = taken->get_schema(taken.get(), schema.get()); code != 0) {
    return stream_error(taken.get(), code);
  }
  GatheredBatches gathered(engine, delivery);  // its batches refer to what is above
  std::uint64_t rows = 0;
  const Status read = guarded("arrow", [&] {
    return read_batches(engine, taken, columns, zone, schema.get(), gathered, rows);
  });
  // Batches before an error are ingested all the same. If one of them is refused, its error is the
  // first.
  ROLLCALL_ASSIGN_OR_RETURN(outcome, gathered.finish(/*source_failed=*/!read.ok()));
  ROLLCALL_RETURN_IF_ERROR(read);
  return outcome.was_skipped ? 0 : rows;
}

}  // namespace

Result<std::uint64_t> ingest_arrow_stream(Engine& engine, ArrowArrayStream* stream,
                                          const ArrowColumns& columns, const Delivery& delivery,
                                          IngestOutcome* outcome) {
  if (stream == nullptr || stream->release == nullptr) {
    return Status::invalid_argument("arrow: the stream is released (allowed: a live one)");
  }
  Owned<ArrowArrayStream> taken(*stream);
  stream->release = nullptr;
  IngestOutcome ignored;
  return guarded("arrow", [&] {
    return ingest_stream(engine, taken, columns, delivery, outcome == nullptr ? ignored : *outcome);
  });
}

}  // namespace rollcall
