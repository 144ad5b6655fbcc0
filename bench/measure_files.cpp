// This measures ingest of files in memory (the page cache) into a store in memory, as bytes/s and
// events/s.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "bench/event_files.h"
#include "bench/measures.h"
#include "rollcall/file_source.h"
#include "rollcall/memory_store.h"

namespace rollcall::bench {
namespace {

constexpr std::size_t kRowsMax = 10'000'000;

struct Form {
  const char* name;
  FileFormat format;
  const char* extension;
};
constexpr std::array<Form, 3> kForms = {{{"native", FileFormat::kNative, ".rollcall"},
                                         {"csv", FileFormat::kDelimited, ".csv"},
                                         {"ndjson", FileFormat::kNdjson, ".ndjson"}}};

}  // namespace

void measure_files(Session& session) {
  session.report().now("files: recounting");
  WorkloadRows sample = session.round(IdKind::kDense, 0).rows();
  const std::size_t rows = std::min(kRowsMax, sample.size());
  sample.users.resize(rows);
  sample.times.resize(rows);
  sample.events.resize(rows);
  sample.values.resize(rows);
  Recount truth(session.options().workload);
  truth.add(sample);
  const WorkloadColumns columns(std::move(sample), IdKind::kDense);

  for (const Form& form : kForms) {
    const std::string path = session.options().directory + "/w" + form.extension;
    session.report().now("files: writing " + path);
    write_event_file(columns, rows, form.format, path);
    const double bytes = static_cast<double>(std::filesystem::file_size(path));
    for (const unsigned threads : session.thread_counts()) {
      const std::string name = fmt::format("file/{}/threads:{}", form.name, threads);
      std::vector<double> byte_rates, core_byte_rates, event_rates;
      for (int turn = 1; turn <= session.options().repeat; ++turn) {
        session.report().now(fmt::format("{}, turn {}", name, turn));
        EngineOptions options = session.engine_options(IdKind::kDense, threads);
        options.checkpoint_dirty_bytes_max = std::numeric_limits<std::size_t>::max() / 2;
        const auto engine = must(Engine::open(open_memory_store(), options));
        const double seconds = seconds_of([&] { must(ingest_files(*engine, {path}, {}, {})); });
        session.check(*engine, truth);
        byte_rates.push_back(bytes / seconds);
        core_byte_rates.push_back(bytes / seconds / threads);
        event_rates.push_back(static_cast<double>(rows) / seconds);
      }
      session.report().add(
          {name,
           "B/s",
           Better::kHigher,
           byte_rates,
           {{"bytes a row", fmt::format("{:.1f}", bytes / static_cast<double>(rows))}}});
      session.report().add({name + "/per_thread", "B/s", Better::kHigher, core_byte_rates, {}});
      session.report().add({name + "/events", "events/s", Better::kHigher, event_rates, {}});
    }
    std::filesystem::remove(path);
  }
}

}  // namespace rollcall::bench
