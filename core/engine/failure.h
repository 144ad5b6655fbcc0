// Records why something has ended for good, until the store is opened again.
#pragma once

#include <utility>

#include "rollcall/status.h"

namespace rollcall {

class Failure {
 public:
  // Returns the reason, or ok while nothing has failed.
  const Status& status() const { return status_; }
  bool has_failed() const { return !status_.ok(); }

  // The first reason stays.
  void note(Status reason) {
    if (status_.ok()) status_ = std::move(reason);
  }
  void replace(Status reason) { status_ = std::move(reason); }

 private:
  Status status_;
};

// Guards a step that leaves things half done unless it is finished: if an error or an exception
// ends it earlier, that is a failure.
class UnlessFinished {
 public:
  // `reason` is made in advance, because there may be no memory for it later.
  UnlessFinished(Failure& failure, Status reason) : failure_(failure), reason_(std::move(reason)) {}
  ~UnlessFinished() {
    if (!is_finished_) failure_.replace(std::move(reason_));
  }
  UnlessFinished(const UnlessFinished&) = delete;
  UnlessFinished& operator=(const UnlessFinished&) = delete;

  // Sets a better reason, from the error that ends the step.
  void fail(Status reason) { reason_ = std::move(reason); }
  void finish() { is_finished_ = true; }

 private:
  Failure& failure_;
  Status reason_;
  bool is_finished_ = false;
};

}  // namespace rollcall
