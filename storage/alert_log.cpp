#include "rollcall/alert_log.h"

#include <fcntl.h>
#include <sys/file.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "core/base/guard.h"
#include "storage/little_endian.h"
#include "storage/posix_file.h"
#include "storage/store_directory.h"

namespace rollcall {

namespace {

constexpr std::string_view kAlertLogMagic = "rollalrt";
constexpr std::uint64_t kAlertLogVersion = 1;
constexpr std::size_t kAlertHeaderBytes = 24;
constexpr std::uint64_t kAlertMarkOffset = 512;
constexpr std::size_t kAlertMarkBytes = 16;
constexpr std::uint64_t kFirstRecordOffset = 1024;
constexpr std::size_t kRecordHeadBytes = 16;
constexpr std::size_t kLogBytesMax = std::size_t{1} << 30;
constexpr std::chrono::seconds kLockWait{10};

std::string log_lock_path(const std::string& directory) {
  return alert_log_path(directory) + ".LOCK";
}

std::string encode_log_header() {
  std::string bytes(kAlertLogMagic);
  append_u64(bytes, kAlertLogVersion);
  append_u64(bytes, XXH3_64bits(bytes.data(), bytes.size()));
  bytes.resize(kFirstRecordOffset, '\0');
  return bytes;
}

std::string encode_log_mark(std::uint64_t bytes_on_disk) {
  std::string bytes;
  append_u64(bytes, bytes_on_disk);
  append_u64(bytes, XXH3_64bits(bytes.data(), bytes.size()));
  return bytes;
}

// Returns how many bytes of the file were on disk when the mark was written; 0 if it is none.
std::uint64_t decode_log_mark(std::string_view bytes) {
  if (bytes.size() < kAlertMarkBytes) return 0;
  const std::uint64_t bytes_on_disk = load_u64(bytes.data());
  return bytes.substr(0, kAlertMarkBytes) == encode_log_mark(bytes_on_disk) ? bytes_on_disk : 0;
}

// A record that stands elsewhere than it was written does not pass.
std::uint64_t record_checksum(std::uint64_t offset, std::string_view payload) {
  std::string place;
  append_u64(place, offset);
  append_u64(place, payload.size());
  return XXH3_64bits_withSeed(payload.data(), payload.size(),
                              XXH3_64bits(place.data(), place.size()));
}

// Appends a record to bytes that stand at `offset` of the file.
void append_record(std::string& bytes, std::uint64_t offset, std::string_view payload) {
  append_u64(bytes, record_checksum(offset + bytes.size(), payload));
  append_u64(bytes, payload.size());
  bytes.append(payload);
}

std::string encode_log(std::span<const std::string> records) {
  std::string file = encode_log_header();
  for (const std::string& record : records) append_record(file, 0, record);
  file.replace(kAlertMarkOffset, kAlertMarkBytes, encode_log_mark(file.size()));
  return file;
}

// Returns the payload of the record at `offset` if it is whole and what was written.
std::optional<std::string_view> record_at(std::string_view file, std::uint64_t offset) {
  if (file.size() - offset < kRecordHeadBytes) return std::nullopt;
  const std::uint64_t checksum = load_u64(file.data() + offset);
  const std::uint64_t size = load_u64(file.data() + offset + 8);
  if (size > AlertLog::kRecordBytesMax) return std::nullopt;
  if (file.size() - offset - kRecordHeadBytes < size) return std::nullopt;
  const std::string_view payload = file.substr(offset + kRecordHeadBytes, size);
  if (record_checksum(offset, payload) != checksum) return std::nullopt;
  return payload;
}

}  // namespace

// Has a name outside of this file, because AlertLog::State holds it.
struct LogContents {
  std::vector<std::string> records;
  std::uint64_t end = 0;            // of the last whole record
  std::uint64_t bytes_on_disk = 0;  // by the mark
};

namespace {

Status damaged_log(const std::string& path, const std::string& what) {
  return Status::corruption(path + ": " + what +
                            "; put the file back, or move it away to have no states of alerts");
}

// `bytes_on_disk` is from a mark that was read before the file was.
Result<LogContents> decode_log(const std::string& path, std::string_view file,
                               std::uint64_t bytes_on_disk) {
  LogContents contents;
  contents.bytes_on_disk = bytes_on_disk;
  if (file.substr(0, kAlertHeaderBytes) != encode_log_header().substr(0, kAlertHeaderBytes) ||
      file.size() < kFirstRecordOffset) {
    return damaged_log(path, "the beginning of the file is not that of a log of alerts, version " +
                                 std::to_string(kAlertLogVersion));
  }
  if (file.size() < bytes_on_disk) {
    return damaged_log(path, "the file has " + std::to_string(file.size()) + " bytes, but had " +
                                 std::to_string(bytes_on_disk));
  }
  std::uint64_t offset = kFirstRecordOffset;
  while (offset < file.size()) {
    const std::optional<std::string_view> payload = record_at(file, offset);
    if (!payload && offset < bytes_on_disk) {
      return damaged_log(path, "the record at byte " + std::to_string(offset) + " is damaged");
    }
    // What follows was never acknowledged.
    if (!payload) break;
    contents.records.emplace_back(*payload);
    offset += kRecordHeadBytes + payload->size();
  }
  contents.end = offset;
  return contents;
}

Result<LogContents> read_log(const PosixFile& file) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string mark, file.read(kAlertMarkOffset, kAlertMarkBytes));
  ROLLCALL_ASSIGN_OR_RETURN(const std::uint64_t size, file.size());
  if (size > kLogBytesMax) {
    return damaged_log(file.path(), "the file has " + std::to_string(size) +
                                        " bytes (allowed: up to " + std::to_string(kLogBytesMax) +
                                        ")");
  }
  ROLLCALL_ASSIGN_OR_RETURN(const std::string bytes, file.read(0, size));
  return decode_log(file.path(), bytes, decode_log_mark(mark));
}

Result<PosixFile> lock_log(const std::string& directory) {
  const std::string path = log_lock_path(directory);
  ROLLCALL_ASSIGN_OR_RETURN(PosixFile file, PosixFile::open(path, O_RDWR | O_CREAT));
  const auto deadline = std::chrono::steady_clock::now() + kLockWait;
  while (::flock(file.descriptor(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return errno_status(path, "lock");
    if (std::chrono::steady_clock::now() >= deadline) {
      return Status::busy(path + ": another process has kept the log of alerts for " +
                          std::to_string(kLockWait.count()) + " s");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return file;
}

}  // namespace

struct AlertLog::State {
  std::string directory;
  PosixFile lock;  // held as long as the file is open
  PosixFile file;
  LogContents contents;
  // After an error it is not known what is on disk, and another sync would not tell: the system
  // reports that it could not write something once, and then takes it for written.
  bool has_failed = false;

  // Puts what the mark does not count on disk, and counts it.
  Status settle();
  Status write_mark() const { return file.write(kAlertMarkOffset, encode_log_mark(contents.end)); }
  // Refuses to write after an error.
  Status check_usable() const;
  Status append(std::span<const std::string> records);
  Status replace(std::span<const std::string> records);
};

Status AlertLog::State::settle() {
  ROLLCALL_ASSIGN_OR_RETURN(const std::uint64_t size, file.size());
  const bool has_tail = size > contents.end;
  if (!has_tail && contents.bytes_on_disk == contents.end) return {};
  if (has_tail) ROLLCALL_RETURN_IF_ERROR(file.truncate(contents.end));
  // The records that are not counted may be in memory alone, if the sync that was to take them to
  // the disk failed. They have to be written again for the next one to do so.
  const std::uint64_t begin = std::max(contents.bytes_on_disk, kFirstRecordOffset);
  ROLLCALL_ASSIGN_OR_RETURN(const std::string bytes, file.read(begin, contents.end - begin));
  ROLLCALL_RETURN_IF_ERROR(file.write(begin, bytes));
  ROLLCALL_RETURN_IF_ERROR(file.sync());
  return write_mark();
}

Status AlertLog::State::check_usable() const {
  if (!has_failed) return {};
  return {StatusCode::kFailedPrecondition,
          file.path() +
              ": an earlier write failed, and what is on disk is not known (allowed: to open the "
              "log again)"};
}

Status AlertLog::State::append(std::span<const std::string> records) {
  std::string bytes;
  for (const std::string& record : records) append_record(bytes, contents.end, record);
  ROLLCALL_RETURN_IF_ERROR(file.write(contents.end, bytes));
  ROLLCALL_RETURN_IF_ERROR(file.sync());
  contents.end += bytes.size();
  contents.records.insert(contents.records.end(), records.begin(), records.end());
  // The next sync takes it to the disk, too. Until then, a record that is damaged looks like one
  // that was never acknowledged.
  return write_mark();
}

Status AlertLog::State::replace(std::span<const std::string> records) {
  const std::string path = alert_log_path(directory);
  const std::string bytes = encode_log(records);
  ROLLCALL_RETURN_IF_ERROR(replace_file(path, bytes));
  ROLLCALL_ASSIGN_OR_RETURN(file, PosixFile::open(path, O_RDWR));
  contents.records.assign(records.begin(), records.end());
  contents.end = bytes.size();
  return {};
}

AlertLog::AlertLog(std::unique_ptr<State> state) : state_(std::move(state)) {}
AlertLog::AlertLog(AlertLog&&) noexcept = default;
AlertLog& AlertLog::operator=(AlertLog&&) noexcept = default;
AlertLog::~AlertLog() = default;

Result<AlertLog> AlertLog::open(const std::string& directory) {
  return guarded("log of alerts in " + directory, [&]() -> Result<AlertLog> {
    ROLLCALL_ASSIGN_OR_RETURN(PosixFile lock, lock_log(directory));
    const std::string path = alert_log_path(directory);
    ROLLCALL_RETURN_IF_ERROR(remove_replacement(path));
    Result<PosixFile> file = PosixFile::open(path, O_RDWR);
    if (file.status().code() == StatusCode::kNotFound) {
      ROLLCALL_RETURN_IF_ERROR(replace_file(path, encode_log({})));
      file = PosixFile::open(path, O_RDWR);
    }
    if (!file.ok()) return file.status();
    ROLLCALL_ASSIGN_OR_RETURN(LogContents contents, read_log(*file));
    auto state = std::make_unique<State>(
        State{directory, std::move(lock), *std::move(file), std::move(contents)});
    ROLLCALL_RETURN_IF_ERROR(state->settle());
    return AlertLog(std::move(state));
  });
}

const std::vector<std::string>& AlertLog::records() const { return state_->contents.records; }

std::uint64_t AlertLog::bytes() const { return state_->contents.end; }

Status AlertLog::append(std::span<const std::string> records) {
  ROLLCALL_RETURN_IF_ERROR(state_->check_usable());
  for (const std::string& record : records) {
    if (record.size() <= kRecordBytesMax) continue;
    return Status::resource_exhausted(state_->file.path() + ": a record would have " +
                                      std::to_string(record.size()) + " bytes (allowed: up to " +
                                      std::to_string(kRecordBytesMax) + ")");
  }
  Status status = state_->append(records);
  state_->has_failed = !status.ok();
  return status;
}

Status AlertLog::replace(std::span<const std::string> records) {
  ROLLCALL_RETURN_IF_ERROR(state_->check_usable());
  Status status = state_->replace(records);
  state_->has_failed = !status.ok();
  return status;
}

Result<std::vector<std::string>> read_alert_log(const std::string& directory) {
  return guarded("log of alerts in " + directory, [&]() -> Result<std::vector<std::string>> {
    const Result<PosixFile> file = PosixFile::open(alert_log_path(directory), O_RDONLY);
    if (file.status().code() == StatusCode::kNotFound) return std::vector<std::string>();
    if (!file.ok()) return file.status();
    ROLLCALL_ASSIGN_OR_RETURN(LogContents contents, read_log(*file));
    return std::move(contents.records);
  });
}

Status make_alert_log(const std::string& directory, std::span<const std::string> records) {
  if (records.empty()) return {};
  return replace_file(alert_log_path(directory), encode_log(records));
}

}  // namespace rollcall
