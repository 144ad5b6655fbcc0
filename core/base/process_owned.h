// An object with this wrapper is owned by the process that made it.
#pragma once

#include <unistd.h>

#include <utility>

namespace rollcall {

// Owns a value, and destroys it only in the process that made it. A child made by fork() has a copy
// whose mutexes may be held by threads that do not exist there, and whose files are the parent's.
// The copy is left as it is, so that nothing is written, waited for or joined.
template <class T>
class ProcessOwned {
 public:
  explicit ProcessOwned(T value) : value_(new T(std::move(value))) {}
  ~ProcessOwned() {
    if (is_here()) delete value_;
  }
  ProcessOwned(const ProcessOwned&) = delete;
  ProcessOwned& operator=(const ProcessOwned&) = delete;

  // Returns whether this is the process that made it.
  bool is_here() const { return ::getpid() == process_; }
  T& operator*() const { return *value_; }

 private:
  T* const value_;
  const pid_t process_ = ::getpid();
};

}  // namespace rollcall
