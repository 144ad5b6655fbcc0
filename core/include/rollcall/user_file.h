// Reads user ids from text, and lists of them from files.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

// Reads a user id of the kind: a canonical integer, or any text. `where`, such as a file and line
// or a flag, begins the error.
//   kInvalidArgument  `text` is not an id of the kind
Result<UserId> parse_user(std::string_view text, UserKind kind, const std::string& where);

struct UserFileOptions {
  // This bounds the decompressed text and the ids together.
  std::size_t memory_bytes_max = std::numeric_limits<std::size_t>::max();
  // Receives what the reader should know about a list that was read; may be null.
  std::vector<std::string>* notes = nullptr;
};

// Reads a list of users in one of these forms, plain or in gzip or zstd. Its content tells which:
//   lines   one id per line, as it stands
//   CSV     with a header, one of whose columns (between , ; or tabs) is `user`, and the usual
//           quotes. A file whose name ends in ".csv" or ".tsv" must be CSV
//   JSON    the members of a cell as the command line writes them, one answer or an array of them;
//           or one object {"user": ID} per line, whose other members are ignored. A file whose name
//           ends in ".json", ".jsonl" or ".ndjson" must be JSON
//   Roaring a set of ids, or of ordinals with its dictionary beside it, as roaring.h says; also
//           the portable format of 32 bits
// Blank lines and empty ids do not count, and an id may appear more than once. A first line `user`
// is a header. The text may have at most 256 MiB and 2^24 users; an id, a field and a JSON text at
// most 1 MiB each. Errors do not quote the text.
//   kNotFound           there is no such file, or no dictionary
//   kIoError            it cannot be read
//   kInvalidArgument    it is not a regular file, is too large, is damaged gzip, zstd or Roaring,
//                       or has none of these forms; or an id is not of the kind, and the text has
//                       the file and line, or byte
//   kUnsupported        it is compressed in another way
//   kResourceExhausted  it takes more memory than the options allow
Result<std::vector<UserId>> read_user_file(const std::string& path, UserKind kind,
                                           const UserFileOptions& options = {});

}  // namespace rollcall
