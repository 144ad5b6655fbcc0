// Collects the events of a user that a question about sequences looks for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/question_account.h"
#include "core/history/user_cursor.h"
#include "core/query/sequence/block_match.h"
#include "core/query/sequence/step_bits.h"
#include "core/query/sequence/step_event.h"
#include "core/query/sequence/user_texts.h"

namespace rollcall {

// Names the events that a question looks for, and what it wants to know of each.
struct StepSelectors {
  std::vector<EventSelector> steps;       // at most kStepsMax
  std::vector<EventSelector> exclusions;  // at most kStepsMax
  // These events are seen even if they are of no step and of no exclusion. If it is null, there are
  // none.
  const EventSelector* between = nullptr;
  TimeUs begin = std::numeric_limits<TimeUs>::min();  // events from here on are seen
  TimeUs end = std::numeric_limits<TimeUs>::max();    // events before here are seen
  std::vector<std::uint32_t> told;  // properties whose values are told, as property_number() has it
  bool tells_names = false;
  bool tells_amounts = false;
};

// Only one thread uses it. The selectors outlive it.
class StepEvents {
 public:
  static constexpr std::uint32_t kStretchEvents = 256;

  // `account`, which may be null, pays for the events of a user, and ends the question when it is
  // over.
  StepEvents(const StepSelectors& selectors, QuestionAccount* account);

  // Looks at a block; to be called by the cursor.
  void open(std::size_t run, const LogBlock& block);

  // Returns the events of the user that the cursor stands at, in the order of time, or none if they
  // are known to be fewer than `at_least` before their times are read. They are valid until the
  // next call.
  std::span<const StepEvent> of_user(UserCursor& cursor, std::size_t at_least = 1);
  // Does the same where an event of the first step has to come first, and returns none if there is
  // no such event.
  std::span<const StepEvent> from_first_step(UserCursor& cursor);

  // Goes to the user that the cursor stands at. The calls below then read as much as is needed.
  void begin(UserCursor& cursor);
  // Reads the events as bits. Returns false if that cannot tell all that matters: some lie outside
  // the range or exclude, two may have the same time, or parts of several runs overlap.
  bool read_bits(StepBits& bits);

  // Says what the events can be before their times are known.
  struct Outlook {
    // No attempt makes more of the steps, each later than the one before or, in any order, within
    // whatever time.
    unsigned most_steps = 0;
    bool has_exclusions = false;
    bool are_within = false;  // whether all events lie in the range of the question
  };
  Outlook outlook(bool in_any_order) const;

  // Reads the events stretch by stretch, of at most `events_max` each, which is 1 to
  // kStretchEvents.
  enum class Stretch : std::uint8_t {
    kMore,  // events follow those read before
    kAnew,  // the events, now all of them, are not those read before with others behind them
    kNone,  // there are no more
  };
  Stretch read_stretch(std::uint32_t events_max = kStretchEvents);
  void read_rest() {
    while (read_stretch() != Stretch::kNone) {
    }
  }
  // Returns what was read of the user, in the order of time.
  std::span<const StepEvent> events() const { return events_; }

  // Return what the event at `place` of the span has: its value of the property told[number], its
  // name, and its amount, 0 if it has none. Values of kept properties have numbers for this user
  // alone, below text_count(), and 0 for the empty text; text_of() returns them.
  ValueCode value_of(std::size_t place, std::size_t number) const {
    return codes_[place * told_count_ + number];
  }
  EventCode name_of(std::size_t place) const {
    return codes_[place * told_count_ + told_count_ - 1];
  }
  Amount amount_of(std::size_t place) const { return amounts_[place]; }
  std::string_view text_of(std::uint32_t value) const { return texts_.text_of(value); }
  std::size_t text_count() const { return texts_.size(); }

 private:
  using Bits = std::vector<std::uint64_t>;
  struct OpenBlock {
    Bits bits;               // by word of events, of each step and then of each exclusion
    bool is_within = false;  // whether all of its events are in the range
    TimeUs last_time = 0;    // of all of its events
    Bits seen;               // events that are one of these, or stand between
    // These are the columns that are told: the properties, and then the names.
    std::vector<CodePlanes> told;
    std::vector<std::span<const std::uint32_t>> told_numbers;
    std::vector<std::span<const std::string_view>> told_texts;  // of kept properties
    std::vector<Amount> amounts;
  };
  // Is what the user has in one block.
  struct Part {
    std::size_t run;
    LogBlock::User user;
    TimeUs first_time;
    bool may_have_ties;
    LogBlock::Times times;
  };
  // Finds the parts of the user's events, and reads those that end their block. Parts without
  // anything that is seen may be left out.
  void read_parts(UserCursor& cursor, bool leaves_out_unseen);
  std::size_t seen_count(const Part& part) const;
  bool has_match(const Part& part, std::size_t match) const;
  bool any_has(std::size_t match) const;
  unsigned steps_in_order(const Part& part) const;
  std::uint32_t next_match(const Part& part, std::size_t match, std::uint32_t from) const;
  // Reads at most so many events of a part that has some left, and returns the time of the last.
  TimeUs add_events(Part& part, std::uint32_t count_max);
  void add_rest(Part& part);
  std::span<const StepEvent> add_parts();
  void sort();
  static void open_told(const LogBlock& block, std::uint32_t property, OpenBlock& open);
  void tell(const OpenBlock& open, std::uint32_t event);
  void take_events();

  const StepSelectors& selectors_;
  QuestionMemory memory_;
  QuestionPace pace_;
  std::size_t events_taken_ = 0;     // as many have memory
  std::size_t bits_taken_ = 0;       // as bits, too
  std::vector<BlockMatch> matches_;  // of the steps, and then of the exclusions
  Bits found_;                       // of one of them
  std::vector<BlockMatch> between_;  // one, or none
  std::vector<OpenBlock> blocks_;    // by run
  const std::size_t told_count_;
  const bool tells_;                  // anything
  std::vector<std::uint32_t> codes_;  // by event, told_count_ of them
  std::vector<Amount> amounts_;       // by event, if they are told
  UserTexts texts_;                   // those of kept properties that are told
  std::vector<StepEvent> events_;
  // The user's parts that are yet to be read, how many parts there are in all, which steps the
  // parts that were read have, and whether all parts lie in the range.
  std::vector<Part> parts_;
  std::size_t part_count_ = 0;
  std::uint64_t read_matches_ = 0;  // bit i: of matches_[i]
  bool are_within_ = true;
  std::size_t next_part_ = 0;  // of those that are read stretch by stretch
  bool are_all_read_ = false;
  std::vector<TimeUs> times_;  // of the stretch that was read last
};

}  // namespace rollcall
