// The calls of rollcall._core.Engine about campaigns, alerts and reports.
#pragma once

#include <nanobind/nanobind.h>

#include "held_engine.h"

namespace rollcall::python {

void bind_operations(nanobind::class_<HeldEngine>& engine);

}  // namespace rollcall::python
