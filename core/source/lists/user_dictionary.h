// Reads and writes the dictionary of the Roaring files of a directory. It has a line of JSON for
// each user, {"ordinal":0,"user":"ann"}, in the order of the ordinals.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "rollcall/status.h"

namespace rollcall {

// Goes through the lines of a dictionary. What follows the last line end does not count: somebody
// was writing it, or died while doing so.
class DictionaryReader {
 public:
  // `name` begins the errors. The text has to outlive the reader.
  DictionaryReader(std::string name, std::string_view text);

  // Moves to the next user, and returns false at the end.
  //   kInvalidArgument  the line is no entry of a dictionary, or not the one that is due
  Result<bool> next();

  const std::string& user() const { return user_; }
  std::uint64_t ordinal() const { return next_ordinal_ - 1; }
  const std::string& name() const { return name_; }
  std::size_t size() const { return text_.size(); }  // bytes of whole lines

 private:
  Status fault(std::string_view what) const;

  const std::string name_;
  const std::string_view text_;
  std::size_t at_ = 0;
  std::string user_;
  std::uint64_t next_ordinal_ = 0;
};

// Returns a line with its end.
std::string dictionary_line(std::uint64_t ordinal, const std::string& user);

}  // namespace rollcall
