// Wraps the mutexes of the standard library so that clang's thread safety analysis can follow them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <shared_mutex>

#include "core/base/thread_safety.h"

namespace rollcall {

class ROLLCALL_CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() ROLLCALL_ACQUIRE() { mutex_.lock(); }
  bool try_lock() ROLLCALL_TRY_ACQUIRE(true) { return mutex_.try_lock(); }
  void unlock() ROLLCALL_RELEASE() { mutex_.unlock(); }
  // Is for lambdas whose callers hold it.
  void assert_held() const ROLLCALL_ASSERT_CAPABILITY(this) {}

 private:
  friend class ConditionVariable;
  std::mutex mutex_;
};

// Holds a mutex for its lifetime, except between unlock() and lock().
class ROLLCALL_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ROLLCALL_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  // Takes over a mutex that the caller has locked.
  MutexLock(Mutex& mutex, std::adopt_lock_t) ROLLCALL_REQUIRES(mutex) : mutex_(mutex) {}
  ~MutexLock() ROLLCALL_RELEASE() {
    if (is_locked_) mutex_.unlock();
  }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void unlock() ROLLCALL_RELEASE() {
    mutex_.unlock();
    is_locked_ = false;
  }
  void lock() ROLLCALL_ACQUIRE() {
    mutex_.lock();
    is_locked_ = true;
  }

 private:
  Mutex& mutex_;
  bool is_locked_ = true;
};

// Waits may end spuriously, so callers check again what they wait for.
class ConditionVariable {
 public:
  void wait(Mutex& mutex) ROLLCALL_REQUIRES(mutex) {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    changed_.wait(lock);
    lock.release();
  }
  void wait_until(Mutex& mutex, std::chrono::steady_clock::time_point end)
      ROLLCALL_REQUIRES(mutex) {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    changed_.wait_until(lock, end);
    lock.release();
  }
  void notify_all() { changed_.notify_all(); }

 private:
  std::condition_variable changed_;
};

class ROLLCALL_CAPABILITY("mutex") SharedMutex {
 public:
  void lock() ROLLCALL_ACQUIRE() { mutex_.lock(); }
  void unlock() ROLLCALL_RELEASE() { mutex_.unlock(); }
  void lock_shared() ROLLCALL_ACQUIRE_SHARED() { mutex_.lock_shared(); }
  void unlock_shared() ROLLCALL_RELEASE_SHARED() { mutex_.unlock_shared(); }

 private:
  std::shared_mutex mutex_;
};

// Holds a shared mutex exclusively for its lifetime, to write what it guards.
class ROLLCALL_SCOPED_CAPABILITY WriteLock {
 public:
  explicit WriteLock(SharedMutex& mutex) ROLLCALL_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~WriteLock() ROLLCALL_RELEASE() { mutex_.unlock(); }
  WriteLock(const WriteLock&) = delete;
  WriteLock& operator=(const WriteLock&) = delete;

 private:
  SharedMutex& mutex_;
};

// Holds a shared mutex for its lifetime together with other readers, to read what it guards.
class ROLLCALL_SCOPED_CAPABILITY ReadLock {
 public:
  explicit ReadLock(SharedMutex& mutex) ROLLCALL_ACQUIRE_SHARED(mutex) : mutex_(mutex) {
    mutex_.lock_shared();
  }
  ~ReadLock() ROLLCALL_RELEASE_GENERIC() { mutex_.unlock_shared(); }
  ReadLock(const ReadLock&) = delete;
  ReadLock& operator=(const ReadLock&) = delete;

 private:
  SharedMutex& mutex_;
};

}  // namespace rollcall
