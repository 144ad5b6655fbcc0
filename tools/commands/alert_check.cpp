// rollcall alert check asks the questions of alerts, judges the answers and notifies. The command
// rollcall alert test notifies without asking.
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "rollcall/alert_json.h"
#include "rollcall/message_text.h"
#include "rollcall/notifier.h"
#include "rollcall/webhook.h"
#include "tools/commands/alert.h"
#include "tools/commands/option_kinds.h"
#include "tools/commands/question_limits.h"
#include "tools/interrupt.h"
#include "tools/terminal.h"
#include "tools/text.h"

namespace rollcall::tools {
namespace {

using Interval = std::optional<std::chrono::milliseconds>;

constexpr std::uint32_t kTriesOfOneCheck = 3;

struct CheckFlags : AlertFlags {
  std::vector<std::string> names;
  Timeout timeout;
  Interval watch;
  bool allow_commands = false;
};

NotifierOptions notifier_options(bool allow_commands) {
  NotifierOptions options;
  options.webhook = [](const WebhookTarget& target, const Notification& notification,
                       std::stop_token stop) {
    return send_webhook(target, notification, std::move(stop));
  };
  if (allow_commands) {
    options.command = [](const CommandTarget& target, const Notification& notification,
                         std::stop_token stop) {
      return run_command(target, notification, std::move(stop));
    };
  }
  options.failed = [](const std::string& alert, const Status& error) {
    say(fmt::format("alert {}: not notified: {}", quoted_excerpt(alert), error.message()));
  };
  return options;
}

Result<std::vector<CheckedAlert>> check_once(const CheckFlags& flags, std::stop_token stop) {
  AlertCheckOptions options;
  options.names = flags.names;
  options.limits.stop = std::move(stop);
  if (flags.timeout) {
    options.limits.deadline = std::chrono::steady_clock::now() + *flags.timeout;
  }
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, open_for_reading(flags.store));
  return check_alerts(*engine, flags.store.directory, options);
}

std::string failure_text(const CheckedAlert& alert) {
  return fmt::format("alert {}: its question cannot be answered: {}", quoted_excerpt(alert.name),
                     alert.question.message());
}

Status print_checked(const CheckFlags& flags, const std::vector<CheckedAlert>& checked) {
  const Style style = style_of(flags.output);
  Table table{.columns = {{.title = "alert"},
                          {.title = "severity"},
                          {.title = "series"},
                          {.title = "state"},
                          {.title = "date"},
                          {.title = "value", .right = true}},
              .rows = {}};
  for (const CheckedAlert& alert : checked) {
    for (const AlertSeriesState& series : alert.series) {
      table.rows.push_back({{.text = text_for(style, alert.name)},
                            {.text = text_for(style, alert.severity)},
                            {.text = text_for(style, series_text(series.series))},
                            {.text = std::string(to_string(series.state()))},
                            {.text = series.date.empty() ? "-" : series.date},
                            {.text = value_text(series.value)}});
    }
  }
  return print_report(flags, table, checked_alerts_json(checked));
}

bool is_alarm(const CheckedAlert& alert) {
  for (const AlertSeriesState& series : alert.series) {
    if (series.state() == AlertState::kFiring || series.state() == AlertState::kStale) return true;
  }
  return false;
}

// Counts what waits in the log to be sent.
struct Waiting {
  std::size_t commands = 0;  // without permission to run them
  std::size_t others = 0;
};

Result<Waiting> count_waiting(const CheckFlags& flags) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::string> records,
                            read_alert_log(flags.store.directory));
  ROLLCALL_ASSIGN_OR_RETURN(const AlertStates states, AlertStates::read(records));
  Waiting waiting;
  for (const auto& [name, record] : states.alerts()) {
    if (record.deliveries.empty()) continue;
    const Result<AlertDefinition> definition = parse_alert(record.definition);
    for (const AlertDelivery& delivery : record.deliveries) {
      if (!definition.ok() || delivery.target >= definition->notify.size()) continue;
      const AlertTarget& target = definition->notify[delivery.target];
      const bool is_command = std::holds_alternative<CommandTarget>(target);
      ++(is_command && !flags.allow_commands ? waiting.commands : waiting.others);
    }
  }
  return waiting;
}

void note_waiting_commands(std::size_t count) {
  if (count == 0) return;
  say(fmt::format("note: {} notification{} by a command wait{} for a check with --allow-commands",
                  count, count == 1 ? "" : "s", count == 1 ? "s" : ""));
}

Status check(const CheckFlags& flags, bool& alarmed) {
  const Interrupt interrupt;
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<CheckedAlert> checked,
                            check_once(flags, interrupt.token()));
  ROLLCALL_RETURN_IF_ERROR(print_checked(flags, checked));
  std::size_t failed = 0;
  for (const CheckedAlert& alert : checked) {
    alarmed |= is_alarm(alert);
    if (alert.question.ok()) continue;
    ++failed;
    say(failure_text(alert));
  }
  ROLLCALL_ASSIGN_OR_RETURN(const Waiting waiting, count_waiting(flags));
  note_waiting_commands(waiting.commands);
  std::size_t lost = 0;
  if (waiting.others > 0) {
    NotifierOptions options = notifier_options(flags.allow_commands);
    options.tries_max = kTriesOfOneCheck;
    NotifierQueue queue(flags.store.directory, std::move(options));
    ROLLCALL_RETURN_IF_ERROR(queue.drain(interrupt.token()));
    lost = queue.failed();
  }
  if (interrupt.requested()) {
    return {StatusCode::kCancelled, "stopped; what was not notified waits for the next check"};
  }
  if (failed > 0) {
    return Status::failed_precondition(
        fmt::format("alert check: {} of {} alerts could not be judged, and kept their states",
                    failed, checked.size()));
  }
  if (lost == 0) return {};
  return Status::io_error(fmt::format(
      "alert check: {} notification{} did not arrive and will be tried again by the next check",
      lost, lost == 1 ? "" : "s"));
}

// Says what changes from one check to the next.
class Watcher {
 public:
  explicit Watcher(const CheckFlags& flags) : flags_(flags) {}

  // Returns an error only if there is nobody left to tell.
  Status look(std::stop_token stop) {
    const Result<std::vector<CheckedAlert>> checked = check_once(flags_, std::move(stop));
    if (!checked.ok()) {
      const bool was_stopped = checked.status().code() == StatusCode::kCancelled;
      if (!was_stopped) say_once("", checked.status().message());
      return {};
    }
    said_.erase("");
    for (const CheckedAlert& alert : *checked) {
      if (!alert.question.ok()) {
        say_once(alert.name, failure_text(alert));
        continue;
      }
      said_.erase(alert.name);
      for (const AlertChange& change : alert.changes) {
        ROLLCALL_RETURN_IF_ERROR(write_standard_output(change_line(alert, change)));
      }
    }
    if (const Result<Waiting> waiting = count_waiting(flags_); waiting.ok()) {
      if (waiting->commands > 0 && commands_waited_ == 0) note_waiting_commands(waiting->commands);
      commands_waited_ = waiting->commands;
    }
    return {};
  }

 private:
  static std::string change_line(const CheckedAlert& alert, const AlertChange& change) {
    return fmt::format("{}  {}  {}  {} -> {}  {}  {}\n", utc_text(change.at_us),
                       printable(alert.name), printable(series_text(change.series)),
                       to_string(change.from), to_string(change.to),
                       change.date.empty() ? "-" : change.date, value_text(change.value));
  }

  // Does not repeat what was said of the same alert at the last check.
  void say_once(const std::string& alert, const std::string& text) {
    if (std::exchange(said_[alert], text) != text) say(text);
  }

  const CheckFlags& flags_;
  std::map<std::string, std::string> said_;  // by alert; "": of the store
  std::size_t commands_waited_ = 0;
};

Status watch(const CheckFlags& flags) {
  const Interrupt interrupt;
  const std::stop_token stop = interrupt.token();
  NotifierQueue queue(flags.store.directory, notifier_options(flags.allow_commands));
  Watcher watcher(flags);
  std::mutex mutex;
  std::condition_variable_any never;
  while (!stop.stop_requested()) {
    const auto next = std::chrono::steady_clock::now() + *flags.watch;
    ROLLCALL_RETURN_IF_ERROR(watcher.look(stop));
    queue.look();
    std::unique_lock lock(mutex);
    never.wait_until(lock, stop, next, [] { return false; });
  }
  return {};
}

struct TestFlags : AlertFlags {
  bool allow_commands = false;
};

Status test(const TestFlags& flags) {
  const Interrupt interrupt;
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, open_for_reading(flags.store));
  ROLLCALL_ASSIGN_OR_RETURN(const KeptAlert alert,
                            kept_alert(*engine, flags.store.directory, flags.name));
  NotifierOptions options = notifier_options(flags.allow_commands);
  if (!flags.allow_commands) {
    options.command = [](const CommandTarget&, const Notification&, const std::stop_token&) {
      return Status::failed_precondition("commands are run only with --allow-commands");
    };
  }
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<TriedTarget> tried,
                            test_alert(alert, options, interrupt.token()));
  std::size_t failed = 0;
  for (std::size_t i = 0; i < tried.size(); ++i) {
    const auto& [target, sent] = tried[i];
    failed += !sent.ok();
    ROLLCALL_RETURN_IF_ERROR(write_standard_output(
        printable(fmt::format("{} {}: {}",
                              std::holds_alternative<WebhookTarget>(target) ? "webhook" : "command",
                              i + 1, sent.ok() ? "arrived" : "failed, " + sent.message())) +
        "\n"));
  }
  if (failed == 0) return {};
  return Status::io_error(fmt::format("alert {}: {} of {} notifications did not arrive",
                                      quoted_excerpt(flags.name), failed, tried.size()));
}

void add_allow_commands(CLI::App& command, bool& allow) {
  command.add_flag("--allow-commands", allow,
                   "Run the programs that alerts notify by; webhooks need no permission");
}

}  // namespace

void add_alert_check(CLI::App& parent, Action& chosen, bool& alarmed) {
  const auto flags = std::make_shared<CheckFlags>();
  CLI::App* command = add_alert_word(
      parent, "check",
      "Judge alerts that are on, and notify; exit code 3 when one fires or is stale", false, flags);
  command->add_option("NAME", flags->names, "Only these (default: all)")->type_name("");
  add_lists_flag(*command, flags->store);
  add_timeout_flag(*command, flags->timeout);
  add_duration(*command, "--watch", flags->watch,
               "Go on, with so much time from one check to the next, such as 30s or 5m",
               kLookLeast);
  add_allow_commands(*command, flags->allow_commands);
  add_report_output_flag(*command, flags->output);
  command->callback([flags, &chosen, &alarmed] {
    chosen = [flags, &alarmed] { return flags->watch ? watch(*flags) : check(*flags, alarmed); };
  });
}

void add_alert_test(CLI::App& parent, Action& chosen) {
  const auto flags = std::make_shared<TestFlags>();
  CLI::App* command = add_alert_word(
      parent, "test", "Notify as one would that fires; its question is not asked", true, flags);
  add_allow_commands(*command, flags->allow_commands);
  command->callback([flags, &chosen] { chosen = [flags] { return test(*flags); }; });
}

}  // namespace rollcall::tools
