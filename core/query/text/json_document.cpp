#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "rollcall/json.h"
#include "rollcall/message_text.h"

namespace rollcall {
namespace {

// Is the reader of the text, whose values are not kept.
using Reader = nlohmann::json;

// Builds the document from the events of the parser. A handler that returns false ends the parse.
class Builder : public nlohmann::json_sax<Reader> {
 public:
  explicit Builder(bool is_written) : is_written_(is_written) {}

  Json take_document() { return std::move(document_); }
  // Says why the parse ended and, if the parser knew, before which byte (from 1; 0 if it did not).
  const std::string& fault() const { return fault_; }
  std::size_t fault_byte() const { return fault_byte_; }

  bool null() override { return add(Json()) != nullptr; }
  bool boolean(bool value) override { return add(Json(value)) != nullptr; }
  bool number_integer(number_integer_t value) override { return add(Json(value)) != nullptr; }
  bool number_unsigned(number_unsigned_t value) override { return add(Json(value)) != nullptr; }
  bool number_float(number_float_t, const string_t& text) override {
    return add(Json(Json::Fraction{text})) != nullptr;
  }
  bool string(string_t& value) override { return add(Json(std::move(value))) != nullptr; }
  bool binary(binary_t&) override { return false; }  // JSON text has none

  bool start_object(std::size_t) override { return open(Json(Json::Object())); }
  bool start_array(std::size_t) override { return open(Json(Json::Array())); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    const Json& object = *open_.back();
    if (object.contains(name)) {
      return fail(fmt::format("the field {} is given twice", quoted_excerpt(name)));
    }
    if (!is_written_ && object.size() == kJsonFieldsMax) {
      return fail(fmt::format("an object of more than {} fields", kJsonFieldsMax));
    }
    key_ = std::move(name);
    return true;
  }

  bool parse_error(std::size_t byte, const std::string&,
                   const nlohmann::detail::exception& error) override {
    // The text is "[json.exception...] parse error at line 1, column 2: what we are after". What
    // was read last is left out: it may be much, and may come from a file that is no JSON and
    // nobody's business.
    std::string what = error.what();
    const std::size_t read = what.find("; last read: '");
    const std::size_t read_end = std::min(what.rfind("'; expected "), what.size() - 1);
    if (read < read_end) what.erase(read, read_end + 1 - read);
    const std::size_t column = what.find("column ");
    const std::size_t colon = column == std::string::npos ? column : what.find(": ", column);
    fault_byte_ = byte;
    return fail("malformed JSON: " + (colon == std::string::npos ? what : what.substr(colon + 2)));
  }

 private:
  bool fail(std::string fault) {
    fault_ = std::move(fault);
    return false;
  }

  // Returns null if there are too many.
  Json* add(Json value) {
    if (++value_count_ > kJsonValuesMax && !is_written_) {
      fail(fmt::format("has too many values, allowed: {}", kJsonValuesMax));
      return nullptr;
    }
    if (open_.empty()) {
      document_ = std::move(value);
      return &document_;
    }
    Json& parent = *open_.back();
    if (parent.is_object()) {
      return &parent.get<Json::Object>().emplace_back(std::move(key_), std::move(value)).second;
    }
    return &parent.get<Json::Array>().emplace_back(std::move(value));
  }

  bool open(Json container) {
    if (open_.size() == kJsonDepthMax) {
      return fail(fmt::format("nested too deeply, allowed: {} levels", kJsonDepthMax));
    }
    open_.push_back(add(std::move(container)));
    return open_.back() != nullptr;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  const bool is_written_;  // by the library, which may write more than people do
  Json document_;
  std::size_t value_count_ = 0;
  std::vector<Json*> open_;  // the containers around the next value; a parent is not added to while
                             // its child is open, so the addresses hold
  std::string key_;
  std::string fault_;
  std::size_t fault_byte_ = 0;
};

// Returns where the token begins in which the parser stopped, before byte `stop` (from 1). The
// parser points at the end of words, numbers and strings.
std::size_t token_begin(std::string_view text, std::size_t stop, std::string_view fault) {
  const auto is_word = [](char c) {
    return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9') || c == '.' ||
           c == '+' || c == '-' || c == '_';
  };
  std::size_t begin = std::min(stop - 1, text.size());
  if (fault.find("unexpected string literal") != std::string_view::npos && begin > 0) {
    const std::size_t quote = text.rfind('"', begin - 1);
    return quote == std::string_view::npos ? begin : quote;
  }
  const bool in_word = begin < text.size() && is_word(text[begin]);
  const bool after_word = fault.find("invalid literal") != std::string_view::npos ||
                          fault.find("invalid number") != std::string_view::npos;
  if (in_word || after_word) {
    while (begin > 0 && is_word(text[begin - 1])) --begin;
  }
  return begin;
}

Result<Json> parse_with(Builder builder, std::string_view text) {
  // The parser would take a zero byte for the end.
  if (const std::size_t zero = text.find('\0'); zero != std::string_view::npos) {
    const std::string_view before = text.substr(0, zero);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    return Status::invalid_argument(fmt::format("{}:{}: found a zero byte (allowed: JSON)", line,
                                                zero - (before.rfind('\n') + 1) + 1));
  }
  // Stops at the first fault, which it reports to the builder instead of throwing.
  if (Reader::sax_parse(text.begin(), text.end(), &builder)) return builder.take_document();
  if (builder.fault_byte() == 0) return Status::invalid_argument(builder.fault());
  const std::string_view before =
      text.substr(0, token_begin(text, builder.fault_byte(), builder.fault()));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t line_begin = before.rfind('\n') + 1;  // 0 where there is none
  return Status::invalid_argument(
      fmt::format("{}:{}: {}", line, before.size() - line_begin + 1, builder.fault()));
}

}  // namespace

Result<Json> parse_json(std::string_view text) {
  if (text.size() > kJsonBytesMax) {
    return Status::invalid_argument(
        fmt::format("too long: found {} bytes, allowed: {}", text.size(), kJsonBytesMax));
  }
  return parse_with(Builder(false), text);
}

Result<Json> parse_written_json(std::string_view text) { return parse_with(Builder(true), text); }

}  // namespace rollcall
