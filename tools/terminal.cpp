#include "tools/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <cwchar>

#include "rollcall/standard_descriptors.h"
#include "tools/text.h"

namespace rollcall::tools {
namespace {

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

std::optional<std::size_t> terminal_width(int descriptor) {
  winsize size{};
  if (isatty(descriptor) == 0 || ioctl(descriptor, TIOCGWINSZ, &size) != 0) return std::nullopt;
  // A terminal that does not know, such as a pseudo-terminal in a script, says zero columns.
  return size.ws_col == 0 ? 80 : size.ws_col;
}

std::atomic<bool> errors_lost{false};
std::atomic<bool> reader_gone{false};

// Returns 0, or the errno of what failed. Nobody reads what goes to a descriptor that was closed
// when the program began.
int write_all(int descriptor, std::string_view text) {
  if (!text.empty() && was_closed(descriptor)) return EBADF;
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EPIPE) reader_gone = true;
    if (written < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

Status standard_output_failed(int error) {
  if (was_closed(STDOUT_FILENO)) {
    return Status::io_error("standard output: it was closed when the program began");
  }
  if (error == EPIPE) return {StatusCode::kCancelled, "standard output: its reader has gone"};
  return Status::io_error(std::string("standard output: ") + std::strerror(error));
}

bool decide(When when, bool automatic) {
  return when == When::kAlways || (when == When::kAuto && automatic);
}

}  // namespace

Style standard_output_style(When pretty, When color) {
  const std::optional<std::size_t> width = terminal_width(STDOUT_FILENO);
  const bool capable = width.has_value() && environment("TERM") != "dumb";
  Style style;
  style.pretty = decide(pretty, capable);
  style.color = decide(color, capable && style.pretty && environment("NO_COLOR").empty());
  style.width = width.value_or(0);
  style.terminal = isatty(STDOUT_FILENO) != 0;
  return style;
}

std::string text_for(const Style& style, std::string_view text) {
  return style.terminal ? terminal_text(text) : printable(text);
}

bool standard_error_is_terminal() { return isatty(STDERR_FILENO) != 0; }

std::optional<std::size_t> standard_error_width() { return terminal_width(STDERR_FILENO); }

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  std::mbstate_t state{};
  while (!text.empty()) {
    wchar_t character = 0;
    const std::size_t length = std::mbrtowc(&character, text.data(), text.size(), &state);
    if (length == 0 || length > text.size()) {  // NUL or not UTF-8: one column a byte
      state = {};
      ++width;
      text.remove_prefix(1);
      continue;
    }
    const int columns = wcwidth(character);
    width += columns > 0 ? static_cast<std::size_t>(columns) : 0;
    text.remove_prefix(length);
  }
  return width;
}

Status draw_on_standard_output(std::string_view text) {
  const int error = write_all(STDOUT_FILENO, text);
  return error == 0 ? Status() : standard_output_failed(error);
}

Status write_standard_output(std::string_view text) {
  if (isatty(STDOUT_FILENO) == 0) return draw_on_standard_output(text);
  return draw_on_standard_output(terminal_lines(text));
}

Status close_standard_output() {
  return ::close(STDOUT_FILENO) == 0 ? Status() : standard_output_failed(errno);
}

void draw_on_standard_error(std::string_view text) {
  if (write_all(STDERR_FILENO, text) != 0) errors_lost = true;
}

void write_standard_error(std::string_view text) {
  if (standard_error_is_terminal()) {
    draw_on_standard_error(terminal_lines(text));
  } else {
    draw_on_standard_error(text);
  }
}

bool has_lost_errors() { return errors_lost; }

void say(std::string_view text) {
  write_standard_error("rollcall: " + shortened(printable(text)) + "\n");
}

bool has_lost_reader() { return reader_gone; }

}  // namespace rollcall::tools
