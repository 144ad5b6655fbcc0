#include "rollcall/status.h"

#include <cstdio>
#include <cstdlib>

namespace rollcall {

std::string_view to_string(StatusCode code) {
  switch (code) {
    case StatusCode::kOk:
      return "ok";
    case StatusCode::kInvalidArgument:
      return "invalid argument";
    case StatusCode::kNotFound:
      return "not found";
    case StatusCode::kAlreadyExists:
      return "already exists";
    case StatusCode::kCorruption:
      return "corruption";
    case StatusCode::kIoError:
      return "I/O error";
    case StatusCode::kBusy:
      return "busy";
    case StatusCode::kUnsupported:
      return "unsupported";
    case StatusCode::kResourceExhausted:
      return "resource exhausted";
    case StatusCode::kFailedPrecondition:
      return "failed precondition";
    case StatusCode::kCancelled:
      return "cancelled";
    case StatusCode::kDeadlineExceeded:
      return "deadline exceeded";
    case StatusCode::kUncertain:
      return "uncertain";
  }
  return "unknown status";
}

std::string Status::to_string() const {
  std::string text(rollcall::to_string(code_));
  if (!message_.empty()) text.append(": ").append(message_);
  return text;
}

void end_without_value(const Status& error) {
  std::fprintf(stderr, "rollcall: the value of a result was taken that has none: %s\n",
               error.to_string().c_str());
  std::abort();
}

}  // namespace rollcall
