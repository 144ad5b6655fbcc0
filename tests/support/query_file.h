// Questions and their answers in a text file, which needs no C++ to read or write.
//
//   # Two join on the first day; one comes back on the next.     a comment
//
//   settings                                                     optional, before everything else
//   timezone=Europe/London
//   week_start=sunday
//   dimensions=channel,plan
//   keep=session
//   user_kind=integer
//   history=false
//   history_days=30                                              takes effect when the store closes
//
//   ingest                                                       TIME USER EVENT [NAME=VALUE ...]
//   2026-01-01T10:00:00Z alice login channel=ads
//   2026-01-02 "bob b" purchase value=9.99
//   ----
//   ok: 2 events
//
//   reopen                                                       closes and opens the store
//
//   segment payers                                               saves a segment by that name
//   {"did": "purchase", "last": "30d"}                           JSON, or text as people write it
//   ----
//   ok
//
//   freeze spring first                                          an audience: campaign and run
//   {"users": "did(login)", "classes": {"payers": "did(purchase)"}, "holdout": "0.5"}
//   ----
//   payers contacted: alice                                      who is in each class and arm, and
//   payers holdout:                                              what the oracle goes by
//   other contacted:
//   other holdout: bob                                           (ids without blanks)
//
//   query                                                        one JSON object
//   {"kind": "active"}
//   ----
//   as_of 2026-01-02T23:59:59Z                                   a table, or the words of an error
//         date  users  complete
//   2026-01-01      1      true
//   2026-01-02      1      true
//
// A page of members that others follow ends in a line `next ID`.
//
// Blocks end at an empty line. A TIME is RFC 3339, or without an offset in the store's time zone,
// or a bare date. A field that holds blanks is a JSON string. `value` is the amount; other names
// are properties.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rollcall/audience.h"
#include "rollcall/options.h"
#include "rollcall/status.h"
#include "tests/support/naive_engine.h"
#include "tests/support/test_engine.h"

namespace rollcall::testing {

class QueryFile {
 public:
  // kInvalidArgument: what is wrong with the file, with its line
  static Result<QueryFile> read(const std::string& path);

  struct Block {
    enum class Kind : std::uint8_t { kIngest, kReopen, kSegment, kFreeze, kQuery };
    Kind kind = Kind::kQuery;
    std::size_t line = 0;  // in the file, counted from 1
    std::vector<NaiveEvent> events;
    std::string json;  // of a query
    std::string name;  // of a segment
    Segment segment;
    AudienceRequest audience;
    std::string expected;            // lines, each with its end
    std::size_t expected_begin = 0;  // lines [begin, end) of the file, from 0, hold it
    std::size_t expected_end = 0;
  };
  const StoreSettings& settings() const { return settings_; }
  const std::optional<std::uint32_t>& history_days() const { return history_days_; }
  const std::vector<Block>& blocks() const { return blocks_; }

  // Returns the answer to each block, as it would stand in the file, or "" for reopen.
  std::vector<std::string> run(const EngineSetup& setup) const;
  // Returns the same by the oracle, whose errors have other words: "error".
  std::vector<std::string> run_naive() const;

  // Writes the file anew with these answers in the place of those expected.
  Status rewrite(const std::vector<std::string>& answers) const;

 private:
  Status parse();
  Status parse_setting(std::string_view line);
  Result<NaiveEvent> parse_event(std::string_view line) const;
  Result<Segment> parse_segment_block(const std::string& text) const;
  Status parse_freeze_block(std::string_view head, Block& block) const;
  std::string freeze(Engine& engine, const AudienceRequest& request) const;
  // Reads who is in each class and arm.
  Result<NaiveAudience> parse_audience(const std::string& lines) const;

  std::string path_;
  std::vector<std::string> lines_;
  StoreSettings settings_;
  std::optional<std::uint32_t> history_days_;
  std::vector<Block> blocks_;
};

// Returns a file that holds these events, these segments, this question and this answer.
std::string query_file_text(const StoreSettings& settings, const std::vector<NaiveEvent>& events,
                            const SavedSegments& saved, const Query& query,
                            const std::string& answer);

}  // namespace rollcall::testing
