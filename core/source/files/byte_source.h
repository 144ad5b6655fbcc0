// Reads the bytes of a file or of standard input, decompressed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/source/files/stored_file.h"
#include "rollcall/status.h"

namespace rollcall {

// Reads forwards, once. The first bytes of the content, not its name, tell whether it is gzip (any
// number of members), zstd (any number of frames) or plain. One thread may use it at a time.
class ByteSource {
 public:
  // Opens a path; "-" is standard input. `wait` says how to wait for slow input.
  //   kNotFound     no such file          kIoError  it cannot be opened
  //   kUnsupported  it is compressed in another way
  //   kCancelled    stopped
  static Result<std::unique_ptr<ByteSource>> open(const std::string& path, SourceWait wait = {});
  // Does the same for an open file, which it takes over. `name` begins the errors. zstd keeps what
  // it decompressed last in a window, whose size the file tells. If `window_bytes_max` is given,
  // the window may have at most that many bytes.
  static Result<std::unique_ptr<ByteSource>> take(int descriptor, std::string name,
                                                  std::optional<std::size_t> window_bytes_max = {});
  virtual ~ByteSource() = default;

  // Fills `out` with the next `size` bytes, which are more than 0. It returns fewer at the end, if
  // a second has passed since the first of them came through a pipe, and if it is stopped. It
  // returns none only at the end.
  //   kIoError            the operating system refused to read
  //   kCorruption         compressed bytes are damaged or cut off
  //   kResourceExhausted  the window is too small for them
  //   kCancelled          stopped, and all that came before has been returned
  Result<ReadBytes> read(char* out, std::size_t size);

  // Returns how many bytes were read as they are stored, compressed or not.
  std::uint64_t stored_bytes_read() const { return file_.bytes_read(); }

  // Returns whether the content is compressed. Damage to compressed bytes may show only long after
  // some of them were read, since their checksums stand at the end.
  virtual bool is_compressed() const = 0;

  // Returns what the window of zstd takes.
  virtual std::size_t window_bytes() const { return 0; }

  // Returns whether some of what was read had no checksum, as a zstd frame may: damage may go
  // unnoticed.
  virtual bool is_unchecked() const { return false; }

 protected:
  using Deadline = std::optional<StoredFile::Clock::time_point>;

  explicit ByteSource(StoredFile file) : file_(std::move(file)) {}
  StoredFile& file() { return file_; }
  const StoredFile& file() const { return file_; }

  // Returns at least one byte; none at the end, or if the deadline has passed.
  virtual Result<ReadBytes> read_some(char* out, std::size_t size, Deadline deadline) = 0;

 private:
  static Result<std::unique_ptr<ByteSource>> of(StoredFile file,
                                                std::optional<std::size_t> window_bytes_max);

  StoredFile file_;
};

// Returns the note for a file of which some had no checksum.
std::string note_of_unchecked(std::string_view name);

// Reads a file to its end, and returns what `read` says about it.
Status check_to_the_end(const std::string& path, const SourceWait& wait);

// Returns the size of a file on disk; nullopt for pipes and standard input, which have none.
std::optional<std::uint64_t> stored_size(const std::string& path);

}  // namespace rollcall
