// Holds the forgotten users. Their later events are recognised, but their ids cannot be listed.
//
// For each user, a hash of 128 bits is kept (XXH3, with a seed of the store's own), so that a
// source that is read again does not bring the user back. Somebody who has the store and guesses an
// id can see whether it was forgotten; nobody can read the ids from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>

#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

class ForgottenUsers {
 public:
  bool empty() const { return digests_.empty(); }
  std::size_t size() const { return digests_.size(); }

  void add(const UserId& user);
  bool contains(std::uint64_t hash) const;  // takes hash_user of an integer user
  bool contains(std::string_view user) const;
  bool contains(const UserId& user) const;

  void serialize(std::string& out) const;
  static Result<ForgottenUsers> deserialize(std::string_view bytes);

 private:
  struct Digest {
    std::uint64_t low = 0;
    std::uint64_t high = 0;

    friend auto operator<=>(const Digest&, const Digest&) = default;
  };
  struct Hash {
    std::size_t operator()(const Digest& digest) const { return digest.low; }
  };
  Digest digest_of(const void* bytes, std::size_t size) const;
  Digest digest_of(const UserId& user) const;

  std::uint64_t seed_ = 0;  // drawn with the first user
  std::unordered_set<Digest, Hash> digests_;
};

}  // namespace rollcall
