// All stores check this alike.
#include "rollcall/store.h"

namespace rollcall {

Status check_pages_ascend(const Commit& commit) {
  for (std::size_t i = 1; i < commit.pages.size(); ++i) {
    if (commit.pages[i - 1].id < commit.pages[i].id) continue;
    return Status::invalid_argument(
        "commit " + std::to_string(commit.epoch) + ": pages must ascend by id, but " +
        to_string(commit.pages[i].id) + " comes after " + to_string(commit.pages[i - 1].id));
  }
  return {};
}

}  // namespace rollcall
