// Writes commits of a History to a store until it is killed.
//
//   rollcall_store_writer DIR SEED PAGE_COUNT PAGE_BYTES_MAX COMMIT_COUNT STEP
//
// Prints "opened" once the store is its own and the number of each commit once it is durable;
// having made COMMIT_COUNT, it waits with the store open. Alternatively, it kills itself within the
// next commit, if STEP is "encode", before the last page, or "manifest", before the commit record.
// Ends with 1 and an error when something fails.

#include <signal.h>
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
  const std::string step = arguments[6];
  Commit last_commit = history.commit(first + commit_count);
  if (step == "encode") {
    last_commit.encode = [encode = last_commit.encode, last_page = last_commit.pages.size() - 1](
                             std::size_t page, std::string& bytes) {
      if (page == last_page) ::raise(SIGKILL);
      return encode(page, bytes);
    };
  } else if (step == "manifest") {
    last_commit.manifest = [] {
      ::raise(SIGKILL);
      return std::string();
    };
  } else {
    while (true) ::pause();
  }
  return store->commit(last_commit);
}

}  // namespace
}  // namespace rollcall

int main(int argument_count, char** arguments) {
  if (argument_count != 7) return 2;
  std::fprintf(stderr, "%s\n", rollcall::run(arguments).to_string().c_str());
  return 1;
}
