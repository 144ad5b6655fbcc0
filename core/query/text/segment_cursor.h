// Walks along the text of a segment: symbols, words and names. Errors begin with the column.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "rollcall/status.h"

namespace rollcall {

// Starts at the beginning of the text, after blanks. Whenever it takes something, it also takes the
// blanks after it. Views that it returns are parts of the text, which must outlive them.
class SegmentCursor {
 public:
  explicit SegmentCursor(std::string_view text);

  bool at_end() const { return at_ == text_.size(); }

  // Takes `symbol` if it stands here.
  bool accept(std::string_view symbol);
  // Takes the word that equals `lower_case`, ignoring case, if it stands here.
  bool accept_word(std::string_view lower_case);
  // Takes `symbol`, or fails with what is `allowed` here.
  Status expect(std::string_view symbol, std::string_view allowed);

  // Returns the longest run of characters that a name may have without quotes, which may be empty.
  std::string_view word() const;
  std::string_view take_word();
  // Takes a word, or a name in double quotes, or fails with what is `allowed` here.
  Status read_name(std::string_view allowed, std::string& out);
  // Takes a JSON object, from its brace to the one that ends it, or fails with what is `allowed`.
  Status read_object(std::string_view allowed, std::string_view& out);
  // Takes everything before the next `end`, or the rest, without surrounding blanks.
  std::string_view take_until(char end);

  // Returns `column N: must be ALLOWED, found ...`, about the word or symbol that stands here.
  Status unexpected(std::string_view allowed) const;
  // Returns the same about `part` of the text, or about what follows it if it is empty.
  Status unexpected(std::string_view allowed, std::string_view part) const;
  // Returns `column N: MESSAGE`, where `part` of the text begins with its N-th byte, from 1.
  Status fault(std::string_view part, std::string_view message) const;

 private:
  void advance(std::size_t size);
  Status read_quoted(std::string& out);
  std::size_t offset_of(std::string_view part) const;

  std::string_view text_;
  std::size_t at_ = 0;
};

// Returns whether two words are equal, ignoring case; `lower_case` must be in lower case.
bool is_word(std::string_view word, std::string_view lower_case);

std::string_view without_blanks_around(std::string_view text);

// Returns `name` as read_name reads it, in quotes if necessary.
std::string name_text(std::string_view name);

}  // namespace rollcall
