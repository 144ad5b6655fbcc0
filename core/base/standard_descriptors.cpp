#include "rollcall/standard_descriptors.h"
#include "core/base/mutex.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <iterator>
#include <string>
#include <system_error>

namespace rollcall {
namespace {

bool is_open(int descriptor) { return ::fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF; }

std::array<std::atomic<bool>, 3> closed_before{};

}  // namespace

Status open_standard_descriptors() {
  static Mutex mutex;  // two that open at a time would take each other's number
  for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; ++descriptor) {
    if (is_open(descriptor)) continue;
    const MutexLock lock(mutex);
    closed_before.at(static_cast<std::size_t>(descriptor)) = true;
    // The lowest free number is given out, which is that of one of the three, because those before
    // it are open.
    while (!is_open(descriptor)) {
      // Programs that this one starts inherit it and need it just as much.
      const int opened = ::open("/dev/null", O_WRONLY);
      if (opened < 0) {
        return Status::failed_precondition(
            "descriptor " + std::to_string(descriptor) +
            " is closed, and a file would get its number: /dev/null cannot be opened in its "
            "place: " +
            std::generic_category().message(errno));
      }
      if (opened > STDERR_FILENO) ::close(opened);  // the host has opened one meanwhile
    }
  }
  return {};
}

bool was_closed(int descriptor) {
  return descriptor >= 0 && descriptor < std::ssize(closed_before) &&
         closed_before.at(static_cast<std::size_t>(descriptor));
}

}  // namespace rollcall
