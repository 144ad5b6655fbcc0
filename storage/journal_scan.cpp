#include "storage/journal_scan.h"

#include <fcntl.h>

#include <algorithm>
#include <utility>

#include "storage/posix_file.h"
#include "storage/store_directory.h"

namespace rollcall {

namespace {

// What to do is the same for all damage.
Status damage_status(const std::string& what) {
  return Status::corruption(what + "; put the file back as it was, or accept the loss")
      .with_hint({Option::kAcceptRollback, "true"});
}

// Reads one file, record by record.
class FileReader {
 public:
  FileReader(PosixFile file, const StoreId& store_id, std::uint64_t number)
      : file_(std::move(file)), store_id_(store_id), number_(number) {}

  // Says whether the file's beginning is whole; the mark is known then.
  Result<bool> begin() {
    ROLLCALL_ASSIGN_OR_RETURN(const std::string bytes, file_.read(0, kJournalRecordsBegin));
    if (bytes.size() < kJournalRecordsBegin ||
        !bytes.starts_with(encode_journal_header(store_id_, number_))) {
      return false;
    }
    for (const std::uint64_t offset : kJournalMarkOffsets) {
      const std::optional<JournalMark> mark =
          decode_journal_mark(std::string_view(bytes).substr(offset, kJournalMarkBytes), store_id_);
      if (mark && mark->file == number_ && mark->bytes > mark_.bytes) mark_ = *mark;
    }
    // The size is read after the marks, because a writer may go on meanwhile.
    ROLLCALL_ASSIGN_OR_RETURN(size_, file_.size());
    return mark_.bytes != 0;
  }

  // Returns the record at offset(), which is then passed, or nothing if there is no good one.
  Result<std::optional<JournalRecord>> next() {
    ROLLCALL_ASSIGN_OR_RETURN(const std::optional<JournalRecord> record, record_at(offset_));
    if (record) offset_ += kJournalRecordHeaderBytes + record->bytes.size();
    return record;
  }

  // Says whether a good record of a number from `number` on lies somewhere past offset().
  Result<bool> any_later(std::uint64_t number) {
    constexpr std::uint64_t kStep = std::uint64_t{1} << 20;
    const std::uint64_t rest = size_ - offset_;
    for (std::uint64_t begin = offset_ + 1; begin < size_; begin += kStep) {
      ROLLCALL_ASSIGN_OR_RETURN(const std::string window,
                                file_.read(begin, kStep + kJournalRecordHeaderBytes - 1));
      for (std::size_t i = 0; i + kJournalRecordHeaderBytes <= window.size(); ++i) {
        const JournalRecordHeader header = decode_journal_record_header(
            std::string_view(window).substr(i, kJournalRecordHeaderBytes));
        // The number rules out nearly everything that is no header, before the record is read.
        const std::uint64_t record_begin = begin + i + kJournalRecordHeaderBytes;
        if (header.number < number || header.number - number > rest || record_begin > size_ ||
            header.bytes > size_ - record_begin) {
          continue;
        }
        std::string_view record = std::string_view(window).substr(record_begin - begin);
        if (header.bytes > record.size()) {
          ROLLCALL_ASSIGN_OR_RETURN(record_, file_.read(record_begin, header.bytes));
          record = record_;
        }
        if (journal_record_checksum(header, record.substr(0, header.bytes), store_id_, number_) ==
            header.checksum) {
          return true;
        }
      }
    }
    return false;
  }

  const std::string& path() const { return file_.path(); }
  std::uint64_t offset() const { return offset_; }
  bool at_end() const { return offset_ == size_; }
  const JournalMark& mark() const { return mark_; }

 private:
  Result<std::optional<JournalRecord>> record_at(std::uint64_t offset) {
    ROLLCALL_ASSIGN_OR_RETURN(const std::string bytes,
                              file_.read(offset, kJournalRecordHeaderBytes));
    if (bytes.size() < kJournalRecordHeaderBytes) return std::optional<JournalRecord>();
    const JournalRecordHeader header = decode_journal_record_header(bytes);
    const std::uint64_t begin = offset + kJournalRecordHeaderBytes;
    if (begin > size_ || header.bytes > size_ - begin) return std::optional<JournalRecord>();
    ROLLCALL_ASSIGN_OR_RETURN(record_, file_.read(begin, header.bytes));
    if (record_.size() < header.bytes ||
        journal_record_checksum(header, record_, store_id_, number_) != header.checksum) {
      return std::optional<JournalRecord>();
    }
    return std::optional<JournalRecord>({header.number, header.base, record_});
  }

  PosixFile file_;
  StoreId store_id_;
  std::uint64_t number_;
  std::uint64_t size_ = 0;
  JournalMark mark_;  // the later of the intact ones
  std::uint64_t offset_ = kJournalRecordsBegin;
  std::string record_;
};

class Scan {
 public:
  Scan(const JournalSource& source, std::uint64_t covered, Epoch epoch, const Journal::Visit& visit)
      : source_(source), covered_(covered), epoch_(epoch), visit_(visit) {}

  Result<JournalScan> run() {
    for (std::uint64_t number = source_.anchor.first_journal; scan_.damage.ok(); ++number) {
      const bool begun = number <= source_.anchor.last_journal;  // as far as the anchor knows
      const std::string path = journal_path(source_.directory, number);
      Result<PosixFile> file = PosixFile::open(path, O_RDONLY);
      if (file.status().code() == StatusCode::kNotFound) {
        if (!begun) break;
        scan_.damage = damage_status(
            path + ": the journal file is missing, and with it what was acknowledged as durable");
        break;
      }
      ROLLCALL_RETURN_IF_ERROR(file.status());
      FileReader reader(*std::move(file), source_.anchor.store_id, number);
      ROLLCALL_ASSIGN_OR_RETURN(const bool whole, reader.begin());
      if (!whole) {
        if (!begun) break;  // a crash cut its making short
        scan_.damage = damage_status(path + ": the beginning of the journal file is damaged");
        break;
      }
      ROLLCALL_RETURN_IF_ERROR(read(reader, number));
    }
    scan_.next = std::max(scan_.next, covered_);
    return std::move(scan_);
  }

 private:
  void damage(const FileReader& reader, std::uint64_t offset, const std::string& what) {
    scan_.damage =
        damage_status(reader.path() + ", offset " + std::to_string(offset) + ": " + what);
  }

  Status read(FileReader& reader, std::uint64_t number) {
    std::uint64_t end = reader.offset();  // of the good records
    std::uint64_t synced = reader.mark().bytes;
    std::uint64_t synced_next = synced == kJournalRecordsBegin ? 0 : reader.mark().next;
    if (source_.mark && source_.mark->file == number && source_.mark->bytes > synced) {
      synced = source_.mark->bytes;
      synced_next = source_.mark->next;
    }
    while (!reader.at_end()) {
      ROLLCALL_ASSIGN_OR_RETURN(const std::optional<JournalRecord> record, reader.next());
      if (!record) break;
      const std::uint64_t expected = std::max(scan_.next, covered_);
      if (record->number < scan_.next || record->number > expected) {
        damage(reader, end,
               "record " + std::to_string(record->number) + " stands where record " +
                   std::to_string(expected) + " should");
        break;
      }
      if (record->number >= covered_) {
        if (record->base > epoch_) {
          damage(reader, end,
                 "a record was written after commit " + std::to_string(record->base) +
                     ", but the database holds commit " + std::to_string(epoch_));
          break;
        }
        const Status status = visit_(*record);
        if (status.code() == StatusCode::kCorruption) {
          return Status::corruption(reader.path() + ", offset " + std::to_string(end) + ": " +
                                    status.message());
        }
        ROLLCALL_RETURN_IF_ERROR(status);
      }
      scan_.next = record->number + 1;
      end = reader.offset();
      if (end == synced && scan_.next != synced_next) {
        damage(reader, end, "the records end with another number than they did");
        break;
      }
    }
    if (scan_.damage.ok() && end < synced) {
      damage(reader, end, "a record of the journal is damaged or cut off");
    }
    if (scan_.damage.ok() && !reader.at_end()) {
      ROLLCALL_ASSIGN_OR_RETURN(const bool later, reader.any_later(scan_.next));
      if (later) damage(reader, end, "a record of the journal is damaged, and a good one follows");
    }
    scan_.files.push_back({number, end, scan_.next});
    if (end > reader.mark().bytes) scan_.unsynced.push_back(number);
    return {};
  }

  const JournalSource& source_;
  const std::uint64_t covered_;
  const Epoch epoch_;
  const Journal::Visit& visit_;
  JournalScan scan_;
};

}  // namespace

Result<JournalScan> scan_journal(const JournalSource& source, std::uint64_t covered, Epoch epoch,
                                 const Journal::Visit& visit) {
  return Scan(source, covered, epoch, visit).run();
}

}  // namespace rollcall
