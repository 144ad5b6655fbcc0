#include "tests/reliability/kill_ledger.h"

#include <algorithm>
#include <sstream>

namespace rollcall::testing {

namespace {

void raise(Standing& standing, const Standing& least) {
  for (std::size_t source = 0; source < kKilledSources; ++source) {
    standing.batches[source] = std::max(standing.batches[source], least.batches[source]);
  }
  standing.forgets = std::max(standing.forgets, least.forgets);
}

}  // namespace

std::string KillLedger::hear(const std::string& line) {
  const std::string no_sense = "it said \"" + line + "\"";
  std::istringstream words(line);
  if (line.starts_with("stands ")) {
    std::string word;
    Standing standing;
    words >> word;
    for (std::size_t& batches : standing.batches) words >> batches;
    words >> standing.forgets;
    // Here the same bytes were opened, in a copy.
    return words && standing == returned_ ? "" : "opened at another place: " + no_sense;
  }
  std::size_t thread = 0;
  std::string what;
  words >> thread >> what;
  if (what == "begin") {
    Job job;
    std::string name;
    words >> name >> job.subject >> job.number;
    const auto* const kind = std::find(kWorkNames.begin(), kWorkNames.end(), name);
    if (!words || kind == kWorkNames.end() || jobs_.contains(thread)) return no_sense;
    job.kind = static_cast<Work>(kind - kWorkNames.begin());
    begin(thread, job);
    return "";
  }
  std::chrono::microseconds::rep took = 0;
  words >> took;
  const auto job = jobs_.find(thread);
  if (!words || what != "end" || job == jobs_.end()) return no_sense;
  Times& times = times_[static_cast<std::size_t>(job->second.kind)];
  ++times.count;
  times.sum += std::chrono::microseconds(took);
  end(job->second);
  jobs_.erase(job);
  return "";
}

void KillLedger::begin(std::size_t thread, const Job& job) {
  ++begun_[static_cast<std::size_t>(job.kind)];
  Job& begun = jobs_[thread] = job;
  begun.returned = returned_;
  Standing& most = bounds_.most;
  if (job.kind == Work::kDurable || job.kind == Work::kMemory) {
    most.batches[job.subject] = job.number + 1;
  } else if (job.kind == Work::kForget) {
    most.forgets = job.number + 1;
  } else if (job.kind == Work::kBackup) {
    backups_[job.number].least = committed_;
  }
}

void KillLedger::end(const Job& job) {
  if (job.kind == Work::kDurable || job.kind == Work::kMemory) {
    returned_.batches[job.subject] = job.number + 1;
    if (job.kind == Work::kDurable) bounds_.least.batches[job.subject] = job.number + 1;
    return;
  }
  if (job.kind == Work::kBackup) {
    backups_[job.number].finished = true;
    return;
  }
  if (job.kind == Work::kOpen) return;
  // The others end with a checkpoint of all that had returned when they began.
  Standing committed = job.returned;
  if (job.kind == Work::kForget) committed.forgets = returned_.forgets = job.number + 1;
  raise(committed_, committed);
  raise(bounds_.least, committed);
}

std::chrono::microseconds KillLedger::usual_time(Work kind) const {
  const Times& times = times_[static_cast<std::size_t>(kind)];
  constexpr std::chrono::microseconds kGuess{3'000};
  if (times.count == 0) return kGuess;
  return times.sum / static_cast<std::chrono::microseconds::rep>(times.count);
}

std::vector<Work> KillLedger::under_way() const {
  std::vector<Work> kinds;
  for (const auto& [thread, job] : jobs_) kinds.push_back(job.kind);
  return kinds;
}

void KillLedger::found(const Standing& standing) {
  bounds_ = {standing, standing};
  returned_ = standing;
  jobs_.clear();
  backups_.clear();
  begun_ = {};
}

void KillLedger::start_again() {
  committed_ = {};
  found({});
}

}  // namespace rollcall::testing
