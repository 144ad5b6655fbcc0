#include "rollcall/alert_states.h"

#include <algorithm>
#include <chrono>
#include <new>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "rollcall/message_text.h"

namespace rollcall {

namespace {

using StateJson = nlohmann::ordered_json;

constexpr std::uint64_t kCompactAtBytes = std::uint64_t{1} << 20;

constexpr AlertState kStates[] = {AlertState::kOk, AlertState::kPending, AlertState::kFiring,
                                  AlertState::kStale};

std::string dumped(const StateJson& json) {
  return json.dump(-1, ' ', false, StateJson::error_handler_t::replace);
}

template <class T>
StateJson optional_json(const std::optional<T>& value) {
  return value ? StateJson(*value) : StateJson(nullptr);
}

template <class T>
std::optional<T> optional_from(const StateJson& json) {
  return json.is_null() ? std::nullopt : std::optional<T>(json.get<T>());
}

// A record is either what one of the functions below wrote, or damaged: nlohmann's exceptions, of
// values that are missing or of other types, say that it is the latter.
AlertState state_from(const StateJson& json) {
  const auto text = json.get<std::string>();
  for (const AlertState state : kStates) {
    if (to_string(state) == text) return state;
  }
  throw std::invalid_argument("unknown state " + quoted_excerpt(text));
}

StateJson series_json(const AlertSeries& series) {
  StateJson json = StateJson::array();
  for (const auto& [name, value] : series) json.push_back({name, optional_json(value)});
  return json;
}

AlertSeries series_from(const StateJson& json) {
  AlertSeries series;
  for (const StateJson& key : json) {
    series.emplace_back(key.at(0).get<std::string>(), optional_from<std::string>(key.at(1)));
  }
  return series;
}

StateJson to_json_of(const AlertSeriesState& state) {
  return {{"key", series_json(state.series)},
          {"judged", std::string(to_string(state.judged))},
          {"stale", state.is_stale},
          {"run", state.run},
          {"begin", optional_json(state.last_begin_us)},
          {"end", optional_json(state.last_end_us)},
          {"date", state.date},
          {"value", optional_json(state.value)},
          {"since", state.since_us}};
}

AlertSeriesState state_of_series(const StateJson& json) {
  AlertSeriesState state;
  state.series = series_from(json.at("key"));
  state.judged = state_from(json.at("judged"));
  state.is_stale = json.at("stale").get<bool>();
  state.run = json.at("run").get<std::uint32_t>();
  state.last_begin_us = optional_from<TimeUs>(json.at("begin"));
  state.last_end_us = optional_from<TimeUs>(json.at("end"));
  state.date = json.at("date").get<std::string>();
  state.value = optional_from<double>(json.at("value"));
  state.since_us = json.at("since").get<TimeUs>();
  return state;
}

StateJson to_json_of(const AlertChange& change) {
  return {{"at", change.at_us},
          {"key", series_json(change.series)},
          {"from", std::string(to_string(change.from))},
          {"to", std::string(to_string(change.to))},
          {"date", change.date},
          {"value", optional_json(change.value)},
          {"reference", optional_json(change.reference)},
          {"users", optional_json(change.users)}};
}

AlertChange change_from(const StateJson& json) {
  return {.at_us = json.at("at").get<TimeUs>(),
          .series = series_from(json.at("key")),
          .from = state_from(json.at("from")),
          .to = state_from(json.at("to")),
          .date = json.at("date").get<std::string>(),
          .value = optional_from<double>(json.at("value")),
          .reference = optional_from<double>(json.at("reference")),
          .users = optional_from<std::int64_t>(json.at("users"))};
}

StateJson to_json_of(const AlertDelivery& delivery) {
  return {{"id", delivery.id},       {"target", delivery.target},
          {"body", delivery.body},   {"made", delivery.made_us},
          {"tries", delivery.tries}, {"not_before", delivery.not_before_us}};
}

AlertDelivery delivery_from(const StateJson& json) {
  return {.id = json.at("id").get<std::string>(),
          .target = json.at("target").get<std::uint32_t>(),
          .body = json.at("body").get<std::string>(),
          .made_us = json.at("made").get<TimeUs>(),
          .tries = json.at("tries").get<std::uint32_t>(),
          .not_before_us = json.at("not_before").get<TimeUs>()};
}

template <class T>
StateJson list_json(std::span<const T> items) {
  StateJson list = StateJson::array();
  for (const T& item : items) list.push_back(to_json_of(item));
  return list;
}

StateJson failure_json(const std::optional<AlertFailure>& failure) {
  if (!failure) return nullptr;
  return {{"since", failure->since_us}, {"text", failure->text}};
}

template <class T>
void drop_oldest(std::vector<T>& items, std::size_t count_max) {
  if (items.size() <= count_max) return;
  items.erase(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(items.size() - count_max));
}

void apply_lists(const StateJson& json, AlertRecord& record) {
  if (json.contains("series")) {
    for (const StateJson& item : json["series"]) {
      AlertSeriesState state = state_of_series(item);
      const auto place = std::lower_bound(
          record.series.begin(), record.series.end(), state.series,
          [](const AlertSeriesState& a, const AlertSeries& key) { return a.series < key; });
      if (place != record.series.end() && place->series == state.series) {
        *place = std::move(state);
      } else {
        record.series.insert(place, std::move(state));
      }
    }
  }
  if (json.contains("changes")) {
    for (const StateJson& item : json["changes"]) record.changes.push_back(change_from(item));
    drop_oldest(record.changes, AlertRecord::kChangesMax);
  }
  if (json.contains("deliveries")) {
    for (const StateJson& item : json["deliveries"]) {
      record.deliveries.push_back(delivery_from(item));
    }
    drop_oldest(record.deliveries, AlertRecord::kDeliveriesMax);
  }
}

void apply_to(const StateJson& json, AlertRecord& record) {
  apply_lists(json, record);
  if (json.contains("checked")) record.checked_us = json["checked"].get<TimeUs>();
  if (json.contains("failure")) {
    const StateJson& failure = json["failure"];
    record.failure.reset();
    if (!failure.is_null()) {
      record.failure = {failure.at("since").get<TimeUs>(), failure.at("text").get<std::string>()};
    }
  }
  const auto with_id = [&](const StateJson& id) {
    return std::find_if(record.deliveries.begin(), record.deliveries.end(),
                        [&](const AlertDelivery& delivery) { return delivery.id == id; });
  };
  if (json.contains("tried")) {
    const auto delivery = with_id(json["tried"]);
    if (delivery != record.deliveries.end()) {
      delivery->tries = json.at("tries").get<std::uint32_t>();
      delivery->not_before_us = json.at("not_before").get<TimeUs>();
      // Logs from before the clock could be found to have been set back do not have it.
      if (json.contains("made")) delivery->made_us = json["made"].get<TimeUs>();
    }
  }
  if (json.contains("done")) {
    const auto delivery = with_id(json["done"]);
    if (delivery != record.deliveries.end()) record.deliveries.erase(delivery);
  }
}

void apply_json(const StateJson& json, std::map<std::string, AlertRecord>& alerts) {
  if (json.contains("checked_alerts")) {
    for (const StateJson& name : json["checked_alerts"]) {
      const auto found = alerts.find(name.get<std::string>());
      if (found != alerts.end()) found->second.checked_us = json.at("at").get<TimeUs>();
    }
    return;
  }
  const auto name = json.at("alert").get<std::string>();
  if (json.contains("off")) {
    alerts.erase(name);
    return;
  }
  if (json.contains("enabled")) {
    AlertRecord record;
    record.definition = json["enabled"].get<std::string>();
    record.enabled_us = json.at("at").get<TimeUs>();
    alerts[name] = std::move(record);
  }
  // Somebody may have switched it off while it was judged.
  const auto found = alerts.find(name);
  if (found != alerts.end()) apply_to(json, found->second);
}

}  // namespace

Result<AlertStates> AlertStates::read(std::span<const std::string> records) {
  AlertStates states;
  for (const std::string& record : records) ROLLCALL_RETURN_IF_ERROR(states.apply(record));
  return states;
}

const AlertRecord* AlertStates::find(const std::string& name, std::string_view definition) const {
  const auto found = alerts_.find(name);
  if (found == alerts_.end() || found->second.definition != definition) return nullptr;
  return &found->second;
}

Status AlertStates::apply(std::string_view record) {
  try {
    apply_json(StateJson::parse(record), alerts_);
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    return Status::corruption(fmt::format("log of alerts: the record {} is none of such a log: {}",
                                          quoted_excerpt(record), error.what()));
  }
  return {};
}

std::vector<std::string> AlertStates::records() const {
  std::vector<std::string> records;
  for (const auto& [name, record] : alerts_) {
    StateJson json = {{"alert", name},
                      {"enabled", record.definition},
                      {"at", record.enabled_us},
                      {"checked", record.checked_us},
                      {"failure", failure_json(record.failure)}};
    json["series"] = list_json(std::span<const AlertSeriesState>(record.series));
    json["changes"] = list_json(std::span<const AlertChange>(record.changes));
    json["deliveries"] = list_json(std::span<const AlertDelivery>(record.deliveries));
    records.push_back(dumped(json));
  }
  return records;
}

std::string alert_enabled(const std::string& name, const std::string& definition, TimeUs now_us) {
  return dumped({{"alert", name}, {"enabled", definition}, {"at", now_us}});
}

std::string alert_off(const std::string& name) { return dumped({{"alert", name}, {"off", true}}); }

std::string alerts_checked(const std::vector<std::string>& names, TimeUs now_us) {
  return dumped({{"checked_alerts", names}, {"at", now_us}});
}

std::string alert_judged(const std::string& name, std::span<const AlertSeriesState> series,
                         std::span<const AlertChange> changes,
                         std::span<const AlertDelivery> deliveries) {
  StateJson json = {{"alert", name}};
  json["series"] = list_json(series);
  json["changes"] = list_json(changes);
  json["deliveries"] = list_json(deliveries);
  return dumped(json);
}

std::string alert_failed(const std::string& name, const std::optional<AlertFailure>& failure,
                         std::span<const AlertDelivery> deliveries) {
  StateJson json = {{"alert", name}, {"failure", failure_json(failure)}};
  json["deliveries"] = list_json(deliveries);
  return dumped(json);
}

std::string delivery_tried(const std::string& name, const AlertDelivery& delivery) {
  return dumped({{"alert", name},
                 {"tried", delivery.id},
                 {"tries", delivery.tries},
                 {"not_before", delivery.not_before_us},
                 {"made", delivery.made_us}});
}

std::string delivery_done(const std::string& name, const std::string& id) {
  return dumped({{"alert", name}, {"done", id}});
}

Status add_records(AlertLog& log, AlertStates& states, std::span<const std::string> records) {
  if (records.empty()) return {};
  ROLLCALL_RETURN_IF_ERROR(log.append(records));
  for (const std::string& record : records) ROLLCALL_RETURN_IF_ERROR(states.apply(record));
  if (log.bytes() < kCompactAtBytes) return {};
  const std::vector<std::string> all = states.records();
  std::uint64_t bytes = 0;
  for (const std::string& record : all) bytes += record.size();
  // All that is kept may itself be large, and writing it anew each time would be slow.
  return bytes < log.bytes() / 2 ? log.replace(all) : Status();
}

std::string utc_text(TimeUs time_us) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(std::chrono::microseconds(time_us));
  const auto days = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date{std::chrono::sys_days{days}};
  const std::chrono::hh_mm_ss time{seconds - days};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count());
}

}  // namespace rollcall
