// An open file, pipe or device, whose bytes may be long in coming.
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

// How to wait for bytes.
struct SourceWait {
  // Once it is asked to stop, reading ends with kCancelled, at once where it waits.
  std::stop_token stop;
  // Called about once a second while a pipe or a device is read, by the thread that reads. An error
  // ends the reading, and is returned as it is. May be empty.
  std::function<Status()> each_second;
};

// What a read has brought.
struct ReadBytes {
  std::size_t size = 0;
  bool at_end = false;  // nothing follows
};

// The error of a reading that was stopped, when `bytes` at the end had been read and are no whole
// record. Its text is empty where there are none.
Status stopped_within(std::size_t bytes);

// Threads: one at a time.
class StoredFile {
 public:
  using Clock = std::chrono::steady_clock;

  // A path, or "-" for standard input. A FIFO is opened before anybody writes to it.
  //   kNotFound  no such file      kIoError  it cannot be opened
  static Result<StoredFile> open(const std::string& path, SourceWait wait);
  // Takes an open descriptor over; its stop is seen between reads only.
  StoredFile(int descriptor, std::string name, SourceWait wait);
  StoredFile(StoredFile&&) noexcept;
  StoredFile& operator=(StoredFile&&) = delete;
  ~StoredFile();

  const std::string& name() const { return name_; }
  std::uint64_t bytes_read() const { return bytes_read_; }
  // Whether its bytes come in their own time: it is a pipe, a socket or a device.
  bool may_pause() const { return may_pause_; }

  // The first `size` bytes, or all there are. Call before any read.
  Result<std::string_view> look_ahead(std::size_t size);

  // Reads what there is, at least a byte; waits for it until the deadline, or as long as it takes.
  // None before the end: the deadline has passed.
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
  std::unique_ptr<StopDescriptor> stop_descriptor_;  // of one that may pause and may be stopped
  Clock::time_point next_second_;
  std::string ahead_;
  std::uint64_t bytes_read_ = 0;
};

}  // namespace rollcall
