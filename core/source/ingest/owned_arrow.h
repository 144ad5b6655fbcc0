// Holds what comes through the Arrow C interface.
#pragma once

#include <string>

#include "rollcall/arrow_interface.h"
#include "rollcall/status.h"

namespace rollcall {

// Owns something of the interface, and releases it once, at its own end.
template <class T>
class Owned {
 public:
  Owned() = default;
  explicit Owned(const T& taken) : value_(taken) {}
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  ~Owned() {
    if (value_.release == nullptr) return;
    try {
      value_.release(&value_);
    } catch (...) {
      // Whether it was released or not, nothing more can be done about it.
    }
  }
  T* get() { return &value_; }
  const T* get() const { return &value_; }
  const T* operator->() const { return &value_; }

 private:
  T value_{};
};

// Checks that a batch and its schema have all that is looked at.
Status check_complete(const ArrowSchema& schema, const ArrowArray& array);

// Returns what a stream says about the error that it reported.
std::string stream_error_text(ArrowArrayStream* stream, int code);

}  // namespace rollcall
