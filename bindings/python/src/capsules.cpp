#include "capsules.h"

#include <nanobind/stl/string.h>

#include <string>
#include <utility>
#include <vector>

#include "arrow_stream.h"
#include "errors.h"

namespace nb = nanobind;

namespace rollcall::python {
namespace {

constexpr const char* kStreamName = "arrow_array_stream";

template <class Struct>
Struct* struct_in(nb::handle capsule, const char* name) {
  auto* const found = static_cast<Struct*>(PyCapsule_GetPointer(capsule.ptr(), name));
  if (found == nullptr) {
    PyErr_Clear();
    raise(Status::invalid_argument(std::string("data: must give a capsule \"") + name +
                                   "\", found another object"));
  }
  if (found->release != nullptr) return found;
  raise(Status::invalid_argument("data: its stream was read before (allowed: a new reader)"));
}

// Holds the buffers of Python objects. The last owner may be a thread without the GIL.
class HeldBuffers {
 public:
  HeldBuffers() = default;
  HeldBuffers(const HeldBuffers&) = delete;
  HeldBuffers& operator=(const HeldBuffers&) = delete;
  ~HeldBuffers() {
    const nb::gil_scoped_acquire acquire;
    for (Py_buffer& view : views_) PyBuffer_Release(&view);
  }

  const void* add(nb::handle object) {
    if (object.is_none()) return nullptr;
    Py_buffer view;
    if (PyObject_GetBuffer(object.ptr(), &view, PyBUF_C_CONTIGUOUS) != 0) throw nb::python_error();
    views_.push_back(view);
    return view.buf;
  }

 private:
  std::vector<Py_buffer> views_;
};

}  // namespace

OwnedStream take_stream(nb::object source) {
  OwnedStream stream(new ArrowArrayStream{});
  if (nb::hasattr(source, "__arrow_c_stream__")) {
    const nb::object capsule = source.attr("__arrow_c_stream__")();
    auto* const found = struct_in<ArrowArrayStream>(capsule, kStreamName);
    *stream = *found;
    found->release = nullptr;
    return stream;
  }
  if (nb::hasattr(source, "__arrow_c_array__")) {
    const nb::object pair = source.attr("__arrow_c_array__")();
    auto* const schema = struct_in<ArrowSchema>(nb::object(pair[0]), "arrow_schema");
    auto* const array = struct_in<ArrowArray>(nb::object(pair[1]), "arrow_array");
    make_stream(schema, array, stream.get());
    return stream;
  }
  raise(Status::invalid_argument(
      "data: must be a data frame, a table or reader with __arrow_c_stream__, a dict of columns, "
      "or paths of files, found " +
      nb::cast<std::string>(nb::str(source.type().attr("__name__")))));
}

nb::object columns_capsule(nb::list columns, std::int64_t length) {
  auto batch = std::make_shared<ArrowBatch>();
  auto held = std::make_shared<HeldBuffers>();
  batch->length = length;
  for (const nb::handle column : columns) {
    const nb::tuple parts = nb::cast<nb::tuple>(column);
    ArrowColumn& added = batch->columns.emplace_back();
    added.name = nb::cast<std::string>(parts[0]);
    added.format = nb::cast<std::string>(parts[1]);
    added.null_count = nb::cast<std::int64_t>(parts[2]);
    for (const nb::handle buffer : nb::cast<nb::list>(parts[3])) {
      added.buffers.push_back(held->add(buffer));
    }
  }
  batch->owner = std::move(held);
  OwnedStream stream(new ArrowArrayStream{});
  make_stream(std::move(batch), stream.get());
  return stream_capsule(std::move(stream));
}

nb::object stream_capsule(OwnedStream stream) {
  PyObject* const capsule = PyCapsule_New(stream.get(), kStreamName, [](PyObject* object) {
    StreamRelease()(static_cast<ArrowArrayStream*>(PyCapsule_GetPointer(object, kStreamName)));
  });
  if (capsule == nullptr) throw nb::python_error();
  static_cast<void>(stream.release());
  return nb::steal(capsule);
}

}  // namespace rollcall::python
