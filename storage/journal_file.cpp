#include "storage/journal_file.h"

#include "storage/store_directory.h"

namespace rollcall {

Result<JournalFile> JournalFile::create(const std::string& directory, const StoreId& store_id,
                                        std::uint64_t number) {
  ROLLCALL_ASSIGN_OR_RETURN(PosixFile file, make_file(journal_path(directory, number)));
  JournalFile journal(std::move(file), store_id, number);
  std::string beginning = encode_journal_header(store_id, number);
  for (const std::uint64_t offset : kJournalMarkOffsets) {
    beginning.resize(offset);
    beginning += encode_journal_mark(journal.mark(), store_id);
  }
  beginning.resize(kJournalRecordsBegin);
  ROLLCALL_RETURN_IF_ERROR(journal.file_.write(0, beginning));
  return journal;
}

Status JournalFile::publish(const std::string& directory) const {
  ROLLCALL_RETURN_IF_ERROR(file_.sync());
  return sync_directory(directory);
}

Status JournalFile::append(const JournalRecord& record) {
  JournalRecordHeader header{0, record.bytes.size(), record.number, record.base};
  header.checksum = journal_record_checksum(header, record.bytes, store_id_, number_);
  Status status = file_.write(bytes_, encode_journal_record_header(header));
  if (status.ok()) status = file_.write(bytes_ + kJournalRecordHeaderBytes, record.bytes);
  if (!status.ok()) {
    intact_ = file_.truncate(bytes_).ok();
    return status;
  }
  bytes_ += kJournalRecordHeaderBytes + record.bytes.size();
  next_ = record.number + 1;
  return {};
}

Status JournalFile::note(const JournalMark& mark) const {
  return file_.write(journal_mark_offset(mark), encode_journal_mark(mark, store_id_));
}

}  // namespace rollcall
