#include "core/users/partitioner.h"

#include <xxhash.h>

namespace rollcall {

std::uint64_t hash_user(std::string_view user) { return XXH3_64bits(user.data(), user.size()); }

}  // namespace rollcall
