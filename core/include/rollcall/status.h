// What a call that may fail returns: `Status` alone, or `Result<T>` with the value.
//
// Only conditions of the outside world are reported this way (a full disk, damaged bytes, a
// question that cannot be answered). A broken promise inside rollcall is an assertion, see
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
  kInvalidArgument,     // the caller can repair it: a bad option, batch, row or query
  kNotFound,            // no such store, file or user
  kAlreadyExists,       // a store is already there
  kCorruption,          // stored bytes are not what was written
  kIoError,             // the operating system or RocksDB refused; the text says what
  kBusy,                // another process is writing this store
  kUnsupported,         // a newer format, or an instruction set that this machine lacks
  kResourceExhausted,   // a limit set in the options was reached
  kFailedPrecondition,  // the object takes no such call now: it is closed, moved from, or another
                        // process's
  kCancelled,           // the caller's stop token asked for it
  kDeadlineExceeded,    // the caller's deadline passed first
  kUncertain,           // it may have happened or not; which, the next opening of the store tells
};

// Returns the code in words, as it stands in front of an error's text: "invalid argument".
std::string_view to_string(StatusCode code);

// The outcome of a call. Small, copyable, and not to be ignored. One that was moved from is ok.
class [[nodiscard]] Status {
 public:
  Status() = default;                            // ok
  Status(StatusCode code, std::string message);  // `message` is left out of kOk

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
  // What, where, what was found, what is allowed, for people: a program goes by the code and the
  // hint. Empty when ok.
  const std::string& message() const;
  // The options that would have had it otherwise; empty where none is known.
  const OptionHint& hint() const;
  // "invalid argument: retention: unknown event \"logni\" (did you mean \"login\"?)", or "ok". A
  // hint follows: "corruption: ... (option: accept_rollback = true)".
  std::string to_string() const;

  // The same error with that hint.
  Status with_hint(OptionHint hint) const;
  // The same error of something larger: its text begins with "WHERE: ".
  Status within(std::string_view where) const;
  // The same error under another code.
  Status as(StatusCode code) const;

 private:
  struct Error;

  explicit Status(Error error);
  const Error& error() const;

  // Null when ok. Questions make and drop statuses for each day of each partition, nearly all of
  // them ok: these cost no more than the pointer.
  std::shared_ptr<const Error> error_;
};

// Ends the process: somebody took the value of a Result that holds `error` instead.
[[noreturn]] void end_without_value(const Status& error);

// A value, or the reason why there is none.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor)
  // An error; ok is none, and becomes a kFailedPrecondition.
  Result(Status status)  // NOLINT(google-explicit-constructor)
      : status_(status.ok()
                    ? Status::failed_precondition("a result was made of ok, without a value")
                    : std::move(status)) {}

  bool ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }

  // The value; only when ok(). Otherwise the process ends, and says with which error.
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

// Leaves the calling function with the Status of `expression`, a Status or a Result, unless that is
// ok. What is ok is not moved: questions come by here for each day of each partition.
#define ROLLCALL_RETURN_IF_ERROR(expression)                  \
  do {                                                        \
    if (auto outcome_here = (expression); !outcome_here.ok()) \
      return ::rollcall::status_of(std::move(outcome_here));  \
  } while (false)

#define ROLLCALL_CONCAT_INNER(a, b) a##b
#define ROLLCALL_CONCAT(a, b) ROLLCALL_CONCAT_INNER(a, b)

// Binds the value of a Result to `declaration`, or leaves the calling function with its Status.
#define ROLLCALL_ASSIGN_OR_RETURN(declaration, expression) \
  ROLLCALL_ASSIGN_OR_RETURN_NAMED(ROLLCALL_CONCAT(result_, __LINE__), declaration, expression)
#define ROLLCALL_ASSIGN_OR_RETURN_NAMED(name, declaration, expression) \
  auto name = (expression);                                            \
  if (!name.ok()) return name.status();                                \
  declaration = *std::move(name)

}  // namespace rollcall
