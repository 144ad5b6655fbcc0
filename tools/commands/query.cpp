// rollcall query asks a question written as JSON.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rollcall/message_text.h"
#include "rollcall/query.h"
#include "rollcall/saved_object.h"
#include "tools/commands/command.h"
#include "tools/commands/output_flags.h"
#include "tools/commands/query_text.h"
#include "tools/commands/question_limits.h"
#include "tools/commands/store_access.h"

namespace rollcall::tools {
namespace {

struct QueryFlags {
  StoreFlags store;
  OutputFlags output = {.format = OutputFormat::kJson};
  Timeout timeout;
  std::string spec;
  std::string saved;  // the name of a question that the store keeps, instead of `spec`
};

Result<std::string> saved_question(const Engine& engine, const std::string& name) {
  std::vector<std::string> names;
  for (const SavedObject& question : engine.objects(ObjectKind::kQuestion)) {
    if (question.name == name) return question.definition;
    names.push_back(question.name);
  }
  return Status::not_found(unknown_name("question", name, names));
}

Status ask_saved(const QueryFlags& flags) {
  const QuestionGuard guard(flags.timeout);
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine,
                            guard.wait_for<std::unique_ptr<Engine>>(
                                [store = flags.store] { return open_for_reading(store); }));
  ROLLCALL_ASSIGN_OR_RETURN(const std::string json, saved_question(*engine, flags.saved));
  ROLLCALL_ASSIGN_OR_RETURN(const QueryResult result, engine->query(json, guard.limits()));
  return print(result, flags.output, engine->settings().user_kind);
}

Status query(const QueryFlags& flags) {
  std::optional<QuestionGuard> guard(flags.timeout);
  ROLLCALL_ASSIGN_OR_RETURN(const std::string json, read_query_text(flags.spec, *guard));
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine,
                            open_for_questions(json, flags.spec, flags.store, *guard));
  const Result<std::vector<Query>> queries = parse_queries(json, engine->settings().time_zone);
  if (!queries.ok()) return located(queries.status(), flags.spec);
  const Result<std::vector<QueryResult>> results = engine->query(*queries, guard->limits());
  if (!results.ok()) return located(results.status(), flags.spec);
  guard.reset();
  const bool is_list = json.find_first_not_of(" \t\r\n") == json.find('[');
  const UserKind user_kind = engine->settings().user_kind;
  return is_list ? print(*results, flags.output, user_kind)
                 : print(results->front(), flags.output, user_kind);
}

}  // namespace

void add_query_command(CLI::App& app, Action& chosen) {
  CLI::App* command =
      app.add_subcommand("query", "Ask a question written as JSON, or a list of them");
  const auto flags = std::make_shared<QueryFlags>();
  add_store_flags(*command, flags->store);
  add_lists_flag(*command, flags->store);
  add_timeout_flag(*command, flags->timeout);
  add_output_flags(*command, flags->output);
  CLI::Option* const spec = add_query_text(*command, flags->spec);
  CLI::Option* const saved =
      command->add_option("--saved", flags->saved, "A question that the store keeps by this name")
          ->type_name("NAME");
  spec->required(false)->excludes(saved);
  command->callback([flags, saved, &chosen] {
    if (flags->spec.empty() && saved->empty()) throw CLI::RequiredError("SPEC, or --saved");
    chosen = [flags, saved] { return saved->empty() ? query(*flags) : ask_saved(*flags); };
  });
}

}  // namespace rollcall::tools
