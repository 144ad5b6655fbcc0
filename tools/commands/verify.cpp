// rollcall verify reads every page of a store, and its log of alerts, and checks them.
#include <memory>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "rollcall/alert_check.h"
#include "rollcall/engine.h"
#include "tools/commands/command.h"
#include "tools/commands/output_flags.h"
#include "tools/commands/store_access.h"
#include "tools/terminal.h"
#include "tools/text.h"

namespace rollcall::tools {
namespace {

struct VerifyFlags {
  StoreFlags store;
  OutputFlags output;
};

std::string report_text(const VerifyReport& report) {
  std::string text = fmt::format("pages   {:>12}\nfaults  {:>12}\n", with_commas(report.page_count),
                                 with_commas(report.faults.size()));
  for (const std::string& fault : report.faults) text += "  " + printable(fault) + "\n";
  return text;
}

std::string report_json(const VerifyReport& report) {
  const nlohmann::ordered_json json = {{"pages", report.page_count}, {"faults", report.faults}};
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

Status verify(const VerifyFlags& flags) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, open_for_reading(flags.store));
  ROLLCALL_ASSIGN_OR_RETURN(VerifyReport report, engine->verify());
  const Status alerts = kept_alerts(*engine, flags.store.directory).status();
  if (!alerts.ok()) report.faults.push_back(alerts.message());
  ROLLCALL_RETURN_IF_ERROR(write_standard_output(
      flags.output.format == OutputFormat::kJson ? report_json(report) : report_text(report)));
  if (report.faults.empty()) return {};
  return Status::corruption(
      fmt::format("{}: {} faults", flags.store.directory, report.faults.size()));
}

}  // namespace

void add_verify_command(CLI::App& app, Action& chosen) {
  CLI::App* command =
      app.add_subcommand("verify", "Read every page and check it; exit code 1 when one is damaged");
  const auto flags = std::make_shared<VerifyFlags>();
  add_store_flags(*command, flags->store);
  add_report_output_flag(*command, flags->output);
  command->callback([flags, &chosen] { chosen = [flags] { return verify(*flags); }; });
}

}  // namespace rollcall::tools
