#include "tools/interrupt.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace rollcall::tools {
namespace {

// A handler may touch only this. It belongs to the process, as signals do.
std::atomic<int> first_signal{0};
std::atomic<int> wake_descriptor{-1};
static_assert(std::atomic<int>::is_always_lock_free);
std::array<struct sigaction, kEndingSignals.size()> actions_before;

void restore_actions() {
  for (std::size_t i = 0; i < kEndingSignals.size(); ++i) {
    if (actions_before[i].sa_handler != SIG_IGN) {
      ::sigaction(kEndingSignals[i], &actions_before[i], nullptr);
    }
  }
}

void wake() {
  const int saved = errno;
  ::eventfd_write(wake_descriptor, 1);
  errno = saved;
}

void handle(int signal) {
  first_signal = signal;
  restore_actions();
  wake();
}

}  // namespace

Interrupt::Interrupt() {
  wake_descriptor = ::eventfd(0, EFD_CLOEXEC);
  if (wake_descriptor < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  thread_ = std::jthread([this] {
    eventfd_t count = 0;
    while (::eventfd_read(wake_descriptor, &count) != 0 && errno == EINTR) {
    }
    if (first_signal != 0) stop_.request_stop();
  });
  for (std::size_t i = 0; i < kEndingSignals.size(); ++i) {
    ::sigaction(kEndingSignals[i], nullptr, &actions_before[i]);
    if (actions_before[i].sa_handler == SIG_IGN) continue;
    struct sigaction action {};
    action.sa_handler = handle;
    action.sa_flags = SA_RESTART;
    // None of the other signals comes in between.
    for (const int other : kEndingSignals) sigaddset(&action.sa_mask, other);
    ::sigaction(kEndingSignals[i], &action, nullptr);
  }
}

Interrupt::~Interrupt() {
  restore_actions();
  wake();
  thread_.join();
  ::close(wake_descriptor.exchange(-1));
}

std::optional<int> interrupted_exit_code() {
  const int signal = first_signal;
  return signal == 0 ? std::nullopt : std::optional(128 + signal);
}

}  // namespace rollcall::tools
