// Adds records to the log of alerts of a directory.
//
//   rollcall_alert_log_writer DIR NAME COUNT
//
// Opens the log COUNT times and adds "NAME n" each time, n from 1; prints n once it is there. Every
// seventh time, it puts what is there in the place of all records. Ends with 1 when something
// fails.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "rollcall/alert_log.h"

namespace rollcall {
namespace {

Status add(const std::string& directory, const std::string& record, bool replaces) {
  ROLLCALL_ASSIGN_OR_RETURN(AlertLog log, AlertLog::open(directory));
  ROLLCALL_RETURN_IF_ERROR(log.append({&record, 1}));
  if (!replaces) return {};
  const std::vector<std::string> records = log.records();
  return log.replace(records);
}

Status run(const std::string& directory, const std::string& name, int count) {
  for (int n = 1; n <= count; ++n) {
    ROLLCALL_RETURN_IF_ERROR(add(directory, name + " " + std::to_string(n), n % 7 == 0));
    std::printf("%d\n", n);
    std::fflush(stdout);
  }
  return {};
}

}  // namespace
}  // namespace rollcall

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const rollcall::Status status = rollcall::run(argv[1], argv[2], std::atoi(argv[3]));
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.to_string().c_str());
  return status.ok() ? 0 : 1;
}
