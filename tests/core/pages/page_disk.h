// Stored pages of tests, which can be looked at and damaged.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/pages/dirty_page.h"
#include "rollcall/store.h"

namespace rollcall::testing {

class PageDisk : public StoreView {
 public:
  Result<std::string> read(const PageAddress& address) const override {
    ++reads;
    const auto found = pages.find(address);
    if (found == pages.end()) return Status::corruption(to_string(address.id) + ": missing");
    return found->second;
  }

  // Stores the pages as of `epoch`, and removes what they supersede.
  void write(Epoch epoch, std::vector<DirtyPage> dirty,
             const std::vector<PageAddress>& superseded) {
    const Commit commit = commit_of(epoch, dirty, 1);
    for (std::size_t i = 0; i < commit.pages.size(); ++i) {
      std::string bytes;
      if (!commit.encode(i, bytes).ok()) continue;
      pages[{commit.pages[i].id, epoch}] = std::move(bytes);
    }
    for (const PageAddress& old : superseded) pages.erase(old);
  }

  std::map<PageAddress, std::string> pages;
  mutable std::size_t reads = 0;
};

}  // namespace rollcall::testing
