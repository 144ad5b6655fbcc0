// This header lists the kinds of questions and the fields of each as data, for programs that offer
// questions to people. The flags of the command line and their completions are made from it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "rollcall/question.h"
#include "rollcall/segment.h"

namespace rollcall {

enum class FieldType : std::uint8_t {
  kEvent,       // a Selector: a name, a list of names, or an object
  kConditions,  // conditions on properties, as an object
  kSegment,     // a Segment: its text, or an object
  kMembers,     // a Members, as an object
  kProperty,    // the name of a property
  kWord,        // one of QueryField::words
  kInteger,     // from QueryField::min to QueryField::max
  kIntegers,    // a list of them, or one of QueryField::words
  kDate,        // a date, or words for one, such as "yesterday"
  kSpan,        // a span of days back, such as "30d"
  kInstant,     // a date or an instant
  kEvents,      // a list of Selectors, in an order
  kExclusions,  // a list of FunnelQuery::Exclusion, as objects
  kLength,      // a length of elapsed time, such as "14d"
  kFlag,        // true or false
  kNames,       // a list of names of events
  kRules,       // a list of AtRiskQuery::Rule, as objects
  kEdges,       // one of QueryField::words, or RfmRules::Edges, as an object
  kSegments,    // a list of RfmRules::Segment, as objects
  kText,        // any text
  kAmounts,     // a decimal number not below 0, or an object with one for each value of a property
  kTexts,       // a list of texts
  kMetric,      // a CompareQuery::Metric, as an object
  kVariants,    // an object: a Segment for each name
  kShares,      // an object: a number for each name
  kUser,        // the id of a user
  kInstants,    // an object: a date or an instant for each name
};

// Describes a field of a question.
struct QueryField {
  // The keyword. A flag of the command line has dashes where this has underscores; what is true by
  // default is left out by a flag that has "no-" in front.
  std::string_view name;
  FieldType type = FieldType::kWord;
  std::string_view meaning = {};       // a few words, as in a line of help
  std::string_view default_json = {};  // the value when the field is left out; empty: none
  std::span<const std::string_view> words = {};
  std::int64_t min = 0;
  std::int64_t max = 0;
  std::string_view place = {};  // in the question's JSON, "rule.period"; empty: same as the name
  // Lists the fields that take this one's value. None of them may be given together with it.
  std::span<const std::string_view> stands_for = {};
  std::span<const std::string_view> excludes = {};  // fields that must not be given with this one
  std::string_view needs = {};                      // a field that must be given with this one
  std::string_view needed_unless = {};              // a field without which this one must be given
  bool is_required = false;
  bool is_implied = false;  // `needs` implies it already, so that it need not be offered
};

struct QueryKind {
  std::string_view name;                    // the value of the field "kind"
  std::string_view summary;                 // the question in a few words
  std::span<const QueryField> fields = {};  // its own fields, in the order to offer them
  // Questions of the kind as JSON, which are written as each surface asks them: those of the
  // command line end its help.
  std::span<const std::string_view> examples = {};
  bool takes_range = true;      // it has the fields of `range_fields` as well
  std::string_view chart = {};  // the column of an answer that a chart shows; empty: there is none
  std::string_view range_needs = {};  // its own field that must be given with a range; may be empty
  bool shows_percent = true;          // its quotients are parts of a whole, unless named otherwise
  bool has_members = true;            // the users of its counts can be listed
};

// Returns the kinds in the order of the alternatives of Query::ask.
std::span<const QueryKind> query_kinds();
// Returns null if there is no kind of that name.
const QueryKind* find_query_kind(std::string_view name);

// Returns the segments that the query asks about, besides `among`. They are part of the query.
std::vector<const Segment*> segments_of(const Query& query);

// Return the fields that every kind has besides "kind" itself, and those of a range of dates.
std::span<const QueryField> common_fields();
std::span<const QueryField> range_fields();

}  // namespace rollcall
