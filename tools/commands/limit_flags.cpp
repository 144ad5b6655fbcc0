#include "tools/commands/limit_flags.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>

#include <fmt/format.h>

#include "tools/commands/option_kinds.h"
#include "tools/text.h"

namespace rollcall::tools {
namespace {

// One wrong clock must not move the end of the data past all others, because questions would then
// count the future as known. Two days leave room for time zones, and for bare dates.
constexpr std::uint32_t kDaysAhead = 2;
// A clock that was never set must not move its beginning, either: a time of 0 would make every
// answer start in 1970.
constexpr std::string_view kNotBefore = "1990-01-01";
constexpr std::int64_t kDaysAheadMax = 3'650'000;  // past the year 9999

struct LimitText {
  SourceLimit limit;
  std::string_view flag;
  RejectKind kind;
  std::string_view advice;
  std::string_view keeps_out;  // what of the flag does
  std::string_view wider;      // a value of the flag that takes in more
};

// There is one row for each limit that a flag can move.
constexpr auto kLimitTexts = std::to_array<LimitText>({
    {SourceLimit::kTimeMax, "--days-ahead", RejectKind::kTimeTooLate,
     "--days-ahead takes more of the future", "by --days-ahead", "a larger one"},
    {SourceLimit::kTimeMin, "--not-before", RejectKind::kTimeTooEarly,
     "--not-before takes more of the past", "by --not-before", "an earlier one"},
    {SourceLimit::kNullUser, "--null-users", RejectKind::kUserNull,
     "--null-users keep takes them as users", "by --null-users", "keep"},
    {SourceLimit::kLineBytes, "--line-max", RejectKind::kRowTooLong, "--line-max takes longer ones",
     "by --line-max", "a larger one"},
    {SourceLimit::kUnrounded, "--round-values", RejectKind::kValueDecimals,
     "--round-values rounds them", "for want of --round-values", "it"},
});

const LimitText* text_of(SourceLimit limit) {
  const auto found = std::find_if(kLimitTexts.begin(), kLimitTexts.end(),
                                  [&](const LimitText& text) { return text.limit == limit; });
  return found == kLimitTexts.end() ? nullptr : &*found;
}

std::string rows_text(std::uint64_t rows) {
  return fmt::format("{} {}", with_commas(rows), rows == 1 ? "row" : "rows");
}

}  // namespace

void add_limit_flags(CLI::App& command, LimitFlags& flags) {
  const std::string group =
      "Limits of what is plausible (rows they refuse come in when the same files are read with "
      "wider ones)";
  command
      .add_option(
          "--days-ahead", flags.days_ahead,
          fmt::format("Reject events later than so many days from now (default {})", kDaysAhead))
      ->check(whole_number(0, kDaysAheadMax))
      ->type_name("N")
      ->group(group);
  command
      .add_option("--not-before", flags.not_before,
                  fmt::format("Reject events before this date (default {})", kNotBefore))
      ->type_name("DATE")
      ->check([](const std::string& text) {
        const Result<TimeUs> first = first_instant_of(text, "UTC");
        return first.ok() ? std::string() : first.status().message();
      })
      ->group(group);
  add_size(command, "--line-max", flags.line_bytes_max,
           "Reject rows of more bytes than this, such as 4M (default 1M)", "1", "1G")
      ->group(group);
}

void set_row_limit(const LimitFlags& flags, SourceOptions& options) {
  if (flags.line_bytes_max > 0) {
    options.line_bytes_max = static_cast<std::uint32_t>(flags.line_bytes_max);
  }
}

Status set_limits(const LimitFlags& flags, const StoreSettings& settings, SourceOptions& options) {
  using std::chrono::microseconds;
  const auto now =
      std::chrono::duration_cast<microseconds>(std::chrono::system_clock::now().time_since_epoch());
  const microseconds ahead = std::chrono::hours(24) * flags.days_ahead.value_or(kDaysAhead);
  options.time_max = (now + ahead).count();
  const Result<TimeUs> first =
      first_instant_of(flags.not_before.value_or(std::string(kNotBefore)), settings.time_zone);
  if (!first.ok()) {
    return Status(first.status().code(), "--not-before " + first.status().message());
  }
  options.time_min = *first;
  return {};
}

std::string_view limit_advice(RejectKind kind) {
  for (const LimitText& text : kLimitTexts) {
    if (text.kind == kind) return text.advice;
  }
  return {};
}

std::string_view flag_of(SourceLimit limit) {
  const LimitText* const text = text_of(limit);
  return text == nullptr ? std::string_view() : text->flag;
}

std::uint64_t rows_kept_out(const IngestReport& report) {
  std::uint64_t rows = 0;
  for (const FileReport& file : report.files) {
    for (const LimitCount& count : file.refused) {
      // A user who leaves out ids that mean nobody has asked for it explicitly, and an amount that
      // the store cannot keep is a fault of its row.
      if (text_of(count.limit) != nullptr && count.limit != SourceLimit::kNullUser &&
          count.limit != SourceLimit::kUnrounded) {
        rows += count.rows;
      }
    }
  }
  return rows;
}

std::string admitted_text(const FileReport& file) {
  std::string text;
  for (const LimitCount& count : file.admitted) {
    const LimitText* const limit = text_of(count.limit);
    const std::string refused = limit == nullptr ? "that a limit refused"
                                : limit->limit == SourceLimit::kUnrounded
                                    ? "refused for want of --round-values"
                                    : fmt::format("that {} refused", limit->flag);
    text += fmt::format("{}: read again for {} {}\n", printable(file.path), rows_text(count.rows),
                        refused);
  }
  return text;
}

std::string kept_out_text(const IngestReport& report, const LimitFlags& flags) {
  std::string text;
  for (const LimitText& limit : kLimitTexts) {
    std::uint64_t of_files = 0, of_input = 0;
    for (const FileReport& file : report.files) {
      for (const LimitCount& count : file.refused) {
        if (count.limit == limit.limit) (file.is_pipe ? of_input : of_files) += count.rows;
      }
    }
    if (of_files > 0) {
      text += fmt::format("kept out {}: {}, which the same files give with {}\n", limit.keeps_out,
                          rows_text(of_files), limit.wider);
    }
    if (of_input > 0) {
      text += fmt::format(
          "kept out {}: {} of standard input or a pipe, which has to be sent again (--rejects "
          "keeps them)\n",
          limit.keeps_out, rows_text(of_input));
    }
  }
  const auto unknown = std::count_if(report.files.begin(), report.files.end(),
                                     [](const FileReport& file) { return !file.refusals_known; });
  if (unknown > 0 && (flags.days_ahead || flags.not_before || flags.line_bytes_max > 0)) {
    text += fmt::format(
        "{} of the files {} read by an earlier version, which did not keep what limits refused: a "
        "new store takes it in\n",
        unknown, unknown == 1 ? "was" : "were");
  }
  return text;
}

}  // namespace rollcall::tools
