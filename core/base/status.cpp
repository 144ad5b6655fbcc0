#include "rollcall/status.h"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

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
  if (!hint_.empty()) text.append(" (option: ").append(rollcall::to_string(hint_)).append(")");
  return text;
}

Status Status::with_hint(OptionHint hint) && {
  if (!ok()) hint_ = std::move(hint);
  return std::move(*this);
}

Status Status::within(std::string_view where) const {
  Status status(code_, std::string(where).append(": ").append(message_));
  status.hint_ = hint_;
  return status;
}

Status Status::as(StatusCode code) const {
  Status status = *this;
  status.code_ = code;
  return status;
}

void end_without_value(const Status& error) {
  std::fprintf(stderr, "rollcall: the value of a result was taken that has none: %s\n",
               error.to_string().c_str());
  std::abort();
}

}  // namespace rollcall
