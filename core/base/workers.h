// These threads do the engine's work.
//
// There are two kinds with one interface: one on oneTBB, and one on plain threads, which the thread
// sanitizer can follow; it cannot see how the oneTBB library synchronises. The build chooses one of
// them (ROLLCALL_WORKERS). Both have these members:
//
//   Workers(threads_max)        Uses at most that many threads, including the caller's; 0: as many
//                               as the process may use. Starts no thread by itself.
//   thread_count()              Returns the largest number of threads that it may use.
//   for_each(count, task)       Calls task(i) once for each i below `count`, in any order, in
//                               several threads; returns when all are done. A task may call
//                               for_each of the same workers.
//   pipeline(next, work, take)  Calls next() until it returns a null pointer, work(*item) for each
//                               item, and take(item) in the order of next. It makes one call of
//                               `next` and of `take` at a time, and calls `work` in several
//                               threads. All three may run at the same time. At most two more items
//                               than threads are in the pipeline.
//   PerThread<T>                Has one T for each thread that calls local(), made by the given
//                               function, or T(). It can be iterated over when all are done.
//
// An exception from a task reaches the caller; of several, one does. Other tasks may then be
// skipped. Any number of threads may call for_each and pipeline.
#pragma once

#ifdef ROLLCALL_WORKERS_THREADS
#include "core/base/thread_workers.h"
#else
#include "core/base/tbb_workers.h"
#endif

namespace rollcall {

#ifdef ROLLCALL_WORKERS_THREADS
using Workers = ThreadWorkers;
#else
using Workers = TbbWorkers;
#endif

}  // namespace rollcall
