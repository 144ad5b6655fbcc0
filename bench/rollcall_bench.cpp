// rollcall-bench measures how fast rollcall is on this machine, and how far from what the machine
// can do.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bench/machine.h"
#include "bench/measures.h"
#include "bench/temporary_directory.h"
#include "rollcall/standard_descriptors.h"

namespace rollcall::bench {
namespace {

struct MeasureGroup {
  std::string_view name;
  std::string_view what;
  void (*run)(Session& session);
};
constexpr std::array<MeasureGroup, 11> kGroups = {{
    {"ingest", "events in memory to aggregates, beside the floor", measure_ingest},
    {"file", "native, CSV and NDJSON files to aggregates", measure_files},
    {"store", "bytes on disk, memory, time to open", measure_store},
    {"query", "every kind of question, cold and hot", measure_queries},
    {"large", "the questions at 128 M users, without ingest", measure_large_queries},
    {"latency", "questions during ingest, ingest during questions", measure_latency},
    {"history", "what keeping every event costs, and funnels", measure_history},
    {"operations", "reports of campaigns, checks of alerts", measure_operations},
    {"pushed", "batches acknowledged in memory and as durable", measure_pushed},
    {"arrow", "Arrow streams in batches of different sizes", measure_arrow},
    {"c", "what the interface of C adds", measure_c},
}};

void print_facts(const std::vector<std::pair<std::string, std::string>>& machine,
                 Session& session) {
  for (const auto& [name, value] : machine) {
    if (name != "flags") fmt::print("{:<18}{}\n", name, value);
  }
  const Recount& truth = session.truth();
  session.report().wipe();
  fmt::print(
      "{:<18}{} events, {} users ({} of them seen), {} days, seed {}; "
      "{} distinct (event, day, user), {} (day, user)\n\n",
      "workload", truth.events(), truth.options().users, truth.user_count(), truth.days(),
      truth.options().seed, truth.event_day_users(), truth.day_users());
  std::fflush(stdout);
}

int run(const SessionOptions& options, const std::vector<std::string>& only,
        const std::string& json_file) {
  Session session(options, isatty(STDERR_FILENO) == 1);
  const auto machine = machine_facts();
  print_facts(machine, session);
  for (const MeasureGroup& group : kGroups) {
    if (!only.empty() && std::find(only.begin(), only.end(), group.name) == only.end()) continue;
    group.run(session);
  }
  session.report().wipe();
  fmt::print("{}", session.report().table());
  if (json_file.empty()) return 0;
  std::ofstream file(json_file);
  if (!(file << session.report().json(machine)).flush()) {
    throw BenchError(json_file + ": cannot be written");
  }
  return 0;
}

int main(int argc, char** argv) {
  SessionOptions options;
  std::vector<std::string> only;
  std::string json_file;
  std::string directory = std::filesystem::temp_directory_path().string();

  CLI::App app("Measures rollcall on this machine. Every answer is checked before its time counts.",
               "rollcall-bench");
  std::string group_list;
  CLI::Validator is_group(
      [](const std::string& name) {
        const bool known =
            std::any_of(kGroups.begin(), kGroups.end(),
                        [&](const MeasureGroup& group) { return group.name == name; });
        return known ? std::string() : "no such group";
      },
      "GROUP");
  for (const MeasureGroup& group : kGroups) {
    group_list += fmt::format("\n  {:<12}{}", group.name, group.what);
  }
  app.footer("Groups:" + group_list);
  const auto count = [&](const char* name, auto& value, const char* what) {
    // Reads 5e7 as well as 50000000.
    return app
        .add_option_function<double>(
            name,
            [&value](double number) {
              value = static_cast<std::remove_reference_t<decltype(value)>>(number);
            },
            what)
        ->default_str(fmt::format("{}", value));
  };
  count("--events", options.workload.events, "Events of the workload")
      ->check(CLI::Range(1.0, 1e12));
  count("--users", options.workload.users, "Users of the workload")->check(CLI::Range(1.0, 4e9));
  count("--days", options.workload.days, "Days of the workload")->check(CLI::Range(1.0, 3650.0));
  count("--seed", options.workload.seed, "Seed of the workload")->check(CLI::Range(0.0, 1e15));
  count("--threads", options.threads, "The most threads measured (0: one per processor)")
      ->check(CLI::Range(0.0, 1024.0));
  count("--partitions", options.partitions, "Partitions of the stores")
      ->check(CLI::Range(1.0, 4096.0));
  count("--batch-rows", options.batch_rows, "Rows of one call of ingest")
      ->check(CLI::Range(1.0, 1e9));
  count("--round-rows", options.round_rows, "Rows of the workload held in memory at once")
      ->check(CLI::Range(1.0, 1e9));
  count("--repeat", options.repeat, "Turns of each measurement")->check(CLI::Range(1.0, 1000.0));
  app.add_option("--ids", options.ids,
                 "User ids of ingest: dense, scattered, string (default: all)")
      ->transform(
          CLI::CheckedTransformer(std::map<std::string, IdKind>{{"dense", IdKind::kDense},
                                                                {"scattered", IdKind::kScattered},
                                                                {"string", IdKind::kString}}))
      ->default_str("")
      ->delimiter(',');
  app.add_flag("--in-memory", options.in_memory, "Ingest without a store on disk");
  app.add_option("--only", only, "Run these groups alone")->check(is_group)->delimiter(',');
  app.add_option("--json", json_file, "Write the results to this file");
  app.add_option("--directory", directory, "Where stores and files are made")
      ->check(CLI::ExistingDirectory)
      ->capture_default_str();
  app.add_flag("--quick", options.quick, "As little of everything as gives a number, in seconds");
  CLI11_PARSE(app, argc, argv);

  if (options.quick) {
    if (app.count("--events") == 0) options.workload.events = 300'000;
    if (app.count("--users") == 0) options.workload.users = 20'000;
    if (app.count("--repeat") == 0) options.repeat = 1;
  }
  try {
    const TemporaryDirectory temporary(directory, "rollcall-bench");
    options.directory = temporary.path();
    return run(options, only, json_file);
  } catch (const std::exception& error) {
    fmt::print(stderr, "rollcall-bench: {}\n", error.what());
    return 1;
  }
}

}  // namespace
}  // namespace rollcall::bench

int main(int argc, char** argv) {
  if (!rollcall::open_standard_descriptors().ok()) return 1;
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow any more is an error of the write
  return rollcall::bench::main(argc, argv);
}
