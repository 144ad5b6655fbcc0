// Why something has ended for good, until the store is opened again.
#pragma once

#include <utility>

#include "rollcall/status.h"

namespace rollcall {

class Failure {
 public:
  // The reason; ok while nothing has failed.
  const Status& status() const { return status_; }
  bool has_failed() const { return !status_.ok(); }

  // The first reason stays.
  void note(Status reason) {
    if (status_.ok()) status_ = std::move(reason);
  }
  void replace(Status reason) { status_ = std::move(reason); }
  void clear() { status_ = Status(); }

 private:
  Status status_;
};

}  // namespace rollcall
