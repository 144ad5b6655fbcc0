// Alerts are kept, dropped and tried out here.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "operations/alert_trial.h"
#include "rollcall/alert_check.h"
#include "rollcall/message_text.h"
#include "rollcall/notifier.h"
#include "rollcall/saved_object.h"

namespace rollcall {
namespace {

Status send_test(const AlertTarget& target, const Notification& notification,
                 const NotifierOptions& options, const std::stop_token& stop) {
  if (const auto* const webhook = std::get_if<WebhookTarget>(&target)) {
    return options.webhook(*webhook, notification, stop);
  }
  return options.command(std::get<CommandTarget>(target), notification, stop);
}

}  // namespace

Status try_definition(const Engine& engine, const AlertDefinition& definition,
                      const QueryLimits& limits) {
  ROLLCALL_ASSIGN_OR_RETURN(const QueryResult answer, engine.query(definition.query, limits));
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<AlertCell> cells, alert_cells(definition, answer));
  if (definition.where.empty() || !cells.empty()) return {};
  AlertDefinition all_rows = definition;
  all_rows.where.clear();
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<AlertCell> others, alert_cells(all_rows, answer));
  std::vector<std::string> allowed;
  for (const AlertCell& cell : others) allowed.push_back(series_text(cell.series));
  std::sort(allowed.begin(), allowed.end());
  allowed.erase(std::unique(allowed.begin(), allowed.end()), allowed.end());
  // Without any row, nobody can tell.
  if (allowed.empty()) return {};
  return Status::invalid_argument("alert: where: " +
                                  unknown_name("series", series_text(definition.where), allowed));
}

Status create_alert(Engine& engine, const std::string& directory, const std::string& name,
                    const std::string& definition, OnSameName on_same_name,
                    const QueryLimits& limits) {
  ROLLCALL_ASSIGN_OR_RETURN(const AlertDefinition parsed, parse_alert(definition));
  ROLLCALL_RETURN_IF_ERROR(try_definition(engine, parsed, limits));
  const SavedObject object{ObjectKind::kAlert, name, definition};
  ROLLCALL_RETURN_IF_ERROR(engine.save_objects({&object, 1}, on_same_name));
  // It is on only once it is there for good.
  ROLLCALL_RETURN_IF_ERROR(engine.checkpoint());
  return switch_on(engine, directory, name);
}

Status drop_alert(Engine& engine, const std::string& directory, const std::string& name) {
  ROLLCALL_RETURN_IF_ERROR(engine.drop_object(ObjectKind::kAlert, name));
  ROLLCALL_RETURN_IF_ERROR(engine.checkpoint());
  return forget_alert(directory, name);
}

Result<std::vector<TriedTarget>> test_alert(const KeptAlert& alert, const NotifierOptions& options,
                                            const std::stop_token& stop) {
  ROLLCALL_ASSIGN_OR_RETURN(const AlertDefinition definition, parse_alert(alert.definition));
  if (definition.notify.empty()) {
    return Status::invalid_argument(
        fmt::format("alert {}: it notifies nobody", quoted_excerpt(alert.name)));
  }
  const std::string body = test_body(alert.name, definition, alert_clock_us());
  std::vector<TriedTarget> tried;
  for (const AlertTarget& target : definition.notify) {
    Status outcome = send_test(target, {alert.name, new_delivery_id(), body}, options, stop);
    if (outcome.code() == StatusCode::kCancelled) return outcome;
    tried.push_back({target, std::move(outcome)});
  }
  return tried;
}

}  // namespace rollcall
