// This tests what store.h promises. A test of a store includes it, and says by
// INSTANTIATE_TEST_SUITE_P how its store is opened.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "rollcall/store.h"
#include "tests/storage/commits.h"
#include "tests/storage/history_checks.h"
#include "tests/support/error_text.h"

namespace rollcall {
namespace {

// Is a place where a store can be opened again and again.
class Medium {
 public:
  virtual ~Medium() = default;
  virtual std::unique_ptr<Store> open() = 0;
};

struct MediumKind {
  std::string name;
  std::function<std::unique_ptr<Medium>()> make;

  friend void PrintTo(const MediumKind& kind, std::ostream* out) { *out << kind.name; }
};

class StoreContract : public ::testing::TestWithParam<MediumKind> {
 protected:
  void SetUp() override { reopen(); }

  void reopen() {
    store_.reset();
    store_ = medium_->open();
    ASSERT_NE(store_, nullptr);
  }

  std::shared_ptr<const StoreView> view() {
    auto view = store_->view();
    EXPECT_TRUE(view.ok()) << view.status().to_string();
    return *view;
  }

  Epoch last_epoch() {
    const auto last = store_->last_commit();
    EXPECT_TRUE(last.ok()) << last.status().to_string();
    return *last ? (*last)->epoch : 0;
  }

  void expect_page(const StoreView& view, const PageAddress& address, const std::string& bytes) {
    const Result<std::string> found = view.read(address);
    ASSERT_TRUE(found.ok()) << found.status().to_string();
    EXPECT_EQ(*found, bytes);
  }

  void expect_missing(const StoreView& view, const PageAddress& address) {
    const Result<std::string> found = view.read(address);
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.status().code(), StatusCode::kCorruption);
    const std::string& message = found.status().message();
    EXPECT_TRUE(repeats(message, to_string(address.id))) << message;
    EXPECT_TRUE(repeats(message, std::to_string(address.epoch))) << message;
  }

  void commit(const Commit& commit) {
    const Status status = store_->commit(commit);
    ASSERT_TRUE(status.ok()) << status.to_string();
  }

  std::unique_ptr<Medium> medium_ = GetParam().make();
  std::unique_ptr<Store> store_;
};

TEST_P(StoreContract, NewStoreHasNoCommit) {
  EXPECT_EQ(last_epoch(), 0u);
  EXPECT_FALSE(store_->read_only());
  EXPECT_EQ(store_->size()->page_count, 0u);
  expect_missing(*view(), {page_id(1), 1});
  reopen();
  EXPECT_EQ(last_epoch(), 0u);
}

TEST_P(StoreContract, CommitIsReadBackAlsoAfterReopening) {
  const std::string with_zeros("a\0b\0", 4);
  const std::string large(std::size_t{5} << 20, 'x');
  commit(make_commit(1, {{page_id(1), with_zeros}, {page_id(2), ""}, {page_id(3), large}}, {},
                     std::string("mani\0fest", 9)));
  for (int opening = 0; opening < 2; ++opening) {
    SCOPED_TRACE(opening);
    const auto last = store_->last_commit();
    ASSERT_TRUE(last.ok() && last->has_value());
    EXPECT_EQ((*last)->epoch, 1u);
    EXPECT_EQ((*last)->manifest, std::string("mani\0fest", 9));
    expect_page(*view(), {page_id(1), 1}, with_zeros);
    expect_page(*view(), {page_id(2), 1}, "");
    expect_page(*view(), {page_id(3), 1}, large);
    EXPECT_EQ(store_->size()->page_count, 3u);
    EXPECT_GT(store_->size()->disk_bytes, 0u);
    reopen();
  }
}

TEST_P(StoreContract, CommitWithoutPagesCounts) {
  commit(make_commit(1, {}, {}, ""));
  EXPECT_EQ(last_epoch(), 1u);
  commit(make_commit(2, {}, {}, "second"));
  reopen();
  EXPECT_EQ(last_epoch(), 2u);
}

TEST_P(StoreContract, LargeCommitsAreReadBackAlsoAfterReopening) {
  const auto pages = [](char content) {
    std::vector<PageWrite> writes;
    for (std::uint32_t number = 0; number < 12; ++number) {
      writes.push_back({page_id(number), std::string(std::size_t{1} << 20, content)});
    }
    return writes;
  };
  std::vector<PageAddress> superseded;
  for (Epoch epoch = 1; epoch <= 12; ++epoch) {
    SCOPED_TRACE(epoch);
    const char content = static_cast<char>('a' + epoch);
    commit(make_commit(epoch, pages(content), superseded, ""));
    for (const PageAddress& address : superseded) expect_missing(*view(), address);
    superseded.clear();
    for (const PageWrite& page : pages(content)) {
      expect_page(*view(), {page.id, epoch}, page.bytes);
      superseded.push_back({page.id, epoch});
    }
    EXPECT_EQ(store_->size()->page_count, 12u);
    if (epoch % 4 == 0) reopen();
  }
}

TEST_P(StoreContract, ManifestOfMegabytesIsReadBack) {
  const std::string manifest(std::size_t{6} << 20, 'm');
  commit(make_commit(1, {}, {}, manifest));
  reopen();
  EXPECT_EQ((*store_->last_commit())->manifest, manifest);
}

TEST_P(StoreContract, ViewKeepsWhatIsSupersededLater) {
  commit(make_commit(1, {{page_id(1), "old"}, {page_id(2), "same"}}, {}, ""));
  const auto before = view();
  commit(make_commit(2, {{page_id(1), "new"}}, {{page_id(1), 1}}, ""));
  const auto between = view();
  commit(make_commit(3, {{page_id(1), "newest"}}, {{page_id(1), 2}}, ""));

  expect_page(*before, {page_id(1), 1}, "old");
  expect_page(*before, {page_id(2), 1}, "same");
  expect_missing(*before, {page_id(1), 2});
  expect_missing(*between, {page_id(1), 1});
  expect_page(*between, {page_id(1), 2}, "new");
  expect_missing(*between, {page_id(1), 3});
  expect_missing(*view(), {page_id(1), 1});
  expect_missing(*view(), {page_id(1), 2});
  expect_page(*view(), {page_id(1), 3}, "newest");
  expect_page(*view(), {page_id(2), 1}, "same");
  EXPECT_EQ(store_->size()->page_count, 2u);
}

TEST_P(StoreContract, SupersededPagesTakeNoSpaceOnceNobodyReadsThem) {
  auto early = view();
  commit(make_commit(1, {{page_id(1), std::string(100'000, 'x')}}, {}, ""));
  auto middle = view();
  commit(make_commit(2, {{page_id(1), "small"}}, {{page_id(1), 1}}, ""));
  middle.reset();
  early.reset();
  EXPECT_EQ(store_->size()->page_count, 1u);
  if (GetParam().name == "Memory") {
    EXPECT_LT(store_->size()->disk_bytes, 1000u);
  }
}

TEST_P(StoreContract, FailingPageLeavesNothingVisible) {
  commit(make_commit(1, {{page_id(1), "one"}}, {}, "first"));
  for (const std::size_t page_bytes : {std::size_t{10}, std::size_t{3} << 20}) {
    SCOPED_TRACE(page_bytes);
    const std::string bytes(page_bytes, 'f');
    Commit failing = make_commit(
        2, {{page_id(0), bytes}, {page_id(1), bytes}, {page_id(2), bytes}, {page_id(3), bytes}},
        {{page_id(1), 1}}, "second");
    failing.encode = [encode = failing.encode](std::size_t number, std::string& page) {
      return number < 3 ? encode(number, page) : Status::resource_exhausted("no more pages");
    };
    const Status status = store_->commit(failing);
    EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
    EXPECT_EQ(status.message(), "no more pages");

    for (int opening = 0; opening < 2; ++opening) {
      SCOPED_TRACE(opening);
      EXPECT_EQ(last_epoch(), 1u);
      EXPECT_EQ((*store_->last_commit())->manifest, "first");
      EXPECT_EQ(store_->size()->page_count, 1u);
      expect_page(*view(), {page_id(1), 1}, "one");
      expect_missing(*view(), {page_id(3), 2});
      reopen();
    }
  }
  commit(make_commit(2, {{page_id(1), "two"}}, {{page_id(1), 1}}, "second"));
  expect_page(*view(), {page_id(1), 2}, "two");
  expect_missing(*view(), {page_id(3), 2});
}

// Pages are in the log, and in table files.
constexpr std::size_t kPartBytes[] = {10, std::size_t{5} << 20};

TEST_P(StoreContract, PagesWrittenAheadAreSeenFromThenOn) {
  commit(make_commit(1, {{page_id(1), "one"}}, {}, "first"));
  for (const std::size_t bytes : kPartBytes) {
    SCOPED_TRACE(bytes);
    const Epoch epoch = last_epoch() + 1;
    const std::string content(bytes, static_cast<char>('a' + epoch));
    // Parts come in any order.
    for (const std::uint32_t number : {7u, 3u, 5u}) {
      const Commit part = make_commit(epoch, {{page_id(number), content}}, {}, "");
      expect_missing(*view(), {page_id(number), epoch});
      ASSERT_TRUE(store_->write_ahead(part).ok());
      expect_page(*view(), {page_id(number), epoch}, content);
      EXPECT_EQ(last_epoch(), epoch - 1);
    }
    std::vector<PageAddress> superseded = {{page_id(1), epoch - 1}};
    if (epoch > 2) superseded.push_back({page_id(3), epoch - 1});
    commit(make_commit(epoch, {{page_id(1), "last"}}, superseded, "second"));
    for (int opening = 0; opening < 2; ++opening) {
      for (const std::uint32_t number : {3u, 5u, 7u}) {
        expect_page(*view(), {page_id(number), epoch}, content);
      }
      expect_page(*view(), {page_id(1), epoch}, "last");
      reopen();
    }
    EXPECT_EQ(store_->size()->page_count, 1 + 3 * (epoch - 1) - (epoch > 2 ? 1 : 0));
  }
}

TEST_P(StoreContract, PagesWrittenAheadOfNoCommitAreGone) {
  commit(make_commit(1, {{page_id(1), "one"}}, {}, "first"));
  for (const bool discards : {true, false}) {
    for (const std::size_t bytes : kPartBytes) {
      SCOPED_TRACE(bytes);
      const std::string content(bytes, 'x');
      for (const std::uint32_t number : {7u, 3u}) {
        ASSERT_TRUE(store_->write_ahead(make_commit(2, {{page_id(number), content}}, {}, "")).ok());
      }
      if (discards) {
        ASSERT_TRUE(store_->discard_ahead().ok());
        expect_missing(*view(), {page_id(3), 2});
      } else {
        reopen();
      }
      EXPECT_EQ(store_->size()->page_count, 1u);
      EXPECT_EQ(last_epoch(), 1u);
    }
  }
  ASSERT_TRUE(store_->write_ahead(make_commit(2, {{page_id(7), "seven"}}, {}, "")).ok());
  commit(make_commit(2, {}, {}, "second"));
  reopen();
  expect_page(*view(), {page_id(7), 2}, "seven");
  expect_missing(*view(), {page_id(3), 2});
  EXPECT_EQ(store_->size()->page_count, 2u);
}

TEST_P(StoreContract, OnlyTheNextCommitIsWrittenAhead) {
  for (const Epoch epoch : {Epoch{0}, Epoch{2}}) {
    EXPECT_EQ(store_->write_ahead(make_commit(epoch, {{page_id(1), "one"}}, {}, "")).code(),
              StatusCode::kInvalidArgument);
  }
  const Commit falling = make_commit(1, {{page_id(2), "two"}, {page_id(1), "one"}}, {}, "");
  EXPECT_EQ(store_->write_ahead(falling).code(), StatusCode::kInvalidArgument);
}

TEST_P(StoreContract, EpochsCountWithoutGaps) {
  EXPECT_EQ(store_->commit(make_commit(2, {}, {}, "")).code(), StatusCode::kInvalidArgument);
  commit(make_commit(1, {{page_id(1), "one"}}, {}, ""));
  EXPECT_EQ(store_->commit(make_commit(1, {}, {}, "")).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(store_->commit(make_commit(3, {}, {}, "")).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(last_epoch(), 1u);
  commit(make_commit(2, {}, {}, ""));
}

TEST_P(StoreContract, PagesMustAscend) {
  commit(make_commit(1, {{page_id(1), "one"}}, {}, "first"));
  const std::string large(std::size_t{5} << 20, 'x');
  for (const std::string& bytes : {std::string("small"), large}) {
    for (const std::uint32_t second : {1u, 2u}) {
      const Status status = store_->commit(
          make_commit(2, {{page_id(2), bytes}, {page_id(second), bytes}}, {}, "second"));
      EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
      EXPECT_TRUE(repeats(status, to_string(page_id(second)))) << status.message();
      reopen();
      EXPECT_EQ(last_epoch(), 1u);
    }
  }
}

// A page written ahead would be gone if the commit both wrote it again and superseded it.
TEST_P(StoreContract, SupersededPagesAreOfEarlierCommits) {
  commit(make_commit(1, {{page_id(1), "one"}}, {}, "first"));
  ASSERT_TRUE(store_->write_ahead(make_commit(2, {{page_id(1), "two"}}, {}, "")).ok());
  const Status status = store_->commit(
      make_commit(2, {{page_id(1), "three"}}, {{page_id(1), 1}, {page_id(1), 2}}, "second"));
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(repeats(status, to_string(page_id(1)))) << status.message();
  reopen();
  EXPECT_EQ(last_epoch(), 1u);
}

TEST_P(StoreContract, ManyCommitsKeepEachPageAsItWasWritten) {
  const History history(7, 40, 20'000);
  for (Epoch epoch = 1; epoch <= 60; ++epoch) {
    ASSERT_NO_FATAL_FAILURE(commit(history.commit(epoch)));
    if (epoch % 7 == 0) reopen();
    if (epoch % 5 == 0) {
      ASSERT_NO_FATAL_FAILURE(expect_history(*store_, history, epoch));
    }
  }
}

TEST_P(StoreContract, ReadersRunWhileCommitsAreWritten) {
  const History history(11, 20, 2'000);
  commit(history.commit(1));
  std::atomic<bool> done = false;
  std::atomic<std::uint64_t> pages_read = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      Epoch seen = 0;
      while (!done) {
        // The view is no older than the commit known before it, and older than the one known after
        // it by none or more: some epoch in between has all of its pages there.
        const Epoch before = (*store_->last_commit())->epoch;
        const auto current = view();
        const Epoch after = (*store_->last_commit())->epoch;
        ASSERT_GE(before, seen);
        seen = before;
        bool whole = false;
        for (Epoch epoch = before; epoch <= after && !whole; ++epoch) {
          whole = true;
          for (const PageAddress& address : history.live_pages(epoch)) {
            const Result<std::string> bytes = current->read(address);
            whole = whole && bytes.ok() && *bytes == history.page_bytes(address);
            ++pages_read;
          }
        }
        ASSERT_TRUE(whole) << before << " to " << after;
        ASSERT_TRUE(store_->size().ok());
      }
    });
  }
  constexpr std::uint64_t kPagesReadMin = 2'000;
  for (Epoch epoch = 2; epoch <= 40 || pages_read < kPagesReadMin; ++epoch) {
    commit(history.commit(epoch));
    if (HasFailure()) break;
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace rollcall
