// Counts the events of single users by ranges of time, without a list of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/question_account.h"
#include "core/history/user_cursor.h"
#include "core/query/resolve/selector_resolver.h"
#include "core/query/sequence/block_match.h"

namespace rollcall {

// Times are read only of blocks that do not lie within one range, and of users with enough events.
// Only one thread uses it.
class EventCounts {
 public:
  // Events count in the range from instants[i] to before instants[i + 1]; the instants, at least
  // two, ascend. The selector and `account`, which may be null, outlive it; `account` ends the
  // question when it is over.
  EventCounts(const EventSelector& selector, std::vector<TimeUs> instants, bool counts_valued,
              QuestionAccount* account);

  // Looks at a block; to be called by the cursor.
  void open(std::size_t run, const LogBlock& block);

  // Counts the events of the user that the cursor stands at, by range. All are 0 if the user is
  // known to have fewer than `at_least` events in all ranges together before times are read. It is
  // valid until the next call.
  std::span<const std::uint64_t> of_user(UserCursor& cursor, std::size_t at_least = 1);
  // Counts those of them that have a value, of which `counts_valued` asks.
  std::span<const std::uint64_t> valued() const { return valued_; }

 private:
  using Bits = std::vector<std::uint64_t>;
  struct OpenBlock {
    // The range that has all events of the block; kOutside: none has any; kDivided: their times
    // tell.
    std::size_t range = 0;
    Bits events, valued;
  };
  static constexpr std::size_t kOutside = ~std::size_t{0};
  static constexpr std::size_t kDivided = kOutside - 1;
  // Is what the user has in one block that is divided.
  struct Part {
    std::size_t run;
    LogBlock::User user;
    LogBlock::Times times;
  };

  // Returns how many events of the block from `begin` to before `end` are meant.
  std::uint64_t meant(const OpenBlock& block, std::uint32_t begin, std::uint32_t end) const;
  void add(const OpenBlock& block, std::size_t range, std::uint32_t begin, std::uint32_t end);
  void add_divided(Part& part);

  const std::vector<TimeUs> instants_;
  const bool means_all_;  // whatever the events are
  const bool counts_valued_;
  QuestionPace pace_;
  BlockMatch match_;
  std::vector<OpenBlock> blocks_;  // by run
  std::vector<std::uint64_t> counts_, valued_;
  std::vector<Part> parts_;  // of the user, that are yet to be read
  std::vector<Amount> amounts_;
  std::vector<TimeUs> times_;
};

}  // namespace rollcall
