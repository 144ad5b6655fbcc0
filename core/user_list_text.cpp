#include "core/user_list_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>

#include "core/source/digits.h"

namespace rollcall {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kUserColumn = "user";
// More of them would take gigabytes, however short they are.
constexpr std::size_t kUsersMax = std::size_t{1} << 24;

// What a list is made into.
class Users {
 public:
  Users(const std::string& name, UserKind kind) : name_(name), kind_(kind) {}

  Status add(std::string_view text, std::size_t line) {
    if (text.empty()) return {};
    if (users_.size() == kUsersMax) {
      return fault(line, fmt::format("has more than {} users, which are allowed", kUsersMax));
    }
    UserId user;
    if (!to_user(text, kind_, user)) {
      return fault(line, fmt::format("must be a user id, a whole number from 0 to "
                                     "18446744073709551615 in digits without sign, blanks, "
                                     "fraction or leading zeros, found a text of {} bytes",
                                     text.size()));
    }
    users_.push_back(std::move(user));
    return {};
  }
  Status fault(std::size_t line, std::string_view what) const {
    return Status::invalid_argument(fmt::format("{}:{}: {}", name_, line, what));
  }
  std::vector<UserId> take() { return std::move(users_); }

 private:
  const std::string& name_;
  UserKind kind_;
  std::vector<UserId> users_;
};

// Cuts the first line off, without its end.
std::string_view cut_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

Status read_lines(std::string_view text, Users& users) {
  for (std::size_t line = 1; !text.empty(); ++line) {
    ROLLCALL_RETURN_IF_ERROR(users.add(cut_line(text), line));
  }
  return {};
}

// --- CSV ---

// Cuts records off a text, field by field.
class CsvCutter {
 public:
  CsvCutter(std::string_view text, char delimiter) : rest_(text), delimiter_(delimiter) {}

  bool done() const { return rest_.empty(); }
  std::size_t line() const { return line_; }  // of the record last cut

  // What is wrong with the record; empty: nothing.
  std::string_view next(std::vector<std::string>& fields) {
    line_ = next_line_;
    fields.clear();
    for (;;) {
      std::string& field = fields.emplace_back();
      if (rest_.starts_with('"') && !cut_quoted(field)) return "a quote is opened and never closed";
      const std::size_t size = std::min(rest_.find_first_of(ends_), rest_.size());
      std::string_view plain = rest_.substr(0, size);
      const bool is_last = size == rest_.size() || rest_[size] == '\n';
      if (is_last && plain.ends_with('\r')) plain.remove_suffix(1);
      if (was_quoted_ && !plain.empty()) return "must be a delimiter after a quote that is closed";
      field += plain;
      was_quoted_ = false;
      rest_.remove_prefix(std::min(size + 1, rest_.size()));
      if (is_last) break;
    }
    ++next_line_;
    return {};
  }

 private:
  bool cut_quoted(std::string& field) {
    std::size_t i = 1;
    for (; i < rest_.size(); ++i) {
      if (rest_[i] == '"' && !rest_.substr(i + 1).starts_with('"')) break;
      if (rest_[i] == '"') ++i;
      if (rest_[i] == '\n') ++next_line_;
      field += rest_[i];
    }
    if (i >= rest_.size()) return false;
    rest_.remove_prefix(i + 1);
    return was_quoted_ = true;
  }

  std::string_view rest_;
  char delimiter_;
  std::string ends_ = {delimiter_, '\n'};
  bool was_quoted_ = false;
  std::size_t line_ = 1;
  std::size_t next_line_ = 1;
};

// The delimiter with which the first record has the column, and which column it is.
struct CsvForm {
  char delimiter;
  std::size_t column;
  std::size_t column_count;
  bool is_double;  // another one has the name, too
};

std::optional<CsvForm> csv_form(std::string_view text) {
  for (const char delimiter : {',', ';', '\t'}) {
    CsvCutter records(text, delimiter);
    std::vector<std::string> header;
    if (records.done() || !records.next(header).empty()) continue;
    const auto column = std::find(header.begin(), header.end(), kUserColumn);
    if (column == header.end()) continue;
    return CsvForm{delimiter, static_cast<std::size_t>(column - header.begin()), header.size(),
                   std::count(column, header.end(), kUserColumn) > 1};
  }
  return {};
}

Status read_csv(std::string_view text, const CsvForm& form, Users& users) {
  if (form.is_double) return users.fault(1, "has more than one column \"user\" (allowed: one)");
  CsvCutter records(text, form.delimiter);
  std::vector<std::string> fields;
  for (bool is_header = true; !records.done(); is_header = false) {
    const std::string_view wrong = records.next(fields);
    if (!wrong.empty()) return users.fault(records.line(), wrong);
    const bool is_blank = fields.size() == 1 && fields.front().empty();
    if (is_header || is_blank) continue;
    if (fields.size() != form.column_count) {
      return users.fault(records.line(), fmt::format("has {} fields, where the header has {}",
                                                     fields.size(), form.column_count));
    }
    ROLLCALL_RETURN_IF_ERROR(users.add(fields[form.column], records.line()));
  }
  return {};
}

// --- JSON ---

// Takes the users from a row ({"user": ID}), from an answer with its columns and rows, or from an
// array of such answers. Stops at the first fault.
class JsonUsers : public nlohmann::json_sax<Json> {
 public:
  JsonUsers(std::size_t line, Users& users) : line_(line), users_(users) {}

  const Status& fault() const { return fault_; }

  bool null() override { return scalar({}); }
  bool boolean(bool) override { return scalar({}); }
  bool number_integer(number_integer_t value) override { return scalar(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return scalar(std::to_string(value)); }
  // One beyond the integers of the parser, or a fraction.
  bool number_float(number_float_t, const string_t& text) override {
    const bool is_whole = text.find_first_not_of("0123456789") == std::string::npos;
    return scalar(is_whole ? std::optional<std::string>(text) : std::nullopt);
  }
  bool string(string_t& value) override { return scalar(std::move(value)); }
  bool binary(binary_t&) override { return false; }  // JSON text has none

  bool start_object(std::size_t) override {
    if (within_.empty() || is_in(In::kAnswers)) return open(In::kObject);
    if (is_in(In::kColumns)) return open(In::kColumn);
    return open_other();
  }
  bool start_array(std::size_t) override {
    if (within_.empty()) return open(In::kAnswers);
    if (is_in(In::kObject) && key_ == "columns") return open(In::kColumns);
    if (is_in(In::kObject) && key_ == "rows") return open(In::kRows);
    if (is_in(In::kRows)) {
      cell_ = 0;
      return open(In::kRow);
    }
    return open_other();
  }
  bool key(string_t& name) override {
    key_ = std::move(name);
    return true;
  }
  bool end_object() override {
    const In closed = close();
    if (closed == In::kColumn) ++column_count_;
    if (closed != In::kObject) return true;
    if (!has_user_ && !(column_ && has_rows_)) {
      return fail("must be an object with a \"user\", or an answer with a column \"user\"");
    }
    column_.reset();
    column_count_ = 0;
    has_user_ = has_rows_ = false;
    return true;
  }
  bool end_array() override {
    const In closed = close();
    if (closed == In::kRow && (!column_ || cell_ <= *column_)) {
      return fail("must be rows with a cell of the column \"user\", which comes before them");
    }
    if (closed == In::kRows) has_rows_ = true;
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return fail("is not JSON");
  }

 private:
  enum class In : std::uint8_t { kAnswers, kObject, kColumns, kColumn, kRows, kRow, kOther };

  bool is_in(In what) const { return !within_.empty() && within_.back() == what; }
  bool open(In what) {
    within_.push_back(what);
    return true;
  }
  // Something that is looked into for nothing; but users are not made of it.
  bool open_other() {
    if (is_user_here()) return fail(kNoId);
    if (is_in(In::kAnswers) || is_in(In::kRows)) return fail(kNoRow);
    if (is_in(In::kRow)) ++cell_;
    return open(In::kOther);
  }
  In close() {
    const In closed = within_.back();
    within_.pop_back();
    return closed;
  }
  bool is_user_here() const {
    return (is_in(In::kObject) && key_ == kUserColumn) ||
           (is_in(In::kRow) && column_ && cell_ == *column_);
  }
  bool scalar(std::optional<std::string> text) {
    if (is_in(In::kColumn) && key_ == "name" && text == kUserColumn) {
      if (column_) return fail("has more than one column \"user\" (allowed: one)");
      column_ = column_count_;
    }
    if (within_.empty() || is_in(In::kAnswers) || is_in(In::kRows)) return fail(kNoRow);
    if (is_user_here()) {
      if (!text) return fail(kNoId);
      if (is_in(In::kObject) && has_user_) return fail("has more than one \"user\" (allowed: one)");
      has_user_ = has_user_ || is_in(In::kObject);
      fault_ = users_.add(*text, line_);
    }
    if (is_in(In::kRow)) ++cell_;
    return fault_.ok();
  }
  bool fail(std::string_view what) {
    fault_ = users_.fault(line_, what);
    return false;
  }

  static constexpr std::string_view kNoId = "a user must be a text or a whole number";
  static constexpr std::string_view kNoRow =
      "must be an object with a \"user\", or rows of an answer";

  const std::size_t line_;
  Users& users_;
  Status fault_;
  std::vector<In> within_;
  std::string key_;
  std::optional<std::size_t> column_;  // of the users, once it is known
  std::size_t column_count_ = 0;
  std::size_t cell_ = 0;
  bool has_user_ = false;
  bool has_rows_ = false;
};

Status read_json(std::string_view text, std::size_t line, Users& users) {
  JsonUsers reader(line, users);
  Json::sax_parse(text, &reader);
  return reader.fault();
}

// Whether it is one document, or a line of its own is one.
bool is_json(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || (text[first] != '{' && text[first] != '[')) return false;
  text.remove_prefix(first);
  std::string_view rest = text;
  return Json::accept(cut_line(rest)) || Json::accept(text);
}

Status read_json_lines(std::string_view text, Users& users) {
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::string_view row = cut_line(text);
    if (row.find_first_not_of(" \t") == std::string_view::npos) continue;
    ROLLCALL_RETURN_IF_ERROR(read_json(row, line, users));
  }
  return {};
}

bool has_suffix(std::string_view name, std::initializer_list<std::string_view> suffixes) {
  for (const std::string_view packed : {".gz", ".zst"}) {
    if (name.ends_with(packed)) name.remove_suffix(packed.size());
  }
  return std::any_of(suffixes.begin(), suffixes.end(),
                     [&](std::string_view suffix) { return name.ends_with(suffix); });
}

Status read_list(const std::string& name, std::string_view text, Users& users) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) {
    return users.fault(1, "text in UTF-16 or UTF-32 (allowed: UTF-8)");
  }
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return {};
  const bool is_named_json = has_suffix(name, {".json", ".jsonl", ".ndjson"});
  if (is_named_json || is_json(text)) {
    // An answer may have been spread over lines since it was written.
    return Json::accept(text) ? read_json(text, 1, users) : read_json_lines(text, users);
  }
  if (const std::optional<CsvForm> form = csv_form(text)) return read_csv(text, *form, users);
  if (has_suffix(name, {".csv", ".tsv"})) {
    return users.fault(1,
                       "must be the header of a list in CSV, with the column \"user\"; a list "
                       "without a header has a name that does not end in .csv or .tsv");
  }
  return read_lines(text, users);
}

}  // namespace

bool to_user(std::string_view text, UserKind kind, UserId& user) {
  if (kind == UserKind::kString) {
    user = std::string(text);
    return true;
  }
  std::uint64_t id = 0;
  if (!parse_canonical_integer(text, id)) return false;
  user = id;
  return true;
}

Result<std::vector<UserId>> read_user_list(const std::string& name, std::string_view text,
                                           UserKind kind) {
  Users users(name, kind);
  ROLLCALL_RETURN_IF_ERROR(read_list(name, text, users));
  return users.take();
}

}  // namespace rollcall
