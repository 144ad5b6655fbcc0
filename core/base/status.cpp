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

struct Status::Error {
  StatusCode code = StatusCode::kOk;
  std::string message;
  OptionHint hint;
};

Status::Status(StatusCode code, std::string message)
    : Status(Error{code, std::move(message), {}}) {}

Status::Status(Error error) {
  if (error.code == StatusCode::kOk) return;
  error_ = std::make_shared<const Error>(std::move(error));
}

const Status::Error& Status::error() const {
  static const Error kNone;
  return error_ == nullptr ? kNone : *error_;
}

StatusCode Status::code() const { return error().code; }
const std::string& Status::message() const { return error().message; }
const OptionHint& Status::hint() const { return error().hint; }

std::string Status::to_string() const {
  std::string text(rollcall::to_string(code()));
  if (!message().empty()) text.append(": ").append(message());
  if (!hint().empty()) text.append(" (option: ").append(rollcall::to_string(hint())).append(")");
  return text;
}

Status Status::with_hint(OptionHint hint) const {
  return Status(Error{code(), message(), std::move(hint)});
}

Status Status::within(std::string_view where) const {
  return Status(Error{code(), std::string(where).append(": ").append(message()), hint()});
}

Status Status::as(StatusCode code) const { return Status(Error{code, message(), hint()}); }

void end_without_value(const Status& error) {
  std::fprintf(stderr, "rollcall: the value of a result was taken that has none: %s\n",
               error.to_string().c_str());
  std::abort();
}

}  // namespace rollcall
