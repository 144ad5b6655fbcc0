// Compares a store with the history that was written to it.
#pragma once

#include <gtest/gtest.h>

#include "tests/storage/commits.h"

namespace rollcall {

// Expects exactly what commit `epoch` of `history` left.
inline void expect_history(const Store& store, const History& history, Epoch epoch) {
  const auto last = store.last_commit();
  ASSERT_TRUE(last.ok()) << last.status().to_string();
  if (epoch == 0) {
    EXPECT_FALSE(last->has_value());
    return;
  }
  ASSERT_TRUE(last->has_value());
  EXPECT_EQ((*last)->epoch, epoch);
  EXPECT_EQ((*last)->manifest, history.manifest(epoch));
  const auto view = store.view();
  ASSERT_TRUE(view.ok()) << view.status().to_string();
  const std::vector<PageAddress> live = history.live_pages(epoch);
  for (const PageAddress& address : live) {
    const Result<std::string> bytes = (*view)->read(address);
    ASSERT_TRUE(bytes.ok()) << bytes.status().to_string();
    ASSERT_EQ(*bytes, history.page_bytes(address));
  }
  const auto size = store.size();
  ASSERT_TRUE(size.ok()) << size.status().to_string();
  EXPECT_EQ(size->page_count, live.size());
}

}  // namespace rollcall
