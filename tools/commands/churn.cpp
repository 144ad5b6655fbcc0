// rollcall churn: who stopped coming.
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

struct ChurnFlags {
  QuestionFlags question;
  RangeFlags range;
  std::vector<std::string> event;
  std::optional<std::string> base;
  std::optional<std::int32_t> gap_days;
  std::optional<std::string> rule_period;
  std::optional<std::int32_t> rule_count;
};

nlohmann::ordered_json to_spec(const ChurnFlags& flags) {
  nlohmann::ordered_json spec = {{"kind", "churn"}};
  if (!flags.event.empty()) spec["event"] = selector_json("--event", flags.event);
  if (flags.base) spec["base"] = *flags.base;
  if (flags.gap_days) spec["rule"]["gap_days"] = *flags.gap_days;
  if (flags.rule_period) spec["rule"]["period"] = *flags.rule_period;
  if (flags.rule_count) spec["rule"]["count"] = *flags.rule_count;
  add_common_fields(spec, flags.question, flags.range);
  return spec;
}

}  // namespace

void add_churn_command(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("churn", "Who stopped coming");
  const auto flags = std::make_shared<ChurnFlags>();
  add_question_flags(*command, flags->question);
  add_range_flags(*command, flags->range);
  add_selector(*command, "--event", flags->event, "Event that counts (default: any); repeatable");
  add_choice(*command, "--base", flags->base, {"active", "new"},
             "Who can churn: all of the period (default), or its newcomers");
  CLI::Option* gap =
      command->add_option("--gap-days", flags->gap_days, "Churned: away for N days (default 7)")
          ->check(whole_number(1, kSpanDaysMax))
          ->type_name("N");
  CLI::Option* period = add_choice(*command, "--rule-period", flags->rule_period, period_names(),
                                   "Churned: away for the whole next period")
                            ->excludes(gap);
  command->add_option("--rule-count", flags->rule_count, "The same for the next N of these periods")
      ->check(whole_number(1, kSpanDaysMax))
      ->type_name("N")
      ->needs(period);
  on_question(*command, flags->question, chosen, [flags] { return to_spec(*flags); });
}

}  // namespace rollcall::tools
