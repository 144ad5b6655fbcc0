// This is scratch memory for sets of one chunk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#include "core/base/mutex.h"
#include "core/base/question_account.h"
#include "core/pages/bitset.h"

namespace rollcall {

// Hands out buffers for the sets of a chunk, aligned to cache lines, one after the other; they are
// given back in the reverse order. It keeps its memory, so that a query allocates for its first
// chunks only. The memory comes from the question's account, unless that is null. One thread may
// use it at a time.
class SetArena {
 public:
  explicit SetArena(QuestionAccount* account = nullptr) : memory_(account), pace_(account) {}

  // Sets the least size of buffers in words, initially kChunkWords. No buffer may be out.
  void fit(std::size_t word_count);

  // Returns a buffer with undefined content.
  std::uint64_t* take();
  // Returns how many buffers are out. Giving back all past such a mark makes them free for `take`.
  std::size_t mark() const { return taken_; }
  void give_back_to(std::size_t mark) { taken_ = mark; }

 private:
  static constexpr std::align_val_t kAlignment{64};
  struct Free {
    void operator()(std::uint64_t* words) const { ::operator delete(words, kAlignment); }
  };

  QuestionMemory memory_;
  QuestionPace pace_;
  std::size_t set_words_ = kChunkWords;
  std::vector<std::unique_ptr<std::uint64_t[], Free>> sets_;
  std::size_t taken_ = 0;
};

// Holds the arenas of a plan, one for each thread at work on it. Any thread may use it.
class SetArenaPool {
 public:
  explicit SetArenaPool(QuestionAccount* account = nullptr) : account_(account) {}

  // Holds an arena with nothing taken, for one thread and a chunk of that many words.
  class Lease {
   public:
    explicit Lease(SetArenaPool& pool, std::size_t word_count = kChunkWords);
    ~Lease();
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    SetArena& arena() { return *arena_; }

   private:
    SetArenaPool& pool_;
    std::unique_ptr<SetArena> arena_;
  };

  // Frees the arenas that are not leased.
  void clear();

 private:
  QuestionAccount* const account_;
  Mutex mutex_;
  std::vector<std::unique_ptr<SetArena>> free_ ROLLCALL_GUARDED_BY(mutex_);
  std::size_t arena_count_ ROLLCALL_GUARDED_BY(mutex_) = 0;
};

}  // namespace rollcall
