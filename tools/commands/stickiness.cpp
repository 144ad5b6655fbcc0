// rollcall stickiness: on how many periods users are active.
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

struct StickinessFlags {
  QuestionFlags question;
  RangeFlags range;
  std::vector<std::string> event;
  std::optional<std::string> period;
  std::optional<std::int32_t> window_days;
};

nlohmann::ordered_json to_spec(const StickinessFlags& flags) {
  nlohmann::ordered_json spec = {{"kind", "stickiness"}};
  if (!flags.event.empty()) spec["event"] = selector_json("--event", flags.event);
  if (flags.period) spec["period"] = *flags.period;
  if (flags.window_days) spec["window_days"] = *flags.window_days;
  add_common_fields(spec, flags.question, flags.range);
  return spec;
}

}  // namespace

void add_stickiness_command(CLI::App& app, Action& chosen) {
  CLI::App* command =
      app.add_subcommand("stickiness", "On how many periods users are active (L7, L28)");
  const auto flags = std::make_shared<StickinessFlags>();
  add_question_flags(*command, flags->question);
  add_range_flags(*command, flags->range);
  add_selector(*command, "--event", flags->event, "Event that counts (default: any); repeatable");
  add_choice(*command, "--period", flags->period, period_names(), "Period (default day)");
  command
      ->add_option("--window-days", flags->window_days,
                   "Per day: active days of the last N days, such as 7 for L7")
      ->check(whole_number(1, kSpanDaysMax))
      ->type_name("N");
  on_question(*command, flags->question, chosen, [flags] { return to_spec(*flags); });
}

}  // namespace rollcall::tools
