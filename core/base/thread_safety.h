// These annotations say what must be held for a function or a field. Clang's thread safety analysis
// reads them; other compilers ignore them. `make tidy` compiles with clang, with each violation as
// an error.
//
// The analysis looks at one function at a time and does not see who calls a lambda. A lambda whose
// caller holds what it needs asserts that: assert_held(), Gate::assert_passed().
#pragma once

#if defined(__clang__)
#define ROLLCALL_THREAD_SAFETY(attribute) __attribute__((attribute))
#else
#define ROLLCALL_THREAD_SAFETY(attribute)
#endif

// The first marks a type that can be held; the second marks one that holds something for its
// lifetime.
#define ROLLCALL_CAPABILITY(name) ROLLCALL_THREAD_SAFETY(capability(name))
#define ROLLCALL_SCOPED_CAPABILITY ROLLCALL_THREAD_SAFETY(scoped_lockable)

// These are for fields: they say what a reader or writer must hold.
#define ROLLCALL_GUARDED_BY(held) ROLLCALL_THREAD_SAFETY(guarded_by(held))

// These are for functions: they say what callers must hold, or must not hold, and what the
// functions acquire and release.
#define ROLLCALL_REQUIRES(...) ROLLCALL_THREAD_SAFETY(requires_capability(__VA_ARGS__))
#define ROLLCALL_EXCLUDES(...) ROLLCALL_THREAD_SAFETY(locks_excluded(__VA_ARGS__))
#define ROLLCALL_ACQUIRE(...) ROLLCALL_THREAD_SAFETY(acquire_capability(__VA_ARGS__))
#define ROLLCALL_ACQUIRE_SHARED(...) ROLLCALL_THREAD_SAFETY(acquire_shared_capability(__VA_ARGS__))
#define ROLLCALL_TRY_ACQUIRE(...) ROLLCALL_THREAD_SAFETY(try_acquire_capability(__VA_ARGS__))
#define ROLLCALL_RELEASE(...) ROLLCALL_THREAD_SAFETY(release_capability(__VA_ARGS__))
#define ROLLCALL_RELEASE_SHARED(...) ROLLCALL_THREAD_SAFETY(release_shared_capability(__VA_ARGS__))
#define ROLLCALL_RELEASE_GENERIC(...) \
  ROLLCALL_THREAD_SAFETY(release_generic_capability(__VA_ARGS__))
#define ROLLCALL_ASSERT_CAPABILITY(held) ROLLCALL_THREAD_SAFETY(assert_capability(held))
#define ROLLCALL_RETURN_CAPABILITY(held) ROLLCALL_THREAD_SAFETY(lock_returned(held))

// This is for functions that are correct in a way that the analysis cannot follow. A comment says
// why.
#define ROLLCALL_NO_THREAD_SAFETY_ANALYSIS ROLLCALL_THREAD_SAFETY(no_thread_safety_analysis)
