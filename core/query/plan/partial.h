// Is the answer of some partitions of a store to one plan, as a value. Partials of disjoint
// partitions merge into the answer of all of them, in any order and any grouping. A user lives in
// exactly one partition, so counts of users add up.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/question_account.h"
#include "core/catalog/manifest.h"
#include "core/pages/reads.h"
#include "core/query/plan/distribution.h"
#include "core/query/plan/member_list.h"
#include "rollcall/question.h"
#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

class Plan;

// Holds the numbers of some partitions of a store.
using PartitionSet = std::bitset<kPartitionsMax>;

// A plan is asked for this: the counts of all its cells, or a page of the users of some of them.
struct PlanTask {
  const Plan& plan;
  const Members* members = nullptr;         // the page; null: the task asks for counts
  UserKind user_kind = UserKind::kInteger;  // of the store, if the task asks for users
  std::span<const std::size_t> cells = {};  // the cells whose users the task asks for
};

struct Partial;

// Says how many numbers of each sort an answer has.
struct PartialShape {
  bool has_users = false;
  std::size_t cells = 0;
  std::size_t amounts = 0;
  std::vector<std::size_t> totals;  // of each read
  std::size_t sample_lists = 0;
  std::size_t tallies = 0;
  bool has_texts = false;
  std::size_t distributions = 0;
  std::size_t outcome_lists = 0;

  static PartialShape of(const PlanTask& task);
  static PartialShape of(const Partial& partial);

  friend bool operator==(const PartialShape&, const PartialShape&) = default;
};

// Holds what is measured of single users, each told by a hash of their id (hash_user), in no order.
struct UserOutcomes {
  std::vector<std::uint64_t> without;  // those of whom 0 is measured
  std::vector<std::uint64_t> with;     // the others
  std::vector<AmountSum> values;       // of the others, if the plan has amounts
};

struct Partial {
  PartitionSet partitions;           // the partitions whose answer it is
  std::vector<std::uint64_t> cells;  // the users of each cell
  std::vector<AmountSum> amounts;    // the amount of each cell, if the plan has amounts
  // Holds, for each of ReadSet::totals, the totals by day, or by day and hour (kDayHoursMax per
  // day) if asked for.
  std::vector<std::vector<EventTotal>> totals;
  // Holds numbers of single users, not below zero, in no order; medians are made of them.
  std::vector<std::vector<std::int64_t>> samples;
  std::vector<std::uint64_t> tallies;  // counts of what users may do several times
  // Holds the users of each text that has some, if Plan::has_texts.
  std::map<std::string, std::uint64_t, std::less<>> texts;
  bool has_texts = false;
  std::vector<Distribution> distributions;  // of exact numbers of single users
  std::vector<UserOutcomes> outcomes;       // of each of Plan::outcome_list_count
  std::optional<MemberPage> users;  // where users are asked for, in the place of all the counts
  QuestionMemory memory;            // that the counts take

  // Returns the answer of no partition, which changes nothing that it is merged with. Its memory
  // comes from `account`; if that is null, it is unbounded.
  static Partial of_nobody(const PlanTask& task, QuestionAccount* account = nullptr);
  // Returns the same for the plan's counts, without `totals`.
  static Partial cells_of_nobody(const Plan& plan, QuestionAccount* account = nullptr);

  // Adds users to a cell who are not in it yet.
  void add(std::size_t cell, std::uint64_t user_count) { cells[cell] += user_count; }
  void add_amount(std::size_t cell, AmountSum amount) { amounts[cell] += amount; }
  void add_sample(std::size_t list, std::int64_t number);
  void add_tally(std::size_t tally, std::uint64_t count) { tallies[tally] += count; }
  void add_text(std::string_view text, std::uint64_t user_count);
  void add_number(std::size_t distribution, const Fraction& number, std::uint64_t user_count) {
    distributions[distribution].add(number, user_count);
  }
  void add_outcome(std::size_t list, std::uint64_t user, AmountSum measured);
  // Adds the cells of other users of the same partitions.
  void add_cells(const Partial& part);

  // Adds the answer of other partitions to the same task. Reading bytes checks the task by its
  // digest, but this checks only what an answer shows of it: how many counts, or which page.
  //   kInvalidArgument  a partition is in both, or the tasks differ; nothing was added
  Status merge(Partial other);

  // Returns the bytes that another machine of the same version reads; equal answers have equal
  // bytes, however they were merged. docs/format.md describes them.
  std::string serialize(const PlanTask& task) const;
  // Reads what `serialize` wrote for the same task. Whatever the bytes are, this takes no more
  // memory than an answer to the task can, nor than a fixed multiple of the bytes themselves.
  //   kCorruption       they are not what was written, or cannot be an answer to the task
  //   kUnsupported      another version wrote them
  //   kInvalidArgument  they answer another task
  // The call throws QuestionFailure if the account has no memory left.
  static Result<Partial> deserialize(std::string_view bytes, const PlanTask& task,
                                     QuestionAccount* account = nullptr);
  // Checks that it can be an answer to the task: it has as many numbers as the task, and its
  // partitions can have these numbers. This ensures that no sum over 4,096 such partitions, or over
  // the rows of a table, is too large for its type.
  //   kCorruption  it cannot
  Status validate(const PlanTask& task) const;
};

}  // namespace rollcall
