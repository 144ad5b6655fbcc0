// These are random small streams of events.
//
// They are drawn so that what is hard happens often: few users and few days, so that everything
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

// Returns the value with the number `i` of every dimension and kept property.
std::string property_value(std::size_t i);

}  // namespace rollcall::testing
