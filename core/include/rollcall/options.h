// Every limit and default, its unit in its name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rollcall/types.h"

namespace rollcall {

// What is chosen when a store is made and never changes: it decides what stored numbers mean.
struct StoreSettings {
  UserKind user_kind = UserKind::kString;
  std::uint32_t partition_count = 64;  // a power of two, 1 to 4,096
  std::string time_zone = "UTC";       // an IANA name
  WeekStart week_start = WeekStart::kMonday;
  std::uint32_t value_decimals = 6;  // 0 to 12
  // Properties that are aggregated. A name with '+' ("channel+platform") joins columns: the parts
  // "ads" and "a+b" become the value "ads+a\+b", a '+' or '\' within a part having a '\' in front.
  std::vector<std::string> dimensions;
  std::uint32_t event_names_max = 10'000;       // names past the limit count as "$other"
  std::uint32_t dimension_values_max = 10'000;  // per dimension; values past the limit: "$other"
  // Whether every event is kept, with its time, value and dimensions, for the questions that need
  // them in their order.
  bool history = false;

  friend bool operator==(const StoreSettings&, const StoreSettings&) = default;
};

// The most threads that an engine may be told to use.
inline constexpr std::uint32_t kThreadsMax = 1024;

// How an engine runs; may differ at each open.
struct EngineOptions {
  // A new store takes these settings (unset: the defaults). An existing store must have been made
  // with the same ones, unless unset.
  std::optional<StoreSettings> settings;

  // Of all that the engine holds: its state, questions, prepared batches, and the store's caches
  // and buffers. A quarter is for the batches; an eighth for the store; an eighth, but at least
  // 16 MiB, for what all questions under way take beside the state: their counts and sets, the
  // names of what they read, and their answers until they are returned. A question that does not
  // fit is refused with kResourceExhausted. The rest is for the state. Past that, state is written
  // out and read back when needed. A batch that does not fit beside what it is added to is taken in
  // partition by partition, slowly, and refused with kResourceExhausted where what it touches of
  // one partition does not fit. Batches that callers hold come on top.
  //   Less than 32 MiB make the engine slower and not smaller: no batch is refused for lack of less
  // than 16 MiB, and a store on disk takes 4 MiB however little there is.
  std::size_t memory_bytes_max = std::size_t{4} << 30;

  // Dirty pages past this many bytes start a checkpoint after the batch that crossed it; but not
  // before fourteen times as long has passed as the last one took: a fifteenth of the time goes to
  // checkpoints that take as long as the one before, and more while they grow. Ingest and queries
  // go on beside it; but a batch that finds no room in memory_bytes_max waits for its end: what it
  // has yet to store cannot leave memory, and what changes meanwhile is there twice.
  std::size_t checkpoint_dirty_bytes_max = std::size_t{512} << 20;

  // So does the first batch, be it an empty one, that finds what is not in a checkpoint to be older
  // than this many seconds; ingest_files sees to it while it waits. 0: never by time.
  std::uint32_t checkpoint_seconds = 60;

  // So does a journal (of batches acknowledged as durable) of more bytes than this: it is read when
  // the store is opened after a crash.
  std::size_t journal_bytes_max = std::size_t{1} << 30;

  // 0: as many as the process may use; at most kThreadsMax. A checkpoint that ingest starts has as
  // many of its own.
  std::uint32_t threads_max = 0;

  // An event later than this is refused as beyond any plausible clock, and so is a batch that makes
  // the data known beyond the date that holds it. Unset: year 9999.
  std::optional<TimeUs> time_max;

  // Questions may read lists of users ({"in_file": ...}) in and beneath these directories, links
  // resolved; or these very files. Empty: from no file.
  std::vector<std::string> question_directories;
};

}  // namespace rollcall
