// The cursor iterates over the users of several runs, each with all of their events.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "core/history/log_merge.h"

namespace rollcall {

// Is a run whose blocks are read when they are needed.
struct RunSource {
  std::size_t block_count = 0;
  // Returns the block of that number. The call may throw.
  std::function<std::shared_ptr<const LogBlock>(std::size_t number)> block;

  // Reads the blocks of a run in memory, which must outlive it.
  static RunSource of(const LogRun& run) {
    return {run.size(), [&run](std::size_t number) { return run[number]; }};
  }
};

// Goes through the users by ordinal. A user's events come in parts: a stretch of a block for each
// run that has the user, or several if they fill more than a block. Within a part they are in the
// order of time. Parts of one run follow one another, parts of several runs may overlap, and events
// of one instant have no order.
//
// One thread may use it at a time.
class UserCursor {
 public:
  // `opened` is called with each block before a part of it is handed out. A reader may keep what it
  // derives from the block under `run`, until the next block of that run is opened.
  using Opened = std::function<void(std::size_t run, const LogBlock& block)>;
  UserCursor(std::vector<RunSource> runs, Opened opened) : opened_(std::move(opened)) {
    for (std::size_t run = 0; run < runs.size(); ++run) {
      if (runs[run].block_count != 0) readers_.emplace_back(run, std::move(runs[run]));
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
        if (!std::exchange(reader.is_told, true)) opened_(reader.run, *reader.block);
        visit(reader.run, *reader.block, std::as_const(reader.walk));
        reader.go_on();
      }
    }
  }

 private:
  struct Reader {
    Reader(std::size_t number, RunSource of)
        : run(number), source(std::move(of)), block(source.block(0)), walk(*block) {
      walk.next();
    }
    bool has_ended() const { return at == source.block_count; }
    // Goes to the next user.
    void go_on();
    // Goes to the first user from here on with at least this ordinal.
    void go_to(std::uint32_t ordinal);
    void open(std::size_t number);

    std::size_t run;
    RunSource source;
    std::size_t at = 0;  // the number of the block that `walk` is in
    std::shared_ptr<const LogBlock> block;
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
