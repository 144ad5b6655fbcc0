// rollcall idle: users by days since their last event.
#include <charconv>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "rollcall/message_text.h"
#include "tools/commands/command.h"
#include "tools/commands/question.h"

namespace rollcall::tools {
namespace {

struct IdleFlags {
  QuestionFlags question;
  std::vector<std::string> event;
  std::vector<std::string> edges;
};

nlohmann::ordered_json edges_json(const std::vector<std::string>& edges) {
  if (edges.size() == 1 && edges[0] == "each") return "each";
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const std::string_view edge : edges) {
    std::int32_t days = 0;
    const auto [end, error] = std::from_chars(edge.data(), edge.data() + edge.size(), days);
    if (error != std::errc() || end != edge.data() + edge.size()) {
      throw_usage("--edges",
                  fmt::format("not a number of days: {} (allowed: 0,1,7 and the like; each)",
                              quoted_excerpt(edge)));
    }
    list.push_back(days);
  }
  return list;
}

nlohmann::ordered_json to_spec(const IdleFlags& flags) {
  nlohmann::ordered_json spec = {{"kind", "idle"}};
  if (!flags.event.empty()) spec["event"] = selector_json("--event", flags.event);
  if (!flags.edges.empty()) spec["edges"] = edges_json(flags.edges);
  add_common_fields(spec, flags.question);
  return spec;
}

}  // namespace

void add_idle_command(CLI::App& app, Action& chosen) {
  CLI::App* command =
      app.add_subcommand("idle", "Where everybody stands: days since the last event");
  const auto flags = std::make_shared<IdleFlags>();
  add_question_flags(*command, flags->question);
  add_selector(*command, "--event", flags->event, "Event that counts (default: any); repeatable");
  command
      ->add_option("--edges", flags->edges, "First days of the buckets, such as 0,1,7,30; or each")
      ->delimiter(',')
      ->type_name("DAYS");
  on_question(*command, flags->question, chosen, [flags] { return to_spec(*flags); });
}

}  // namespace rollcall::tools
