#include "storage/file_journal.h"

#include <fcntl.h>

#include <algorithm>
#include <limits>
#include <new>
#include <utility>

#include "core/base/assert.h"
#include "core/base/mutex.h"
#include "storage/posix_file.h"
#include "storage/store_directory.h"

namespace rollcall {

FileJournal::FileJournal(std::string directory, Anchor& anchor, bool accept_loss)
    : directory_(std::move(directory)),
      anchor_(anchor),
      store_id_(anchor.state().store_id),
      accept_loss_(accept_loss),
      first_needed_(anchor.state().first_journal) {}

Status FileJournal::replay(std::uint64_t covered, Epoch epoch, const Visit& visit) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::optional<JournalMark> mark, anchor_.journal_mark());
  ROLLCALL_ASSIGN_OR_RETURN(
      const JournalScan scan,
      scan_journal({directory_, anchor_.state(), mark}, covered, epoch, visit));
  if (!scan.damage.ok()) {
    if (!accept_loss_) return scan.damage;
    ROLLCALL_RETURN_IF_ERROR(cut_off(scan));
  }
  // Records that come later are not to be on disk without these.
  for (const JournalMark& file : scan.files) {
    if (std::find(scan.unsynced.begin(), scan.unsynced.end(), file.file) == scan.unsynced.end()) {
      continue;
    }
    ROLLCALL_RETURN_IF_ERROR(sync_and_mark(file));
  }
  // A crash may have left a file that the anchor was not told of.
  std::uint64_t last_file =
      std::max(anchor_.state().last_journal, anchor_.state().first_journal - 1);
  if (!scan.files.empty()) last_file = std::max(last_file, scan.files.back().file);
  if (last_file != anchor_.state().last_journal) {
    ROLLCALL_RETURN_IF_ERROR(anchor_.note_journal(last_file));
  }
  {
    const MutexLock lock(mutex_);
    last_file_ = last_file;
    read_files_ = scan.files;
    next_ = synced_ = scan.next;
  }

  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::uint64_t> numbers, journal_files(directory_));
  if (!numbers.empty() && numbers.back() > last_file + 1) {
    return Status::corruption(journal_path(directory_, numbers.back()) +
                              ": the journal file is there, but " +
                              journal_path(directory_, numbers.back() - 1) +
                              " is not; put together files that were together");
  }
  // A crash may have left files that a commit had made superfluous.
  for (const std::uint64_t number : numbers) {
    if (number >= anchor_.state().first_journal) break;
    ROLLCALL_RETURN_IF_ERROR(remove_file(journal_path(directory_, number)));
  }
  replayed_ = true;
  return {};
}

Status FileJournal::sync_and_mark(const JournalMark& mark) const {
  ROLLCALL_ASSIGN_OR_RETURN(const PosixFile file,
                            PosixFile::open(journal_path(directory_, mark.file), O_RDWR));
  ROLLCALL_RETURN_IF_ERROR(file.truncate(mark.bytes));
  // A sync may have failed before a restart, after which the system counts what it did not write as
  // written. Only bytes that are written again are certain to be synced.
  constexpr std::uint64_t kStep = 1 << 20;
  for (std::uint64_t offset = 0; offset < mark.bytes; offset += kStep) {
    const std::uint64_t size = std::min(kStep, mark.bytes - offset);
    ROLLCALL_ASSIGN_OR_RETURN(const std::string bytes, file.read(offset, size));
    ROLLCALL_RETURN_IF_ERROR(file.write(offset, bytes));
  }
  ROLLCALL_RETURN_IF_ERROR(file.sync());
  for (const std::uint64_t offset : kJournalMarkOffsets) {
    ROLLCALL_RETURN_IF_ERROR(file.write(offset, encode_journal_mark(mark, store_id_)));
  }
  return {};
}

Status FileJournal::cut_off(const JournalScan& scan) {
  AnchorState state = anchor_.state();
  state.last_journal = scan.files.empty() ? state.first_journal - 1 : scan.files.back().file;
  ROLLCALL_ASSIGN_OR_RETURN(std::vector<std::uint64_t> numbers, journal_files(directory_));
  for (const std::uint64_t number : numbers) {
    if (number <= state.last_journal) continue;
    ROLLCALL_RETURN_IF_ERROR(remove_file(journal_path(directory_, number)));
  }
  ROLLCALL_RETURN_IF_ERROR(sync_directory(directory_));
  if (!scan.files.empty()) ROLLCALL_RETURN_IF_ERROR(sync_and_mark(scan.files.back()));
  ROLLCALL_ASSIGN_OR_RETURN(anchor_, Anchor::create(anchor_path(directory_), state));
  return {};
}

Status FileJournal::begin_file() {
  std::uint64_t number = 0;
  {
    const MutexLock lock(mutex_);
    ROLLCALL_RETURN_IF_ERROR(failure_);
    number = last_file_ + 1;
  }
  // A record that could not be written counts for nothing yet, because there may be room for it
  // later.
  ROLLCALL_ASSIGN_OR_RETURN(JournalFile file, JournalFile::create(directory_, store_id_, number));
  Status status = file.publish(directory_);
  if (status.ok()) status = anchor_.note_journal(number);
  const MutexLock lock(mutex_);
  if (!status.ok()) {
    failure_ = status;  // a sync may have failed, and is not to be tried again
    return status;
  }
  files_.push_back(std::make_shared<JournalFile>(std::move(file)));
  last_file_ = number;
  return {};
}

Result<std::uint64_t> FileJournal::append(Epoch base, std::string_view bytes) {
  const bool first = [&] {
    const MutexLock lock(mutex_);
    return files_.empty();
  }();
  if (first) ROLLCALL_RETURN_IF_ERROR(begin_file());
  const MutexLock lock(mutex_);
  ROLLCALL_RETURN_IF_ERROR(failure_);
  JournalFile& file = *files_.back();
  if (Status status = file.append({next_, base, bytes}); !status.ok()) {
    if (!file.intact()) failure_ = status;
    return status;
  }
  return next_++;
}

Status FileJournal::sync(std::uint64_t number) {
  MutexLock lock(mutex_);
  ROLLCALL_ASSERT(number < next_);
  while (synced_ <= number) {
    ROLLCALL_RETURN_IF_ERROR(failure_);
    if (syncing_) {
      synced_more_.wait(mutex_);
      continue;
    }
    const std::uint64_t next = next_;
    std::vector<Unsynced> unsynced;
    for (const std::shared_ptr<JournalFile>& file : files_) {
      if (file->number() < first_unsynced_ || file->empty()) continue;
      unsynced.push_back({file, file->mark()});
    }
    syncing_ = true;
    lock.unlock();
    Status status;
    try {
      status = sync_files(unsynced);
    } catch (const std::bad_alloc&) {
      status = Status::resource_exhausted("no memory for it; open the store again");
    }
    lock.lock();
    syncing_ = false;
    if (status.ok()) {
      synced_ = next;
      if (!unsynced.empty()) first_unsynced_ = unsynced.back().mark.file;
    } else {
      // The error has no words of a record that could not be written, because these records are,
      // and may be on disk.
      failure_ = {status.code(), directory_ + ": cannot sync the journal: " + status.message()};
    }
    synced_more_.notify_all();
  }
  return {};
}

Status FileJournal::sync_files(const std::vector<Unsynced>& unsynced) {
  for (const Unsynced& file : unsynced) {
    ROLLCALL_RETURN_IF_ERROR(file.file->sync());
    ROLLCALL_RETURN_IF_ERROR(file.file->note(file.mark));
  }
  return unsynced.empty() ? Status() : anchor_.note_mark(unsynced.back().mark);
}

Status FileJournal::rotate() {
  if (!replayed_) return {};  // the files are still being read
  const bool begun = [&] {
    const MutexLock lock(mutex_);
    return !files_.empty() && !files_.back()->empty();
  }();
  if (begun) ROLLCALL_RETURN_IF_ERROR(begin_file());
  const MutexLock lock(mutex_);
  first_needed_ = files_.empty() ? last_file_ + 1 : files_.back()->number();
  return {};
}

Status FileJournal::remove_unneeded() {
  std::vector<std::uint64_t> numbers;
  {
    const MutexLock lock(mutex_);
    std::erase_if(read_files_, [&](const JournalMark& file) {
      if (file.file < first_needed_) numbers.push_back(file.file);
      return file.file < first_needed_;
    });
    std::erase_if(files_, [&](const std::shared_ptr<JournalFile>& file) {
      if (file->number() < first_needed_) numbers.push_back(file->number());
      return file->number() < first_needed_;
    });
  }
  for (const std::uint64_t number : numbers) {
    ROLLCALL_RETURN_IF_ERROR(remove_file(journal_path(directory_, number)));
  }
  return {};
}

std::uint64_t FileJournal::bytes() const {
  const MutexLock lock(mutex_);
  std::uint64_t bytes = 0;
  for (const JournalMark& file : read_files_) bytes += file.bytes - kJournalRecordsBegin;
  for (const auto& file : files_) bytes += file->mark().bytes - kJournalRecordsBegin;
  return bytes;
}

Status check_journal(const std::string& directory) {
  const auto anchor_now = [&] {
    return Anchor::open(anchor_path(directory), Anchor::Access::kRead);
  };
  ROLLCALL_ASSIGN_OR_RETURN(Anchor anchor, anchor_now());
  while (true) {
    ROLLCALL_ASSIGN_OR_RETURN(const std::optional<JournalMark> mark, anchor.journal_mark());
    ROLLCALL_ASSIGN_OR_RETURN(
        const JournalScan scan,
        scan_journal({directory, anchor.state(), mark}, std::numeric_limits<std::uint64_t>::max(),
                     0, [](const JournalRecord&) { return Status(); }));
    ROLLCALL_ASSIGN_OR_RETURN(Anchor anchor_after, anchor_now());
    // A writer may remove files meanwhile, having noted that they are not needed.
    if (scan.damage.ok() || anchor_after.state() == anchor.state()) return scan.damage;
    anchor = std::move(anchor_after);
  }
}

}  // namespace rollcall
