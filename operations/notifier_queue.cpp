#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <filesystem>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <system_error>
#include <thread>

#include "rollcall/notifier.h"

namespace rollcall {

namespace {

// The log is looked at as often, since others may have added to it.
constexpr std::chrono::seconds kLookAnyway{10};

template <class Duration>
TimeUs in_us(Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

// Holds a delivery that is this queue's to try.
struct Claim {
  std::string alert;
  AlertTarget target;
  AlertDelivery delivery;
  bool is_last_try = false;  // this queue tries it no more
};

}  // namespace

struct NotifierQueue::State {
  State(std::string directory_, NotifierOptions options_)
      : directory(std::move(directory_)), options(std::move(options_)) {}

  bool may_send(const AlertTarget& target) const {
    return std::holds_alternative<WebhookTarget>(target) ? static_cast<bool>(options.webhook)
                                                         : static_cast<bool>(options.command);
  }
  TimeUs pause_after(std::uint32_t tries_before) const {
    const TimeUs most_us = in_us(options.retry_max);
    TimeUs pause_us = in_us(options.retry_first);
    for (std::uint32_t i = 0; i < tries_before && pause_us < most_us; ++i) pause_us *= 2;
    return std::min(pause_us, most_us);
  }

  // Finds a delivery that is due and notes in the log that it is being tried. Without one, sets
  // `next_us` to when one will be due, if one will.
  Result<std::optional<Claim>> claim(std::optional<TimeUs>& next_us);
  // Looks at one alert's deliveries, as claim() does. What is given up is added to `records`.
  std::optional<Claim> find_due(const std::string& alert, const AlertRecord& record, TimeUs now_us,
                                std::vector<std::string>& records, std::optional<TimeUs>& next_us);
  Status send(const Claim& claim, std::stop_token stop) const;
  Status note_outcome(const Claim& claim, const Status& outcome);
  // Claims and starts what is due, until it is to stop.
  void dispatch(std::stop_token stop);
  // Sends what was claimed, and notes what came of it.
  void deliver(const Claim& claim, std::stop_token stop);
  // Runs the body of a thread. What it throws, for want of memory or of a thread, is kept for those
  // who call the queue.
  template <class Body>
  void run(const Body& body);
  // Throws it. The caller has the mutex.
  void rethrow() const {
    if (thrown) std::rethrow_exception(thrown);
  }
  void start(Claim claim);

  const std::string directory;
  const NotifierOptions options;

  std::mutex mutex;  // guards what follows
  std::condition_variable_any changed;
  std::uint64_t looks = 1;    // counts what may have made something due
  std::uint64_t settled = 0;  // as of so many of them, there was nothing left to do
  std::uint32_t running = 0;  // deliveries that are being tried
  std::map<std::string, std::uint32_t> tries;  // of this queue, by delivery
  std::size_t failed = 0;  // deliveries that were tried as often as this queue may
  Status log_status;
  std::exception_ptr thrown;

  // Is a thread that sends one delivery.
  struct Sending {
    std::atomic<bool> is_done = false;
    std::jthread thread;
  };

  std::list<Sending> sendings;  // the dispatcher alone adds and removes them
  std::jthread dispatcher;      // last, since it uses all of it
};

std::optional<Claim> NotifierQueue::State::find_due(const std::string& alert,
                                                    const AlertRecord& record, TimeUs now_us,
                                                    std::vector<std::string>& records,
                                                    std::optional<TimeUs>& due_us) {
  if (record.deliveries.empty()) return std::nullopt;
  const Result<AlertDefinition> definition = parse_alert(record.definition);
  std::set<std::uint32_t> seen;  // targets whose oldest delivery was looked at
  const auto give_up = [&](const AlertDelivery& delivery) {
    records.push_back(delivery_done(alert, delivery.id));
    if (!options.failed) return;
    options.failed(alert, Status(StatusCode::kDeadlineExceeded,
                                 "a notification of " + utc_text(delivery.made_us) +
                                     " never arrived, and is given up"));
  };
  for (const AlertDelivery& delivery : record.deliveries) {
    if (!definition.ok() || delivery.target >= definition->notify.size()) {
      records.push_back(delivery_done(alert, delivery.id));
      continue;
    }
    // A clock that was set back says nothing of its age, which then counts from now on.
    const TimeUs made_us = std::min(delivery.made_us, now_us);
    const TimeUs last_us = made_us + in_us(options.give_up_after);
    const AlertTarget& target = definition->notify[delivery.target];
    if (!may_send(target)) {
      if (now_us > last_us) give_up(delivery);
      continue;
    }
    if (!seen.insert(delivery.target).second) continue;
    const auto tried = tries.find(delivery.id);
    const bool is_ours = tried != tries.end();
    const bool is_exhausted =
        options.tries_max > 0 && is_ours && tried->second >= options.tries_max;
    // A clock that was set back must not keep it waiting.
    const TimeUs longest_us = std::max(in_us(options.lease), in_us(options.retry_max));
    const TimeUs wait_us = delivery.not_before_us - now_us;
    if (wait_us > 0 && wait_us <= longest_us) {
      // A queue that tries a few times only leaves to others what others are at.
      if (is_exhausted || (options.tries_max > 0 && !is_ours)) continue;
      due_us = std::min(due_us.value_or(delivery.not_before_us), delivery.not_before_us);
      continue;
    }
    // A clock that was set forward, or a long time in which nobody has checked, does not make it
    // too old before somebody has tried.
    const bool was_tried_late = delivery.tries > 0 && delivery.not_before_us > last_us;
    if (now_us > last_us && was_tried_late) {
      give_up(delivery);
      seen.erase(delivery.target);
      continue;
    }
    if (is_exhausted) continue;
    Claim claim{.alert = alert, .target = target, .delivery = delivery};
    claim.delivery.made_us = made_us;
    ++claim.delivery.tries;
    claim.delivery.not_before_us = now_us + in_us(options.lease);
    if (options.tries_max > 0) claim.is_last_try = ++tries[delivery.id] >= options.tries_max;
    records.push_back(delivery_tried(alert, claim.delivery));
    return claim;
  }
  return std::nullopt;
}

Result<std::optional<Claim>> NotifierQueue::State::claim(std::optional<TimeUs>& due_us) {
  // Most of the time there is nothing to do, which needs no lock to be seen.
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::string> there, read_alert_log(directory));
  ROLLCALL_ASSIGN_OR_RETURN(const AlertStates seen, AlertStates::read(there));
  const bool waits = std::any_of(seen.alerts().begin(), seen.alerts().end(), [](const auto& alert) {
    return !alert.second.deliveries.empty();
  });
  if (!waits) return std::optional<Claim>();
  ROLLCALL_ASSIGN_OR_RETURN(AlertLog log, AlertLog::open(directory));
  ROLLCALL_ASSIGN_OR_RETURN(AlertStates states, AlertStates::read(log.records()));
  std::vector<std::string> records;
  std::optional<Claim> found;
  {
    const std::lock_guard lock(mutex);
    const TimeUs now_us = options.clock();
    for (const auto& [name, record] : states.alerts()) {
      found = find_due(name, record, now_us, records, due_us);
      if (found) break;
    }
  }
  ROLLCALL_RETURN_IF_ERROR(add_records(log, states, records));
  return found;
}

Status NotifierQueue::State::send(const Claim& claim, std::stop_token stop) const {
  const Notification notification{claim.alert, claim.delivery.id, claim.delivery.body};
  try {
    if (const auto* webhook = std::get_if<WebhookTarget>(&claim.target)) {
      return options.webhook(*webhook, notification, stop);
    }
    return options.command(std::get<CommandTarget>(claim.target), notification, stop);
  } catch (const std::exception& error) {
    return Status::io_error(std::string("notifier: ") + error.what());
  }
}

Status NotifierQueue::State::note_outcome(const Claim& claim, const Status& outcome) {
  AlertDelivery delivery = claim.delivery;
  // What was stopped may be tried again at once.
  const bool was_stopped = outcome.code() == StatusCode::kCancelled;
  delivery.not_before_us = was_stopped ? 0 : options.clock() + pause_after(delivery.tries);
  const std::string record = outcome.ok() ? delivery_done(claim.alert, delivery.id)
                                          : delivery_tried(claim.alert, delivery);
  ROLLCALL_ASSIGN_OR_RETURN(AlertLog log, AlertLog::open(directory));
  ROLLCALL_ASSIGN_OR_RETURN(AlertStates states, AlertStates::read(log.records()));
  return add_records(log, states, {&record, 1});
}

template <class Body>
void NotifierQueue::State::run(const Body& body) {
  try {
    body();
  } catch (...) {
    const std::lock_guard lock(mutex);
    thrown = std::current_exception();
    changed.notify_all();
  }
}

void NotifierQueue::State::deliver(const Claim& claim, std::stop_token stop) {
  const Status outcome = send(claim, stop);
  const Status noted = note_outcome(claim, outcome);
  const bool was_stopped = outcome.code() == StatusCode::kCancelled;
  if (!outcome.ok() && !was_stopped && options.failed) options.failed(claim.alert, outcome);
  const std::lock_guard lock(mutex);
  if (!noted.ok()) log_status = noted;
  // Meanwhile the next try may have been claimed already, so the claim says which one this was.
  if (!outcome.ok() && claim.is_last_try) ++failed;
  --running;
  ++looks;
  changed.notify_all();
}

void NotifierQueue::State::start(Claim claim) {
  Sending& sending = sendings.emplace_back();
  sending.thread = std::jthread([this, &sending, claim = std::move(claim)](std::stop_token stop) {
    run([&] { deliver(claim, stop); });
    sending.is_done = true;
  });
}

void NotifierQueue::State::dispatch(std::stop_token stop) {
  std::unique_lock lock(mutex);
  while (!stop.stop_requested()) {
    sendings.remove_if([](const Sending& sending) { return sending.is_done.load(); });
    const std::uint64_t looks_before = looks;
    const auto has_more = [&] { return looks != looks_before; };
    if (running >= options.threads) {
      changed.wait(lock, stop, has_more);
      continue;
    }
    lock.unlock();
    std::optional<TimeUs> due_us;
    Result<std::optional<Claim>> claimed = claim(due_us);
    lock.lock();
    log_status = claimed.status();
    if (claimed.ok() && *claimed) {
      ++running;
      start(*std::move(*claimed));
      continue;
    }
    if (running == 0 && !due_us) {
      settled = looks_before;
      changed.notify_all();
    }
    // It waits by a clock that nobody sets, and not for long, so that one that was set meanwhile
    // delays nothing.
    std::chrono::microseconds wait = kLookAnyway;
    if (due_us) wait = std::min(wait, std::chrono::microseconds(*due_us - options.clock()));
    changed.wait_for(lock, stop, wait, has_more);
  }
}

NotifierOptions sent_by(
    std::function<Status(const AlertTarget& target, const Notification& notification)> send) {
  NotifierOptions options;
  options.webhook = [send](const WebhookTarget& target, const Notification& notification,
                           const std::stop_token&) { return send(target, notification); };
  options.command = [send = std::move(send)](
                        const CommandTarget& target, const Notification& notification,
                        const std::stop_token&) { return send(target, notification); };
  options.tries_max = 1;
  options.threads = 1;
  return options;
}

namespace {

// Returns the absolute path of a directory, as the process may change its own. A directory that
// cannot be located is left as it is: no log is there.
std::string in_its_place(const std::string& directory) {
  std::error_code error;
  const std::filesystem::path place = std::filesystem::absolute(directory, error);
  return error ? directory : place.string();
}

}  // namespace

NotifierQueue::NotifierQueue(const std::string& directory, NotifierOptions options)
    : state_(std::make_unique<State>(in_its_place(directory), std::move(options))) {
  State* const state = state_.get();
  state->dispatcher =
      std::jthread([state](std::stop_token stop) { state->run([&] { state->dispatch(stop); }); });
}

NotifierQueue::~NotifierQueue() {
  state_->dispatcher.request_stop();
  state_->dispatcher.join();
  for (State::Sending& sending : state_->sendings) sending.thread.request_stop();
}

void NotifierQueue::look() {
  const std::lock_guard lock(state_->mutex);
  state_->rethrow();
  ++state_->looks;
  state_->changed.notify_all();
}

std::size_t NotifierQueue::failed() const {
  const std::lock_guard lock(state_->mutex);
  return state_->failed;
}

Status NotifierQueue::drain(std::stop_token stop) {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait(lock, stop,
                       [&] { return state_->thrown || state_->settled == state_->looks; });
  state_->rethrow();
  return state_->log_status;
}

}  // namespace rollcall
