// The bytes of a file or of standard input, decompressed.
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

// Reads forwards, once. Whether content is gzip (any number of members), zstd (any number of
// frames) or plain is told by its first bytes, whatever its name. Threads: one at a time.
class ByteSource {
 public:
  // "-" is standard input. `wait` says how to wait for what is slow.
  //   kNotFound     no such file          kIoError  it cannot be opened
  //   kUnsupported  it is compressed in another way
  //   kCancelled    stopped
  static Result<std::unique_ptr<ByteSource>> open(const std::string& path, SourceWait wait = {});
  // The same of an open file, which it takes over. `name` begins the errors. What was read last and
  // is decompressed by, zstd keeps in a window, as large as the file says: of at most
  // `window_bytes_max`, where it is given.
  static Result<std::unique_ptr<ByteSource>> take(int descriptor, std::string name,
                                                  std::optional<std::size_t> window_bytes_max = {});
  virtual ~ByteSource() = default;

  // Fills `out` with the next `size` bytes, more than 0; with fewer at the end, when a second has
  // passed since the first of them came through a pipe, and when it is stopped. Brings none only at
  // the end.
  //   kIoError            the operating system refused to read
  //   kCorruption         compressed bytes are damaged or cut off
  //   kResourceExhausted  the window is too small for them
  //   kCancelled          stopped, and all that came before is given away
  Result<ReadBytes> read(char* out, std::size_t size);

  // Of what is stored, compressed or not.
  std::uint64_t stored_bytes_read() const { return file_.bytes_read(); }

  // Compressed bytes may turn out to be damaged long after some of them were read: their checksums
  // stand at the end.
  virtual bool is_compressed() const = 0;

  // What the window of zstd takes.
  virtual std::size_t window_bytes() const { return 0; }

  // Some of what was read had no checksum, as a frame of zstd may not: damage may go unnoticed.
  virtual bool is_unchecked() const { return false; }

 protected:
  using Deadline = std::optional<StoredFile::Clock::time_point>;

  explicit ByteSource(StoredFile file) : file_(std::move(file)) {}
  StoredFile& file() { return file_; }
  const StoredFile& file() const { return file_; }

  // Brings at least a byte; none at the end, or when the deadline has passed.
  virtual Result<ReadBytes> read_some(char* out, std::size_t size, Deadline deadline) = 0;

 private:
  static Result<std::unique_ptr<ByteSource>> of(StoredFile file,
                                                std::optional<std::size_t> window_bytes_max);

  StoredFile file_;
};

// What to say of a file of which some had no checksum.
std::string note_of_unchecked(std::string_view name);

// Reads a file to its end, and returns what `read` has to say about it.
Status check_to_the_end(const std::string& path, const SourceWait& wait);

// What a file takes on disk; nullopt for what has no size: pipes, standard input.
std::optional<std::uint64_t> stored_size(const std::string& path);

}  // namespace rollcall
