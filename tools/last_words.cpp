#include "tools/last_words.h"

#include <unistd.h>

#include <array>
#include <csignal>

#include "tools/text.h"

namespace rollcall::tools {
namespace {

constexpr std::array<int, 3> kSignals = {SIGINT, SIGTERM, SIGHUP};

std::array<struct sigaction, kSignals.size()> actions_before;
std::string text;  // set before the handler is

void handle(int signal) {
  [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, text.data(), text.size());
  _exit(128 + signal);
}

}  // namespace

LastWords::LastWords(const std::string& words) {
  text = "\nrollcall: interrupted; " + printable(words) + "\n";
  struct sigaction action {};
  action.sa_handler = handle;
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    ::sigaction(kSignals[i], nullptr, &actions_before[i]);
    if (actions_before[i].sa_handler != SIG_IGN) ::sigaction(kSignals[i], &action, nullptr);
  }
}

LastWords::~LastWords() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    ::sigaction(kSignals[i], &actions_before[i], nullptr);
  }
}

}  // namespace rollcall::tools
