#include "core/pages/dirty_page.h"

#include <algorithm>
#include <utility>

namespace rollcall {
namespace {

void encode(const std::string& content, std::string& bytes) { bytes += content; }
void encode(const LateBytes& content, std::string& bytes) { bytes += content.bytes(); }
template <class Form>
void encode(const DirtyPageOf<Form>& content, std::string& bytes) {
  content.page->serialize(bytes);
}

// Returns about as many bytes as encode() appends.
std::size_t encoded_bytes(const std::string& content) { return content.size(); }
std::size_t encoded_bytes(const LateBytes& content) { return content.bytes().size(); }
template <class Form>
std::size_t encoded_bytes(const DirtyPageOf<Form>& content) {
  return content.page->memory_bytes() / Form::kEncodedShare;
}

std::size_t held_bytes(const std::string& content) { return content.size(); }
std::size_t held_bytes(const LateBytes&) { return 0; }
template <class Form>
std::size_t held_bytes(const DirtyPageOf<Form>& content) {
  return content.page->memory_bytes();
}

}  // namespace

std::size_t memory_bytes(const DirtyPage& page) {
  return std::visit([](const auto& content) { return held_bytes(content); }, page.content);
}

Commit commit_of(Epoch epoch, std::vector<DirtyPage>& dirty, unsigned threads) {
  std::sort(dirty.begin(), dirty.end(),
            [](const DirtyPage& a, const DirtyPage& b) { return a.id < b.id; });
  Commit commit;
  commit.epoch = epoch;
  commit.pages.reserve(dirty.size());
  for (const DirtyPage& page : dirty) {
    const auto bytes_of = [](const auto& content) { return encoded_bytes(content); };
    commit.pages.push_back({page.id, std::visit(bytes_of, page.content)});
  }
  commit.encode = [&dirty](std::size_t number, std::string& bytes) {
    const DirtyPage page = std::move(dirty[number]);
    std::visit([&](const auto& content) { encode(content, bytes); }, page.content);
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
