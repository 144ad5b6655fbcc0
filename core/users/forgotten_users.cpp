#include "core/users/forgotten_users.h"

#include <xxhash.h>

#include <algorithm>
#include <random>
#include <variant>
#include <vector>

#include "core/base/byte_codec.h"
#include "core/users/user_hash.h"

namespace rollcall {

ForgottenUsers::Digest ForgottenUsers::digest_of(const void* bytes, std::size_t size) const {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(bytes, size, seed_);
  return {hash.low64, hash.high64};
}

ForgottenUsers::Digest ForgottenUsers::digest_of(const UserId& user) const {
  if (const auto* const text = std::get_if<std::string>(&user)) {
    return digest_of(text->data(), text->size());
  }
  const std::uint64_t hash = hash_user(std::get<std::uint64_t>(user));
  return digest_of(&hash, sizeof hash);
}

void ForgottenUsers::add(const UserId& user) {
  if (empty()) {
    std::random_device random;
    seed_ = std::uint64_t{random()} << 32 | random();
  }
  digests_.insert(digest_of(user));
}

bool ForgottenUsers::contains(std::uint64_t hash) const {
  return digests_.contains(digest_of(&hash, sizeof hash));
}

bool ForgottenUsers::contains(std::string_view user) const {
  return digests_.contains(digest_of(user.data(), user.size()));
}

bool ForgottenUsers::contains(const UserId& user) const {
  return digests_.contains(digest_of(user));
}

void ForgottenUsers::serialize(std::string& out) const {
  std::vector<Digest> sorted(digests_.begin(), digests_.end());
  std::sort(sorted.begin(), sorted.end());
  ByteWriter writer(out);
  writer.elements(&seed_, 1);
  writer.varint(sorted.size());
  writer.elements(sorted.data(), sorted.size());
}

Result<ForgottenUsers> ForgottenUsers::deserialize(std::string_view bytes) {
  ByteReader reader(bytes);
  ForgottenUsers users;
  const std::vector<std::uint64_t> seed = reader.elements<std::uint64_t>(1);
  const std::size_t count = reader.count(sizeof(Digest));
  const std::vector<Digest> digests = reader.elements<Digest>(count);
  if (!reader.done()) return Status::corruption("forgotten users: their bytes do not add up");
  users.seed_ = seed.front();
  users.digests_.insert(digests.begin(), digests.end());
  if (users.size() != count) {
    return Status::corruption("forgotten users: one stands there twice");
  }
  return users;
}

}  // namespace rollcall
