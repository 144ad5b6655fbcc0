// Has the users behind a cell as a column, which is how programs take many of them in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/answer.h"
#include "rollcall/types.h"

namespace rollcall {

// The ids are in ascending order.
struct MemberIds {
  QueryResult answer;  // as Engine::query answers, without its rows
  UserKind kind = UserKind::kString;
  std::vector<std::uint64_t> numbers;  // of a store whose ids are integers
  // Ids that are texts stand one after another in `bytes`; each ends at its place in `ends`.
  std::string bytes;
  std::vector<std::size_t> ends;

  std::size_t count() const { return kind == UserKind::kInteger ? numbers.size() : ends.size(); }
  std::string_view text(std::size_t number) const {
    const std::size_t begin = number == 0 ? 0 : ends[number - 1];
    return std::string_view(bytes).substr(begin, ends[number] - begin);
  }
  // Returns the answer with the rows that Engine::query gives it.
  QueryResult with_rows() const;
};

}  // namespace rollcall
