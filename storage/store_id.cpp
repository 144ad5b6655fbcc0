#include "storage/store_id.h"

#include <sys/random.h>

#include <string_view>

#include "storage/posix_file.h"

namespace rollcall {

Result<StoreId> make_store_id() {
  StoreId id;
  // This few bytes come whole, or not at all.
  if (::getrandom(id.data(), id.size(), 0) != static_cast<ssize_t>(id.size())) {
    return errno_status("random numbers", "make a store id");
  }
  return id;
}

std::string to_string(const StoreId& id) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : id) {
    const auto byte = static_cast<unsigned char>(c);
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

}  // namespace rollcall
