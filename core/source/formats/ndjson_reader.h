// Reads rows from NDJSON, with one JSON object per line.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/text_arena.h"
#include "core/source/values/row.h"
#include "rollcall/source_options.h"

namespace rollcall {

// Every line is parsed by itself, so that a bad line affects no other. Lines of blanks are no rows.
//
// A column "a.b" is the member "b" of the object "a", or the member "a.b" itself; a column that
// occurs twice in a line is a fault. Strings are unescaped. Numbers are taken as their digits,
// never through a double. null is the same as an absent member. true, false, arrays and objects are
// texts, in properties only, with arrays and objects as NestedValues says. The contents of other
// members are skipped without a close look. One thread may use it at a time.
class NdjsonReader {
 public:
  // Field i of a row is the column `columns[i]` ("": it stays empty). Lines that begin with
  // `comment`, unless that is empty, are no rows.
  NdjsonReader(std::size_t line_bytes_max, std::string comment, std::vector<std::string> columns,
               NestedValues nested);

  // Begins a block, which is empty or ends with a line end, is followed by kBlockPadding bytes that
  // may be read, and must outlive its rows.
  void start(std::string_view block);

  // Watches for members of lines that are not read, by their normalized_name. Members whose names
  // are `known` are skipped.
  void watch_for(std::vector<std::string> names, std::vector<std::string> known);
  // Returns the watched members that occurred, as they are spelled, each only once.
  std::vector<std::string> take_met() { return std::exchange(met_, {}); }

  // Takes the next line that is not blank. Returns false after the last one.
  bool next(Row& row);

 private:
  // Is a member that is looked for.
  struct Member {
    std::string name;
    std::vector<std::size_t> slots;  // the slots that it fills
    std::vector<Member> members;     // what is looked for in it
    bool seen = false;               // in this line, if it fills slots
  };

  void look_for(std::string_view column, std::size_t slot);
  void meet(std::string_view name);
  void parse_line(Row& row);
  simdjson::error_code parse_object(simdjson::ondemand::object object, Member& wanted, Row& row);
  void parse_value(simdjson::ondemand::value value, Member& member, Row& row);
  // Takes an object that is wanted as a whole and whose members are also wanted.
  simdjson::error_code parse_twice(simdjson::ondemand::value value, Member& member, Row& row);
  // Gets the text of an array or object in a property.
  simdjson::error_code nested_text(simdjson::ondemand::value value, std::string_view& text);

  std::size_t line_bytes_max_;
  std::string comment_;
  std::vector<std::string> columns_;
  NestedValues nested_;
  Member root_;
  std::vector<std::string> watched_;  // sorted
  std::vector<std::string> passed_over_;
  std::vector<std::string> unread_;  // members that were met, in the order of a row
  std::size_t next_unread_ = 0;
  std::vector<std::string> met_;
  simdjson::ondemand::parser parser_;
  std::string_view block_;
  std::size_t position_ = 0;
  std::vector<bool*> seen_;  // flags to clear before the next line
  TextArena arena_;          // strings that held escapes
};

// Returns the values of one line by their paths ("a.b" for the members of objects), in their order,
// with an object before its members. There are none if the line is not a JSON object. `line` is
// followed by kBlockPadding bytes that may be read.
struct NdjsonValue {
  std::string path;
  std::string text;  // of a string or number, otherwise ""
  bool is_object = false;
};
std::vector<NdjsonValue> ndjson_values(std::string_view line);

}  // namespace rollcall
