// This header ingests files of events, each row exactly once. It reads CSV and its kin, NDJSON, and
// the native format, plain or in gzip or zstd, from disk or standard input.
//
// Exactly once: a file is recognised by its content, not by its name, and what was guessed about it
// once is not guessed again. Its position is committed together with the aggregates it produced. A
// file that was read before is therefore skipped, an interrupted one resumes where its last
// checkpoint stands, and one that has grown is read on. An older copy of a file that has grown is
// recognised if it ends where a reading ended before. A file that ends anywhere else within a
// longer one may be its beginning, cut off; it is an error, since its rows would count twice. A
// file that differs before its last lines (in a long file: before about its last thirtieth) is
// another file. For files that were read by versions that kept too little to tell, only the first
// 64 KiB are compared, and shorter ones are taken for other files. A last line without a line end
// is a row like any other. If the file grows, what is added to that line is rejected, unless the
// line itself was rejected: then the whole line is read again. A compressed file is read to its end
// once before any of its rows is ingested, so that a damaged one leaves no trace. Standard input
// and pipes have no identity: what comes from them is always new.
//
// Limits: a row that only a limit of SourceOptions keeps out (by its time, or the length of its
// line or user) is refused, and may come in later. The position records the limits under which each
// part was read, and how many rows each of them refused. When the file comes again under limits
// that would take some of these rows, the parts that hold them are read again, and only those rows
// are ingested. Narrower limits remove nothing that is in. Rows with any other fault are not read
// again. The lines of a record that is too long are read one by one, and the record comes in later
// only if none of its lines did.
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

// Says how a source will be read, including every guess made.
struct SourceSchema {
  FileFormat format = FileFormat::kDelimited;
  std::string delimiter = ",";
  QuoteRule quotes = QuoteRule::kFields;
  std::uint32_t skip_lines = 0;
  bool header = true;
  std::vector<std::string> columns;  // all columns, in order (NDJSON: those of the first rows)
  std::string user, time;            // column names
  std::string event;                 // a column name; empty with `event_name`
  std::string event_name;
  std::string value;                 // a column name; empty: none
  std::vector<std::string> guessed;  // such as "user = CustomerID", for people to check
  // Lists columns that are not used although their names suggest it, each with the reason and the
  // option that would use it.
  std::vector<HintedText> passed_over;
  std::vector<std::string> ignored;  // columns that are neither used nor properties of the store
  // Lists properties of the store without a column ("" in every row), and a requested value without
  // one. In NDJSON and the native format, only the first rows are searched.
  std::vector<std::string> absent;
};

// Looks at the first rows of the first file that has some and can be read. `properties` are the
// store's dimensions and kept properties. Standard input and pipes cannot be inspected, since
// reading them would lose rows.
//   kInvalidArgument  a column does not exist or cannot be guessed, and the text lists the columns
//                     there are; or a path is a pipe
Result<SourceSchema> inspect_source(const std::vector<std::string>& paths,
                                    const SourceOptions& options,
                                    const std::vector<std::string>& properties);

// Returns kInteger if every user of all files is the canonical text of an integer (decimal digits,
// no leading zeros), so that no later row can turn out to be something else, and kString otherwise.
// Reads the files up to the first user that is no integer. Standard input and pipes cannot be
// inspected, and make it kString. Files that cannot be read do not count.
Result<UserKind> guess_user_kind(const std::vector<std::string>& paths,
                                 const SourceOptions& options);

// Checks that every property has a column in some file, as far as the first rows show. If one of
// the files is a pipe, this cannot be checked, and the call succeeds.
//   kInvalidArgument  a property has no column; the text names the nearest column
Status check_properties(const std::vector<std::string>& paths, const SourceOptions& options,
                        const std::vector<std::string>& properties);

// Describes a row that was not ingested.
struct RejectedRow {
  std::string file;
  std::uint64_t line = 0;    // in the file, from 1; in the native format: the row
  std::uint32_t column = 0;  // where the faulty field begins, in bytes from 1; 0: the whole row
  std::string reason;        // "time: not a time: \"yesterday\" (allowed: ...)", for people
  RejectKind kind = RejectKind::kFieldCount;
  OptionHint hint;  // the options that would take the row, as far as this can be told
  // Is true if only a limit keeps the row out, so that it comes in when the same file is read under
  // a wider one. If it were also ingested from elsewhere, it would count twice. It is always false
  // for pipes.
  bool held = false;
  std::string row;  // the bytes as they stood, without the line end; only the first
                    // line_bytes_max of them if the row is too long
};

struct IngestProgress {
  std::uint64_t bytes_read = 0;   // as stored on disk, compressed or not
  std::uint64_t bytes_total = 0;  // 0: unknown
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
  bool is_pipe = false;          // it cannot be read again, and is not recognised later
  std::uint64_t rows_read = 0;   // in this run, without those of earlier runs
  std::uint64_t rows_known = 0;  // skipped because an earlier run had committed them
  // Counts rows that an earlier run had refused and this run ingested, by the limit that refused
  // them.
  std::vector<LimitCount> admitted;
  // Counts rows that limits keep out, whether this run refused them or an earlier one.
  std::vector<LimitCount> refused;
  // Some of its rows are in, and others were rejected with advice to read or write them in another
  // way. The file counts once if a new store reads it that way, or if those rows become a file of
  // their own.
  bool rows_want_other_reading = false;
  // Some of its rows are in, and a column was passed over with advice to read it. Only a new store
  // can read the file that way without counting rows twice.
  bool columns_want_other_reading = false;
  // Is false if some of it was read by a version that did not keep what limits refused. Rows of
  // that part may be missing from `refused`, and will never be admitted.
  bool refusals_known = true;
};

struct RejectCount {
  RejectKind kind = RejectKind::kFieldCount;
  std::uint64_t rows = 0;
};

// Says how many rows have `word` as their field.
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
  // Counts rows that were ingested although the id may mean nobody; the most frequent word comes
  // first.
  std::vector<WordCount> null_users;
  // Counts rows that were ingested without an amount, because a word says that there is none.
  std::vector<WordCount> null_values;
  // Counts rows that were ingested with an id that begins or ends with a blank. Such an id is
  // another user than the one without the blank. `word` is the first of them.
  WordCount padded_users;
  // Counts rows that were ingested with an id that looks like a number whose last digits a
  // spreadsheet dropped, such as 1.23457E+15. Several users may have become one. `word` is the
  // first of them.
  WordCount rounded_users;
  std::uint64_t rows_forgotten = 0;  // part of rows_ingested, left out as their users are forgotten
  std::vector<FileReport> files;
  std::vector<Status> failures;   // files that could not be read, or not to their end
  std::vector<HintedText> notes;  // what the reader should know: "sales.csv: dimension ..."
  bool stopped = false;           // IngestHooks::stop ended the run before all was read
};

// An exception from a hook ends the run with a kIoError that names the hook; only std::bad_alloc is
// passed on.
struct IngestHooks {
  // Is called from one thread at a time, several times a second at most.
  std::function<void(const IngestProgress&)> progress;
  // Is called when the reading of a file that is not empty begins, from one thread at a time.
  std::function<void(const std::string& name, const SourceSchema& schema)> schema;
  // Is called at the end with what was done until then, even if an error will be returned.
  std::function<void(const IngestReport&)> summary;
  // When any thread requests a stop, the run ends as if the input ended after what was read; a run
  // that waits for a pipe ends at once. A second run goes on from there. A pipe cannot be read
  // again, so all rows that were read whole from it are ingested, and a note of the report says how
  // many bytes of an unfinished row were lost.
  std::stop_token stop;
  // Is called for every rejected row, in the order of the file, from one thread at a time, and
  // before the position behind the row is ingested: rows that were not reported are read again by
  // the next run. An error ends the run and is returned. The rows before the group that was being
  // reported stay ingested, and a second run may report some rows of the group again. A pipe cannot
  // be read again, so the good rows that came with the group are ingested. If the run ends in any
  // other way, stopped or not, with a checkpoint, no later run reports a row again. It is never
  // called with `strict`.
  std::function<Status(const RejectedRow&)> reject;
  // With `strict`, the first rejected row ends the run with kInvalidArgument, and nothing of its
  // block is ingested. The first file that cannot be read ends the run as well, with its error.
  bool strict = false;
  std::size_t batch_bytes = std::size_t{4} << 20;  // how much text is decoded at a time
  // Blocks of a file are gathered up to about this many rows and ingested together. Fewer are
  // gathered if they would take more memory than the engine can spare. Rows from a pipe do not
  // wait: whole rows are ingested about a second after they came.
  std::size_t batch_rows = std::size_t{1} << 20;
};

// Reads `paths` into the engine and ends with a checkpoint, even after an error: what was ingested
// before it stays, and a second run goes on from there. A path is a file; "-", which is standard
// input; or a directory, of which all files in and below it are read whose names tell a format,
// sorted by name, without hidden ones and without following links to directories. If a file cannot
// be read, the others are read all the same, and the first such error is returned at the end. While
// the call waits for a pipe it sees to the checkpoints by age (EngineOptions::checkpoint_seconds).
// How a slow pipe is read is guessed from what comes within a second of its first byte, and at
// least from its first row. An engine takes one run at a time.
Result<IngestReport> ingest_files(Engine& engine, const std::vector<std::string>& paths,
                                  const SourceOptions& options, const IngestHooks& hooks);

}  // namespace rollcall
