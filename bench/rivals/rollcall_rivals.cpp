// rollcall-rivals measures rollcall and what its users would take instead, on the same events, on
// this machine, in one run. Every answer of all of them is compared with a plain recount before any
// time is shown; one that is wrong ends the run with 1.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "bench/machine.h"
#include "bench/questions.h"
#include "bench/rivals/comparison.h"
#include "bench/rivals/rival.h"
#include "bench/session.h"
#include "bench/temporary_directory.h"
#include "rollcall/standard_descriptors.h"

namespace rollcall::bench {
namespace {

constexpr std::size_t kLoadsMax = 3;
constexpr double kLoadSecondsEnough = 5;  // a load that takes so long is not repeated
constexpr std::size_t kAnswersMin = 3;
constexpr double kAnswerSecondsEnough = 0.3;

struct Options {
  SessionOptions session;
  std::uint64_t rocksdb_events = 2'000'000;
  std::vector<std::string> only;  // by the name's first part
  std::string json_file;
};

std::string first_part(const std::string& name) { return name.substr(0, name.find('/')); }

// Holds the workload of one size with its questions and their answers.
struct Contest {
  explicit Contest(SessionOptions options, bool progress)
      : session(std::move(options), progress),
        questions(rival_questions(session.options().workload.first_day)) {
    const TrueEvents events(session);
    for (const RivalQuestion& question : questions) truths.push_back(question.truth(events));
  }

  Session session;
  std::vector<RivalQuestion> questions;
  std::vector<Counts> truths;
};

RivalResult measure(const RivalEntry& entry, Contest& contest) {
  const bool quick = contest.session.options().quick;
  const std::size_t loads_max = quick ? 1 : kLoadsMax;
  const std::size_t answers_min = quick ? 1 : kAnswersMin;
  const double answer_seconds_enough = quick ? 0 : kAnswerSecondsEnough;
  RivalResult result;
  result.name = entry.name;
  result.threads = entry.threads;
  result.on_disk = entry.on_disk;
  result.events = contest.session.options().workload.events;
  const auto now = [&](std::string_view what) {
    contest.session.report().now(fmt::format("{}: {}", result.full_name(), what));
  };
  std::unique_ptr<Rival> rival;
  try {
    for (double sum = 0; sum < kLoadSecondsEnough && result.load_seconds.size() < loads_max;) {
      now("loading");
      rival.reset();
      rival = entry.make(contest.session);
      result.load_seconds.push_back(rival->load(contest.session));
      sum += result.load_seconds.back();
    }
  } catch (const RivalAbsent& absent) {
    result.absent = absent.what();
    return result;
  }
  now("sealing");
  result.seal_seconds = rival->seal();
  result.settings = rival->settings();
  result.bytes = rival->bytes();
  for (std::size_t i = 0; i < contest.questions.size(); ++i) {
    const RivalQuestion& question = contest.questions[i];
    now(question.name);
    const std::optional<Answer> first = rival->ask(question);
    if (!first) continue;
    must_equal_counts(result.full_name() + ": " + question.name, first->counts, contest.truths[i]);
    std::vector<double>& runs = result.answer_ms[question.name];
    for (double sum = 0; sum < answer_seconds_enough || runs.size() < answers_min;) {
      const double seconds = rival->ask(question)->seconds;
      sum += seconds;
      runs.push_back(seconds * 1e3);
    }
  }
  return result;
}

std::vector<RivalEntry> all_entries(const Options& options) {
  std::vector<RivalEntry> all;
  const auto add = [&](std::vector<RivalEntry> entries) {
    for (RivalEntry& entry : entries) {
      const auto& only = options.only;
      const bool wanted =
          only.empty() || std::find(only.begin(), only.end(), first_part(entry.name)) != only.end();
      if (wanted || first_part(entry.name) == "rollcall") all.push_back(std::move(entry));
    }
  };
  const unsigned threads = options.session.threads;
  add(rollcall_entries(threads));
  add(croaring_entries());
  add(clickhouse_entries(threads));
  add(duckdb_entries(threads));
  add(redis_entries());
  add(rocksdb_entries(options.rocksdb_events));
  return all;
}

void run(const Options& options) {
  const bool progress = isatty(STDERR_FILENO) == 1;
  auto machine = machine_facts();
  for (const auto& [name, value] : machine) {
    if (name != "flags") fmt::print("{:<18}{}\n", name, value);
  }
  // These are by the number of events: rivals that are given fewer are compared with the truth of
  // those.
  std::map<std::uint64_t, Contest> contests;
  std::vector<RivalResult> results;
  for (const RivalEntry& entry : all_entries(options)) {
    SessionOptions session = options.session;
    if (entry.events_max != 0) {
      session.workload.events = std::min(session.workload.events, entry.events_max);
    }
    // Runs one round.
    session.round_rows = session.workload.events + WorkloadW::kBlockRows;
    const auto [contest, made] = contests.try_emplace(session.workload.events, session, progress);
    results.push_back(measure(entry, contest->second));
    contest->second.session.report().wipe();
  }

  const Contest& main_contest = contests.at(options.session.workload.events);
  const auto questions = [&](Kept kept) {
    std::vector<std::string> names;
    for (const RivalQuestion& question : main_contest.questions) {
      if (question.kept == kept) names.push_back(question.name);
    }
    return names;
  };
  const WorkloadWOptions& workload = options.session.workload;
  fmt::print("{:<18}{} events, {} users, {} days, seed {}\n\n", "workload", workload.events,
             workload.users, workload.days, workload.seed);
  const std::vector<ComparisonPart> parts = {{"rollcall", questions(Kept::kDays)},
                                             {"rollcall/history", questions(Kept::kOrder)},
                                             {"rollcall/properties", questions(Kept::kProperties)}};
  fmt::print("{}", comparison_text(results, parts));
  if (options.json_file.empty()) return;
  Report report(false);
  for (const RivalResult& result : results) {
    if (result.absent.empty()) {
      add_measurements(result, report);
    } else {
      machine.emplace_back("absent: " + result.full_name(), result.absent);
    }
  }
  std::ofstream file(options.json_file);
  if (!(file << report.json(machine)).flush()) {
    throw BenchError(options.json_file + ": cannot be written");
  }
}

int main(int argc, char** argv) {
  Options options;
  options.session.workload.days = kRivalDays;
  std::string directory = std::filesystem::temp_directory_path().string();
  CLI::App app("Measures rollcall beside its rivals: the same events, machine and run.",
               "rollcall-rivals");
  const auto count = [&](const char* name, auto& value, const char* what) {
    // Reads 5e7 and 50M as well as 50000000.
    return app.add_option(name, value, what)
        ->transform(CLI::AsNumberWithUnit(
            std::map<std::string, std::uint64_t>{
                {"k", 1'000}, {"M", 1'000'000}, {"G", 1'000'000'000}},
            CLI::AsNumberWithUnit::CASE_SENSITIVE))
        ->default_str(fmt::format("{}", value));
  };
  count("--events", options.session.workload.events, "Events of the workload")
      ->check(CLI::Range(10'000.0, 1e12));
  count("--users", options.session.workload.users, "Users of the workload")
      ->check(CLI::Range(1.0, 4e9));
  count("--rocksdb-events", options.rocksdb_events,
        "Events for RocksDB, which takes long over them")
      ->check(CLI::Range(10'000.0, 1e12));
  app.add_option("--threads", options.session.threads, "The most threads (0: one per processor)");
  app.add_option("--only", options.only,
                 "Only these beside rollcall: croaring, clickhouse, duckdb, redis, rocksdb")
      ->check(CLI::IsMember({"rollcall", "croaring", "clickhouse", "duckdb", "redis", "rocksdb"}))
      ->delimiter(',');
  app.add_option("--json", options.json_file, "Write the results to this file");
  app.add_option("--directory", directory, "Where stores and files are made")
      ->check(CLI::ExistingDirectory)
      ->capture_default_str();
  app.add_flag("--quick", options.session.quick, "One load and one answer of each");
  CLI11_PARSE(app, argc, argv);
  try {
    const TemporaryDirectory temporary(directory, "rollcall-rivals");
    options.session.directory = temporary.path();
    if (options.session.threads == 0) {
      options.session.threads = std::max(1U, std::thread::hardware_concurrency());
    }
    run(options);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "rollcall-rivals: {}\n", error.what());
    return 1;
  }
}

}  // namespace
}  // namespace rollcall::bench

int main(int argc, char** argv) {
  if (!rollcall::open_standard_descriptors().ok()) return 1;
  return rollcall::bench::main(argc, argv);
}
