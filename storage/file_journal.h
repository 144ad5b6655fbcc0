// The journal of a store in a directory consists of the files DIR/JOURNAL-n, and of what the anchor
// notes about them.
//
// A sync is shared: the first caller that waits for one syncs all that came before it, and the
// others wait for that. There is no thread for it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/mutex.h"
#include "rollcall/journal.h"
#include "storage/anchor.h"
#include "storage/journal_file.h"
#include "storage/journal_scan.h"

namespace rollcall {

// Reads the journal of a store, beside a writer or not, and changes nothing.
//   kCorruption  a synced record is damaged, or a file is lost
Status check_journal(const std::string& directory);

// The rules for threads are those of Journal; `first_needed` and `remove_unneeded` follow those of
// `rotate`.
class FileJournal final : public Journal {
 public:
  // `anchor` must outlive it. With `accept_loss`, replay() accepts the records before a damaged or
  // lost one as all there are, and removes the others.
  FileJournal(std::string directory, Anchor& anchor, bool accept_loss);

  Status replay(std::uint64_t covered, Epoch epoch, const Visit& visit) override;
  Result<std::uint64_t> append(Epoch base, std::string_view bytes) override;
  Status sync(std::uint64_t number) override;
  Status rotate() override;
  std::uint64_t bytes() const override;

  // Returns the first file that is needed once the commit after rotate() is durable.
  std::uint64_t first_needed() const { return first_needed_; }
  // Removes the files before it.
  Status remove_unneeded();

 private:
  // Holds a file to be synced, and what is then known to be on disk.
  struct Unsynced {
    std::shared_ptr<const JournalFile> file;
    JournalMark mark;
  };

  Status begin_file();
  Status cut_off(const JournalScan& scan);
  // Cuts off what lies past the mark's bytes.
  Status sync_and_mark(const JournalMark& mark) const;
  Status sync_files(const std::vector<Unsynced>& unsynced);

  const std::string directory_;
  Anchor& anchor_;
  const StoreId store_id_;
  const bool accept_loss_;
  bool replayed_ = false;
  std::uint64_t first_needed_;  // belongs to the committing thread

  mutable Mutex mutex_;
  ConditionVariable synced_more_;
  std::vector<JournalMark> read_files_ ROLLCALL_GUARDED_BY(mutex_);  // found by replay()
  // Holds files begun since; records are written to the last one.
  std::vector<std::shared_ptr<JournalFile>> files_ ROLLCALL_GUARDED_BY(mutex_);
  std::uint64_t last_file_ ROLLCALL_GUARDED_BY(mutex_) = 0;       // the last that was ever begun
  std::uint64_t first_unsynced_ ROLLCALL_GUARDED_BY(mutex_) = 0;  // files before it are on disk
  std::uint64_t next_ ROLLCALL_GUARDED_BY(mutex_) = 0;            // number of the next record
  std::uint64_t synced_ ROLLCALL_GUARDED_BY(mutex_) = 0;          // records before it are on disk
  bool syncing_ ROLLCALL_GUARDED_BY(mutex_) = false;
  Status failure_ ROLLCALL_GUARDED_BY(mutex_);  // why nothing is written any more
};

}  // namespace rollcall
