// Is a segment as a plan reads it, with names resolved to series and dates to days.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/byte_codec.h"
#include "core/catalog/segment_catalog.h"
#include "core/query/plan/segment_history.h"
#include "core/query/resolve/plan_context.h"
#include "core/query/resolve/timeframe.h"
#include "core/query/sets/chunk_sets.h"
#include "rollcall/segment.h"

namespace rollcall {

class Plan;

class SegmentSet {
 public:
  // `where` is added to every selector.
  //   kInvalidArgument  a name that the store does not know, or a question that the aggregates
  //                     cannot answer exactly; the text begins with `field`
  static Result<SegmentSet> resolve(std::string_view field, const Segment& segment,
                                    const std::vector<PropertyCondition>& where,
                                    const PlanContext& context, const Timeframe& timeframe);

  void add_reads(ReadSet& reads) const;
  // Returns the users of the chunk who are in the segment, in the arena until it takes its buffers
  // back.
  BitSpan evaluate(ChunkSets& sets) const;
  // Frees what `evaluate` keeps from one chunk to the next, as Plan::free_scratch does.
  void free_scratch() const;

  // Adds what a reader of the answer should know about it.
  void add_notes(std::vector<std::string>& notes) const;
  // Writes what it depends on besides its expression: the days that its parts came to mean.
  void write_identity(ByteWriter& writer) const;

 private:
  class Resolver;

  BitSpan users_by_days(ChunkSets& sets) const;
  // Returns the users of `question_cells_`.
  BitSpan users_of_question(ChunkSets& sets) const;

  Segment::Kind kind_ = Segment::Kind::kDid;
  SeriesUnion events_;
  DayRange days_;
  LongUnion active_;  // kDid, without days
  LongUnion before_;  // kFirst: who was there earlier
  LongUnion seen_;    // kNot, and tests that users without an event pass: everybody
  std::optional<Segment::DaysTest> days_test_;
  std::vector<SegmentSet> parts_;
  std::shared_ptr<const UserList> list_;
  std::vector<std::shared_ptr<const AudienceRead>> audiences_;  // of the runs
  std::shared_ptr<const SegmentHistory> history_;               // null: aggregates tell
  std::shared_ptr<const Plan> question_;                        // kConverted, kDropped, kVariant
  std::vector<std::size_t> question_cells_;                     // whose users are in it
};

// Returns everybody seen up to as_of.
LongUnion everybody(const PlanContext& context, const Timeframe& timeframe);

}  // namespace rollcall
