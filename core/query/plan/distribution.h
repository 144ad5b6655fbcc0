// Holds how many users have each of some exact numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/byte_codec.h"
#include "core/base/question_account.h"
#include "rollcall/types.h"

namespace rollcall {

// Is number / of. A number of a user is within 2^91 of 0, and `of` is 1 to 2^32; a bound that no
// such number reaches may be up to 2^94, so that products of two of them stay exact.
struct Fraction {
  AmountSum number = 0;
  std::uint64_t of = 1;
};
inline bool is_less(const Fraction& a, const Fraction& b) {
  return a.number * static_cast<AmountSum>(b.of) < b.number * static_cast<AmountSum>(a.of);
}

// Distributions of disjoint users merge. Only one thread uses it.
class Distribution {
 public:
  struct Entry {
    Fraction number;
    std::uint64_t user_count = 0;
  };

  // Numbers take memory of the account; if it is null, there is no bound.
  explicit Distribution(QuestionAccount* account = nullptr) : account_(account), memory_(account) {}

  void add(const Fraction& number, std::uint64_t user_count);
  void merge(const Distribution& other);
  std::uint64_t user_count() const;
  // Calls visit(number, user_count) for all numbers, in no order. A number may come several times.
  template <class Visit>
  void for_each(Visit visit) const {
    for (const Amount number : lone_) visit(Fraction{number}, std::uint64_t{1});
    for (const Entry& entry : entries_) visit(entry.number, entry.user_count);
  }

  // Cuts the users into so many parts by rank. Returns, for each part but the first, the least
  // number that is in it or above: the first of which at least k / parts of the users lie below,
  // where those who have the number itself count half. It is not set if there is no such number.
  // There are at most 100 parts.
  std::vector<std::optional<Fraction>> starts_of_parts(std::uint64_t parts) const;

  // Writes the same bytes for the same numbers, however they were added.
  void write(ByteWriter& writer) const;
  // Reads what `write` wrote into a distribution of nobody. Returns false if the bytes cannot be
  // that.
  bool read(ByteReader& reader);
  // Returns whether it has at most so many users, whose numbers, and the sum of their sizes, are
  // within `sum_max` of 0.
  bool is_within(std::uint64_t users_max, AmountSum number_max, AmountSum sum_max) const;

 private:
  // Sorts entries by number and `of`, and adds up those that are the same.
  static void merge_equal(std::vector<Entry>& entries);

  QuestionAccount* account_;
  QuestionMemory memory_;
  std::vector<Amount> lone_;    // whole numbers of one user each
  std::vector<Entry> entries_;  // all others
  std::size_t merged_ = 0;      // how many were left when they were last merged
};

}  // namespace rollcall
