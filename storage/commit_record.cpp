#include "storage/commit_record.h"

#include <xxhash.h>

#include <algorithm>
#include <tuple>

#include "storage/little_endian.h"

namespace rollcall {

namespace {

constexpr char kRecordVersion = 1;
constexpr std::size_t kDigestOffset = 1;
constexpr std::size_t kDigestedOffset = kDigestOffset + 8;
constexpr std::size_t kManifestOffset = kDigestedOffset + std::tuple_size_v<StoreId> + 5 * 8;

Status record_corruption(const std::string& directory, const std::string& reason) {
  return Status::corruption(directory + ": the commit record " + reason);
}

}  // namespace

CommitFacts first_facts(const StoreId& store_id) {
  CommitFacts facts;
  facts.store_id = store_id;
  encode_commit_record(facts, "");
  return facts;
}

std::uint64_t fold_page_checksum(std::uint64_t pages_digest, std::uint64_t page_checksum) {
  std::string bytes;
  append_u64(bytes, page_checksum);
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), pages_digest);
}

std::string encode_commit_record(CommitFacts& facts, std::string_view manifest) {
  std::string digested;
  digested.reserve(kManifestOffset - kDigestedOffset + manifest.size());
  digested.append(facts.store_id.begin(), facts.store_id.end());
  append_u64(digested, facts.epoch);
  append_u64(digested, facts.written_page_count);
  append_u64(digested, facts.live_page_count);
  append_u64(digested, facts.previous_digest);
  append_u64(digested, facts.pages_digest);
  digested.append(manifest);
  facts.digest = XXH3_64bits(digested.data(), digested.size());

  std::string value(1, kRecordVersion);
  value.reserve(kDigestedOffset + digested.size());
  append_u64(value, facts.digest);
  return value += digested;
}

Result<CommitRecord> decode_commit_record(std::string_view value, const std::string& directory) {
  if (value.size() < kManifestOffset) {
    return record_corruption(directory, "has " + std::to_string(value.size()) +
                                            " bytes, fewer than the " +
                                            std::to_string(kManifestOffset) + " before a manifest");
  }
  if (value[0] != kRecordVersion) {
    return record_corruption(
        directory,
        "has version " + std::to_string(static_cast<unsigned char>(value[0])) + ", not 1");
  }
  CommitRecord record;
  record.facts.digest = load_u64(value.data() + kDigestOffset);
  if (XXH3_64bits(value.data() + kDigestedOffset, value.size() - kDigestedOffset) !=
      record.facts.digest) {
    return record_corruption(directory, "does not match its digest");
  }
  const char* field = value.data() + kDigestedOffset;
  std::copy_n(field, record.facts.store_id.size(), record.facts.store_id.begin());
  field += record.facts.store_id.size();
  for (std::uint64_t* number :
       {&record.facts.epoch, &record.facts.written_page_count, &record.facts.live_page_count,
        &record.facts.previous_digest, &record.facts.pages_digest}) {
    *number = load_u64(field);
    field += 8;
  }
  record.manifest = value.substr(kManifestOffset);
  return record;
}

}  // namespace rollcall
