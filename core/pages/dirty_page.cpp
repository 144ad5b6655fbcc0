#include "core/pages/dirty_page.h"

#include <algorithm>
#include <type_traits>
#include <utility>

namespace rollcall {
namespace {

void encode(const DirtyPage& page, std::string& bytes) {
  std::visit(
      [&](const auto& content) {
        if constexpr (std::is_same_v<std::decay_t<decltype(content)>, std::string>) {
          bytes += content;
        } else {
          content->serialize(bytes);
        }
      },
      page.content);
}

// About as many bytes as encode() appends.
std::size_t encoded_bytes(const DirtyPage& page) {
  // Columns are stored in as few bytes as their numbers need, about a quarter of those in memory.
  constexpr std::size_t kColumnsShare = 4;
  const bool is_columns = page.id.kind == PageKind::kCounters ||
                          page.id.kind == PageKind::kBounds || page.id.kind == PageKind::kAmounts;
  return memory_bytes(page) / (is_columns ? kColumnsShare : 1);
}

}  // namespace

std::size_t memory_bytes(const DirtyPage& page) {
  return std::visit(
      [](const auto& content) {
        if constexpr (std::is_same_v<std::decay_t<decltype(content)>, std::string>) {
          return content.size();
        } else {
          return content->memory_bytes();
        }
      },
      page.content);
}

Commit commit_of(Epoch epoch, std::vector<DirtyPage>& dirty, unsigned threads) {
  std::sort(dirty.begin(), dirty.end(),
            [](const DirtyPage& a, const DirtyPage& b) { return a.id < b.id; });
  Commit commit;
  commit.epoch = epoch;
  commit.pages.reserve(dirty.size());
  for (const DirtyPage& page : dirty) commit.pages.push_back({page.id, encoded_bytes(page)});
  commit.encode = [&dirty](std::size_t number, std::string& bytes) {
    const DirtyPage page = std::move(dirty[number]);
    encode(page, bytes);
    return Status();
  };
  commit.threads = threads;
  return commit;
}

void add_tables(const StoreTables& tables, Epoch epoch, Manifest& manifest,
                std::vector<DirtyPage>& dirty, std::vector<PageAddress>& superseded) {
  for (TablePage& page : write_tables(tables, epoch, manifest)) {
    if (page.superseded) superseded.push_back(*page.superseded);
    dirty.push_back({page.id, std::move(page.bytes)});
  }
}

}  // namespace rollcall
