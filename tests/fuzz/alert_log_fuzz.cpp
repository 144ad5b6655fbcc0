// This fuzzes the log of alerts: its file, and the states that its records make up.

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "rollcall/alert_log.h"
#include "rollcall/alert_states.h"
#include "tests/fuzz/fuzz_target.h"

namespace rollcall::fuzz {
namespace {

// Is a directory that goes with the process.
class Directory {
 public:
  Directory() { require(::mkdtemp(path_.data()) != nullptr, "no directory to write to"); }
  ~Directory() {
    for (const char* const name : {"/ALERTS", "/ALERTS.LOCK", "/ALERTS.new"}) {
      ::unlink((path_ + name).c_str());
    }
    ::rmdir(path_.c_str());
  }

  const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/rollcall-alerts-XXXXXX";
};

// Whatever the file has, it is read or told to be damaged; what was read is there when it is opened
// for writing, too.
void check_file(std::string_view bytes) {
  static const Directory directory;
  std::ofstream(directory.path() + "/ALERTS", std::ios::binary) << bytes;
  const Result<std::vector<std::string>> records = read_alert_log(directory.path());
  const Result<AlertLog> log = AlertLog::open(directory.path());
  require(records.ok() == log.ok(), "reader and writer differ: " + log.status().to_string());
  if (!log.ok()) {
    require(log.status().code() == StatusCode::kCorruption, log.status().to_string());
    return;
  }
  require(*records == log->records(), "reader and writer have other records");
}

// Lines are records, of which each is one or damaged.
void check_states(std::string_view lines) {
  std::vector<std::string> records;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    records.emplace_back(lines.substr(0, end));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  const Result<AlertStates> states = AlertStates::read(records);
  if (!states.ok()) {
    require(states.status().code() == StatusCode::kCorruption, states.status().to_string());
    return;
  }
  const auto written = [](const AlertStates& all) {
    std::string text;
    for (const std::string& record : all.records()) text += record + "\n";
    return text;
  };
  require_stable(*states, written,
                 [&](const std::string&) { return AlertStates::read(states->records()); });
}

}  // namespace
}  // namespace rollcall::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rollcall;
  std::string_view input = fuzz::as_text(data, size);
  if (fuzz::take_choice(input) % 2 == 0) {
    fuzz::check_states(input);
  } else {
    fuzz::check_file(input);
  }
  return 0;
}
