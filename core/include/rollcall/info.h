// This header has what an engine tells about itself, about what it holds, and about a question.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rollcall/options.h"
#include "rollcall/segment.h"
#include "rollcall/store.h"
#include "rollcall/types.h"

namespace rollcall {

struct DimensionInfo {
  std::string name;
  std::uint64_t value_count = 0;
  bool overflowed = false;  // values past the limit were counted as "$other"
};

struct EventInfo {
  std::string name;
  std::uint64_t events = 0;
};

// Describes what a store holds.
struct EngineInfo {
  StoreSettings settings;
  std::string isa;  // the instruction set of the kernels in use
  std::uint64_t event_count = 0;
  std::uint64_t user_count = 0;
  DayRange days;                      // from the earliest to the latest day with events
  std::uint64_t day_count = 0;        // days with events
  std::optional<TimeUs> known_until;  // the latest event time; unset in an empty store
  std::vector<EventInfo> events;      // by first appearance
  bool event_names_overflowed = false;
  std::vector<DimensionInfo> dimensions;
  std::uint64_t series_count = 0;
  std::uint64_t source_count = 0;
  std::uint64_t history_events = 0;   // events that are kept, where the store keeps them
  std::uint32_t history_days = 0;     // how many days before the latest one it keeps; 0: all
  std::optional<Day> history_from;    // the day from which on it reaches; unset: it has all
  std::uint64_t forgotten_count = 0;  // users, whether the store knew them or not
  Epoch epoch = 0;                    // of the last checkpoint
  bool checkpointing = false;         // a checkpoint that ingest started is in progress
  std::uint64_t resident_bytes = 0;
  std::uint64_t dirty_bytes = 0;
  StoreSize store;
};

// Explains in plain words what a question means, and says what answering it reads.
struct Explanation {
  std::string meaning;
  // Say what the numbers come from, and why: "the history, as ..." or "the aggregates, as ...".
  std::vector<std::string> answered_from;
  std::vector<std::string> series;  // those whose users are looked at, each once
  DayRange days;                    // the days that are looked at one by one; may be empty
  std::uint64_t chunks = 0;         // sets and columns, each of up to 65,536 users
  std::uint64_t stored_chunks = 0;  // chunks that are not in memory
  std::uint64_t bytes = 0;          // size of the chunks when expanded
  // Is unset if the history is not read; else, how many of its events the partitions hold.
  std::optional<std::uint64_t> history_events;
  std::optional<Day> history_from;  // the first day of the history, if earlier ones are let go of
};

// Describes a segment that the store keeps: an expression, or a list of users.
struct SegmentInfo {
  std::string name;
  std::optional<Segment> expression;
  std::uint64_t users = 0;  // how many users a list names
};

struct VerifyReport {
  std::uint64_t page_count = 0;     // pages read, checked and compared with what they summarise
  std::vector<std::string> faults;  // empty: all is well
};

}  // namespace rollcall
