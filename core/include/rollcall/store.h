// The interface beneath the engine: where pages live when the process does not.
//
// A page is a whole value, written once and never changed: an address is a page's id plus the epoch
// of the commit that wrote it, and a later version of the page has a later epoch. The manifest of a
// commit reaches every live page (manifest -> partition pages -> day pages -> the rest), so a
// commit becomes visible in one step, when its manifest does, and what a crash leaves half written
// is reached by nobody.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/journal.h"
#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

// Numbers are part of the stored format: append, never renumber.
enum class PageKind : std::uint8_t {
  kDictionary = 1,  // series: dictionary number
  kSources = 2,     // the source positions
  kPartition = 3,   // partition
  kDay = 4,         // partition, day
  kUsers = 5,       // partition, chunk
  kPresence = 6,    // partition, series, day, chunk
  kCounters = 7,    // partition, series, chunk
  kBounds = 8,      // partition, series, chunk
  kSegments = 9,    // the saved segments
  kAmounts = 10,    // partition, series, day, chunk
  kForgotten = 11,  // the forgotten users
  kHistory = 12,    // partition, series: run, chunk: block within the run
};

// Names a page. Fields that a kind does not use are zero. Stores keep pages in the order of their
// names: the days of a series, which questions read together, lie side by side.
struct PageId {
  PageKind kind = PageKind::kDictionary;
  std::uint32_t partition = 0;
  std::uint32_t series = 0;
  std::int32_t day = 0;
  std::uint32_t chunk = 0;

  friend auto operator<=>(const PageId&, const PageId&) = default;
};

// For error messages: "presence page of partition 3, day 2026-01-05, series 7, chunk 0".
std::string to_string(const PageId& id);

struct PageAddress {
  PageId id;
  Epoch epoch = 0;

  friend auto operator<=>(const PageAddress&, const PageAddress&) = default;
};

// A page that a commit is to write.
struct CommitPage {
  PageId id;
  std::size_t bytes = 0;  // about as many as it will have
};

struct Commit {
  Epoch epoch = 0;                // the last commit's plus one
  std::vector<CommitPage> pages;  // ascending by id, none twice
  // Appends the bytes of pages[number]. Called once for each page, in any order, from as many
  // threads at a time as `threads` says.
  std::function<Status(std::size_t number, std::string& bytes)> encode;
  unsigned threads = 1;
  std::vector<PageAddress> superseded;  // unreachable from this commit on
  // Called once, after the last page.
  std::function<std::string()> manifest;
};

//   kInvalidArgument  the pages of `commit` do not ascend
Status check_pages_ascend(const Commit& commit);

struct LastCommit {
  Epoch epoch = 0;
  std::string manifest;
};

// What a store takes on disk.
struct StoreSize {
  std::uint64_t page_count = 0;  // live pages, estimated
  std::uint64_t disk_bytes = 0;
  std::uint64_t journal_bytes = 0;  // of these, the journal's files
};

// Pages as they were at one moment. Pages superseded later can still be read through it; pages
// written later may be there or not.
// Threads: any method from any thread. Ownership: must not outlive its Store.
class StoreView {
 public:
  virtual ~StoreView() = default;

  // Returns the bytes of a page.
  //   kCorruption  the page is missing, or is not what was written
  virtual Result<std::string> read(const PageAddress& address) const = 0;
};

// Threads: what writes (`write_ahead`, `discard_ahead`, `commit` and `compact`) from one thread at
// a time; everything else from any thread at any time.
class Store {
 public:
  virtual ~Store() = default;

  // The last durable commit; nullopt for a store never committed to.
  virtual Result<std::optional<LastCommit>> last_commit() const = 0;

  // Makes all of `commit` durable, or nothing of it visible. After an error the store may refuse
  // further commits until it is opened again. Errors of commit.encode are passed on.
  virtual Status commit(const Commit& commit) = 0;

  // Writes pages of the next commit before it, for what does not fit in memory at once: all of
  // `part` but its manifest, and what it supersedes, is as in a commit. Nobody reaches them before
  // the commit of that epoch, whose pages are others. Errors as of commit().
  virtual Status write_ahead(const Commit& part) = 0;
  // Removes them, as if they had never been written.
  virtual Status discard_ahead() = 0;

  // Removes the bytes of superseded pages from where the store keeps them. Of those that an older
  // view can still read, it may leave some.
  virtual Status compact() = 0;

  // Of the last commit, and of what was written ahead of the next one.
  virtual Result<std::shared_ptr<const StoreView>> view() const = 0;

  // Keeps what the store holds in memory (caches, buffers) within about `bytes_max` from here on.
  // Returns how much it may come to: less where it needs less, more where it cannot do with as
  // little. Engine::open calls it, before anything else.
  virtual std::size_t limit_memory(std::size_t /*bytes_max*/) { return 0; }

  virtual bool read_only() const = 0;

  // Whether the store is still where it was opened for writing: what is written to one that was
  // removed meanwhile goes well, and is lost.
  //   kIoError  it is not
  virtual Status check_place() const { return {}; }

  virtual Result<StoreSize> size() const = 0;

  // The journal, owned by the store; null where batches become durable by commits alone.
  // Also null where the store is read-only.
  virtual Journal* journal() { return nullptr; }

  // Reads what is on disk of the journal, if there is one.
  //   kCorruption  it is not what was written
  virtual Status check_journal() const { return {}; }
};

}  // namespace rollcall
