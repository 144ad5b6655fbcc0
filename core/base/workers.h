// The threads that do the engine's work.
//
// There are two kinds with one interface: on oneTBB, and on plain threads, which the thread
// sanitizer can follow; it cannot see what synchronises within the library of oneTBB. The build
// chooses (ROLLCALL_WORKERS). Both have:
//
//   Workers(threads_max)        Work is done by so many threads at most, the caller's among them;
//                               0: as many as the process may use. Starts none by itself.
//   thread_count()              How many they are at most.
//   for_each(count, task)       Calls task(i) once for each i below `count`, in any order, in
//                               several threads; returns when all are done. A task may call
//                               for_each of the same workers.
//   pipeline(next, work, take)  Calls next() until it gives a null pointer, work(*item) for each
//                               item, and take(item) in the order of next: `next` and `take` one
//                               call at a time, `work` in several threads. All three may run at
//                               the same time. Items that are on their way are few: at most two
//                               more than threads.
//   PerThread<T>                One T for each thread that asks for its local(), made by the
//                               function that is given, or T(). Ranged over when all are done.
//
// What a task throws, the caller gets; of several exceptions one. Other tasks may be left out then.
// Threads: for_each and pipeline from any number of them.
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
