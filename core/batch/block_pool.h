// This is a pool of blocks of prepared rows. Blocks are reused because getting the pages of fresh
// memory from the system costs more than writing a block of events into them.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <memory>
#include <vector>

#include "core/base/mutex.h"

namespace rollcall {

struct PreparedBlock;

// Any thread may use it.
class BlockPool {
 public:
  // `kept_bytes_max` bounds the blocks that are kept for later.
  explicit BlockPool(std::size_t kept_bytes_max);
  ~BlockPool();
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  // Returns a block with arbitrary content.
  std::unique_ptr<PreparedBlock> take();
  // In a child made by fork(), the block is freed, because a thread that does not exist there may
  // hold the mutex.
  void give_back(std::unique_ptr<PreparedBlock> block) noexcept;
  std::size_t kept_bytes() const;

 private:
  const std::size_t kept_bytes_max_;
  const pid_t process_ = ::getpid();
  mutable Mutex mutex_;
  std::vector<std::unique_ptr<PreparedBlock>> kept_ ROLLCALL_GUARDED_BY(mutex_);
  std::size_t kept_bytes_ ROLLCALL_GUARDED_BY(mutex_) = 0;
};

}  // namespace rollcall
