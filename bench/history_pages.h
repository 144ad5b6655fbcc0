// Counts what checkpoints write of the history.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include "rollcall/store.h"

namespace rollcall::bench {

// Holds what commits wrote of the pages of history, before the store compresses it. Any thread may
// use it.
class HistoryPages {
 public:
  // Counts what commits to the returned store write; `store` does the rest.
  static std::unique_ptr<Store> count(std::unique_ptr<Store> store,
                                      std::shared_ptr<HistoryPages> pages);

  std::uint64_t commits() const;
  std::uint64_t written_bytes() const;  // by all commits
  std::uint64_t kept_bytes() const;     // that no later commit superseded

 private:
  class CountingStore;
  Commit counted(const Commit& commit);
  void note(const PageAddress& address, std::uint64_t bytes);
  void note(const Commit& commit);

  mutable std::mutex mutex_;
  std::map<PageAddress, std::uint64_t> kept_;
  std::uint64_t commits_ = 0, written_bytes_ = 0;
};

}  // namespace rollcall::bench
