// The calls of rollcall._core.Engine about what a store keeps and tells.
#pragma once

#include <nanobind/nanobind.h>

#include "held_engine.h"

namespace rollcall::python {

nanobind::dict audience_dict(const AudienceInfo& audience);
nanobind::dict dict_of(const Explanation& explanation);

void bind_objects(nanobind::class_<HeldEngine>& engine);

}  // namespace rollcall::python
