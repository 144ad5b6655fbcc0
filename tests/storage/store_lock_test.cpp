#include "storage/store_lock.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "tests/storage/temporary_directory.h"
#include "tests/support/error_text.h"

namespace rollcall {
namespace {

TEST(StoreLock, IsHeldUntilDestroyed) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("LOCK");
  {
    const Result<StoreLock> first = StoreLock::acquire(path);
    ASSERT_TRUE(first.ok()) << first.status().to_string();
    const Result<StoreLock> second = StoreLock::acquire(path);
    EXPECT_EQ(second.status().code(), StatusCode::kBusy);
    EXPECT_TRUE(repeats(second.status(), path));
    EXPECT_TRUE(repeats(second.status(), " " + std::to_string(::getpid()) + " "))
        << second.status().message();
  }
  EXPECT_TRUE(StoreLock::acquire(path).ok());
}

TEST(StoreLock, NamesTheProcessThatHoldsIt) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("LOCK");
  int ready[2];
  int leave[2];
  ASSERT_EQ(::pipe(ready), 0);
  ASSERT_EQ(::pipe(leave), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const Result<StoreLock> lock = StoreLock::acquire(path);
    char byte = lock.ok() ? 'y' : 'n';
    if (::write(ready[1], &byte, 1) != 1) ::_exit(1);
    ::_exit(::read(leave[0], &byte, 1) == 1 ? 0 : 1);  // without a destructor, as in a crash
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'y');
  const Result<StoreLock> refused = StoreLock::acquire(path);
  EXPECT_EQ(refused.status().code(), StatusCode::kBusy);
  EXPECT_TRUE(repeats(refused.status(), " " + std::to_string(child) + " "))
      << refused.status().message();

  ASSERT_EQ(::write(leave[1], &byte, 1), 1);
  int wait_status = 0;
  ::waitpid(child, &wait_status, 0);
  EXPECT_EQ(wait_status, 0);
  EXPECT_TRUE(StoreLock::acquire(path).ok());
  for (const int end : {ready[0], ready[1], leave[0], leave[1]}) ::close(end);
}

TEST(StoreLock, MissingDirectoryIsAnError) {
  EXPECT_EQ(StoreLock::acquire("/nowhere/at/all/LOCK").status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace rollcall
