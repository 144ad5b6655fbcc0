// This is an open file, pipe or device, whose bytes may take long to arrive.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "rollcall/status.h"

namespace rollcall {

// Says how to wait for bytes.
struct SourceWait {
  // Once a stop is requested, reading ends with kCancelled, immediately if it is waiting.
  std::stop_token stop;
  // Is called about once a second while a pipe or a device is read, by the thread that reads. An
  // error ends the reading and is returned unchanged. It may be empty.
  std::function<Status()> each_second;
};

// Is the result of a read.
struct ReadBytes {
  std::size_t size = 0;
  bool at_end = false;  // nothing follows
};

// Returns the error of a reading that was stopped after `bytes` had been read at the end that are
// no whole record. Its text is empty if there are none.
Status stopped_within(std::size_t bytes);

// One thread may use it at a time.
class StoredFile {
 public:
  using Clock = std::chrono::steady_clock;

  // Opens a path, or "-" for standard input. A FIFO is opened before anybody writes to it.
  //   kNotFound  no such file      kIoError  it cannot be opened
  static Result<StoredFile> open(const std::string& path, SourceWait wait);
  // Takes over an open descriptor. A stop is noticed between reads only.
  StoredFile(int descriptor, std::string name, SourceWait wait);
  StoredFile(StoredFile&&) noexcept;
  StoredFile& operator=(StoredFile&&) = delete;
  ~StoredFile();

  const std::string& name() const { return name_; }
  std::uint64_t bytes_read() const { return bytes_read_; }
  // Returns whether its bytes may pause: it is a pipe, a socket or a device.
  bool may_pause() const { return may_pause_; }

  // Returns the first `size` bytes, or all there are. Call it before any read.
  Result<std::string_view> look_ahead(std::size_t size);

  // Reads what there is, at least one byte; it waits for that until the deadline, or as long as it
  // takes. If there are no bytes before the end, the deadline has passed.
  //   kCancelled  stopped      kIoError  the operating system refused
  Result<ReadBytes> read(char* out, std::size_t size, std::optional<Clock::time_point> deadline);

 private:
  class StopDescriptor;

  Result<bool> wait_for_bytes(std::optional<Clock::time_point> deadline);
  Result<ReadBytes> read_stored(char* out, std::size_t size,
                                std::optional<Clock::time_point> deadline);
  Status failure() const;

  int descriptor_;
  std::string name_;
  SourceWait wait_;
  bool may_pause_;
  std::unique_ptr<StopDescriptor> stop_descriptor_;  // if it may pause and may be stopped
  Clock::time_point next_second_;
  std::string ahead_;
  std::uint64_t bytes_read_ = 0;
};

}  // namespace rollcall
