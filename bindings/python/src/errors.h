// Turns what the engine reports into exceptions of Python.
#pragma once

#include <nanobind/nanobind.h>

#include <string>
#include <utility>

#include "rollcall/status.h"

namespace rollcall::python {

// Returns the name of a code as programs compare it: "invalid_argument", "io_error".
std::string code_name(StatusCode code);

// Raises the exception of the status's code. The caller holds the GIL.
[[noreturn]] void raise(const Status& status);

inline void raise_unless_ok(const Status& status) {
  if (!status.ok()) raise(status);
}

// Returns the value of a result, or raises its error. The caller holds the GIL.
template <class T>
T value_or_raise(Result<T> result) {
  if (!result.ok()) raise(result.status());
  return *std::move(result);
}

}  // namespace rollcall::python
