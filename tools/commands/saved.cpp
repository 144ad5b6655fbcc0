// rollcall saved keeps questions and other definitions in the store by name, and carries them from
// one store to another.
#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "rollcall/campaign.h"
#include "rollcall/message_text.h"
#include "rollcall/saved_definitions.h"
#include "rollcall/saved_object.h"
#include "tools/commands/command.h"
#include "tools/commands/option_kinds.h"
#include "tools/commands/store_access.h"
#include "tools/input_file.h"
#include "tools/output_file.h"
#include "tools/table_printer.h"
#include "tools/terminal.h"

namespace rollcall::tools {
namespace {

constexpr ObjectKind kKinds[] = {ObjectKind::kSegment, ObjectKind::kQuestion, ObjectKind::kCampaign,
                                 ObjectKind::kAlert};
constexpr std::size_t kDocumentBytesMax = std::size_t{4} << 20;

struct SavedFlags {
  StoreFlags store;
  std::optional<ObjectKind> kind;
  std::string name;
  std::string file;
  std::string output = "-";
  bool replace = false;
};

// Returns the objects of the kind, or of all kinds.
std::vector<SavedObject> chosen_objects(const Engine& engine, const SavedFlags& flags) {
  std::vector<SavedObject> objects;
  for (const ObjectKind kind : kKinds) {
    if (flags.kind && *flags.kind != kind) continue;
    for (SavedObject& object : engine.objects(kind)) objects.push_back(std::move(object));
  }
  return objects;
}

OnSameName on_same_name(const SavedFlags& flags) {
  return flags.replace ? OnSameName::kReplace : OnSameName::kRefuse;
}

// The engine keeps definitions of campaigns and alerts as they are; whoever saves them checks them.
Status save(Engine& engine, std::span<const SavedObject> objects, OnSameName on_same_name) {
  ROLLCALL_RETURN_IF_ERROR(check_definitions(objects, engine.settings().time_zone));
  return engine.save_objects(objects, on_same_name);
}

Status list(const SavedFlags& flags) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, open_for_reading(flags.store));
  const Style style = standard_output_style(When::kAuto, When::kAuto);
  Table table{.columns = {{.title = "kind"}, {.title = "name"}, {.title = "definition"}},
              .rows = {}};
  for (const SavedObject& object : chosen_objects(*engine, flags)) {
    table.rows.push_back({{.text = std::string(to_string(object.kind))},
                          {.text = text_for(style, object.name)},
                          {.text = text_for(style, excerpt(object.definition))}});
  }
  return draw_on_standard_output(print_table(table, style));
}

Status show(const SavedFlags& flags) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, open_for_reading(flags.store));
  std::vector<std::string> names;
  for (const SavedObject& object : chosen_objects(*engine, flags)) {
    if (object.name == flags.name) return write_standard_output(object.definition + "\n");
    names.push_back(object.name);
  }
  return Status::not_found(unknown_name(to_string(*flags.kind), flags.name, names));
}

Status add(const SavedFlags& flags) {
  ROLLCALL_ASSIGN_OR_RETURN(std::string definition, read_input_file(flags.file, kDocumentBytesMax));
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine,
                            open_existing_for_writing(flags.store));
  const SavedObject object{*flags.kind, flags.name, std::move(definition)};
  ROLLCALL_RETURN_IF_ERROR(save(*engine, {&object, 1}, on_same_name(flags)));
  return engine->close();
}

Status drop(const SavedFlags& flags) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine,
                            open_existing_for_writing(flags.store));
  ROLLCALL_RETURN_IF_ERROR(engine->drop_object(*flags.kind, flags.name));
  return engine->close();
}

Status export_all(const SavedFlags& flags) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, open_for_reading(flags.store));
  const std::string json = objects_json(chosen_objects(*engine, flags));
  if (json.size() > kDocumentBytesMax) {
    return Status::resource_exhausted(fmt::format(
        "saved export: the document would have {} bytes, of lists of users (allowed: up "
        "to {}; --kind leaves segments out)",
        json.size(), kDocumentBytesMax));
  }
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<OutputFile> file, OutputFile::open(flags.output));
  ROLLCALL_RETURN_IF_ERROR(file->append(json));
  return file->close();
}

// Says what was kept, by kind. Alerts are off until somebody means them here, too.
Status say_imported(std::span<const SavedObject> objects) {
  std::string text;
  std::size_t alerts = 0;
  for (const ObjectKind kind : kKinds) {
    const auto count = static_cast<std::size_t>(
        std::ranges::count(objects, kind, [](const SavedObject& object) { return object.kind; }));
    if (kind == ObjectKind::kAlert) alerts = count;
    if (count == 0) continue;
    text += fmt::format("{}{} {}{}", text.empty() ? "" : ", ", count, to_string(kind),
                        count == 1 ? "" : "s");
  }
  write_standard_error(
      fmt::format("rollcall: imported: {}{}\n", text.empty() ? "nothing" : text,
                  alerts == 0 ? "" : "; an alert is off until rollcall alert enable"));
  return {};
}

Status import(const SavedFlags& flags) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string json, read_input_file(flags.file, kDocumentBytesMax));
  const Result<std::vector<SavedObject>> objects = parse_objects(json);
  const std::string place = flags.file == "-" ? "<stdin>" : flags.file;
  if (!objects.ok()) return objects.status().within(place);
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine,
                            open_existing_for_writing(flags.store));
  const Status saved = save(*engine, *objects, on_same_name(flags));
  if (!saved.ok()) return saved.within(place);
  ROLLCALL_RETURN_IF_ERROR(engine->close());
  return say_imported(*objects);
}

using Shared = std::shared_ptr<SavedFlags>;

CLI::App* add_word(CLI::App& parent, Action& chosen, const std::string& word,
                   const std::string& help, Status (*run)(const SavedFlags&), const Shared& flags) {
  CLI::App* command = parent.add_subcommand(word, help);
  add_store_flags(*command, flags->store);
  command->callback([flags, run, &chosen] { chosen = [flags, run] { return run(*flags); }; });
  return command;
}

CLI::Option* add_kind(CLI::App& command, const std::string& name, const std::string& help,
                      const Shared& flags) {
  std::vector<std::pair<std::string, std::optional<ObjectKind>>> kinds;
  for (const ObjectKind kind : kKinds) kinds.emplace_back(to_string(kind), kind);
  return add_choice(command, name, flags->kind, kinds, help);
}

void add_kind_and_name(CLI::App& command, const Shared& flags) {
  add_kind(command, "KIND", "The kind of definition", flags)->required();
  command.add_option("NAME", flags->name, "Its name")->required()->type_name("");
}

void add_file(CLI::App& command, const std::string& what, const Shared& flags) {
  command.add_option("FILE", flags->file, what + "; - is standard input")
      ->required()
      ->type_name("");
}

void add_replace_flag(CLI::App& command, const Shared& flags) {
  command.add_flag("--replace", flags->replace, "Take the place of those that have the same name");
}

}  // namespace

void add_saved_command(CLI::App& app, Action& chosen) {
  CLI::App* parent =
      app.add_subcommand("saved", "Keep questions and other definitions in the store by name");
  parent->require_subcommand(1);
  const auto word = [&](const std::string& name, const std::string& help,
                        Status (*run)(const SavedFlags&)) {
    const auto flags = std::make_shared<SavedFlags>();
    return std::pair(add_word(*parent, chosen, name, help, run, flags), flags);
  };
  const std::string of_kind = "Only those of this kind";

  const auto [list_command, listed] = word("list", "What the store keeps by name", list);
  add_kind(*list_command, "--kind", of_kind, listed);

  const auto [show_command, shown] = word("show", "Print one definition, as JSON", show);
  add_kind_and_name(*show_command, shown);

  const auto [add_command, added] = word("add", "Keep a definition", add);
  add_kind_and_name(*add_command, added);
  add_file(*add_command, "The definition, a JSON object", added);
  add_replace_flag(*add_command, added);

  const auto [drop_command, dropped] = word("drop", "Forget a definition", drop);
  add_kind_and_name(*drop_command, dropped);

  const auto [export_command, exported] =
      word("export", "Write definitions as one JSON document", export_all);
  add_kind(*export_command, "--kind", of_kind, exported);
  export_command
      ->add_option("-o,--output", exported->output, "Where to; by default standard output")
      ->type_name("FILE");

  const auto [import_command, imported] =
      word("import", "Keep all that such a document has, or nothing", import);
  add_file(*import_command, "The document", imported);
  add_replace_flag(*import_command, imported);

  for (const auto& [command, flags] :
       {std::pair(add_command, added), std::pair(drop_command, dropped),
        std::pair(import_command, imported)}) {
    add_wait_flag(*command, flags->store);
  }
}

}  // namespace rollcall::tools
