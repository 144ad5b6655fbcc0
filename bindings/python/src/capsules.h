// Passes Arrow streams between Python and C++ by the capsules of the Arrow PyCapsule interface.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>

#include "rollcall/arrow.h"

namespace rollcall::python {

// Is a stream that is released at its end, unless somebody took it over before.
struct StreamRelease {
  void operator()(ArrowArrayStream* stream) const {
    if (stream->release != nullptr) stream->release(stream);
    delete stream;
  }
};
using OwnedStream = std::unique_ptr<ArrowArrayStream, StreamRelease>;

// Takes over the stream of an object that has `__arrow_c_stream__` or `__arrow_c_array__`.
//   kInvalidArgument  it has neither, or gives something else, or its stream was used before
OwnedStream take_stream(nanobind::object source);

// Makes a stream of columns that lie in Python's memory. A column is a tuple of its name, its type
// as the Arrow C data interface writes it, the number of nulls, and a list of objects with the
// buffer protocol, or None, the first of which is the validity bitmap. All columns have `length`
// rows. The buffers are not copied.
nanobind::object columns_capsule(nanobind::list columns, std::int64_t length);

// Puts a stream into a capsule, which releases it unless a consumer takes it over.
nanobind::object stream_capsule(OwnedStream stream);

}  // namespace rollcall::python
