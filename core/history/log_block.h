// A block of history holds the events of some users, packed in columns.
//
// The events are ordered by user and then by time. A block is made once and never changed. In
// memory it has the form in which it is stored, and is unpacked as it is read. These are its bytes:
//
//   header      varints: counts, widths, dictionaries; then zeros up to a multiple of eight bytes
//   codes       for the names, and for each property: bit planes of the codes, as below
//   has_value   a bit for each event, unless the names alone tell which events have a value
//   users       how far each ordinal is from the one before; how many events, less one; the first
//               event's time; the width of the steps of time that follow
//   times       of each user, the steps from one event to the next, in the user's width
//   values      of the events that have one
//   padding     eight zero bytes, which readers of bits may load
// Each part consists of whole words, little endian. A code is the place of a name in the block's
// own dictionary of names. Bit p of the codes of events 64 w to 64 w + 63 is word w of plane p, so
// that a few operations find a set of codes for 64 events at once. Times are counted from the
// block's earliest one, in the coarsest unit of which all times of the block are whole multiples.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "kernels/bitmap_kernels.h"
#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

// Holds events of one partition in columns, ordered by ordinal and then by time. All columns have
// the same length.
struct EventColumns {
  std::vector<std::uint32_t> ordinals;
  std::vector<TimeUs> times;
  std::vector<std::uint32_t> names;  // numbers of the catalog
  std::vector<Amount> values;        // 0: none
  // These are by declared dimension, and hold numbers of the catalog.
  std::vector<std::vector<std::uint32_t>> dimensions;
  // These are by kept property.
  std::vector<std::vector<std::string_view>> properties;

  std::size_t size() const { return ordinals.size(); }
  void resize(std::size_t size);
};

// A block has at most this many events.
inline constexpr std::size_t kBlockEvents = 32'768;

// Holds the codes of one column in a block, in bit planes.
struct CodePlanes {
  const std::uint64_t* words = nullptr;  // plane by plane
  std::size_t plane_words = 0;
  unsigned width = 0;  // planes

  std::uint32_t code_of(std::size_t event) const {
    std::uint32_t code = 0;
    for (unsigned plane = 0; plane < width; ++plane) {
      const std::uint64_t word = words[plane * plane_words + event / 64];
      code |= static_cast<std::uint32_t>(word >> (event % 64) & 1) << plane;
    }
    return code;
  }
};

// Any number of threads may read it. Moving a block leaves pointers into it valid.
class LogBlock {
 public:
  // Packs events [begin, end) of `events`, which are at least one.
  static LogBlock pack(const EventColumns& events, std::size_t begin, std::size_t end);

  //   kCorruption  they are not what pack() made
  static Result<LogBlock> deserialize(std::string_view bytes);
  std::string_view bytes() const {
    return {reinterpret_cast<const char*>(words_.data()), 8 * words_.size()};
  }

  std::size_t memory_bytes() const;
  std::uint32_t event_count() const { return event_count_; }
  std::uint32_t user_count() const { return user_count_; }
  std::uint32_t first_ordinal() const { return first_ordinal_; }
  std::uint32_t last_ordinal() const { return last_ordinal_; }
  TimeUs first_time() const { return first_time_; }
  TimeUs last_time() const { return last_time_; }
  bool has_values() const { return value_count_ > 0; }

  // Returns what the codes of a column stand for: ascending numbers of the catalog.
  std::span<const std::uint32_t> names() const { return names_.numbers; }
  std::span<const std::uint32_t> dimension_values(std::size_t dimension) const {
    return dimensions_[dimension].numbers;
  }
  // Returns ascending texts, which point into the block. A block may have fewer properties than the
  // store, because some may have been added since.
  std::size_t property_count() const { return properties_.size(); }
  std::span<const std::string_view> property_values(std::size_t property) const {
    return properties_[property].texts;
  }
  std::size_t dimension_count() const { return dimensions_.size(); }

  CodePlanes name_planes() const { return planes_of(names_); }
  CodePlanes dimension_planes(std::size_t dimension) const {
    return planes_of(dimensions_[dimension]);
  }
  CodePlanes property_planes(std::size_t property) const {
    return planes_of(properties_[property]);
  }

  // Sets bit i of `out`, which has words_of(event_count()) words, if the code of event i is one of
  // `codes`, which ascend.
  void match(const CodePlanes& planes, std::span<const std::uint32_t> codes,
             std::uint64_t* out) const;

  // Writes the values of all events, and 0 for those without one.
  void values(std::span<Amount> out) const;

  // Describes one user's events: `count` of them, from `begin` on.
  struct User {
    std::uint32_t ordinal = 0;
    std::uint32_t begin = 0;
    std::uint32_t count = 0;
  };

  // Walks through the users in the order of their ordinals.
  class Walk {
   public:
    explicit Walk(const LogBlock& block) : block_(&block) {}
    // Goes to the next user, at first to the first one. Returns false after the last.
    bool next();
    // Goes to the first user from here on whose ordinal is at least `ordinal`. Returns false if
    // there is none.
    bool seek(std::uint32_t ordinal);
    const User& user() const { return user_; }
    // Returns the time of the user's first event.
    TimeUs first_time() const;
    // Returns whether two events of the user may have the same time.
    bool may_have_ties() const;

   private:
    friend class LogBlock;
    friend class Times;
    const LogBlock* block_;
    std::uint32_t next_user_ = 0;  // its number in the block
    User user_;
    std::uint64_t first_step_ = 0;  // the bit where the user's steps begin
    std::uint64_t next_step_ = 0;   // and where those of the next user do
    unsigned step_width_ = 0;
  };

  // Reads the times of the user at whom a walk stands, one stretch after the other.
  class Times {
   public:
    explicit Times(const Walk& walk);
    std::uint32_t left() const { return left_; }  // events whose times are not read yet
    // Writes the times of the next `count` events, of at most those that are left.
    void read(std::uint32_t count, TimeUs* out);

   private:
    const LogBlock* block_;
    std::uint64_t step_;  // the bit where the step to the next event begins
    std::uint64_t time_;  // of the event before
    unsigned width_;
    std::uint32_t left_;
    bool has_begun_ = false;
  };

 private:
  class Packer;
  struct Column {
    std::vector<std::uint32_t> numbers;   // for names and dimensions
    std::vector<std::string_view> texts;  // for kept properties
    std::size_t words = 0;                // where its planes begin
    unsigned width = 0;
    std::size_t size() const { return numbers.size() + texts.size(); }
  };
  // Holds the position of a walk before every so many users.
  struct Stop {
    std::uint32_t ordinal;
    std::uint32_t begin;
    std::uint64_t step;
  };

  LogBlock() = default;
  Status read();
  Status read_header(std::size_t& header_bytes);
  Status check_users();
  Status check_codes() const;
  CodePlanes planes_of(const Column& column) const {
    return {words_.data() + column.words, plane_words(), column.width};
  }
  std::size_t plane_words() const { return (std::size_t{event_count_} + 63) / 64; }
  // Writes the events that have a value, as bits, into `out`.
  void have_value(std::uint64_t* out) const;

  std::vector<std::uint64_t> words_;  // what is stored, including the header
  std::uint32_t event_count_ = 0;
  std::uint32_t user_count_ = 0;
  std::uint32_t value_count_ = 0;
  std::uint32_t first_ordinal_ = 0, last_ordinal_ = 0;
  TimeUs first_time_ = 0, last_time_ = 0;
  TimeUs unit_ = 1;
  Column names_;
  std::vector<Column> dimensions_, properties_;
  // Lists the names whose events all have a value, if no others have one; otherwise has_value_
  // tells.
  std::vector<std::uint32_t> valued_names_;
  bool values_by_name_ = false;
  Amount value_base_ = 0;
  unsigned gap_width_ = 0, count_width_ = 0, first_width_ = 0, value_width_ = 0;
  std::size_t has_value_ = 0, gaps_ = 0, counts_ = 0, firsts_ = 0, step_widths_ = 0, steps_ = 0,
              values_ = 0;  // in words
  std::uint64_t step_bits_ = 0;
  std::vector<Stop> stops_;
  // Lists the events that have the time of the one before, in order, unless they are many.
  std::vector<std::uint32_t> ties_;
  bool has_many_ties_ = false;
};

}  // namespace rollcall
