#include "operations.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "objects.h"
#include "options.h"
#include "rollcall/alert_check.h"
#include "rollcall/alert_json.h"
#include "rollcall/campaign.h"
#include "rollcall/notifier.h"
#include "rollcall/query.h"
#include "rollcall/report.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace rollcall::python {
namespace {

using Timeout = std::optional<double>;

nb::list list_of(const std::vector<AudienceInfo>& runs) {
  nb::list told;
  for (const AudienceInfo& run : runs) told.append(audience_dict(run));
  return told;
}

// --- Campaigns. ---

nb::list create_campaigns(HeldEngine& held, const std::vector<std::string>& definitions,
                          bool are_standard, Timeout timeout) {
  const auto create = [&](Engine& engine,
                          std::stop_token stop) -> Result<std::vector<AudienceInfo>> {
    const std::string& time_zone = engine.settings().time_zone;
    std::vector<Campaign> campaigns;
    for (const std::string& json : definitions) {
      if (are_standard) {
        ROLLCALL_ASSIGN_OR_RETURN(campaigns, standard_campaigns(json, time_zone));
      } else {
        ROLLCALL_ASSIGN_OR_RETURN(campaigns.emplace_back(), parse_campaign("", json, time_zone));
      }
    }
    return rollcall::create_campaigns(engine, campaigns, limits_of(timeout, std::move(stop)));
  };
  return list_of(value_or_raise(held.with_stop(create)));
}

nb::list campaigns(HeldEngine& held) {
  const auto found = value_or_raise(held.with(
      [](Engine& engine) -> Result<std::vector<Campaign>> { return campaigns_of(engine); }));
  nb::list told;
  for (const Campaign& campaign : found) told.append(nb::cast(to_json(campaign)));
  return told;
}

nb::list run_campaigns(HeldEngine& held, const std::optional<std::string>& name, Timeout timeout) {
  return list_of(value_or_raise(held.with_stop([&](Engine& engine, std::stop_token stop) {
    return rollcall::run_campaigns(engine, name, limits_of(timeout, std::move(stop)));
  })));
}

std::string report_of_campaign(HeldEngine& held, const std::string& name) {
  return value_or_raise(held.with([&](Engine& engine) -> Result<std::string> {
    ROLLCALL_ASSIGN_OR_RETURN(const Query question, report_question(engine, name));
    return to_json(question);
  }));
}

std::string users_of_campaign(HeldEngine& held, const std::string& name, nb::dict options) {
  using Arm = Segment::AudiencePart::Arm;
  constexpr Word<Arm> kArms[] = {{"contacted", Arm::kContacted}, {"holdout", Arm::kHoldout}};
  const Given given(std::move(options));
  Segment::AudiencePart part;
  std::optional<std::uint64_t> limit;
  given.read_word("arm", kArms, part.arm);
  given.read("class_", "a text", part.class_name);
  given.read("run", "a text", part.run);
  given.read("batch", "a whole number above 0", limit);
  return value_or_raise(held.with([&](Engine& engine) -> Result<std::string> {
    ROLLCALL_RETURN_IF_ERROR(find_campaign(engine, name).status());
    return to_json(users_question(name, part, limit));
  }));
}

// --- Alerts. ---

// Calls `use(engine, directory)` for a store that may have alerts.
template <class Use>
auto with_alerts(HeldEngine& held, const Use& use) {
  const std::string directory = held.alert_directory();
  return held.with([&](Engine& engine) { return use(engine, directory); });
}

void create_alert(HeldEngine& held, const std::string& name, const std::string& json, bool replace,
                  Timeout timeout) {
  const std::string directory = held.alert_directory();
  const OnSameName on_same_name = replace ? OnSameName::kReplace : OnSameName::kRefuse;
  raise_unless_ok(held.with_stop([&](Engine& engine, std::stop_token stop) {
    return rollcall::create_alert(engine, directory, name, json, on_same_name,
                                  limits_of(timeout, std::move(stop)));
  }));
}

std::string alerts(HeldEngine& held) {
  return value_or_raise(
      with_alerts(held, [](Engine& engine, const std::string& directory) -> Result<std::string> {
        ROLLCALL_ASSIGN_OR_RETURN(const auto found, kept_alerts(engine, directory));
        return alerts_json(found);
      }));
}

std::string alert(HeldEngine& held, const std::string& name) {
  return value_or_raise(
      with_alerts(held, [&](Engine& engine, const std::string& directory) -> Result<std::string> {
        ROLLCALL_ASSIGN_OR_RETURN(const auto found, kept_alert(engine, directory, name));
        return alert_json(found);
      }));
}

std::string check_alerts(HeldEngine& held, const std::vector<std::string>& names, Timeout timeout) {
  const std::string directory = held.alert_directory();
  return value_or_raise(
      held.with_stop([&](Engine& engine, std::stop_token stop) -> Result<std::string> {
        AlertCheckOptions options;
        options.names = names;
        options.limits = limits_of(timeout, std::move(stop));
        ROLLCALL_ASSIGN_OR_RETURN(const auto checked,
                                  rollcall::check_alerts(engine, directory, options));
        return checked_alerts_json(checked);
      }));
}

std::string alert_breaker(HeldEngine& held, const std::string& name) {
  return value_or_raise(
      with_alerts(held, [&](Engine& engine, const std::string& directory) -> Result<std::string> {
        ROLLCALL_ASSIGN_OR_RETURN(
            const auto breaker, rollcall::alert_breaker(engine, directory, name, alert_clock_us()));
        return alert_breaker_json(breaker);
      }));
}

void switch_alert(HeldEngine& held, const std::string& name, bool on) {
  raise_unless_ok(with_alerts(held, [&](Engine& engine, const std::string& directory) {
    return on ? enable_alert(engine, directory, name) : disable_alert(engine, directory, name);
  }));
}

void drop_alert(HeldEngine& held, const std::string& name) {
  raise_unless_ok(with_alerts(held, [&](Engine& engine, const std::string& directory) {
    return rollcall::drop_alert(engine, directory, name);
  }));
}

// Has a function of Python send notifications, one at a time, and counts. A notification for which
// it raises an exception did not arrive. Nothing is sent after one that is meant to end more than
// this, such as KeyboardInterrupt and SystemExit.
class SendCall {
 public:
  SendCall(const HeldEngine& held, nb::object call) : held_(held), call_(std::move(call)) {}

  // The options refer to this object.
  NotifierOptions options() {
    return sent_by([this](const AlertTarget& target, const Notification& notification) {
      return send(target, notification);
    });
  }
  // Raises what ended the sending, or says what came of it. The caller has the GIL, and nobody
  // sends any more.
  nb::dict told() const {
    if (ended_by_) std::rethrow_exception(ended_by_);
    nb::dict told;
    told["arrived"] = arrived_;
    told["failed"] = nb::cast(failed_);
    return told;
  }

 private:
  Status send(const AlertTarget& target, const Notification& notification) {
    const std::string json = alert_target_json(target);
    const GilAcquire gil;
    const HeldEngine::Callback callback(held_);
    if (ended_by_) return {StatusCode::kCancelled, "the sending was ended"};
    try {
      call_(notification.alert, notification.delivery, json, notification.body);
      ++arrived_;
      return {};
    } catch (const nb::python_error& error) {
      if (!error.matches(PyExc_Exception)) {
        ended_by_ = std::current_exception();
        return {StatusCode::kCancelled, "the sending was ended"};
      }
      failed_.emplace_back(notification.alert + ": " + error.what());
      return Status::io_error(failed_.back());
    }
  }

  const HeldEngine& held_;
  const nb::object call_;
  std::uint64_t arrived_ = 0;
  std::vector<std::string> failed_;
  std::exception_ptr ended_by_;
};

nb::dict notify_alerts(HeldEngine& held, nb::object send) {
  const std::string directory = held.alert_directory();
  SendCall call(held, std::move(send));
  const Status sent = held.with_stop([&](Engine&, std::stop_token stop) -> Status {
    NotifierQueue queue(directory, call.options());
    ROLLCALL_RETURN_IF_ERROR(queue.drain(stop));
    if (!stop.stop_requested()) return {};
    return {StatusCode::kCancelled, "stopped; what was not sent waits for a later call"};
  });
  nb::dict told = call.told();
  raise_unless_ok(sent);
  return told;
}

nb::dict test_alert(HeldEngine& held, const std::string& name, nb::object send) {
  const std::string directory = held.alert_directory();
  SendCall call(held, std::move(send));
  const Status sent = held.with_stop([&](Engine& engine, std::stop_token stop) -> Status {
    ROLLCALL_ASSIGN_OR_RETURN(const KeptAlert found, kept_alert(engine, directory, name));
    return rollcall::test_alert(found, call.options(), stop).status();
  });
  nb::dict told = call.told();
  raise_unless_ok(sent);
  return told;
}

// --- Reports. ---

std::string report(HeldEngine& held, nb::dict options, Timeout timeout) {
  constexpr Word<Language> kLanguages[] = {{"en", Language::kEnglish}, {"zh", Language::kChinese}};
  const Given given(std::move(options));
  ReportOptions chosen;
  given.read_word("lang", kLanguages, chosen.language);
  given.read("title", "a text", chosen.title);
  given.read("users", "True or False", chosen.users);
  if (!held.is_in_memory()) chosen.directory = held.alert_directory();
  return value_or_raise(held.with_stop([&](Engine& engine, std::stop_token stop) {
    return report_html(engine, chosen, limits_of(timeout, std::move(stop)));
  }));
}

}  // namespace

void bind_operations(nb::class_<HeldEngine>& engine) {
  engine
      .def("create_campaigns", &create_campaigns, "definitions"_a, "are_standard"_a,
           "timeout"_a.none())
      .def("campaigns", &campaigns)
      .def("run_campaigns", &run_campaigns, "name"_a.none(), "timeout"_a.none())
      .def("report_of_campaign", &report_of_campaign, "name"_a)
      .def("users_of_campaign", &users_of_campaign, "name"_a, "options"_a)
      .def("end_campaign",
           [](HeldEngine& held, const std::string& name) {
             raise_unless_ok(held.with([&](Engine& e) { return end_campaign(e, name); }));
           })
      .def("drop_campaign",
           [](HeldEngine& held, const std::string& name) {
             raise_unless_ok(held.with([&](Engine& e) { return drop_campaign(e, name); }));
           })
      .def("create_alert", &create_alert, "name"_a, "json"_a, "replace"_a, "timeout"_a.none())
      .def("alerts", &alerts)
      .def("alert", &alert, "name"_a)
      .def("check_alerts", &check_alerts, "names"_a, "timeout"_a.none())
      .def("alert_breaker", &alert_breaker, "name"_a)
      .def("switch_alert", &switch_alert, "name"_a, "on"_a)
      .def("drop_alert", &drop_alert, "name"_a)
      .def("notify_alerts", &notify_alerts, "send"_a)
      .def("test_alert", &test_alert, "name"_a, "send"_a)
      .def("report", &report, "options"_a, "timeout"_a.none());
}

}  // namespace rollcall::python
