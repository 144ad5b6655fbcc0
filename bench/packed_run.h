// Sealing and merging history takes at least this: the events of one partition by user and time,
// packed into bits, without blocks, dictionaries, or a way to find a user. Values are hundredths.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/history/bit_stream.h"
#include "rollcall/types.h"

namespace rollcall::bench {

// Packs an event into a number, so that the numbers of a user's events order them by time. `time`
// is below 2^46, and counts microseconds from a beginning that all events share; `name` is a place
// in kEventNameList; `hundredths` is below 2^15.
inline constexpr unsigned kValueBits = 15, kNameBits = 3, kTimeBits = 46;
inline constexpr std::uint64_t pack_event(std::uint64_t time, std::uint32_t name,
                                          std::uint32_t hundredths) {
  return time << (kNameBits + kValueBits) | std::uint64_t{name} << kValueBits | hundredths;
}
inline constexpr std::uint64_t time_of(std::uint64_t event) {
  return event >> (kNameBits + kValueBits);
}
inline constexpr std::uint32_t name_of(std::uint64_t event) {
  return static_cast<std::uint32_t>(event >> kValueBits) & ((1U << kNameBits) - 1);
}
inline constexpr std::uint32_t hundredths_of(std::uint64_t event) {
  return static_cast<std::uint32_t>(event) & ((1U << kValueBits) - 1);
}

// Any number of threads may read it.
class PackedRun {
 public:
  // Holds events in the order in which they came, which is nearly that of time.
  struct Rows {
    std::vector<std::uint32_t> users;   // numbers within the partition
    std::vector<std::uint64_t> events;  // as pack_event makes them
  };
  // `user_count` is above every user.
  static PackedRun seal(const Rows& rows, std::size_t user_count);
  // Merges runs of the same users. The events of a run come before those of the next one, but for
  // few of them.
  static PackedRun merge(std::span<const PackedRun> runs);

  // Takes the events of one user after the other, in order. The run can be read once the writer is
  // gone.
  class Writer {
   public:
    Writer(PackedRun& run, std::size_t event_count);
    ~Writer();
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    void add(std::span<const std::uint64_t> events);

   private:
    PackedRun& run_;
    BitWriter users_, values_;
    std::array<std::uint64_t, kNameBits> planes_{};  // the last words of them
    std::size_t event_count_ = 0;
  };
  // Hands out the events of one user after the other.
  class Reader {
   public:
    explicit Reader(const PackedRun& run) : run_(&run) {}
    // Appends the events of the next user.
    void next(std::vector<std::uint64_t>& events);

   private:
    const PackedRun* run_;
    std::uint64_t bit_ = 0, value_ = 0;
    std::size_t event_ = 0;
  };

  std::size_t user_count() const { return user_count_; }
  std::size_t event_count() const { return event_count_; }
  std::size_t bytes() const;

  // Counts the events of some names, or writes their numbers, one stretch of the run after the
  // other into the same place, and returns how many there are.
  std::uint64_t count_names(std::span<const std::uint32_t> names) const;
  std::uint64_t list_names(std::span<const std::uint32_t> names) const;
  // Unpacks the name and the time of every event. Returns the sum of
  // (begin + time) * (2 * name + 1) over all.
  std::uint64_t read_names_and_times(TimeUs begin) const;

 private:
  std::size_t user_count_ = 0, event_count_ = 0;
  // Each user has the width of the number of events in bits, and that number; the time of the first
  // event; the width of the steps of time that follow, and these.
  std::vector<std::uint64_t> users_;
  std::array<std::vector<std::uint64_t>, kNameBits> planes_;  // bits of the names, by event
  std::vector<std::uint64_t> values_;  // of the events of names that have values
};

}  // namespace rollcall::bench
