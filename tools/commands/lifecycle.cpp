// rollcall lifecycle: who is new, who stays, who comes back, who went.
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

struct LifecycleFlags {
  QuestionFlags question;
  RangeFlags range;
  std::vector<std::string> event;
  std::optional<std::string> period;
};

nlohmann::ordered_json to_spec(const LifecycleFlags& flags) {
  nlohmann::ordered_json spec = {{"kind", "lifecycle"}};
  if (!flags.event.empty()) spec["event"] = selector_json("--event", flags.event);
  if (flags.period) spec["period"] = *flags.period;
  add_common_fields(spec, flags.question, flags.range);
  return spec;
}

}  // namespace

void add_lifecycle_command(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("lifecycle", "Who is new, stays, comes back, or went");
  const auto flags = std::make_shared<LifecycleFlags>();
  add_question_flags(*command, flags->question);
  add_range_flags(*command, flags->range);
  add_selector(*command, "--event", flags->event, "Event that counts (default: any); repeatable");
  add_choice(*command, "--period", flags->period, period_names(), "Period (default day)");
  on_question(*command, flags->question, chosen, [flags] { return to_spec(*flags); });
}

}  // namespace rollcall::tools
