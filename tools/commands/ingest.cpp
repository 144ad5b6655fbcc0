// rollcall ingest: reads files of events into a store.
#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "rollcall/file_source.h"
#include "tools/commands/command.h"
#include "tools/commands/output_flags.h"
#include "tools/commands/settings_flags.h"
#include "tools/commands/source_flags.h"
#include "tools/commands/store_access.h"
#include "tools/interrupt.h"
#include "tools/progress_line.h"
#include "tools/reject_file.h"
#include "tools/terminal.h"
#include "tools/text.h"

namespace rollcall::tools {
namespace {

struct IngestFlags {
  StoreFlags store;
  SettingsFlags settings;
  SourceOptions source;
  OutputFlags output;
  std::optional<std::string> rejects;
  bool strict = false;
  std::vector<std::string> paths;
};

void say(const std::string& line) { write_standard_error("rollcall: " + line + "\n"); }

// What was guessed and what is left out, in one line each.
void say_schema(const SourceSchema& schema) {
  if (!schema.guessed.empty()) say(fmt::format("guessed: {}", fmt::join(schema.guessed, ", ")));
  if (!schema.ignored.empty()) {
    say(fmt::format("ignored columns: {} (--dimension NAME keeps one)",
                    fmt::join(schema.ignored, ", ")));
  }
  if (!schema.absent.empty()) {
    say(fmt::format("columns that are not there, and count as empty: {}",
                    fmt::join(schema.absent, ", ")));
  }
}

// How the first file will be read; unset for standard input, which can be read only once.
Result<std::optional<SourceSchema>> inspect(const IngestFlags& flags,
                                            const std::vector<std::string>& dimensions) {
  if (flags.paths.front() == "-") return std::optional<SourceSchema>();
  ROLLCALL_ASSIGN_OR_RETURN(SourceSchema schema,
                            inspect_source(flags.paths, flags.source, dimensions));
  return std::optional<SourceSchema>(std::move(schema));
}

// Opens the store, or makes it with what the flags and the first rows say.
Result<std::unique_ptr<Engine>> open_store(const IngestFlags& flags) {
  std::optional<SourceSchema> schema;
  bool made = false;
  const auto settings = [&]() -> Result<StoreSettings> {
    ROLLCALL_ASSIGN_OR_RETURN(schema, inspect(flags, flags.settings.dimensions));
    StoreSettings chosen = new_settings(flags.settings);
    if (schema && !flags.settings.user_kind) chosen.user_kind = schema->user_kind;
    made = true;
    return chosen;
  };
  ROLLCALL_ASSIGN_OR_RETURN(std::unique_ptr<Engine> engine,
                            open_for_writing(flags.store, settings));
  if (made) {
    say(fmt::format("made {}: {}", flags.store.directory, describe(engine->settings())));
  } else {
    ROLLCALL_RETURN_IF_ERROR(check_settings(flags.settings, engine->settings()));
    ROLLCALL_ASSIGN_OR_RETURN(schema, inspect(flags, engine->settings().dimensions));
  }
  if (schema) say_schema(*schema);
  return engine;
}

std::string place(const RejectedRow& row) {
  return row.column == 0 ? fmt::format("{}:{}", row.file, row.line)
                         : fmt::format("{}:{}:{}", row.file, row.line, row.column);
}

std::string report_text(const IngestReport& report, double elapsed_s) {
  std::string text;
  for (const std::string& note : report.notes) text += printable(note) + "\n";
  for (const FileReport& file : report.files) {
    if (file.outcome == FileReport::Outcome::kKnown) {
      text += fmt::format("{}: already ingested; nothing to do\n", file.path);
    } else if (file.outcome == FileReport::Outcome::kResumed) {
      text += fmt::format("{}: resumed after {} rows\n", file.path, with_commas(file.rows_known));
    }
  }
  text += fmt::format("rows read      {:>15} in {} ({} rows/s)\n", with_commas(report.rows_read),
                      duration_text(elapsed_s),
                      rate_text(static_cast<double>(report.rows_read) / std::max(elapsed_s, 1e-3)));
  text += fmt::format("rows ingested  {:>15}\n", with_commas(report.rows_ingested));
  text += fmt::format("rows rejected  {:>15}\n", with_commas(report.rows_rejected));
  for (const RejectCount& count : report.rejected_by_kind) {
    text += fmt::format("  {:>28}  {}\n", with_commas(count.rows), printable(count.kind));
  }
  constexpr std::size_t kExamplesShown = 3;
  for (std::size_t i = 0; i < std::min(report.examples.size(), kExamplesShown); ++i) {
    const RejectedRow& row = report.examples[i];
    text += fmt::format("  {}: {}\n", printable(place(row)), printable(row.reason));
  }
  return text;
}

std::string report_json(const IngestReport& report, double elapsed_s) {
  using Json = nlohmann::ordered_json;
  Json json = {{"rows_read", report.rows_read},
               {"rows_ingested", report.rows_ingested},
               {"rows_rejected", report.rows_rejected},
               {"elapsed_s", elapsed_s}};
  json["rejected"] = Json::array();
  for (const RejectCount& count : report.rejected_by_kind) {
    json["rejected"].push_back({{"reason", count.kind}, {"rows", count.rows}});
  }
  json["examples"] = Json::array();
  for (const RejectedRow& row : report.examples) {
    json["examples"].push_back({{"file", row.file},
                                {"line", row.line},
                                {"column", row.column},
                                {"reason", row.reason},
                                {"row", row.row}});
  }
  json["notes"] = report.notes;
  json["files"] = Json::array();
  for (const FileReport& file : report.files) {
    const char* outcome = file.outcome == FileReport::Outcome::kKnown     ? "known"
                          : file.outcome == FileReport::Outcome::kResumed ? "resumed"
                                                                          : "read";
    json["files"].push_back({{"path", file.path},
                             {"outcome", outcome},
                             {"rows_read", file.rows_read},
                             {"rows_known", file.rows_known}});
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

// Reads the files, with a progress line, and rejected rows into their file.
Result<IngestReport> read_files(const IngestFlags& flags, Engine& engine) {
  std::optional<RejectFile> rejects;
  if (flags.rejects) {
    ROLLCALL_ASSIGN_OR_RETURN(rejects, RejectFile::open(*flags.rejects));
  }
  ProgressLine progress;
  IngestHooks hooks;
  hooks.strict = flags.strict;
  hooks.progress = [&progress](const IngestProgress& now) { progress.show(now); };
  if (rejects) hooks.reject = [&rejects](const RejectedRow& row) { rejects->add(row); };
  Result<IngestReport> report = ingest_files(engine, flags.paths, flags.source, hooks);
  if (rejects) ROLLCALL_RETURN_IF_ERROR(rejects->close());
  return report;
}

// Reads the files while Ctrl-C makes what has been read durable before it ends the process.
Result<IngestReport> read_files_guarded(const IngestFlags& flags, Engine& engine,
                                        InterruptGuard& guard) {
  guard.watch([&engine] {
    const Status status = engine.checkpoint();
    write_standard_error(status.ok() ? "\nrollcall: interrupted; what was read is kept, and the "
                                       "same command goes on from there\n"
                                     : "\nrollcall: interrupted; the last checkpoint is kept: " +
                                           status.message() + "\n");
  });
  Result<IngestReport> report = read_files(flags, engine);
  guard.rest();
  return report;
}

Status ingest(const IngestFlags& flags) {
  InterruptGuard guard;
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, open_store(flags));
  const auto begin = std::chrono::steady_clock::now();
  const Result<IngestReport> report = read_files_guarded(flags, *engine, guard);
  const Status closed = engine->close();  // keeps what was read before an error, too
  if (!report.ok()) return report.status();
  ROLLCALL_RETURN_IF_ERROR(closed);
  const double elapsed_s =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return write_standard_output(flags.output.format == OutputFormat::kJson
                                   ? report_json(*report, elapsed_s)
                                   : report_text(*report, elapsed_s));
}

}  // namespace

void add_ingest_command(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "ingest", "Read files of events into a store, each exactly once; makes the store if need be");
  const auto flags = std::make_shared<IngestFlags>();
  add_store_flags(*command, flags->store);
  add_source_flags(*command, flags->source);
  add_settings_flags(*command, flags->settings);
  command->add_option("--rejects", flags->rejects, "Write rows that were not ingested to this file")
      ->type_name("FILE");
  command->add_flag("--strict", flags->strict, "Stop at the first row that cannot be ingested");
  add_report_output_flag(*command, flags->output);
  command->add_option("FILE", flags->paths, "Files, directories, or - for standard input")
      ->required();
  command->callback([flags, &chosen] { chosen = [flags] { return ingest(*flags); }; });
}

}  // namespace rollcall::tools
