#include "core/source/files/stored_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "core/base/open_file.h"
#include "rollcall/standard_descriptors.h"

namespace rollcall {
namespace {

constexpr auto kSecond = std::chrono::seconds(1);

std::string errno_text() { return std::error_code(errno, std::generic_category()).message(); }

// If its kind cannot be told, it is read without waiting, as a regular file is.
bool is_pipe_or_device(int descriptor) {
  struct stat info {};
  return ::fstat(descriptor, &info) == 0 &&
         (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode) || S_ISCHR(info.st_mode));
}

}  // namespace

Status stopped_within(std::size_t bytes) {
  if (bytes == 0) return {StatusCode::kCancelled, ""};
  return {StatusCode::kCancelled,
          fmt::format("{} bytes at the end were read, are no whole row, and are not kept", bytes)};
}

// This becomes readable, for good, when the stop is asked for.
class StoredFile::StopDescriptor {
 public:
  explicit StopDescriptor(const std::stop_token& stop) : callback_(stop, Wake{event_.value}) {}
  StopDescriptor(const StopDescriptor&) = delete;
  StopDescriptor& operator=(const StopDescriptor&) = delete;

  int get() const { return event_.value; }

 private:
  struct Event {
    const int value = ::eventfd(0, EFD_CLOEXEC);
    ~Event() {
      if (value >= 0) ::close(value);
    }
  };
  struct Wake {
    int descriptor;
    void operator()() const noexcept { ::eventfd_write(descriptor, 1); }
  };
  const Event event_;  // outlives the callback
  std::stop_callback<Wake> callback_;
};

Result<StoredFile> StoredFile::open(const std::string& path, SourceWait wait) {
  ROLLCALL_RETURN_IF_ERROR(open_standard_descriptors());
  ROLLCALL_RETURN_IF_ERROR(check_path(path));
  const bool standard_input = path == "-";
  // Otherwise opening a FIFO would wait for its writer without noticing a stop.
  constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
  const int descriptor = standard_input ? STDIN_FILENO : ::open(path.c_str(), kFlags);
  if (descriptor < 0) {
    const std::string message = fmt::format("{}: cannot be opened: {}", path, errno_text());
    return errno == ENOENT ? Status::not_found(message) : Status::io_error(message);
  }
  StoredFile file(descriptor, standard_input ? "standard input" : path, std::move(wait));
  if (file.may_pause_ && file.wait_.stop.stop_possible()) {
    file.stop_descriptor_ = std::make_unique<StopDescriptor>(file.wait_.stop);
    if (file.stop_descriptor_->get() < 0) return file.failure();
  }
  return file;
}

StoredFile::StoredFile(int descriptor, std::string name, SourceWait wait)
    : descriptor_(descriptor),
      name_(std::move(name)),
      wait_(std::move(wait)),
      may_pause_(is_pipe_or_device(descriptor)),
      next_second_(Clock::now() + kSecond) {}

StoredFile::StoredFile(StoredFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      name_(std::move(other.name_)),
      wait_(std::move(other.wait_)),
      may_pause_(other.may_pause_),
      stop_descriptor_(std::move(other.stop_descriptor_)),
      next_second_(other.next_second_),
      ahead_(std::move(other.ahead_)),
      bytes_read_(other.bytes_read_) {}

StoredFile::~StoredFile() {
  if (descriptor_ > STDIN_FILENO) ::close(descriptor_);
}

Result<std::string_view> StoredFile::look_ahead(std::size_t size) {
  std::string ahead(size, '\0');
  std::size_t got = 0;
  for (bool at_end = false; got < size && !at_end;) {
    const Result<ReadBytes> read = read_stored(ahead.data() + got, size - got, {});
    if (read.status().code() == StatusCode::kCancelled) return stopped_within(got);
    ROLLCALL_RETURN_IF_ERROR(read.status());
    got += read->size;
    at_end = read->at_end;
  }
  ahead.resize(got);
  ahead_ = std::move(ahead);
  return std::string_view(ahead_);
}

Result<ReadBytes> StoredFile::read(char* out, std::size_t size,
                                   std::optional<Clock::time_point> deadline) {
  ReadBytes read;
  if (!ahead_.empty()) {
    read.size = ahead_.copy(out, size);
    ahead_.erase(0, read.size);
  } else {
    ROLLCALL_ASSIGN_OR_RETURN(read, read_stored(out, size, deadline));
  }
  bytes_read_ += read.size;
  return read;
}

Result<ReadBytes> StoredFile::read_stored(char* out, std::size_t size,
                                          std::optional<Clock::time_point> deadline) {
  for (;;) {
    if (wait_.stop.stop_requested()) return stopped_within(0);
    if (may_pause_) {
      ROLLCALL_ASSIGN_OR_RETURN(const bool there, wait_for_bytes(deadline));
      if (!there) return ReadBytes{};
    }
    const ssize_t got = ::read(descriptor_, out, size);
    if (got >= 0) return ReadBytes{static_cast<std::size_t>(got), got == 0};
    // Another reader of the pipe may have been faster.
    if (errno != EINTR && !(may_pause_ && errno == EAGAIN)) return failure();
  }
}

// Returns false if the deadline has passed.
Result<bool> StoredFile::wait_for_bytes(std::optional<Clock::time_point> deadline) {
  for (;;) {
    if (wait_.stop.stop_requested()) return stopped_within(0);
    const Clock::time_point now = Clock::now();
    if (now >= next_second_) {
      if (wait_.each_second) ROLLCALL_RETURN_IF_ERROR(wait_.each_second());
      next_second_ = Clock::now() + kSecond;
    }
    if (deadline && now >= *deadline) return false;
    const Clock::time_point until = std::min(next_second_, deadline.value_or(next_second_));
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now);
    pollfd awaited[] = {
        {descriptor_, POLLIN, 0},
        {stop_descriptor_ ? stop_descriptor_->get() : -1, POLLIN, 0},
    };
    const int count = ::poll(awaited, std::size(awaited), static_cast<int>(left.count()));
    if (count < 0 && errno != EINTR) return failure();
    if (count > 0 && awaited[0].revents != 0) return true;
  }
}

Status StoredFile::failure() const {
  return Status::io_error(fmt::format("{}: cannot be read: {}", name_, errno_text()));
}

}  // namespace rollcall
