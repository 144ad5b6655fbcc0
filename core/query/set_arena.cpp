#include "core/query/set_arena.h"

#include <utility>

namespace rollcall {

std::uint64_t* SetArena::take() {
  if (taken_ == sets_.size()) sets_.push_back(std::unique_ptr<Set>(new Set));
  return sets_[taken_++]->words;
}

SetArenaPool::Lease::Lease(SetArenaPool& pool) : pool_(pool) {
  {
    const std::lock_guard lock(pool_.mutex_);
    if (!pool_.free_.empty()) {
      arena_ = std::move(pool_.free_.back());
      pool_.free_.pop_back();
    } else {
      // So that giving it back needs no memory.
      pool_.free_.reserve(pool_.arena_count_ + 1);
      arena_ = std::make_unique<SetArena>();
      ++pool_.arena_count_;
    }
  }
}

SetArenaPool::Lease::~Lease() {
  arena_->give_back_to(0);
  const std::lock_guard lock(pool_.mutex_);
  pool_.free_.push_back(std::move(arena_));
}

}  // namespace rollcall
