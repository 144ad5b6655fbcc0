// This header has the parts of a source with rows that limits refused.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "core/source/ingest/source_limits.h"
#include "rollcall/json.h"

namespace rollcall {

// Is a part that was read in one go: whole records, in blocks from the first to the last one in
// which a row was refused. It is read again as if the content ended with it.
struct RefusedRange {
  std::uint64_t begin = 0, end = 0;  // bytes of the content
  std::uint64_t lines = 0;           // line ends before it
  bool continues_line = false;       // it begins within a line whose beginning counted as a row
  // Is the length at which its records were cut when it was first read
  // (RecordSyntax::line_bytes_max). Each piece is a separate row, until a longer one that holds it
  // comes in instead.
  std::uint64_t cut_line_bytes = 0;
  // Lists the limits it was read under, the latest last, without those that the latest covers with
  // lines as long. A row of it is in if one of them takes it.
  std::vector<Limits> readings;
  Refusals
      refused;  // rows that are not in, each for the first of the latest limits that refuses it

  // Returns whether reading it again under `now` may take a row in.
  bool is_due(const Limits& now) const;
};

// Holds ranges ordered by `begin`, which do not overlap.
class RefusedRanges {
 public:
  using const_iterator = std::vector<RefusedRange>::const_iterator;

  const_iterator begin() const { return ranges_.begin(); }
  const_iterator end() const { return ranges_.end(); }
  bool empty() const { return ranges_.empty(); }

  void push_back(RefusedRange range) { ranges_.push_back(std::move(range)); }
  // Extends the last range to `end`, with more rows refused.
  void extend_last(std::uint64_t end, const Refusals& refused);

  // Returns what was refused before `offset`.
  Refusals before(std::uint64_t offset) const;

  // Records that the range from `from` on was read again under `now`, up to `end`, which has
  // `lines` line ends before it. Of the rows that were refused before, this reading decided
  // `decided`, and it refused `refused`. From the first call on, what it has decided is a separate
  // range; `goes_on` says that there already is one. The rest begins at `end`.
  void read_again(std::uint64_t from, std::uint64_t end, std::uint64_t lines, bool goes_on,
                  const Limits& now, const Refusals& decided, const Refusals& refused);

  // Removes and returns the ranges before `offset` that are due.
  std::vector<RefusedRange> take_due(std::uint64_t offset, const Limits& now);

  // Removes ranges that have no refused rows (any more).
  void drop_empty();

  Json to_json() const;
  // Throws as `Json::as` does.
  static RefusedRanges from_json(const Json& json);

 private:
  std::vector<RefusedRange> ranges_;
};

}  // namespace rollcall
