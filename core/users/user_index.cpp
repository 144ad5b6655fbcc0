#include "core/users/user_index.h"

#include <algorithm>
#include <array>
#include <bit>

#include "core/base/assert.h"
#include "core/base/byte_codec.h"
#include "core/users/user_hash.h"
#include "kernels/kernel_table.h"
#include "rollcall/partitioner.h"

namespace rollcall {
namespace {

using kernels::kBucketSlots;
using kernels::TaggedSlot;

constexpr std::size_t kSlotsMin = 2 * kBucketSlots;

// Holds the slots that a hash may be in, in the order in which they are filled. The top bits of
// hashes chose the partition and are the same for all.
class ProbeSequence {
 public:
  ProbeSequence(HugeArray<TaggedSlot>& slots, std::uint64_t hash)
      : slots_(slots.data()), mask_(slots.size() - 1), place_(hash * kBucketSlots & mask_) {}
  TaggedSlot& operator*() const { return slots_[place_]; }
  void next() { place_ = (place_ + 1) & mask_; }

 private:
  TaggedSlot* slots_;
  std::size_t mask_;
  std::size_t place_;
};

}  // namespace

std::size_t UserIndex::memory_bytes() const {
  return sizeof(*this) + hashes_.capacity() * sizeof(hashes_[0]) + bytes_.capacity() +
         ends_.capacity() * sizeof(ends_[0]) + erased_.capacity() * sizeof(erased_[0]) +
         slots_.size() * sizeof(TaggedSlot);
}

std::size_t UserIndex::page_bytes(std::uint32_t first) const {
  if (first >= size_) return 0;
  if (kind_ == UserKind::kInteger) return (size_ - first) * sizeof(hashes_[0]);
  return ends_.back() - (first == 0 ? 0 : ends_[first - 1]) + (size_ - first);
}

std::size_t UserIndex::growth_bytes(std::size_t user_count, std::size_t string_bytes) const {
  // What is moved to a larger place is held twice meanwhile.
  const auto grown = [](const auto& column, std::size_t added) {
    const std::size_t size = column.size() + added;
    return size <= column.capacity() ? 0 : std::max(size, 2 * column.size()) * sizeof(column[0]);
  };
  const std::size_t slot_count = slots_for(size_ + user_count);
  const std::size_t slots = slot_count <= slots_.size() ? 0 : slot_count * sizeof(TaggedSlot);
  if (kind_ == UserKind::kInteger) return slots + grown(hashes_, user_count);
  return slots + grown(ends_, user_count) + grown(bytes_, string_bytes);
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
  return kind_ == UserKind::kInteger ? hashes_[ordinal] : hash_user(string(ordinal));
}

std::size_t UserIndex::slots_for(std::size_t user_count) const {
  if (user_count * 8 <= slots_.size() * 5) return slots_.size();
  return std::bit_ceil(std::max(kSlotsMin, user_count * 8 / 5 + 1));
}

void UserIndex::reserve_slots(std::size_t user_count) {
  const std::size_t slot_count = slots_for(user_count);
  if (slot_count > slots_.size()) fill_slots(slot_count);
}

void UserIndex::reserve(std::size_t user_count) {
  reserve_slots(user_count);
  if (kind_ == UserKind::kInteger) {
    hashes_.reserve(user_count);
  } else {
    ends_.reserve(user_count);
  }
}

// Puts every user into `slot_count` new slots.
void UserIndex::fill_slots(std::size_t slot_count) {
  HugeArray<TaggedSlot> slots(slot_count);
  auto next_erased = erased_.begin();
  // They go in the order of ordinals, so that the last user to come is always the last in its probe
  // sequence; truncate relies on it.
  for (std::uint32_t ordinal = 0; ordinal < size_; ++ordinal) {
    if (next_erased != erased_.end() && *next_erased == ordinal) {
      ++next_erased;
      continue;
    }
    const std::uint64_t hash = hash_of(ordinal);
    ProbeSequence slot(slots, hash);
    while ((*slot).number != 0) slot.next();
    *slot = {kernels::tag_of_hash(hash), ordinal + 1};
  }
  slots_ = std::move(slots);
}

template <class Key>
std::uint32_t UserIndex::find_or_add_one(Key user, std::uint64_t hash) {
  const std::uint32_t tag = kernels::tag_of_hash(hash);
  for (ProbeSequence slot(slots_, hash);; slot.next()) {
    if ((*slot).number == 0) {
      ROLLCALL_ASSERT(size_ < ~std::uint32_t{0} - 1);
      push(user);
      *slot = {tag, ++size_};
      return size_ - 1;
    }
    if ((*slot).tag == tag && equals((*slot).number - 1, user)) return (*slot).number - 1;
  }
}

// This is separate from what happens to users that are not there, so that the loop stays in
// registers.
template <class UserAt>
std::size_t UserIndex::take_confirmed(std::size_t begin, std::size_t end,
                                      const std::uint32_t* numbers, UserAt user_at,
                                      std::uint32_t* ordinals) const {
  for (std::size_t i = begin; i < end; ++i) {
    if (numbers[i] == 0 || !equals(numbers[i] - 1, user_at(i))) return i;
    ordinals[i] = numbers[i] - 1;
  }
  return end;
}

template <class UserAt>
void UserIndex::find_or_add_all(std::span<const std::uint64_t> hashes, UserAt user_at,
                                std::uint32_t* ordinals) {
  reserve_slots(size_ + hashes.size());
  const kernels::KernelTable& kernel = *kernels::active_table();
  const std::uint64_t bucket_mask = slots_.size() / kBucketSlots - 1;
  constexpr std::size_t kStrip = 256;
  std::array<std::uint32_t, kStrip> numbers;
  for (std::size_t begin = 0; begin < hashes.size(); begin += kStrip) {
    const std::size_t end = std::min(begin + kStrip, hashes.size());
    kernel.find_tags(slots_.data(), bucket_mask, hashes.data() + begin, numbers.data(),
                     end - begin);
    // The lines that they will be compared with are asked for before the first is compared.
    for (std::size_t i = 0; i < end - begin; ++i) {
      const std::uint32_t ordinal = numbers[i] - (numbers[i] != 0);
      if (kind_ == UserKind::kInteger) {
        __builtin_prefetch(hashes_.data() + ordinal);
      } else {
        __builtin_prefetch(ends_.data() + ordinal);
      }
    }
    for (std::size_t i = 0; i < end - begin && kind_ == UserKind::kString; ++i) {
      if (numbers[i] != 0) __builtin_prefetch(string(numbers[i] - 1).data());
    }
    for (std::size_t i = begin; i < end; ++i) {
      i = take_confirmed(i, end, numbers.data() - begin, user_at, ordinals);
      if (i < end) ordinals[i] = find_or_add_one(user_at(i), hashes[i]);
    }
  }
}

void UserIndex::find_or_add(std::span<const std::uint64_t> hashes, std::uint32_t* ordinals) {
  ROLLCALL_ASSERT(kind_ == UserKind::kInteger);
  find_or_add_all(
      hashes, [&](std::size_t i) { return hashes[i]; }, ordinals);
}

void UserIndex::find_or_add(std::span<const std::uint64_t> hashes, const UserStrings& users,
                            std::uint32_t* ordinals) {
  ROLLCALL_ASSERT(kind_ == UserKind::kString);
  find_or_add_all(
      hashes, [&](std::size_t i) { return users[i]; }, ordinals);
}

void UserIndex::erase(std::span<const std::uint32_t> ordinals) {
  const auto middle = static_cast<std::ptrdiff_t>(erased_.size());
  erased_.insert(erased_.end(), ordinals.begin(), ordinals.end());
  std::inplace_merge(erased_.begin(), erased_.begin() + middle, erased_.end());
  if (kind_ == UserKind::kInteger) {
    for (const std::uint32_t ordinal : ordinals) hashes_[ordinal] = 0;
  } else {
    std::string bytes;
    std::vector<std::uint64_t> ends;
    auto next = ordinals.begin();
    for (std::uint32_t ordinal = 0; ordinal < size_; ++ordinal) {
      if (next != ordinals.end() && *next == ordinal) {
        ++next;
      } else {
        bytes.append(string(ordinal));
      }
      ends.push_back(bytes.size());
    }
    bytes_ = std::move(bytes);
    ends_ = std::move(ends);
  }
  fill_slots(slots_.size());
}

bool UserIndex::is_erased(std::uint32_t ordinal) const {
  return std::binary_search(erased_.begin(), erased_.end(), ordinal);
}

void UserIndex::truncate(std::uint32_t size) {
  while (size_ > size) {
    ProbeSequence slot(slots_, hash_of(size_ - 1));
    while ((*slot).number != size_) slot.next();
    *slot = {};
    if (kind_ == UserKind::kInteger) {
      hashes_.pop_back();
    } else {
      ends_.pop_back();
      bytes_.resize(ends_.empty() ? 0 : ends_.back());
    }
    --size_;
  }
}

UserId UserIndex::user(std::uint32_t ordinal) const {
  if (kind_ == UserKind::kInteger) return unhash_user(hashes_[ordinal]);
  return std::string(string(ordinal));
}

std::optional<std::uint32_t> UserIndex::find(std::uint64_t hash, const UserId& user) const {
  if (size_ == 0) return {};
  const std::uint32_t tag = kernels::tag_of_hash(hash);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t place = hash * kBucketSlots & mask;; place = (place + 1) & mask) {
    const TaggedSlot slot = slots_.data()[place];
    if (slot.number == 0) return {};
    if (slot.tag != tag) continue;
    const auto* const text = std::get_if<std::string>(&user);
    if (text == nullptr ? equals(slot.number - 1, hash) : equals(slot.number - 1, *text)) {
      return slot.number - 1;
    }
  }
}

void UserIndex::serialize(std::uint32_t first, std::uint32_t count, std::string& out) const {
  ByteWriter writer(out);
  writer.varint(count);
  const auto begin = std::lower_bound(erased_.begin(), erased_.end(), first);
  const auto end = std::lower_bound(begin, erased_.end(), first + count);
  writer.varint(static_cast<std::uint64_t>(end - begin));
  for (auto ordinal = begin; ordinal != end; ++ordinal) writer.varint(*ordinal - first);
  if (kind_ == UserKind::kInteger) {
    std::vector<std::uint64_t> users(hashes_.begin() + first, hashes_.begin() + first + count);
    std::transform(users.begin(), users.end(), users.begin(), unhash_user);
    writer.elements(users.data(), users.size());
    return;
  }
  for (std::uint32_t i = first; i < first + count; ++i) writer.text(string(i));
}

void UserIndex::serialize_user(std::uint32_t ordinal, std::string& out) const {
  ByteWriter writer(out);
  if (kind_ == UserKind::kString) return writer.text(string(ordinal));
  const std::uint64_t user = unhash_user(hashes_[ordinal]);
  writer.elements(&user, 1);
}

Status UserIndex::append(std::string_view page) {
  ByteReader reader(page);
  const std::size_t count = reader.count(kind_ == UserKind::kInteger ? sizeof(std::uint64_t) : 1);
  const std::uint32_t size_before = size_;
  const std::size_t erased_before = erased_.size();
  for (std::size_t left = reader.count(1); left > 0 && reader.ok(); --left) {
    const std::uint32_t ordinal =
        size_before + reader.varint_up_to(~std::uint32_t{0} - size_before);
    if (ordinal - size_before >= count ||
        (erased_.size() > erased_before && erased_.back() >= ordinal)) {
      return Status::corruption("users: the erased ones do not ascend, or are not in it");
    }
    erased_.push_back(ordinal);
  }
  reserve_slots(size_ + count);
  auto next_erased = erased_.begin() + static_cast<std::ptrdiff_t>(erased_before);
  const auto add = [&](auto user, std::uint64_t hash) {
    if (next_erased != erased_.end() && *next_erased == size_) {
      ++next_erased;
      push(user);
      ++size_;
    } else {
      find_or_add_one(user, hash);
    }
  };
  if (kind_ == UserKind::kInteger) {
    for (const std::uint64_t user : reader.elements<std::uint64_t>(count)) {
      const std::uint64_t hash = hash_user(user);
      add(hash, hash);
    }
  } else {
    for (std::size_t i = 0; i < count && reader.ok(); ++i) {
      const std::string_view user = reader.text();
      add(user, hash_user(user));
    }
  }
  if (!reader.done()) return Status::corruption("users: their bytes do not add up");
  if (size_ != size_before + count) return Status::corruption("users: a user stands in it twice");
  return {};
}

}  // namespace rollcall
