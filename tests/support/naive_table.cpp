#include "tests/support/naive_table.h"

#include <cmath>
#include <cstddef>

namespace rollcall::testing {

QueryResult counted(const NaiveTable& table) {
  QueryResult result;
  result.columns = table.columns;
  result.next = table.next;
  for (const auto& row : table.rows) {
    std::vector<Cell>& cells = result.rows.emplace_back();
    for (const NaiveCell& cell : row) {
      const Users* users = std::get_if<Users>(&cell);
      cells.push_back(users ? Cell(count(*users)) : std::get<Cell>(cell));
    }
  }
  return result;
}

Cell ratio(std::int64_t part, std::int64_t whole, bool complete) {
  Cell cell;
  if (whole != 0 && complete) cell = static_cast<double>(part) / static_cast<double>(whole);
  return cell;
}

std::string event_text(const Selector& selector) {
  Segment segment;
  segment.event = selector;
  const std::string text = to_string(segment);  // did(...)
  return text.substr(4, text.size() - 5);
}

std::string decimal_text(AmountSum sum, std::uint32_t decimals) {
  const bool is_negative = sum < 0;
  std::string digits;  // from the last one on
  for (; sum != 0 || digits.size() <= decimals; sum /= 10) {
    const int digit = static_cast<int>(sum % 10);
    digits += static_cast<char>('0' + (is_negative ? -digit : digit));
  }
  std::string text(digits.rbegin(), digits.rend());
  text.insert(text.size() - decimals, ".");
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return (is_negative ? "-" : "") + text;
}

Cell amount_per_user(AmountSum sum, std::uint32_t decimals, std::int64_t users, bool complete) {
  Cell cell;
  if (users == 0 || !complete) return cell;
  const auto scale = std::pow(10.0L, static_cast<long double>(decimals));
  cell =
      static_cast<double>(static_cast<long double>(sum) / scale / static_cast<long double>(users));
  return cell;
}

}  // namespace rollcall::testing
