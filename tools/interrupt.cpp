#include "tools/interrupt.h"

#include <pthread.h>
#include <unistd.h>

#include <csignal>
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

bool InterruptGuard::is_due() const {
  sigset_t pending;
  sigpending(&pending);
  return sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1;
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

}  // namespace rollcall::tools
