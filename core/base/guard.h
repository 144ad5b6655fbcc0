// This is the edge of the library, which no exception passes but std::bad_alloc.
#pragma once

#include <string_view>
#include <type_traits>

#include "rollcall/status.h"

namespace rollcall {

// Returns what the current exception says, after "WHERE: "; rethrows std::bad_alloc.
Status caught_exception(std::string_view where);

// Runs the body of a public call, or a function of the caller. An exception from it becomes an
// error that names `where`.
template <class Body>
auto guarded(std::string_view where, const Body& body) -> std::invoke_result_t<const Body&> {
  try {
    return body();
  } catch (...) {
    return caught_exception(where);
  }
}

}  // namespace rollcall
