// Tells Python which questions there are.
#pragma once

#include <nanobind/nanobind.h>

namespace rollcall::python {

// Returns a list with a dict for each kind, and those of the fields that every kind has
// ("common_fields") and of ranges ("range_fields"). Names are those of kinds.h.
nanobind::dict kind_table();

}  // namespace rollcall::python
