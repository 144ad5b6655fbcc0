#include "core/base/question_account.h"

#include <fmt/format.h>

#include <chrono>
#include <string_view>

#include "core/base/memory_policy.h"

namespace rollcall {
namespace {

struct NeedText {
  std::string_view what;
  std::string_view advice;
};

NeedText text_of(QuestionNeed need) {
  switch (need) {
    case QuestionNeed::kPlans:
      return {"plans", "ask fewer questions at once"};
    case QuestionNeed::kReads:
    case QuestionNeed::kPages:
      return {"what it reads", "narrow the range, or name fewer events or values"};
    case QuestionNeed::kSets:
      return {"sets of users",
              "narrow the range, take fewer or longer periods, or simplify "
              "segments"};
    case QuestionNeed::kCells:
      return {"counts", "narrow the range, or take fewer or longer periods"};
    case QuestionNeed::kTotals:
      return {"totals of days or hours",
              "narrow the range, take longer periods, or break down by "
              "less"};
    case QuestionNeed::kRows:
      return {"rows of the answer",
              "narrow the range, take fewer or longer periods or a lower "
              "breakdown_limit, or ask fewer questions at once"};
    case QuestionNeed::kHistory:
      return {"events", "ask one question at a time, or give the store more memory"};
    case QuestionNeed::kSamples:
      return {"durations that medians are made of", "narrow the range"};
    case QuestionNeed::kNumbers:
      return {"numbers to rank users by", "ask about fewer users, or give fixed edges"};
    case QuestionNeed::kOutcomes:
      return {"users to split at random", "ask about fewer users, or without random splits"};
    case QuestionNeed::kValues:
      return {"values to rank", "narrow the range, or break down by a property of fewer values"};
    case QuestionNeed::kMembers:
      return {"users", "give members a limit, and go on after each page"};
    case QuestionNeed::kLists:
      return {"lists of users", "shorten the lists, or ask of each part of them"};
    case QuestionNeed::kSegments:
      break;
  }
  return {"segments", "give segments fewer parts"};
}

}  // namespace

bool QuestionBudget::take(std::size_t bytes) {
  std::size_t taken = taken_.load(std::memory_order_relaxed);
  do {
    if (bytes > bytes_max_ - taken) return false;
  } while (!taken_.compare_exchange_weak(taken, taken + bytes, std::memory_order_relaxed));
  return true;
}

void QuestionAccount::check_limits() const {
  if (limits_.stop.stop_requested()) {
    throw QuestionFailure({StatusCode::kCancelled, "stopped before the answer"});
  }
  if (limits_.deadline && std::chrono::steady_clock::now() >= *limits_.deadline) {
    throw QuestionFailure({StatusCode::kDeadlineExceeded, "the time was over before the answer"});
  }
}

void QuestionAccount::take(std::size_t bytes, QuestionNeed need) {
  if (budget_.take(bytes)) {
    taken_.fetch_add(bytes, std::memory_order_relaxed);
    return;
  }
  const NeedText text = text_of(need);
  const std::size_t own = taken_.load(std::memory_order_relaxed);
  const std::size_t all = budget_.taken();
  throw QuestionFailure(Status::resource_exhausted(fmt::format(
      "more memory is needed than questions have: found {} bytes for {} beside {} that it has and "
      "{} "
      "of other questions, allowed: {} together; {}",
      bytes, text.what, own, all < own ? 0 : all - own, budget_.bytes_max(), text.advice)));
}

bool QuestionAccount::take_spare(std::size_t bytes) {
  if (bytes + budget_.bytes_max() * kSpareShareLeast > left() || !budget_.take(bytes)) return false;
  taken_.fetch_add(bytes, std::memory_order_relaxed);
  return true;
}

void QuestionAccount::give_back(std::size_t bytes) {
  taken_.fetch_sub(bytes, std::memory_order_relaxed);
  budget_.give_back(bytes);
}

std::size_t QuestionAccount::left() const {
  const std::size_t taken = budget_.taken();
  return budget_.bytes_max() - taken;
}

}  // namespace rollcall
