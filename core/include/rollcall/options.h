// This header has every limit and default of stores and engines. Names end in the unit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rollcall/types.h"

namespace rollcall {

// These settings are chosen when a store is made and never change, because they decide what the
// stored numbers mean. Only kept_properties may grow.
struct StoreSettings {
  UserKind user_kind = UserKind::kString;
  std::uint32_t partition_count = 64;  // a power of two, 1 to 4,096
  std::string time_zone = "UTC";       // an IANA name
  WeekStart week_start = WeekStart::kMonday;
  std::uint32_t value_decimals = 6;  // 0 to 12
  // Names the properties that are aggregated. A name with '+' ("channel+platform") joins columns:
  // the parts "ads" and "a+b" become the value "ads+a\+b", with a '\' before each '+' or '\' within
  // a part.
  std::vector<std::string> dimensions;
  std::uint32_t event_names_max = 10'000;       // names past the limit count as "$other"
  std::uint32_t dimension_values_max = 10'000;  // per dimension; others count as "$other"
  // Says whether every event is kept, with its time, value and dimensions. Questions that need
  // events in their order, such as funnels, need it. An existing store without history may be
  // opened with `true`; it keeps none.
  bool history = true;
  // Names properties that are kept with every event of the history, besides the dimensions: strings
  // with as many values as events, such as ids of sessions. They are not aggregated, so questions
  // about them read the history. At most 64; a name with '+' joins columns, as above. An existing
  // store that is opened with names it does not keep yet keeps them from then on, after its own,
  // and gives the empty string for earlier events. It never drops a name.
  std::vector<std::string> kept_properties;

  // Returns the names of the dimensions, and then those of the kept properties.
  std::vector<std::string> properties() const {
    std::vector<std::string> names = dimensions;
    names.insert(names.end(), kept_properties.begin(), kept_properties.end());
    return names;
  }

  friend bool operator==(const StoreSettings&, const StoreSettings&) = default;
};

// An engine may be told to use at most this many threads.
inline constexpr std::uint32_t kThreadsMax = 1024;

// These options say how an engine runs. They may differ at each open.
struct EngineOptions {
  // A new store takes these settings, or the defaults if they are unset. An existing store must
  // have been made with the same ones, unless they are unset.
  std::optional<StoreSettings> settings;

  // The history lets go of days that lie more than so many days before the latest day; at 0, it
  // keeps all. Aggregates keep all days, so questions that need the events of such a day are
  // refused, and others are answered as ever. The store takes it over for good, until it is opened
  // with another one; if it is unset, the store goes on as before. A larger number brings nothing
  // back. The latest day is the last one with events of at least two users, so that one wrong clock
  // empties nothing; time_max keeps out many of them. It is looked up at each checkpoint, which
  // also makes some of the stored history anew without what is too old, until at least three
  // quarters of each stored block are events that questions see.
  std::optional<std::uint32_t> history_days;
  // Adds to StoreSettings::kept_properties, whether `settings` is set or not.
  std::vector<std::string> keep;

  // Bounds all memory that the engine holds: its state, questions, prepared batches, and the
  // store's caches and buffers. A quarter is for prepared batches and an eighth for the store. An
  // eighth, but at least 16 MiB, is for what all running questions take beside the state: their
  // counts and sets, the names of what they read, and their answers until they are returned. A
  // question that does not fit is refused with kResourceExhausted. The rest is for the state; what
  // exceeds it is written out, and read back when needed. A batch that does not fit beside the
  // state it is added to is ingested partition by partition, which is slow; it is refused with
  // kResourceExhausted if what it touches of one partition does not fit. Batches that callers hold
  // are not included.
  //   Less than 32 MiB makes the engine slower but not smaller: what a batch touches of one
  //   partition may always take 16 MiB, and a store on disk takes at least 4 MiB.
  std::size_t memory_bytes_max = std::size_t{4} << 30;

  // When dirty pages exceed this many bytes, the batch that crossed it starts a checkpoint, unless
  // less than fourteen times the duration of the last checkpoint has passed since it. While
  // checkpoints take equally long, this makes them take a fifteenth of the time, and more while
  // they grow. Ingest and queries continue beside a checkpoint, but a batch that finds no room in
  // memory_bytes_max waits for its end: pages that are yet to be stored cannot leave memory, and
  // those that change meanwhile are there twice.
  std::size_t checkpoint_dirty_bytes_max = std::size_t{512} << 20;

  // A checkpoint also starts with the first batch, even an empty one, that finds changes older than
  // this many seconds that are in no checkpoint. While ingest_files waits, it sees to this itself.
  // At 0, the age starts none.
  std::uint32_t checkpoint_seconds = 60;

  // A checkpoint also starts when the journal of batches acknowledged as durable exceeds this many
  // bytes, since all of it is read when the store is opened after a crash.
  std::size_t journal_bytes_max = std::size_t{1} << 30;

  // At 0, the engine uses as many as the process may use; kThreadsMax is the most. A checkpoint
  // that ingest starts uses the same number of its own threads.
  std::uint32_t threads_max = 0;

  // An event later than this is refused as beyond any plausible clock. A batch whose known_until
  // lies beyond the date of this instant is refused, too. If it is unset, the limit is the year
  // 9999.
  std::optional<TimeUs> time_max;

  // Questions may read lists of users ({"in_file": ...}) in and beneath these directories, with
  // links resolved. A path may also name a single file. If there are none, questions may read no
  // file.
  std::vector<std::string> question_directories;
};

}  // namespace rollcall
