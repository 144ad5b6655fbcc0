// A disk fails beneath what operates on a store: the log of alerts, the objects that are kept by
// name, and frozen lists. At any of its calls, the process is killed, the power is cut, or the call
// fails once or for ever; or there is no room left. What was acknowledged is there when the store
// is opened again, each step wholly or not at all, and the work goes on from there.
//
// A session makes many calls: every ROLLCALL_FAULT_STEP-th from ROLLCALL_FAULT_CALL on is the one
// that fails, each in a process of its own.

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "rollcall/alert_log.h"
#include "rollcall/engine.h"
#include "rollcall/rocks_store.h"
#include "tests/reliability/child.h"
#include "tests/reliability/faulty_disk.h"
#include "tests/storage/temporary_directory.h"
#include "tests/support/error_text.h"
#include "tests/support/event_columns.h"
#include "tests/support/random.h"
#include "tests/support/run_size.h"

namespace rollcall::testing {
namespace {

namespace fs = std::filesystem;

// Holds what a session has done, and is kept when its process ends.
struct StepsDone {
  std::size_t begun = 0;
  std::size_t acknowledged = 0;
  std::uint64_t calls = 0;
  std::uint64_t bytes = 0;
};

class OperationsFaults : public ::testing::Test {
 protected:
  OperationsFaults()
      : done_(static_cast<StepsDone*>(::mmap(nullptr, sizeof(StepsDone), PROT_READ | PROT_WRITE,
                                             MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {}
  ~OperationsFaults() override { ::munmap(done_, sizeof(StepsDone)); }

#if defined(__SANITIZE_THREAD__)
  void SetUp() override {
    GTEST_SKIP() << "the thread sanitizer follows files by the functions of the C library whose "
                    "place faulty_disk.cpp takes";
  }
#endif

  // Does the steps that are not done yet; ends at the first error.
  virtual Status work() = 0;
  // Returns what is wrong with what is there, or "". `steps` gets how many of them it has.
  virtual std::string look(std::size_t& steps) = 0;
  virtual std::size_t step_count() const = 0;

  // Announces a step, so that what is found later can be judged.
  Status step(std::size_t number, const std::function<Status()>& take) {
    done_->begun = number + 1;
    ROLLCALL_RETURN_IF_ERROR(take());
    done_->acknowledged = number + 1;
    return {};
  }

  std::string recover() {
    for (int time = 0; time < 2; ++time) {
      const StepsDone done = *done_;
      std::size_t found = 0;
      std::string wrong = look(found);
      if (!wrong.empty()) return "found: " + wrong;
      if (found < done.acknowledged || found > done.begun) {
        return "found " + std::to_string(found) + " steps, acknowledged " +
               std::to_string(done.acknowledged) + ", begun " + std::to_string(done.begun);
      }
      const Status status = work();
      if (!status.ok()) return "does not go on: " + status.to_string();
      wrong = look(found);
      if (!wrong.empty()) return "at the end: " + wrong;
      if (found != step_count()) return "steps are missing";
    }
    return "";
  }

  // Returns what is wrong with what an error says, or "".
  std::string judged(const Status& status) const {
    if (status.ok()) return "";
    if (!disk_has_failed()) return "an error without a fault: " + status.to_string();
    return repeats(status, path_) ? "" : "the error does not say where: " + status.to_string();
  }

  void start_again() {
    fs::remove_all(path_);
    fs::create_directory(path_);
    *done_ = {};
  }

  void run(const DiskFault& fault) {
    start_again();
    const ChildEnd end = run_in_child([&] {
      start_disk_faults(path_, fault);
      const std::string wrong = judged(work());
      done_->calls = disk_calls();
      done_->bytes = disk_bytes();
      return wrong;
    });
    const bool was_cut = end.how == ChildEnd::How::kExited && end.code == kPowerCutCode;
    // RocksDB of Debian has its assertions on, and some failures break one.
    const bool was_asserted = end.how == ChildEnd::How::kAsserted;
    ASSERT_TRUE(was_cut || was_asserted || end.how == ChildEnd::How::kReturned) << to_string(end);
    if (end.how == ChildEnd::How::kReturned) {
      ASSERT_EQ(end.report, "");
    }
    ++ends_[was_cut ? 0 : was_asserted ? 1 : 2];
    const ChildEnd after = run_in_child([&] { return recover(); });
    ASSERT_EQ(after.how, ChildEnd::How::kReturned) << to_string(after);
    ASSERT_EQ(after.report, "");
  }

  void fail_calls(std::uint64_t step_default) {
    Random random(run_seed());
    ASSERT_NO_FATAL_FAILURE(run({}));
    ASSERT_EQ(done_->acknowledged, step_count());
    const std::uint64_t calls = done_->calls;
    ASSERT_GT(calls, step_count());
    const std::uint64_t step = run_size("ROLLCALL_FAULT_STEP", step_default);
    const std::uint64_t first = run_size("ROLLCALL_FAULT_CALL", 1 + random.below(step));
    for (std::uint64_t call = first; call <= calls; call += step) {
      for (const auto what : {DiskFault::What::kFailOnce, DiskFault::What::kFailForEver,
                              DiskFault::What::kPowerCut, DiskFault::What::kKill}) {
        SCOPED_TRACE(::testing::Message() << "call " << call << " kind " << static_cast<int>(what));
        ASSERT_NO_FATAL_FAILURE(run({.what = what, .call = call, .seed = random.bits()}));
      }
    }
    std::printf("%llu calls, one in %llu: %d cut or killed, %d aborted, %d told or absorbed\n",
                static_cast<unsigned long long>(calls), static_cast<unsigned long long>(step),
                ends_[0], ends_[1], ends_[2]);
    EXPECT_GT(ends_[0], 0);
    EXPECT_GT(ends_[2], 0);
  }

  void fill_disk(std::uint64_t places_default) {
    ASSERT_NO_FATAL_FAILURE(run({}));
    const std::uint64_t bytes = done_->bytes;
    const std::uint64_t places =
        run_size("ROLLCALL_FAULT_STEP", 0) == 1 ? 40 * places_default : places_default;
    for (std::uint64_t place = 0; place < places; ++place) {
      SCOPED_TRACE(::testing::Message() << "full after part " << place << " of " << bytes);
      start_again();
      const ChildEnd end = run_in_child([&] {
        start_disk_faults(path_, {.bytes_max = bytes * place / places});
        const Status status = work();
        if (!status.ok() && !repeats(status, std::strerror(ENOSPC))) {
          return "the error does not say why: " + status.to_string();
        }
        stop_disk_faults();
        return recover();
      });
      ASSERT_EQ(end.how, ChildEnd::How::kReturned) << to_string(end);
      ASSERT_EQ(end.report, "");
    }
  }

  TemporaryDirectory directory_{directory_in_memory()};
  const std::string path_ = directory_.path("store");
  StepsDone* const done_;
  int ends_[3] = {};
};

// The log of alerts: records are added, a few at a time, and now and then it is written anew.
class AlertLogFaults : public OperationsFaults {
 protected:
  static constexpr std::size_t kSteps = 7;

  std::size_t step_count() const override { return kSteps; }

  static std::vector<std::string> records_of(std::size_t step) {
    return {std::to_string(step) + " one", std::to_string(step) + std::string(300 * step, 'x')};
  }
  // A step may be there in part: the first so many of its records.
  static std::vector<std::string> records_until(std::size_t steps) {
    std::vector<std::string> all;
    for (std::size_t i = 0; i < steps; ++i) {
      for (const std::string& record : records_of(i)) all.push_back(record);
    }
    return all;
  }

  Status work() override {
    ROLLCALL_ASSIGN_OR_RETURN(AlertLog first, AlertLog::open(path_));
    auto log = std::make_unique<AlertLog>(std::move(first));
    for (std::size_t i = log->records().size() / 2; i < kSteps; ++i) {
      const Status status = step(i, [&] { return add(*log, i); });
      if (!status.ok()) return refused_until_opened(*log, status);
    }
    return {};
  }
  static Status add(AlertLog& log, std::size_t number) {
    std::vector<std::string> records = records_of(number);
    // The half of a step that a crash has left.
    records.erase(records.begin(),
                  records.begin() + static_cast<std::ptrdiff_t>(log.records().size() - 2 * number));
    ROLLCALL_RETURN_IF_ERROR(log.append(records));
    if (number % 3 != 2) return {};
    const std::vector<std::string> all = log.records();
    return log.replace(all);
  }
  // After an error, nothing more is written through the log that had it.
  static Status refused_until_opened(AlertLog& log, const Status& error) {
    const std::vector<std::string> more = {"never"};
    for (const Status& again : {log.append(more), log.replace(more)}) {
      if (again.code() != StatusCode::kFailedPrecondition) {
        return Status::corruption("after an error, a log took more: " + again.to_string());
      }
    }
    return error;
  }

  std::string look(std::size_t& steps) override {
    const Result<std::vector<std::string>> records = read_alert_log(path_);
    if (!records.ok()) return records.status().to_string();
    std::vector<std::string> expected = records_until(kSteps);
    if (records->size() > expected.size()) return "records were made up";
    expected.resize(records->size());
    if (*records != expected) return "the records are others";
    steps = records->size() / 2;
    // A step that was begun may be there in part, and none else.
    if (records->size() % 2 != 0 && done_->begun != steps + 1) return "a record is gone";
    return "";
  }
};

TEST_F(AlertLogFaults, AnyCallFails) { fail_calls(1); }

TEST_F(AlertLogFaults, FullDisk) { fill_disk(25); }

// Objects that are kept by name, and frozen lists: each step is a commit.
class SavedFaults : public OperationsFaults {
 protected:
  using Step = std::function<Status(Engine&)>;

  SavedFaults() {
    const auto object = [](ObjectKind kind, const std::string& name, const std::string& json) {
      return SavedObject{kind, name, json};
    };
    steps_.push_back([](Engine& engine) -> Status {
      std::vector<NaiveEvent> events;
      for (int user = 0; user < 60; ++user) {
        NaiveEvent& event = events.emplace_back();
        event.user = user_of(user);
        event.event = user % 2 == 0 ? "buy" : "look";
        event.time = kTime;
      }
      const EventColumns columns(events, engine.settings());
      return engine.ingest(columns.batch()).status();
    });
    steps_.push_back([=](Engine& engine) {
      const SavedObject objects[] = {
          object(ObjectKind::kAlert, "a", R"({"x":1})"),
          object(ObjectKind::kCampaign, "c", R"({"y":[1,2]})"),
          object(ObjectKind::kSegment, "s", R"j({"segment": "did(buy)"})j")};
      return engine.save_objects(objects, OnSameName::kReplace);
    });
    steps_.push_back([](Engine& engine) { return freeze(engine, "1", "did(buy)"); });
    steps_.push_back([=](Engine& engine) {
      const SavedObject objects[] = {object(ObjectKind::kAlert, "a", R"({"x":2})"),
                                     object(ObjectKind::kAlert, "b", R"({"x":3})")};
      return engine.save_objects(objects, OnSameName::kReplace);
    });
    steps_.push_back([](Engine& engine) { return freeze(engine, "2", "segment(s) or did(look)"); });
    steps_.push_back([](Engine& engine) { return engine.drop_audience({"c", "1"}); });
    steps_.push_back([](Engine& engine) { return engine.drop_object(ObjectKind::kAlert, "b"); });
  }

  std::size_t step_count() const override { return steps_.size(); }

  static constexpr TimeUs kTime = 1'767'225'600'000'000;
  static std::string user_of(int number) { return "user" + std::to_string(number); }

  static Status freeze(Engine& engine, const std::string& run, const std::string& users) {
    AudienceRequest request;
    request.name = {"c", run};
    ROLLCALL_ASSIGN_OR_RETURN(request.users, parse_segment(users));
    request.holdout = "0.3";
    request.draw = "c";
    return engine.freeze(request).status();
  }

  Result<std::unique_ptr<Engine>> open() const {
    ROLLCALL_ASSIGN_OR_RETURN(std::unique_ptr<Store> store, open_rocks_store(path_ + "/db"));
    EngineOptions options;
    options.settings = StoreSettings{};
    options.settings->partition_count = 4;
    options.threads_max = 1;
    return Engine::open(std::move(store), options);
  }

  // Returns all that the steps change, as a text.
  static Result<std::string> written(const Engine& engine) {
    std::string text = std::to_string(engine.info().event_count) + " events";
    for (const ObjectKind kind :
         {ObjectKind::kSegment, ObjectKind::kQuestion, ObjectKind::kCampaign, ObjectKind::kAlert}) {
      for (const SavedObject& object : engine.objects(kind)) {
        text += "; " + object.name + " = " + object.definition;
      }
    }
    for (const AudienceInfo& info : engine.audiences()) {
      text += "; run " + info.name.run + ":";
      const Result<QueryResult> users = engine.query(
          R"j({"kind": "segment", "members": {"of": "users"}, "segment": {"campaign": "c", )j"
          R"j("run": ")j" +
          info.name.run + R"j("}})j");
      if (!users.ok()) return users.status();
      std::uint64_t in_arms = 0;
      for (const auto& part : info.classes) in_arms += part.contacted + part.holdout;
      text += " " + std::to_string(users->rows.size()) + " of " + std::to_string(in_arms);
    }
    return text;
  }

  // Returns what is there after so many steps, worked out by hand.
  static std::vector<std::string> expected() {
    const std::string events = "60 events";
    const std::string one = R"(; a = {"x":1})";
    const std::string c = R"(; c = {"y":[1,2]})";
    const std::string s = R"(; s = {"segment": {"did": "buy"}})";
    const std::string two = R"(; a = {"x":2})";
    const std::string b = R"(; b = {"x":3})";
    const std::string run_1 = "; run 1: 30 of 30";
    const std::string run_2 = "; run 2: 60 of 60";
    return {"0 events",
            events,
            events + s + c + one,
            events + s + c + one + run_1,
            events + s + c + two + b + run_1,
            events + s + c + two + b + run_1 + run_2,
            events + s + c + two + b + run_2,
            events + s + c + two + run_2};
  }

  Status work() override {
    ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, open());
    std::size_t next = 0;
    const std::string wrong = steps_of(*engine, next);
    if (!wrong.empty()) return Status::corruption(wrong);
    for (; next < steps_.size(); ++next) {
      const auto take = [&]() -> Status {
        ROLLCALL_RETURN_IF_ERROR(steps_[next](*engine));
        return engine->checkpoint();
      };
      ROLLCALL_RETURN_IF_ERROR(step(next, take));
    }
    return engine->close();
  }

  static std::string steps_of(const Engine& engine, std::size_t& steps) {
    const Result<std::string> found = written(engine);
    if (!found.ok()) return found.status().to_string();
    const std::vector<std::string> all = expected();
    for (steps = all.size(); steps-- > 0;) {
      if (*found == all[steps]) return "";
    }
    return "no such state: " + *found;
  }

  std::string look(std::size_t& steps) override {
    const auto engine = open();
    if (!engine.ok()) return engine.status().to_string();
    const std::string wrong = steps_of(**engine, steps);
    if (!wrong.empty()) return wrong;
    const Result<VerifyReport> report = (*engine)->verify();
    if (!report.ok()) return report.status().to_string();
    return report->faults.empty() ? "" : report->faults.front();
  }

  std::vector<Step> steps_;
};

TEST_F(SavedFaults, AnyCallFails) { fail_calls(25); }

TEST_F(SavedFaults, FullDisk) { fill_disk(6); }

}  // namespace
}  // namespace rollcall::testing
