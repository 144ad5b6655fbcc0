// Alerts are checked here: their questions are asked, the answers judged, and what came of it is
// written to the store's log of alerts. The store may be open read-only, beside whoever writes it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "rollcall/alert.h"
#include "rollcall/alert_states.h"
#include "rollcall/engine.h"
#include "rollcall/saved_object.h"
#include "rollcall/status.h"

namespace rollcall {

// Returns what the clock says.
TimeUs alert_clock_us();

// Holds an alert that a store keeps, and what became of it.
struct KeptAlert {
  std::string name;
  std::string definition;
  std::optional<AlertRecord> record;  // unset: the alert is off
};

// Returns the alerts of the store in `directory`, of which `engine` is open, ordered by name.
//   kCorruption  the log of alerts is not what was written
Result<std::vector<KeptAlert>> kept_alerts(const Engine& engine, const std::string& directory);
// Returns one of them.
//   kNotFound  there is none of that name
Result<KeptAlert> kept_alert(const Engine& engine, const std::string& directory,
                             const std::string& name);

// Keeps an alert in the store, and switches it on. Its question is asked once, within the limits.
//   kInvalidArgument  it is no definition, its question cannot be answered, or no row of the answer
//                     is what `where` names
//   kAlreadyExists    the name is taken
Status create_alert(Engine& engine, const std::string& directory, const std::string& name,
                    const std::string& definition, OnSameName on_same_name,
                    const QueryLimits& limits = {});
// Drops an alert from the store, and forgets what became of it.
//   kNotFound  there is none of that name
Status drop_alert(Engine& engine, const std::string& directory, const std::string& name);

// Switches an alert of the store on, without a state, or off. A definition that is imported, or
// that takes the place of another, is off until this is called. Nothing else of the store is
// written, so another process may be its writer.
//   kNotFound         there is none of that name
//   kInvalidArgument  what the store keeps under that name is no definition of an alert, or one
//                     that create_alert would refuse
Status enable_alert(const Engine& engine, const std::string& directory, const std::string& name);
Status disable_alert(const Engine& engine, const std::string& directory, const std::string& name);
// Forgets what became of an alert, whether the store has it or not.
Status forget_alert(const std::string& directory, const std::string& name);

struct AlertCheckOptions {
  std::vector<std::string> names;  // empty: all that are on
  QueryLimits limits;              // of each question
  std::function<TimeUs()> clock = alert_clock_us;
};

struct CheckedAlert {
  std::string name;
  std::string severity;
  Status question;             // why it could not be answered; the states are as they were
  bool failed_before = false;  // it could not be at the last check, either
  std::vector<AlertSeriesState> series;
  std::vector<AlertChange> changes;  // of this check
};

// Asks the questions of alerts that are on and judges the answers. Changes, and a question that
// cannot be answered for the first time, are added to what waits to be notified.
//   kNotFound            there is none of a name that was given
//   kFailedPrecondition  it is off
//   kCancelled           the stop token of the limits was asked to stop; nothing has been judged
//   others               the log of alerts could not be read or written
Result<std::vector<CheckedAlert>> check_alerts(const Engine& engine, const std::string& directory,
                                               const AlertCheckOptions& options);

// Says whether a program should go on.
struct AlertBreaker {
  bool is_open = false;   // a series fires or is stale, also if nobody has checked since
  TimeUs checked_us = 0;  // when the states were checked
  std::optional<AlertFailure> failure;  // the question could not be answered since
};

// Returns the breaker of an alert, without asking its question.
//   kNotFound            there is none of that name
//   kFailedPrecondition  it is off, or was never checked, so that nothing is known
Result<AlertBreaker> alert_breaker(const Engine& engine, const std::string& directory,
                                   const std::string& name, TimeUs now_us);

}  // namespace rollcall
