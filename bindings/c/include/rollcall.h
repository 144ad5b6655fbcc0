/* rollcall from C, and from whatever calls C. docs/c.md shows how each call is used.
 *
 * Every call that may fail returns ROLLCALL_OK or another code of the list below. If it fails and
 * `error` is not null, *error is a handle that says more, to be freed by rollcall_error_free;
 * otherwise *error is null. No call throws, exits, prints or crashes for want of memory. Where
 * there is none left for a handle of its own, the handle says that, and the code still says what
 * failed.
 *
 * Texts go in as bytes of UTF-8 with their size; null with size 0 is the empty text. They are the
 * caller's, and need only outlive the call. What comes out through `char** out, size_t* size` is
 * the caller's: JSON of *size bytes and a zero after them, to be freed by rollcall_free. `size` may
 * be null. After an error *out is null.
 *
 * A null handle or pointer is ROLLCALL_INVALID_ARGUMENT unless a call says otherwise. Freeing null
 * does nothing.
 *
 * Threads: any call may be made from any thread at any time, also several with one handle. Only
 * rollcall_close and the calls that free come after all others of their handle. Processes: an
 * engine belongs to the one that opened it; in a child made by fork, calls fail.
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
  ROLLCALL_FAILED_PRECONDITION = 9, /* the engine is closed, or belongs to another process */
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
/* Forgets users for good. `users` is a JSON list of ids; *known, which may be null, becomes how
 * many of them the store knew. */
int32_t rollcall_forget(rollcall_engine* engine, const char* users, size_t users_size,
                        uint64_t* known, rollcall_error** error);

/* --- Questions. `timeout_ms` of 0 sets no limit. --- */

/* Answers a question, an object, or several of one state, a list; so is the answer. Lists of users
 * behind a cell ("members") are questions like any other. */
int32_t rollcall_query(rollcall_engine* engine, const char* question, size_t question_size,
                       const rollcall_stop* stop, uint64_t timeout_ms, char** out, size_t* size,
                       rollcall_error** error);
/* Answers one question with a stream of typed columns. The caller owns *out and releases it;
 * rollcall/arrow_result.h says what the columns and the metadata hold. */
int32_t rollcall_query_arrow(rollcall_engine* engine, const char* question, size_t question_size,
                             const rollcall_stop* stop, uint64_t timeout_ms,
                             struct ArrowArrayStream* out, rollcall_error** error);
/* Says what a question means, and what answering it would read. */
int32_t rollcall_explain(rollcall_engine* engine, const char* question, size_t question_size,
                         const rollcall_stop* stop, uint64_t timeout_ms, char** out, size_t* size,
                         rollcall_error** error);

/* --- What a store keeps by name. A kind is "segment", "question", "campaign" or "alert". --- */

/* Keeps objects, all or none: {"objects": [{"kind": KIND, "name": NAME, "definition": {...}}]}. If
 * `replace` is 0, a name that is taken is an error. */
int32_t rollcall_save_objects(rollcall_engine* engine, const char* objects, size_t objects_size,
                              int32_t replace, rollcall_error** error);
int32_t rollcall_drop_object(rollcall_engine* engine, const char* kind, size_t kind_size,
                             const char* name, size_t name_size, rollcall_error** error);
/* Lists the objects of a kind, as rollcall_save_objects takes them. */
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

#ifdef __cplusplus
} /* extern "C" */
#endif
