// This header has how the cells of an answer are written as text.
#pragma once

#include <string>
#include <string_view>

#include "rollcall/answer.h"

namespace rollcall {

// Writes a cell for programs, as it is; null is empty.
std::string plain_text(const Cell& cell);

// Writes a cell of this column, in an answer of this kind, for people: shares in percent, lengths
// of time in their units, statistics with more digits, null as a dash. A text is as it came, so
// that whoever shows it must make it safe for the place that it goes to.
std::string shown_text(const Cell& cell, std::string_view kind, std::string_view column);

}  // namespace rollcall
