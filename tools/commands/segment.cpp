// rollcall segment counts the users of a segment, and keeps segments in the store by name.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "rollcall/kinds.h"
#include "rollcall/message_text.h"
#include "rollcall/query.h"
#include "tools/commands/command.h"
#include "tools/commands/output_flags.h"
#include "tools/commands/question.h"
#include "tools/commands/store_access.h"
#include "tools/table_printer.h"
#include "tools/terminal.h"
#include "tools/text.h"

namespace rollcall::tools {
namespace {

void add_name(CLI::App& command, std::string& name) {
  command.add_option("NAME", name, "The name of the segment")->required()->type_name("");
}

// --- save ---

struct SaveFlags {
  StoreFlags store;
  std::string name;
  std::string segment;
  std::string file;
};

Query count_of_saved(const std::string& name) {
  Segment segment;
  segment.kind = Segment::Kind::kSaved;
  segment.name = name;
  Query query;
  query.ask = SegmentQuery{std::move(segment)};
  return query;
}

// Says how many of the users of a list that the store keeps it does not know.
void note_unknown_users(const Engine& engine, const std::string& name) {
  const Result<QueryResult> count = engine.query(count_of_saved(name));
  if (count.ok()) print_notes(*count);
}

// Says so if a segment has no answer as the store stands: it names an event that is yet to come, or
// one that is misspelled.
void note_unanswered(const Engine& engine, const std::string& name) {
  const Status asked = engine.explain(count_of_saved(name)).status();
  if (!asked.ok()) {
    print_note(fmt::format("{} is saved, and has no answer yet: {}", name, asked.message()));
  }
}

Status save(const SaveFlags& flags) {
  StoreFlags store = flags.store;
  Segment segment;
  if (flags.file.empty()) {
    ROLLCALL_ASSIGN_OR_RETURN(segment, parse_segment(flags.segment));
    allow_named_files({{}, SegmentQuery{segment}}, store);
  }
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, open_existing_for_writing(store));
  if (flags.file.empty()) {
    ROLLCALL_RETURN_IF_ERROR(engine->save_segment(flags.name, segment));
    note_unanswered(*engine, flags.name);
  } else {
    ROLLCALL_ASSIGN_OR_RETURN(std::vector<UserId> users, read_named_list(flags.file, *engine));
    ROLLCALL_RETURN_IF_ERROR(engine->save_segment(flags.name, std::move(users)));
    note_unknown_users(*engine, flags.name);
  }
  return engine->close();
}

void add_save_command(CLI::App& parent, Action& chosen) {
  CLI::App* command = parent.add_subcommand("save", "Keep a segment under a name");
  const auto flags = std::make_shared<SaveFlags>();
  add_store_flags(*command, flags->store);
  add_wait_flag(*command, flags->store);
  add_name(*command, flags->name);
  CLI::Option* segment =
      command->add_option("SEGMENT", flags->segment, "The segment, such as 'did(login, 7d)'")
          ->type_name("");
  command
      ->add_option(
          "--file", flags->file,
          "A list of users instead: one a line, or as --members wrote it, CSV or JSON, .gz, "
          ".zst")
      ->type_name("FILE")
      ->excludes(segment);
  command->callback([flags, &chosen] {
    if (flags->segment.empty() == flags->file.empty()) {
      throw CLI::RequiredError("a segment, or --file");
    }
    if (!flags->segment.empty()) {
      const Result<Segment> segment_read = parse_segment(flags->segment);
      if (!segment_read.ok()) throw CLI::ValidationError(segment_read.status().message());
    }
    chosen = [flags] { return save(*flags); };
  });
}

// --- list, show, drop ---

struct NameFlags {
  StoreFlags store;
  std::string name;
};

std::string text_of(const SegmentInfo& segment) {
  if (segment.expression) return to_string(*segment.expression);
  return fmt::format("a list of {} user{}", with_commas(segment.users),
                     segment.users == 1 ? "" : "s");
}

Status list(const NameFlags& flags) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, open_for_reading(flags.store));
  const Style style = standard_output_style(When::kAuto, When::kAuto);
  Table table{.columns = {{.title = "name"}, {.title = "segment"}}, .rows = {}};
  for (const SegmentInfo& segment : engine->segments()) {
    table.rows.push_back(
        {{.text = text_for(style, segment.name)}, {.text = text_for(style, text_of(segment))}});
  }
  return draw_on_standard_output(print_table(table, style));
}

Status show(const NameFlags& flags) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, open_for_reading(flags.store));
  std::vector<std::string> names;
  for (const SegmentInfo& segment : engine->segments()) {
    if (segment.name == flags.name) return write_standard_output(text_of(segment) + "\n");
    names.push_back(segment.name);
  }
  return Status::not_found(unknown_name("segment", flags.name, names));
}

bool names_saved(const Segment& segment, const std::string& name) {
  for (const Segment* const part : segments_of_question(segment)) {
    if (names_saved(*part, name)) return true;
  }
  return (segment.kind == Segment::Kind::kSaved && segment.name == name) ||
         std::any_of(segment.parts.begin(), segment.parts.end(),
                     [&](const Segment& part) { return names_saved(part, name); });
}

Status drop(const NameFlags& flags) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine,
                            open_existing_for_writing(flags.store));
  ROLLCALL_RETURN_IF_ERROR(engine->drop_segment(flags.name));
  for (const SegmentInfo& segment : engine->segments()) {
    if (segment.expression && names_saved(*segment.expression, flags.name)) {
      print_note(fmt::format("{} names it, and has no answer until there is one of the name again",
                             segment.name));
    }
  }
  return engine->close();
}

void add_named(CLI::App& parent, Action& chosen, const std::string& word, const std::string& help,
               bool takes_name, Status (*run)(const NameFlags&)) {
  CLI::App* command = parent.add_subcommand(word, help);
  const auto flags = std::make_shared<NameFlags>();
  add_store_flags(*command, flags->store);
  if (takes_name) add_name(*command, flags->name);
  if (word == "drop") add_wait_flag(*command, flags->store);
  command->callback([flags, run, &chosen] { chosen = [flags, run] { return run(*flags); }; });
}

}  // namespace

void add_segment_command(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("segment", "Count a set of users, or keep it by name");
  command->require_subcommand(1);
  add_kind_command(*command, "count", *find_query_kind("segment"), chosen);
  add_save_command(*command, chosen);
  add_named(*command, chosen, "list", "The segments that the store keeps", /*takes_name=*/false,
            list);
  add_named(*command, chosen, "show", "Print one of them", /*takes_name=*/true, show);
  add_named(*command, chosen, "drop", "Forget one of them; no user is touched", /*takes_name=*/true,
            drop);
}

}  // namespace rollcall::tools
