#include "core/users/user_index.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>

#include "core/users/user_hash.h"
#include "rollcall/partitioner.h"

namespace rollcall {
namespace {

std::vector<std::uint32_t> add(UserIndex& index, const std::vector<std::uint64_t>& users) {
  std::vector<std::uint64_t> hashes;
  for (const std::uint64_t user : users) hashes.push_back(hash_user(user));
  std::vector<std::uint32_t> ordinals(users.size());
  index.find_or_add(hashes, ordinals.data());
  return ordinals;
}

std::vector<std::uint32_t> add(UserIndex& index, const std::vector<std::string>& users,
                               std::optional<std::uint64_t> hash = {}) {
  std::vector<std::uint64_t> hashes;
  std::string bytes = "before";
  const auto begin = static_cast<std::uint32_t>(bytes.size());
  std::vector<std::uint32_t> ends;
  for (const std::string& user : users) {
    hashes.push_back(hash.value_or(hash_user(user)));
    bytes += user;
    ends.push_back(static_cast<std::uint32_t>(bytes.size()));
  }
  std::vector<std::uint32_t> ordinals(users.size());
  index.find_or_add(hashes, UserStrings{bytes.data(), ends.data(), begin}, ordinals.data());
  return ordinals;
}

template <class Key>
void agrees_with_a_map(UserKind kind, const std::vector<Key>& pool) {
  UserIndex index(kind);
  std::map<Key, std::uint32_t> expected;
  std::mt19937 random(5);
  for (int batch = 0; batch < 40; ++batch) {
    std::vector<Key> users;
    for (std::size_t i = 0; i < 100; ++i) users.push_back(pool[random() % pool.size()]);
    const bool take_back = batch % 4 == 3;
    const std::uint32_t size_before = index.size();
    const auto expected_before = expected;
    const std::vector<std::uint32_t> ordinals = add(index, users);
    for (std::size_t i = 0; i < users.size(); ++i) {
      const auto [entry, made] =
          expected.emplace(users[i], static_cast<std::uint32_t>(expected.size()));
      ASSERT_EQ(ordinals[i], entry->second);
      ASSERT_EQ(std::get<Key>(index.user(ordinals[i])), users[i]);
    }
    if (take_back) {
      index.truncate(size_before);
      expected = expected_before;
    }
    ASSERT_EQ(index.size(), expected.size());
  }
  UserIndex read(kind);
  for (std::uint32_t first = 0; first < index.size(); first += 7) {
    std::string page;
    index.serialize(first, std::min(7u, index.size() - first), page);
    ASSERT_TRUE(read.append(page).ok());
  }
  ASSERT_EQ(read.size(), index.size());
  for (std::uint32_t i = 0; i < index.size(); ++i) ASSERT_EQ(read.user(i), index.user(i));
}

TEST(UserIndex, IntegersAgreeWithAMap) {
  std::vector<std::uint64_t> pool = {0, 1, ~std::uint64_t{0}, std::uint64_t{1} << 63};
  for (std::uint64_t i = 0; i < 2000; ++i) pool.push_back(i * 0x9e3779b97f4a7c15u);
  agrees_with_a_map(UserKind::kInteger, pool);
}

TEST(UserIndex, StringsAgreeWithAMap) {
  std::vector<std::string> pool = {
      "a", "b", "ü", "🙂", std::string(1, '\0'), std::string(65536, 'x')};
  for (int i = 0; i < 2000; ++i) pool.push_back("user-" + std::to_string(i * 7919));
  agrees_with_a_map(UserKind::kString, pool);
}

// Two users must not be taken for one because their hashes are equal.
TEST(UserIndex, UsersWithOneHashAreKeptApart) {
  UserIndex index(UserKind::kString);
  const std::vector<std::string> users = {"ann", "bob", "cem"};
  const std::uint64_t hash = 0x1234567812345678u;
  EXPECT_EQ(add(index, users, hash), (std::vector<std::uint32_t>{0, 1, 2}));
  EXPECT_EQ(add(index, users, hash), (std::vector<std::uint32_t>{0, 1, 2}));
}

TEST(UserIndex, AppendRefusesDamage) {
  UserIndex index(UserKind::kString);
  add(index, std::vector<std::string>{"ann", "bob"});
  std::string page;
  index.serialize(0, 2, page);
  for (std::size_t size = 0; size < page.size(); ++size) {
    UserIndex read(UserKind::kString);
    EXPECT_FALSE(read.append(std::string_view(page).substr(0, size)).ok()) << size;
  }
  UserIndex twice(UserKind::kString);
  ASSERT_TRUE(twice.append(page).ok());
  EXPECT_EQ(twice.append(page).message(), "users: a user stands in it twice");
}

// A bucket that is full spills over into the next one, and back again.
TEST(UserIndex, UsersOfOneBucketAreFoundAgain) {
  UserIndex index(UserKind::kInteger);
  std::vector<std::uint64_t> users;
  for (std::uint64_t i = 0; i < 100; ++i) users.push_back(unhash_user(i << 20 | 5));
  const std::vector<std::uint32_t> ordinals = add(index, users);
  EXPECT_EQ(add(index, users), ordinals);
  index.truncate(50);
  EXPECT_EQ(add(index, users), ordinals);
}

// The numbers that decide where stored users are may never change.
TEST(Partitioner, HashesAreFrozen) {
  EXPECT_EQ(hash_user(std::uint64_t{0}), 0u);
  EXPECT_EQ(hash_user(std::uint64_t{1}), 0xb456bcfc34c2cb2cu);
  EXPECT_EQ(hash_user(std::uint64_t{42}), 0x810879608e4259ccu);
  EXPECT_EQ(hash_user(std::string_view("")), 0x2d06800538d394c2u);
  for (const std::uint64_t user : {std::uint64_t{0}, std::uint64_t{42}, ~std::uint64_t{0}}) {
    EXPECT_EQ(unhash_user(hash_user(user)), user);
  }
  EXPECT_EQ(Partitioner(64)(~std::uint64_t{0}), 63u);
  EXPECT_EQ(Partitioner(1)(~std::uint64_t{0}), 0u);
  EXPECT_EQ(Partitioner(2)(std::uint64_t{1} << 63), 1u);
}

TEST(UserIndex, ErasedUsersAreFoundNoMoreAndTheirOrdinalsStayTaken) {
  for (const UserKind kind : {UserKind::kInteger, UserKind::kString}) {
    UserIndex index(kind);
    const auto add_one = [&](std::uint64_t user) {
      return kind == UserKind::kInteger
                 ? add(index, std::vector<std::uint64_t>{user})[0]
                 : add(index, std::vector<std::string>{std::to_string(user)})[0];
    };
    for (std::uint64_t user = 0; user < 100; ++user) add_one(user);
    index.erase(std::vector<std::uint32_t>{0, 7, 50});
    index.erase(std::vector<std::uint32_t>{49});
    for (int time = 0; time < 2; ++time) {
      EXPECT_EQ(index.size(), 100u);
      EXPECT_EQ(index.erased_count(), 4u);
      for (std::uint64_t number = 0; number < 100; ++number) {
        const UserId user =
            kind == UserKind::kInteger ? UserId(number) : UserId(std::to_string(number));
        const std::uint64_t hash =
            kind == UserKind::kInteger ? hash_user(number) : hash_user(std::to_string(number));
        const bool erased = number == 0 || number == 7 || number == 49 || number == 50;
        ASSERT_EQ(index.find(hash, user).has_value(), !erased) << number;
      }
      std::string first, second;
      index.serialize(0, 50, first);
      index.serialize(50, 50, second);
      EXPECT_EQ(kind == UserKind::kString && second.find("50") != std::string::npos, false);
      UserIndex read(kind);
      ASSERT_TRUE(read.append(first).ok());
      ASSERT_TRUE(read.append(second).ok());
      index = std::move(read);
    }
    EXPECT_EQ(add_one(7), 100u);
    index.truncate(100);
    EXPECT_EQ(add_one(8), 8u);
  }
}

}  // namespace
}  // namespace rollcall
