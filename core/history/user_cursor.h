// Iterates over the users of several runs, each with all of their events.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "core/history/log_merge.h"

namespace rollcall {

// Goes through the users by ordinal. A user's events come in parts: a stretch of a block for each
// run that has the user, or several if they fill more than a block. Within a part they are in the
// order of time. Parts of one run follow one another, parts of several runs may overlap, and events
// of one instant have no order.
//
// Threads: one at a time. The runs must outlive the cursor.
class UserCursor {
 public:
  // `opened` is called with each block before a part of it is handed out. A reader may keep what it
  // derives from the block under `run`, until the next block of that run is opened.
  using Opened = std::function<void(std::size_t run, const LogBlock& block)>;
  UserCursor(std::span<const LogRun> runs, Opened opened) : opened_(std::move(opened)) {
    for (std::size_t run = 0; run < runs.size(); ++run) {
      if (!runs[run].empty()) readers_.emplace_back(run, runs[run]);
    }
  }

  // Goes to the next user, at first to the first one. Returns false after the last.
  bool next();
  // Goes to the first user from here on whose ordinal is at least `ordinal`. Returns false if there
  // is none.
  bool seek(std::uint32_t ordinal);
  std::uint32_t ordinal() const { return ordinal_; }

  // Calls visit(run, block, walk) once with each part of the user's events; `walk` stands at it.
  template <class Visit>
  void read_parts(Visit visit) {
    for (Reader& reader : readers_) {
      while (!reader.has_ended() && reader.walk.user().ordinal == ordinal_) {
        if (!std::exchange(reader.is_told, true)) opened_(reader.run, reader.block());
        visit(reader.run, reader.block(), std::as_const(reader.walk));
        reader.go_to(ordinal_, /*past_user=*/true);
      }
    }
  }

 private:
  struct Reader {
    Reader(std::size_t number, const LogRun& of) : run(number), blocks(&of), walk(*of.front()) {
      walk.next();
    }
    bool has_ended() const { return at == blocks->size(); }
    const LogBlock& block() const { return *(*blocks)[at]; }
    // Goes to the next user, or to the first one from here on with at least this ordinal.
    void go_to(std::uint32_t ordinal, bool past_user);

    std::size_t run;
    const LogRun* blocks;
    std::size_t at = 0;  // the block that `walk` is in
    LogBlock::Walk walk;
    bool is_told = false;  // whether `opened` was called for that block
  };

  // Goes to the least ordinal at which a reader stands.
  bool settle();

  std::vector<Reader> readers_;
  Opened opened_;
  std::uint32_t ordinal_ = 0;
  bool has_begun_ = false;
};

}  // namespace rollcall
