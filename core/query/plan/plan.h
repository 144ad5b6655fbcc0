// A plan has the pages that a query reads, what it counts in a chunk, and the table that the counts
// become. Each kind is one file; everything else is shared.
//
// A question takes this path: Query -> make_plan (core/query/kinds/kind_table.h) -> Plan. The
// executor pins what `reads()` names, calls `count` once for each chunk of each partition, adds up
// the cells, and calls `finish` with the resulting Partial. A user lives in exactly one chunk, so
// counts of users add up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/pages/reads.h"
#include "core/query/plan/partial.h"
#include "core/query/resolve/plan_context.h"
#include "core/query/sets/cell_sink.h"
#include "core/query/sets/chunk_source.h"
#include "rollcall/answer.h"
#include "rollcall/question.h"

namespace rollcall {

// A plan is immutable. Any thread may use it.
class Plan {
 public:
  virtual ~Plan() = default;
  virtual const ReadSet& reads() const = 0;
  virtual std::size_t cell_count() const = 0;
  // Returns whether its cells also have amounts.
  virtual bool has_amounts() const { return false; }
  // Returns how many tallies it has: counts of what users may do several times, such as events.
  virtual std::size_t tally_count() const { return 0; }
  // Returns how many lists of numbers of single users it has.
  virtual std::size_t sample_list_count() const { return 0; }
  // Returns whether it counts users by text, of which it does not know beforehand which there are.
  virtual bool has_texts() const { return false; }
  // Returns how many distributions of numbers of users it has.
  virtual std::size_t distribution_count() const { return 0; }
  // Returns how many lists of what is measured of users it has.
  virtual std::size_t outcome_list_count() const { return 0; }
  // Gives `sink` the users of every cell that are in the chunk.
  // Throws QuestionFailure, as the chunk and the sink may.
  virtual void count(const ChunkSource& chunk, CellSink& sink) const = 0;
  // Returns the page of users whom the answer has a row for each, out of those of cell 0. Null: its
  // rows are of counts.
  virtual const Members* page() const { return nullptr; }
  // Returns how many numbers `tell` tells of each user. It tells none if there is no page.
  virtual std::size_t numbers_per_user() const { return 0; }
  // Calls tell(place, numbers) for each of `users`, who are of the chunk and in cell 0.
  // Throws QuestionFailure, as the chunk may.
  using TellUser = std::function<void(std::uint32_t place, std::span<const AmountSum> numbers)>;
  virtual void tell(const ChunkSource&, BitSpan, const TellUser&) const {}
  // Returns whether it needs the names of its context until it is answered.
  virtual bool keeps_names() const { return false; }
  // Frees what `count` keeps from one chunk to the next. Must not be called while something counts.
  virtual void free_scratch() const {}
  // Returns a number that distinguishes the plan from those of other questions, days, users and
  // values, on any machine whose store has the same settings.
  virtual std::uint64_t digest() const = 0;
  // Returns the table without its rows.
  virtual const QueryResult& heading() const = 0;
  // Returns what a reader of the table should know, as its definition has it.
  virtual std::span<const std::string> notes() const { return {}; }
  // Returns the plan that goes on with what this one has counted of all partitions, and reads no
  // more than this one. Null: this one makes the table.
  virtual std::unique_ptr<Plan> next(const Partial&) const { return nullptr; }
  // Returns the table, except its `stats`, for the answer of all partitions, which is the page of
  // users if the plan has one. It and `next` throw QuestionFailure if the texts of the answer are
  // none that `count` gives.
  virtual QueryResult finish(const Partial& counts) const = 0;
  // Returns the cells whose users a column of a row of that table counts; no user is in two of
  // them. Returns none if the column counts no users. `finish` made the row.
  virtual std::vector<std::size_t> cells_of(std::size_t row, std::string_view column) const = 0;
  // Returns the same for a row that holds `cells`. Plans that leave out rows of nobody go by that,
  // because the number of a row does not tell them which one it is.
  virtual std::vector<std::size_t> cells_of_row(const std::vector<Cell>&, std::size_t row,
                                                std::string_view column) const {
    return cells_of(row, column);
  }
};

}  // namespace rollcall
