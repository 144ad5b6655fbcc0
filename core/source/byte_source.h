// The bytes of a file or of standard input, decompressed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "rollcall/status.h"

namespace rollcall {

// Reads forwards, once. Whether content is gzip (any number of members), zstd (any number of
// frames) or plain is told by its first bytes, whatever its name. Threads: one at a time.
class ByteSource {
 public:
  // "-" is standard input.
  //   kNotFound     no such file          kIoError  it cannot be opened
  //   kUnsupported  it is compressed in another way
  static Result<std::unique_ptr<ByteSource>> open(const std::string& path);
  virtual ~ByteSource() = default;

  // Fills `out` with the next `size` bytes; fewer only at the end, 0 after it.
  //   kIoError     the operating system refused to read
  //   kCorruption  compressed bytes are damaged or cut off
  virtual Result<std::size_t> read(char* out, std::size_t size) = 0;

  // Of what is stored, compressed or not.
  virtual std::uint64_t stored_bytes_read() const = 0;

  // Compressed bytes may turn out to be damaged long after some of them were read: their checksums
  // stand at the end.
  virtual bool is_compressed() const = 0;

  // Some of what was read had no checksum, as a frame of zstd may not: damage may go unnoticed.
  virtual bool is_unchecked() const { return false; }
};

// Reads a file to its end, and returns what `read` has to say about it.
Status check_to_the_end(const std::string& path);

// What a file takes on disk; nullopt for what has no size: pipes, standard input.
std::optional<std::uint64_t> stored_size(const std::string& path);

}  // namespace rollcall
