// The edge of the library, which no exception but std::bad_alloc passes.
#pragma once

#include <string_view>
#include <type_traits>

#include "rollcall/status.h"

namespace rollcall {

// What the exception that is being handled says, after "WHERE: "; std::bad_alloc is thrown on.
Status caught_exception(std::string_view where);

// Runs the body of a public call, or a function of the caller's. What it throws becomes an error
// that names `where`.
template <class Body>
auto guarded(std::string_view where, const Body& body) -> std::invoke_result_t<const Body&> {
  try {
    return body();
  } catch (...) {
    return caught_exception(where);
  }
}

}  // namespace rollcall
