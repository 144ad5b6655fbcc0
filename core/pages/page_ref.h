// Pages in memory, shared between the one writer and those who read a snapshot.
//
// A snapshot pins pages by copying their PageRefs; the writer copies a page before it changes one
// that somebody else pins. Pins are taken while the writer stands still, so a page that the writer
// finds unshared stays so until it is done.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "rollcall/store.h"

namespace rollcall {

template <class T>
class PageRef {
 public:
  PageRef() = default;
  explicit PageRef(T page) : node_(new Node{{1}, std::move(page)}) {}
  PageRef(const PageRef& other) : node_(other.node_) {
    if (node_ != nullptr) node_->references.fetch_add(1, std::memory_order_relaxed);
  }
  PageRef(PageRef&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  PageRef& operator=(PageRef other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~PageRef() {
    if (node_ != nullptr && node_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      delete node_;
    }
  }

  explicit operator bool() const { return node_ != nullptr; }
  const T& operator*() const { return node_->page; }
  const T* operator->() const { return &node_->page; }

  // The page, to be changed by the writer: a copy of its own where somebody else pins it.
  T& writable() {
    // Acquire: what the last other holder read is read before we change it.
    if (node_->references.load(std::memory_order_acquire) != 1) *this = PageRef(T(node_->page));
    return node_->page;
  }

 private:
  struct Node {
    std::atomic<std::uint32_t> references;
    T page;
  };
  Node* node_ = nullptr;
};

// Batches are numbered from 1, from when the engine was opened.
using BatchNumber = std::uint64_t;

// Where the writer keeps a page: in memory, in the store, or both.
template <class T>
struct PageSlot {
  PageRef<T> page;  // empty: not resident
  Epoch epoch = 0;  // of the stored version; 0: none
  // The lower bits of a batch number; the least recent leaves memory first.
  std::uint32_t last_used = 0;
  std::uint32_t bytes = 0;     // of memory, as last accounted
  bool dirty = false;          // differs from the stored version
  bool awaits_any = false;     // of presence: not yet folded into that of any event
  bool awaits_bounds = false;  // of presence: not yet folded into first and last days
  bool is_counted = true;      // of presence: `users` is up to date
  std::uint32_t users = 0;     // of presence: how many are in it

  bool exists() const { return epoch != 0 || static_cast<bool>(page); }
};

}  // namespace rollcall
