// User ids as text, and lists of them in files.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

// An integer, or any text. `where` begins the error: a file and line, a flag.
//   kInvalidArgument  `text` is no id of the kind
Result<UserId> parse_user(std::string_view text, UserKind kind, const std::string& where);

struct UserFileOptions {
  // It bounds the text, decompressed, and the ids together.
  std::size_t memory_bytes_max = std::numeric_limits<std::size_t>::max();
  // Gets what the reader should know of a list that was read, unless null.
  std::vector<std::string>* notes = nullptr;
};

// Reads a list of users, of one of these forms, plain or in gzip or zstd; its text tells which:
//   lines   one id a line, as it stands
//   CSV     with a header, of whose columns (between , ; or tabs) one is `user`; quotes as usual.
//           A file whose name ends in ".csv" or ".tsv" must be one
//   JSON    the members of a cell as the command line writes them, one answer or an array of them;
//           or {"user": ID} a line, whatever else the object has. A file whose name ends in
//           ".json", ".jsonl" or ".ndjson" must be one
// Blank lines and empty ids do not count; an id may stand there more than once. A first line `user`
// is a header. The text may have 256 MiB and 2^24 users; an id, a field and a text of JSON 1 MiB
// each. Errors do not quote it.
//   kNotFound           there is no such file
//   kIoError            it cannot be read
//   kInvalidArgument    it is no regular file, or too large, or damaged gzip or zstd, or none of
//                       these forms; or an id that is none of the kind; the text has file and line
//   kUnsupported        it is compressed in another way
//   kResourceExhausted  it takes more memory than the options allow
Result<std::vector<UserId>> read_user_file(const std::string& path, UserKind kind,
                                           const UserFileOptions& options = {});

}  // namespace rollcall
