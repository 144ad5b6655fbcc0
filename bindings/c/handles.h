// These are what the handles of rollcall.h stand for, and how each of its calls begins and ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "bindings/c/include/rollcall.h"
#include "rollcall/arrow_interface.h"
#include "rollcall/engine.h"
#include "rollcall/saved_object.h"
#include "rollcall/status.h"

struct rollcall_engine {
  std::unique_ptr<rollcall::Engine> engine;
  std::string directory;  // empty: the store is in memory
};

struct rollcall_error {
  std::int32_t code = ROLLCALL_OK;
  std::string text, hint;
};

struct rollcall_stop {
  std::stop_source source;
};

namespace rollcall::c {

// Stores `status` in `*error`, if that is asked for, and returns its code.
std::int32_t report(const Status& status, rollcall_error** error) noexcept;

// Returns the code of the exception that is being handled, and stores it in the same way.
std::int32_t report_exception(rollcall_error** error) noexcept;

// Runs the body of a call, which returns a Status.
template <class Body>
std::int32_t run_call(rollcall_error** error, const Body& body) noexcept {
  if (error != nullptr) *error = nullptr;
  try {
    return report(body(), error);
  } catch (...) {
    return report_exception(error);
  }
}

// Returns the error of a pointer that is null and must not be.
Status null_fault(std::string_view name);

// Views a text of the caller.
Result<std::string_view> text_of(std::string_view name, const char* text, std::size_t size);

// Returns the limits of a question. A timeout that ends later than a clock can say sets none.
QueryLimits limits_of(const rollcall_stop* stop, std::uint64_t timeout_ms);

// Says what `replace` stands for.
inline OnSameName on_same_name(std::int32_t replace) {
  return replace == 0 ? OnSameName::kRefuse : OnSameName::kReplace;
}

// Says where a call puts the text that it returns.
struct Output {
  char** out;
  std::size_t* size;

  // Has nothing there until `write`.
  void clear() const noexcept;
  // Copies the text there, unless nobody asked for it.
  void write(std::string_view text) const;
};

// Runs the body of a call with its engine. `body` takes an Engine& and returns a Status.
template <class Body>
std::int32_t run_engine_call(rollcall_engine* handle, rollcall_error** error,
                             const Body& body) noexcept {
  return run_call(error, [&]() -> Status {
    if (handle == nullptr) return null_fault("engine");
    return body(*handle->engine);
  });
}

// Does the same for a call that returns a text: `body` returns a Result<std::string>. It is not run
// if the call has nowhere to put the text, unless `is_optional`.
template <class Body>
std::int32_t run_text_call(rollcall_engine* handle, Output output, bool is_optional,
                           rollcall_error** error, const Body& body) noexcept {
  output.clear();
  return run_engine_call(handle, error, [&](Engine& engine) -> Status {
    if (output.out == nullptr && !is_optional) return null_fault("out");
    ROLLCALL_ASSIGN_OR_RETURN(const std::string text, body(engine));
    output.write(text);
    return {};
  });
}

// Does the same for a call that lists what an engine holds. A closed one would have nothing to
// list.
template <class Write>
std::int32_t run_listing_call(rollcall_engine* handle, Output output, rollcall_error** error,
                              const Write& write) noexcept {
  return run_text_call(handle, output, false, error, [&](Engine& engine) -> Result<std::string> {
    ROLLCALL_RETURN_IF_ERROR(engine.prepare({}).status());
    return write(engine);
  });
}

}  // namespace rollcall::c
