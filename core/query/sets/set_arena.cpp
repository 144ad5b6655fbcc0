#include "core/query/sets/set_arena.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "core/base/mutex.h"

namespace rollcall {

std::uint64_t* SetArena::take() {
  pace_.step();
  if (taken_ == sets_.size()) {
    const std::size_t bytes = set_words_ * sizeof(std::uint64_t);
    memory_.take(bytes, QuestionNeed::kSets);
    std::unique_ptr<std::uint64_t[], Free> set(
        static_cast<std::uint64_t*>(::operator new(bytes, kAlignment)));
    sets_.push_back(std::move(set));
  }
  return sets_[taken_++].get();
}

void SetArena::fit(std::size_t word_count) {
  if (sets_.empty() || set_words_ < word_count) {
    sets_.clear();
    memory_.give_back();
    // This way, chunks that are a little larger find enough.
    set_words_ = std::min<std::size_t>(std::bit_ceil(word_count), kChunkWords);
  }
}

SetArenaPool::Lease::Lease(SetArenaPool& pool, std::size_t word_count) : pool_(pool) {
  {
    const MutexLock lock(pool_.mutex_);
    if (!pool_.free_.empty()) {
      arena_ = std::move(pool_.free_.back());
      pool_.free_.pop_back();
    } else {
      // The room is made here, so that giving a buffer back needs no memory.
      pool_.free_.reserve(pool_.arena_count_ + 1);
      arena_ = std::make_unique<SetArena>(pool_.account_);
      ++pool_.arena_count_;
    }
  }
  arena_->fit(word_count);
}

SetArenaPool::Lease::~Lease() {
  arena_->give_back_to(0);
  const MutexLock lock(pool_.mutex_);
  pool_.free_.push_back(std::move(arena_));
}

void SetArenaPool::clear() {
  const MutexLock lock(mutex_);
  arena_count_ -= free_.size();
  free_.clear();
}

}  // namespace rollcall
