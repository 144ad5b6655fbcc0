#include "core/engine/checkpointer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <semaphore>
#include <thread>

#include "core/base/mutex.h"
#include "core/engine/checkpoint_schedule.h"
#include "core/engine/failure.h"

namespace rollcall {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Time = CheckpointSchedule::Clock::time_point;

constexpr std::size_t kDirtyMax = 1000;
constexpr std::uint64_t kJournalMax = 500;
const Time kStart = Time(seconds(1'000'000));

CheckpointSchedule schedule(seconds age_max = seconds(0)) {
  return CheckpointSchedule(
      {.dirty_bytes_max = kDirtyMax, .journal_bytes_max = kJournalMax, .age_max = age_max});
}

TEST(CheckpointSchedule, IsDuePastItsLimits) {
  CheckpointSchedule limited = schedule();
  limited.note_change(kStart);
  EXPECT_FALSE(limited.is_due(kDirtyMax, kJournalMax, kStart + seconds(1'000'000)));
  EXPECT_TRUE(limited.is_due(kDirtyMax + 1, 0, kStart));
  EXPECT_TRUE(limited.is_due(0, kJournalMax + 1, kStart));
}

TEST(CheckpointSchedule, IsDueByTheAgeOfTheOldestChange) {
  CheckpointSchedule aged = schedule(seconds(60));
  EXPECT_FALSE(aged.is_due(0, 0, kStart + seconds(1'000))) << "nothing has changed";
  aged.note_change(kStart);
  aged.note_change(kStart + seconds(50));
  EXPECT_FALSE(aged.is_due(0, 0, kStart + seconds(59)));
  EXPECT_TRUE(aged.is_due(0, 0, kStart + seconds(60)));
  aged.take_changes();
  EXPECT_FALSE(aged.has_changes());
  EXPECT_FALSE(aged.is_due(0, 0, kStart + seconds(60)));
  aged.note_change(kStart + seconds(70));
  EXPECT_FALSE(aged.is_due(0, 0, kStart + seconds(129)));
  EXPECT_TRUE(aged.is_due(0, 0, kStart + seconds(130)));
}

TEST(CheckpointSchedule, WaitsForTheOneUnderWay) {
  CheckpointSchedule busy = schedule();
  busy.begin_commit();
  EXPECT_FALSE(busy.is_due(kDirtyMax + 1, 0, kStart));
  busy.finish_commit();
  EXPECT_TRUE(busy.is_due(kDirtyMax + 1, 0, kStart));
  busy.begin_in_background();
  EXPECT_FALSE(busy.is_due(kDirtyMax + 1, 0, kStart));
  busy.finish_in_background();
  EXPECT_TRUE(busy.is_due(kDirtyMax + 1, 0, kStart));
}

TEST(CheckpointSchedule, RestsFourteenTimesAsLongAsTheLastOneTook) {
  CheckpointSchedule resting = schedule();
  resting.note_checkpoint(kStart, kStart + milliseconds(100));
  EXPECT_FALSE(resting.is_due(kDirtyMax + 1, 0, kStart + milliseconds(1499)));
  EXPECT_TRUE(resting.is_due(kDirtyMax + 1, 0, kStart + milliseconds(1500)));
}

TEST(Failure, KeepsItsFirstReason) {
  Failure failure;
  EXPECT_FALSE(failure.has_failed());
  failure.note(Status::io_error("first"));
  failure.note(Status::io_error("second"));
  EXPECT_TRUE(failure.has_failed());
  EXPECT_EQ(failure.status().message(), "first");
}

TEST(Failure, ComesOfAStepThatIsNotFinished) {
  Failure failure;
  { UnlessFinished(failure, Status::io_error("half done")).finish(); }
  EXPECT_FALSE(failure.has_failed());
  EXPECT_THROW(
      {
        const UnlessFinished step(failure, Status::io_error("half done"));
        throw 1;
      },
      int);
  EXPECT_EQ(failure.status().message(), "half done");
  { UnlessFinished(failure, Status::io_error("half done")).fail(Status::io_error("disk: full")); }
  EXPECT_EQ(failure.status().message(), "disk: full");
}

// A checkpointer of checkpoints that wait until they are let go.
class CheckpointerTest : public ::testing::Test {
 protected:
  Status make() {
    ++made_;
    begun_.release();
    go_on_.acquire();
    return result_;
  }

  bool is_in_background() {
    const Gate::Pass pass(gate_);
    return schedule_.is_in_background();
  }
  void wait_for_background() {
    while (is_in_background()) std::this_thread::sleep_for(milliseconds(1));
  }

  Gate gate_;
  CheckpointSchedule schedule_ = schedule();
  Failure failure_;
  Status result_;
  std::atomic<int> made_{0};
  std::counting_semaphore<> begun_{0};
  std::counting_semaphore<> go_on_{0};
  Checkpointer checkpointer_{gate_, schedule_, failure_, [this] { return make(); }};
};

TEST_F(CheckpointerTest, MakesOneAtATimeInTheBackground) {
  ASSERT_TRUE(checkpointer_.start_in_background());
  begun_.acquire();
  EXPECT_TRUE(is_in_background());
  EXPECT_FALSE(checkpointer_.mutex().try_lock());
  ASSERT_TRUE(checkpointer_.start_in_background()) << "the first one is at work";
  go_on_.release();
  EXPECT_TRUE(checkpointer_.wait() || !is_in_background());
  wait_for_background();
  EXPECT_EQ(made_, 1);
  EXPECT_TRUE(failure_.status().ok());
  EXPECT_FALSE(checkpointer_.wait()) << "nobody makes one";
}

TEST_F(CheckpointerTest, StartsNoneWhileSomebodyHoldsTheMutex) {
  const MutexLock alone(checkpointer_.mutex());
  ASSERT_TRUE(checkpointer_.start_in_background());
  EXPECT_FALSE(is_in_background());
  EXPECT_EQ(made_, 0);
}

TEST_F(CheckpointerTest, TellsWhyOneInTheBackgroundFailed) {
  result_ = Status::io_error("disk: full");
  go_on_.release(2);
  ASSERT_TRUE(checkpointer_.start_in_background());
  wait_for_background();
  EXPECT_EQ(failure_.status().message(), "disk: full");
  result_ = Status::io_error("disk: gone");
  ASSERT_TRUE(checkpointer_.start_in_background());
  wait_for_background();
  EXPECT_EQ(made_, 2);
  EXPECT_EQ(failure_.status().message(), "disk: full") << "the first reason stays";
}

TEST_F(CheckpointerTest, NotesHowLongOneTook) {
  Checkpointer slow(gate_, schedule_, failure_, [] {
    std::this_thread::sleep_for(milliseconds(20));
    return Status();
  });
  const Time begin = CheckpointSchedule::Clock::now();
  {
    const MutexLock alone(slow.mutex());
    ASSERT_TRUE(slow.make_scheduled().ok());
  }
  EXPECT_FALSE(schedule_.is_due(kDirtyMax + 1, 0, begin + milliseconds(20 * 15 - 1)));
}

TEST_F(CheckpointerTest, WaitsForItsThreadBeforeItGoes) {
  std::atomic<bool> is_done{false};
  {
    Checkpointer slow(gate_, schedule_, failure_, [&] {
      std::this_thread::sleep_for(milliseconds(20));
      is_done = true;
      return Status();
    });
    ASSERT_TRUE(slow.start_in_background());
  }
  EXPECT_TRUE(is_done);
  EXPECT_FALSE(is_in_background());
}

}  // namespace
}  // namespace rollcall
