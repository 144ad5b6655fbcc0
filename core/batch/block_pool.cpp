#include "core/batch/block_pool.h"

#include <new>
#include <utility>

#include "core/base/mutex.h"
#include "core/batch/prepared_batch.h"

namespace rollcall {

BlockPool::BlockPool(std::size_t kept_bytes_max) : kept_bytes_max_(kept_bytes_max) {}
BlockPool::~BlockPool() = default;

std::unique_ptr<PreparedBlock> BlockPool::take() {
  {
    const MutexLock lock(mutex_);
    if (!kept_.empty()) {
      std::unique_ptr<PreparedBlock> block = std::move(kept_.back());
      kept_.pop_back();
      kept_bytes_ -= block->memory_bytes();
      return block;
    }
  }
  return std::make_unique<PreparedBlock>();
}

void BlockPool::give_back(std::unique_ptr<PreparedBlock> block) noexcept {
  if (::getpid() != process_) return;
  const std::size_t bytes = block->memory_bytes();
  const MutexLock lock(mutex_);
  if (kept_bytes_ + bytes > kept_bytes_max_) return;
  try {
    kept_.push_back(std::move(block));
    kept_bytes_ += bytes;
  } catch (const std::bad_alloc&) {
    // The block is freed, as if it had been one too many.
  }
}

std::size_t BlockPool::kept_bytes() const {
  const MutexLock lock(mutex_);
  return kept_bytes_;
}

}  // namespace rollcall
