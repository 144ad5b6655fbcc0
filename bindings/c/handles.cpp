#include "bindings/c/handles.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>

#include "core/query/text/query_json.h"

namespace rollcall::c {
namespace {

static_assert(ROLLCALL_OK == static_cast<int>(StatusCode::kOk));
static_assert(ROLLCALL_INVALID_ARGUMENT == static_cast<int>(StatusCode::kInvalidArgument));
static_assert(ROLLCALL_NOT_FOUND == static_cast<int>(StatusCode::kNotFound));
static_assert(ROLLCALL_ALREADY_EXISTS == static_cast<int>(StatusCode::kAlreadyExists));
static_assert(ROLLCALL_CORRUPTION == static_cast<int>(StatusCode::kCorruption));
static_assert(ROLLCALL_IO_ERROR == static_cast<int>(StatusCode::kIoError));
static_assert(ROLLCALL_BUSY == static_cast<int>(StatusCode::kBusy));
static_assert(ROLLCALL_UNSUPPORTED == static_cast<int>(StatusCode::kUnsupported));
static_assert(ROLLCALL_RESOURCE_EXHAUSTED == static_cast<int>(StatusCode::kResourceExhausted));
static_assert(ROLLCALL_FAILED_PRECONDITION == static_cast<int>(StatusCode::kFailedPrecondition));
static_assert(ROLLCALL_CANCELLED == static_cast<int>(StatusCode::kCancelled));
static_assert(ROLLCALL_DEADLINE_EXCEEDED == static_cast<int>(StatusCode::kDeadlineExceeded));
static_assert(ROLLCALL_UNCERTAIN == static_cast<int>(StatusCode::kUncertain));

// Is handed out where there is no memory for another one.
rollcall_error no_memory{ROLLCALL_RESOURCE_EXHAUSTED, "out of memory", "[]"};

std::string hint_json(const OptionHint& hint) {
  std::string json = "[";
  for (const OptionHint::Way& way : hint.ways) {
    json += json.size() == 1 ? "[" : ", [";
    for (const OptionValue& option : way) {
      if (&option != way.data()) json += ", ";
      json +=
          to_object({{"option", quote(name_of(option.option))}, {"value", quote(option.value)}});
    }
    json += "]";
  }
  return json + "]";
}

std::int32_t report_no_memory(rollcall_error** error) noexcept {
  if (error != nullptr) *error = &no_memory;
  return ROLLCALL_RESOURCE_EXHAUSTED;
}

}  // namespace

std::int32_t report(const Status& status, rollcall_error** error) noexcept {
  const auto code = static_cast<std::int32_t>(status.code());
  if (status.ok() || error == nullptr) return code;
  try {
    *error = new rollcall_error{code, status.message(), hint_json(status.hint())};
    return code;
  } catch (...) {
    // The code says more than that there was no memory to tell it.
    *error = &no_memory;
    return code;
  }
}

std::int32_t report_exception(rollcall_error** error) noexcept {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return report_no_memory(error);
  } catch (const std::exception& exception) {
    try {
      return report(Status::io_error(exception.what()), error);
    } catch (...) {
      return report_no_memory(error);
    }
  } catch (...) {
    return report_no_memory(error);
  }
}

Status null_fault(std::string_view name) {
  return Status::invalid_argument(fmt::format("{}: must not be null", name));
}

Result<std::string_view> text_of(std::string_view name, const char* text, std::size_t size) {
  if (text == nullptr && size > 0) {
    return Status::invalid_argument(
        fmt::format("{}: is null, with a size of {} (allowed: null with size 0)", name, size));
  }
  return std::string_view(text == nullptr ? "" : text, size);
}

QueryLimits limits_of(const rollcall_stop* stop, std::uint64_t timeout_ms) {
  constexpr std::uint64_t kLongestMs = std::uint64_t{100} * 366 * 24 * 3'600'000;
  QueryLimits limits;
  if (stop != nullptr) limits.stop = stop->source.get_token();
  if (timeout_ms > 0 && timeout_ms < kLongestMs) {
    limits.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  }
  return limits;
}

void Output::clear() const noexcept {
  if (out != nullptr) *out = nullptr;
  if (size != nullptr) *size = 0;
}

void Output::write(std::string_view text) const {
  if (out == nullptr) return;
  auto* const copy = static_cast<char*>(std::malloc(text.size() + 1));
  if (copy == nullptr) throw std::bad_alloc();
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  *out = copy;
  if (size != nullptr) *size = text.size();
}

}  // namespace rollcall::c

using rollcall::Status;
using rollcall::c::null_fault;
using rollcall::c::run_call;

extern "C" {

const char* rollcall_version() { return ROLLCALL_VERSION; }

void rollcall_free(char* text) { std::free(text); }

std::int32_t rollcall_error_code(const rollcall_error* error) {
  return error == nullptr ? ROLLCALL_OK : error->code;
}

const char* rollcall_error_text(const rollcall_error* error, std::size_t* size) {
  if (size != nullptr) *size = error == nullptr ? 0 : error->text.size();
  return error == nullptr ? "" : error->text.c_str();
}

const char* rollcall_error_hint(const rollcall_error* error, std::size_t* size) {
  if (size != nullptr) *size = error == nullptr ? 0 : error->hint.size();
  return error == nullptr ? "" : error->hint.c_str();
}

void rollcall_error_free(rollcall_error* error) {
  if (error != &rollcall::c::no_memory) delete error;
}

std::int32_t rollcall_stop_new(rollcall_stop** out, rollcall_error** error) {
  if (out != nullptr) *out = nullptr;
  return run_call(error, [&]() -> Status {
    if (out == nullptr) return null_fault("out");
    *out = new rollcall_stop;
    return {};
  });
}

std::int32_t rollcall_stop_request(rollcall_stop* stop, rollcall_error** error) {
  return run_call(error, [&]() -> Status {
    if (stop == nullptr) return null_fault("stop");
    stop->source.request_stop();
    return {};
  });
}

void rollcall_stop_free(rollcall_stop* stop) { delete stop; }

}  // extern "C"
