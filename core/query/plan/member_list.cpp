#include "core/query/plan/member_list.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <system_error>
#include <utility>
#include <variant>

#include "core/base/assert.h"
#include "core/query/plan/table_plan.h"
#include "core/query/text/instant_text.h"
#include "core/time/time_zone.h"
#include "core/users/user_list.h"
#include "rollcall/message_text.h"

namespace rollcall {
namespace {

Status fault(std::string_view kind, std::string_view text) {
  return Status::invalid_argument(fmt::format("{}: members: {}", kind, text));
}

bool is_key(const Column& column) {
  if (column.name == "payback_day") return false;  // a measure
  return column.type == ColumnType::kDate || column.type == ColumnType::kTime ||
         column.type == ColumnType::kString || column.type == ColumnType::kInt;
}

// A bucket is known by where it begins, and a step by its number.
bool is_needed(const Column& column) {
  return is_key(column) && column.name != "to_days" && column.name != "name";
}

// Returns a key as it is asked for.
std::string key_text(const Cell& cell) {
  if (const Day* day = std::get_if<Day>(&cell)) return to_string(*day);
  if (const auto* time = std::get_if<ZonedTime>(&cell)) return to_string(*time);
  if (const auto* number = std::get_if<std::int64_t>(&cell)) return std::to_string(*number);
  const auto* const value = std::get_if<std::string>(&cell);
  return value == nullptr ? "null" : *value;
}

// Says whether the text is the same instant, with whatever offset.
bool is_instant(const std::string& text, TimeUs time) {
  const std::optional<InstantText> instant = parse_instant(text);
  return instant && instant->offset_us &&
         instant->day.value * kUsPerDay + instant->us_of_day - *instant->offset_us == time;
}

// A key that a row lacks is asked for as null, or as nothing.
bool is_key_of(const std::string& text, const Cell& cell) {
  const bool is_null = std::holds_alternative<std::monostate>(cell);
  if (text == key_text(cell) || (is_null && text.empty())) return true;
  const auto* const time = std::get_if<ZonedTime>(&cell);
  return time != nullptr && is_instant(text, time->time);
}

std::optional<std::uint64_t> parse_integer(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return number;
}

// Sorts ids that are numbers. They are mostly spread evenly, so that buckets of equal width have a
// few hundred each, which are sorted faster than all at once. The account may end it between two.
void sort_numbers(std::vector<std::uint64_t>& numbers, QuestionAccount* account) {
  constexpr std::size_t kPerBucket = 256;
  if (numbers.size() <= kPerBucket) {
    std::sort(numbers.begin(), numbers.end());
    return;
  }
  const auto [least, most] = std::minmax_element(numbers.begin(), numbers.end());
  const std::uint64_t first = *least;
  const std::size_t bucket_count = numbers.size() / kPerBucket + 1;
  int shift = 0;
  while ((*most - first) >> shift >= bucket_count) ++shift;
  QuestionMemory memory(account);
  memory.take((numbers.size() + bucket_count + 1) * sizeof(std::uint64_t), QuestionNeed::kMembers);
  std::vector<std::size_t> begins(bucket_count + 1);
  for (const std::uint64_t number : numbers) ++begins[((number - first) >> shift) + 1];
  for (std::size_t i = 0; i < bucket_count; ++i) begins[i + 1] += begins[i];
  std::vector<std::uint64_t> sorted(numbers.size());
  std::vector<std::size_t> places = begins;
  for (const std::uint64_t number : numbers) sorted[places[(number - first) >> shift]++] = number;
  for (std::size_t i = 0; i < bucket_count; ++i) {
    if (account != nullptr) account->check();
    std::sort(sorted.begin() + static_cast<std::ptrdiff_t>(begins[i]),
              sorted.begin() + static_cast<std::ptrdiff_t>(begins[i + 1]));
  }
  numbers.swap(sorted);
}

// No number of a user is farther from 0, so that differences and products of them stay exact.
constexpr AmountSum kToldMax = AmountSum{1} << 91;

constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max() / 4;

// Finds the column of each key in `where`, and leaves out none of those needed.
Result<std::vector<std::size_t>> find_key_columns(const QueryResult& table,
                                                  const Members& members) {
  std::vector<std::string> keys;
  for (const Column& column : table.columns) {
    if (is_key(column)) keys.push_back(column.name);
  }
  std::vector<std::size_t> found;
  for (const auto& [name, value] : members.where) {
    const auto column =
        std::find_if(table.columns.begin(), table.columns.end(),
                     [&key = name](const Column& c) { return is_key(c) && c.name == key; });
    if (column == table.columns.end()) {
      return fault(table.kind, keys.empty() ? "where: must be empty, found " + quoted_excerpt(name)
                                            : "where: " + unknown_name("key column", name, keys));
    }
    found.push_back(static_cast<std::size_t>(column - table.columns.begin()));
  }
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (is_needed(table.columns[i]) && std::find(found.begin(), found.end(), i) == found.end()) {
      return fault(table.kind, fmt::format("where: must tell the cell by {}, found no {}",
                                           fmt::join(keys, ", "), table.columns[i].name));
    }
  }
  return found;
}

}  // namespace

std::string user_text(const UserId& user) {
  const auto* number = std::get_if<std::uint64_t>(&user);
  return number == nullptr ? std::get<std::string>(user) : std::to_string(*number);
}

Status check_after(const std::string& after, UserKind kind) {
  if (after.empty() || kind == UserKind::kString || parse_integer(after)) return {};
  return Status::invalid_argument("after: must be the id of a user, found " +
                                  quoted_excerpt(after));
}

Status check_members(const Members& members, UserKind kind) {
  const Status status = check_after(members.after, kind);
  return status.ok() ? status : status.within("members");
}

Result<std::string> take_key(std::string_view kind, const std::string& column, Members& members) {
  const auto key = std::find_if(members.where.begin(), members.where.end(),
                                [&](const auto& pair) { return pair.first == column; });
  if (key == members.where.end()) {
    return fault(kind, fmt::format("where: must tell the cell by {}, too, which the answer is "
                                   "broken down by",
                                   column));
  }
  std::string value = std::move(key->second);
  members.where.erase(key);
  return value;
}

Status no_such_key(std::string_view kind, const std::string& column, const std::string& found,
                   const std::vector<std::string>& allowed) {
  return fault(kind, fmt::format("where: {}: {}", column, unknown_name("value", found, allowed)));
}

Result<std::vector<std::size_t>> find_member_cells(
    const QueryResult& table, const Members& members,
    const std::function<std::vector<std::size_t>(std::size_t, std::string_view)>& cells_of) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::size_t> columns,
                            find_key_columns(table, members));
  // Returns the rows that agree in the first `count` keys.
  const auto agrees = [&](const std::vector<Cell>& cells, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      if (!is_key_of(members.where[i].second, cells[columns[i]])) return false;
    }
    return true;
  };
  if (table.rows.empty()) return fault(table.kind, "where: the answer has no rows");
  const auto row = std::find_if(table.rows.begin(), table.rows.end(),
                                [&](const auto& cells) { return agrees(cells, columns.size()); });
  if (row == table.rows.end()) {
    // The key to name is the first that no row has, beside those before it.
    std::size_t at = 0;
    while (std::any_of(table.rows.begin(), table.rows.end(),
                       [&](const auto& cells) { return agrees(cells, at + 1); })) {
      ++at;
    }
    std::vector<std::string> there;
    for (const std::vector<Cell>& cells : table.rows) {
      if (!agrees(cells, at)) continue;
      std::string key = key_text(cells[columns[at]]);
      if (there.empty() || there.back() != key) there.push_back(std::move(key));
    }
    return no_such_key(table.kind, members.where[at].first, members.where[at].second, there);
  }
  const auto index = static_cast<std::size_t>(row - table.rows.begin());
  std::vector<std::string> countable;
  for (const Column& column : table.columns) {
    if (column.type != ColumnType::kCount) continue;
    if (!cells_of(index, column.name).empty()) countable.push_back(column.name);
  }
  if (countable.empty()) {
    return fault(table.kind,
                 "where: the row counts no users of its own: it sums up others, or is of "
                 "an hour, of which users are not kept");
  }
  if (members.of.empty() && countable.size() == 1) return cells_of(index, countable.front());
  if (std::find(countable.begin(), countable.end(), members.of) == countable.end()) {
    return fault(table.kind, members.of.empty()
                                 ? fmt::format("of: must be one of {}", fmt::join(countable, ", "))
                                 : "of: " + unknown_name("count of users", members.of, countable));
  }
  return cells_of(index, members.of);
}

MemberPage::MemberPage(const Members& members, UserKind kind, QuestionAccount* account,
                       std::size_t numbers_per_user)
    : kind_(kind),
      size_max_(static_cast<std::size_t>(
          std::min<std::uint64_t>(members.limit.value_or(kNoLimit), kNoLimit))),
      numbers_per_user_(numbers_per_user),
      account_(account),
      memory_(account),
      pace_(account) {
  if (!members.after.empty()) {
    after_ =
        kind == UserKind::kInteger ? UserId(*parse_integer(members.after)) : UserId(members.after);
  }
}

bool MemberPage::is_before(const UserId& a, const UserId& b) {
  pace_.step();
  return a < b;
}

void MemberPage::add_integer(std::uint64_t id) {
  if (after_ && id <= std::get<std::uint64_t>(*after_)) return;
  if (size_max_ != kNoLimit && integers_.size() == 2 * (size_max_ + 1)) {
    const auto end = integers_.begin() + static_cast<std::ptrdiff_t>(size_max_ + 1);
    std::nth_element(integers_.begin(), end - 1, integers_.end(), [&](auto a, auto b) {
      pace_.step();
      return a < b;
    });
    integers_.erase(end, integers_.end());
  }
  take_for(memory_, integers_, 1, QuestionNeed::kMembers);
  integers_.push_back(id);
}

void MemberPage::add(User user) {
  if (has_integers_alone()) return add_integer(std::get<std::uint64_t>(user.id));
  if (after_ && !is_before(*after_, user.id)) return;
  // There is room for twice the page and what follows it, so that sorting it out takes a few steps
  // a user.
  if (size_max_ != kNoLimit && users_.size() == 2 * (size_max_ + 1)) cut_to(size_max_ + 1);
  take_for(memory_, users_, 1, QuestionNeed::kMembers);
  memory_.take(heap_bytes(user.id), QuestionNeed::kMembers);
  users_.push_back(std::move(user));
}

void MemberPage::merge(MemberPage other) {
  for (const std::uint64_t id : other.integers_) add_integer(id);
  for (User& user : other.users_) {
    if (user.numbers != nullptr) {
      memory_.take(numbers_per_user_ * sizeof(AmountSum), QuestionNeed::kMembers);
    }
    add(std::move(user));
  }
}

std::vector<const MemberPage::User*> MemberPage::first(std::size_t count) const {
  std::vector<const User*> users(std::min(count, users_.size()));
  std::vector<const User*> all;
  all.reserve(users_.size());
  for (const User& user : users_) all.push_back(&user);
  std::partial_sort_copy(all.begin(), all.end(), users.begin(), users.end(),
                         [](const User* a, const User* b) { return a->id < b->id; });
  return users;
}

void MemberPage::write(ByteWriter& writer) const {
  std::uint64_t before = 0;
  if (has_integers_alone()) {
    std::vector<std::uint64_t> ids = integers_;
    std::sort(ids.begin(), ids.end());
    ids.resize(std::min(ids.size(), size_max_ + 1));
    writer.varint(ids.size());
    for (const std::uint64_t id : ids) writer.varint(id - std::exchange(before, id));
    return;
  }
  const std::vector<const User*> users = first(size_max_ + 1);
  writer.varint(users.size());
  for (const User* user : users) {
    if (kind_ == UserKind::kString) {
      writer.text(std::get<std::string>(user->id));
    } else {
      const auto number = std::get<std::uint64_t>(user->id);
      writer.varint(number - std::exchange(before, number));
    }
    for (std::size_t i = 0; i < numbers_per_user_; ++i) writer.sum(user->numbers[i]);
  }
}

bool MemberPage::read(ByteReader& reader) {
  constexpr std::size_t kNumberBytes = 2;
  const std::size_t count = reader.count(1 + kNumberBytes * numbers_per_user_);
  if (count > size_max_ + 1) return false;
  std::uint64_t number = 0;
  if (has_integers_alone()) {
    take_for(memory_, integers_, count, QuestionNeed::kMembers);
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t step = reader.varint();
      const bool is_first = i == 0;
      // No user comes twice, and neither does anybody whom an earlier page had.
      if (!reader.ok() || (!is_first && step == 0) || number + step < number) return false;
      number += step;
      if (is_first && after_ && number <= std::get<std::uint64_t>(*after_)) return false;
      integers_.push_back(number);
    }
    return reader.ok();
  }
  take_for(memory_, users_, count, QuestionNeed::kMembers);
  for (std::size_t i = 0; i < count; ++i) {
    User user;
    if (kind_ == UserKind::kString) {
      user.id = std::string(reader.text());
      memory_.take(heap_bytes(user.id), QuestionNeed::kMembers);
    } else {
      user.id = number += reader.varint();
    }
    // No user comes twice, and neither does anybody whom an earlier page had.
    const UserId* const before = users_.empty() ? after_ ? &*after_ : nullptr : &users_.back().id;
    if (!reader.ok() || (before != nullptr && !is_before(*before, user.id))) return false;
    if (numbers_per_user_ > 0) take_numbers(user);
    for (std::size_t n = 0; n < numbers_per_user_; ++n) {
      const AmountSum told = reader.sum();
      if (told < -kToldMax || told > kToldMax) return false;
      user.numbers[n] = told;
    }
    users_.push_back(std::move(user));
  }
  return reader.ok();
}

void MemberPage::take_numbers(User& user) {
  memory_.take(numbers_per_user_ * sizeof(AmountSum), QuestionNeed::kMembers);
  user.numbers = std::make_unique<AmountSum[]>(numbers_per_user_);
}

void MemberPage::cut_to(std::size_t count) {
  const auto end = users_.begin() + static_cast<std::ptrdiff_t>(count);
  std::nth_element(users_.begin(), end - 1, users_.end(),
                   [&](const User& a, const User& b) { return is_before(a.id, b.id); });
  for (auto user = end; user != users_.end(); ++user) {
    memory_.give_back(heap_bytes(user->id));
    if (user->numbers != nullptr) memory_.give_back(numbers_per_user_ * sizeof(AmountSum));
  }
  users_.erase(end, users_.end());
}

std::span<MemberPage::User> MemberPage::cut() {
  if (users_.size() > size_max_ + 1) cut_to(size_max_ + 1);
  return users_;
}

void MemberPage::tell(User& user, std::span<const AmountSum> numbers) {
  take_numbers(user);
  std::ranges::copy(numbers, user.numbers.get());
}

std::vector<const MemberPage::User*> MemberPage::listed() const { return first(size_max_); }

std::optional<std::string> MemberPage::next(const std::vector<const User*>& page) const {
  if (page.empty() || page.size() == users_.size()) return {};
  return user_text(page.back()->id);
}

QueryResult MemberPage::list(QueryResult table) {
  const std::size_t page = sort_page(table);
  if (account_ != nullptr) account_->take(page * bytes_of_row(1), QuestionNeed::kMembers);
  table.rows.reserve(page);
  for (std::size_t i = 0; i < page; ++i) {
    std::vector<Cell>& row = table.rows.emplace_back();
    if (has_integers_alone()) {
      row.emplace_back(std::to_string(integers_[i]));
    } else {
      auto* const text = std::get_if<std::string>(&users_[i].id);
      row.emplace_back(text == nullptr ? user_text(users_[i].id) : std::move(*text));
    }
  }
  memory_.leave();  // the ids are in the rows now
  users_.clear();
  integers_.clear();
  return table;
}

QueryResult MemberPage::list_ids(QueryResult table, MemberIds& ids) {
  ROLLCALL_ASSERT(numbers_per_user_ == 0);
  ids.kind = kind_;
  if (has_integers_alone()) {
    integers_.resize(sort_page(table));
    ids.numbers = std::move(integers_);
    memory_.leave();  // the ids are in the answer now
    return table;
  }
  // Views are sorted in less time than users.
  QuestionMemory memory(account_);
  memory.take(users_.size() * sizeof(std::string_view), QuestionNeed::kMembers);
  std::vector<std::string_view> texts;
  texts.reserve(users_.size());
  for (const User& user : users_) texts.push_back(std::get<std::string>(user.id));
  std::sort(texts.begin(), texts.end(), [&](std::string_view a, std::string_view b) {
    pace_.step();
    return a < b;
  });
  make_heading(table);
  if (texts.size() > size_max_) {
    texts.resize(size_max_);
    if (size_max_ > 0) table.next = std::string(texts.back());
  }
  std::size_t bytes = 0;
  for (const std::string_view text : texts) bytes += text.size();
  if (account_ != nullptr) {
    account_->take(bytes + texts.size() * sizeof(std::size_t), QuestionNeed::kMembers);
  }
  ids.bytes.reserve(bytes);
  ids.ends.reserve(texts.size());
  for (const std::string_view text : texts) {
    ids.bytes += text;
    ids.ends.push_back(ids.bytes.size());
  }
  return table;
}

void MemberPage::make_heading(QueryResult& table) {
  table.rows.clear();
  table.rows.shrink_to_fit();
  table.pivot.reset();
  table.columns = {{"user", ColumnType::kString}};
}

std::size_t MemberPage::sort_page(QueryResult& table) {
  make_heading(table);
  if (has_integers_alone()) {
    sort_numbers(integers_, account_);
  } else {
    std::sort(users_.begin(), users_.end(),
              [&](const User& a, const User& b) { return is_before(a.id, b.id); });
  }
  const std::size_t page = std::min(size_max_, user_count());
  if (page == user_count() || page == 0) return page;
  table.next =
      has_integers_alone() ? std::to_string(integers_[page - 1]) : user_text(users_[page - 1].id);
  return page;
}

}  // namespace rollcall
