#include "rollcall/alert_states.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "rollcall/json.h"
#include "rollcall/message_text.h"

namespace rollcall {

namespace {

constexpr std::uint64_t kCompactAtBytes = std::uint64_t{1} << 20;

constexpr AlertState kStates[] = {AlertState::kOk, AlertState::kPending, AlertState::kFiring,
                                  AlertState::kStale};

template <class T>
std::optional<T> optional_from(const Json& json) {
  return json.is_null() ? std::nullopt : std::optional<T>(json.as<T>());
}

// A record is either what one of the functions below wrote, or damaged: exceptions of what `at` and
// `as` read say that it is the latter.
AlertState state_from(const Json& json) {
  const auto text = json.as<std::string>();
  for (const AlertState state : kStates) {
    if (to_string(state) == text) return state;
  }
  throw std::invalid_argument("unknown state " + quoted_excerpt(text));
}

Json series_json(const AlertSeries& series) {
  return Json::list(series, [](const auto& key) {
    return Json::Array{Json(key.first), Json(key.second)};
  });
}

AlertSeries series_from(const Json& json) {
  AlertSeries series;
  for (const Json& key : json.elements()) {
    series.emplace_back(key.at(0).as<std::string>(), optional_from<std::string>(key.at(1)));
  }
  return series;
}

Json to_json_of(const AlertSeriesState& state) {
  return Json(Json::Object{{"key", series_json(state.series)},
                           {"judged", Json(to_string(state.judged))},
                           {"stale", Json(state.is_stale)},
                           {"run", Json(state.run)},
                           {"begin", Json(state.last_begin_us)},
                           {"end", Json(state.last_end_us)},
                           {"date", Json(state.date)},
                           {"value", Json(state.value)},
                           {"since", Json(state.since_us)}});
}

AlertSeriesState state_of_series(const Json& json) {
  AlertSeriesState state;
  state.series = series_from(json.at("key"));
  state.judged = state_from(json.at("judged"));
  state.is_stale = json.at("stale").as<bool>();
  state.run = json.at("run").as<std::uint32_t>();
  state.last_begin_us = optional_from<TimeUs>(json.at("begin"));
  state.last_end_us = optional_from<TimeUs>(json.at("end"));
  state.date = json.at("date").as<std::string>();
  state.value = optional_from<double>(json.at("value"));
  state.since_us = json.at("since").as<TimeUs>();
  return state;
}

Json to_json_of(const AlertChange& change) {
  return Json(Json::Object{{"at", Json(change.at_us)},
                           {"key", series_json(change.series)},
                           {"from", Json(to_string(change.from))},
                           {"to", Json(to_string(change.to))},
                           {"date", Json(change.date)},
                           {"value", Json(change.value)},
                           {"reference", Json(change.reference)},
                           {"users", Json(change.users)}});
}

AlertChange change_from(const Json& json) {
  return {.at_us = json.at("at").as<TimeUs>(),
          .series = series_from(json.at("key")),
          .from = state_from(json.at("from")),
          .to = state_from(json.at("to")),
          .date = json.at("date").as<std::string>(),
          .value = optional_from<double>(json.at("value")),
          .reference = optional_from<double>(json.at("reference")),
          .users = optional_from<std::int64_t>(json.at("users"))};
}

Json to_json_of(const AlertDelivery& delivery) {
  return Json(Json::Object{{"id", Json(delivery.id)},
                           {"target", Json(delivery.target)},
                           {"body", Json(delivery.body)},
                           {"made", Json(delivery.made_us)},
                           {"tries", Json(delivery.tries)},
                           {"not_before", Json(delivery.not_before_us)}});
}

AlertDelivery delivery_from(const Json& json) {
  return {.id = json.at("id").as<std::string>(),
          .target = json.at("target").as<std::uint32_t>(),
          .body = json.at("body").as<std::string>(),
          .made_us = json.at("made").as<TimeUs>(),
          .tries = json.at("tries").as<std::uint32_t>(),
          .not_before_us = json.at("not_before").as<TimeUs>()};
}

template <class T>
Json list_json(std::span<const T> items) {
  return Json::list(items, [](const T& item) { return to_json_of(item); });
}

Json failure_json(const std::optional<AlertFailure>& failure) {
  if (!failure) return Json();
  return Json(Json::Object{{"since", Json(failure->since_us)}, {"text", Json(failure->text)}});
}

std::string record_text(Json::Object fields) { return Json(std::move(fields)).text(); }

template <class T>
void drop_oldest(std::vector<T>& items, std::size_t count_max) {
  if (items.size() <= count_max) return;
  items.erase(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(items.size() - count_max));
}

void apply_lists(const Json& json, AlertRecord& record) {
  if (const Json* const series = json.find("series")) {
    for (const Json& item : series->elements()) {
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
  if (const Json* const changes = json.find("changes")) {
    for (const Json& item : changes->elements()) record.changes.push_back(change_from(item));
    drop_oldest(record.changes, AlertRecord::kChangesMax);
  }
  if (const Json* const deliveries = json.find("deliveries")) {
    for (const Json& item : deliveries->elements()) {
      record.deliveries.push_back(delivery_from(item));
    }
    drop_oldest(record.deliveries, AlertRecord::kDeliveriesMax);
  }
}

void apply_to(const Json& json, AlertRecord& record) {
  apply_lists(json, record);
  if (const Json* const checked = json.find("checked")) record.checked_us = checked->as<TimeUs>();
  if (const Json* const failure = json.find("failure")) {
    record.failure.reset();
    if (!failure->is_null()) {
      record.failure = {failure->at("since").as<TimeUs>(), failure->at("text").as<std::string>()};
    }
  }
  const auto with_id = [&](const Json& id) {
    const auto wanted = id.as<std::string>();
    return std::find_if(record.deliveries.begin(), record.deliveries.end(),
                        [&](const AlertDelivery& delivery) { return delivery.id == wanted; });
  };
  if (const Json* const tried = json.find("tried")) {
    const auto delivery = with_id(*tried);
    if (delivery != record.deliveries.end()) {
      delivery->tries = json.at("tries").as<std::uint32_t>();
      delivery->not_before_us = json.at("not_before").as<TimeUs>();
      // Logs from before the clock could be found to have been set back do not have it.
      if (const Json* const made = json.find("made")) delivery->made_us = made->as<TimeUs>();
    }
  }
  if (const Json* const done = json.find("done")) {
    const auto delivery = with_id(*done);
    if (delivery != record.deliveries.end()) record.deliveries.erase(delivery);
  }
}

void apply_json(const Json& json, std::map<std::string, AlertRecord>& alerts) {
  json.fields();  // or it is no record
  if (const Json* const names = json.find("checked_alerts")) {
    for (const Json& name : names->elements()) {
      const auto found = alerts.find(name.as<std::string>());
      if (found != alerts.end()) found->second.checked_us = json.at("at").as<TimeUs>();
    }
    return;
  }
  const auto name = json.at("alert").as<std::string>();
  if (json.contains("off")) {
    alerts.erase(name);
    return;
  }
  if (const Json* const definition = json.find("enabled")) {
    AlertRecord record;
    record.definition = definition->as<std::string>();
    record.enabled_us = json.at("at").as<TimeUs>();
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
  const auto damaged = [&](std::string_view why) {
    return Status::corruption(fmt::format("log of alerts: the record {} is none of such a log: {}",
                                          quoted_excerpt(record), why));
  };
  try {
    const Result<Json> json = parse_written_json(record);
    if (!json.ok()) return damaged(json.status().message());
    apply_json(*json, alerts_);
  } catch (const std::invalid_argument& error) {
    return damaged(error.what());
  }
  return {};
}

std::vector<std::string> AlertStates::records() const {
  std::vector<std::string> records;
  for (const auto& [name, record] : alerts_) {
    records.push_back(record_text(
        {{"alert", Json(name)},
         {"enabled", Json(record.definition)},
         {"at", Json(record.enabled_us)},
         {"checked", Json(record.checked_us)},
         {"failure", failure_json(record.failure)},
         {"series", list_json(std::span<const AlertSeriesState>(record.series))},
         {"changes", list_json(std::span<const AlertChange>(record.changes))},
         {"deliveries", list_json(std::span<const AlertDelivery>(record.deliveries))}}));
  }
  return records;
}

std::string alert_enabled(const std::string& name, const std::string& definition, TimeUs now_us) {
  return record_text({{"alert", Json(name)}, {"enabled", Json(definition)}, {"at", Json(now_us)}});
}

std::string alert_off(const std::string& name) {
  return record_text({{"alert", Json(name)}, {"off", Json(true)}});
}

std::string alerts_checked(const std::vector<std::string>& names, TimeUs now_us) {
  return record_text({{"checked_alerts", Json::list(names)}, {"at", Json(now_us)}});
}

std::string alert_judged(const std::string& name, std::span<const AlertSeriesState> series,
                         std::span<const AlertChange> changes,
                         std::span<const AlertDelivery> deliveries) {
  return record_text({{"alert", Json(name)},
                      {"series", list_json(series)},
                      {"changes", list_json(changes)},
                      {"deliveries", list_json(deliveries)}});
}

std::string alert_failed(const std::string& name, const std::optional<AlertFailure>& failure,
                         std::span<const AlertDelivery> deliveries) {
  return record_text({{"alert", Json(name)},
                      {"failure", failure_json(failure)},
                      {"deliveries", list_json(deliveries)}});
}

std::string delivery_tried(const std::string& name, const AlertDelivery& delivery) {
  return record_text({{"alert", Json(name)},
                      {"tried", Json(delivery.id)},
                      {"tries", Json(delivery.tries)},
                      {"not_before", Json(delivery.not_before_us)},
                      {"made", Json(delivery.made_us)}});
}

std::string delivery_done(const std::string& name, const std::string& id) {
  return record_text({{"alert", Json(name)}, {"done", Json(id)}});
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
