// The one writer and the readers of a snapshot share pages in memory.
//
// A snapshot pins pages by copying their PageRefs; the writer copies a page before it changes one
// that is pinned elsewhere. Pins are taken while the writer stands still, so a page that the writer
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

  // Returns the page for the writer to change, which is a copy of its own if the page is pinned
  // elsewhere.
  T& writable() {
    // This acquires, so that what the last other holder read was read before we change it.
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

// Batches are numbered from 1, starting when the engine was opened.
using BatchNumber = std::uint64_t;

// Says where the writer has a page: in memory, in the store, or both.
template <class T>
struct PageSlot {
  PageRef<T> page;  // empty: not resident
  Epoch epoch = 0;  // of the stored version; 0: there is none
  // These are the lower bits of a batch number; the least recently used page leaves memory first.
  std::uint32_t last_used = 0;
  std::uint32_t bytes = 0;     // of memory, as last accounted
  bool dirty = false;          // differs from the stored version
  bool awaits_any = false;     // presence only: not yet folded into that of any event
  bool awaits_bounds = false;  // presence only: not yet folded into first and last days
  bool is_counted = true;      // presence only: `users` is up to date
  std::uint32_t users = 0;     // presence only: how many users are in it

  bool exists() const { return epoch != 0 || static_cast<bool>(page); }
};

}  // namespace rollcall
