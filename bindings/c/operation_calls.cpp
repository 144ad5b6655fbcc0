// The calls of rollcall.h about campaigns, alerts and reports.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bindings/c/handles.h"
#include "bindings/c/option_json.h"
#include "bindings/c/report_json.h"
#include "core/query/text/query_json.h"
#include "rollcall/alert_check.h"
#include "rollcall/alert_json.h"
#include "rollcall/campaign.h"
#include "rollcall/notifier.h"
#include "rollcall/query.h"
#include "rollcall/report.h"

namespace rollcall::c {
namespace {

// Runs the body of a call that is about what an open engine keeps by a name: `body` takes an
// Engine& and the name.
template <class Body>
std::int32_t run_named_call(rollcall_engine* handle, const char* name, std::size_t name_size,
                            rollcall_error** error, const Body& body) noexcept {
  return run_engine_call(handle, error, [&](Engine& engine) -> Status {
    ROLLCALL_RETURN_IF_ERROR(engine.prepare({}).status());
    ROLLCALL_ASSIGN_OR_RETURN(const std::string_view text, text_of("name", name, name_size));
    return body(engine, std::string(text));
  });
}

// Runs the body of a call about alerts, or about one of them: `body` takes an Engine&, the
// directory and the name.
template <class Body>
std::int32_t run_alert_call(rollcall_engine* handle, const char* name, std::size_t name_size,
                            rollcall_error** error, const Body& body) noexcept {
  return run_named_call(handle, name, name_size, error,
                        [&](Engine& engine, const std::string& alert) -> Status {
                          if (handle->directory.empty()) {
                            return Status::unsupported(
                                "alerts: the store is in memory (allowed: one in a directory)");
                          }
                          return body(engine, handle->directory, alert);
                        });
}

// Does the same for a call that has to return a text.
template <class Body>
std::int32_t run_alert_text_call(rollcall_engine* handle, const char* name, std::size_t name_size,
                                 Output output, rollcall_error** error, const Body& body) noexcept {
  output.clear();
  return run_alert_call(
      handle, name, name_size, error,
      [&](Engine& engine, const std::string& directory, const std::string& alert) -> Status {
        if (output.out == nullptr) return null_fault("out");
        ROLLCALL_ASSIGN_OR_RETURN(const std::string text, body(engine, directory, alert));
        output.write(text);
        return {};
      });
}

Result<std::vector<Campaign>> read_campaigns(std::string_view json, bool are_standard,
                                             const std::string& time_zone) {
  if (are_standard) return standard_campaigns(json, time_zone);
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::string> definitions, read_definitions(json));
  std::vector<Campaign> campaigns;
  for (const std::string& definition : definitions) {
    ROLLCALL_ASSIGN_OR_RETURN(campaigns.emplace_back(), parse_campaign("", definition, time_zone));
  }
  return campaigns;
}

// Has the caller send the notifications, and counts those that arrived.
class CallersSend {
 public:
  CallersSend(rollcall_send to, void* context) : send_(to), context_(context) {}

  // The options refer to this object.
  NotifierOptions options() {
    return sent_by([this](const AlertTarget& target, const Notification& notification) {
      return send(target, notification);
    });
  }
  std::uint64_t arrived() const { return arrived_; }

 private:
  Status send(const AlertTarget& target, const Notification& notification) {
    const std::string json = to_object({{"alert", quote(notification.alert)},
                                        {"delivery", quote(notification.delivery)},
                                        {"target", alert_target_json(target)}});
    const std::string& body = notification.body;
    if (send_(context_, json.data(), json.size(), body.data(), body.size()) != 0) {
      return Status::io_error("the caller could not send it");
    }
    ++arrived_;
    return {};
  }

  const rollcall_send send_;
  void* const context_;
  std::uint64_t arrived_ = 0;
};

Result<std::string> notify(const std::string& directory, CallersSend& send,
                           const rollcall_stop* stop) {
  std::size_t failed = 0;
  {
    NotifierQueue queue(directory, send.options());
    const std::stop_token token = limits_of(stop, 0).stop;
    ROLLCALL_RETURN_IF_ERROR(queue.drain(token));
    if (token.stop_requested()) {
      return Status(StatusCode::kCancelled, "stopped; what was not sent waits for a later call");
    }
    failed = queue.failed();
  }
  return to_object(
      {{"arrived", std::to_string(send.arrived())}, {"failed", std::to_string(failed)}});
}

}  // namespace
}  // namespace rollcall::c

using rollcall::Engine;
using rollcall::Result;
using rollcall::Status;
using rollcall::c::limits_of;
using rollcall::c::null_fault;
using rollcall::c::run_alert_call;
using rollcall::c::run_alert_text_call;
using rollcall::c::run_named_call;
using rollcall::c::run_text_call;
using rollcall::c::text_of;

extern "C" {

// --- Campaigns. ---

std::int32_t rollcall_create_campaigns(rollcall_engine* engine, const char* definitions,
                                       std::size_t definitions_size, std::int32_t standard,
                                       const rollcall_stop* stop, std::uint64_t timeout_ms,
                                       char** out, std::size_t* size, rollcall_error** error) {
  return run_text_call(
      engine, {out, size}, true, error, [&](Engine& opened) -> Result<std::string> {
        ROLLCALL_ASSIGN_OR_RETURN(const std::string_view json,
                                  text_of("definitions", definitions, definitions_size));
        ROLLCALL_ASSIGN_OR_RETURN(
            const auto campaigns,
            rollcall::c::read_campaigns(json, standard != 0, opened.settings().time_zone));
        ROLLCALL_ASSIGN_OR_RETURN(
            const auto runs,
            rollcall::create_campaigns(opened, campaigns, limits_of(stop, timeout_ms)));
        return rollcall::c::audiences_json(runs);
      });
}

std::int32_t rollcall_campaigns(rollcall_engine* engine, char** out, std::size_t* size,
                                rollcall_error** error) {
  return run_text_call(
      engine, {out, size}, false, error, [](const Engine& opened) -> Result<std::string> {
        ROLLCALL_RETURN_IF_ERROR(opened.prepare({}).status());
        ROLLCALL_ASSIGN_OR_RETURN(const auto campaigns, rollcall::campaigns_of(opened));
        return rollcall::c::campaigns_json(opened, campaigns);
      });
}

std::int32_t rollcall_run_campaigns(rollcall_engine* engine, const char* name,
                                    std::size_t name_size, const rollcall_stop* stop,
                                    std::uint64_t timeout_ms, char** out, std::size_t* size,
                                    rollcall_error** error) {
  return run_text_call(
      engine, {out, size}, true, error, [&](Engine& opened) -> Result<std::string> {
        ROLLCALL_RETURN_IF_ERROR(opened.prepare({}).status());
        ROLLCALL_ASSIGN_OR_RETURN(const std::string_view campaign,
                                  text_of("name", name, name_size));
        std::optional<std::string> only;
        if (!campaign.empty()) only = campaign;
        ROLLCALL_ASSIGN_OR_RETURN(
            const auto runs, rollcall::run_campaigns(opened, only, limits_of(stop, timeout_ms)));
        return rollcall::c::audiences_json(runs);
      });
}

std::int32_t rollcall_campaign_question(rollcall_engine* engine, const char* name,
                                        std::size_t name_size, const char* users,
                                        std::size_t users_size, char** out, std::size_t* size,
                                        rollcall_error** error) {
  return run_text_call(
      engine, {out, size}, false, error, [&](const Engine& opened) -> Result<std::string> {
        ROLLCALL_RETURN_IF_ERROR(opened.prepare({}).status());
        ROLLCALL_ASSIGN_OR_RETURN(const std::string_view campaign,
                                  text_of("name", name, name_size));
        ROLLCALL_ASSIGN_OR_RETURN(const std::string_view json, text_of("users", users, users_size));
        if (json.empty()) {
          ROLLCALL_ASSIGN_OR_RETURN(const auto question,
                                    rollcall::report_question(opened, std::string(campaign)));
          return rollcall::to_json(question);
        }
        ROLLCALL_ASSIGN_OR_RETURN(const auto wanted, rollcall::c::read_campaign_users(json));
        ROLLCALL_RETURN_IF_ERROR(rollcall::find_campaign(opened, std::string(campaign)).status());
        return rollcall::to_json(rollcall::users_question(std::string(campaign), wanted.part,
                                                          wanted.limit, wanted.after));
      });
}

std::int32_t rollcall_end_campaign(rollcall_engine* engine, const char* name, std::size_t name_size,
                                   rollcall_error** error) {
  return run_named_call(engine, name, name_size, error, rollcall::end_campaign);
}

std::int32_t rollcall_drop_campaign(rollcall_engine* engine, const char* name,
                                    std::size_t name_size, rollcall_error** error) {
  return run_named_call(engine, name, name_size, error, rollcall::drop_campaign);
}

// --- Alerts. ---

std::int32_t rollcall_create_alert(rollcall_engine* engine, const char* name, std::size_t name_size,
                                   const char* definition, std::size_t definition_size,
                                   std::int32_t replace, const rollcall_stop* stop,
                                   std::uint64_t timeout_ms, rollcall_error** error) {
  return run_alert_call(
      engine, name, name_size, error,
      [&](Engine& opened, const std::string& directory, const std::string& alert) -> Status {
        ROLLCALL_ASSIGN_OR_RETURN(const std::string_view json,
                                  text_of("definition", definition, definition_size));
        return rollcall::create_alert(opened, directory, alert, std::string(json),
                                      rollcall::c::on_same_name(replace),
                                      limits_of(stop, timeout_ms));
      });
}

std::int32_t rollcall_alerts(rollcall_engine* engine, char** out, std::size_t* size,
                             rollcall_error** error) {
  return run_alert_text_call(engine, nullptr, 0, {out, size}, error,
                             [](const Engine& opened, const std::string& directory,
                                const std::string&) -> Result<std::string> {
                               ROLLCALL_ASSIGN_OR_RETURN(const auto alerts,
                                                         rollcall::kept_alerts(opened, directory));
                               return rollcall::alerts_json(alerts);
                             });
}

std::int32_t rollcall_alert(rollcall_engine* engine, const char* name, std::size_t name_size,
                            char** out, std::size_t* size, rollcall_error** error) {
  return run_alert_text_call(engine, name, name_size, {out, size}, error,
                             [](const Engine& opened, const std::string& directory,
                                const std::string& alert) -> Result<std::string> {
                               ROLLCALL_ASSIGN_OR_RETURN(
                                   const auto kept, rollcall::kept_alert(opened, directory, alert));
                               return rollcall::alert_json(kept);
                             });
}

std::int32_t rollcall_check_alerts(rollcall_engine* engine, const char* names,
                                   std::size_t names_size, const rollcall_stop* stop,
                                   std::uint64_t timeout_ms, char** out, std::size_t* size,
                                   rollcall_error** error) {
  return run_alert_text_call(
      engine, nullptr, 0, {out, size}, error,
      [&](const Engine& opened, const std::string& directory,
          const std::string&) -> Result<std::string> {
        ROLLCALL_ASSIGN_OR_RETURN(const std::string_view json, text_of("names", names, names_size));
        rollcall::AlertCheckOptions options;
        options.limits = limits_of(stop, timeout_ms);
        if (!json.empty()) {
          ROLLCALL_ASSIGN_OR_RETURN(options.names, rollcall::c::read_texts(json, "names"));
        }
        ROLLCALL_ASSIGN_OR_RETURN(const auto checked,
                                  rollcall::check_alerts(opened, directory, options));
        return rollcall::checked_alerts_json(checked);
      });
}

std::int32_t rollcall_alert_breaker(rollcall_engine* engine, const char* name,
                                    std::size_t name_size, char** out, std::size_t* size,
                                    rollcall_error** error) {
  return run_alert_text_call(
      engine, name, name_size, {out, size}, error,
      [](const Engine& opened, const std::string& directory,
         const std::string& alert) -> Result<std::string> {
        ROLLCALL_ASSIGN_OR_RETURN(
            const auto breaker,
            rollcall::alert_breaker(opened, directory, alert, rollcall::alert_clock_us()));
        return rollcall::alert_breaker_json(breaker);
      });
}

std::int32_t rollcall_enable_alert(rollcall_engine* engine, const char* name, std::size_t name_size,
                                   rollcall_error** error) {
  return run_alert_call(engine, name, name_size, error, rollcall::enable_alert);
}

std::int32_t rollcall_disable_alert(rollcall_engine* engine, const char* name,
                                    std::size_t name_size, rollcall_error** error) {
  return run_alert_call(engine, name, name_size, error, rollcall::disable_alert);
}

std::int32_t rollcall_drop_alert(rollcall_engine* engine, const char* name, std::size_t name_size,
                                 rollcall_error** error) {
  return run_alert_call(engine, name, name_size, error, rollcall::drop_alert);
}

std::int32_t rollcall_notify_alerts(rollcall_engine* engine, rollcall_send send, void* context,
                                    const rollcall_stop* stop, char** out, std::size_t* size,
                                    rollcall_error** error) {
  return run_alert_text_call(
      engine, nullptr, 0, {out, size}, error,
      [&](const Engine&, const std::string& directory, const std::string&) -> Result<std::string> {
        if (send == nullptr) return null_fault("send");
        rollcall::c::CallersSend callers(send, context);
        return rollcall::c::notify(directory, callers, stop);
      });
}

std::int32_t rollcall_test_alert(rollcall_engine* engine, const char* name, std::size_t name_size,
                                 rollcall_send send, void* context, char** out, std::size_t* size,
                                 rollcall_error** error) {
  return run_alert_text_call(
      engine, name, name_size, {out, size}, error,
      [&](const Engine& opened, const std::string& directory,
          const std::string& alert) -> Result<std::string> {
        if (send == nullptr) return null_fault("send");
        ROLLCALL_ASSIGN_OR_RETURN(const auto kept, rollcall::kept_alert(opened, directory, alert));
        rollcall::c::CallersSend callers(send, context);
        ROLLCALL_ASSIGN_OR_RETURN(const auto tried,
                                  rollcall::test_alert(kept, callers.options(), {}));
        return rollcall::c::tried_json(tried);
      });
}

// --- Reports. ---

std::int32_t rollcall_report(rollcall_engine* engine, const char* options, std::size_t options_size,
                             const rollcall_stop* stop, std::uint64_t timeout_ms, char** out,
                             std::size_t* size, rollcall_error** error) {
  return run_text_call(
      engine, {out, size}, false, error, [&](const Engine& opened) -> Result<std::string> {
        ROLLCALL_RETURN_IF_ERROR(opened.prepare({}).status());
        ROLLCALL_ASSIGN_OR_RETURN(const std::string_view json,
                                  text_of("options", options, options_size));
        ROLLCALL_ASSIGN_OR_RETURN(auto chosen, rollcall::c::read_report_options(json));
        chosen.directory = engine->directory;
        return rollcall::report_html(opened, chosen, limits_of(stop, timeout_ms));
      });
}

}  // extern "C"
