// This is an array at a chosen misalignment, with a margin on each side that nobody may write.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace rollcall::kernels {

template <class T>
class GuardedBuffer {
 public:
  // Makes `size` elements equal to `guard`, the first of them `misalignment` elements past a
  // multiple of 64 bytes, with margins of elements equal to `guard`.
  GuardedBuffer(std::size_t size, std::size_t misalignment, T guard)
      : storage_(kMargin + kLine + misalignment + size + kMargin, guard), guard_(guard) {
    const auto address = reinterpret_cast<std::uintptr_t>(storage_.data() + kMargin);
    const std::size_t to_next_line = (kLine - address / sizeof(T) % kLine) % kLine;
    elements_ = std::span(storage_).subspan(kMargin + to_next_line + misalignment, size);
  }

  GuardedBuffer(const GuardedBuffer&) = delete;
  GuardedBuffer& operator=(const GuardedBuffer&) = delete;

  T* data() { return elements_.data(); }
  std::span<T> elements() { return elements_; }

  bool margins_intact() const {
    const T* const first = elements_.data();
    const T* const last = first + elements_.size();
    const auto is_guard = [this](T value) { return value == guard_; };
    return std::all_of(storage_.data(), first, is_guard) &&
           std::all_of(last, storage_.data() + storage_.size(), is_guard);
  }

 private:
  static constexpr std::size_t kLine = 64 / sizeof(T);
  static constexpr std::size_t kMargin = 2 * kLine;  // twice the widest vector

  std::vector<T> storage_;
  std::span<T> elements_;
  T guard_;
};

}  // namespace rollcall::kernels
