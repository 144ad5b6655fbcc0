// The parts of a source that hold rows which limits refused.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <utility>
#include <vector>

#include "core/source/ingest/source_limits.h"

namespace rollcall {

// A part that was read in one go: whole records, of blocks from the first to the last one that had
// a row refused. It is read again as if the content ended with it.
struct RefusedRange {
  std::uint64_t begin = 0, end = 0;  // bytes of the content
  std::uint64_t lines = 0;           // line ends before it
  bool continues_line = false;       // it begins within a line whose beginning counted as a row
  // What its records were cut by when it was read first (RecordSyntax::line_bytes_max): each is a
  // row of its own, until a longer one that holds it comes in instead.
  std::uint64_t cut_line_bytes = 0;
  // That it was read under, the latest last; none that the latest covers with lines as long. A row
  // of it is in if one of them takes it.
  std::vector<Limits> readings;
  Refusals
      refused;  // rows that are not in, each for the first of the latest limits that refuses it

  // Whether reading it again under `now` may take a row in.
  bool is_due(const Limits& now) const;
};

// By `begin`; they do not overlap.
class RefusedRanges {
 public:
  using const_iterator = std::vector<RefusedRange>::const_iterator;

  const_iterator begin() const { return ranges_.begin(); }
  const_iterator end() const { return ranges_.end(); }
  bool empty() const { return ranges_.empty(); }

  void push_back(RefusedRange range) { ranges_.push_back(std::move(range)); }
  // The last range goes on to `end`, with more rows refused.
  void extend_last(std::uint64_t end, const Refusals& refused);

  // What was refused before `offset`.
  Refusals before(std::uint64_t offset) const;

  // Says that the range from `from` on was read again under `now`, up to `end`, before which there
  // are `lines` line ends: of the rows that were refused before it decided `decided`, and refused
  // `refused`. What it has decided is a range of its own from the first call on (`goes_on`: there
  // was one). The rest begins at `end`.
  void read_again(std::uint64_t from, std::uint64_t end, std::uint64_t lines, bool goes_on,
                  const Limits& now, const Refusals& decided, const Refusals& refused);

  // Takes out those before `offset` that are due, if any.
  std::vector<RefusedRange> take_due(std::uint64_t offset, const Limits& now);

  // Leaves out what has no row refused (any more).
  void drop_empty();

  nlohmann::ordered_json to_json() const;
  static RefusedRanges from_json(const nlohmann::json& json);

 private:
  std::vector<RefusedRange> ranges_;
};

}  // namespace rollcall
