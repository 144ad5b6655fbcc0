// The executor by itself: whatever is in memory, however many threads there are and however little
// memory, it counts what the rows say, or says why it does not.
#include "core/engine/query_executor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/core/engine/made_pins.h"

namespace rollcall {
namespace {

using testing::CellSpec;
using testing::kChunkOfUsers;
using testing::kDayHours;
using testing::kDays;
using testing::kLarge;
using testing::kPartitions;
using testing::PageView;
using testing::Scratch;
using testing::ScriptPlan;
using testing::SetSpec;
using testing::Total;
using testing::User;
using testing::Users;

// Says how a question is asked.
struct Setting {
  std::uint32_t threads = 4;
  std::size_t kept_bytes_max = 0;
  std::size_t memory_bytes = kLarge;
  QueryLimits limits = {};
};

// Asks one question, and knows what it takes.
class Asking {
 public:
  Asking(PinnedReads& pinned, const StoreView& view, Setting setting = {})
      : setting_(std::move(setting)),
        workers_(setting_.threads),
        executor_(pinned, view, workers_, setting_.kept_bytes_max, account_) {}

  QueryExecutor* operator->() { return &executor_; }
  QuestionAccount& account() { return account_; }
  std::size_t taken() const { return budget_.taken(); }
  std::size_t thread_count() const { return workers_.thread_count(); }

  // Returns why a count fails; ok where it does not.
  Status failure_of(const Plan& plan) {
    try {
      executor_.count(plan);
    } catch (const QuestionFailure& failure) {
      return failure.status();
    }
    return {};
  }

 private:
  const Setting setting_;
  QuestionBudget budget_{setting_.memory_bytes};
  QuestionAccount account_{budget_, setting_.limits};
  Workers workers_;
  QueryExecutor executor_;
};

std::size_t word_count_of(const PinnedPartition& partition, std::size_t chunk) {
  const std::size_t users =
      std::min<std::size_t>(partition.user_count - chunk * kChunkOfUsers, kChunkOfUsers);
  return (users + 511) / 512 * 8;
}

// Returns what the pages take that are in memory, and the sets of unions that are filled in.
std::size_t bytes_in_memory(const PinnedReads& pinned) {
  std::size_t bytes = 0;
  for (const PinnedPartition& partition : pinned.partitions) {
    partition.pages.pages.for_each([&](auto /*form*/, const auto& pages) {
      for (const auto& page : pages) bytes += page.page ? page.page->memory_bytes() : 0;
    });
    for (const PinnedUnion& made : partition.pages.unions) {
      for (const PinnedUnion::Run& run : made.runs) {
        for (std::size_t chunk = 0; chunk < run.sets->chunk_count(); ++chunk) {
          if (run.sets->is_filled(chunk)) bytes += word_count_of(partition, chunk) * 8;
        }
      }
    }
  }
  return bytes;
}

class QueryExecutorTest : public testing::MadePinsTest {
 protected:
  static void expect_counts(const Partial& counts, const Asked& asked) {
    ASSERT_EQ(counts.cells.size(), asked.users.size());
    ASSERT_EQ(counts.amounts.size(), asked.users.size());
    for (std::size_t i = 0; i < asked.users.size(); ++i) {
      EXPECT_EQ(counts.cells[i], asked.users[i].size()) << "cell " << i;
      EXPECT_EQ(static_cast<std::int64_t>(counts.amounts[i]), asked.amounts[i]) << "cell " << i;
    }
  }

  // Returns what members() does, with the ordinals of each partition ascending.
  static std::vector<std::vector<std::uint32_t>> sorted_members(Asking& asking, const Plan& plan,
                                                                std::vector<std::size_t> cells) {
    std::vector<std::vector<std::uint32_t>> ordinals = asking->members(plan, cells);
    for (std::vector<std::uint32_t>& part : ordinals) std::sort(part.begin(), part.end());
    return ordinals;
  }

  static std::vector<std::vector<std::uint32_t>> members_of(const Asked& asked,
                                                            const std::vector<std::size_t>& cells) {
    Users users;
    for (const std::size_t cell : cells)
      users.insert(asked.users[cell].begin(), asked.users[cell].end());
    std::vector<std::vector<std::uint32_t>> ordinals(kPartitions.size());
    for (const User& user : users) ordinals[user.first].push_back(user.second);
    return ordinals;
  }

  // The pins count what they should when nothing is wrong any more.
  void expect_they_answer(PinnedReads& pinned, const Asked& asked) {
    view_.refused_from = kLarge;
    Asking asking(pinned, view_);
    expect_counts(asking->count(plan_of(asked)), asked);
  }

  // Returns how often a chunk was asked for something, or a sink was told something, from when the
  // question was stopped until this was seen.
  using Step = std::function<void(const ChunkSource&, CellSink&, Scratch&)>;
  std::size_t steps_after_stop(PinnedReads& pinned, const Step& step) {
    std::stop_source stop;
    std::size_t steps = 0;
    const ScriptPlan plan(plan_reads(), 8, [&](const ChunkSource& chunk, CellSink& sink) {
      Scratch scratch(chunk);
      stop.request_stop();
      for (; steps < 1000; ++steps) step(chunk, sink, scratch);
    });
    Asking asking(pinned, view_, {.threads = 1, .limits = {{}, stop.get_token()}});
    EXPECT_EQ(asking.failure_of(plan).code(), StatusCode::kCancelled);
    return steps;
  }
};

TEST_F(QueryExecutorTest, CountsWhatTheRowsSayWhereverPagesAre) {
  for (const int in_memory : {0, 50, 100}) {
    const Asked asked = everything();
    for (const std::size_t kept : {std::size_t{0}, std::size_t{200'000}, kLarge}) {
      for (const std::uint32_t threads : {1u, 4u}) {
        SCOPED_TRACE(std::to_string(in_memory) + " % in memory, kept: " + std::to_string(kept) +
                     ", threads: " + std::to_string(threads));
        PinnedReads pinned = pins(in_memory);
        Asking asking(pinned, view_, {threads, kept});
        expect_counts(asking->count(plan_of(asked)), asked);
        // What stays of the first answer gives the same once more.
        expect_counts(asking->count(plan_of(asked)), asked);
        EXPECT_EQ(asking.taken(), 0u);
        if (HasFailure()) return;
      }
    }
  }
}

TEST_F(QueryExecutorTest, ListsTheMembersOfCells) {
  const Asked asked = everything();
  const ScriptPlan plan = plan_of(asked);
  for (const std::uint32_t threads : {1u, 4u}) {
    for (const int in_memory : {0, 100}) {
      PinnedReads pinned = pins(in_memory);
      Asking asking(pinned, view_, {threads});
      // There are none, one, or several in any order, which have users in common.
      for (std::size_t i = 0; i < 30; ++i) {
        std::vector<std::size_t> cells;
        while (cells.size() < i / 6) cells.push_back(random_.below(asked.users.size()));
        EXPECT_TRUE(sorted_members(asking, plan, cells) == members_of(asked, cells))
            << ::testing::PrintToString(cells);
      }
    }
  }
}

TEST_F(QueryExecutorTest, MembersTakeMemoryUntilTheEndOfTheQuestion) {
  PinnedReads pinned = pins(100);
  const Asked asked = everything();
  const ScriptPlan plan = plan_of(asked);
  std::size_t count = 0, cell = 0;
  for (std::size_t i = 0; i < asked.users.size(); ++i) {
    if (asked.users[i].size() > count) count = asked.users[cell = i].size();
  }
  Asking asking(pinned, view_);
  const auto ordinals = asking->members(plan, {{cell}});
  EXPECT_GE(asking.taken(), count * sizeof(std::uint32_t));
  Asking small(pinned, view_, {.memory_bytes = count * sizeof(std::uint32_t) / 2});
  try {
    small->members(plan, {{cell}});
    ADD_FAILURE() << "they fit";
  } catch (const QuestionFailure& failure) {
    EXPECT_EQ(failure.status().code(), StatusCode::kResourceExhausted);
  }
}

TEST_F(QueryExecutorTest, KeepsPagesAndUnionsWhereTheyMayStay) {
  const Asked asked = everything();
  const ScriptPlan plan = plan_of(asked);
  for (const std::uint32_t threads : {1u, 4u}) {
    PinnedReads pinned = pins(50);
    const std::size_t bytes_before = bytes_in_memory(pinned);
    Asking asking(pinned, view_, {threads, kLarge});
    asking->count(plan);
    EXPECT_GT(asking->kept_bytes(), 0u);
    EXPECT_EQ(asking->kept_bytes(), bytes_in_memory(pinned) - bytes_before);
    EXPECT_EQ(asking.taken(), 0u) << "what is kept is no part of the question";
    // Another question reads nothing, and keeps no more.
    const std::size_t reads = view_.reads;
    Asking again(pinned, view_, {threads, kLarge});
    expect_counts(again->count(plan), asked);
    EXPECT_EQ(view_.reads, reads);
    EXPECT_EQ(again->kept_bytes(), 0u);
  }
}

TEST_F(QueryExecutorTest, KeepsNoMoreThanMayStay) {
  const Asked asked = everything();
  const ScriptPlan plan = plan_of(asked);
  for (const std::size_t kept_bytes_max : {0u, 1000u, 100'000u}) {
    PinnedReads pinned = pins(50);
    const std::size_t bytes_before = bytes_in_memory(pinned);
    Asking asking(pinned, view_, {4, kept_bytes_max});
    asking->count(plan);
    asking->members(plan, {{0}});
    EXPECT_LE(asking->kept_bytes(), kept_bytes_max);
    EXPECT_EQ(asking->kept_bytes() > 0, kept_bytes_max > 0);
    EXPECT_EQ(asking->kept_bytes(), bytes_in_memory(pinned) - bytes_before);
  }
}

// What does not stay is released with its chunk, or at once if questions have little memory left.
TEST_F(QueryExecutorTest, ReadsAPageOnceForAChunkWhereMemoryIsLeft) {
  const Asked asked = everything();
  const auto twice = [&, once = script_of(asked)](const ChunkSource& chunk, CellSink& sink) {
    for (int i = 0; i < 2; ++i) once(chunk, sink);
  };
  Asked doubled = asked;
  for (std::int64_t& amount : doubled.amounts) amount *= 2;
  const ScriptPlan plan(plan_reads(), asked.users.size(), twice);
  const auto count = [&](bool has_spare) {
    PinnedReads pinned = pins(0);
    Asking asking(pinned, view_);
    if (!has_spare) asking.account().take(kLarge / 2, QuestionNeed::kRows);
    const std::size_t reads_before = view_.reads;
    const Partial counts = asking->count(plan);
    for (std::size_t i = 0; i < asked.users.size(); ++i) {
      EXPECT_EQ(counts.cells[i], 2 * asked.users[i].size());
      EXPECT_EQ(static_cast<std::int64_t>(counts.amounts[i]), 2 * asked.amounts[i]);
    }
    EXPECT_EQ(bytes_in_memory(pinned), 0u);
    return view_.reads - reads_before;
  };
  EXPECT_EQ(count(/*has_spare=*/true), view_.pages.size());
  EXPECT_GT(count(/*has_spare=*/false), 2 * view_.pages.size());
}

TEST_F(QueryExecutorTest, TakesKeptUnionsAsTheyAre) {
  // Their days have no pages here, and they end before the users do who came later.
  PinnedReads pinned = pins(100, {0});
  const DayRange days = testing::kUnionDays[0];
  SetSpec spec = {SetSpec::How::kUnion, 1, days};
  Users expected;
  const auto sets = std::make_shared<RunSets>(1);
  std::vector<std::uint64_t> words(kChunkOfUsers / 64);
  for (const User& user : oracle_.users_of(spec)) {
    if (user.first != 0 || user.second >= kChunkOfUsers) continue;
    expected.insert(user);
    words[user.second / 64] |= std::uint64_t{1} << (user.second % 64);
  }
  sets->fill(0, words);
  PinnedPages& pages = pinned.partitions[0].pages;
  pages.of<PresenceForm>().clear();
  pages.unions = {{1, days, {{days, sets, false}}, {days.last + 1, days.last}}};
  const Asked asked = {{{CellSpec::Op::kAlone, spec}}, {1}, {expected}, {0}};
  Asking asking(pinned, view_);
  expect_counts(asking->count(plan_of(asked)), asked);
  EXPECT_EQ(sets->words(0), words);
}

TEST_F(QueryExecutorTest, CountsWideBands) {
  // Every tenth row and column is the same day.
  constexpr std::size_t kRows = 12, kColumns = 600, kWidth = 595, kFirstCell = 7, kPerRow = 597;
  const auto on = [](SeriesId series, std::size_t at) {
    const Day day{static_cast<std::int32_t>(at % kDays)};
    return SetSpec{SetSpec::How::kPresence, series, {day, day}};
  };
  std::vector<std::size_t> both;
  for (std::size_t row = 0; row < kDays; ++row) {
    for (std::size_t column = 0; column < kDays; ++column) {
      both.push_back(oracle_.users_of({CellSpec::Op::kAnd, on(0, row), on(1, column)}).size());
    }
  }
  std::vector<std::uint64_t> expected(kFirstCell + kRows * kPerRow);
  for (std::size_t row = 0; row < kRows; ++row) {
    for (std::size_t k = 0; k < kWidth && row + k < kColumns; ++k) {
      expected[kFirstCell + row * kPerRow + k] = both[row % kDays * kDays + (row + k) % kDays];
    }
  }
  const auto script = [&](const ChunkSource& chunk, CellSink& sink) {
    std::vector<std::unique_ptr<Scratch>> scratch;
    const auto days_of = [&](SeriesId series, std::size_t count) {
      std::vector<BitSpan> days;
      for (Day day{0}; day < Day{kDays}; day = day + 1) {
        scratch.push_back(std::make_unique<Scratch>(chunk));
        days.push_back(chunk.presence(series, day, scratch.back()->words()));
      }
      while (days.size() < count) days.push_back(days[days.size() - kDays]);
      return days;
    };
    const std::vector<BitSpan> rows = days_of(0, kRows), columns = days_of(1, kColumns);
    sink.add_and_band({kFirstCell, kPerRow, kWidth, rows, columns});
  };
  PinnedReads pinned = pins(50);
  Asking asking(pinned, view_);
  const ScriptPlan plan(plan_reads(), expected.size(), script);
  EXPECT_TRUE(asking->count(plan).cells == expected);
}

TEST_F(QueryExecutorTest, RunsOfCellsAreTheirCellsOneByOne) {
  constexpr std::size_t kCells = 40;
  const auto script = [](bool in_runs) {
    return [in_runs](const ChunkSource& chunk, CellSink& sink) {
      for (std::uint32_t place = 0; place < chunk.word_count() * 64; ++place) {
        const std::size_t first = place * 7 % kCells;
        const std::size_t count = 1 + place % (kCells - first);
        if (in_runs) {
          sink.add_user_run(first, count, place);
          continue;
        }
        for (std::size_t cell = first; cell < first + count; ++cell) sink.add_user(cell, place);
      }
    };
  };
  PinnedReads pinned = pins(50);
  Asking asking(pinned, view_);
  const ScriptPlan runs(plan_reads(), kCells, script(true));
  const ScriptPlan single(plan_reads(), kCells, script(false));
  EXPECT_TRUE(asking->count(runs).cells == asking->count(single).cells);
  for (const std::size_t cell : {std::size_t{0}, std::size_t{17}, kCells - 1}) {
    const std::vector<std::size_t> cells = {cell};
    EXPECT_EQ(sorted_members(asking, runs, cells), sorted_members(asking, single, cells));
  }
}

TEST_F(QueryExecutorTest, SmallPlansAreCountedByTheCaller) {
  PinnedReads pinned = pins(100);
  for (PinnedPartition& partition : pinned.partitions) partition.pages = {};
  // Others have the time to come.
  const ScriptPlan plan(plan_reads(), 1, [](const ChunkSource&, CellSink&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  });
  Asking asking(pinned, view_);
  asking->count(plan);
  EXPECT_EQ(plan.threads(), std::set{std::this_thread::get_id()});
}

TEST_F(QueryExecutorTest, LargePlansAreCountedBySeveralThreads) {
  // The first to come waits for another one.
  std::atomic<int> counting = 0;
  const ScriptPlan plan(plan_reads(), 1, [&](const ChunkSource&, CellSink& sink) {
    ++counting;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (counting < 2 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    sink.add(0, {});
  });
  PinnedReads pinned = pins(0);
  Asking asking(pinned, view_);
  if (asking.thread_count() == 1) GTEST_SKIP() << "there is one processor";
  asking->count(plan);
  EXPECT_GT(plan.threads().size(), 1u);
}

TEST_F(QueryExecutorTest, OneThreadCountsWhatDoesNotFitForAll) {
  PinnedReads pinned = pins(0);
  const Asked asked = everything();
  constexpr std::size_t kCells = 200'000;
  const std::size_t cell_bytes = kCells * (sizeof(std::uint64_t) + sizeof(AmountSum));
  const ScriptPlan plan(plan_reads(), kCells, script_of(asked));
  Asking asking(pinned, view_, {.memory_bytes = cell_bytes * 5 / 2});
  const Partial counts = asking->count(plan);
  EXPECT_EQ(plan.threads(), std::set{std::this_thread::get_id()});
  for (std::size_t i = 0; i < kCells; ++i) {
    ASSERT_EQ(counts.cells[i], i < asked.users.size() ? asked.users[i].size() : 0) << i;
  }
  EXPECT_EQ(asking.taken(), cell_bytes) << "the counts, and nothing else";
}

TEST_F(QueryExecutorTest, OneThreadCountsAnewWhereMemoryRunsOut) {
  const Asked asked = everything();
  for (const std::uint32_t threads : {1u, 4u}) {
    PinnedReads pinned = pins(0);
    std::atomic<int> chunks = 0;
    const ScriptPlan* itself = nullptr;
    const ScriptPlan plan(plan_reads(), asked.users.size(),
                          [&, count = script_of(asked)](const ChunkSource& chunk, CellSink& sink) {
                            count(chunk, sink);
                            if (++chunks < 3 || itself->freed > 0) return;
                            throw QuestionFailure(Status::resource_exhausted("too much"));
                          });
    itself = &plan;
    Asking asking(pinned, view_, {threads});
    expect_counts(asking->count(plan), asked);
    EXPECT_EQ(plan.freed, 1);
    EXPECT_EQ(asking.taken(), 0u);
  }
}

TEST_F(QueryExecutorTest, WhatNeverFitsFails) {
  PinnedReads pinned = pins(0);
  const Asked asked = everything();
  const ScriptPlan plan = plan_of(asked);
  const std::size_t cell_bytes = asked.users.size() * (sizeof(std::uint64_t) + sizeof(AmountSum));
  // There is no room for the counts, or none for the sets of a chunk.
  for (const std::size_t memory_bytes : {cell_bytes - 1, cell_bytes + 40}) {
    Asking asking(pinned, view_, {.memory_bytes = memory_bytes});
    const Status status = asking.failure_of(plan);
    EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
    EXPECT_EQ(asking.taken(), 0u);
    EXPECT_EQ(bytes_in_memory(pinned), 0u);
  }
  expect_they_answer(pinned, asked);
}

TEST_F(QueryExecutorTest, AddsUpTheTotalsOfSeveralReads) {
  ReadSet reads;
  reads.totals = {{{1}, {Day{2}, Day{5}}, true},
                  {{0, 2}, {Day{0}, Day{9}}, false},
                  {{1}, {Day{4}, Day{4}}, false},
                  {{1}, {Day{0}, Day{2}}, true},
                  {{1}, {Day{6}, Day{8}}, false}};
  const ScriptPlan plan(reads, 2, [](const ChunkSource&, CellSink&) {
    ADD_FAILURE() << "a chunk is counted, of which nothing is read";
  });
  PinnedReads pinned = pins(0);
  Asking asking(pinned, view_);
  const Partial counts = asking->count(plan);
  ASSERT_EQ(counts.totals.size(), reads.totals.size());
  for (std::size_t i = 0; i < reads.totals.size(); ++i) {
    const TotalsRead& read = reads.totals[i];
    const std::size_t per_day = read.by_hour ? kDayHours : 1;
    std::vector<Total> expected(static_cast<std::size_t>(read.days.size()) * per_day);
    for (const auto& [key, total] : oracle_.totals) {
      const auto& [place, series, day, hour] = key;
      if (!read.days.contains(Day{day}) || !std::ranges::count(read.series, series)) continue;
      const auto at = static_cast<std::size_t>(day - read.days.first.value) * per_day;
      Total& sum = expected[at + (read.by_hour ? static_cast<std::size_t>(hour) : 0)];
      sum.events += total.events;
      sum.value += total.value;
      sum.users += total.users;
    }
    std::vector<Total> found;
    for (const EventTotal& total : counts.totals[i]) {
      found.push_back({total.events, static_cast<std::int64_t>(total.value), total.users});
    }
    EXPECT_TRUE(found == expected) << "read " << i;
  }
  EXPECT_EQ(view_.reads, 0u);
}

TEST_F(QueryExecutorTest, OfNobodyNamesThePartitionsAndCountsNobody) {
  PinnedReads pinned = pins(100, {0, 2, 3});
  Asking asking(pinned, view_);
  ReadSet reads = plan_reads();
  reads.totals = {{{1}, {Day{4}, Day{6}}, false}};
  const ScriptPlan plan(
      reads, 5, [](const ChunkSource&, CellSink&) { ADD_FAILURE() << "a chunk is counted"; });
  const Partial nobody = asking->of_nobody({plan});
  PartitionSet partitions;
  partitions.set(2).set(11).set(30);
  EXPECT_EQ(nobody.partitions, partitions);
  EXPECT_EQ(nobody.cells, std::vector<std::uint64_t>(5));
  EXPECT_EQ(nobody.amounts, std::vector<AmountSum>(5));
  ASSERT_EQ(nobody.totals.size(), 1u);
  ASSERT_EQ(nobody.totals[0].size(), 3u);
  for (const EventTotal& total : nobody.totals[0]) EXPECT_EQ(total.events + total.users, 0u);
  EXPECT_FALSE(nobody.users.has_value());
  const Members members;
  EXPECT_EQ(asking->of_nobody({plan, &members}).partitions, partitions);
  EXPECT_TRUE(asking->of_nobody({plan, &members}).users.has_value());
}

TEST_F(QueryExecutorTest, AnswersOfTwoHalvesMakeThatOfTheWhole) {
  const Asked asked = everything();
  ReadSet reads = plan_reads();
  reads.totals = {{{0, 1}, {Day{0}, Day{9}}, false}};
  const ScriptPlan plan(reads, asked.users.size(), script_of(asked));
  const auto count = [&](const std::vector<std::size_t>& places) {
    PinnedReads pinned = pins(50, places);
    Asking asking(pinned, view_);
    Partial counts = asking->count(plan);
    counts.memory = {};
    return counts;
  };
  const Partial whole = count({0, 1, 2, 3});
  Partial merged = count({0, 2});
  ASSERT_TRUE(merged.merge(count({1, 3})).ok());
  expect_counts(merged, asked);
  EXPECT_EQ(merged.partitions, whole.partitions);
  EXPECT_EQ(merged.serialize({plan}), whole.serialize({plan}));
  EXPECT_FALSE(merged.merge(count({3})).ok()) << "a partition is counted twice";
}

TEST_F(QueryExecutorTest, APageThatCannotBeReadEndsTheQuestion) {
  const Asked asked = everything();
  const ScriptPlan plan = plan_of(asked);
  view_.refusal = Status::io_error("the disk is gone");
  for (const std::size_t kept : {std::size_t{0}, kLarge}) {
    for (const std::uint32_t threads : {1u, 4u}) {
      for (int i = 0; i < 10; ++i) {
        PinnedReads pinned = pins(0);
        view_.refused_from = view_.reads + random_.below(view_.pages.size());
        Asking asking(pinned, view_, {threads, kept});
        const Status status = asking.failure_of(plan);
        EXPECT_EQ(status.code(), StatusCode::kIoError);
        EXPECT_EQ(status.message(), "the disk is gone");
        EXPECT_EQ(asking.taken(), 0u);
        EXPECT_EQ(asking->kept_bytes(), bytes_in_memory(pinned));
        EXPECT_EQ(plan.freed, 0) << "it is not counted anew";
        expect_they_answer(pinned, asked);
      }
    }
  }
}

TEST_F(QueryExecutorTest, ADamagedPageIsNamed) {
  const Asked asked = everything();
  const ScriptPlan plan = plan_of(asked);
  for (const auto& [kind, name, fault] :
       {std::tuple(PageKind::kPresence, "presence page", "presence: its bytes do not add up"),
        std::tuple(PageKind::kAmounts, "amounts page", "amounts: their bytes do not add up"),
        std::tuple(PageKind::kBounds, "bounds page", "bounds: their bytes do not add up")}) {
    std::vector<PageAddress> of_kind;
    for (const auto& [address, bytes] : view_.pages) {
      if (address.id.kind == kind) of_kind.push_back(address);
    }
    const PageAddress address = random_.pick(of_kind);
    std::string text = name;
    text += " of partition " + std::to_string(address.id.partition);
    if (kind != PageKind::kBounds) {
      text += address.id.day < 9 ? ", 1970-01-0" : ", 1970-01-";
      text += std::to_string(address.id.day + 1);
    }
    text += ", series " + std::to_string(address.id.series) + ", chunk " +
            std::to_string(address.id.chunk) + ": " + fault;
    PinnedReads pinned = pins(0);
    const std::string bytes = view_.pages[address];
    view_.pages[address].pop_back();
    Asking asking(pinned, view_, {4, kLarge});
    const Status status = asking.failure_of(plan);
    EXPECT_EQ(status.code(), StatusCode::kCorruption);
    EXPECT_EQ(status.message(), text);
    view_.pages[address] = bytes;
    expect_they_answer(pinned, asked);
  }
}

TEST_F(QueryExecutorTest, AQuestionThatIsOverReadsAndKeepsNothing) {
  const Asked asked = everything();
  std::stop_source stop;
  stop.request_stop();
  const auto past = std::chrono::steady_clock::now() - std::chrono::seconds(1);
  for (const std::uint32_t threads : {1u, 4u}) {
    for (const auto& [limits, code] :
         {std::pair(QueryLimits{{}, stop.get_token()}, StatusCode::kCancelled),
          std::pair(QueryLimits{past, {}}, StatusCode::kDeadlineExceeded)}) {
      PinnedReads pinned = pins(0);
      const ScriptPlan plan = plan_of(asked);
      const std::size_t reads = view_.reads;
      Asking asking(pinned, view_, {threads, kLarge, kLarge, limits});
      EXPECT_EQ(asking.failure_of(plan).code(), code);
      EXPECT_THROW(asking->members(plan, {{0}}), QuestionFailure);
      EXPECT_TRUE(plan.threads().empty()) << "a chunk is counted";
      EXPECT_EQ(view_.reads, reads);
      EXPECT_EQ(asking.taken(), 0u);
      EXPECT_EQ(asking->kept_bytes(), 0u);
      EXPECT_EQ(bytes_in_memory(pinned), 0u);
      expect_they_answer(pinned, asked);
    }
  }
}

// Each sort of step goes on for a few dozen times at most.
TEST_F(QueryExecutorTest, IsStoppedWithinAChunk) {
  PinnedReads pinned = pins(100, {1});
  const std::size_t bytes_before = bytes_in_memory(pinned);
  const DayRange days = testing::kUnionDays[0];
  const std::vector<std::pair<std::string_view, Step>> all_steps = {
      {"presence", [](auto& chunk, auto&, auto& s) { chunk.presence(0, Day{0}, s.words()); }},
      {"unite", [&](auto& chunk, auto&, auto&) { chunk.unite(0, days); }},
      {"bounds", [](auto& chunk, auto&, auto&) { chunk.bounds(0); }},
      {"amounts", [](auto& chunk, auto&, auto&) { (void)chunk.amounts(0, Day{0}); }},
      {"add", [](auto&, auto& sink, auto& s) { sink.add(0, s.all()); }},
      {"add_and", [](auto&, auto& sink, auto& s) { sink.add_and(0, s.all(), s.all()); }},
      {"add_andnot", [](auto&, auto& sink, auto& s) { sink.add_andnot(0, s.all(), s.all()); }},
      {"add_and_band", [](auto&, auto& sink, auto& s) {
         const BitSpan users = s.all();
         sink.add_and_band({0, 1, 1, {&users, 1}, {&users, 1}});
       }}};
  for (const auto& [name, step] : all_steps) {
    EXPECT_LE(steps_after_stop(pinned, step), 32u) << name;
  }
  for (PinnedUnion& made : pinned.partitions[0].pages.unions) {
    for (PinnedUnion::Run& run : made.runs) EXPECT_FALSE(run.sets->is_filled(0));
  }
  EXPECT_EQ(bytes_in_memory(pinned), bytes_before);
}

TEST_F(QueryExecutorTest, ReadsNoPageOnceItIsStopped) {
  PinnedReads pinned = pins(0, {1});
  const SeriesId series = view_.pages.begin()->first.id.series;
  EXPECT_EQ(steps_after_stop(pinned,
                             [&](auto& chunk, auto&, auto& scratch) {
                               for (Day day{0}; day < Day{kDays}; day = day + 1) {
                                 chunk.presence(series, day, scratch.words());
                               }
                             }),
            0u);
  EXPECT_EQ(view_.reads, 0u);
}

}  // namespace
}  // namespace rollcall
