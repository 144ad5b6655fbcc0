// This header has what became of a store's alerts: which are on, what state they have, how it
// changed, and what is yet to be notified. It is the sum of the records in the store's log of
// alerts (alert_log.h).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/alert.h"
#include "rollcall/alert_log.h"
#include "rollcall/status.h"

namespace rollcall {

// Says that a question could not be answered.
struct AlertFailure {
  TimeUs since_us = 0;
  std::string text;  // the error of the first time

  friend bool operator==(const AlertFailure&, const AlertFailure&) = default;
};

// Holds a notification that is yet to arrive at one of the alert's targets.
struct AlertDelivery {
  std::string id;            // names it at the receiver, who may get it twice
  std::uint32_t target = 0;  // number in AlertDefinition::notify
  std::string body;          // a JSON object on one line; docs/alerts.md lists its fields
  TimeUs made_us = 0;
  std::uint32_t tries = 0;
  TimeUs not_before_us = 0;  // somebody tries it until then, or it is to be tried again then

  friend bool operator==(const AlertDelivery&, const AlertDelivery&) = default;
};

// Holds what became of one alert since it was enabled.
struct AlertRecord {
  static constexpr std::size_t kChangesMax = 100;     // those before are dropped
  static constexpr std::size_t kDeliveriesMax = 200;  // the oldest are dropped

  std::string definition;  // what was enabled; another one is off
  TimeUs enabled_us = 0;
  TimeUs checked_us = 0;  // when its question was last answered; 0: never
  std::optional<AlertFailure> failure = {};
  std::vector<AlertSeriesState> series = {};
  std::vector<AlertChange> changes = {};  // the oldest first
  std::vector<AlertDelivery> deliveries = {};

  friend bool operator==(const AlertRecord&, const AlertRecord&) = default;
};

// Holds all of them, by name.
class AlertStates {
 public:
  //   kCorruption  a record is none of a log of alerts
  static Result<AlertStates> read(std::span<const std::string> records);

  const std::map<std::string, AlertRecord>& alerts() const { return alerts_; }
  // Returns null if the alert is off: if it was not enabled, or with another definition.
  const AlertRecord* find(const std::string& name, std::string_view definition) const;

  // Applies a record to what is there.
  //   kCorruption  as read
  Status apply(std::string_view record);
  // Returns records that make up all that is there.
  std::vector<std::string> records() const;

  friend bool operator==(const AlertStates&, const AlertStates&) = default;

 private:
  std::map<std::string, AlertRecord> alerts_;
};

// These functions return records, to be added to the log.
//
// The alert is on from `now_us`, with that definition and with no states.
std::string alert_enabled(const std::string& name, const std::string& definition, TimeUs now_us);
// The alert is off, and nothing of it is kept.
std::string alert_off(const std::string& name);
// The questions of the alerts were answered.
std::string alerts_checked(const std::vector<std::string>& names, TimeUs now_us);
// States of the alert changed. `series` has those that did, `deliveries` what is to be notified.
std::string alert_judged(const std::string& name, std::span<const AlertSeriesState> series,
                         std::span<const AlertChange> changes,
                         std::span<const AlertDelivery> deliveries);
// The question of the alert cannot be answered, or can be again (unset).
std::string alert_failed(const std::string& name, const std::optional<AlertFailure>& failure,
                         std::span<const AlertDelivery> deliveries);
// A delivery is tried for the time `tries`, and by nobody else before that instant.
std::string delivery_tried(const std::string& name, const AlertDelivery& delivery);
// A delivery arrived, or was given up.
std::string delivery_done(const std::string& name, const std::string& id);

// Adds records to an open log, and applies them to `states`, which are those of the log. A log that
// has grown large is written anew.
//   errors  as AlertLog::append
Status add_records(AlertLog& log, AlertStates& states, std::span<const std::string> records);

// Returns an instant as RFC 3339, in UTC, in whole seconds.
std::string utc_text(TimeUs time_us);

}  // namespace rollcall
