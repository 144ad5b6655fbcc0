// All stores check this alike.
#include "rollcall/store.h"

namespace rollcall {

Status check_pages(const Commit& commit) {
  for (const PageAddress& page : commit.superseded) {
    if (page.epoch < commit.epoch) continue;
    return Status::invalid_argument("commit " + std::to_string(commit.epoch) +
                                    ": must supersede pages of earlier commits, but " +
                                    to_string(page.id) + " is of epoch " +
                                    std::to_string(page.epoch));
  }
  for (std::size_t i = 1; i < commit.pages.size(); ++i) {
    if (commit.pages[i - 1].id < commit.pages[i].id) continue;
    return Status::invalid_argument(
        "commit " + std::to_string(commit.epoch) + ": pages must ascend by id, but " +
        to_string(commit.pages[i].id) + " comes after " + to_string(commit.pages[i - 1].id));
  }
  return {};
}

}  // namespace rollcall
