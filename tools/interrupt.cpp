#include "tools/interrupt.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

namespace rollcall::tools {
namespace {

// How the guard ends its own thread.
constexpr int kFinished = SIGUSR1;

sigset_t interrupts() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

sigset_t awaited() {
  sigset_t set = interrupts();
  sigaddset(&set, kFinished);
  return set;
}

constexpr std::array<int, 3> kSignals = {SIGINT, SIGTERM, SIGHUP};

// What a handler may touch. Of the process, as signals are.
std::atomic<int> first_signal{0};
std::atomic<int> wake_descriptor{-1};
static_assert(std::atomic<int>::is_always_lock_free);
std::array<struct sigaction, kSignals.size()> actions_before;

void restore_actions() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    if (actions_before[i].sa_handler != SIG_IGN) {
      ::sigaction(kSignals[i], &actions_before[i], nullptr);
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

InterruptGuard::InterruptGuard() {
  const sigset_t set = awaited();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

InterruptGuard::~InterruptGuard() { rest(); }

void InterruptGuard::watch(std::function<void()> leave) {
  leave_ = std::move(leave);
  thread_ = std::thread([this] { wait_for_signal(); });
}

void InterruptGuard::rest() {
  if (thread_.joinable()) {
    pthread_kill(thread_.native_handle(), kFinished);
    thread_.join();
  }
  const sigset_t set = awaited();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void InterruptGuard::wait_for_signal() {
  const sigset_t set = awaited();
  int signal = 0;
  sigwait(&set, &signal);
  if (signal == kFinished) return;
  const sigset_t impatient = interrupts();
  pthread_sigmask(SIG_UNBLOCK, &impatient, nullptr);
  leave_();
  _exit(128 + signal);
}

Interrupt::Interrupt() {
  wake_descriptor = ::eventfd(0, EFD_CLOEXEC);
  if (wake_descriptor < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  thread_ = std::jthread([this] {
    eventfd_t count = 0;
    while (::eventfd_read(wake_descriptor, &count) != 0 && errno == EINTR) {
    }
    if (first_signal != 0) stop_.request_stop();
  });
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    ::sigaction(kSignals[i], nullptr, &actions_before[i]);
    if (actions_before[i].sa_handler == SIG_IGN) continue;
    struct sigaction action {};
    action.sa_handler = handle;
    action.sa_flags = SA_RESTART;
    // No other of them comes in between.
    for (const int other : kSignals) sigaddset(&action.sa_mask, other);
    ::sigaction(kSignals[i], &action, nullptr);
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
