#include "rollcall/alert_json.h"

#include <array>
#include <optional>

#include "rollcall/alert_states.h"
#include "rollcall/json.h"

namespace rollcall {
namespace {

Json instant_json(TimeUs time_us) { return time_us == 0 ? Json() : Json(utc_text(time_us)); }

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json told_failure(const std::optional<AlertFailure>& failure) {
  return failure ? Json(failure->text) : Json();
}

Json keys_json(const AlertSeries& series) {
  Json::Object json;
  for (const auto& [key, value] : series) json.emplace_back(key, Json(value));
  return Json(std::move(json));
}

Json state_json(const AlertSeriesState& state) {
  return Json(Json::Object{{"series", keys_json(state.series)},
                           {"state", Json(to_string(state.state()))},
                           {"date", text_or_null(state.date)},
                           {"value", Json(state.value)},
                           {"since", instant_json(state.since_us)}});
}

Json shown_change_json(const AlertChange& change) {
  return Json(Json::Object{{"at", Json(utc_text(change.at_us))},
                           {"series", keys_json(change.series)},
                           {"from", Json(to_string(change.from))},
                           {"to", Json(to_string(change.to))},
                           {"date", Json(change.date)},
                           {"value", Json(change.value)}});
}

Json::Object summary_fields(const KeptAlert& alert) {
  const Result<AlertDefinition> read = parse_alert(alert.definition);
  const AlertDefinition definition = read.ok() ? *read : AlertDefinition();
  return {{"alert", Json(alert.name)},
          {"state", Json(state_word(alert))},
          {"severity", Json(definition.severity)},
          {"column", Json(definition.column)},
          {"condition", Json(read.ok() ? to_string(definition.condition) : "not readable")},
          {"checked", instant_json(alert.record ? alert.record->checked_us : 0)}};
}

}  // namespace

std::string_view state_word(const KeptAlert& alert) {
  if (!alert.record) return "off";
  const AlertRecord& record = *alert.record;
  if (record.checked_us == 0 && record.series.empty()) return "unknown";
  constexpr std::array kGravestFirst = {AlertState::kFiring, AlertState::kStale,
                                        AlertState::kPending};
  for (const AlertState state : kGravestFirst) {
    for (const AlertSeriesState& series : record.series) {
      if (series.state() == state) return to_string(state);
    }
  }
  return to_string(AlertState::kOk);
}

std::string alerts_json(std::span<const KeptAlert> alerts) {
  return Json::list(alerts, [](const KeptAlert& alert) { return summary_fields(alert); }).text();
}

std::string alert_json(const KeptAlert& alert) {
  Json::Object json = summary_fields(alert);
  const AlertRecord record = alert.record.value_or(AlertRecord());
  Result<Json> definition = parse_json(alert.definition);
  json.emplace_back("definition", definition.ok() ? std::move(*definition) : Json());
  json.emplace_back("failure", told_failure(record.failure));
  json.emplace_back("states", Json::list(record.series, state_json));
  json.emplace_back("changes", Json::list(record.changes, shown_change_json));
  return Json(std::move(json)).text();
}

std::string alert_changes_json(std::span<const AlertChange> changes) {
  return Json::list(changes, shown_change_json).text();
}

std::string checked_alerts_json(std::span<const CheckedAlert> checked) {
  return Json::list(checked,
                    [](const CheckedAlert& alert) {
                      return Json::Object{
                          {"alert", Json(alert.name)},
                          {"severity", Json(alert.severity)},
                          {"error", alert.question.ok() ? Json() : Json(alert.question.message())},
                          {"states", Json::list(alert.series, state_json)}};
                    })
      .text();
}

std::string alert_breaker_json(const AlertBreaker& breaker) {
  return Json(Json::Object{{"is_open", Json(breaker.is_open)},
                           {"checked", instant_json(breaker.checked_us)},
                           {"failure", told_failure(breaker.failure)}})
      .text();
}

std::string alert_target_json(const AlertTarget& target) {
  if (const auto* const command = std::get_if<CommandTarget>(&target)) {
    return Json(Json::Object{{"command", Json::list(command->arguments)}}).text();
  }
  const auto& webhook = std::get<WebhookTarget>(target);
  Json::Object json = {{"url", Json(webhook.url)}};
  if (!webhook.secret_env.empty()) json.emplace_back("secret_env", webhook.secret_env);
  if (!webhook.secret_file.empty()) json.emplace_back("secret_file", webhook.secret_file);
  return Json(Json::Object{{"webhook", Json(std::move(json))}}).text();
}

}  // namespace rollcall
