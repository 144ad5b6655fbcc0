// An engine counts who was active, when, and who came back. This header is the place to start
// reading.
//
//   auto engine = *rollcall::Engine::open(rollcall::open_memory_store(), {});
//   engine->ingest(batch);
//   auto answer = engine->query(R"({"kind": "retention", "event": "login"})");
//
// Threads: any method may be called from any thread at any time, except `close` and the destructor.
// Processes: an engine belongs to the process that opened it. In a child made by fork(), its calls
// are refused, and its destructor neither writes nor waits. Misuse: on an engine that is closed or
// belongs to another process, calls that return a Status return kFailedPrecondition, `settings` and
// `options` return what they always did, and the others return empty results. Visibility: a query
// sees the state as it was after some whole batch, and sees every batch whose `ingest` returned
// before the query began. Durability: an event survives a crash once its `ingest` has returned and
// a `checkpoint` begun after that has returned ok, or once its `ingest` with Ack::kDurable has
// returned. The latter writes the batch to a journal, which `open` ingests again. A crash loses
// everything else that came after the last checkpoint. It loses the source positions along with the
// events, so a source that is read on from its committed position loses nothing and counts nothing
// twice. The library never prints, never exits, sets no global state, and lets no exception out but
// std::bad_alloc: what a hook or a store of the caller throws becomes a kIoError that says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/audience.h"
#include "rollcall/delivery.h"
#include "rollcall/event.h"
#include "rollcall/info.h"
#include "rollcall/member_ids.h"
#include "rollcall/options.h"
#include "rollcall/query.h"
#include "rollcall/saved_object.h"
#include "rollcall/status.h"
#include "rollcall/store.h"

namespace rollcall {

struct PreparedRows;

// Holds a batch that has been checked, dated and split by partition, and is ready to be ingested.
// It owns copies of what it needs. A batch that was moved from uses no memory, and `ingest` refuses
// it with kFailedPrecondition.
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
  // Opens an engine on `store` and takes ownership of it. Reads the directory of its partitions,
  // and as many of its days as fit in a share of the memory; other pages are read when they are
  // needed. Batches that a crash left in the journal are ingested again, which may start a
  // checkpoint; they stay in the journal until the next one. A store opened read-only shows its
  // last checkpoint and nothing of the journal.
  //   kInvalidArgument    `store` is null; or an option is out of range, or differs from what the
  //                       store was made with
  //   kUnsupported        ROLLCALL_ISA names an instruction set that this machine cannot run
  //   kCorruption         stored bytes are not what was written; nothing is repaired or dropped
  //   kResourceExhausted  a batch of the journal does not fit in memory_bytes_max
  static Result<std::unique_ptr<Engine>> open(std::unique_ptr<Store> store,
                                              const EngineOptions& options);
  // The destructor makes no checkpoint, but waits for one that is in progress.
  ~Engine();

  // Records every event of `batch`, or none.
  //   kInvalidArgument    columns of different lengths, a code outside its dictionary, a user id of
  //                       the other kind, a property that is neither declared nor kept, a time
  //                       out of range, a token that is empty or too long, two positions of one id
  //   kUnsupported        Ack::kDurable, on a store that has no journal
  //   kResourceExhausted  what it touches of one partition does not fit in memory_bytes_max
  //   kIoError            the journal could not be written; nothing has happened
  //   kUncertain          the journal could not be synced, or a batch did not fit in memory as a
  //                       whole and its commit failed: whether it was ingested shows when the store
  //                       is opened again, and nothing is written until then
  Result<IngestOutcome> ingest(const EventBatch& batch, const Delivery& delivery = {});

  // These two calls do the same in two steps. `prepare` changes nothing and may run in many threads
  // at once; batches become visible in the order of their `ingest` calls.
  Result<PreparedBatch> prepare(const EventBatch& batch) const;
  Result<IngestOutcome> ingest(PreparedBatch batch, const Delivery& delivery = {});
  // Ingests several batches as one, which costs less than one after the other. The span may be
  // empty.
  Result<IngestOutcome> ingest(std::vector<PreparedBatch> batches, const Delivery& delivery = {});

  // Makes everything ingested before the call durable. Ingest and queries continue meanwhile.
  Status checkpoint();

  // Makes a checkpoint and then rewrites the store, so that no file holds bytes of what the store
  // no longer has. Ingest and queries continue meanwhile; what a running query reads may remain. It
  // takes as long as copying the store does, and as much room on disk until it is done.
  Status compact();

  // Answers a question over one consistent state. If `limits` stop it, the query ends within about
  // 50 ms and releases all that it held.
  //   kInvalidArgument    an unknown name, or a question that the aggregates cannot answer exactly;
  //                       or a list of users that is malformed or lies outside question_directories
  //   kIoError            a list of users cannot be read
  //   kResourceExhausted  it needs more memory than is left for questions; the text says what to
  //                       narrow
  //   kDeadlineExceeded   the deadline of `limits` passed
  //   kCancelled          the stop token of `limits` was asked to stop
  Result<QueryResult> query(const Query& query, const QueryLimits& limits = {}) const;
  // Takes JSON of at most 4 MiB, 250,000 values and 256 levels.
  Result<QueryResult> query(std::string_view json, const QueryLimits& limits = {}) const;
  // Answers several questions over the same state. Pages that several of them need are read once.
  // An error in one of them fails the whole call; its text has that question's number, from 0, in
  // brackets.
  Result<std::vector<QueryResult>> query(std::span<const Query> queries,
                                         const QueryLimits& limits = {}) const;

  // Answers a question for users behind a cell, which has `members`, with a column of ids in place
  // of rows. A million of them take a fraction of the time that rows take.
  //   kInvalidArgument  as `query`; or the question does not ask for members
  Result<MemberIds> members(const Query& query, const QueryLimits& limits = {}) const;

  // Explains what a question means and what answering it would read. It does not answer it, and
  // returns the same errors as `query`.
  Result<Explanation> explain(const Query& query, const QueryLimits& limits = {}) const;

  // Saves a segment under a name, for queries to use as {"segment": NAME}, and replaces any of that
  // name. Each query evaluates an expression anew (the names of its files are kept as absolute
  // ones); a list stays as it is. The segment is durable with the next checkpoint.
  //   kInvalidArgument  an empty name, a malformed expression or one that would refer to itself,
  //                     directly or through others, or a store opened read-only
  Status save_segment(const std::string& name, const Segment& segment);
  Status save_segment(const std::string& name, std::vector<UserId> users);
  // Drops a segment. Segments that refer to it stay, and cannot be evaluated until the name is
  // saved again.
  //   kNotFound  there is no segment of that name
  Status drop_segment(const std::string& name);
  // Returns the saved segments, ordered by name.
  std::vector<SegmentInfo> segments() const;

  // Keeps objects by name: all of them, or none after an error. They are durable with the next
  // checkpoint.
  //   kInvalidArgument    a name that is empty or too long, a definition that is no JSON object, is
  //                       too long or is not one of its kind, an object twice, a segment that would
  //                       refer to itself, or a store opened read-only; the text begins with the
  //                       kind and the name
  //   kAlreadyExists      kRefuse, and a name is taken
  //   kResourceExhausted  there would be too many
  Status save_objects(std::span<const SavedObject> objects,
                      OnSameName on_same_name = OnSameName::kRefuse);
  // Drops an object. Whatever refers to it stays.
  //   kNotFound  there is none of that kind and name
  Status drop_object(ObjectKind kind, const std::string& name);
  // Returns the objects of a kind, ordered by name. The definition of a segment that is a list has
  // all its users.
  std::vector<SavedObject> objects(ObjectKind kind) const;

  // Freezes an audience: finds its users, and keeps who they are, whatever they do from here on.
  // Returns once that is durable. Users who are forgotten leave it.
  //   kInvalidArgument    a field that is not as audience.h says, a segment that cannot be
  //                       evaluated, or a store opened read-only
  //   kAlreadyExists      there is an audience of that name
  //   kResourceExhausted, kDeadlineExceeded, kCancelled  as `query`
  Result<AudienceInfo> freeze(const AudienceRequest& request, const QueryLimits& limits = {});
  // Drops an audience, durably with the next checkpoint.
  //   kNotFound  there is none of that name
  Status drop_audience(const AudienceName& name);
  // Returns the audiences, ordered by campaign and run.
  std::vector<AudienceInfo> audiences() const;

  // Forgets users for good. From here on, no answer counts or names them, lists of saved segments
  // do not have them, and any events of theirs that come later, for instance from a source that is
  // read again, are dropped. Returns, once that is durable, how many of them the store knew. Totals
  // of events and amounts keep what was counted, because they name nobody. Superseded pages hold
  // the bytes until the store is compacted. The store keeps a salted hash of each user, to
  // recognise later events. A crash before the call returns undoes it for all of them or for none.
  // Checkpoints and durable batches wait for it meanwhile, and so do all other batches if its
  // changes do not fit in memory.
  //   kInvalidArgument  ids of the other kind, or a store opened read-only
  // After any other error some of them may be forgotten; call it again.
  Result<std::uint64_t> forget(std::span<const UserId> users);

  // Makes a last checkpoint (unless the store is read-only), after which every other call is
  // refused.
  Status close();

  const StoreSettings& settings() const { return settings_; }
  // Returns the options that the engine was opened with; question_directories are absolute paths.
  const EngineOptions& options() const { return options_; }
  // Returns the position last ingested for each source id, in the order of their first appearance.
  std::vector<SourcePosition> sources() const;
  EngineInfo info() const;
  // Reads every page of the last checkpoint and checks it against all others, and checks the
  // journal if there is one.
  Result<VerifyReport> verify() const;

 private:
  struct State;
  explicit Engine(std::unique_ptr<State> state);
  bool is_open() const;  // and belongs to this process
  Status check_open() const;

  const StoreSettings settings_;
  const EngineOptions options_;
  const int process_;             // the one that opened it
  std::unique_ptr<State> state_;  // null: closed
};

}  // namespace rollcall
