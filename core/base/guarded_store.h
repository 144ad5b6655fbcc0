// A store as callers get it.
#pragma once

#include <memory>
#include <string>

#include "rollcall/store.h"

namespace rollcall {

// Wraps a store so that it lets no exception out but std::bad_alloc, whatever functions of a commit
// throw, and so that in a child made by fork() its calls, and those of its views and its journal,
// are refused with kFailedPrecondition; taking them down does nothing there. `name` begins errors.
std::unique_ptr<Store> guard_store(std::unique_ptr<Store> store, std::string name);

}  // namespace rollcall
