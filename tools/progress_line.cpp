#include "tools/progress_line.h"

#include <algorithm>
#include <cstddef>

#include <fmt/format.h>

#include "tools/terminal.h"
#include "tools/text.h"

namespace rollcall::tools {

std::string progress_text(const IngestProgress& progress, double elapsed_s) {
  const double rows_per_s = elapsed_s > 0 ? static_cast<double>(progress.rows_read) / elapsed_s : 0;
  std::string text;
  const bool known = progress.bytes_total > 0;
  const double share = known ? std::min(1.0, static_cast<double>(progress.bytes_read) /
                                                 static_cast<double>(progress.bytes_total))
                             : 0;
  if (known) text += fmt::format("{:3.0f}%  ", share * 100);
  text += fmt::format("{} rows  {} rows/s  {}", with_commas(progress.rows_read),
                      rate_text(rows_per_s), bytes_text(progress.bytes_read));
  if (known) {
    text += " of " + bytes_text(progress.bytes_total);
    if (share > 0) text += "  ETA " + duration_text(elapsed_s * (1 - share) / share);
  }
  return text;
}

std::string progress_text(std::uint64_t done, std::uint64_t all, double elapsed_s) {
  const double share = static_cast<double>(done) / static_cast<double>(all);
  std::string text = fmt::format("{:3.0f}%", share * 100);
  if (done > 0) text += "  ETA " + duration_text(elapsed_s * (1 - share) / share);
  return text;
}

ProgressLine::ProgressLine() : enabled_(standard_error_is_terminal()) {}

ProgressLine::~ProgressLine() { wipe(); }

void ProgressLine::show(const IngestProgress& progress) {
  if (due()) draw(progress_text(progress, elapsed_s()));
}

void ProgressLine::show(std::uint64_t done, std::uint64_t all) {
  if (due()) draw(progress_text(done, all, elapsed_s()));
}

bool ProgressLine::due() const {
  return enabled_ && (!drawn_ || Clock::now() - drawn_at_ >= std::chrono::milliseconds(100));
}

double ProgressLine::elapsed_s() const {
  return std::chrono::duration<double>(Clock::now() - begin_).count();
}

void ProgressLine::draw(std::string text) {
  drawn_at_ = Clock::now();
  drawn_ = true;
  // A line that wraps cannot be wiped.
  const std::size_t width = standard_error_width().value_or(80);
  if (text.size() >= width) text.resize(width - 1);
  draw_on_standard_error("\r" + terminal_text(text) + "\x1b[K");
}

void ProgressLine::wipe() {
  if (drawn_) draw_on_standard_error("\r\x1b[K");
  drawn_ = false;
}

}  // namespace rollcall::tools
