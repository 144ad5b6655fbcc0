#include "core/query/plan/partial.h"

#include <algorithm>
#include <utility>

#include "core/query/plan/plan.h"

namespace rollcall {
namespace {

std::size_t size_of(const TotalsRead& read) {
  return static_cast<std::size_t>(read.days.size()) * (read.by_hour ? kDayHoursMax : 1);
}

// Makes room for more elements, at least as many as there are, so that adding them one by one takes
// no longer than adding them at once.
template <class Element>
void make_room(std::vector<Element>& elements, std::size_t count, QuestionMemory& memory,
               QuestionNeed need) {
  if (elements.capacity() - elements.size() >= count) return;
  constexpr std::size_t kFirst = 16;
  const std::size_t capacity = elements.size() + std::max({kFirst, elements.size(), count});
  memory.take((capacity - elements.capacity()) * sizeof(Element), need);
  elements.reserve(capacity);
}

template <class Element>
void add_all(const std::vector<Element>& more, std::vector<Element>& elements,
             QuestionMemory& memory) {
  make_room(elements, more.size(), memory, QuestionNeed::kOutcomes);
  elements.insert(elements.end(), more.begin(), more.end());
}

}  // namespace

PartialShape PartialShape::of(const PlanTask& task) {
  PartialShape shape;
  shape.has_users = task.members != nullptr;
  if (shape.has_users) return shape;
  shape.cells = task.plan.cell_count();
  shape.amounts = task.plan.has_amounts() ? shape.cells : 0;
  for (const TotalsRead& read : task.plan.reads().totals) shape.totals.push_back(size_of(read));
  shape.sample_lists = task.plan.sample_list_count();
  shape.tallies = task.plan.tally_count();
  shape.has_texts = task.plan.has_texts();
  shape.distributions = task.plan.distribution_count();
  shape.outcome_lists = task.plan.outcome_list_count();
  return shape;
}

PartialShape PartialShape::of(const Partial& partial) {
  PartialShape shape;
  shape.has_users = partial.users.has_value();
  shape.cells = partial.cells.size();
  shape.amounts = partial.amounts.size();
  for (const std::vector<EventTotal>& totals : partial.totals) {
    shape.totals.push_back(totals.size());
  }
  shape.sample_lists = partial.samples.size();
  shape.tallies = partial.tallies.size();
  shape.has_texts = partial.has_texts;
  shape.distributions = partial.distributions.size();
  shape.outcome_lists = partial.outcomes.size();
  return shape;
}

Partial Partial::cells_of_nobody(const Plan& plan, QuestionAccount* account) {
  Partial partial;
  partial.memory = QuestionMemory(account);
  const std::size_t cell_bytes =
      sizeof(std::uint64_t) + (plan.has_amounts() ? sizeof(AmountSum) : 0);
  partial.memory.take(plan.cell_count() * cell_bytes, QuestionNeed::kCells);
  partial.cells.resize(plan.cell_count());
  if (plan.has_amounts()) partial.amounts.resize(plan.cell_count());
  partial.memory.take(plan.sample_list_count() * sizeof(partial.samples[0]), QuestionNeed::kCells);
  partial.samples.resize(plan.sample_list_count());
  partial.memory.take(plan.tally_count() * sizeof(partial.tallies[0]), QuestionNeed::kCells);
  partial.tallies.resize(plan.tally_count());
  partial.has_texts = plan.has_texts();
  partial.memory.take(plan.distribution_count() * sizeof(Distribution), QuestionNeed::kCells);
  for (std::size_t i = 0; i < plan.distribution_count(); ++i) {
    partial.distributions.emplace_back(account);
  }
  partial.memory.take(plan.outcome_list_count() * sizeof(UserOutcomes), QuestionNeed::kCells);
  partial.outcomes.resize(plan.outcome_list_count());
  return partial;
}

Partial Partial::of_nobody(const PlanTask& task, QuestionAccount* account) {
  if (task.members != nullptr) {
    Partial partial;
    partial.users.emplace(*task.members, task.user_kind, account, task.plan.numbers_per_user());
    return partial;
  }
  Partial partial = cells_of_nobody(task.plan, account);
  for (const std::size_t size : PartialShape::of(task).totals) {
    partial.memory.take(size * sizeof(EventTotal), QuestionNeed::kTotals);
    partial.totals.emplace_back(size);
  }
  return partial;
}

void Partial::add_sample(std::size_t list, std::int64_t number) {
  make_room(samples[list], 1, memory, QuestionNeed::kSamples);
  samples[list].push_back(number);
}

void Partial::add_outcome(std::size_t list, std::uint64_t user, AmountSum measured) {
  UserOutcomes& outcome = outcomes[list];
  std::vector<std::uint64_t>& of_kind = measured == 0 ? outcome.without : outcome.with;
  make_room(of_kind, 1, memory, QuestionNeed::kOutcomes);
  of_kind.push_back(user);
  if (measured == 0 || amounts.empty()) return;
  make_room(outcome.values, 1, memory, QuestionNeed::kOutcomes);
  outcome.values.push_back(measured);
}

void Partial::add_text(std::string_view text, std::uint64_t user_count) {
  const auto known = texts.find(text);
  if (known != texts.end()) {
    known->second += user_count;
    return;
  }
  constexpr std::size_t kTextBytes = 96;  // with its place in the map
  memory.take(kTextBytes + text.size(), QuestionNeed::kValues);
  texts.emplace(text, user_count);
}

void Partial::add_cells(const Partial& part) {
  for (std::size_t cell = 0; cell < part.cells.size(); ++cell) cells[cell] += part.cells[cell];
  for (std::size_t cell = 0; cell < part.amounts.size(); ++cell) {
    amounts[cell] += part.amounts[cell];
  }
  for (std::size_t tally = 0; tally < part.tallies.size(); ++tally) {
    add_tally(tally, part.tallies[tally]);
  }
  for (std::size_t list = 0; list < part.samples.size(); ++list) {
    for (const std::int64_t number : part.samples[list]) add_sample(list, number);
  }
  for (const auto& [text, user_count] : part.texts) add_text(text, user_count);
  for (std::size_t i = 0; i < part.distributions.size(); ++i) {
    distributions[i].merge(part.distributions[i]);
  }
  for (std::size_t list = 0; list < part.outcomes.size(); ++list) {
    add_all(part.outcomes[list].without, outcomes[list].without, memory);
    add_all(part.outcomes[list].with, outcomes[list].with, memory);
    add_all(part.outcomes[list].values, outcomes[list].values, memory);
  }
}

Status Partial::merge(Partial other) {
  if (PartialShape::of(*this) != PartialShape::of(other) ||
      (users && !users->is_same_page(*other.users))) {
    return Status::invalid_argument("partial answer: it is one to another question");
  }
  if ((partitions & other.partitions).any()) {
    return Status::invalid_argument("partial answer: it has partitions that are counted already");
  }
  partitions |= other.partitions;
  add_cells(other);
  for (std::size_t read = 0; read < totals.size(); ++read) {
    for (std::size_t i = 0; i < totals[read].size(); ++i) {
      totals[read][i].add(other.totals[read][i]);
    }
  }
  if (users) users->merge(*std::move(other.users));
  return {};
}

}  // namespace rollcall
