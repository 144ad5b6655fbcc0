// Blocks of prepared rows, used again: the pages of fresh memory cost more to get from the system
// than a block of events costs to write into it.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <memory>
#include <vector>

#include "core/base/mutex.h"

namespace rollcall {

struct PreparedBlock;

// Threads: any.
class BlockPool {
 public:
  // `kept_bytes_max`: of the blocks kept for later.
  explicit BlockPool(std::size_t kept_bytes_max);
  ~BlockPool();
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  // A block, whose content is of no meaning.
  std::unique_ptr<PreparedBlock> take();
  // In a child made by fork() the block goes: a thread that is not there may have the mutex.
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
