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
  // Memory is taken in chunks of this size, of which at most a quarter is wasted.
  explicit TextArena(std::size_t chunk_bytes = 64 << 10) : chunk_bytes_(chunk_bytes) {}

  char* allocate(std::size_t size) {
    if (size > free_size_) {
      if (size > chunk_bytes_ / 4) return add_chunk(size);
      free_ = add_chunk(chunk_bytes_);
      free_size_ = chunk_bytes_;
    }
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
    memory_bytes_ = 0;
  }

  std::size_t memory_bytes() const { return memory_bytes_; }

 private:
  char* add_chunk(std::size_t size) {
    chunks_.push_back(std::make_unique_for_overwrite<char[]>(size));
    memory_bytes_ += size;
    return chunks_.back().get();
  }

  std::size_t chunk_bytes_;
  std::size_t memory_bytes_ = 0;
  std::vector<std::unique_ptr<char[]>> chunks_;
  char* free_ = nullptr;
  std::size_t free_size_ = 0;
};

}  // namespace rollcall
