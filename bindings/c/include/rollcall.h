/* rollcall from C, and from whatever calls C. docs/c.md shows how each call is used.
 *
 * Every call that may fail returns ROLLCALL_OK or another code of the list below. If it fails and
 * `error` is not null, *error is a handle that says more, to be freed by rollcall_error_free;
 * otherwise *error is null. No call throws or exits, and none of our code prints or crashes for
 * want of memory; RocksDB does, where opening, checking or compacting a store in a directory finds
 * none. An ingest that finds none may leave an engine that refuses every later call: a store in a
 * directory is then opened again, and one in memory is lost. Where there is no memory left for a
 * handle of its own, the handle says that, and the code still says what failed.
 *
 * Texts go in as bytes of UTF-8 with their size; null with size 0 is the empty text. They are the
 * caller's, and need only outlive the call. What comes out through `char** out, size_t* size` is
 * the caller's: JSON, or the HTML of rollcall_report, of *size bytes and a zero after them, to be
 * freed by rollcall_free. `size` may be null. After an error *out is null.
 *
 * A null handle or pointer is ROLLCALL_INVALID_ARGUMENT unless a call says otherwise. Freeing null
 * does nothing.
 *
 * Threads: any call may be made from any thread at any time, also several with one handle. Only
 * rollcall_close and the calls that free come after all others of their handle, and all calls end
 * before main returns. Processes: an engine belongs to the one that opened it; in a child made by
 * fork, calls fail, and once a store in a directory was open, the child ends by _exit or exec, as
 * exit waits for threads of RocksDB that a child has not. The library cannot be unloaded.
 *
 * Options are JSON objects. Their fields have the names of the C++ structs, which say what each
 * means: EngineOptions, StoreSettings and RocksStoreOptions, SourceOptions, ArrowColumns, Delivery
 * and AudienceRequest. An empty text stands for no options. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
  ROLLCALL_OK = 0,
  ROLLCALL_INVALID_ARGUMENT = 1,   /* the caller can fix it: an option, a row, a question, a null */
  ROLLCALL_NOT_FOUND = 2,          /* no such store, file, object or audience */
  ROLLCALL_ALREADY_EXISTS = 3,     /* the place or the name is taken */
  ROLLCALL_CORRUPTION = 4,         /* stored bytes are not what was written */
  ROLLCALL_IO_ERROR = 5,           /* the operating system or a stream refused */
  ROLLCALL_BUSY = 6,               /* another process writes to the store */
  ROLLCALL_UNSUPPORTED = 7,        /* a newer format, or what this machine or store cannot do */
  ROLLCALL_RESOURCE_EXHAUSTED = 8, /* memory, or a limit of the options */
  ROLLCALL_FAILED_PRECONDITION = 9, /* closed, another process's, or an alert that is off */
  ROLLCALL_CANCELLED = 10,          /* rollcall_stop_request was called */
  ROLLCALL_DEADLINE_EXCEEDED = 11,  /* the timeout passed */
  ROLLCALL_UNCERTAIN = 12           /* whether it happened shows when the store is opened again */
};

struct ArrowArrayStream; /* of the Arrow C stream interface; rollcall/arrow_interface.h has it */

typedef struct rollcall_engine rollcall_engine;
typedef struct rollcall_error rollcall_error;
typedef struct rollcall_stop rollcall_stop;

/* Returns "0.2.0", which is never freed. The number in the library's name counts changes that a
 * program has to be compiled anew for. */
const char* rollcall_version(void);

/* Frees what a call returned through `out`. */
void rollcall_free(char* text);

/* --- Errors. A null handle is no error: ROLLCALL_OK and empty texts. --- */
int32_t rollcall_error_code(const rollcall_error* error);
/* Says what is wrong, where, what was found and what is allowed, for people. It lives as long as
 * the handle and ends with a zero; `size` may be null. */
const char* rollcall_error_text(const rollcall_error* error, size_t* size);
/* Has the options that would avoid the error, as JSON: ways, each of which is a list of options
 * that go together, [[{"option": "time_zone", "value": "UTC"}]]. Lives as the text does. */
const char* rollcall_error_hint(const rollcall_error* error, size_t* size);
void rollcall_error_free(rollcall_error* error);

/* --- Stops. One may be passed to any number of calls, and ends all that run and all that follow.
 * A call that takes one takes null, too, and then cannot be stopped. --- */
int32_t rollcall_stop_new(rollcall_stop** out, rollcall_error** error);
int32_t rollcall_stop_request(rollcall_stop* stop, rollcall_error** error);
void rollcall_stop_free(rollcall_stop* stop);

/* --- Stores. --- */

/* Opens the store in a directory, or makes one. Options: "settings" of a new store, and the fields
 * of EngineOptions and RocksStoreOptions; {"in_memory": true} with an empty directory keeps
 * everything in memory. */
int32_t rollcall_open(const char* directory, size_t directory_size, const char* options,
                      size_t options_size, rollcall_engine** out, rollcall_error** error);
/* Makes a last checkpoint. Every later call fails; the handle is still to be freed. */
int32_t rollcall_close(rollcall_engine* engine, rollcall_error** error);
/* Frees an engine, closed or not; makes no checkpoint. */
void rollcall_engine_free(rollcall_engine* engine);
int32_t rollcall_checkpoint(rollcall_engine* engine, rollcall_error** error);
int32_t rollcall_compact(rollcall_engine* engine, rollcall_error** error);
/* Reads and checks every page: {"page_count": N, "faults": [TEXT, ...]}. */
int32_t rollcall_verify(rollcall_engine* engine, char** out, size_t* size, rollcall_error** error);
/* Says what the store holds: settings, users, events, days, names, sizes. */
int32_t rollcall_info(rollcall_engine* engine, char** out, size_t* size, rollcall_error** error);
/* Lists how far each source was read: [{"id": ID, "position": POSITION}, ...]. */
int32_t rollcall_sources(rollcall_engine* engine, char** out, size_t* size, rollcall_error** error);
/* Copies a store that no handle is needed for, and checks the copy: {"epoch": N, "page_count": N,
 * "bytes": N}. */
int32_t rollcall_copy(const char* from, size_t from_size, const char* to, size_t to_size,
                      char** out, size_t* size, rollcall_error** error);

/* --- Events. --- */

/* Ingests a stream of record batches. The stream is released on return, whatever happens, even if
 * `engine` is null. `columns`: {"user": NAME, "time": NAME, "event": NAME, "event_name": NAME,
 * "value": NAME}. `delivery`: {"positions": [{"id": ID, "position": POSITION}], "token": {"source":
 * ID, "token": TOKEN}, "ack": "memory" or "durable"}. rollcall/arrow.h says which types are taken,
 * and what stays ingested after an error. Returns through `out`, which may be null:
 * {"rows": N, "was_skipped": false, "rows_forgotten": 0}. */
int32_t rollcall_ingest_arrow(rollcall_engine* engine, struct ArrowArrayStream* stream,
                              const char* columns, size_t columns_size, const char* delivery,
                              size_t delivery_size, char** out, size_t* size,
                              rollcall_error** error);
/* Ingests files, each row once: `paths` is a JSON list. Options: SourceOptions, "strict",
 * "batch_bytes" and "batch_rows". A stop ends it as if the input had ended. Returns the report
 * through `out`, which may be null. */
int32_t rollcall_ingest_files(rollcall_engine* engine, const char* paths, size_t paths_size,
                              const char* options, size_t options_size, const rollcall_stop* stop,
                              char** out, size_t* size, rollcall_error** error);
/* Forgets users for good. `users` is a JSON list of ids, of at most 4 MiB; *known, which may be
 * null, becomes how many of them the store knew. */
int32_t rollcall_forget(rollcall_engine* engine, const char* users, size_t users_size,
                        uint64_t* known, rollcall_error** error);

/* --- Questions. `timeout_ms` of 0 sets no limit. --- */

/* Answers a question, an object, or several of one state, a list; so is the answer. Lists of users
 * behind a cell ("members") are questions like any other. */
int32_t rollcall_query(rollcall_engine* engine, const char* question, size_t question_size,
                       const rollcall_stop* stop, uint64_t timeout_ms, char** out, size_t* size,
                       rollcall_error** error);
/* Answers one question with a stream of typed columns. The caller owns *out and releases it;
 * rollcall/arrow_result.h says what the columns and the metadata hold. Members of a
 * store whose ids are integers are uint64. */
int32_t rollcall_query_arrow(rollcall_engine* engine, const char* question, size_t question_size,
                             const rollcall_stop* stop, uint64_t timeout_ms,
                             struct ArrowArrayStream* out, rollcall_error** error);
/* Answers one question that lists users in a column "user", such as one for the members of a cell
 * or of a segment, with their set: *size bytes in the portable Roaring format of 64 bits, to be
 * freed by rollcall_free. The ids of the store must be integers. */
int32_t rollcall_query_roaring(rollcall_engine* engine, const char* question, size_t question_size,
                               const rollcall_stop* stop, uint64_t timeout_ms, char** out,
                               size_t* size, rollcall_error** error);
/* Writes that set to a file, which is replaced as a whole if it is there, and which questions read
 * back by {"in_file": PATH}. Where ids are texts, the set has ordinals, and dictionary.jsonl beside
 * it has a line {"ordinal":0,"user":"ann"} for each; all sets of a directory share it. */
int32_t rollcall_write_roaring(rollcall_engine* engine, const char* question, size_t question_size,
                               const rollcall_stop* stop, uint64_t timeout_ms, const char* path,
                               size_t path_size, rollcall_error** error);
/* Says what a question means, and what answering it would read. */
int32_t rollcall_explain(rollcall_engine* engine, const char* question, size_t question_size,
                         const rollcall_stop* stop, uint64_t timeout_ms, char** out, size_t* size,
                         rollcall_error** error);

/* --- What a store keeps by name. A kind is "segment", "question", "campaign" or "alert". --- */

/* Keeps objects, all or none: {"objects": [{"kind": KIND, "name": NAME, "definition": {...}}]}. If
 * `replace` is 0, a name that is taken is an error. Campaigns have their runs with the next
 * rollcall_run_campaigns; alerts are off until rollcall_enable_alert. */
int32_t rollcall_save_objects(rollcall_engine* engine, const char* objects, size_t objects_size,
                              int32_t replace, rollcall_error** error);
int32_t rollcall_drop_object(rollcall_engine* engine, const char* kind, size_t kind_size,
                             const char* name, size_t name_size, rollcall_error** error);
/* Lists the objects of a kind, or with an empty kind all, as rollcall_save_objects takes them. */
int32_t rollcall_objects(rollcall_engine* engine, const char* kind, size_t kind_size, char** out,
                         size_t* size, rollcall_error** error);
/* Lists segments without the users of lists: [{"name": NAME, "segment": EXPRESSION or null,
 * "users": N}]. */
int32_t rollcall_segments(rollcall_engine* engine, char** out, size_t* size,
                          rollcall_error** error);

/* Freezes an audience: {"campaign": NAME, "run": NAME, "users": SEGMENT, "classes": [{"name": NAME,
 * "users": SEGMENT}], "as_of": TIME, "holdout": "0.1", "draw": TEXT}. Returns who is in it, as
 * rollcall_audiences lists it, through `out`, which may be null. */
int32_t rollcall_freeze(rollcall_engine* engine, const char* request, size_t request_size,
                        const rollcall_stop* stop, uint64_t timeout_ms, char** out, size_t* size,
                        rollcall_error** error);
int32_t rollcall_drop_audience(rollcall_engine* engine, const char* campaign, size_t campaign_size,
                               const char* run, size_t run_size, rollcall_error** error);
/* Lists audiences: [{"campaign": NAME, "run": NAME, "as_of": TIME, "classes": [{"name": NAME,
 * "contacted": N, "holdout": N}]}]. */
int32_t rollcall_audiences(rollcall_engine* engine, char** out, size_t* size,
                           rollcall_error** error);

/* --- Campaigns: whom to win back, and what came of it. docs/campaigns.md has their fields. --- */

/* Keeps campaigns, all or none, and freezes their runs that are due: `definitions` is an object, or
 * a list. If `standard` is not 0, they are the standard set, and `definitions` has what those have
 * in common, or is empty. Returns the runs, as rollcall_audiences lists them, through `out`, which
 * may be null. */
int32_t rollcall_create_campaigns(rollcall_engine* engine, const char* definitions,
                                  size_t definitions_size, int32_t standard,
                                  const rollcall_stop* stop, uint64_t timeout_ms, char** out,
                                  size_t* size, rollcall_error** error);
/* Lists campaigns, with all their fields, and their runs: [{"campaign": {...}, "runs": [...]}]. */
int32_t rollcall_campaigns(rollcall_engine* engine, char** out, size_t* size,
                           rollcall_error** error);
/* Freezes the runs that are due: of a campaign or, with an empty name, of all. Returns them as
 * above; what was frozen before an error stays. */
int32_t rollcall_run_campaigns(rollcall_engine* engine, const char* name, size_t name_size,
                               const rollcall_stop* stop, uint64_t timeout_ms, char** out,
                               size_t* size, rollcall_error** error);
/* Returns a question for rollcall_query or rollcall_query_arrow. Without `users` it is for the
 * report of a campaign; with {"arm": "contacted" or "holdout", "class": NAME, "run": RUN, "limit":
 * N, "after": USER}, each of which may be missing, for its users. */
int32_t rollcall_campaign_question(rollcall_engine* engine, const char* name, size_t name_size,
                                   const char* users, size_t users_size, char** out, size_t* size,
                                   rollcall_error** error);
/* Ends a campaign: it has no further runs. */
int32_t rollcall_end_campaign(rollcall_engine* engine, const char* name, size_t name_size,
                              rollcall_error** error);
/* Drops a campaign with its runs, durably with the next checkpoint. */
int32_t rollcall_drop_campaign(rollcall_engine* engine, const char* name, size_t name_size,
                               rollcall_error** error);

/* --- Alerts: answers out of bounds. docs/alerts.md has their fields. They need a store in a
 * directory, where their states are in a log that other processes may read and add to. --- */

/* Keeps an alert and switches it on; its question is asked once. */
int32_t rollcall_create_alert(rollcall_engine* engine, const char* name, size_t name_size,
                              const char* definition, size_t definition_size, int32_t replace,
                              const rollcall_stop* stop, uint64_t timeout_ms,
                              rollcall_error** error);
/* Lists alerts: [{"alert": NAME, "state": WORD, "severity": TEXT, "column": NAME, "condition":
 * TEXT, "checked": INSTANT or null}]. The word is "ok", "pending", "firing", "stale", "unknown" or
 * "off". */
int32_t rollcall_alerts(rollcall_engine* engine, char** out, size_t* size, rollcall_error** error);
/* Returns one as it is listed, and its "definition", "failure", "states" and last "changes". */
int32_t rollcall_alert(rollcall_engine* engine, const char* name, size_t name_size, char** out,
                       size_t* size, rollcall_error** error);
/* Asks the questions of alerts that are on and judges the answers: [{"alert": NAME, "severity":
 * TEXT, "error": TEXT or null, "states": [{"series": {...}, "state": WORD, "date": DATE, "value":
 * N, "since": INSTANT}]}]. `names` is a JSON list, or empty for all. It notifies nobody. */
int32_t rollcall_check_alerts(rollcall_engine* engine, const char* names, size_t names_size,
                              const rollcall_stop* stop, uint64_t timeout_ms, char** out,
                              size_t* size, rollcall_error** error);
/* Says whether a program should go on, without asking: {"is_open": BOOL, "checked": INSTANT,
 * "failure": TEXT or null}. An open breaker is one that fires or is stale. */
int32_t rollcall_alert_breaker(rollcall_engine* engine, const char* name, size_t name_size,
                               char** out, size_t* size, rollcall_error** error);
/* Switches an alert on, without a state, or off. */
int32_t rollcall_enable_alert(rollcall_engine* engine, const char* name, size_t name_size,
                              rollcall_error** error);
int32_t rollcall_disable_alert(rollcall_engine* engine, const char* name, size_t name_size,
                               rollcall_error** error);
/* Drops an alert and what became of it. */
int32_t rollcall_drop_alert(rollcall_engine* engine, const char* name, size_t name_size,
                            rollcall_error** error);
/* Is the caller's: it sends a notification, and returns 0 if that arrived. The library opens no
 * socket and starts no program. `notification` is {"alert": NAME, "delivery": ID, "target": {...}},
 * with the target as the definition has it; the same delivery may come again. `body` is JSON on one
 * line. Both texts live as long as the call. It must not throw. */
typedef int32_t (*rollcall_send)(void* context, const char* notification, size_t notification_size,
                                 const char* body, size_t body_size);
/* Sends what checks have left to be notified, each once, one at a time, from another thread, and
 * returns when that is done: {"arrived": N, "failed": N}. What failed waits for a later call, 1, 2,
 * 4 and more seconds later, and so does what comes after it for the same target. */
int32_t rollcall_notify_alerts(rollcall_engine* engine, rollcall_send send, void* context,
                               const rollcall_stop* stop, char** out, size_t* size,
                               rollcall_error** error);
/* Sends one to each target of an alert that tries whether it arrives: [{"target": {...}, "arrived":
 * BOOL}]. */
int32_t rollcall_test_alert(rollcall_engine* engine, const char* name, size_t name_size,
                            rollcall_send send, void* context, char** out, size_t* size,
                            rollcall_error** error);

/* --- Reports. --- */

/* Writes a page of HTML for people: options {"language": "en" or "zh", "title": TEXT, "users":
 * BOOL}. With "users" it has the ids of users who are about to leave. */
int32_t rollcall_report(rollcall_engine* engine, const char* options, size_t options_size,
                        const rollcall_stop* stop, uint64_t timeout_ms, char** out, size_t* size,
                        rollcall_error** error);

#ifdef __cplusplus
} /* extern "C" */
#endif
