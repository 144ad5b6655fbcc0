// Ingests events from Arrow. Any library that exports the Arrow C stream interface can hand its
// record batches over without a copy, and without rollcall linking Arrow.
#pragma once

#include <cstdint>
#include <string>

#include "rollcall/engine.h"
#include "rollcall/status.h"

// These are the structures of the Arrow C data and C stream interfaces. Their specification asks
// every user to declare them, and the guards let several users do so in one program.
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

extern "C" {

struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema** children;
  struct ArrowSchema* dictionary;
  void (*release)(struct ArrowSchema*);
  void* private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void** buffers;
  struct ArrowArray** children;
  struct ArrowArray* dictionary;
  void (*release)(struct ArrowArray*);
  void* private_data;
};

}  // extern "C"

#endif  // ARROW_C_DATA_INTERFACE

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

extern "C" {

struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream*, struct ArrowSchema* out);
  int (*get_next)(struct ArrowArrayStream*, struct ArrowArray* out);
  const char* (*get_last_error)(struct ArrowArrayStream*);
  void (*release)(struct ArrowArrayStream*);
  void* private_data;
};

}  // extern "C"

#endif  // ARROW_C_STREAM_INTERFACE

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

// Ingests every record batch of `stream`, each of them whole or not at all, and returns the number
// of events. Takes ownership of the stream: `*stream` is released on return, whatever happens.
//
// clang-format off
//   user               integers of any width, or strings; they are converted to the store's kind
//                      where that is exact
//   time               timestamps of any unit, date32 (whole days), and integers and strings as in
//                      files. Timestamps without a zone are clock readings in the store's zone;
//                      what is finer than a microsecond is cut off
//   event, properties  strings; a null in a property is ""
//   value              integers, decimal128, strings, and floats, which stand for the shortest
//                      decimal that reads back as them; never rounded; null is 0
// Strings are utf8 or large_utf8, plain or dictionary-encoded.
//
//   kInvalidArgument  a column is missing, is of another type, or has a value that cannot be
//                     ingested, and the text names the column and row; or a pointer is null where
//                     the interface does not allow it. Batches before it stay ingested
//   kIoError          the stream reported an error, or threw
// clang-format on
Result<std::uint64_t> ingest_arrow_stream(Engine& engine, ArrowArrayStream* stream,
                                          const ArrowColumns& columns);

}  // namespace rollcall
