// Keeps what questions found out about the ranks of all users, for the next question that needs it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/mutex.h"

namespace rollcall {

// Any thread may use it.
class KeptRanks {
 public:
  // Is the store between two changes of its events. What was found out at one moment says nothing
  // of another.
  class Moment {
   public:
    // Returns what a plan with that digest kept.
    std::optional<std::string> find(std::uint64_t digest) const { return of_->find(digest, at_); }
    // Keeps `ranks` unless something has changed since.
    void keep(std::uint64_t digest, std::string_view ranks) const { of_->keep(digest, at_, ranks); }

   private:
    friend class KeptRanks;
    Moment(KeptRanks& of, std::uint64_t at) : of_(&of), at_(at) {}
    KeptRanks* of_;
    std::uint64_t at_;
  };

  // Returns the present moment, which refers to this object.
  Moment now();
  // Begins another moment, and forgets what was kept.
  void change();
  std::size_t memory_bytes() const;

 private:
  // Others than the last few are seldom asked for again. When there are more, all are dropped.
  static constexpr std::size_t kKeptMax = 256;

  std::optional<std::string> find(std::uint64_t digest, std::uint64_t at) const;
  void keep(std::uint64_t digest, std::uint64_t at, std::string_view ranks);

  mutable Mutex mutex_;
  std::uint64_t changes_ ROLLCALL_GUARDED_BY(mutex_) = 0;
  std::unordered_map<std::uint64_t, std::string> kept_ ROLLCALL_GUARDED_BY(mutex_);
};

}  // namespace rollcall
