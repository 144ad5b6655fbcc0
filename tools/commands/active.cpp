// rollcall active: distinct users per period (DAU, WAU, MAU).
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tools/commands/command.h"
#include "tools/commands/option_kinds.h"
#include "tools/commands/question.h"

namespace rollcall::tools {
namespace {

struct ActiveFlags {
  QuestionFlags question;
  RangeFlags range;
  std::vector<std::string> event;
  std::optional<std::string> period;
  std::optional<std::int32_t> window_days;
  std::optional<std::int32_t> ratio_to_window;
};

nlohmann::ordered_json to_spec(const ActiveFlags& flags) {
  nlohmann::ordered_json spec = {{"kind", "active"}};
  if (!flags.event.empty()) spec["event"] = selector_json("--event", flags.event);
  if (flags.period) spec["period"] = *flags.period;
  if (flags.window_days) spec["window_days"] = *flags.window_days;
  if (flags.ratio_to_window) spec["ratio_to_window"] = *flags.ratio_to_window;
  add_common_fields(spec, flags.question, flags.range);
  return spec;
}

}  // namespace

void add_active_command(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("active", "Who was active: DAU, WAU, MAU");
  const auto flags = std::make_shared<ActiveFlags>();
  add_question_flags(*command, flags->question);
  add_range_flags(*command, flags->range);
  add_selector(*command, "--event", flags->event, "Event that counts (default: any); repeatable");
  add_choice(*command, "--period", flags->period, period_names(), "Period (default day)");
  command->add_option("--window-days", flags->window_days, "Per day: users of the last N days")
      ->check(whole_number(1, kSpanDaysMax))
      ->type_name("N");
  command
      ->add_option("--ratio-to-window", flags->ratio_to_window,
                   "Add users / users of the last N days, such as 30 for DAU/MAU")
      ->check(whole_number(1, kSpanDaysMax))
      ->type_name("N");
  on_question(*command, flags->question, chosen, [flags] { return to_spec(*flags); });
}

}  // namespace rollcall::tools
