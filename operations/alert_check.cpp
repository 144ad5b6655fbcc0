#include "rollcall/alert_check.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "operations/alert_trial.h"
#include "rollcall/message_text.h"
#include "rollcall/notifier.h"

namespace rollcall {

namespace {

// Holds an alert that is on, and the cells that its question was answered with.
struct AskedAlert {
  std::string name;
  std::string definition_text;
  AlertDefinition definition;
  Status question;
  std::vector<AlertCell> cells;
};

Status alert_is_off(const std::string& name) {
  return {StatusCode::kFailedPrecondition,
          fmt::format("alert {}: it is off (allowed: one that is enabled)", quoted_excerpt(name))};
}

Result<std::vector<AlertCell>> ask(const Engine& engine, const AlertDefinition& definition,
                                   const QueryLimits& limits) {
  ROLLCALL_ASSIGN_OR_RETURN(const QueryResult answer, engine.query(definition.query, limits));
  return alert_cells(definition, answer);
}

// Returns the alerts to check, which are on.
Result<std::vector<KeptAlert>> chosen(const Engine& engine, const std::string& directory,
                                      const std::vector<std::string>& names) {
  ROLLCALL_ASSIGN_OR_RETURN(std::vector<KeptAlert> alerts, kept_alerts(engine, directory));
  std::vector<std::string> known;
  for (const KeptAlert& alert : alerts) known.push_back(alert.name);
  for (const std::string& name : names) {
    const auto found = std::find_if(alerts.begin(), alerts.end(),
                                    [&](const KeptAlert& alert) { return alert.name == name; });
    if (found == alerts.end()) return Status::not_found(unknown_name("alert", name, known));
    if (!found->record) return alert_is_off(name);
  }
  std::erase_if(alerts, [&](const KeptAlert& alert) {
    const bool is_named =
        names.empty() || std::find(names.begin(), names.end(), alert.name) != names.end();
    return !alert.record || !is_named;
  });
  return alerts;
}

std::vector<AlertDelivery> deliveries_of(const AlertDefinition& definition, const std::string& body,
                                         TimeUs now_us) {
  std::vector<AlertDelivery> deliveries;
  for (std::uint32_t target = 0; target < definition.notify.size(); ++target) {
    deliveries.push_back(
        {.id = new_delivery_id(), .target = target, .body = body, .made_us = now_us});
  }
  return deliveries;
}

// Judges the cells by what is known of the alert now, and adds what came of it to `records`.
CheckedAlert judge_alert(const AskedAlert& asked, const AlertRecord& record, TimeUs now_us,
                         std::vector<std::string>& records) {
  CheckedAlert checked{.name = asked.name,
                       .severity = asked.definition.severity,
                       .question = asked.question,
                       .failed_before = record.failure.has_value(),
                       .series = record.series,
                       .changes = {}};
  if (!asked.question.ok()) {
    if (record.failure) return checked;
    const std::string body = failure_body(asked.name, asked.definition, asked.question, now_us);
    records.push_back(alert_failed(asked.name, AlertFailure{now_us, asked.question.message()},
                                   deliveries_of(asked.definition, body, now_us)));
    return checked;
  }
  if (record.failure) records.push_back(alert_failed(asked.name, std::nullopt, {}));
  AlertJudgement judgement = judge(asked.definition, record.series, asked.cells, now_us);
  std::vector<AlertSeriesState> changed;
  std::copy_if(judgement.series.begin(), judgement.series.end(), std::back_inserter(changed),
               [&](const AlertSeriesState& state) {
                 return std::find(record.series.begin(), record.series.end(), state) ==
                        record.series.end();
               });
  std::vector<AlertDelivery> deliveries;
  for (const AlertChange& change : judgement.changes) {
    const std::string body = change_body(asked.name, asked.definition, change);
    for (AlertDelivery& delivery : deliveries_of(asked.definition, body, now_us)) {
      deliveries.push_back(std::move(delivery));
    }
  }
  if (!changed.empty()) {
    records.push_back(alert_judged(asked.name, changed, judgement.changes, deliveries));
  }
  checked.series = std::move(judgement.series);
  checked.changes = std::move(judgement.changes);
  return checked;
}

Status write_record(const std::string& directory, const std::string& record) {
  ROLLCALL_ASSIGN_OR_RETURN(AlertLog log, AlertLog::open(directory));
  ROLLCALL_ASSIGN_OR_RETURN(AlertStates states, AlertStates::read(log.records()));
  return add_records(log, states, {&record, 1});
}

}  // namespace

TimeUs alert_clock_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

Result<std::vector<KeptAlert>> kept_alerts(const Engine& engine, const std::string& directory) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::string> records, read_alert_log(directory));
  ROLLCALL_ASSIGN_OR_RETURN(const AlertStates states, AlertStates::read(records));
  std::vector<KeptAlert> alerts;
  for (SavedObject& object : engine.objects(ObjectKind::kAlert)) {
    const AlertRecord* const record = states.find(object.name, object.definition);
    alerts.push_back({.name = std::move(object.name),
                      .definition = std::move(object.definition),
                      .record = record == nullptr ? std::nullopt : std::optional(*record)});
  }
  return alerts;
}

Result<KeptAlert> kept_alert(const Engine& engine, const std::string& directory,
                             const std::string& name) {
  ROLLCALL_ASSIGN_OR_RETURN(std::vector<KeptAlert> alerts, kept_alerts(engine, directory));
  std::vector<std::string> known;
  for (KeptAlert& alert : alerts) {
    if (alert.name == name) return std::move(alert);
    known.push_back(alert.name);
  }
  return Status::not_found(unknown_name("alert", name, known));
}

Status enable_alert(const Engine& engine, const std::string& directory, const std::string& name) {
  ROLLCALL_ASSIGN_OR_RETURN(const KeptAlert alert, kept_alert(engine, directory, name));
  const Result<AlertDefinition> definition = parse_alert(alert.definition);
  if (!definition.ok()) return definition.status().within("alert " + quoted_excerpt(name));
  ROLLCALL_RETURN_IF_ERROR(try_definition(engine, *definition, {}));
  return switch_on(engine, directory, name);
}

Status switch_on(const Engine& engine, const std::string& directory, const std::string& name) {
  ROLLCALL_ASSIGN_OR_RETURN(const KeptAlert alert, kept_alert(engine, directory, name));
  return write_record(directory, alert_enabled(name, alert.definition, alert_clock_us()));
}

Status disable_alert(const Engine& engine, const std::string& directory, const std::string& name) {
  ROLLCALL_RETURN_IF_ERROR(kept_alert(engine, directory, name).status());
  return forget_alert(directory, name);
}

Status forget_alert(const std::string& directory, const std::string& name) {
  return write_record(directory, alert_off(name));
}

Result<std::vector<CheckedAlert>> check_alerts(const Engine& engine, const std::string& directory,
                                               const AlertCheckOptions& options) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<KeptAlert> alerts,
                            chosen(engine, directory, options.names));
  // Questions take long, so they are asked before the log is kept from others.
  std::vector<AskedAlert> asked;
  for (const KeptAlert& alert : alerts) {
    AskedAlert& now = asked.emplace_back();
    now.name = alert.name;
    now.definition_text = alert.definition;
    Result<AlertDefinition> definition = parse_alert(alert.definition);
    now.question = definition.status();
    if (!definition.ok()) continue;
    now.definition = *std::move(definition);
    Result<std::vector<AlertCell>> cells = ask(engine, now.definition, options.limits);
    if (cells.status().code() == StatusCode::kCancelled) return cells.status();
    now.question = cells.status();
    if (cells.ok()) now.cells = *std::move(cells);
  }
  std::vector<CheckedAlert> checked;
  if (asked.empty()) return checked;
  ROLLCALL_ASSIGN_OR_RETURN(AlertLog log, AlertLog::open(directory));
  ROLLCALL_ASSIGN_OR_RETURN(AlertStates states, AlertStates::read(log.records()));
  const TimeUs now_us = options.clock();
  std::vector<std::string> records;
  std::vector<std::string> answered;
  for (const AskedAlert& alert : asked) {
    const AlertRecord* const record = states.find(alert.name, alert.definition_text);
    // Somebody may have switched it off meanwhile.
    if (record == nullptr) continue;
    if (alert.question.ok()) answered.push_back(alert.name);
    checked.push_back(judge_alert(alert, *record, now_us, records));
  }
  if (!answered.empty()) records.push_back(alerts_checked(answered, now_us));
  ROLLCALL_RETURN_IF_ERROR(add_records(log, states, records));
  return checked;
}

Result<AlertBreaker> alert_breaker(const Engine& engine, const std::string& directory,
                                   const std::string& name, TimeUs now_us) {
  ROLLCALL_ASSIGN_OR_RETURN(const KeptAlert alert, kept_alert(engine, directory, name));
  if (!alert.record) return alert_is_off(name);
  const AlertRecord& record = *alert.record;
  if (record.checked_us == 0) {
    return Status(
        StatusCode::kFailedPrecondition,
        fmt::format("alert {}: it was never checked, so nothing is known", quoted_excerpt(name)));
  }
  ROLLCALL_ASSIGN_OR_RETURN(const AlertDefinition definition, parse_alert(alert.definition));
  AlertBreaker breaker{
      .is_open = false, .checked_us = record.checked_us, .failure = record.failure};
  for (const AlertSeriesState& series : record.series) {
    breaker.is_open |= series.state() == AlertState::kFiring ||
                       series.state() == AlertState::kStale ||
                       is_stale_at(definition, series, now_us);
  }
  return breaker;
}

}  // namespace rollcall
