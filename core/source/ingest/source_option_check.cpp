#include <fmt/format.h>
#include <simdjson.h>

#include <cstddef>
#include <string>
#include <utility>

#include "core/source/ingest/schema_inspector.h"
#include "core/source/values/amount_parser.h"
#include "core/source/values/row.h"
#include "core/source/values/time_parser.h"
#include "rollcall/message_text.h"
#include "rollcall/option_check.h"

namespace rollcall {

Status check_source_options(const SourceOptions& options) {
  const auto refused = [](const std::string& text, OptionHint hint) {
    return Status::invalid_argument(text).with_hint(std::move(hint));
  };
  if (options.delimiter) {
    const std::string& delimiter = *options.delimiter;
    constexpr std::size_t kDelimiterBytesMax = 16;
    if (delimiter.empty() || delimiter.size() > kDelimiterBytesMax ||
        delimiter.find_first_of("\"\r\n") != std::string::npos ||
        !simdjson::validate_utf8(delimiter)) {
      return refused(
          fmt::format("delimiter: {} (allowed: 1 to {} bytes of UTF-8 without a quote or "
                      "a line end)",
                      quoted_excerpt(delimiter), kDelimiterBytesMax),
          Option::kDelimiter);
    }
  }
  if (options.comment.find_first_of("\r\n") != std::string::npos) {
    return refused("comment: it has a line end in it (allowed: how comment lines begin)",
                   Option::kComment);
  }
  if (options.event && options.event_name) {
    return refused("event and event_name: both are set (allowed: one of them)",
                   OptionHint(Option::kEvent).or_else(Option::kEventName));
  }
  if (options.event_name && options.event_name->empty()) {
    return refused("event_name: empty (allowed: 1 to 1024 bytes)", Option::kEventName);
  }
  if (options.event_name && options.event_name->size() > kNameBytesMax) {
    return refused(fmt::format("event_name: {} bytes (allowed: 1 to {} bytes)",
                               options.event_name->size(), kNameBytesMax),
                   Option::kEventName);
  }
  ROLLCALL_RETURN_IF_ERROR(check_amount_form(amount_form(options)));
  if (options.line_bytes_max == 0) {
    return refused("line_bytes_max: 0 (allowed: 1 and more)", Option::kLineBytesMax);
  }
  if (!options.time_format) return {};
  return TimeParser::check_format(*options.time_format).with_hint(Option::kTimeFormat);
}

}  // namespace rollcall
