#include "core/users/user_hash.h"

#include <xxhash.h>

#include <variant>

#include "rollcall/partitioner.h"

namespace rollcall {

std::uint64_t hash_user(std::string_view user) { return XXH3_64bits(user.data(), user.size()); }

std::uint64_t hash_of(const UserId& user) {
  return std::visit([](const auto& id) { return hash_user(id); }, user);
}

}  // namespace rollcall
