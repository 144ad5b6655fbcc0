// Files of events: CSV and its kin, NDJSON, the native format; plain, gzip or zstd; from disk or
// standard input; read exactly once.
//
// Exactly once: a file is known by its content, not by its name, and what was guessed of it once is
// not guessed again.
// Its position is committed with the aggregates it produced, so that a file read before is skipped,
// an interrupted one resumes where its last checkpoint stands, and one that has grown is read on.
// Older copies of a file that has grown are known by where reading it ended before; the beginning
// of a file, cut off anywhere else, cannot be told from another file unless it is long (then it is
// an error).
// A last line without a line end is a row like any other; should the file grow, what is added to
// that line is rejected, unless the line was rejected itself: then it is read again, whole.
// A compressed file is read to its end once before any of its rows is ingested, so that a damaged
// one leaves no trace.
// Standard input and pipes have no identity: what comes from them is always new.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/status.h"

namespace rollcall {

enum class FileFormat : std::uint8_t { kDelimited, kNdjson, kNative };

enum class TimeUnit : std::uint8_t { kGuess, kSeconds, kMilliseconds, kMicroseconds, kNanoseconds };

// How to read files. Whatever is unset is guessed from the file's name, its header, and its first
// rows.
struct SourceOptions {
  std::optional<FileFormat>
      format;  // .csv .tsv .txt / .ndjson .jsonl .json / .rollcall, then .gz .zst
  std::optional<char>
      delimiter;  // guessed among , ; | tab and space; ' ' stands for any run of blanks
  std::vector<std::string> columns;  // names, when the file has no header line (or to replace them)
  std::optional<bool> header;        // unset: true, unless `columns` is given
  std::optional<std::string> user;   // column names; guessed from the common ones
  std::optional<std::string> event;
  std::optional<std::string> time;
  std::optional<std::string> value;        // a column name; "" for none
  std::optional<std::string> event_name;   // every event has this name; no event column
  std::optional<std::string> time_format;  // strptime-like, for times in no standard form: "%Y%m%d"
  TimeUnit time_unit = TimeUnit::kGuess;   // of numeric times
  // A content that was read before with other columns is an error, since its rows would count
  // twice; this has them count again.
  bool again = false;
  std::uint32_t line_bytes_max = 1 << 20;
  std::uint32_t user_bytes_max = 65'536;
};

// How a source will be read: every guess made.
struct SourceSchema {
  FileFormat format = FileFormat::kDelimited;
  char delimiter = ',';
  bool header = true;
  std::vector<std::string> columns;  // all there are, in order (NDJSON: of the first rows)
  std::string user, time;            // column names
  std::string event;                 // a column name; empty with `event_name`
  std::string event_name;
  std::string value;                       // a column name; empty: none
  UserKind user_kind = UserKind::kString;  // integers when every user of the first rows is one
  std::vector<std::string> guessed;        // "user = CustomerID", for the reader to check
  std::vector<std::string> ignored;        // columns that are neither used nor declared dimensions
  // Declared dimensions without a column ("" in every row), and a wanted value without one; of
  // NDJSON and the native format, in the first rows.
  std::vector<std::string> absent;
};

// Looks at the first rows of the first file that has some and can be read. `dimensions` are the
// store's declared ones. Standard input and pipes cannot be looked at without being read, which
// would lose rows.
//   kInvalidArgument  a column that is not there, or that cannot be guessed; the text lists those
//                     there are. Or a pipe
Result<SourceSchema> inspect_source(const std::vector<std::string>& paths,
                                    const SourceOptions& options,
                                    const std::vector<std::string>& dimensions);

// Whether every dimension has a column in some file, as far as their first rows tell; nothing can
// be said, and all is well, when one of them is a pipe.
//   kInvalidArgument  one has none; the text names the nearest column
Status check_dimensions(const std::vector<std::string>& paths, const SourceOptions& options,
                        const std::vector<std::string>& dimensions);

// A row that was not ingested.
struct RejectedRow {
  std::string file;
  std::uint64_t line = 0;    // 1 is the first line of the file
  std::uint32_t column = 0;  // of the field at fault, in bytes from 1; 0: the whole row
  std::string reason;        // "time: not a time: \"yesterday\" (allowed: ...)"
  std::string kind;          // the reason without its details, to count by: "time is not a time"
  std::string row;           // the bytes as they stood, without the line end; of a row that is too
                             // long, the first line_bytes_max
};

struct IngestProgress {
  std::uint64_t bytes_read = 0;   // as stored on disk, compressed or not
  std::uint64_t bytes_total = 0;  // 0: not known
  std::uint64_t rows_read = 0;
  std::uint64_t rows_ingested = 0;
};

struct FileReport {
  enum class Outcome : std::uint8_t { kRead, kResumed, kKnown };
  std::string path;
  Outcome outcome = Outcome::kRead;
  std::uint64_t rows_read = 0;   // in this run
  std::uint64_t rows_known = 0;  // skipped because an earlier run had committed them
};

struct RejectCount {
  std::string kind;
  std::uint64_t rows = 0;
};

struct IngestReport {
  std::uint64_t rows_read = 0;  // rows_ingested + rows_rejected
  std::uint64_t rows_ingested = 0;
  std::uint64_t rows_rejected = 0;
  std::vector<RejectCount> rejected_by_kind;  // most frequent first
  std::vector<RejectedRow> examples;          // the first few
  std::vector<FileReport> files;
  std::vector<Status> failures;    // of files that could not be read, or not to their end
  std::vector<std::string> notes;  // what the reader should know: "sales.csv: dimension ..."
};

// What a hook throws ends the run with a kIoError that names it; only std::bad_alloc goes on.
struct IngestHooks {
  // Called from one thread at a time, several times a second at most.
  std::function<void(const IngestProgress&)> progress;
  // Called as a file begins to be read, unless it is empty, from one thread at a time.
  std::function<void(const std::string& name, const SourceSchema& schema)> schema;
  // Called at the end, also when an error will be returned, with what was done till then.
  std::function<void(const IngestReport&)> summary;
  // Asked before each block, from one thread at a time: once it says true, the run ends after what
  // was read, as if there were no more, and a second run goes on from there.
  std::function<bool()> stop;
  // Called for every rejected row, in the order of the file, from one thread at a time.
  std::function<void(const RejectedRow&)> reject;
  // The first rejected row ends the run with kInvalidArgument; so does the first file that cannot
  // be read, with its error.
  bool strict = false;
  std::size_t batch_bytes = std::size_t{4} << 20;  // of text decoded at a time
  // Blocks of a file are gathered to about so many rows, and ingested together; to fewer when they
  // would take more memory than the engine can spare. What comes through a pipe does not wait.
  std::size_t batch_rows = std::size_t{1} << 20;
};

// Reads `paths` (files; directories: the files in and below them whose name tells a format, sorted
// by name, hidden ones apart; "-": standard input) into the engine, and ends with a checkpoint,
// also after an error: what was ingested before it stands, and a second run goes on from there. A
// file that cannot be read takes no other along: they are read, and the first such error is
// returned at the end. One run at a time for an engine.
Result<IngestReport> ingest_files(Engine& engine, const std::vector<std::string>& paths,
                                  const SourceOptions& options, const IngestHooks& hooks);

}  // namespace rollcall
