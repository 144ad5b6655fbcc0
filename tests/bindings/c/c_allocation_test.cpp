// Memory runs out at every allocation of a call of C, in turn. The call says so by its code, and
// nothing is thrown through it.
#include <gtest/gtest.h>

#include <functional>
#include <iostream>
#include <string_view>

#include "tests/bindings/c/c_session.h"
#include "tests/support/failing_memory.h"

namespace rollcall::testing {
namespace {

using Made = std::function<std::int32_t(rollcall_engine*, rollcall_error**)>;

// Makes `made` again and again, each time with one allocation more before the one that fails, until
// none does.
void sweep(const char* name, const Made& made) {
  int failures = 0;
  for (long allowed = 0;; ++allowed) {
    SCOPED_TRACE(std::string(name) + ": allocation " + std::to_string(allowed) + " fails");
    const EngineHandle engine = open_in_memory();
    ASSERT_TRUE(ingest(engine.get(), three_days()).ok());
    rollcall_error* error = nullptr;
    until_failure = allowed;
    counting = true;
    const std::int32_t code = made(engine.get(), &error);
    counting = false;
    const bool was_hit = until_failure.load() < 0;
    ASSERT_EQ(error == nullptr, code == ROLLCALL_OK);
    if (code != ROLLCALL_OK) {
      ++failures;
      EXPECT_NE(std::string_view(rollcall_error_text(error, nullptr)), "");
    }
    rollcall_error_free(error);
    if (!was_hit) {
      EXPECT_EQ(code, ROLLCALL_OK);
      break;
    }
  }
  EXPECT_GT(failures, 0) << name;
  std::cout << name << ": " << failures << " calls failed\n";
}

// Runs a call of a producer, which has memory.
template <class Call>
auto exempt(const Call& made) {
  is_exempt = true;
  const auto result = made();
  is_exempt = false;
  return result;
}

// Wraps a stream, so that its own allocations do not fail.
ArrowArrayStream with_memory(ArrowArrayStream inner) {
  ArrowArrayStream stream{};
  stream.private_data = new ArrowArrayStream(inner);
  stream.get_schema = [](ArrowArrayStream* self, ArrowSchema* out) {
    auto* const wrapped = static_cast<ArrowArrayStream*>(self->private_data);
    return exempt([&] { return wrapped->get_schema(wrapped, out); });
  };
  stream.get_next = [](ArrowArrayStream* self, ArrowArray* out) {
    auto* const wrapped = static_cast<ArrowArrayStream*>(self->private_data);
    return exempt([&] { return wrapped->get_next(wrapped, out); });
  };
  stream.release = [](ArrowArrayStream* self) {
    auto* const wrapped = static_cast<ArrowArrayStream*>(self->private_data);
    wrapped->release(wrapped);
    delete wrapped;
    self->release = nullptr;
  };
  return stream;
}

constexpr std::string_view kQuestion = R"({"kind": "retention", "periods": 2})";

TEST(CAllocation, Open) {
  sweep("open", [](rollcall_engine*, rollcall_error** error) {
    constexpr std::string_view kOptions =
        R"({"in_memory": true, "threads_max": 1, "settings": {"partition_count": 1}})";
    rollcall_engine* engine = nullptr;
    const auto code = rollcall_open("", 0, kOptions.data(), kOptions.size(), &engine, error);
    EXPECT_EQ(engine != nullptr, code == ROLLCALL_OK);
    rollcall_engine_free(engine);
    return code;
  });
}

TEST(CAllocation, Query) {
  sweep("query", [](rollcall_engine* engine, rollcall_error** error) {
    char* out = nullptr;
    const auto code = rollcall_query(engine, kQuestion.data(), kQuestion.size(), nullptr, 0, &out,
                                     nullptr, error);
    EXPECT_EQ(out != nullptr, code == ROLLCALL_OK);
    rollcall_free(out);
    return code;
  });
}

// The consumer's calls say it, too.
TEST(CAllocation, QueryArrow) {
  sweep("query_arrow", [](rollcall_engine* engine, rollcall_error** error) {
    ArrowArrayStream stream;
    const auto code = rollcall_query_arrow(engine, kQuestion.data(), kQuestion.size(), nullptr, 0,
                                           &stream, error);
    if (code != ROLLCALL_OK) return code;
    ArrowSchema schema{};
    ArrowArray array{};
    bool failed = stream.get_schema(&stream, &schema) != 0;
    failed = failed || stream.get_next(&stream, &array) != 0;
    if (failed) {
      EXPECT_EQ(std::string_view(stream.get_last_error(&stream)), "out of memory");
    }
    if (schema.release != nullptr) schema.release(&schema);
    if (array.release != nullptr) array.release(&array);
    stream.release(&stream);
    if (!failed) return code;
    // It is told as a call would tell it.
    return rollcall_query(engine, nullptr, 0, nullptr, 0, nullptr, nullptr, error);
  });
}

TEST(CAllocation, IngestArrow) {
  sweep("ingest_arrow", [](rollcall_engine* engine, rollcall_error** error) {
    ArrowArrayStream stream = exempt([] { return with_memory(three_days()); });
    const auto code =
        rollcall_ingest_arrow(engine, &stream, nullptr, 0, nullptr, 0, nullptr, nullptr, error);
    EXPECT_EQ(stream.release, nullptr);
    return code;
  });
  EXPECT_EQ(live_arrow(), LiveArrow());
}

TEST(CAllocation, Freeze) {
  sweep("freeze", [](rollcall_engine* engine, rollcall_error** error) {
    constexpr std::string_view kRequest = R"j({"campaign": "c", "users": "did(*)"})j";
    return rollcall_freeze(engine, kRequest.data(), kRequest.size(), nullptr, 0, nullptr, nullptr,
                           error);
  });
}

TEST(CAllocation, Info) {
  sweep("info", [](rollcall_engine* engine, rollcall_error** error) {
    char* out = nullptr;
    const auto code = rollcall_info(engine, &out, nullptr, error);
    rollcall_free(out);
    return code;
  });
}

TEST(CAllocation, AnErrorThatThereIsNoMemoryFor) {
  for_good = true;
  until_failure = 0;
  counting = true;
  rollcall_error* error = nullptr;
  const auto code = rollcall_checkpoint(nullptr, &error);
  counting = false;
  for_good = false;
  EXPECT_EQ(code, ROLLCALL_RESOURCE_EXHAUSTED);
  EXPECT_EQ(std::string_view(rollcall_error_text(error, nullptr)), "out of memory");
  EXPECT_EQ(std::string_view(rollcall_error_hint(error, nullptr)), "[]");
  rollcall_error_free(error);
}

}  // namespace
}  // namespace rollcall::testing
