// This is a stream of events as a product sees them, for benchmarks, demonstrations and checks.
//
// Users arrive day by day, more of them as time goes on. They come in sessions of several events;
// some come far more often than others (rates fall by a power of the rank, as by Zipf's law), and
// most stay away for good after a while: of those who arrived on one day, a share of 1/(1+sqrt(n))
// may still come n days later. Days have their hours and weeks their days. Some events arrive late.
//
// The same options give the same bytes on every machine. Times are UTC.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rollcall/event.h"
#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

enum class WorkloadIds : std::uint8_t {
  kDense,      // integers from 1, in order of arrival
  kScattered,  // integers all over 64 bits
  kString,     // those, as 16 hexadecimal digits
};

struct WorkloadOptions {
  std::uint64_t seed = 1;
  std::uint64_t events = 1'000'000;  // rows, exactly
  std::uint64_t users = 40'000;  // all of whom come at least once; at most `events`, and 2^32 - 1
  std::int32_t days = 30;        // 1 to 36,600
  Day first_day{20'454};         // 2026-01-01
  WorkloadIds ids = WorkloadIds::kDense;

  // There are 1 to 256 names. A user's first event is of the first name, a later session begins
  // with the second, and the rest of it is of the others, each rarer than the one before. Events
  // named "purchase" have a value.
  std::vector<std::string> event_names = {"signup", "login",       "view",     "search",
                                          "share",  "add_to_cart", "purchase", "review"};
  std::uint32_t session_events_mean = 5;  // 1 to 1,000
  std::uint32_t rank_power = 3;           // 1 to 8: rates fall as rank^-(1 - 1/p); 1: all alike
  std::uint32_t late_per_thousand = 5;    // events that arrive minutes to days after their time
  std::uint32_t value_decimals = 6;       // 2 to 12, as in StoreSettings
  std::size_t batch_rows = std::size_t{1} << 16;  // of one call of the sink, but for the last
};

// Holds rows in order of arrival. All that it points to is valid only during the call of the sink.
struct WorkloadBatch {
  EventBatch events;  // properties: "country", "platform", "channel"
  std::span<const std::uint64_t>
      users;  // 0 to users - 1, in order of arrival, whatever the ids are
};

// Calls `sink` with the stream, batch by batch, until it fails. Memory depends on the number of
// days and the size of a batch, not on events or users.
//   kInvalidArgument  an option is out of range
Status generate_workload(const WorkloadOptions& options,
                         const std::function<Status(const WorkloadBatch&)>& sink);

// Counts a workload's rows without an engine, as the truth to compare answers with. It holds a bit
// per user and day. One thread may use it at a time.
class WorkloadTruth {
 public:
  explicit WorkloadTruth(const WorkloadOptions& options);

  void add(const WorkloadBatch& batch);

  struct DayCounts {
    Day day;
    std::uint64_t events = 0;
    std::uint64_t users = 0;      // distinct
    std::uint64_t new_users = 0;  // whose first day this is
    // Counts, of the new ones, those seen 1 and 7 days later; it is not set if the stream ends
    // before.
    std::optional<std::uint64_t> back_after_1;
    std::optional<std::uint64_t> back_after_7;
  };
  // Returns every day of the workload, in order.
  std::vector<DayCounts> days() const;
  std::uint64_t events() const;
  std::uint64_t users() const;  // distinct

 private:
  Day first_day_;
  std::vector<std::uint64_t> events_;             // by day
  std::vector<std::vector<std::uint64_t>> seen_;  // by day: a bit per user
};

}  // namespace rollcall
