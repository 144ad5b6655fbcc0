// This program counts who came back, from inside another program: it opens an engine, ingests a
// batch of columns, asks, and prints.
#include <cstdio>
#include <string_view>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/rocks_store.h"
#include "rollcall/standard_descriptors.h"

rollcall::Status run(const char* directory) {
  ROLLCALL_ASSIGN_OR_RETURN(auto store, rollcall::open_rocks_store(directory));
  ROLLCALL_ASSIGN_OR_RETURN(auto engine, rollcall::Engine::open(std::move(store), {}));

  constexpr rollcall::TimeUs kDay = 86'400'000'000;
  const std::vector<std::string_view> users = {"ann", "bob", "cid", "ann", "cid", "ann"};
  const std::vector<rollcall::TimeUs> times = {0, 0, 0, kDay, kDay, 2 * kDay};
  const std::vector<std::string_view> names = {"login"};  // of every event, as there are no codes
  rollcall::EventBatch batch;
  batch.user_strings = users;
  batch.time = times;
  batch.event.values = names;
  ROLLCALL_RETURN_IF_ERROR(engine->ingest(batch));

  ROLLCALL_ASSIGN_OR_RETURN(
      const auto answer,
      engine->query(R"({"kind": "retention", "return_event": "login", "periods": 2})"));
  std::puts(to_json(answer).c_str());
  return engine->close();
}

int main(int argc, char** argv) {
  rollcall::Status status = rollcall::open_standard_descriptors();
  if (status.ok()) status = run(argc > 1 ? argv[1] : "embed.db");
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.to_string().c_str());
  return status.ok() ? 0 : 1;
}
