// Events from Arrow: any library that exports the Arrow C stream interface can hand its record
// batches over without a copy, and without rollcall linking Arrow.
#pragma once

#include <cstdint>
#include <string>

#include "rollcall/engine.h"
#include "rollcall/status.h"

// The structures of the Arrow C data and C stream interfaces, as their specification defines them
// and asks every user to declare them; whoever declares them first, guards the others.
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

// Which columns are what. Columns with the name of a dimension of the store are its values, and
// "a+b" joins the columns a and b; all other columns are ignored.
struct ArrowColumns {
  std::string user = "user";
  std::string time = "time";
  std::string event = "event";
  std::string event_name;  // every event has this name, and `event` is not looked at
  std::string value;       // empty: no event has a value
};

// Ingests every record batch of `stream`, each of them whole or not at all, and returns how many
// events there were. Takes the stream over: it is released whatever happens, and `*stream` is left
// released.
//
// clang-format off
//   user               integers of any width, or strings; turned into the kind of the store where
//                      that is exact
//   time               timestamps of any unit (without a zone: readings of the clocks in the
//                      store's zone; finer than a microsecond: cut off), date32 (whole days),
//                      integers and strings as in files
//   event, dimensions  strings; a null in a dimension is ""
//   value              integers, decimal128, strings, and floats, which stand for the shortest
//                      decimal that reads back as them; never rounded; null is 0
// Strings are utf8 or large_utf8, plain or dictionary-encoded.
//
//   kInvalidArgument  a column that is missing, of another type, or with a value that cannot be
//                     ingested; the text names column and row. Batches before it stand. Or a null
//                     pointer where the interface has none
//   kIoError          the stream reported an error, or threw
// clang-format on
Result<std::uint64_t> ingest_arrow_stream(Engine& engine, ArrowArrayStream* stream,
                                          const ArrowColumns& columns);

}  // namespace rollcall
