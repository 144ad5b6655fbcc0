#include "core/pages/resident_pages.h"

#include <gtest/gtest.h>

#include <array>
#include <numeric>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/byte_codec.h"
#include "core/pages/page_check.h"
#include "tests/core/pages/page_disk.h"
#include "tests/support/error_text.h"
#include "tests/support/random.h"
#include "tests/support/run_size.h"

namespace rollcall {
namespace {

using testing::PageDisk;
using testing::Random;

constexpr SeriesId kEvent = 1;
constexpr std::uint32_t kPartition = 3;

// Rows of one user each, all in one hour, that have bounds, and amounts if `amount` is not 0.
void add(ResidentPages& pages, const PagePlace& place, const std::vector<std::uint32_t>& ordinals,
         Amount amount = 0) {
  std::array<std::uint32_t, 32> events{};
  std::array<AmountSum, 32> values{};
  events[7] = static_cast<std::uint32_t>(ordinals.size());
  values[7] = amount * static_cast<AmountSum>(ordinals.size());
  SeriesDay& series_day = pages.add_rows(place, events, values);
  auto& presence = pages.day_slot<PresenceForm>(series_day, place.chunk);
  PresenceChunk& users = ResidentPages::writable<PresenceForm>(presence);
  for (const std::uint32_t ordinal : ordinals) {
    users.add({&ordinal, 1});
    if (amount == 0) continue;
    auto& amounts = pages.day_slot<AmountsForm>(series_day, place.chunk);
    ResidentPages::writable<AmountsForm>(amounts).add(ordinal, amount);
    pages.changed<AmountsForm>(amounts, place);
  }
  pages.changed<PresenceForm>(presence, place);
  auto& bounds = pages.series_slot<BoundsForm>(place.series, place.chunk);
  alignas(64) std::array<std::uint64_t, kChunkWords> scratch{};
  ResidentPages::writable<BoundsForm>(bounds).fold(users.expand(scratch.data()), place.day);
  pages.changed<BoundsForm>(bounds, place);
}

// Loads all pages that rows of a place write to, and its bounds.
Status load(ResidentPages& pages, const PagePlace& place, const StoreView& view) {
  ROLLCALL_RETURN_IF_ERROR(pages.load_for_rows(place, SeriesRole::kEvent, true, view));
  auto& bounds = pages.series_slot<BoundsForm>(place.series, place.chunk);
  return pages.load<BoundsForm>(bounds, place, view);
}

void commit(ResidentPages& pages, Epoch epoch, PageDisk& disk) {
  std::vector<DirtyPage> dirty;
  std::vector<PageAddress> superseded;
  pages.compact_quiet_days();
  pages.collect(epoch, dirty, superseded);
  disk.write(epoch, std::move(dirty), superseded);
}

ResidentPages reopened(const ResidentPages& pages, BatchNumber opened_in = 0) {
  std::string bytes;
  ByteWriter writer(bytes);
  pages.write_directory(writer);
  ResidentPages again(kPartition);
  again.expect_series(pages.series_count());
  ByteReader reader(bytes);
  EXPECT_TRUE(again.read_directory(reader, opened_in).ok());
  EXPECT_TRUE(reader.done());
  return again;
}

ResidentPages empty_pages() {
  ResidentPages pages(kPartition);
  pages.expect_series(8);
  return pages;
}

// Counts what is in memory slot by slot, and checks that slots and days agree on what is dirty.
struct Recount {
  std::size_t page_bytes = 0;
  std::size_t dirty_bytes = 0;
  std::size_t directory_bytes = 0;

  template <class Slots>
  void add(const Slots& slots, bool day_is_dirty) {
    for (const auto& slot : slots) {
      EXPECT_TRUE(!slot.dirty || (slot.page && day_is_dirty));
      if (!slot.page) continue;
      page_bytes += slot.page->memory_bytes();
      if (slot.dirty) dirty_bytes += slot.page->memory_bytes();
    }
  }
};

Recount recounted(const ResidentPages& pages) {
  Recount recount;
  for (const auto& [date, day] : pages.days()) {
    EXPECT_TRUE(day.loaded || (day.series.empty() && !day.dirty && day.epoch != 0));
    for (const auto& entry : day.series) {
      const SeriesDay& series_day = entry.second;
      recount.add(series_day.slots<PresenceForm>(), day.dirty);
      recount.add(series_day.slots<AmountsForm>(), day.dirty);
      recount.directory_bytes += sizeof(SeriesDay) + 48 +
                                 series_day.slots<PresenceForm>().capacity() * 32 +
                                 series_day.slots<AmountsForm>().capacity() * 32 +
                                 series_day.hours.capacity() * sizeof(HourTotal);
    }
  }
  for (const auto& [series, slots] : pages.series<BoundsForm>()) recount.add(slots, true);
  return recount;
}

void expect_right_account(const ResidentPages& pages) {
  const Recount recount = recounted(pages);
  EXPECT_EQ(pages.loaded_bytes(), recount.page_bytes + recount.directory_bytes);
  EXPECT_EQ(pages.memory_use().dirty_bytes, recount.dirty_bytes);
}

const SlotOf<PresenceForm>& presence_of(const ResidentPages& pages, const PagePlace& place) {
  return pages.days().at(place.day).series.at(place.series).slots<PresenceForm>().at(place.chunk);
}

TEST(ResidentPages, LoadsWhatWasStoredAndReadsItOnce) {
  PageDisk disk;
  ResidentPages pages = empty_pages();
  const PagePlace place = {kEvent, Day{100}, 1};
  add(pages, place, {kChunkOrdinals + 4, kChunkOrdinals + 70}, -5);
  commit(pages, 1, disk);
  EXPECT_EQ(pages.memory_use().dirty_bytes, 0u);
  EXPECT_EQ(disk.pages.size(), 4u);  // three forms and the day

  ResidentPages again = reopened(pages);
  EXPECT_FALSE(again.days().at(place.day).loaded);
  EXPECT_EQ(again.memory_use().resident_bytes, 0u);
  ASSERT_TRUE(load(again, place, disk).ok());
  EXPECT_EQ(disk.reads, 4u);
  ASSERT_TRUE(load(again, place, disk).ok());
  EXPECT_EQ(disk.reads, 4u);
  const SeriesDay& series_day = again.days().at(place.day).series.at(kEvent);
  EXPECT_FALSE(series_day.slots<PresenceForm>().at(0).exists());
  EXPECT_EQ(presence_of(again, place).users, 2u);
  EXPECT_TRUE(presence_of(again, place).page->contains(kChunkOrdinals + 70));
  EXPECT_EQ(series_day.slots<AmountsForm>().at(1).page->sum(), -10);
  EXPECT_EQ(again.series<BoundsForm>().at(kEvent).at(1).page->first()[70], 100);
  const EventTotal total = again.day_total(kEvent, place.day);
  EXPECT_EQ(total.events, 2u);
  EXPECT_EQ(total.value, -10);
  EXPECT_EQ(total.users, 2u);
  expect_right_account(again);
}

TEST(ResidentPages, HandsOverEachChangeOnceAndSaysWhatItReplaces) {
  PageDisk disk;
  ResidentPages pages = empty_pages();
  add(pages, {kEvent, Day{100}, 0}, {1});
  add(pages, {kEvent, Day{101}, 0}, {1});
  commit(pages, 1, disk);
  std::vector<DirtyPage> dirty;
  std::vector<PageAddress> superseded;
  pages.collect(2, dirty, superseded);
  EXPECT_TRUE(dirty.empty());
  add(pages, {kEvent, Day{101}, 0}, {2});
  pages.collect(2, dirty, superseded);
  const std::set<PageAddress> replaced(superseded.begin(), superseded.end());
  EXPECT_EQ(replaced, (std::set<PageAddress>{{{PageKind::kDay, kPartition, 0, 101, 0}, 1},
                                             {{PageKind::kPresence, kPartition, kEvent, 101, 0}, 1},
                                             {{PageKind::kBounds, kPartition, kEvent, 0, 0}, 1}}));
  EXPECT_EQ(dirty.size(), replaced.size());
}

TEST(ResidentPages, EvictsTheLeastRecentlyUsedAndNoMoreThanItHasTo) {
  PageDisk disk;
  ResidentPages pages = empty_pages();
  for (std::int32_t i = 0; i < 4; ++i) {
    pages.set_batch_number(static_cast<BatchNumber>(10 + i));
    add(pages, {kEvent, Day{i}, 0}, {1, 2, 3});
  }
  pages.evict_pages(1, 1);  // nothing is stored
  pages.evict_days(1, 1);
  EXPECT_TRUE(presence_of(pages, {kEvent, Day{0}, 0}).page);
  commit(pages, 1, disk);
  pages.evict_pages(1, 0);  // the commit is not durable yet
  EXPECT_TRUE(presence_of(pages, {kEvent, Day{0}, 0}).page);

  const std::size_t before = pages.memory_use().resident_bytes;
  const std::size_t of_one = presence_of(pages, {kEvent, Day{0}, 0}).bytes;
  pages.evict_pages(of_one + 1, 1);
  EXPECT_EQ(before - pages.memory_use().resident_bytes, 2 * of_one);
  EXPECT_FALSE(presence_of(pages, {kEvent, Day{0}, 0}).page);
  EXPECT_FALSE(presence_of(pages, {kEvent, Day{1}, 0}).page);
  EXPECT_TRUE(presence_of(pages, {kEvent, Day{2}, 0}).page);
  expect_right_account(pages);

  pages.evict_days(std::size_t{1} << 30, 1);  // only those without pages
  EXPECT_FALSE(pages.days().at(Day{1}).loaded);
  EXPECT_TRUE(pages.days().at(Day{2}).loaded);
  add(pages, {kEvent, Day{3}, 0}, {4});
  pages.evict_pages(std::size_t{1} << 30, 1);
  EXPECT_TRUE(presence_of(pages, {kEvent, Day{3}, 0}).page);  // it is dirty again
  EXPECT_FALSE(presence_of(pages, {kEvent, Day{2}, 0}).page);
  expect_right_account(pages);
  ASSERT_TRUE(load(pages, {kEvent, Day{1}, 0}, disk).ok());
  EXPECT_TRUE(presence_of(pages, {kEvent, Day{1}, 0}).page->contains(3));
  expect_right_account(pages);
}

// Reads everything of one series from day 0 to day 9.
ReadSet all_reads() {
  ReadSet reads;
  reads.presence.push_back({{kEvent}, {Day{0}, Day{9}}});
  reads.presence.push_back({{kEvent}, {Day{2}, Day{9}}});  // overlaps
  reads.amounts.push_back({{kEvent}, {Day{0}, Day{9}}});
  reads.bounds.push_back({{kEvent, kEvent + 1}});
  return reads;
}

struct Account {
  QuestionBudget budget{std::size_t{1} << 20};
  QueryLimits limits;
  QuestionAccount account{budget, limits};
};

TEST(ResidentPages, PinnedPagesStayAsTheyWere) {
  PageDisk disk;
  Account asked;
  ResidentPages pages = empty_pages();
  add(pages, {kEvent, Day{1}, 0}, {1}, 8);
  add(pages, {kEvent, Day{3}, 0}, {2});
  commit(pages, 1, disk);
  const PinnedPages pinned = pages.pin(all_reads(), 10, 0, asked.account);
  ASSERT_EQ(pinned.of<PresenceForm>().size(), 2u);  // each once
  ASSERT_EQ(pinned.of<AmountsForm>().size(), 1u);
  ASSERT_EQ(pinned.of<BoundsForm>().size(), 1u);
  EXPECT_FALSE(pinned.any_absent());

  add(pages, {kEvent, Day{1}, 0}, {7}, 100);
  pages.forget(std::vector<std::uint32_t>{1});
  commit(pages, 2, disk);
  pages.evict_pages(std::size_t{1} << 30, 2);
  const PresenceChunk& then = *pinned.of<PresenceForm>()[0].page;
  EXPECT_TRUE(then.contains(1));
  EXPECT_FALSE(then.contains(7));
  EXPECT_EQ(pinned.of<AmountsForm>()[0].page->sum(), 8);
  EXPECT_TRUE(pinned.of<BoundsForm>()[0].page->contains(1));
  expect_right_account(pages);
}

TEST(ResidentPages, InstallKeepsWhatWasReadUnlessItHasChanged) {
  PageDisk disk;
  Account asked;
  ResidentPages pages = empty_pages();
  add(pages, {kEvent, Day{1}, 0}, {1});
  add(pages, {kEvent, Day{3}, 0}, {2});
  commit(pages, 1, disk);
  pages.evict_pages(std::size_t{1} << 30, 1);
  PinnedPages pinned = pages.pin(all_reads(), 10, 0, asked.account);
  EXPECT_TRUE(pinned.any_absent());
  for (auto& page : pinned.of<PresenceForm>()) {
    page.page = PageRef<PresenceChunk>(*PresenceChunk::deserialize(*disk.read(page.address)));
  }
  // Day 3 changes, and is stored anew, before the question is done.
  ASSERT_TRUE(load(pages, {kEvent, Day{3}, 0}, disk).ok());
  add(pages, {kEvent, Day{3}, 0}, {5});
  commit(pages, 2, disk);
  pages.evict_pages(std::size_t{1} << 30, 2);
  pages.install(pinned, 77);
  EXPECT_TRUE(presence_of(pages, {kEvent, Day{1}, 0}).page);
  EXPECT_EQ(presence_of(pages, {kEvent, Day{1}, 0}).last_used, 77u);
  EXPECT_FALSE(presence_of(pages, {kEvent, Day{3}, 0}).page);
  expect_right_account(pages);

  pages.evict_pages(std::size_t{1} << 30, 2);
  pages.evict_days(std::size_t{1} << 30, 2);
  EXPECT_EQ(pages.memory_use().resident_bytes, 0u);
  pages.install(pinned, 78);  // the days are gone
  EXPECT_EQ(pages.memory_use().resident_bytes, 0u);
}

TEST(ResidentPages, KeepsUnionsUntilOneOfTheirDaysChanges) {
  Account asked;
  ResidentPages pages = empty_pages();
  pages.set_batch_number(1);
  for (std::int32_t i = 0; i < 8; ++i) add(pages, {kEvent, Day{i}, 0}, {1});
  ReadSet reads;
  reads.unions.push_back({{kEvent}, {Day{0}, Day{7}}});
  const auto made = [&] {
    PinnedPages pinned = pages.pin(reads, 10, 1, asked.account);
    EXPECT_EQ(pinned.unions.size(), 1u);
    for (const PinnedUnion::Run& run : pinned.unions[0].runs) {
      if (run.is_new) run.sets->fill(0, {2});
    }
    return pinned;
  };
  const PinnedPages pinned = made();
  ASSERT_TRUE(pinned.unions[0].runs[0].is_new);
  pages.install_unions(pinned);
  EXPECT_GT(pages.memory_use().resident_bytes, pages.loaded_bytes());
  EXPECT_FALSE(made().unions[0].runs[0].is_new);
  pages.set_batch_number(2);
  add(pages, {kEvent, Day{4}, 0}, {3});
  EXPECT_EQ(pages.memory_use().resident_bytes, pages.loaded_bytes());
  pages.install_unions(pinned);  // too late
  EXPECT_EQ(pages.memory_use().resident_bytes, pages.loaded_bytes());
}

TEST(ResidentPages, ForgetsUsersAndKeepsTheTotals) {
  PageDisk disk;
  ResidentPages pages = empty_pages();
  add(pages, {kEvent, Day{1}, 0}, {1, 2}, 10);
  add(pages, {kEvent, Day{2}, 0}, {2}, 7);
  add(pages, {kEvent, Day{2}, 1}, {kChunkOrdinals}, 5);
  add(pages, {kEvent + 1, Day{2}, 0}, {3});
  commit(pages, 1, disk);
  ResidentPages again = reopened(pages);
  const std::vector<std::uint32_t> users = {2, kChunkOrdinals};
  ASSERT_TRUE(again.load_for_users(users, disk).ok());
  again.forget(users);
  EXPECT_EQ(again.day_total(kEvent, Day{2}).events, 2u);
  EXPECT_EQ(again.day_total(kEvent, Day{2}).value, 12);
  EXPECT_EQ(again.day_total(kEvent, Day{2}).users, 0u);
  EXPECT_EQ(again.days().at(Day{2}).series.at(kEvent).forgotten_value, 12);
  EXPECT_EQ(again.days().at(Day{1}).series.at(kEvent).forgotten_value, 10);
  EXPECT_TRUE(presence_of(again, {kEvent, Day{1}, 0}).page->contains(1));
  EXPECT_FALSE(again.series<BoundsForm>().at(kEvent).at(0).page->contains(2));
  EXPECT_FALSE(again.series<BoundsForm>().at(kEvent).at(1).page->contains(0));
  EXPECT_TRUE(again.series<BoundsForm>().at(kEvent + 1).at(0).page->contains(3));
  // Pages without them are not written again.
  EXPECT_FALSE(presence_of(again, {kEvent + 1, Day{2}, 0}).dirty);
  expect_right_account(again);
}

// Whatever is cut off a stored page, loading it is an error that names it.
TEST(ResidentPages, DamagedBytesAreAnError) {
  PageDisk disk;
  ResidentPages pages = empty_pages();
  const PagePlace place = {kEvent, Day{100}, 0};
  add(pages, place, {3, 4, 5}, 9);
  commit(pages, 1, disk);
  for (const auto& [address, bytes] : disk.pages) {
    PageDisk damaged;
    damaged.pages = disk.pages;
    for (const bool is_missing : {false, true}) {
      if (is_missing) {
        damaged.pages.erase(address);
      } else {
        damaged.pages[address].pop_back();
      }
      ResidentPages again = reopened(pages);
      const Status status = load(again, place, damaged);
      EXPECT_EQ(status.code(), StatusCode::kCorruption);
      EXPECT_TRUE(repeats(status, to_string(address.id))) << status.message();
      expect_right_account(again);
      EXPECT_TRUE(load(again, place, disk).ok());  // what was read before is not lost
      expect_right_account(again);
    }
  }
}

TEST(ResidentPages, RefusesADirectoryWhoseDaysDoNotAscend) {
  std::string bytes;
  ByteWriter writer(bytes);
  writer.varint(0);
  writer.varint(0);
  writer.varint(2);
  for (int i = 0; i < 2; ++i) {
    writer.zigzag(5);
    writer.varint(1);
  }
  ResidentPages pages = empty_pages();
  ByteReader reader(bytes);
  EXPECT_EQ(pages.read_directory(reader, 0).code(), StatusCode::kCorruption);
}

// A directory as earlier programs wrote it, with their counter pages by series and then chunk.
std::string directory_with_counters(
    const std::vector<std::pair<SeriesId, std::vector<Epoch>>>& of) {
  std::string bytes;
  ByteWriter writer(bytes);
  writer.varint(of.size());
  for (const auto& [series, epochs] : of) {
    writer.varint(series);
    writer.varint(epochs.size());
    for (const Epoch epoch : epochs) writer.varint(epoch);
  }
  writer.varint(0);  // bounds
  writer.varint(0);  // days
  return bytes;
}

TEST(ResidentPages, LetsGoOfCounterPagesOnceAndReadsNone) {
  const std::string bytes = directory_with_counters({{kEvent, {7, 0, 9}}, {kEvent + 2, {8}}});
  ResidentPages pages = empty_pages();
  EXPECT_FALSE(pages.has_retired_pages());
  ByteReader reader(bytes);
  ASSERT_TRUE(pages.read_directory(reader, 0).ok());
  EXPECT_TRUE(reader.done());
  EXPECT_TRUE(pages.has_retired_pages());
  // Whatever they hold, they are not read: nothing is on this disk.
  PageDisk disk;
  ASSERT_TRUE(load(pages, {kEvent, Day{1}, 0}, disk).ok());
  add(pages, {kEvent, Day{1}, 0}, {1});
  ASSERT_TRUE(pages.load_for_users(std::vector<std::uint32_t>{1}, disk).ok());
  EXPECT_EQ(disk.reads, 0u);
  std::vector<DirtyPage> dirty;
  std::vector<PageAddress> superseded;
  pages.collect(10, dirty, superseded);
  EXPECT_EQ(superseded,
            (std::vector<PageAddress>{{{PageKind::kCounters, kPartition, kEvent, 0, 0}, 7},
                                      {{PageKind::kCounters, kPartition, kEvent, 0, 2}, 9},
                                      {{PageKind::kCounters, kPartition, kEvent + 2, 0, 0}, 8}}));
  EXPECT_FALSE(pages.has_retired_pages());
  EXPECT_FALSE(reopened(pages).has_retired_pages());
  superseded.clear();
  add(pages, {kEvent, Day{2}, 0}, {1});
  pages.collect(11, dirty, superseded);
  for (const PageAddress& address : superseded) EXPECT_NE(address.id.kind, PageKind::kCounters);
}

// Each must be let go of once, or the store would count its pages wrongly.
TEST(ResidentPages, RefusesCounterPagesThatDoNotAscend) {
  const std::string good = directory_with_counters({{kEvent, {7}}, {kEvent + 1, {7}}});
  for (const SeriesId second : {kEvent, kEvent - 1}) {
    const std::string bytes = directory_with_counters({{kEvent, {7}}, {second, {7}}});
    ResidentPages pages = empty_pages();
    ByteReader reader(bytes);
    EXPECT_EQ(pages.read_directory(reader, 0).code(), StatusCode::kCorruption);
  }
  for (std::size_t size = 0; size < good.size(); ++size) {
    ResidentPages pages = empty_pages();
    ByteReader reader(std::string_view(good).substr(0, size));
    EXPECT_FALSE(pages.read_directory(reader, 0).ok() && reader.done()) << size;
  }
}

// Names in errors, and that no two forms are stored under one kind.
TEST(ResidentPages, EachFormHasAKindAndANameOfItsOwn) {
  std::set<PageKind> kinds;
  std::set<std::string> names;
  std::size_t count = 0;
  EachForm<PageForms>::visit([&]<class Form>(std::type_identity<Form>) {
    ++count;
    kinds.insert(Form::kKind);
    names.insert(to_string(page_id<Form>(kPartition, {7, Day{0}, 2})));
  });
  EXPECT_EQ(kinds.size(), count);
  EXPECT_EQ(names,
            (std::set<std::string>{"presence page of partition 3, 1970-01-01, series 7, chunk 2",
                                   "amounts page of partition 3, 1970-01-01, series 7, chunk 2",
                                   "bounds page of partition 3, series 7, chunk 2"}));
}

// Batches take the memory of their pages from an allowance before they write to any.
TEST(ResidentPages, GrowthCoversWhatRowsAddToNewPages) {
  // This covers the pages and what leads to them; bounds grow by 512 users at a time.
  constexpr std::size_t kHeaders = 600 + 512 * 8;
  for (const std::uint32_t user_count : {1u, 256u, 257u, 20'000u}) {
    for (const Amount amount : {Amount{0}, Amount{-3}}) {
      ResidentPages pages = empty_pages();
      std::vector<std::uint32_t> users(user_count);
      std::iota(users.begin(), users.end(), 0u);
      const PagePlace place = {kEvent, Day{4}, 0};
      const PageGrowth applied = {PageWriter::kApply, user_count, user_count, amount != 0};
      const PageGrowth folded = {PageWriter::kFold, 0, user_count, amount != 0};
      const std::size_t growth = pages.day_growth(place, SeriesRole::kEvent, applied) +
                                 pages.series_growth(place, SeriesRole::kEvent, folded) +
                                 (amount != 0 ? user_count * ResidentPages::kValueBytes : 0);
      add(pages, place, users, amount);
      EXPECT_LE(pages.loaded_bytes(), growth + kHeaders) << user_count << " users";
      EXPECT_GE(pages.loaded_bytes(), growth / 4) << user_count << " users";
    }
  }
  // Values of dimensions have no bounds.
  const PageGrowth folded = {PageWriter::kFold, 0, 5, false};
  EXPECT_EQ(empty_pages().series_growth({kEvent, Day(), 0}, SeriesRole::kDimensionValue, folded),
            0u);
}

// Whatever was done, the account is what a recount finds.
TEST(ResidentPages, TheAccountEqualsARecount) {
  Random random(testing::run_seed());
  for (int run = 0; run < 10; ++run) {
    PageDisk disk;
    ResidentPages pages = empty_pages();
    Epoch epoch = 0;
    for (BatchNumber batch = 1; batch <= 60; ++batch) {
      pages.set_batch_number(batch);
      const PagePlace place = {static_cast<SeriesId>(1 + random.below(3)),
                               Day{random.between(0, 5)},
                               static_cast<std::uint32_t>(random.below(2))};
      switch (random.below(6)) {
        case 0:
          commit(pages, ++epoch, disk);
          break;
        case 1:
          pages.evict_pages(1 + random.below(pages.loaded_bytes() + 1), epoch);
          break;
        case 2:
          pages.evict_days(1 + random.below(pages.loaded_bytes() + 1), epoch);
          break;
        case 3: {
          std::vector<std::uint32_t> users = {static_cast<std::uint32_t>(random.below(300))};
          users.push_back(kChunkOrdinals + users[0]);
          ASSERT_TRUE(pages.load_for_users(users, disk).ok());
          pages.forget(users);
          break;
        }
        default: {
          ASSERT_TRUE(load(pages, place, disk).ok());
          std::vector<std::uint32_t> users(1 + random.below(400));
          for (std::uint32_t& user : users) {
            user = place.chunk * kChunkOrdinals + static_cast<std::uint32_t>(random.below(3000));
          }
          const Amount amount = random.chance(50) ? random.between(-9, 9) : 0;
          add(pages, place, users, amount);
        }
      }
      ASSERT_NO_FATAL_FAILURE(expect_right_account(pages));
    }
  }
}

}  // namespace
}  // namespace rollcall
