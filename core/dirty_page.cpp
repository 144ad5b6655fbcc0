#include "core/dirty_page.h"

#include <type_traits>

namespace rollcall {

void encode(const DirtyPage& page, std::string& bytes) {
  std::visit(
      [&](const auto& content) {
        if constexpr (std::is_same_v<std::decay_t<decltype(content)>, std::string>) {
          bytes += content;
        } else {
          content->serialize(bytes);
        }
      },
      page.content);
}

std::size_t encoded_bytes(const DirtyPage& page) {
  return std::visit(
      [](const auto& content) {
        if constexpr (std::is_same_v<std::decay_t<decltype(content)>, std::string>) {
          return content.size();
        } else {
          return content->memory_bytes();
        }
      },
      page.content);
}

}  // namespace rollcall
