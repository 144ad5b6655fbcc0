// Counts how many bytes a batch may still bring into memory.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace rollcall {

// Any thread may use it.
class MemoryAllowance {
 public:
  explicit MemoryAllowance(std::size_t bytes) : left_(static_cast<std::int64_t>(bytes)) {}

  // Takes `bytes`, even if fewer are left.
  void take(std::size_t bytes) {
    const auto taken = static_cast<std::int64_t>(bytes);
    if (left_.fetch_sub(taken, std::memory_order_relaxed) < taken) overdrawn_ = true;
  }
  void give_back(std::size_t bytes) {
    left_.fetch_add(static_cast<std::int64_t>(bytes), std::memory_order_relaxed);
  }
  // Returns whether more was ever taken than there was.
  bool is_overdrawn() const { return overdrawn_; }

 private:
  std::atomic<std::int64_t> left_;
  std::atomic<bool> overdrawn_{false};
};

}  // namespace rollcall
