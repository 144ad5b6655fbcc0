// Callers use a store through this wrapper.
#pragma once

#include <memory>
#include <string>

#include "rollcall/store.h"

namespace rollcall {

// Wraps a store so that it lets no exception out but std::bad_alloc, whatever the functions of a
// commit throw. In a child made by fork(), its calls, and those of its views and its journal, are
// refused with kFailedPrecondition, and its destructor does nothing. `name` begins the errors.
std::unique_ptr<Store> guard_store(std::unique_ptr<Store> store, std::string name);

}  // namespace rollcall
