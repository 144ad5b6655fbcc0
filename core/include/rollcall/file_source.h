// Files of events: CSV and its kin, NDJSON, the native format; plain, gzip or zstd; from disk or
// standard input; read exactly once.
//
// Exactly once: a file is known by its content, not by its name, and what was guessed of it once is
// not guessed again.
// Its position is committed with the aggregates it produced, so that a file read before is skipped,
// an interrupted one resumes where its last checkpoint stands, and one that has grown is read on.
// Older copies of a file that has grown are known by where reading it ended before. A file that may
// be the beginning of a longer one, cut off anywhere else, is an error, since its rows would count
// twice: what differs before its last lines (of a long file: in more than a thirtieth) is another
// file. Of files that were read by versions that kept too little to tell, only the first 64 KiB are
// compared, and shorter ones are taken for other files.
// A last line without a line end is a row like any other; should the file grow, what is added to
// that line is rejected, unless the line was rejected itself: then it is read again, whole.
// A compressed file is read to its end once before any of its rows is ingested, so that a damaged
// one leaves no trace.
// Standard input and pipes have no identity: what comes from them is always new.
//
// Limits: a row that is good but for a limit of SourceOptions (its time, the length of its line or
// of its user) is refused, and may come in later. The position holds under which limits what was
// read, and how many rows each of them refused; when the file comes again under limits that would
// take some of them, what holds them is read again, and those rows alone are ingested. Narrower
// limits later change nothing that is in. Rows that are at fault otherwise are not read again. The
// lines of a record that is too long are read one by one; it comes in later if none of them did.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/option_hint.h"
#include "rollcall/reject_kind.h"
#include "rollcall/source_options.h"
#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

// How a source will be read: every guess made.
struct SourceSchema {
  FileFormat format = FileFormat::kDelimited;
  std::string delimiter = ",";
  QuoteRule quotes = QuoteRule::kFields;
  std::uint32_t skip_lines = 0;
  bool header = true;
  std::vector<std::string> columns;  // all there are, in order (NDJSON: of the first rows)
  std::string user, time;            // column names
  std::string event;                 // a column name; empty with `event_name`
  std::string event_name;
  std::string value;                 // a column name; empty: none
  std::vector<std::string> guessed;  // "user = CustomerID", for the reader to check
  // Columns that are not used although their name says what they are, each with the reason, and
  // what would have it used.
  std::vector<HintedText> passed_over;
  std::vector<std::string> ignored;  // columns that are neither used nor declared dimensions
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

// Integers if every user of all the files is the canonical text of one (decimal digits, no leading
// zeros), so that no later row can turn out to be another; strings otherwise. Reads the files until
// one is not; of standard input and pipes nothing can be said, which makes strings, too. What
// cannot be read says nothing.
Result<UserKind> guess_user_kind(const std::vector<std::string>& paths,
                                 const SourceOptions& options);

// Whether every dimension has a column in some file, as far as their first rows tell; nothing can
// be said, and all is well, when one of them is a pipe.
//   kInvalidArgument  one has none; the text names the nearest column
Status check_dimensions(const std::vector<std::string>& paths, const SourceOptions& options,
                        const std::vector<std::string>& dimensions);

// A row that was not ingested.
struct RejectedRow {
  std::string file;
  std::uint64_t line = 0;    // 1 is the first line of the file; of the native format: row
  std::uint32_t column = 0;  // of the field at fault, in bytes from 1; 0: the whole row
  std::string reason;        // "time: not a time: \"yesterday\" (allowed: ...)", for people
  RejectKind kind = RejectKind::kFieldCount;
  OptionHint hint;  // the options that would take the row, as far as one can tell
  // Nothing but a limit keeps the row out, and it comes in when the same file is read with a wider
  // one: ingested from elsewhere besides, it would count twice. Never of pipes.
  bool held = false;
  std::string row;  // the bytes as they stood, without the line end; of a row that is too
                    // long, the first line_bytes_max
};

struct IngestProgress {
  std::uint64_t bytes_read = 0;   // as stored on disk, compressed or not
  std::uint64_t bytes_total = 0;  // 0: not known
  std::uint64_t rows_read = 0;
  std::uint64_t rows_ingested = 0;
};

struct LimitCount {
  SourceLimit limit = SourceLimit::kLineBytes;
  std::uint64_t rows = 0;
};

struct FileReport {
  enum class Outcome : std::uint8_t { kRead, kResumed, kKnown };
  std::string path;
  Outcome outcome = Outcome::kRead;
  bool is_pipe = false;          // it cannot be read again, and nothing of it is known later
  std::uint64_t rows_read = 0;   // in this run, of what was not read before
  std::uint64_t rows_known = 0;  // skipped because an earlier run had committed them
  // Rows that this run ingested, and an earlier one had refused, by what had refused them.
  std::vector<LimitCount> admitted;
  // Rows that limits keep out, refused in this run or earlier.
  std::vector<LimitCount> refused;
  // Some of its rows are in, others were rejected with advice to read or write them in another way:
  // the file counts once if a new store reads it so, or if those rows are a file of their own.
  bool rows_want_other_reading = false;
  // Some of its rows are in, and a column was passed over with advice to read it: only a new store
  // reads the file so without counting rows twice.
  bool columns_want_other_reading = false;
  // False: some of it was read by a version that did not keep what limits refused, so that
  // `refused` may lack some, and nothing will admit those.
  bool refusals_known = true;
};

struct RejectCount {
  RejectKind kind = RejectKind::kFieldCount;
  std::uint64_t rows = 0;
};

// Rows whose field is that word.
struct WordCount {
  std::string word;
  std::uint64_t rows = 0;
};

struct IngestReport {
  std::uint64_t rows_read = 0;  // rows_ingested + rows_rejected
  std::uint64_t rows_ingested = 0;
  std::uint64_t rows_rejected = 0;
  std::vector<RejectCount> rejected_by_kind;  // most frequent first
  std::vector<RejectedRow> examples;          // the first few
  std::vector<WordCount> null_users;   // ingested, of ids that may mean nobody; most frequent first
  std::vector<WordCount> null_values;  // ingested without an amount, as a word says there is none
  // Ingested, of ids that begin or end with a blank: other users than those without. `word` is the
  // first of them.
  WordCount padded_users;
  // Ingested, of ids that look like numbers whose last digits a spreadsheet dropped, 1.23457E+15:
  // those of several users may have become one. `word` is the first of them.
  WordCount rounded_users;
  std::uint64_t rows_forgotten = 0;  // of rows_ingested: of users who are forgotten, and left out
  std::vector<FileReport> files;
  std::vector<Status> failures;   // of files that could not be read, or not to their end
  std::vector<HintedText> notes;  // what the reader should know: "sales.csv: dimension ..."
  bool stopped = false;           // IngestHooks::stop ended the run before all was read
};

// What a hook throws ends the run with a kIoError that names it; only std::bad_alloc goes on.
struct IngestHooks {
  // Called from one thread at a time, several times a second at most.
  std::function<void(const IngestProgress&)> progress;
  // Called as a file begins to be read, unless it is empty, from one thread at a time.
  std::function<void(const std::string& name, const SourceSchema& schema)> schema;
  // Called at the end, also when an error will be returned, with what was done till then.
  std::function<void(const IngestReport&)> summary;
  // Once it is asked to stop, from any thread, the run ends after what was read, as if there were
  // no more: at once where it waits for a pipe. A second run goes on from there. Of a pipe, which
  // nobody can read again, all rows that were read whole are ingested; a note of the report says
  // how many bytes of another were lost.
  std::stop_token stop;
  // Called for every rejected row, in the order of the file, from one thread at a time, before the
  // position behind it is ingested: what was not told of is read again by the next run. An error
  // ends the run, and is returned; what came before the rows that were to be told of together
  // stands, and a second run may tell of some of them again. Of a pipe, which nobody can read
  // again, the good rows that came with them are ingested. If the run ends otherwise, stopped or
  // not, with a checkpoint, no later run tells of a row again. With `strict` never called.
  std::function<Status(const RejectedRow&)> reject;
  // The first rejected row ends the run with kInvalidArgument, and nothing of its block is
  // ingested; so does the first file that cannot be read, with its error.
  bool strict = false;
  std::size_t batch_bytes = std::size_t{4} << 20;  // of text decoded at a time
  // Blocks of a file are gathered to about so many rows, and ingested together; to fewer when they
  // would take more memory than the engine can spare. What comes through a pipe does not wait:
  // whole rows are ingested about a second after they came.
  std::size_t batch_rows = std::size_t{1} << 20;
};

// Reads `paths` (files; directories: the files in and below them whose name tells a format, sorted
// by name, without hidden ones and links to directories; "-": standard input) into the engine, and
// ends with a checkpoint, also after an error: what was ingested before it stands, and a second run
// goes on from there. A file that cannot be read takes no other along: they are read, and the first
// such error is returned at the end. While it waits for a pipe it sees to the checkpoints by age
// (EngineOptions::checkpoint_seconds). How a slow pipe is read is guessed from what comes within a
// second of its first byte, and its first row at least. One run at a time for an engine.
Result<IngestReport> ingest_files(Engine& engine, const std::vector<std::string>& paths,
                                  const SourceOptions& options, const IngestHooks& hooks);

}  // namespace rollcall
