// Accounts for what questions take: memory, of which all running questions together have a share,
// and time.
//
// Whatever grows with a question is charged to its account before it is allocated. A question that
// does not fit, or whose answer the caller no longer wants, ends as if it ran out of memory: by an
// exception, which Engine turns into the Status that it carries.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <utility>

#include "rollcall/question.h"
#include "rollcall/status.h"

namespace rollcall {

class QuestionFailure : public std::exception {
 public:
  explicit QuestionFailure(Status status) : status_(std::move(status)) {}
  const Status& status() const { return status_; }
  const char* what() const noexcept override { return "a question cannot be answered"; }

 private:
  const Status status_;
};

// Holds the memory that all questions share. Any thread may use it.
class QuestionBudget {
 public:
  explicit QuestionBudget(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  bool take(std::size_t bytes);  // false: it does not fit
  void give_back(std::size_t bytes) { taken_.fetch_sub(bytes, std::memory_order_relaxed); }
  std::size_t taken() const { return taken_.load(std::memory_order_relaxed); }
  std::size_t bytes_max() const { return bytes_max_; }

 private:
  const std::size_t bytes_max_;
  std::atomic<std::size_t> taken_{0};
};

// Says what a question needs memory for. Errors go by it when they say what to narrow.
enum class QuestionNeed : std::uint8_t {
  kReads,     // the names of what it reads
  kPlans,     // what is planned before anything is read
  kPages,     // what it reads that does not stay in memory
  kSets,      // the sets by which users of a chunk are counted
  kCells,     // the counts
  kTotals,    // totals of single days and hours
  kRows,      // rows of the answer
  kMembers,   // users behind a cell
  kSegments,  // the parts of segments
  kLists,     // lists of users
  kHistory,   // events of history, and sorting those that came last
  kSamples,   // durations, of which medians are made
  kValues,    // the values that a breakdown ranks
  kNumbers,   // numbers of single users, of which ranks are made
  kOutcomes,  // what is measured of single users, who are split at random
};

// This is the account of one call of Engine::query. Any thread may use it.
class QuestionAccount {
 public:
  QuestionAccount(QuestionBudget& budget, const QueryLimits& limits)
      : budget_(budget),
        limits_(limits),
        may_end_(limits.stop.stop_possible() || limits.deadline.has_value()) {}
  // The destructor gives back what was taken and not given back.
  ~QuestionAccount() { budget_.give_back(taken_); }
  QuestionAccount(const QuestionAccount&) = delete;
  QuestionAccount& operator=(const QuestionAccount&) = delete;

  // Throws QuestionFailure if the caller no longer wants an answer. This takes a few dozen
  // nanoseconds if the limits allow the caller to say so, and next to none otherwise.
  void check() const {
    if (may_end_) check_limits();
  }

  // Throws QuestionFailure, and takes nothing, if `bytes` do not fit.
  void take(std::size_t bytes, QuestionNeed need);
  // Returns false, and takes nothing, if too little of what questions have would be left for others
  // (kSpareShareLeast).
  bool take_spare(std::size_t bytes);
  void give_back(std::size_t bytes);
  // Returns how much more all questions together may take.
  std::size_t left() const;

  const QueryLimits& limits() const { return limits_; }

 private:
  void check_limits() const;

  QuestionBudget& budget_;
  const QueryLimits& limits_;
  const bool may_end_;  // early, by a deadline or a stop
  std::atomic<std::size_t> taken_{0};
};

// Checks an account every few steps, each of which takes some hundred nanoseconds. Only one thread
// uses it.
class QuestionPace {
 public:
  explicit QuestionPace(const QuestionAccount* account) : account_(account) {}  // may be null
  void step() {
    if (++steps_ % kStepsUnchecked == 0 && account_ != nullptr) account_->check();
  }

 private:
  static constexpr std::uint32_t kStepsUnchecked = 16;
  const QuestionAccount* account_;
  std::uint32_t steps_ = 0;
};

// Owns bytes taken from an account, and gives them back when it is destroyed.
class QuestionMemory {
 public:
  QuestionMemory() = default;  // belongs to no account, and has no bounds
  explicit QuestionMemory(QuestionAccount* account) : account_(account) {}  // null: no account
  QuestionMemory(QuestionMemory&& other) noexcept { *this = std::move(other); }
  QuestionMemory& operator=(QuestionMemory&& other) noexcept {
    std::swap(account_, other.account_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~QuestionMemory() {
    if (account_ != nullptr) account_->give_back(bytes_);
  }

  void take(std::size_t bytes, QuestionNeed need) {
    if (account_ == nullptr) return;
    account_->take(bytes, need);
    bytes_ += bytes;
  }
  void give_back() {
    if (account_ != nullptr) account_->give_back(std::exchange(bytes_, 0));
  }
  void give_back(std::size_t bytes) {
    if (account_ == nullptr) return;
    account_->give_back(bytes);
    bytes_ -= bytes;
  }
  // Leaves the bytes taken until the account ends, because they have gone into the answer.
  void leave() { bytes_ = 0; }
  // Takes memory as QuestionAccount::take_spare does.
  bool take_spare(std::size_t bytes) {
    if (account_ == nullptr) return true;
    if (!account_->take_spare(bytes)) return false;
    bytes_ += bytes;
    return true;
  }

 private:
  QuestionAccount* account_ = nullptr;
  std::size_t bytes_ = 0;
};

// Makes room for `more` elements that will be added to `vector`, and leaves its memory taken.
// `account` is a QuestionAccount or a QuestionMemory.
template <class Account, class Vector>
void take_for(Account& account, Vector& vector, std::size_t more, QuestionNeed need) {
  constexpr std::size_t kElementBytes = sizeof(typename Vector::value_type);
  const std::size_t wanted = vector.size() + more;
  if (wanted <= vector.capacity()) return;
  const std::size_t before = vector.capacity(), after = wanted < 2 * before ? 2 * before : wanted;
  account.take(after * kElementBytes, need);
  vector.reserve(after);
  account.give_back(before * kElementBytes);
}

}  // namespace rollcall
