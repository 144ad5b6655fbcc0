// This header has conditions on events, and sets of users.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/dates.h"
#include "rollcall/status.h"

namespace rollcall {

struct Query;  // rollcall/question.h

// Is a condition on one property of an event. An absent property equals the empty string.
//
// The last five tests compare numbers exactly: decimals such as "10" or "-2.50", of any length.
// What is no number passes none of them. The property "value" is then the event's amount; an event
// that has none, or one of 0, passes none of them either.
struct PropertyCondition {
  enum class Test : std::uint8_t {
    kAnyOf,     // equals one of `values`
    kNoneOf,    // equals none of `values`
    kContains,  // contains `values[0]`
    kIsSet,     // is not empty
    kIsNotSet,  // is empty
    kMore,      // is a number above `values[0]`
    kAtLeast,   // is a number not below `values[0]`
    kLess,      // is a number below `values[0]`
    kAtMost,    // is a number not above `values[0]`
    kEquals,    // is the same number as `values[0]`
  };
  std::string property;
  Test test = Test::kAnyOf;
  std::vector<std::string> values;

  friend bool operator==(const PropertyCondition&, const PropertyCondition&) = default;
};

// Says which events count. By default, any event does.
struct Selector {
  enum class Names : std::uint8_t { kAny, kAnyOf, kNoneOf };
  Names match = Names::kAny;
  std::vector<std::string> names;
  std::vector<PropertyCondition> where;  // all must hold

  friend bool operator==(const Selector&, const Selector&) = default;
};

// Is a set of users, written as an expression.
struct Segment {
  enum class Kind : std::uint8_t {
    kDid,        // with an event in the range; with `days`, `times` or `sum`, so many of them
    kFirst,      // whose first matching event ever lies in the range
    kAll,        // in all of `parts`
    kAny,        // in any of `parts`
    kNot,        // seen up to as_of, and not in `parts[0]`
    kFile,       // listed in the file `name` (user_file.h)
    kSaved,      // in the segment that the store keeps as `name`
    kDeclined,   // with far fewer events in the last days than in as many days before
    kFavourite,  // most of whose events in the range have one value of a property
    kConverted,  // who made the last step of `funnel`
    kDropped,    // who made the step before `at_step` of `funnel`, and not `at_step`
    kAudience,   // in an audience of the campaign `name`, or in a part of it
    kVariant,    // whom `comparison` counts in the variant `name`, ready to be measured or not yet
  };
  enum class Compare : std::uint8_t { kAtLeast, kAtMost, kExactly };
  struct DaysTest {
    Compare compare = Compare::kAtLeast;
    std::int32_t days = 1;
    friend bool operator==(const DaysTest&, const DaysTest&) = default;
  };
  // It compares how many events a user has in the range. This and what follows need history.
  struct TimesTest {
    Compare compare = Compare::kAtLeast;
    std::int32_t times = 1;
    friend bool operator==(const TimesTest&, const TimesTest&) = default;
  };
  // It compares what the amounts of these events add up to with a decimal number.
  struct SumTest {
    Compare compare = Compare::kAtLeast;
    std::string amount = "0";
    friend bool operator==(const SumTest&, const SumTest&) = default;
  };
  // It sets the last days that have ended at as_of, as many as the range's `last` says, against as
  // many before them: there are at least `from_at_least` events in these, and at most that number
  // times `to_at_most`, a decimal from 0 to 1, in those.
  struct Decline {
    std::string to_at_most = "0.5";
    std::int32_t from_at_least = 1;
    friend bool operator==(const Decline&, const Decline&) = default;
  };
  // The value is the most frequent one among the events that have one. Of several it is the one
  // seen last, and of those the smaller in bytes.
  struct Favourite {
    std::string property;
    std::string value;
    friend bool operator==(const Favourite&, const Favourite&) = default;
  };

  // A field that is unset leaves nobody out.
  struct AudiencePart {
    enum class Arm : std::uint8_t { kContacted, kHoldout };
    std::optional<std::string> run;
    std::optional<std::string> class_name;
    std::optional<Arm> arm;
    friend bool operator==(const AudiencePart&, const AudiencePart&) = default;
  };

  Kind kind = Kind::kDid;
  Selector event;                  // kDid, kFirst, kDeclined, kFavourite
  DateRangeText range;             // the same; kDeclined: `last` alone, in days
  std::optional<DaysTest> days;    // kDid: at most one of `days`, `times` and `sum`
  std::vector<Segment> parts;      // kAll, kAny, kNot
  std::string name;                // kFile, kSaved, kAudience, kVariant
  std::optional<TimesTest> times;  // kDid
  std::optional<SumTest> sum;      // kDid
  Decline decline;                 // kDeclined
  Favourite favourite;             // kFavourite
  // Asks, for kConverted and kDropped, for a FunnelQuery. Of the other fields of a question it may
  // have dates, `where` and `among`; its as_of is that of the question.
  std::shared_ptr<const Query> funnel;
  std::int32_t at_step = 2;  // kDropped
  AudiencePart audience;     // kAudience
  // kVariant: asks for a CompareQuery, as a funnel does for a FunnelQuery.
  std::shared_ptr<const Query> comparison;

  // Questions are compared, and not where they lie.
  friend bool operator==(const Segment& a, const Segment& b);
};

// Returns the segments within the question that a segment holds: the one that a funnel or a
// comparison looks among, and those that are the variants of a comparison. They live as long as the
// question.
std::vector<const Segment*> segments_of_question(const Segment& segment);
// Calls `change` for each of them, in a copy of the question that takes its place.
void change_segments_of_question(Segment& segment, const std::function<void(Segment&)>& change);

// Reads a segment as people write it: `did(purchase, 30d) and not did(login, 7d)`.
// `docs/queries.md` has the grammar.
//   kInvalidArgument  text that is not a segment; the message has the column, what was found there
//                     and what is allowed
Result<Segment> parse_segment(std::string_view text);
// Writes a well-formed segment as `parse_segment` reads it. An "all" or "any" of one part is
// written as that part, which is the same set; every other segment is read back as it was.
std::string to_string(const Segment& segment);

}  // namespace rollcall
