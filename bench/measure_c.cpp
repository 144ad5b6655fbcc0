// This measures what the interface of C adds to the engine, with the same rows and a store in
// memory: ingest of columns by `Engine::ingest`, and as Arrow by `rollcall_ingest_arrow`; the same
// question, as JSON, by `Engine::query` and `to_json`, and by `rollcall_query`.
//
//   ingest        events/s
//   question      a small question that was asked before, us
//   members       ids of users as an Arrow stream, ids/s
#include <fmt/format.h>
#include <rollcall.h>

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bench/arrow_rows.h"
#include "bench/measures.h"
#include "rollcall/memory_store.h"
#include "rollcall/query.h"

namespace rollcall::bench {
namespace {

constexpr std::size_t kBatchRowsOfC = std::size_t{1} << 20;
constexpr std::string_view kSmall = R"({"kind": "active", "last": "7d"})";
constexpr std::string_view kMembers =
    R"j({"kind": "segment", "segment": "did(*)", "members": {"limit": 1000000}})j";

struct CEngineFree {
  void operator()(rollcall_engine* engine) const { rollcall_engine_free(engine); }
};
using CEngine = std::unique_ptr<rollcall_engine, CEngineFree>;

void must_be_ok(std::int32_t code, rollcall_error* error) {
  if (code == ROLLCALL_OK) return;
  const std::string text = rollcall_error_text(error, nullptr);
  rollcall_error_free(error);
  throw BenchError(text);
}

// Opens an engine and ingests the rows, which takes the seconds.
CEngine open_c_engine(const ArrowRows& rows, double& seconds) {
  constexpr std::string_view kOptions =
      R"({"in_memory": true, "settings": {"user_kind": "integer", "history": false}})";
  rollcall_engine* engine = nullptr;
  rollcall_error* error = nullptr;
  must_be_ok(rollcall_open(nullptr, 0, kOptions.data(), kOptions.size(), &engine, &error), error);
  CEngine opened(engine);
  ArrowArrayStream stream = arrow_stream(rows, kBatchRowsOfC);
  seconds = seconds_of([&] {
    must_be_ok(
        rollcall_ingest_arrow(engine, &stream, nullptr, 0, nullptr, 0, nullptr, nullptr, &error),
        error);
  });
  return opened;
}

// Does the same with the engine itself.
std::unique_ptr<Engine> open_engine(Session& session, const ArrowRows& rows, double& seconds) {
  std::unique_ptr<Engine> engine =
      must(Engine::open(open_memory_store(), session.engine_options(IdKind::kDense, 0)));
  std::vector<std::string_view> names;
  for (std::size_t i = 1; i < rows.name_ends.size(); ++i) {
    const auto begin = static_cast<std::size_t>(rows.name_ends[i - 1]);
    const auto end = static_cast<std::size_t>(rows.name_ends[i]);
    names.push_back(std::string_view(rows.names).substr(begin, end - begin));
  }
  seconds = seconds_of([&] {
    for (std::size_t first = 0; first < rows.users.size(); first += kBatchRowsOfC) {
      const std::size_t count = std::min(kBatchRowsOfC, rows.users.size() - first);
      EventBatch batch;
      batch.user_integers = std::span(rows.users).subspan(first, count);
      batch.event = {names, std::span(rows.events).subspan(first, count)};
      batch.time = std::span(rows.times).subspan(first, count);
      must(engine->ingest(batch).status());
    }
  });
  return engine;
}

std::string ask_c(rollcall_engine* engine, std::string_view question) {
  char* out = nullptr;
  std::size_t size = 0;
  rollcall_error* error = nullptr;
  must_be_ok(
      rollcall_query(engine, question.data(), question.size(), nullptr, 0, &out, &size, &error),
      error);
  std::string answer(out, size);
  rollcall_free(out);
  return answer;
}

// Returns the microseconds of each call.
template <class Ask>
std::vector<double> call_us(int calls, Ask ask) {
  std::vector<double> us;
  for (int call = 0; call < calls; ++call) us.push_back(1e6 * seconds_of(ask));
  std::sort(us.begin(), us.end());
  return us;
}

void measure_question(Session& session, const Engine& engine, rollcall_engine* c_engine) {
  const int calls = session.options().quick ? 100 : 5'000;
  std::vector<double> direct, through_c;
  for (int turn = 0; turn < session.options().repeat; ++turn) {
    const auto half = static_cast<std::size_t>(calls / 2);
    direct.push_back(call_us(calls, [&] { to_json(must(engine.query(kSmall))); })[half]);
    through_c.push_back(call_us(calls, [&] { ask_c(c_engine, kSmall); })[half]);
  }
  session.report().add({"c/question/direct", "us", Better::kLower, direct, {}});
  session.report().add({"c/question/c", "us", Better::kLower, through_c, {}});
}

void measure_members(Session& session, rollcall_engine* engine) {
  std::vector<double> rates;
  for (int turn = 0; turn < session.options().repeat; ++turn) {
    ArrowArrayStream stream;
    std::int64_t ids = 0;
    const double seconds = seconds_of([&] {
      rollcall_error* error = nullptr;
      must_be_ok(rollcall_query_arrow(engine, kMembers.data(), kMembers.size(), nullptr, 0, &stream,
                                      &error),
                 error);
      ArrowArray batch;
      while (stream.get_next(&stream, &batch) == 0 && batch.release != nullptr) {
        ids += batch.length;
        batch.release(&batch);
      }
      stream.release(&stream);
    });
    rates.push_back(static_cast<double>(ids) / seconds);
  }
  session.report().add({"c/members", "ids/s", Better::kHigher, rates, {}});
}

}  // namespace

void measure_c(Session& session) {
  session.report().now("c");
  const ArrowRows rows = arrow_rows(session.round(IdKind::kDense, 0).rows(), 16'000'000, false);
  std::unique_ptr<Engine> engine;
  CEngine c_engine;
  std::vector<double> direct, through_c;
  const auto rate = [&](double seconds) {
    return static_cast<double>(rows.users.size()) / seconds;
  };
  for (int turn = 0; turn < session.options().repeat; ++turn) {
    double seconds = 0;
    engine = open_engine(session, rows, seconds);
    direct.push_back(rate(seconds));
    c_engine = open_c_engine(rows, seconds);
    through_c.push_back(rate(seconds));
  }
  session.report().add({"c/ingest/direct", "events/s", Better::kHigher, direct, {}});
  session.report().add({"c/ingest/c", "events/s", Better::kHigher, through_c, {}});
  // Answers differ in the time that they took, which is their end.
  const std::string answer = to_json(must(engine->query(kSmall)));
  const std::string c_answer = ask_c(c_engine.get(), kSmall);
  const std::size_t end = answer.find("\"stats\"");
  must_equal("the answer through C", c_answer.substr(0, end), answer.substr(0, end));
  measure_question(session, *engine, c_engine.get());
  measure_members(session, c_engine.get());
}

}  // namespace rollcall::bench
