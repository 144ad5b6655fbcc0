#include "core/users/forgotten_users.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <random>
#include <set>
#include <string>
#include <string_view>

#include "core/users/user_hash.h"
#include "tests/support/run_size.h"

namespace rollcall {
namespace {

std::string bytes_of(const ForgottenUsers& users) {
  std::string bytes;
  users.serialize(bytes);
  return bytes;
}

TEST(ForgottenUsers, HasTheUsersThatWereAddedAndNoOthers) {
  std::mt19937_64 random(testing::run_seed());
  ForgottenUsers users;
  EXPECT_TRUE(users.empty());
  std::set<std::uint64_t> numbers;
  std::set<std::string> names;
  for (int i = 0; i < 300; ++i) {
    const std::uint64_t number = random() % 1000;
    const std::string name(random() % 40, static_cast<char>('a' + random() % 3));
    users.add(number);
    users.add(name);
    numbers.insert(number);
    names.insert(name);
  }
  EXPECT_EQ(users.size(), numbers.size() + names.size());
  const Result<ForgottenUsers> read = ForgottenUsers::deserialize(bytes_of(users));
  ASSERT_TRUE(read.ok());
  for (const ForgottenUsers* each : std::initializer_list<const ForgottenUsers*>{&users, &*read}) {
    EXPECT_EQ(each->size(), users.size());
    for (std::uint64_t number = 0; number < 1000; ++number) {
      ASSERT_EQ(each->contains(UserId(number)), numbers.contains(number)) << number;
      ASSERT_EQ(each->contains(hash_user(number)), numbers.contains(number)) << number;
    }
    for (std::size_t size = 0; size < 40; ++size) {
      for (const char letter : {'a', 'b', 'c', 'd'}) {
        const std::string name(size, letter);
        ASSERT_EQ(each->contains(UserId(name)), names.contains(name)) << name;
        ASSERT_EQ(each->contains(std::string_view(name)), names.contains(name)) << name;
      }
    }
  }
  EXPECT_EQ(bytes_of(*read), bytes_of(users));
}

TEST(ForgottenUsers, CannotBeComparedBetweenStores) {
  ForgottenUsers a, b;
  a.add(std::string("ann"));
  b.add(std::string("ann"));
  EXPECT_NE(bytes_of(a), bytes_of(b));  // each draws a seed
}

TEST(ForgottenUsers, RefusesBytesThatDoNotAddUp) {
  ForgottenUsers users;
  users.add(std::uint64_t{1});
  const std::string bytes = bytes_of(users);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(ForgottenUsers::deserialize(bytes.substr(0, size)).status().code(),
              StatusCode::kCorruption)
        << size;
  }
  EXPECT_FALSE(ForgottenUsers::deserialize(bytes + '\0').ok());
  constexpr std::size_t kSeedBytes = 8;
  const std::string digest = bytes.substr(kSeedBytes + 1);
  const std::string twice = bytes.substr(0, kSeedBytes) + '\2' + digest + digest;
  EXPECT_EQ(ForgottenUsers::deserialize(twice).status().code(), StatusCode::kCorruption);
}

}  // namespace
}  // namespace rollcall
