// Commits in one expression, and a history of them whose every page is known from its epoch.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rollcall/store.h"

namespace rollcall {

// Returns an id that ascends with `number`.
inline PageId page_id(std::uint32_t number) {
  PageId id;
  id.kind = PageKind::kPresence;
  id.partition = number / 15;
  id.series = number / 3 % 5;
  id.day = static_cast<std::int32_t>(number % 3) - 1;
  id.chunk = number;
  return id;
}

struct PageWrite {
  PageId id;
  std::string bytes;
};

inline Commit make_commit(Epoch epoch, std::vector<PageWrite> pages,
                          std::vector<PageAddress> superseded, std::string manifest) {
  Commit commit;
  commit.epoch = epoch;
  commit.threads = 2;
  for (const PageWrite& page : pages) commit.pages.push_back({page.id, page.bytes.size()});
  commit.encode = [pages = std::move(pages)](std::size_t number, std::string& bytes) {
    bytes += pages[number].bytes;
    return Status();
  };
  commit.superseded = std::move(superseded);
  commit.manifest = [manifest = std::move(manifest)] { return manifest; };
  return commit;
}

// Commit e of a history writes about a third of its pages anew, each with bytes of its own. Thus
// what a store must hold after commit e is known without asking whoever wrote it.
class History {
 public:
  History(std::uint64_t seed, std::uint32_t page_count, std::size_t page_bytes_max)
      : seed_(seed), page_count_(page_count), page_bytes_max_(page_bytes_max) {}

  std::string page_bytes(const PageAddress& address) const {
    std::uint64_t random = mix(seed_ ^ mix(address.epoch) ^ mix(address.id.chunk + 1));
    std::string bytes(random % page_bytes_max_, '\0');
    for (std::size_t i = 0; i < bytes.size(); i += sizeof random) {
      random = mix(random);
      std::memcpy(&bytes[i], &random, std::min(sizeof random, bytes.size() - i));
    }
    return bytes;
  }

  std::string manifest(Epoch epoch) const {
    return "manifest " + std::to_string(mix(seed_ + epoch)) + " of epoch " + std::to_string(epoch);
  }

  // Returns the live version of each page after commit `epoch`.
  std::vector<PageAddress> live_pages(Epoch epoch) const {
    std::vector<PageAddress> live;
    for (std::uint32_t number = 0; number < page_count_; ++number) {
      Epoch written = epoch;
      while (written > 0 && !writes(number, written)) --written;
      if (written > 0) live.push_back({page_id(number), written});
    }
    return live;
  }

  // Makes its pages only when asked to: most of its time passes within the store's commit.
  Commit commit(Epoch epoch) const {
    std::vector<PageAddress> superseded;
    for (const PageAddress& before : live_pages(epoch - 1)) {
      if (writes(before.id.chunk, epoch)) superseded.push_back(before);
    }
    Commit commit = make_commit(epoch, {}, std::move(superseded), manifest(epoch));
    std::vector<PageId> ids;
    for (std::uint32_t number = 0; number < page_count_; ++number) {
      if (!writes(number, epoch)) continue;
      ids.push_back(page_id(number));
      commit.pages.push_back({ids.back(), page_bytes_max_ / 2});
    }
    commit.encode = [history = *this, epoch, ids](std::size_t number, std::string& bytes) {
      bytes += history.page_bytes({ids[number], epoch});
      return Status();
    };
    return commit;
  }

 private:
  static std::uint64_t mix(std::uint64_t x) {
    x = (x + 0x9e3779b97f4a7c15u) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 29)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
  }

  bool writes(std::uint32_t number, Epoch epoch) const {
    return mix(seed_ ^ mix(epoch * 1'000'003 + number)) % 3 == 0;
  }

  std::uint64_t seed_;
  std::uint32_t page_count_;
  std::size_t page_bytes_max_;
};

}  // namespace rollcall
