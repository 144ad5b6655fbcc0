// This reader has the history of a pinned partition, and reads what is not in memory.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "core/base/mutex.h"
#include "core/base/question_account.h"
#include "core/history/event_log.h"
#include "core/history/user_cursor.h"
#include "rollcall/store.h"

namespace rollcall {

// Any thread may use it. Calls throw QuestionFailure if a block cannot be read, or if the question
// of the account is over.
class HistoryReader {
 public:
  // Blocks that are read stay in `pinned` if keeps(bytes) says that there is room for them. All
  // arguments but the function outlive the reader.
  HistoryReader(PinnedLog& pinned, const StoreView& view, QuestionAccount& account,
                std::function<bool(std::size_t)> keeps)
      : pinned_(pinned), view_(view), account_(account), keeps_(std::move(keeps)) {}

  // Returns the runs, the oldest first. They are read through the reader, which outlives them.
  std::vector<RunSource> runs();
  // Holds what it takes to have a block of each run open, and what is looked for in it.
  std::size_t open_bytes() const;

 private:
  std::shared_ptr<const LogBlock> block(PinnedBlock& pinned);
  LogRun packed(const FrozenRows& rows);

  PinnedLog& pinned_;
  const StoreView& view_;
  QuestionAccount& account_;
  const std::function<bool(std::size_t)> keeps_;
  Mutex mutex_;  // guards the pointers to blocks in pinned_
};

}  // namespace rollcall
