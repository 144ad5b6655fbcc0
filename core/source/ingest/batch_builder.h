// The builder turns rows into the columns of an EventBatch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/text_arena.h"
#include "core/source/ingest/source_limits.h"
#include "core/source/values/block_dictionary.h"
#include "core/source/values/joined_value.h"
#include "core/source/values/row.h"
#include "core/source/values/time_parser.h"
#include "rollcall/event.h"
#include "rollcall/source_options.h"
#include "rollcall/types.h"

namespace rollcall {

// The rows of a source become this.
struct BatchShape {
  struct Property {
    std::string name;
    std::vector<std::size_t> slots;  // those of the columns it joins, in order
  };

  UserKind user_kind = UserKind::kString;
  std::string event_name;  // the name of every event; "": each row has its own
  bool has_value = false;
  std::uint32_t value_decimals = 6;
  AmountForm amount_form;
  bool holds_unrounded = false;      // as SourceReading::holds_unrounded
  std::vector<Property> properties;  // dimensions and kept properties
};

// Counts words, of which there are few different ones.
class WordCounter {
 public:
  void add(std::string_view word, std::uint64_t rows = 1);
  const std::vector<WordCount>& counts() const { return counts_; }
  void clear() { counts_.clear(); }

 private:
  std::vector<WordCount> counts_;
};

// Counts rows whose id is odd, and keeps the first of these ids.
struct OddIds {
  std::uint64_t rows = 0;
  std::string first;

  void add(std::string_view id) {
    if (rows++ == 0) first = id;
  }
  void add(const OddIds& later) {
    if (rows == 0) first = later.first;
    rows += later.rows;
  }
};

// Returns whether an id has a blank at either end.
inline bool is_padded(std::string_view id) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  return !id.empty() && (is_blank(id.front()) || is_blank(id.back()));
}

// Returns whether an id looks like a large number as spreadsheets write it, with most digits lost:
// 1.23457E+15.
inline bool is_rounded(std::string_view id) {
  const auto is_digit = [](char c) { return '0' <= c && c <= '9'; };
  return id.size() >= 5 && id[id.size() - 3] == '+' && (id[id.size() - 4] | 0x20) == 'e' &&
         is_digit(id.front()) && is_digit(id[id.size() - 2]) && is_digit(id.back());
}

// Takes a row as a whole or not at all, so that a batch holds only what Engine::prepare accepts.
// Times and amounts may be padded with blanks; other texts are taken as they are. One thread may
// use it at a time.
class BatchBuilder {
 public:
  BatchBuilder(BatchShape shape, TimeParser time_parser, Admission admission);

  // Begins a batch. If `utf8` is true, every field of it is known to be UTF-8.
  void start(bool utf8);

  // Adds a row whose fields are by slot, and live as long as the batch. A row at fault leaves no
  // trace. `line_bytes` is the length of the row, if it is read for a second time.
  std::optional<RowFault> add(std::span<const Field> fields, std::size_t line_bytes = 0);

  // Returns the measures of the row that `add` took last on a second reading, or that a limit kept
  // out.
  const RowMeasures& measures() const { return measures_; }

  std::size_t row_count() const { return times_.size(); }

  // Return, for the rows added since `start`, users that may be nobody, words for absent values,
  // and odd ids.
  const WordCounter& null_users() const { return null_users_; }
  const WordCounter& null_values() const { return null_values_; }
  const OddIds& padded_users() const { return padded_users_; }
  const OddIds& rounded_users() const { return rounded_users_; }

  // Returns the rows added since `start`; valid until the next call of `add` or `start`.
  EventBatch batch();

 private:
  std::optional<RowFault> parse_user(const Field& field, std::uint64_t& integer) const;
  std::optional<RowFault> parse_time(const Field& field, ParsedTime& time);
  // These are properties of an amount besides its number.
  struct AmountTraits {
    bool is_null = false;
    bool is_unrounded = false;  // determined only if it matters
  };
  std::optional<RowFault> parse_value(const Field& field, Amount& value,
                                      AmountTraits& traits) const;
  // Returns what keeps out a row that is otherwise good and has `measures_`.
  std::optional<RowFault> judge(std::span<const Field> fields) const;
  // Returns the fault of a row whose time is outside of what is `allowed`.
  RowFault refused_time(RejectKind kind, const Field& time, std::string_view allowed) const;
  std::optional<RowFault> check_event(const Field& field) const;
  std::optional<RowFault> check_property(std::string_view name, const Field& field) const;
  bool is_utf8(std::string_view text) const;
  std::optional<RowFault> check_columns_of(const BatchShape::Property& property,
                                           std::span<const Field> fields) const;
  std::uint32_t property_code(std::size_t property, std::span<const Field> fields);

  BatchShape shape_;
  TimeParser time_parser_;
  Admission admission_;
  // On a first reading, rows within these are taken.
  TimeUs time_min_, time_max_;
  std::size_t user_bytes_max_;
  AmountForm strict_form_;  // without rounding
  bool is_strict_;          // whether amounts that would need rounding must be noticed
  RowMeasures measures_{};
  bool utf8_ = false;

  std::vector<std::uint64_t> user_integers_;
  std::vector<std::string_view> user_strings_;
  BlockDictionary events_;
  std::vector<std::uint32_t> event_codes_;
  std::vector<TimeUs> times_;
  std::vector<Amount> values_;
  WordCounter null_users_;
  WordCounter null_values_;
  OddIds padded_users_, rounded_users_;
  std::vector<BlockDictionary> property_values_;            // by property
  std::vector<std::vector<std::uint32_t>> property_codes_;  // by property, then row
  JoinedValue joined_;
  TextArena arena_;  // joined values
  TimeUs latest_time_ = 0;
  std::optional<Day> latest_whole_day_;
  std::string_view event_name_;
  std::vector<PropertyColumn> properties_;
};

}  // namespace rollcall
