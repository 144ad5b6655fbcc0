// The value under kCommitRecordKey holds the facts of the last commit, and its manifest:
//
//   version             1 byte, 1
//   digest              8 bytes: XXH3-64 of all that follows
//   store id            16 bytes
//   epoch               8 bytes
//   pages written       8 bytes
//   live pages          8 bytes
//   previous digest     8 bytes: that of the record before this one
//   pages digest        8 bytes: the checksums of the pages written, folded in their order
//   manifest            the rest
//
// The digests form a chain: two stores with the same last digest have the same history.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "rollcall/store.h"
#include "storage/store_id.h"

namespace rollcall {

struct CommitFacts {
  StoreId store_id{};
  Epoch epoch = 0;  // 0: the store was made, and has no manifest yet
  std::uint64_t written_page_count = 0;
  std::uint64_t live_page_count = 0;
  std::uint64_t previous_digest = 0;
  std::uint64_t pages_digest = 0;
  std::uint64_t digest = 0;
};

struct CommitRecord {
  CommitFacts facts;
  std::string manifest;
};

// Returns the facts of a new store, which has no commit yet.
CommitFacts first_facts(const StoreId& store_id);

// Extends the pages digest, which begins as 0, by the next page's checksum.
std::uint64_t fold_page_checksum(std::uint64_t pages_digest, std::uint64_t page_checksum);

// Returns the stored value, and sets facts.digest.
std::string encode_commit_record(CommitFacts& facts, std::string_view manifest);

//   kCorruption  the value is not what was written; the text names the directory
Result<CommitRecord> decode_commit_record(std::string_view value, const std::string& directory);

}  // namespace rollcall
