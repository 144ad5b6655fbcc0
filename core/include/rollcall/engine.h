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
//   returned before the query began.
// Durability: an event survives a crash once a `checkpoint` begun after its `ingest` has returned
//   ok, or once its `ingest` has with Ack::kDurable: such batches go into a journal, which `open`
//   ingests again.
//   What a crash loses is the rest of what came after the last checkpoint; source positions are
//   lost with it, so a source read on from its committed position loses nothing and counts nothing
//   twice.
// The library never prints, never exits, sets no global state and lets no exception out but
// std::bad_alloc: what a hook or a store of the caller's throws becomes a kIoError that says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/delivery.h"
#include "rollcall/event.h"
#include "rollcall/info.h"
#include "rollcall/options.h"
#include "rollcall/query.h"
#include "rollcall/status.h"
#include "rollcall/store.h"

namespace rollcall {

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
  //                       is empty or too long, two positions of one id
  //   kUnsupported        Ack::kDurable, of a store that has no journal
  //   kResourceExhausted  what it touches of one partition does not fit in memory_bytes_max
  //   kIoError            the journal could not be written; nothing has happened
  //   kUncertain          the journal could not be synced, or the commit failed of a batch that did
  //                       not fit in memory as a whole: it is found in or not when the store is
  //                       opened again, and nothing is written until then
  Result<IngestOutcome> ingest(const EventBatch& batch, const Delivery& delivery = {});

  // The same in two steps. `prepare` changes nothing and may run in many threads at once; batches
  // become visible in the order of their `ingest` calls.
  Result<PreparedBatch> prepare(const EventBatch& batch) const;
  Result<IngestOutcome> ingest(PreparedBatch batch, const Delivery& delivery = {});
  // Several batches as one, which costs less than one after the other. May be none.
  Result<IngestOutcome> ingest(std::vector<PreparedBatch> batches, const Delivery& delivery = {});

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
