// rollcall generate writes a seeded stream of events as a product sees them.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bench/workload.h"
#include "rollcall/file_source.h"
#include "rollcall/kinds.h"
#include "rollcall/message_text.h"
#include "rollcall/native_format.h"
#include "rollcall/query.h"
#include "tools/commands/command.h"
#include "tools/commands/option_kinds.h"
#include "tools/event_text.h"
#include "tools/file_place.h"
#include "tools/interrupt.h"
#include "tools/output_file.h"
#include "tools/text.h"

namespace rollcall::tools {
namespace {

using Json = nlohmann::ordered_json;

struct GenerateFlags {
  WorkloadOptions workload;
  std::uint64_t users = 0;  // 0: the default, or as many as there are events if that is less
  std::optional<FileFormat> format;
  std::optional<std::string> truth;
  std::string path = "-";
};

// The name of the file decides, as for ingest, and CSV is taken if it says nothing.
FileFormat format_of(const GenerateFlags& flags) {
  if (flags.format) return *flags.format;
  std::string_view name = flags.path;
  for (const std::string_view packed : {".gz", ".zst"}) {
    if (name.ends_with(packed)) name.remove_suffix(packed.size());
  }
  if (name.ends_with(".rollcall")) return FileFormat::kNative;
  const bool ndjson =
      name.ends_with(".ndjson") || name.ends_with(".jsonl") || name.ends_with(".json");
  return ndjson ? FileFormat::kNdjson : FileFormat::kDelimited;
}

std::string truth_json(const WorkloadTruth& truth, const WorkloadOptions& options) {
  const auto count_or_null = [](const std::optional<std::uint64_t>& count) {
    return count ? Json(*count) : Json(nullptr);
  };
  Json json = {{"seed", options.seed}, {"events", truth.events()}, {"users", truth.users()}};
  json["days"] = Json::array();
  for (const WorkloadTruth::DayCounts& day : truth.days()) {
    json["days"].push_back({{"date", to_string(day.day)},
                            {"events", day.events},
                            {"users", day.users},
                            {"new_users", day.new_users},
                            {"back_after_1", count_or_null(day.back_after_1)},
                            {"back_after_7", count_or_null(day.back_after_7)}});
  }
  return json.dump(2) + "\n";
}

Status write_file(const std::string& path, std::string_view text) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<OutputFile> file, OutputFile::open(path));
  ROLLCALL_RETURN_IF_ERROR(file->append(text));
  return file->close();
}

// Checks the options here, because the library's errors name fields, which are flags here.
Status check_options(const WorkloadOptions& options) {
  if (options.users > options.events) {
    return Status::invalid_argument(
        fmt::format("--users {}: all of them come at least once (allowed: 1 to {}, as --events)",
                    options.users, options.events));
  }
  for (const std::string& name : options.event_names) {
    if (name.empty()) return Status::invalid_argument("--event-names: one of them is empty");
  }
  return {};
}

Status generate(const GenerateFlags& flags) {
  ROLLCALL_RETURN_IF_ERROR(check_options(flags.workload));
  if (flags.truth && flags.path != "-" && lies_beneath(*flags.truth, flags.path)) {
    return Status::invalid_argument(
        fmt::format("--truth {}: is the file of the events (allowed: another file)", *flags.truth));
  }
  if (flags.truth) ROLLCALL_RETURN_IF_ERROR(check_output_place(*flags.truth));
  const FileFormat format = format_of(flags);
  const std::uint32_t decimals = flags.workload.value_decimals;
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<OutputFile> file, OutputFile::open(flags.path));
  std::optional<WorkloadTruth> truth;
  bool first = true;
  std::string bytes;
  std::uint64_t events_written = 0;
  // A pipe may take nothing for long, and meanwhile a signal ends the process at once.
  std::optional<Interrupt> interrupt;
  if (!file->may_wait()) interrupt.emplace();
  const auto write_batch = [&](const WorkloadBatch& batch) -> Status {
    if (interrupt && interrupt->requested()) return {StatusCode::kCancelled, ""};
    // The options are known to be good once there is a batch.
    if (flags.truth && !truth) truth.emplace(flags.workload);
    if (truth) truth->add(batch);
    bytes.clear();
    switch (format) {
      case FileFormat::kDelimited:
        if (first) bytes = csv_header(batch.events);
        append_csv(batch.events, decimals, bytes);
        break;
      case FileFormat::kNdjson:
        append_ndjson(batch.events, decimals, bytes);
        break;
      case FileFormat::kNative:
        ROLLCALL_RETURN_IF_ERROR(append_native_block(batch.events, decimals, bytes));
        break;
      case FileFormat::kParquet:  // nobody can choose it here
        break;
    }
    first = false;
    events_written += batch.events.time.size();
    return file->append(bytes);
  };
  const Status written = generate_workload(flags.workload, write_batch);
  const bool stopped = written.code() == StatusCode::kCancelled;
  if (!stopped) ROLLCALL_RETURN_IF_ERROR(written);
  ROLLCALL_RETURN_IF_ERROR(file->close());
  if (stopped) {
    return {StatusCode::kCancelled,
            fmt::format("interrupted; {} has the first {} events, in whole rows",
                        flags.path == "-" ? "standard output" : flags.path,
                        with_commas(events_written))};
  }
  return truth ? write_file(*flags.truth, truth_json(*truth, flags.workload)) : Status();
}

void add_stream_flags(CLI::App& command, WorkloadOptions& workload) {
  command.add_option("--seed", workload.seed, "The same seed gives the same bytes")->type_name("N");
  add_count(command, "--events", workload.events, "Rows, such as 50M (default 1M)");
  command.add_option("--days", workload.days, "Days from the first (default 30)")
      ->check(whole_number(1, kSpanDaysMax))
      ->type_name("N");
  command
      .add_option_function<std::string>(
          "--first-day",
          [&workload](const std::string& text) {
            // It is read as a date is in questions of any kind.
            const std::string kind(query_kinds().front().name);
            const Result<Query> query =
                parse_query(nlohmann::json({{"kind", kind}, {"from", text}}).dump());
            const Day* const day =
                query.ok() && query->common.from ? std::get_if<Day>(&*query->common.from) : nullptr;
            if (day == nullptr) {
              throw CLI::ValidationError("--first-day",
                                         quoted_excerpt(text) + " (allowed: YYYY-MM-DD)");
            }
            workload.first_day = *day;
          },
          "Its date (default 2026-01-01)")
      ->type_name("DATE");
  add_choice<WorkloadIds>(command, "--ids", workload.ids,
                          {{"dense", WorkloadIds::kDense},
                           {"scattered", WorkloadIds::kScattered},
                           {"string", WorkloadIds::kString}},
                          "User ids: 1, 2, 3...; all over 64 bits; those as text");
  command
      .add_option("--event-names", workload.event_names,
                  "First event of a user, first of a session, others; \"purchase\" has a value")
      ->delimiter(',')
      ->type_name("NAME,NAME,...");
}

}  // namespace

void add_generate_command(CLI::App& app, Action& chosen) {
  CLI::App* command =
      app.add_subcommand("generate", "Write a seeded, realistic stream of events of any size");
  const auto flags = std::make_shared<GenerateFlags>();
  add_stream_flags(*command, flags->workload);
  add_count(*command, "--users", flags->users, "Distinct users (default 40K, or one an event)");
  add_choice<std::optional<FileFormat>>(*command, "--format", flags->format,
                                        {{"csv", FileFormat::kDelimited},
                                         {"ndjson", FileFormat::kNdjson},
                                         {"native", FileFormat::kNative}},
                                        "Form of the rows (default: by the file's name, else csv)");
  command->add_option("--truth", flags->truth, "Write what the stream was counted to be, as JSON")
      ->type_name("FILE");
  command
      ->add_option(
          "FILE", flags->path,
          "events.csv, .ndjson, .rollcall, then .gz or .zst; - is standard output (default)")
      ->type_name("FILE");
  command->callback([flags, &chosen] {
    WorkloadOptions& workload = flags->workload;
    workload.users = flags->users != 0 ? flags->users : std::min(workload.users, workload.events);
    chosen = [flags] { return generate(*flags); };
  });
}

}  // namespace rollcall::tools
