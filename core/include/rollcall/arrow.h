// Ingests events from Arrow. Any library that exports the Arrow C stream interface can hand its
// record batches over without a copy, and without rollcall linking Arrow.
#pragma once

#include <cstdint>
#include <string>

#include "rollcall/arrow_interface.h"
#include "rollcall/delivery.h"
#include "rollcall/engine.h"
#include "rollcall/status.h"

namespace rollcall {

// Says which columns hold what. A column with the name of a dimension or of a kept property of the
// store holds its values, and the property "a+b" joins the columns a and b. All other columns are
// ignored.
struct ArrowColumns {
  std::string user = "user";
  std::string time = "time";
  std::string event = "event";
  std::string event_name;  // not empty: every event has this name, and `event` is not looked at
  std::string value;       // empty: no event has a value
};

// Ingests every record batch of `stream` and returns the number of events. Takes ownership of the
// stream: `*stream` is released on return, whatever happens. `*outcome`, which may be null, becomes
// what the engine tells.
//
// Small batches are gathered up to about a million rows, or what a sixteenth of the engine's memory
// holds, and ingested together by another thread, while the stream is asked for more. If the stream
// pauses, what it gave is ingested about a second after it came. The stream itself is used by the
// calling thread alone; arrays that it gave may be released by the other one.
//
// Each record batch is ingested whole or not at all. If the stream fails, or a batch has a value
// that cannot be ingested, all batches before it are ingested, and the batch itself and what would
// follow are not. With positions or a token in `delivery`, the whole stream is ingested in one
// piece, at its end, or nothing of it is. A token that was known counts no events.
//
// clang-format off
//   user               integers of any width, or strings; they are converted to the store's kind
//                      where that is exact
//   time               timestamps of any unit and zone, date32 and date64 (whole days), and
//                      integers and strings as in files. Timestamps without a zone are clock
//                      readings in the store's zone; what is finer than a microsecond is cut off
//   event              strings
//   properties         strings; integers and booleans, which become their text; null is "", also
//                      in a column of type null
//   value              integers, decimals of 32 to 256 bits, strings, and floats, which stand for
//                      the shortest decimal that reads back as them; never rounded; null is 0, also
//                      in a column of type null, and NaN is an error
// Strings are utf8, large_utf8 or utf8_view, plain or dictionary-encoded, also within dictionaries.
//
//   kInvalidArgument    a column is missing, is of another type, or has a value that cannot be
//                       ingested, and the text names the column and the row of the stream, from 0;
//                       or an array is not what the interface asks for
//   kIoError            the stream reported an error, or threw
//   kResourceExhausted  a stream that is ingested in one piece takes more than an eighth of the
//                       engine's memory
// and those of Engine::ingest.
// clang-format on
Result<std::uint64_t> ingest_arrow_stream(Engine& engine, ArrowArrayStream* stream,
                                          const ArrowColumns& columns,
                                          const Delivery& delivery = {},
                                          IngestOutcome* outcome = nullptr);

}  // namespace rollcall
