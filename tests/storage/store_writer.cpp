// Writes commits of a History to a store until it is killed.
//
//   rollcall_store_writer DIR SEED PAGE_COUNT PAGE_BYTES_MAX COMMIT_COUNT
//
// Prints "opened" once the store is its own and the number of each commit once it is durable;
// having made COMMIT_COUNT, it waits with the store open. Ends with 1 and an error when something
// fails.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "rollcall/rocks_store.h"
#include "tests/storage/commits.h"

namespace rollcall {
namespace {

void say(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

Status run(char** arguments) {
  const auto number = [&](int i) { return std::strtoull(arguments[i], nullptr, 10); };
  const History history(number(2), static_cast<std::uint32_t>(number(3)), number(4));
  const Epoch commit_count = number(5);

  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Store> store, open_rocks_store(arguments[1]));
  say("opened");
  ROLLCALL_ASSIGN_OR_RETURN(const std::optional<LastCommit> last, store->last_commit());
  const Epoch first = last ? last->epoch + 1 : 1;
  for (Epoch epoch = first; epoch < first + commit_count; ++epoch) {
    ROLLCALL_RETURN_IF_ERROR(store->commit(history.commit(epoch)));
    say(std::to_string(epoch));
  }
  while (true) ::pause();
}

}  // namespace
}  // namespace rollcall

int main(int argument_count, char** arguments) {
  if (argument_count != 6) return 2;
  std::fprintf(stderr, "%s\n", rollcall::run(arguments).to_string().c_str());
  return 1;
}
