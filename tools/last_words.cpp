#include "tools/last_words.h"

#include <unistd.h>

#include <array>
#include <csignal>

#include "tools/interrupt.h"
#include "tools/text.h"

namespace rollcall::tools {
namespace {

std::array<struct sigaction, kEndingSignals.size()> actions_before_words;
std::string said_at_end;  // set before the handler is

void write_last_words(int signal) {
  [[maybe_unused]] const ssize_t ignored =
      ::write(STDERR_FILENO, said_at_end.data(), said_at_end.size());
  _exit(128 + signal);
}

}  // namespace

LastWords::LastWords(const std::string& words) {
  said_at_end = "\nrollcall: interrupted; " + printable(words) + "\n";
  struct sigaction action {};
  action.sa_handler = write_last_words;
  for (std::size_t i = 0; i < kEndingSignals.size(); ++i) {
    ::sigaction(kEndingSignals[i], nullptr, &actions_before_words[i]);
    if (actions_before_words[i].sa_handler != SIG_IGN)
      ::sigaction(kEndingSignals[i], &action, nullptr);
  }
}

LastWords::~LastWords() {
  for (std::size_t i = 0; i < kEndingSignals.size(); ++i) {
    ::sigaction(kEndingSignals[i], &actions_before_words[i], nullptr);
  }
}

}  // namespace rollcall::tools
