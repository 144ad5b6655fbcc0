// An array in huge pages is for tables that are read at random: with pages of 4 KiB, every second
// access would miss the TLB, too.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>

namespace rollcall {

// Holds trivial elements, initially zero, aligned at least to a cache line.
template <class T>
class HugeArray {
  static_assert(std::is_trivial_v<T>);

 public:
  HugeArray() = default;
  explicit HugeArray(std::size_t size) : size_(size) {
    if (size == 0) return;
    constexpr std::size_t kHugePage = std::size_t{2} << 20;
    constexpr std::size_t kCacheLine = 64;
    const std::size_t alignment = size * sizeof(T) >= kHugePage ? kHugePage : kCacheLine;
    const std::size_t bytes = (size * sizeof(T) + alignment - 1) / alignment * alignment;
    elements_.reset(static_cast<T*>(std::aligned_alloc(alignment, bytes)));
    if (elements_ == nullptr) throw std::bad_alloc();
    // This is only advice: without huge pages everything works, if more slowly.
    if (alignment == kHugePage) madvise(elements_.get(), bytes, MADV_HUGEPAGE);
    std::memset(elements_.get(), 0, bytes);
  }
  HugeArray(const HugeArray& other) : HugeArray(other.size_) {
    if (size_ != 0) std::memcpy(elements_.get(), other.elements_.get(), size_ * sizeof(T));
  }
  HugeArray(HugeArray&& other) noexcept { swap(other); }
  HugeArray& operator=(HugeArray other) noexcept {
    swap(other);
    return *this;
  }

  T* data() { return elements_.get(); }
  const T* data() const { return elements_.get(); }
  std::size_t size() const { return size_; }
  T& operator[](std::size_t i) { return elements_.get()[i]; }
  const T& operator[](std::size_t i) const { return elements_.get()[i]; }

 private:
  struct Free {
    void operator()(T* elements) const { std::free(elements); }
  };
  void swap(HugeArray& other) noexcept {
    std::swap(elements_, other.elements_);
    std::swap(size_, other.size_);
  }

  std::unique_ptr<T, Free> elements_;
  std::size_t size_ = 0;
};

}  // namespace rollcall
