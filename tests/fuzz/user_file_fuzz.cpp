// This fuzzes lists of users in files: lines, CSV, JSON and Roaring, compressed or not.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rollcall/user_file.h"

#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rollcall;
  static const int file = ::memfd_create("users", 0);
  std::string_view input = fuzz::as_text(data, size);
  const UserKind kind = fuzz::take_choice(input) % 2 == 0 ? UserKind::kString : UserKind::kInteger;
  fuzz::require(::ftruncate(file, 0) == 0 &&
                    ::pwrite(file, input.data(), input.size(), 0) == ssize_t(input.size()),
                "no file in memory");
  const Result<std::vector<UserId>> users =
      read_user_file("/proc/self/fd/" + std::to_string(file), kind);
  if (!users.ok()) {
    const StatusCode code = users.status().code();
    // A set of texts has no dictionary here.
    const bool may_lack = kind == UserKind::kString && code == StatusCode::kNotFound;
    fuzz::require(code == StatusCode::kInvalidArgument || code == StatusCode::kCorruption ||
                      code == StatusCode::kUnsupported || may_lack,
                  users.status().to_string());
    return 0;
  }
  const bool may_be_packed = input.size() > 9;
  fuzz::require(may_be_packed || users->size() <= input.size(), "more users than bytes");
  for (const UserId& user : *users) {
    fuzz::require((user.index() == 0) == (kind == UserKind::kInteger), "a user of the other kind");
  }
  return 0;
}
