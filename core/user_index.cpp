#include "core/user_index.h"

#include <algorithm>
#include <bit>

#include "core/assert.h"
#include "core/byte_codec.h"
#include "core/partitioner.h"

namespace rollcall {
namespace {

constexpr std::size_t kSlotsMin = 16;
// How far ahead a slot is asked for: enough to hide a miss behind the users before it.
constexpr std::size_t kPrefetchDistance = 16;

// The top bits chose the partition and are the same for all; the low ones choose the slot.
std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 20); }

}  // namespace

std::size_t UserIndex::memory_bytes() const {
  return sizeof(*this) + integers_.capacity() * sizeof(integers_[0]) + bytes_.capacity() +
         ends_.capacity() * sizeof(ends_[0]) + slots_.capacity() * sizeof(slots_[0]);
}

void UserIndex::push(std::string_view user) {
  bytes_.resize(ends_.empty() ? 0 : ends_.back());  // an exception may have cut the last one short
  bytes_.append(user);
  ends_.push_back(bytes_.size());
}

std::string_view UserIndex::string(std::uint32_t ordinal) const {
  const std::uint64_t begin = ordinal == 0 ? 0 : ends_[ordinal - 1];
  return std::string_view(bytes_).substr(begin, ends_[ordinal] - begin);
}

std::uint64_t UserIndex::hash_of(std::uint32_t ordinal) const {
  return kind_ == UserKind::kInteger ? hash_user(integers_[ordinal]) : hash_user(string(ordinal));
}

void UserIndex::reserve_slots(std::size_t user_count) {
  if (user_count * 8 <= slots_.size() * 5) return;
  std::vector<Slot> slots(std::bit_ceil(std::max(kSlotsMin, user_count * 8 / 5 + 1)));
  const std::size_t mask = slots.size() - 1;
  // In the order of ordinals, so that the last user to come is always the last in its probe
  // sequence: truncate relies on it.
  for (std::uint32_t ordinal = 0; ordinal < size_; ++ordinal) {
    const std::uint64_t hash = hash_of(ordinal);
    std::size_t place = hash & mask;
    while (slots[place].ordinal_plus_one != 0) place = (place + 1) & mask;
    slots[place] = {tag_of(hash), ordinal + 1};
  }
  slots_ = std::move(slots);
}

template <class Key>
std::uint32_t UserIndex::find_or_add_one(Key user, std::uint64_t hash) {
  reserve_slots(size_ + std::size_t{1});
  const std::size_t mask = slots_.size() - 1;
  const std::uint32_t tag = tag_of(hash);
  for (std::size_t place = hash & mask;; place = (place + 1) & mask) {
    Slot& slot = slots_[place];
    if (slot.ordinal_plus_one == 0) {
      ROLLCALL_ASSERT(size_ < ~std::uint32_t{0} - 1);
      push(user);
      slot = {tag, ++size_};
      return size_ - 1;
    }
    if (slot.tag == tag && equals(slot.ordinal_plus_one - 1, user)) {
      return slot.ordinal_plus_one - 1;
    }
  }
}

template <class Key>
void UserIndex::find_or_add_all(std::span<const Key> users, std::span<const std::uint64_t> hashes,
                                std::uint32_t* ordinals) {
  reserve_slots(size_ + std::size_t{1});
  for (std::size_t i = 0; i < users.size(); ++i) {
    if (i + kPrefetchDistance < users.size()) {
      __builtin_prefetch(&slots_[hashes[i + kPrefetchDistance] & (slots_.size() - 1)]);
    }
    ordinals[i] = find_or_add_one(users[i], hashes[i]);
  }
}

void UserIndex::find_or_add(std::span<const std::uint64_t> users,
                            std::span<const std::uint64_t> hashes, std::uint32_t* ordinals) {
  ROLLCALL_ASSERT(kind_ == UserKind::kInteger);
  find_or_add_all(users, hashes, ordinals);
}

void UserIndex::find_or_add(std::span<const std::string_view> users,
                            std::span<const std::uint64_t> hashes, std::uint32_t* ordinals) {
  ROLLCALL_ASSERT(kind_ == UserKind::kString);
  find_or_add_all(users, hashes, ordinals);
}

void UserIndex::truncate(std::uint32_t size) {
  const std::size_t mask = slots_.size() - 1;
  while (size_ > size) {
    const std::uint32_t ordinal = size_ - 1;
    std::size_t place = hash_of(ordinal) & mask;
    while (slots_[place].ordinal_plus_one != size_) place = (place + 1) & mask;
    slots_[place] = {};
    if (kind_ == UserKind::kInteger) {
      integers_.pop_back();
    } else {
      ends_.pop_back();
      bytes_.resize(ends_.empty() ? 0 : ends_.back());
    }
    --size_;
  }
}

UserId UserIndex::user(std::uint32_t ordinal) const {
  if (kind_ == UserKind::kInteger) return integers_[ordinal];
  return std::string(string(ordinal));
}

void UserIndex::serialize(std::uint32_t first, std::uint32_t count, std::string& out) const {
  ByteWriter writer(out);
  writer.varint(count);
  if (kind_ == UserKind::kInteger) {
    writer.elements(integers_.data() + first, count);
    return;
  }
  for (std::uint32_t i = first; i < first + count; ++i) writer.text(string(i));
}

Status UserIndex::append(std::string_view page) {
  ByteReader reader(page);
  const std::size_t count = reader.count(kind_ == UserKind::kInteger ? sizeof(std::uint64_t) : 1);
  reserve_slots(size_ + count);
  const std::uint32_t size_before = size_;
  if (kind_ == UserKind::kInteger) {
    for (const std::uint64_t user : reader.elements<std::uint64_t>(count)) {
      find_or_add_one(user, hash_user(user));
    }
  } else {
    for (std::size_t i = 0; i < count && reader.ok(); ++i) {
      const std::string_view user = reader.text();
      find_or_add_one(user, hash_user(user));
    }
  }
  if (!reader.done()) return Status::corruption("users: their bytes do not add up");
  if (size_ != size_before + count) return Status::corruption("users: a user stands in it twice");
  return {};
}

}  // namespace rollcall
