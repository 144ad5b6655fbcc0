// Makes streams of the Arrow C interface from columns in memory, and wraps those of others.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "held_engine.h"
#include "rollcall/arrow.h"

namespace rollcall::python {

// Is a column whose buffers somebody else owns.
struct ArrowColumn {
  std::string name;
  std::string format;  // as the Arrow C data interface writes types: "u", "tdD"
  std::int64_t null_count = 0;
  std::vector<const void*> buffers;  // the first is the validity bitmap, or null
};

// Holds one batch of rows and what it says about itself. `owner` keeps the buffers until the last
// part of the batch has been released.
struct ArrowBatch {
  std::int64_t length = 0;
  std::vector<ArrowColumn> columns;
  std::vector<std::pair<std::string, std::string>> metadata;
  std::shared_ptr<const void> owner;
};

// Makes `*out` a stream of the batch. The caller releases it.
void make_stream(std::shared_ptr<const ArrowBatch> batch, ArrowArrayStream* out);

// Makes `*out` a stream of one array of its own: it takes both over.
void make_stream(ArrowSchema* schema, ArrowArray* array, ArrowArrayStream* out);

// Counts what a stream gave.
struct StreamProgress {
  std::atomic<std::uint64_t> rows = 0;
};

// Says what a stream does when a stop is requested.
enum class OnStop : std::uint8_t {
  kEnd,   // what was given stands
  kFail,  // nothing does, as what follows would be missing
};

// Wraps a stream, which it takes over, so that it gives at most `kSliceRows` rows at a time, minds
// the stop, and counts. Rows are not copied. Arrays with more rows are given in slices, so that a
// stop need not wait for all of them.
inline constexpr std::int64_t kSliceRows = std::int64_t{1} << 20;
// A function of Python may give the rows; it must not close `held`.
void make_stoppable(const HeldEngine& held, ArrowArrayStream* taken, std::stop_token stop,
                    OnStop on_stop, std::shared_ptr<StreamProgress> progress,
                    ArrowArrayStream* out);

}  // namespace rollcall::python
