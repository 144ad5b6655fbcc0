// Counts who was active, when, and who came back. Start reading here.
//
//   auto engine = *rollcall::Engine::open(rollcall::open_memory_store(), {});
//   engine->ingest(batch);
//   auto answer = engine->query(R"({"kind": "retention", "event": "login"})");
//
// Threads: any method may be called from any thread at any time, except `close` and the destructor.
// Processes: an engine belongs to the process that opened it. In a child made by fork() its calls
//   are refused, and its destructor leaves all as it is: it neither writes nor waits.
// Misuse: where an engine is closed, or another process's, calls that return a Status say
//   kFailedPrecondition, `settings` and `options` what they always said, and the others that there
//   is nothing.
// Visibility: a query sees the state after some whole batch, and every batch whose `ingest`
// returned
//   before the query began.
// Durability: an event survives a crash once a `checkpoint` begun after its `ingest` has returned
//   ok, or once its `ingest` has with Ack::kDurable: such batches go into a journal, which `open`
//   ingests again.
//   What a crash loses is the rest of what came after the last checkpoint; source positions are
//   lost with it, so a source read on from its committed position loses nothing and counts nothing
//   twice.
// The library never prints, never exits, sets no global state and lets no exception out but
// std::bad_alloc: what a hook or a store of the caller's throws becomes a kIoError that says so.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rollcall/event.h"
#include "rollcall/options.h"
#include "rollcall/query.h"
#include "rollcall/status.h"
#include "rollcall/store.h"

namespace rollcall {

// How far a source has been read. The engine keeps the latest position of each id, commits it
// together with the aggregates of the batches it covers, and does not look inside.
struct SourcePosition {
  std::string id;
  std::string position;
};

// Tells a batch from all others of its source, so that one that is sent again counts once.
struct BatchToken {
  std::string source;
  std::string token;  // 1 to 256 bytes
};

// When `ingest` returns.
enum class Ack : std::uint8_t {
  kMemory,   // at once: a crash loses what came after the last checkpoint
  kDurable,  // when the batch, and all that came before it from its source, would survive a crash
};

// What comes with a batch besides its events. What it points to need outlive only the call.
struct Delivery {
  // Null: no source has been read further.
  const SourcePosition* position = nullptr;
  // Null: the batch is new. Otherwise a batch whose token is among the last 1,024 of its source is
  // skipped, position and all, and the call succeeds. The tokens of batches that failed are not
  // among them; those of batches that are lost in a crash are lost with them.
  const BatchToken* token = nullptr;
  // Set to whether the batch was skipped, unless null.
  bool* skipped = nullptr;
  // Sources are told apart by the position's id and the token's source. Of batches without either,
  // those that were acknowledged in memory may be lost although a later one survived.
  Ack ack = Ack::kMemory;
};

struct PreparedRows;

// A batch checked, dated and split by partition, ready to be ingested. Owns copies of what it
// needs. One that was moved from is refused with kFailedPrecondition, and takes no memory.
class PreparedBatch {
 public:
  PreparedBatch(PreparedBatch&&) noexcept;
  PreparedBatch& operator=(PreparedBatch&&) noexcept;
  ~PreparedBatch();

  std::size_t memory_bytes() const;

 private:
  friend class Engine;
  explicit PreparedBatch(std::unique_ptr<PreparedRows> rows);
  std::unique_ptr<PreparedRows> rows_;
};

struct DimensionInfo {
  std::string name;
  std::uint64_t value_count = 0;
  bool overflowed = false;  // values past the limit were counted as "$other"
};

struct EventInfo {
  std::string name;
  std::uint64_t events = 0;
};

// What a store holds.
struct EngineInfo {
  StoreSettings settings;
  std::string isa;  // of the kernels in use
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
  std::uint64_t forgotten_count = 0;  // users, whether the store knew them or not
  Epoch epoch = 0;                    // of the last checkpoint
  bool checkpointing = false;         // one that ingest has started is under way
  std::uint64_t resident_bytes = 0;
  std::uint64_t dirty_bytes = 0;
  StoreSize store;
};

// What a question means, in plain words, and what answering it reads.
struct Explanation {
  std::string meaning;
  std::vector<std::string> series;  // whose users are looked at, each once
  DayRange days;                    // of those that are looked at one by one; may be empty
  std::uint64_t chunks = 0;         // sets and columns of up to 65,536 users
  std::uint64_t stored_chunks = 0;  // that are not in memory
  std::uint64_t bytes = 0;          // of the chunks, expanded
};

// A segment that the store keeps: an expression, or a list of users.
struct SegmentInfo {
  std::string name;
  std::optional<Segment> expression;
  std::uint64_t users = 0;  // of a list: how many it names
};

// Names what ends a question before it is answered.
struct QueryLimits {
  std::optional<std::chrono::steady_clock::time_point> deadline;
  std::stop_token stop;
};

struct VerifyReport {
  std::uint64_t page_count = 0;     // read, checked and compared with what they summarise
  std::vector<std::string> faults;  // empty: all is well
};

class Engine {
 public:
  // Opens an engine on `store`, taking ownership. Reads the directory of its partitions, and of its
  // days what fits in a part of the memory; pages follow when they are needed. What a crash left in
  // the journal is ingested again, and stays there until the next checkpoint, which it may start;
  // but a store opened read-only shows its last checkpoint, and nothing of the journal.
  //   kInvalidArgument    there is no store; or an option is out of range, or differs from what the
  //                       store was made with
  //   kUnsupported        ROLLCALL_ISA names an instruction set that this machine cannot run
  //   kCorruption         stored bytes are not what was written; nothing is repaired or dropped
  //   kResourceExhausted  a batch of the journal does not fit in memory_bytes_max
  static Result<std::unique_ptr<Engine>> open(std::unique_ptr<Store> store,
                                              const EngineOptions& options);
  // Makes no checkpoint, but waits for one that is under way.
  ~Engine();

  // Records every event of `batch`, or none.
  //   kInvalidArgument    columns of different lengths, a code outside its dictionary, a user id of
  //                       the other kind, an undeclared property, a time out of range, a token that
  //                       is empty or too long
  //   kUnsupported        Ack::kDurable, of a store that has no journal
  //   kResourceExhausted  what it touches of one partition does not fit in memory_bytes_max
  //   kIoError            the journal could not be written, or the commit of a batch that did not
  //                       fit in memory as a whole. If the text says "cannot sync" or "may be in",
  //                       the batch may be found in or not when the store is opened again, and
  //                       nothing is written until then; otherwise nothing has happened
  Status ingest(const EventBatch& batch, const Delivery& delivery = {});

  // The same in two steps. `prepare` changes nothing and may run in many threads at once; batches
  // become visible in the order of their `ingest` calls.
  Result<PreparedBatch> prepare(const EventBatch& batch) const;
  Status ingest(PreparedBatch batch, const Delivery& delivery = {});
  // Several batches as one, which costs less than one after the other. May be none.
  Status ingest(std::vector<PreparedBatch> batches, const Delivery& delivery = {});

  // Makes everything ingested before the call durable. Ingest and queries go on meanwhile.
  Status checkpoint();

  // A checkpoint, after which the store is rewritten so that no file holds bytes of what it no
  // longer has. Ingest and queries go on meanwhile; what a query reads that is under way may stay.
  // Takes as long as copying the store, and as much room on disk until it is done.
  Status compact();

  // Answers a question over one consistent state, or ends within about 50 ms of the moment that
  // `limits` name, and lets go of all that it held.
  //   kInvalidArgument    an unknown name, or a question that the aggregates cannot answer exactly;
  //                       or a list of users that is none, or lies outside question_directories
  //   kIoError            a list of users cannot be read
  //   kResourceExhausted  it needs more memory than questions have; the text says what to narrow
  //   kDeadlineExceeded   the deadline of `limits` passed
  //   kCancelled          the stop token of `limits` was asked to stop
  Result<QueryResult> query(const Query& query, const QueryLimits& limits = {}) const;
  // JSON of at most 4 MiB, 250,000 values and 256 levels.
  Result<QueryResult> query(std::string_view json, const QueryLimits& limits = {}) const;
  // The same for several questions, all over the same state. What they share is read once. An error
  // in one of them is the error of all; its text has the question's number, from 0, in brackets.
  Result<std::vector<QueryResult>> query(std::span<const Query> queries,
                                         const QueryLimits& limits = {}) const;

  // What a question means, and what answering it would read; answers nothing. Errors as `query`.
  Result<Explanation> explain(const Query& query, const QueryLimits& limits = {}) const;

  // Keeps a segment under a name, for queries to use as {"segment": NAME}; one of the same name is
  // replaced. An expression is evaluated anew by each query (the names of its files are kept as
  // absolute ones), a list stays as it is. Durable with the next checkpoint.
  //   kInvalidArgument  an empty name, an expression that is none or would name itself, be it by
  //                     way of others, or a store opened read-only
  Status save_segment(const std::string& name, const Segment& segment);
  Status save_segment(const std::string& name, std::vector<UserId> users);
  // Segments that name it stay, and have no answer until there is one of the name again.
  //   kNotFound  there is none of that name
  Status drop_segment(const std::string& name);
  // By name.
  std::vector<SegmentInfo> segments() const;

  // Forgets users for good: from here on no answer counts or names them, lists of saved segments do
  // not have them, and events of theirs that come later, from a source that is read again perhaps,
  // are dropped. Returns once that is durable, and how many of them the store knew. Totals of
  // events and amounts keep what was counted: they name nobody. The bytes are in superseded pages
  // still, until the store is compacted. Of each user a salted hash is kept, to know the events by.
  // A crash before it returns undoes it for all of them, or for none; checkpoints, durable batches,
  // and all others where what it changes does not fit in memory, wait for it meanwhile.
  //   kInvalidArgument  ids of the other kind, or a store opened read-only
  // After another error some of them may be forgotten: call it again.
  Result<std::uint64_t> forget(std::span<const UserId> users);

  // A last checkpoint (unless the store is read-only), after which every other call is refused.
  Status close();

  const StoreSettings& settings() const { return settings_; }
  // As it was opened with; question_directories as absolute paths.
  const EngineOptions& options() const { return options_; }
  // The position last ingested for each source id, in the order of their first appearance.
  std::vector<SourcePosition> sources() const;
  EngineInfo info() const;
  // Reads every page of the last checkpoint and checks it against all others; and the journal, if
  // there is one.
  Result<VerifyReport> verify() const;

 private:
  struct State;
  explicit Engine(std::unique_ptr<State> state);
  bool is_open() const;  // in this process
  Status check_open() const;

  const StoreSettings settings_;
  const EngineOptions options_;
  const int process_;             // that opened it
  std::unique_ptr<State> state_;  // null: closed
};

}  // namespace rollcall
