// This is memory for texts that live as long as a block.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace rollcall {

// Hands out memory that stays in place until `clear`. One thread may use it at a time.
class TextArena {
 public:
  char* allocate(std::size_t size) {
    if (size > free_size_) grow(size);
    char* const result = free_;
    free_ += size;
    free_size_ -= size;
    return result;
  }

  std::string_view store(std::string_view text) {
    char* const copy = allocate(text.size());
    std::copy(text.begin(), text.end(), copy);
    return {copy, text.size()};
  }

  void clear() {
    chunks_.clear();
    free_size_ = 0;
  }

 private:
  void grow(std::size_t size) {
    const std::size_t chunk_size = std::max<std::size_t>(size, 64 << 10);
    chunks_.push_back(std::make_unique_for_overwrite<char[]>(chunk_size));
    free_ = chunks_.back().get();
    free_size_ = chunk_size;
  }

  std::vector<std::unique_ptr<char[]>> chunks_;
  char* free_ = nullptr;
  std::size_t free_size_ = 0;
};

}  // namespace rollcall
