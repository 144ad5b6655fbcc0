// rollcall explain says what a question means, and what answering it reads.
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "tools/commands/command.h"
#include "tools/commands/query_text.h"
#include "tools/commands/question.h"
#include "tools/commands/question_limits.h"
#include "tools/commands/store_access.h"
#include "tools/terminal.h"
#include "tools/text.h"

namespace rollcall::tools {
namespace {

struct ExplainFlags {
  StoreFlags store;
  Timeout timeout;
  std::string spec;
};

std::string text_of(const Explanation& explanation) {
  std::string text = explanation.meaning + "\n\n";
  for (const std::string& source : explanation.answered_from) {
    text += fmt::format("answer  from {}\n", source);
  }
  constexpr std::size_t kSeriesShown = 10;
  for (std::size_t i = 0; i < explanation.series.size() && i < kSeriesShown; ++i) {
    text += fmt::format("reads   {}\n", explanation.series[i]);
  }
  if (explanation.series.size() > kSeriesShown) {
    text += fmt::format("        and {} series more\n", explanation.series.size() - kSeriesShown);
  }
  if (!explanation.days.empty()) {
    text += fmt::format("days    {} ({} to {})\n",
                        with_commas(static_cast<std::uint64_t>(explanation.days.size())),
                        to_string(explanation.days.first), to_string(explanation.days.last));
  }
  if (explanation.history_events) {
    text +=
        fmt::format("history {} events, user by user\n", with_commas(*explanation.history_events));
    if (explanation.history_from) {
      text +=
          fmt::format("from    {}, where history begins\n", to_string(*explanation.history_from));
    }
    if (explanation.chunks == 0) return text;
  }
  text += fmt::format("chunks  {}, of which {} lie in the store\n", with_commas(explanation.chunks),
                      with_commas(explanation.stored_chunks));
  return text + fmt::format("bytes   {} in memory once read\n", bytes_text(explanation.bytes));
}

// Explains the questions of `json`, which `spec` gives, or names the file of.
Status explain_text(const std::string& json, const std::string& spec, const StoreFlags& store,
                    const QuestionGuard& guard) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine,
                            open_for_questions(json, spec, store, guard));
  const Result<std::vector<Query>> queries = parse_queries(json, engine->settings().time_zone);
  if (!queries.ok()) return located(queries.status(), spec);
  std::string text;
  for (const Query& query : *queries) {
    const Result<Explanation> explanation = engine->explain(query, guard.limits());
    if (!explanation.ok()) return located(explanation.status(), spec);
    text += (text.empty() ? "" : "\n") + text_of(*explanation);
  }
  return write_standard_output(text);
}

Status explain(const ExplainFlags& flags) {
  const QuestionGuard guard(flags.timeout);
  ROLLCALL_ASSIGN_OR_RETURN(const std::string json, read_query_text(flags.spec, guard));
  return explain_text(json, flags.spec, flags.store, guard);
}

Status explain_typed(const std::string& json, const StoreFlags& store, const Timeout& timeout) {
  return explain_text(json, json, store, QuestionGuard(timeout));
}

// Adds the commands of questions, in the place that they have without `explain` before them.
void add_typed_questions(CLI::App& explain, Action& chosen) {
  for (const QueryKind& kind : query_kinds()) {
    if (&kind != find_query_kind("segment")) {
      add_kind_command(explain, std::string(kind.name), kind, chosen, explain_typed);
      continue;
    }
    CLI::App* const segments = explain.add_subcommand("segment", std::string(kind.summary));
    segments->require_subcommand(1);
    add_kind_command(*segments, "count", kind, chosen, explain_typed);
  }
}

}  // namespace

void add_explain_command(CLI::App& app, Action& chosen) {
  CLI::App* command =
      app.add_subcommand("explain", "What a question means, and what answering it reads");
  const auto flags = std::make_shared<ExplainFlags>();
  // With the command of a question, the store and the question are that one's.
  add_store_flags(*command, flags->store, /*required=*/false);
  add_lists_flag(*command, flags->store);
  add_timeout_flag(*command, flags->timeout);
  add_query_text(*command, flags->spec)->required(false);
  add_typed_questions(*command, chosen);
  command->callback([flags, command, &chosen] {
    if (!command->get_subcommands().empty()) return;
    if (flags->spec.empty()) throw CLI::RequiredError("SPEC, or the command of a question,");
    if (flags->store.directory.empty()) throw CLI::RequiredError("--db");
    chosen = [flags] { return explain(*flags); };
  });
}

}  // namespace rollcall::tools
