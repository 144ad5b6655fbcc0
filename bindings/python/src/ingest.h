// The calls of rollcall._core.Engine that take events in.
#pragma once

#include <nanobind/nanobind.h>

#include "held_engine.h"

namespace rollcall::python {

void bind_ingest(nanobind::class_<HeldEngine>& engine);

}  // namespace rollcall::python
