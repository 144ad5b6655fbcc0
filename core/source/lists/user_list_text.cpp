#include "core/source/lists/user_list_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>

#include "core/base/digits.h"
#include "core/source/lists/list_limits.h"

namespace rollcall {
namespace {

using ListJson = nlohmann::json;

constexpr std::string_view kUserColumn = "user";
constexpr std::string_view kTooLong = "has more than 1048576 bytes in one piece, which are allowed";
static_assert(kListPieceBytesMax == 1048576);
constexpr std::size_t kJsonDepthMax = 256;

// Takes the users of a list. They are counted first, so that they then take no more room than they
// need.
class Users {
 public:
  Users(const std::string& name, UserKind kind, QuestionAccount& account, UserTaker& taker)
      : name_(name), kind_(kind), account_(account), pace_(&account), taker_(taker) {}

  Status add(std::string_view text, std::size_t line) {
    pace_.step();
    if (text.empty()) return {};
    if (text.size() > kListPieceBytesMax) return fault(line, kTooLong);
    if (count_ == kListUsersMax) {
      return fault(line, fmt::format("has more than {} users, which are allowed", kListUsersMax));
    }
    UserId user;
    if (!to_user(text, kind_, user)) {
      return fault(line, fmt::format("must be a user id, a whole number from 0 to "
                                     "18446744073709551615 in digits without sign, blanks, "
                                     "fraction or leading zeros, found a text of {} bytes",
                                     text.size()));
    }
    ++count_;
    if (is_counting_) {
      heap_bytes_ += heap_bytes(user);
    } else {
      taker_.add(std::move(user));
    }
    return {};
  }
  // From here on they are taken.
  void begin_to_take() {
    account_.take(heap_bytes_, QuestionNeed::kLists);
    taker_.make_room(count_);
    count_ = 0;
    is_counting_ = false;
  }
  Status fault(std::size_t line, std::string_view what) const {
    return Status::invalid_argument(fmt::format("{}:{}: {}", name_, line, what));
  }
  UserKind kind() const { return kind_; }
  // Makes a step that brings no user.
  void step() { pace_.step(); }

 private:
  const std::string& name_;
  UserKind kind_;
  QuestionAccount& account_;
  QuestionPace pace_;
  UserTaker& taker_;
  bool is_counting_ = true;
  std::size_t count_ = 0;
  std::size_t heap_bytes_ = 0;
};

// Cuts the first line off, without its end.
std::string_view cut_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// Returns where the blanks end that a text begins with, or its size if it is blank.
std::size_t blanks_of(std::string_view text, Users& users) {
  constexpr std::size_t kStepBytes = std::size_t{4} << 10;
  for (std::size_t begin = 0; begin < text.size(); begin += kStepBytes) {
    users.step();
    const std::size_t found = text.substr(begin, kStepBytes).find_first_not_of(" \t\r\n");
    if (found != std::string_view::npos) return begin + found;
  }
  return text.size();
}

// Returns what a line holds that is one field in quotes, as CSV writes it.
std::optional<std::string> unquoted(std::string_view line) {
  if (line.size() < 2 || line.front() != '"' || line.back() != '"') return {};
  std::string text;
  for (std::size_t i = 1; i + 1 < line.size(); ++i) {
    if (line[i] == '"' && (i + 2 == line.size() || line[++i] != '"')) return {};
    text += line[i];
  }
  return text;
}

// If ids are integers, a line in quotes is a field of CSV whose header has gone. In other lists the
// quotes may be part of the id.
Status read_lines(std::string_view text, Users& users) {
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::string_view plain = cut_line(text);
    const std::optional<std::string> field =
        users.kind() == UserKind::kInteger ? unquoted(plain) : std::nullopt;
    ROLLCALL_RETURN_IF_ERROR(users.add(field ? *field : plain, line));
  }
  return {};
}

// --- CSV ---

// Cuts records off a text, field by field, and keeps none of them.
class CsvCutter {
 public:
  CsvCutter(std::string_view text, char delimiter, Users& users)
      : rest_(text), delimiter_(delimiter), users_(users) {}

  bool done() const { return rest_.empty(); }
  std::size_t line() const { return line_; }  // of the record last cut
  std::size_t field_count() const { return field_count_; }
  bool is_blank() const { return field_count_ == 1 && !has_text_; }

  // Calls `field(number, text)` for each field, from 0; returns what is wrong with the record, or
  // nothing.
  template <class Field>
  std::string_view next(const Field& field) {
    line_ = next_line_;
    has_text_ = false;
    for (field_count_ = 1;; ++field_count_) {
      users_.step();
      std::string_view text;
      bool was_quoted = false;
      if (rest_.starts_with('"')) {
        if (const std::string_view wrong = cut_quoted(); !wrong.empty()) return wrong;
        text = quoted_;
        was_quoted = true;
      }
      const std::string_view piece = rest_.substr(0, kListPieceBytesMax + 1);
      const std::size_t size = std::min(piece.find_first_of(ends_), piece.size());
      if (size > kListPieceBytesMax) return kTooLong;
      std::string_view plain = piece.substr(0, size);
      const bool is_last = size == rest_.size() || rest_[size] == '\n';
      if (is_last && plain.ends_with('\r')) plain.remove_suffix(1);
      if (was_quoted && !plain.empty()) return "must be a delimiter after a quote that is closed";
      if (!was_quoted) text = plain;
      has_text_ = has_text_ || !text.empty();
      field(field_count_ - 1, text);
      rest_.remove_prefix(std::min(size + 1, rest_.size()));
      if (is_last) break;
    }
    ++next_line_;
    return {};
  }

 private:
  std::string_view cut_quoted() {
    quoted_.clear();
    std::size_t i = 1;
    for (; i < rest_.size(); ++i) {
      if (rest_[i] == '"' && !rest_.substr(i + 1).starts_with('"')) break;
      if (i > kListPieceBytesMax) return kTooLong;
      if (rest_[i] == '"') ++i;
      if (rest_[i] == '\n') ++next_line_;
      quoted_ += rest_[i];
    }
    if (i >= rest_.size()) return "a quote is opened and never closed";
    rest_.remove_prefix(i + 1);
    return {};
  }

  std::string_view rest_;
  char delimiter_;
  Users& users_;
  std::string ends_ = {delimiter_, '\n'};
  std::string quoted_;
  std::size_t line_ = 1;
  std::size_t next_line_ = 1;
  std::size_t field_count_ = 0;
  bool has_text_ = false;
};

// Holds the delimiter with which the first record has the column, and which column it is.
struct CsvForm {
  char delimiter;
  std::size_t column;
  std::size_t column_count;
  bool is_double;  // another one has the name, too
};

std::optional<CsvForm> csv_form(std::string_view text, Users& users) {
  for (const char delimiter : {',', ';', '\t'}) {
    CsvCutter records(text, delimiter, users);
    std::optional<std::size_t> column;
    bool is_double = false;
    const std::string_view wrong = records.next([&](std::size_t number, std::string_view name) {
      if (name != kUserColumn) return;
      is_double = column.has_value();
      if (!column) column = number;
    });
    if (wrong.empty() && column) {
      return CsvForm{delimiter, *column, records.field_count(), is_double};
    }
  }
  return {};
}

Status read_csv(std::string_view text, const CsvForm& form, Users& users) {
  if (form.is_double) return users.fault(1, "has more than one column \"user\" (allowed: one)");
  CsvCutter records(text, form.delimiter, users);
  for (bool is_header = true; !records.done(); is_header = false) {
    std::string user;
    const std::string_view wrong = records.next([&](std::size_t number, std::string_view field) {
      if (number == form.column) user = field;
    });
    if (!wrong.empty()) return users.fault(records.line(), wrong);
    if (is_header || records.is_blank()) continue;
    if (records.field_count() != form.column_count) {
      return users.fault(records.line(), fmt::format("has {} fields, where the header has {}",
                                                     records.field_count(), form.column_count));
    }
    ROLLCALL_RETURN_IF_ERROR(users.add(user, records.line()));
  }
  return {};
}

// --- JSON ---

// Takes the users from a row ({"user": ID}), from an answer with its columns and rows, or from an
// array of such answers. It stops at the first fault.
class JsonUsers : public nlohmann::json_sax<ListJson> {
 public:
  JsonUsers(std::size_t line, Users& users) : line_(line), users_(users) {}

  const Status& fault() const { return fault_; }

  bool null() override { return scalar({}); }
  bool boolean(bool) override { return scalar({}); }
  bool number_integer(number_integer_t value) override { return scalar(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return scalar(std::to_string(value)); }
  // Takes a number beyond the integers of the parser, or a fraction.
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
  // Opens something in which nothing is looked for, although users cannot be made of it.
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

// Returns why a text cannot be read as JSON in bounded memory. The text is empty if it can,
// provided that it is JSON.
std::string_view json_excess(std::string_view text, Users& users) {
  constexpr std::size_t kStepBytes = std::size_t{4} << 10;
  std::size_t depth = 0, begin = 0, next_step = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i >= next_step) {
      users.step();
      next_step = i + kStepBytes;
    }
    if (i - begin > kListPieceBytesMax) return kTooLong;
    const char c = text[i];
    if (in_text) {
      if (c == '\\') ++i;
      if (c != '"') continue;
    }
    if (c == '"') in_text = !in_text;
    const bool opens = c == '{' || c == '[', closes = c == '}' || c == ']';
    if (opens && ++depth > kJsonDepthMax) return "is nested deeper than 256 levels";
    if (closes && depth > 0) --depth;
    if (opens || closes || c == '"' || c == ',' || c == ':') begin = i;
  }
  return {};
}

Status read_json(std::string_view text, std::size_t line, Users& users) {
  const std::string_view excess = json_excess(text, users);
  if (!excess.empty()) return users.fault(line, excess);
  JsonUsers reader(line, users);
  ListJson::sax_parse(text, &reader);
  return reader.fault();
}

Status read_json_lines(std::string_view text, Users& users) {
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::string_view row = cut_line(text);
    if (blanks_of(row, users) == row.size()) continue;
    ROLLCALL_RETURN_IF_ERROR(read_json(row, line, users));
  }
  return {};
}

// Looks at JSON, and keeps nothing.
class JsonLook : public nlohmann::json_sax<ListJson> {
 public:
  explicit JsonLook(Users& users) : users_(users) {}

  bool null() override { return step(); }
  bool boolean(bool) override { return step(); }
  bool number_integer(number_integer_t) override { return step(); }
  bool number_unsigned(number_unsigned_t) override { return step(); }
  bool number_float(number_float_t, const string_t&) override { return step(); }
  bool string(string_t&) override { return step(); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return step(); }
  bool key(string_t&) override { return step(); }
  bool end_object() override { return step(); }
  bool start_array(std::size_t) override { return step(); }
  bool end_array() override { return step(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  bool step() {
    users_.step();
    return true;
  }

  Users& users_;
};

// Says whether it is one document.
bool is_json(std::string_view text, Users& users) {
  JsonLook look(users);
  return json_excess(text, users).empty() && ListJson::sax_parse(text, &look);
}

// --- Which of them it is ---

bool has_suffix(std::string_view name, std::initializer_list<std::string_view> suffixes) {
  for (const std::string_view packed : {".gz", ".zst"}) {
    if (name.ends_with(packed)) name.remove_suffix(packed.size());
  }
  return std::any_of(suffixes.begin(), suffixes.end(),
                     [&](std::string_view suffix) { return name.ends_with(suffix); });
}

enum class Form : std::uint8_t { kNothing, kLines, kCsv, kJson, kJsonLines };

struct ListForm {
  Form form = Form::kNothing;
  CsvForm csv{};
};

Result<ListForm> form_of(const std::string& name, std::string_view text, Users& users) {
  const std::size_t first = blanks_of(text, users);
  if (first == text.size()) return ListForm{};
  const bool may_be_json = text[first] == '{' || text[first] == '[';
  std::string_view rest = text.substr(first);
  if (has_suffix(name, {".json", ".jsonl", ".ndjson"}) ||
      (may_be_json && is_json(cut_line(rest), users))) {
    // An answer may have been spread over lines since it was written.
    return ListForm{.form = is_json(text, users) ? Form::kJson : Form::kJsonLines};
  }
  if (may_be_json && is_json(text, users)) return ListForm{.form = Form::kJson};
  if (const std::optional<CsvForm> csv = csv_form(text, users)) {
    return ListForm{.form = Form::kCsv, .csv = *csv};
  }
  if (has_suffix(name, {".csv", ".tsv"})) {
    return users.fault(1,
                       "must be the header of a list in CSV, with the column \"user\"; a list "
                       "without a header has a name that does not end in .csv or .tsv");
  }
  return ListForm{.form = Form::kLines};
}

Status read_form(const ListForm& form, std::string_view text, Users& users) {
  switch (form.form) {
    case Form::kNothing:
      break;
    case Form::kLines:
      return read_lines(text, users);
    case Form::kCsv:
      return read_csv(text, form.csv, users);
    case Form::kJson:
      return read_json(text, 1, users);
    case Form::kJsonLines:
      return read_json_lines(text, users);
  }
  return {};
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

Status read_user_list(const std::string& name, std::string_view text, UserKind kind,
                      QuestionAccount& account, UserTaker& taker) {
  Users users(name, kind, account, taker);
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) {
    return users.fault(1, "text in UTF-16 or UTF-32 (allowed: UTF-8)");
  }
  ROLLCALL_ASSIGN_OR_RETURN(const ListForm form, form_of(name, text, users));
  ROLLCALL_RETURN_IF_ERROR(read_form(form, text, users));
  users.begin_to_take();
  return read_form(form, text, users);
}

}  // namespace rollcall
