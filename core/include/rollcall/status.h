// A call that may fail returns a `Status` alone, or a `Result<T>` with the value.
//
// Only conditions of the outside world are reported this way: a full disk, damaged bytes, a
// question that cannot be answered. A broken promise inside rollcall is an assertion; see
// core/base/assert.h.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "rollcall/option_hint.h"

namespace rollcall {

enum class StatusCode : std::uint8_t {
  kOk,
  kInvalidArgument,     // the caller can fix it: a bad option, batch, row or query
  kNotFound,            // no such store, file or user
  kAlreadyExists,       // a store is already there
  kCorruption,          // stored bytes are not what was written
  kIoError,             // the operating system or RocksDB refused; the text says what
  kBusy,                // another process is writing to this store
  kUnsupported,         // a newer format, or an instruction set that this machine lacks
  kResourceExhausted,   // a limit set in the options was reached
  kFailedPrecondition,  // the object takes no such call now: it is closed, moved from, or belongs
                        // to another process
  kCancelled,           // the caller's stop token was asked to stop
  kDeadlineExceeded,    // the caller's deadline passed first
  kUncertain,           // it may have happened or not; the next opening of the store tells which
};

// Returns the code in words, as it begins an error's text: "invalid argument".
std::string_view to_string(StatusCode code);

// Tells the outcome of a call. It is cheap to copy, must not be ignored, and is ok after a move.
class [[nodiscard]] Status {
 public:
  Status() = default;                            // ok
  Status(StatusCode code, std::string message);  // with kOk, `message` is dropped

  static Status invalid_argument(std::string m) {
    return {StatusCode::kInvalidArgument, std::move(m)};
  }
  static Status not_found(std::string m) { return {StatusCode::kNotFound, std::move(m)}; }
  static Status already_exists(std::string m) { return {StatusCode::kAlreadyExists, std::move(m)}; }
  static Status corruption(std::string m) { return {StatusCode::kCorruption, std::move(m)}; }
  static Status io_error(std::string m) { return {StatusCode::kIoError, std::move(m)}; }
  static Status busy(std::string m) { return {StatusCode::kBusy, std::move(m)}; }
  static Status unsupported(std::string m) { return {StatusCode::kUnsupported, std::move(m)}; }
  static Status resource_exhausted(std::string m) {
    return {StatusCode::kResourceExhausted, std::move(m)};
  }

  static Status failed_precondition(std::string m) {
    return {StatusCode::kFailedPrecondition, std::move(m)};
  }

  bool ok() const { return error_ == nullptr; }
  StatusCode code() const;
  // Says what went wrong, where, what was found, and what is allowed. It is for people: programs go
  // by the code and the hint. It is empty when ok.
  const std::string& message() const;
  // Returns the options that would avoid the error; empty if none are known.
  const OptionHint& hint() const;
  // Returns "invalid argument: retention: unknown event \"logni\" (did you mean \"login\"?)", or
  // "ok". A hint follows the text: "corruption: ... (option: accept_rollback = true)".
  std::string to_string() const;

  // Returns the same error with that hint.
  Status with_hint(OptionHint hint) const;
  // Returns the same error, told of something larger: its text begins with "WHERE: ".
  Status within(std::string_view where) const;
  // Returns the same error under another code.
  Status as(StatusCode code) const;

 private:
  struct Error;

  explicit Status(Error error);
  const Error& error() const;

  // It is null when ok. A query makes and drops a status for each day of each partition. Nearly all
  // of them are ok, and cost no more than the pointer.
  std::shared_ptr<const Error> error_;
};

// Ends the process, because somebody took the value of a Result that holds `error` instead.
[[noreturn]] void end_without_value(const Status& error);

// Holds a value, or the reason why there is none.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor)
  // Takes an error. A status that is ok has no value to go with it, and so becomes
  // kFailedPrecondition.
  Result(Status status)  // NOLINT(google-explicit-constructor)
      : status_(status.ok()
                    ? Status::failed_precondition("a result was made of ok, without a value")
                    : std::move(status)) {}

  bool ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }

  // Returns the value. If the result is not ok, the process ends with a message that has the error.
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(value()); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  T& value() {
    if (!value_) [[unlikely]]
      end_without_value(status_);
    return *value_;
  }
  const T& value() const {
    if (!value_) [[unlikely]]
      end_without_value(status_);
    return *value_;
  }

  std::optional<T> value_;
  Status status_;  // ok exactly when value_ is set
};

inline Status status_of(Status status) { return status; }
template <class T>
Status status_of(const Result<T>& result) {
  return result.status();
}

// Returns the Status of `expression`, a Status or a Result, from the calling function unless it is
// ok. A value that is ok is not moved, since queries run this for each day of each partition.
#define ROLLCALL_RETURN_IF_ERROR(expression)                  \
  do {                                                        \
    if (auto outcome_here = (expression); !outcome_here.ok()) \
      return ::rollcall::status_of(std::move(outcome_here));  \
  } while (false)

#define ROLLCALL_CONCAT_INNER(a, b) a##b
#define ROLLCALL_CONCAT(a, b) ROLLCALL_CONCAT_INNER(a, b)

// Binds the value of a Result to `declaration`, or returns its Status from the calling function.
#define ROLLCALL_ASSIGN_OR_RETURN(declaration, expression) \
  ROLLCALL_ASSIGN_OR_RETURN_NAMED(ROLLCALL_CONCAT(result_, __LINE__), declaration, expression)
#define ROLLCALL_ASSIGN_OR_RETURN_NAMED(name, declaration, expression) \
  auto name = (expression);                                            \
  if (!name.ok()) return name.status();                                \
  declaration = *std::move(name)

}  // namespace rollcall
