// Calls the interface of C as programs do, and keeps what it returns.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bindings/c/include/rollcall.h"
#include "tests/support/exported_arrow.h"

namespace rollcall::testing {

struct EngineFree {
  void operator()(rollcall_engine* engine) const { rollcall_engine_free(engine); }
};
using EngineHandle = std::unique_ptr<rollcall_engine, EngineFree>;

struct StopFree {
  void operator()(rollcall_stop* stop) const { rollcall_stop_free(stop); }
};
using StopHandle = std::unique_ptr<rollcall_stop, StopFree>;

// Is what a call returned.
struct Returned {
  std::int32_t code = ROLLCALL_OK;
  std::string error, hint;
  std::string text;

  bool ok() const { return code == ROLLCALL_OK; }
};

// Makes a call that takes an error, and takes the handle apart.
inline Returned call(const std::function<std::int32_t(rollcall_error**)>& made) {
  rollcall_error* error = nullptr;
  Returned returned;
  returned.code = made(&error);
  EXPECT_EQ(error == nullptr, returned.ok());
  EXPECT_EQ(rollcall_error_code(error), returned.code);
  std::size_t size = 0;
  const char* const text = rollcall_error_text(error, &size);
  returned.error.assign(text, size);
  EXPECT_EQ(text[size], '\0');
  const char* const hint = rollcall_error_hint(error, &size);
  returned.hint.assign(hint, size);
  EXPECT_EQ(hint[size], '\0');
  rollcall_error_free(error);
  return returned;
}

using JsonValue = nlohmann::json;

inline JsonValue json_of(const Returned& returned) {
  EXPECT_TRUE(returned.ok()) << returned.error;
  return JsonValue::parse(returned.text, nullptr, false);
}

// Makes one that returns a text as well.
using TextCall = std::function<std::int32_t(char**, std::size_t*, rollcall_error**)>;
inline Returned call_for_text(const TextCall& made) {
  char* text = nullptr;
  std::size_t size = 0;
  Returned returned = call([&](rollcall_error** error) { return made(&text, &size, error); });
  if (text != nullptr) {
    returned.text.assign(text, size);
    EXPECT_EQ(text[size], '\0');
  }
  rollcall_free(text);
  return returned;
}

inline Returned open(std::string_view directory, std::string_view options, EngineHandle& out) {
  rollcall_engine* engine = nullptr;
  Returned returned = call([&](rollcall_error** error) {
    return rollcall_open(directory.data(), directory.size(), options.data(), options.size(),
                         &engine, error);
  });
  EXPECT_EQ(engine != nullptr, returned.ok());
  out.reset(engine);
  return returned;
}

inline EngineHandle open_in_memory(std::string_view settings = R"({})") {
  EngineHandle engine;
  const std::string options =
      R"({"in_memory": true, "threads_max": 1, "settings": )" + std::string(settings) + "}";
  const Returned opened = open("", options, engine);
  EXPECT_TRUE(opened.ok()) << opened.error;
  return engine;
}

// Is a directory that goes with the test.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    char name[] = "/tmp/rollcall_c.XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A user a day on each of three days, from 2026-01-01 on: ann comes on all of them.
inline ArrowArrayStream three_days() {
  constexpr std::int64_t kDayUs = 86'400'000'000, kFirstUs = 20'454 * kDayUs;
  return stream_of({batch_of({text("user", {"ann", "bob", "ann", "cid", "ann"}),
                              numbers<std::int64_t>("tsu:UTC", "time",
                                                    {kFirstUs, kFirstUs, kFirstUs + kDayUs,
                                                     kFirstUs + kDayUs, kFirstUs + 2 * kDayUs}),
                              text("event", {"login", "login", "login", "login", "buy"})})});
}

inline Returned ingest(rollcall_engine* engine, ArrowArrayStream stream,
                       std::string_view columns = {}, std::string_view delivery = {}) {
  Returned returned = call_for_text([&](char** out, std::size_t* size, rollcall_error** error) {
    return rollcall_ingest_arrow(engine, &stream, columns.data(), columns.size(), delivery.data(),
                                 delivery.size(), out, size, error);
  });
  EXPECT_EQ(stream.release, nullptr);
  return returned;
}

inline Returned ask(rollcall_engine* engine, std::string_view question,
                    const rollcall_stop* stop = nullptr, std::uint64_t timeout_ms = 0) {
  return call_for_text([&](char** out, std::size_t* size, rollcall_error** error) {
    return rollcall_query(engine, question.data(), question.size(), stop, timeout_ms, out, size,
                          error);
  });
}

}  // namespace rollcall::testing
