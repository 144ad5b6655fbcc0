// These are random small streams of events, and random questions about them.
//
// Both are drawn so that what is hard happens often: few users and few days, so that everything
// meets everything; late and repeated events; days of 23 and 25 hours; days without any event;
// smallest and largest ids; instants at the first and the last microsecond of a day.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "rollcall/options.h"
#include "rollcall/query.h"
#include "tests/support/naive_engine.h"
#include "tests/support/random.h"

namespace rollcall::testing {

// A stream is drawn from this. `random_stream` draws the knobs first if none are given.
struct StreamKnobs {
  StoreSettings settings;  // user kind, time zone, week start, dimensions, history, kept ones
  Day first_day;
  std::int32_t days = 30;
  std::size_t users = 10;
  std::size_t events = 200;
  std::size_t event_names = 3;
  std::size_t values = 3;        // per dimension, and the empty one
  int closed_days_percent = 10;  // days without any event
  int repeated_percent = 5;      // events that come twice
  int late_percent = 10;         // events moved to a random place in the stream
  int whole_day_percent = 0;     // events given as bare dates
  int scores_percent = 0;        // amounts that are whole numbers, most of them from 0 to 10
  bool extreme_amounts = false;  // the smallest and the largest amounts that can be
  bool shuffled = false;         // the whole stream in no order at all
};
StreamKnobs random_knobs(Random& random);

struct Stream {
  StoreSettings settings;
  std::vector<NaiveEvent> events;  // in order of arrival
  SavedSegments saved;
};
Stream random_stream(Random& random, const StreamKnobs& knobs);

// Draws a condition that compares numbers, near those that events of a stream have as values of
// properties and as amounts.
PropertyCondition random_number_condition(Random& random, const std::string& property);

// Draws an expression of at most `depth` levels. Few have ranges that end before they begin.
Segment random_segment(Random& random, const Stream& stream, int depth);

// A question of any kind, with any of its fields but `members`; few are refused. It is mostly about
// one property, since the aggregates cannot answer conditions on two of one event.
Query random_query(Random& random, const Stream& stream);

// Returns whether a range ends before it begins, as it is written.
bool is_upside_down(const QueryCommon& common);

}  // namespace rollcall::testing
