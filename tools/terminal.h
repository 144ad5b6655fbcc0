// This says what standard output and standard error can show, and writes to them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "rollcall/status.h"

namespace rollcall::tools {

// A person asks for this on the command line; auto follows the terminal.
enum class When { kAuto, kAlways, kNever };

// Says how a text may be drawn.
struct Style {
  bool pretty = false;    // boxes, bars and footers
  bool color = false;     // ANSI 256-colour escapes
  std::size_t width = 0;  // columns that fit on a line; 0: any number
  bool terminal = false;  // whether it is a terminal that shows it
};

// Returns the style of standard output. Auto means pretty on a terminal that is not dumb, and
// colours if it is pretty and NO_COLOR is unset or empty (https://no-color.org).
Style standard_output_style(When pretty, When color);

// Returns a name or an id as a cell of a table so drawn.
std::string text_for(const Style& style, std::string_view text);

bool standard_error_is_terminal();

// Returns the columns of the terminal behind standard error; the result is not set if there is
// none.
std::optional<std::size_t> standard_error_width();

// Returns the columns that a UTF-8 text takes on a terminal; escapes are not expected in it. Needs
// a UTF-8 LC_CTYPE for wide characters, which `main` sets.
std::size_t display_width(std::string_view text);

// Writes all of `text`: to a file or a pipe byte by byte as it is, to a terminal as
// `terminal_lines`. A reader that went away (`| head`) ends the process quietly.
//   kIoError  the operating system refused, or it was closed when the program began
Status write_standard_output(std::string_view text);
// Does the same for a text with escapes of ours, all else of which is fit for a terminal.
Status draw_on_standard_output(std::string_view text);

// Ends standard output: what the operating system still held back is written, or failed.
Status close_standard_output();

// Does the same for standard error. There is nobody left to tell of a failure; has_lost_errors()
// knows it.
void write_standard_error(std::string_view text);
void draw_on_standard_error(std::string_view text);
bool has_lost_errors();

// Writes "rollcall: TEXT" to standard error, as one line of bounded length.
void say(std::string_view text);

// Says whether the reader of standard output or standard error has gone, as in `rollcall ... |
// head`. Writes of it fail with kCancelled.
bool has_lost_reader();

}  // namespace rollcall::tools
