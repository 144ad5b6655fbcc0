// rollcall counts: events, users and amounts per period or hour.
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

struct CountsFlags {
  QuestionFlags question;
  RangeFlags range;
  std::vector<std::string> event;
  std::optional<std::string> period;
};

nlohmann::ordered_json to_spec(const CountsFlags& flags) {
  nlohmann::ordered_json spec = {{"kind", "counts"}};
  if (!flags.event.empty()) spec["event"] = selector_json("--event", flags.event);
  if (flags.period) spec["period"] = *flags.period;
  add_common_fields(spec, flags.question, flags.range);
  return spec;
}

}  // namespace

void add_counts_command(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("counts", "Events, users and amounts per period");
  const auto flags = std::make_shared<CountsFlags>();
  add_question_flags(*command, flags->question);
  add_range_flags(*command, flags->range);
  add_selector(*command, "--event", flags->event, "Event that counts (default: any); repeatable");
  std::vector<std::string> periods = period_names();
  periods.insert(periods.begin(), "hour");
  add_choice(*command, "--period", flags->period, periods, "Period (default day)");
  on_question(*command, flags->question, chosen, [flags] { return to_spec(*flags); });
}

}  // namespace rollcall::tools
