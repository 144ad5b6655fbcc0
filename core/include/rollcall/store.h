// This is the interface beneath the engine, which keeps pages beyond the life of the process.
//
// A page is a whole value, written once and never changed. Its address is its id and the epoch of
// the commit that wrote it; a later version of the page has a later epoch. Every live page is
// reached from the manifest of a commit (manifest -> partition pages -> day pages -> the rest). A
// commit therefore becomes visible in one step, with its manifest, and what a crash leaves half
// written is never reached.
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

// The numbers are part of the stored format, so new ones are appended and none is ever changed.
enum class PageKind : std::uint8_t {
  kDictionary = 1,     // series: dictionary number
  kSources = 2,        // the source positions
  kPartition = 3,      // partition
  kDay = 4,            // partition, day
  kUsers = 5,          // partition, chunk
  kPresence = 6,       // partition, series, day, chunk
  kCounters = 7,       // partition, series, chunk; of earlier programs
  kBounds = 8,         // partition, series, chunk
  kSegments = 9,       // the saved segments
  kAmounts = 10,       // partition, series, day, chunk
  kForgotten = 11,     // the forgotten users
  kHistory = 12,       // partition, series: run, chunk: block within the run
  kKept = 13,          // the names of the kept properties
  kHistoryLimit = 14,  // how far back history reaches
  kObjects = 15,       // the saved questions, campaigns and alerts
  kAudiences = 16,     // which audiences there are
  kAudience = 17,      // partition, series: number of the audience, chunk
};

// Names a page. Fields that a kind does not use are zero. Stores keep pages in the order of their
// names, so that the days of a series, which questions read together, lie side by side.
struct PageId {
  PageKind kind = PageKind::kDictionary;
  std::uint32_t partition = 0;
  std::uint32_t series = 0;
  std::int32_t day = 0;
  std::uint32_t chunk = 0;

  friend auto operator<=>(const PageId&, const PageId&) = default;
};

// Returns, for error messages: "presence page of partition 3, day 2026-01-05, series 7, chunk 0".
std::string to_string(const PageId& id);

struct PageAddress {
  PageId id;
  Epoch epoch = 0;

  friend auto operator<=>(const PageAddress&, const PageAddress&) = default;
};

// Is a page that a commit is to write.
struct CommitPage {
  PageId id;
  std::size_t bytes = 0;  // an estimate of its size
};

struct Commit {
  Epoch epoch = 0;                // the last commit's plus one
  std::vector<CommitPage> pages;  // ascending by id, without duplicates
  // Appends the bytes of pages[number]. It is called once for each page, in any order, from up to
  // `threads` threads at a time.
  std::function<Status(std::size_t number, std::string& bytes)> encode;
  unsigned threads = 1;
  std::vector<PageAddress> superseded;  // of earlier commits, unreachable from this one on
  // Is called once, after the last page.
  std::function<std::string()> manifest;
};

// Checks that the pages of `commit` ascend, and that it supersedes none of its own epoch, which may
// have been written ahead.
//   kInvalidArgument  they do not, or it does
Status check_pages(const Commit& commit);

struct LastCommit {
  Epoch epoch = 0;
  std::string manifest;
};

// Holds the size of a store on disk.
struct StoreSize {
  std::uint64_t page_count = 0;  // live pages, estimated
  std::uint64_t disk_bytes = 0;
  std::uint64_t journal_bytes = 0;  // part of disk_bytes: the journal's files
};

// Shows the pages as they were at one moment. Pages superseded later can still be read through it;
// pages written later may or may not be there. Any thread may call any method. A view must not
// outlive its Store.
class StoreView {
 public:
  virtual ~StoreView() = default;

  // Returns the bytes of a page.
  //   kCorruption  the page is missing, or is not what was written
  virtual Result<std::string> read(const PageAddress& address) const = 0;
};

// The methods that write (`write_ahead`, `discard_ahead`, `commit` and `compact`) are called from
// one thread at a time; any thread may call the others at any time.
class Store {
 public:
  virtual ~Store() = default;

  // Returns the last durable commit, or nullopt for a store without one.
  virtual Result<std::optional<LastCommit>> last_commit() const = 0;

  // Makes all of `commit` durable and visible, or none of it visible. After an error the store may
  // refuse further commits until it is opened again. Errors of commit.encode are passed on.
  virtual Status commit(const Commit& commit) = 0;

  // Writes pages of the next commit ahead of it, for commits that do not fit in memory at once.
  // `part` is as in a commit, except for its manifest and what it supersedes. Nothing reaches these
  // pages before the commit of that epoch, which must not have the same pages again. Returns the
  // same errors as commit().
  virtual Status write_ahead(const Commit& part) = 0;
  // Removes the pages written ahead, as if they had never been written.
  virtual Status discard_ahead() = 0;

  // Removes the bytes of superseded pages from where the store keeps them. It may leave some of
  // those that an older view can still read.
  virtual Status compact() = 0;

  // Returns a view of the last commit and of what was written ahead of the next one.
  virtual Result<std::shared_ptr<const StoreView>> view() const = 0;

  // Keeps what the store holds in memory (caches, buffers) within about `bytes_max` from here on.
  // Returns how much it may really use: this is less if it needs less, and more if it cannot do
  // with so little. Engine::open calls it before anything else.
  virtual std::size_t limit_memory(std::size_t /*bytes_max*/) { return 0; }

  virtual bool read_only() const = 0;

  // Checks that the store is still where it was opened for writing. Writing to a store that was
  // removed meanwhile succeeds, and what is written is lost.
  //   kIoError  it is not
  virtual Status check_place() const { return {}; }

  virtual Result<StoreSize> size() const = 0;

  // Returns the journal, which the store owns. It is null if batches become durable by commits
  // alone, or if the store is read-only.
  virtual Journal* journal() { return nullptr; }

  // Reads the journal on disk, if there is one.
  //   kCorruption  it is not what was written
  virtual Status check_journal() const { return {}; }
};

}  // namespace rollcall
