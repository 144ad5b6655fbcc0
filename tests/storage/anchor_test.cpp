#include "storage/anchor.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/storage/temporary_directory.h"
#include "tests/support/error_text.h"

namespace rollcall {
namespace {

constexpr std::size_t kSlotBytes = 4096;

StoreId store_id(char c) {
  StoreId id;
  id.fill(c);
  return id;
}

class AnchorTest : public testing::Test {
 protected:
  void flip_byte(std::size_t offset) {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(offset));
    const int byte = file.get();
    file.seekp(static_cast<std::streamoff>(offset));
    file.put(static_cast<char>(byte ^ 0x10));
    ASSERT_TRUE(file.good());
  }

  Result<Anchor> open() { return Anchor::open(path_, Anchor::Access::kRead); }

  TemporaryDirectory directory_;
  std::string path_ = directory_.path("ANCHOR");
  AnchorState first_{store_id('a'), 5, 55};
  AnchorState second_{store_id('a'), 6, 66};
  AnchorState third_{store_id('a'), 7, 77};
};

TEST_F(AnchorTest, MissingFileIsNotFound) {
  EXPECT_EQ(open().status().code(), StatusCode::kNotFound);
}

TEST_F(AnchorTest, LastWriteIsReadBack) {
  Result<Anchor> anchor = Anchor::create(path_, first_);
  ASSERT_TRUE(anchor.ok()) << anchor.status().to_string();
  EXPECT_EQ(open()->state(), first_);
  for (const AnchorState& state : {second_, third_}) {
    ASSERT_TRUE(anchor->write(state).ok());
    EXPECT_EQ(anchor->state(), state);
    EXPECT_EQ(open()->state(), state);
  }
  EXPECT_EQ(std::filesystem::file_size(path_), 2 * kSlotBytes);
}

TEST_F(AnchorTest, EachDamagedByteOfTheLastSlotFallsBackToTheOneBefore) {
  {
    Result<Anchor> anchor = Anchor::create(path_, first_);
    ASSERT_TRUE(anchor.ok() && anchor->write(second_).ok());
  }
  for (std::size_t i = kSlotBytes; i < 2 * kSlotBytes; ++i) {
    flip_byte(i);
    const Result<Anchor> anchor = open();
    ASSERT_TRUE(anchor.ok()) << anchor.status().to_string();
    ASSERT_EQ(anchor->state(), first_) << i;
    flip_byte(i);
  }
  EXPECT_EQ(open()->state(), second_);
}

TEST_F(AnchorTest, WriteAfterDamageSparesTheIntactSlot) {
  ASSERT_TRUE(Anchor::create(path_, first_)->write(second_).ok());
  flip_byte(kSlotBytes);
  {
    Result<Anchor> anchor = Anchor::open(path_, Anchor::Access::kWrite);
    ASSERT_EQ(anchor->state(), first_);
    ASSERT_TRUE(anchor->write(third_).ok());
  }
  EXPECT_EQ(open()->state(), third_);
  flip_byte(kSlotBytes);
  EXPECT_EQ(open()->state(), first_);
}

TEST_F(AnchorTest, TwoDamagedSlotsAreAnErrorThatNamesTheFile) {
  ASSERT_TRUE(Anchor::create(path_, first_).ok());
  flip_byte(0);
  flip_byte(kSlotBytes + 47);
  EXPECT_EQ(open().status().code(), StatusCode::kCorruption);
  EXPECT_TRUE(repeats(open().status(), path_));
}

TEST_F(AnchorTest, CutFileKeepsTheFirstSlotOrIsDamaged) {
  ASSERT_TRUE(Anchor::create(path_, first_).ok());
  std::filesystem::resize_file(path_, 2 * kSlotBytes - 1);
  EXPECT_EQ(open()->state(), first_);
  std::filesystem::resize_file(path_, kSlotBytes - 1);
  EXPECT_EQ(open().status().code(), StatusCode::kCorruption);
  std::filesystem::resize_file(path_, 0);
  EXPECT_EQ(open().status().code(), StatusCode::kCorruption);
}

class AnchorComparison : public testing::Test {
 protected:
  static CommitFacts facts(Epoch epoch, std::uint64_t previous_digest, std::uint64_t digest) {
    CommitFacts facts;
    facts.store_id = store_id('a');
    facts.epoch = epoch;
    facts.previous_digest = previous_digest;
    facts.digest = digest;
    return facts;
  }

  static bool accepts(const CommitFacts& last, Anchor::Access access) {
    const AnchorState anchor{store_id('a'), 5, 55};
    const Status status = check_no_rollback(anchor, last, access, "/data/retail.db");
    EXPECT_TRUE(status.ok() || status.code() == StatusCode::kCorruption);
    return status.ok();
  }
};

TEST_F(AnchorComparison, SameCommitOrTheNextIsFine) {
  EXPECT_TRUE(accepts(facts(5, 44, 55), Anchor::Access::kWrite));
  EXPECT_TRUE(accepts(facts(6, 55, 66), Anchor::Access::kWrite));
}

TEST_F(AnchorComparison, OlderOrDifferentHistoryIsRefused) {
  EXPECT_FALSE(accepts(facts(4, 33, 44), Anchor::Access::kWrite));
  EXPECT_FALSE(accepts(facts(4, 33, 44), Anchor::Access::kRead));
  EXPECT_FALSE(accepts(facts(5, 44, 56), Anchor::Access::kRead));
  EXPECT_FALSE(accepts(facts(6, 56, 66), Anchor::Access::kRead));
}

TEST_F(AnchorComparison, OnlyAReaderMayFindADatabaseFarAhead) {
  EXPECT_TRUE(accepts(facts(7, 66, 77), Anchor::Access::kRead));
  EXPECT_FALSE(accepts(facts(7, 66, 77), Anchor::Access::kWrite));
}

TEST_F(AnchorComparison, RefusalSaysHowFar) {
  const Status status = check_no_rollback({store_id('a'), 9, 99}, facts(4, 33, 44),
                                          Anchor::Access::kWrite, "/data/retail.db");
  EXPECT_EQ(status.message(),
            "the store went back in time: /data/retail.db/rocksdb holds commit 4, but "
            "/data/retail.db/ANCHOR has seen commit 9; put the newer database back, or accept the "
            "rollback and ingest again what it lost");
  EXPECT_EQ(status.hint(), OptionHint(Option::kAcceptRollback, "true"));
}

TEST_F(AnchorComparison, AnotherStoreIsRefused) {
  EXPECT_TRUE(check_same_store({store_id('a'), 9, 99}, facts(9, 0, 99), "/data/retail.db").ok());
  const Status status =
      check_same_store({store_id('b'), 9, 99}, facts(9, 0, 99), "/data/retail.db");
  EXPECT_EQ(status.code(), StatusCode::kCorruption);
  EXPECT_TRUE(repeats(status, to_string(store_id('b'))));
}

}  // namespace
}  // namespace rollcall
