// This identifies the files of one store: 128 random bits, made with the store.
#pragma once

#include <array>
#include <string>

#include "rollcall/status.h"

namespace rollcall {

using StoreId = std::array<char, 16>;

Result<StoreId> make_store_id();

// Returns 32 hexadecimal digits.
std::string to_string(const StoreId& id);

}  // namespace rollcall
