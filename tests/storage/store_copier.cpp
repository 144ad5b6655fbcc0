// Copies a store and kills itself on the way.
//
//   rollcall_store_copier FROM TO STEP
//
// STEP is the number of the step, as copy_rocks_store() counts them, after which it dies. Ends with
// 0 when the copy has fewer steps, and with 1 and an error when it fails.

#include <signal.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "rollcall/store_copy.h"

int main(int argument_count, char** arguments) {
  if (argument_count != 4) return 2;
  const std::uint64_t last_step = std::strtoull(arguments[3], nullptr, 10);
  const rollcall::Status status =
      rollcall::copy_rocks_store(arguments[1], arguments[2],
                                 [&](std::uint64_t done, std::uint64_t) {
                                   if (done == last_step) ::raise(SIGKILL);
                                 })
          .status();
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", status.to_string().c_str());
  return 1;
}
