// Callers use a store through this wrapper.
#pragma once

#include <memory>
#include <string>

#include "rollcall/status.h"
#include "rollcall/store.h"

namespace rollcall {

// The caller of a store may name it by a relative path, and change the working directory later. The
// store goes by the absolute path; errors name it as the caller did.
struct StoreName {
  std::string given;
  std::string place;  // the absolute path, or the same as `given`

  // Returns the same error with the given name wherever its text has the place.
  Status tell(const Status& status) const;
};

// Wraps a store so that it lets no exception out but std::bad_alloc, whatever the functions of a
// commit throw. In a child made by fork(), its calls, and those of its views and its journal, are
// refused with kFailedPrecondition, and its destructor does nothing. `name` begins the errors.
std::unique_ptr<Store> guard_store(std::unique_ptr<Store> store, StoreName name);

}  // namespace rollcall
