// Scratch memory for sets of one chunk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "core/bitset.h"

namespace rollcall {

// Buffers of kChunkWords words, aligned to cache lines, handed out one after the other and given
// back in the reverse order. Keeps its memory, so that a query allocates for its first chunks only.
// Threads: one at a time.
class SetArena {
 public:
  // A buffer with undefined content.
  std::uint64_t* take();
  // How many buffers are out; giving back all past such a mark makes them free for `take`.
  std::size_t mark() const { return taken_; }
  void give_back_to(std::size_t mark) { taken_ = mark; }

 private:
  struct alignas(64) Set {
    std::uint64_t words[kChunkWords];
  };
  std::vector<std::unique_ptr<Set>> sets_;
  std::size_t taken_ = 0;
};

// The arenas of a plan: as many as there are threads at work on it. Threads: any.
class SetArenaPool {
 public:
  // An arena with nothing taken, for one thread, until the lease ends.
  class Lease {
   public:
    explicit Lease(SetArenaPool& pool);
    ~Lease();
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    SetArena& arena() { return *arena_; }

   private:
    SetArenaPool& pool_;
    std::unique_ptr<SetArena> arena_;
  };

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<SetArena>> free_;
  std::size_t arena_count_ = 0;
};

}  // namespace rollcall
