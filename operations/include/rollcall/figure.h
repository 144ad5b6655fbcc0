// This header draws answers as HTML and SVG: for reports, and for notebooks. Nothing that it writes
// is a script or loads anything, and every text of an answer is escaped, in attributes, too. The
// same answer gives the same bytes. Any thread may call any function.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "rollcall/answer.h"

namespace rollcall {

enum class Language : std::uint8_t { kEnglish, kChinese };

// Returns the text as it may stand between tags and in quoted attributes: & < > " ' are escaped,
// and control characters, and what turns the direction of text, are replaced by U+FFFD.
std::string html_text(std::string_view text);

// Returns a table element with a caption, and with headers that name what they head. It has at most
// `rows_max` rows, and says how many were left out.
std::string table_html(const QueryResult& result, std::string_view caption,
                       Language language = Language::kEnglish, std::size_t rows_max = 1'000);

// Returns an svg element that shows the answer: a heat map of a matrix of shares, a line over
// dates, steps of a funnel, or bars. `title` says to screen readers what it is of. Empty: there is
// nothing to draw, as in an answer without rows or numbers.
std::string chart_svg(const QueryResult& result, std::string_view title,
                      Language language = Language::kEnglish);

// Returns a figure element: its title, the chart, the table, notes, and the definition, the last
// three folded. `meaning` says in a sentence what the numbers are; it may be empty.
std::string figure_html(const QueryResult& result, std::string_view title, std::string_view meaning,
                        Language language = Language::kEnglish);

// Returns the style sheet that goes with figures: for screens in light and dark, and for print.
std::string_view figure_css();

}  // namespace rollcall
