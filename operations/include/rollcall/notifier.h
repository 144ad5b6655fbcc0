// Notifications of alerts are sent by whoever checks the alerts: the engine opens no socket and
// starts no program. This header has the commands that are run, and the queue that sends what the
// store's log of alerts has waiting. Webhooks are in webhook.h, which loads libcurl.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rollcall/alert.h"
#include "rollcall/alert_check.h"
#include "rollcall/alert_states.h"
#include "rollcall/status.h"

namespace rollcall {

// Is what a target gets.
struct Notification {
  std::string alert;
  std::string delivery;  // the same at each try
  std::string body;      // a JSON object on one line
};

// Sends a notification once, and returns when it has arrived, failed or been stopped. Any thread
// may call it, and several at a time. Errors do not have the key.
template <class Target>
using Send = std::function<Status(const Target&, const Notification&, std::stop_token)>;

// Returns the body of the notification of a change, and of a question that cannot be answered. They
// have names and numbers: of the error it has the code alone, since a text may name users.
std::string change_body(const std::string& alert, const AlertDefinition& definition,
                        const AlertChange& change);
std::string failure_body(const std::string& alert, const AlertDefinition& definition,
                         const Status& error, TimeUs now_us);
// Returns the body of a notification that tries whether one arrives.
std::string test_body(const std::string& alert, const AlertDefinition& definition, TimeUs now_us);

// Returns a name for a delivery that nobody else has.
std::string new_delivery_id();

struct CommandLimits {
  std::chrono::milliseconds time_limit{30'000};
};

// Runs the program with its arguments, without a shell. Standard input, output and error are
// /dev/null, no other descriptor is handed on, the directory is /, and the environment is PATH and
// what the notification has (docs/alerts.md). A program that takes longer than the time limit is
// killed, along with what it has started.
//   kIoError           it could not be started, ended with another status than 0, or took too long
//   kCancelled         `stop` was asked to stop; the program was killed
Status run_command(const CommandTarget& target, const Notification& notification,
                   std::stop_token stop, const CommandLimits& limits = {});

// How notifications are sent. A kind of target whose function is empty is not sent to: what is for
// it keeps waiting, until somebody else checks.
struct NotifierOptions {
  Send<WebhookTarget> webhook;
  Send<CommandTarget> command;
  // After the n-th try that failed, at least 2^n times this passes, but at most retry_max.
  std::chrono::milliseconds retry_first{500};
  std::chrono::milliseconds retry_max{300'000};
  // A notification that has not arrived by then is tried once more, as the clock may have jumped,
  // and then given up. If it may not be sent to its target, it is given up at once.
  std::chrono::seconds give_up_after{86'400};
  // A try may take so long; afterwards, somebody else may try again.
  std::chrono::seconds lease{120};
  std::uint32_t tries_max = 0;  // by this queue, of each delivery; 0: any number
  std::uint32_t threads = 4;
  std::function<TimeUs()> clock = alert_clock_us;  // any thread of the queue calls it
  // Is told of each try that failed. Any thread of the queue calls it.
  std::function<void(const std::string& alert, const Status& error)> failed;
};

// Returns options by which `send` sends every notification, one after the other and once each. It
// may refer to the caller's, which then has to outlive them.
NotifierOptions sent_by(
    std::function<Status(const AlertTarget& target, const Notification& notification)> send);

// Is a target of an alert, and what came of a notification to it.
struct TriedTarget {
  AlertTarget target;
  Status outcome;
};

// Sends each target of an alert a notification that only tries whether one arrives. The question is
// not asked. Both functions of `options` are set.
//   kInvalidArgument  it notifies nobody
//   kCancelled        `stop` was asked to stop
Result<std::vector<TriedTarget>> test_alert(const KeptAlert& alert, const NotifierOptions& options,
                                            const std::stop_token& stop);

// Sends what waits in the log of the store in `directory`, in threads of its own, so that a target
// that hangs delays nobody else. Of an alert's notifications to one target, one is sent at a time,
// the oldest first. Others may do the same beside it: a delivery is claimed in the log before it is
// tried. One that was tried when the process ended may arrive twice. If a thread of the queue runs
// out of memory, or cannot be started, `look` and `drain` throw what it threw.
class NotifierQueue {
 public:
  // A relative path begins at the working directory of this call.
  NotifierQueue(const std::string& directory, NotifierOptions options);
  // Stops what is being sent; it keeps waiting in the log.
  ~NotifierQueue();
  NotifierQueue(const NotifierQueue&) = delete;
  NotifierQueue& operator=(const NotifierQueue&) = delete;

  // Says that something may wait by now.
  void look();
  // Returns once there is nothing that this queue could still try, or `stop` was asked to stop.
  //   the last error of the log, if it could not be read or written
  Status drain(std::stop_token stop);
  // Returns how many deliveries it tried as often as it may (tries_max), and none of them arrived.
  std::size_t failed() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rollcall
