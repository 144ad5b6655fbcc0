#include "storage/commit_record.h"
#include "tests/support/error_text.h"

#include <gtest/gtest.h>

#include <string>

namespace rollcall {
namespace {

CommitFacts some_facts() {
  CommitFacts facts;
  facts.store_id.fill('s');
  facts.epoch = 42;
  facts.written_page_count = 3;
  facts.live_page_count = 9;
  facts.previous_digest = 0x0102030405060708;
  facts.pages_digest = fold_page_checksum(fold_page_checksum(0, 1), 2);
  return facts;
}

TEST(CommitRecord, DecodingUndoesEncoding) {
  CommitFacts facts = some_facts();
  const std::string value = encode_commit_record(facts, std::string("mani\0fest", 9));
  const Result<CommitRecord> record = decode_commit_record(value, "/data/retail.db");
  ASSERT_TRUE(record.ok()) << record.status().to_string();
  EXPECT_EQ(record->manifest, std::string("mani\0fest", 9));
  EXPECT_EQ(record->facts.store_id, facts.store_id);
  EXPECT_EQ(record->facts.epoch, facts.epoch);
  EXPECT_EQ(record->facts.written_page_count, facts.written_page_count);
  EXPECT_EQ(record->facts.live_page_count, facts.live_page_count);
  EXPECT_EQ(record->facts.previous_digest, facts.previous_digest);
  EXPECT_EQ(record->facts.pages_digest, facts.pages_digest);
  EXPECT_EQ(record->facts.digest, facts.digest);
}

TEST(CommitRecord, EveryFlippedBitAndMissingTailIsNoticed) {
  const std::string path = "/data/retail.db";
  CommitFacts facts = some_facts();
  const std::string value = encode_commit_record(facts, "manifest");
  for (std::size_t i = 0; i < value.size(); ++i) {
    EXPECT_FALSE(decode_commit_record(value.substr(0, i), path).ok()) << i;
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = value;
      damaged[i] = static_cast<char>(static_cast<unsigned char>(damaged[i]) ^ (1u << bit));
      const Result<CommitRecord> record = decode_commit_record(damaged, path);
      ASSERT_FALSE(record.ok()) << "byte " << i << " bit " << bit;
      EXPECT_EQ(record.status().code(), StatusCode::kCorruption);
      EXPECT_TRUE(repeats(record.status(), path));
    }
  }
}

TEST(CommitRecord, DigestDependsOnTheOrderOfPages) {
  EXPECT_NE(fold_page_checksum(fold_page_checksum(0, 1), 2),
            fold_page_checksum(fold_page_checksum(0, 2), 1));
}

}  // namespace
}  // namespace rollcall
