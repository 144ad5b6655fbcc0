// This header writes alerts, and what became of them, as JSON: for `-o json`, and for other
// languages. Instants are RFC 3339 in UTC; null is what there is not.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/alert.h"
#include "rollcall/alert_check.h"
#include "rollcall/status.h"

namespace rollcall {

// Returns the gravest state of an alert's series: "firing", "stale", "pending" or "ok"; "unknown"
// before the first check, and "off".
std::string_view state_word(const KeptAlert& alert);

// Writes [{"alert": NAME, "state": WORD, "severity": TEXT, "column": NAME, "condition": TEXT,
// "checked": INSTANT}].
std::string alerts_json(std::span<const KeptAlert> alerts);
// Writes one of them, with what it was made of and what became of it: "definition", "failure",
// "states" and "changes" besides.
std::string alert_json(const KeptAlert& alert);
// Writes [{"at": INSTANT, "series": {KEY: VALUE}, "from": STATE, "to": STATE, "date": DATE,
// "value": NUMBER}].
std::string alert_changes_json(std::span<const AlertChange> changes);
// Writes [{"alert": NAME, "severity": TEXT, "error": TEXT, "states": [{"series": {KEY: VALUE},
// "state": STATE, "date": DATE, "value": NUMBER, "since": INSTANT}]}].
std::string checked_alerts_json(std::span<const CheckedAlert> checked);
// Writes {"is_open": true, "checked": INSTANT, "failure": TEXT}.
std::string alert_breaker_json(const AlertBreaker& breaker);

// Writes a target as a definition has it: {"webhook": {...}} or {"command": [...]}.
std::string alert_target_json(const AlertTarget& target);

}  // namespace rollcall
