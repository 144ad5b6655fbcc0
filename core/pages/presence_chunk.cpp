#include "core/pages/presence_chunk.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "core/base/assert.h"
#include "core/base/byte_codec.h"
#include "kernels/kernel_table.h"

namespace rollcall {
namespace {

constexpr std::size_t kWordsStep = 8;  // one cache line
// A bitset's bytes are divided by this before they are compared with those of the other forms. In
// memory, a set is an array or runs only if that saves a lot, because every question would have to
// turn it into a bitset again, bit by bit. At a density of 5 %, a union of 30 days took six times
// as long.
constexpr std::size_t kBitsetShareInMemory = 3;

std::size_t words_for(std::uint32_t ordinal_max) {
  return (ordinal_max / 64 / kWordsStep + 1) * kWordsStep;
}

// Calls visit(first, last) for every run of set bits.
template <class Visit>
void for_each_run(BitSpan set, Visit visit) {
  std::uint32_t position = 0;
  const auto end = static_cast<std::uint32_t>(set.word_count * 64);
  const auto next = [&](std::uint32_t from, bool value) {
    while (from < end) {
      std::uint64_t word = set.words[from / 64];
      if (!value) word = ~word;
      word &= ~std::uint64_t{0} << (from % 64);
      if (word != 0) {
        return from / 64 * 64 + static_cast<std::uint32_t>(std::countr_zero(word));
      }
      from = from / 64 * 64 + 64;
    }
    return end;
  };
  for (;;) {
    const std::uint32_t first = next(position, /*value=*/true);
    if (first == end) return;
    position = next(first, /*value=*/false);
    visit(first, position - 1);
  }
}

template <class Visit>
void for_each_ordinal(BitSpan set, Visit visit) {
  for (std::size_t i = 0; i < set.word_count; ++i) {
    for (std::uint64_t word = set.words[i]; word != 0; word &= word - 1) {
      visit(static_cast<std::uint16_t>(i * 64 + static_cast<unsigned>(std::countr_zero(word))));
    }
  }
}

void set_range(std::uint64_t* words, std::uint32_t first, std::uint32_t last) {
  const std::uint64_t head = ~std::uint64_t{0} << (first % 64);
  const std::uint64_t tail = ~std::uint64_t{0} >> (63 - last % 64);
  if (first / 64 == last / 64) {
    words[first / 64] |= head & tail;
    return;
  }
  words[first / 64] |= head;
  for (std::uint32_t i = first / 64 + 1; i < last / 64; ++i) words[i] = ~std::uint64_t{0};
  words[last / 64] |= tail;
}

}  // namespace

std::uint32_t PresenceChunk::cardinality() const {
  switch (form_) {
    case Form::kArray:
      return static_cast<std::uint32_t>(shorts_.size());
    case Form::kBitset:
      return static_cast<std::uint32_t>(
          kernels::active_table()->count(words_.data(), words_.size()));
    case Form::kRuns: {
      std::uint32_t count = 0;
      for (std::size_t i = 0; i < shorts_.size(); i += 2) {
        count += std::uint32_t{shorts_[i + 1]} - shorts_[i] + 1;
      }
      return count;
    }
  }
  return 0;
}

std::size_t PresenceChunk::memory_bytes() const {
  return sizeof(*this) + shorts_.capacity() * sizeof(shorts_[0]) +
         words_.capacity() * sizeof(words_[0]);
}

std::uint32_t PresenceChunk::ordinal_max() const {
  if (form_ != Form::kBitset) return shorts_.empty() ? 0 : shorts_.back();
  for (std::size_t i = words_.size(); i-- > 0;) {
    if (words_[i] != 0) {
      return static_cast<std::uint32_t>(i * 64 + 63) -
             static_cast<std::uint32_t>(std::countl_zero(words_[i]));
    }
  }
  return 0;
}

void PresenceChunk::fill(std::uint64_t* words) const {
  if (form_ == Form::kArray) {
    for (const std::uint16_t ordinal : shorts_) {
      words[ordinal / 64] |= std::uint64_t{1} << (ordinal % 64);
    }
  } else {
    for (std::size_t i = 0; i < shorts_.size(); i += 2)
      set_range(words, shorts_[i], shorts_[i + 1]);
  }
}

void PresenceChunk::grow_words(std::uint32_t ordinal_max) {
  const std::size_t needed = words_for(ordinal_max);
  if (needed <= words_.size()) return;
  // It doubles, because users arrive one by one while the set is hot.
  words_.resize(std::min(kChunkWords, std::max(needed, words_.size() * 2)));
}

void PresenceChunk::become_bitset() {
  if (form_ == Form::kBitset) return;
  words_.assign(words_for(ordinal_max()), 0);
  fill(words_.data());
  std::vector<std::uint16_t>().swap(shorts_);  // {} would keep the memory
  form_ = Form::kBitset;
}

void PresenceChunk::add(std::span<const std::uint32_t> ordinals) {
  if (ordinals.empty()) return;
  if (form_ == Form::kArray && shorts_.size() + ordinals.size() <= kHotArrayOrdinalsMax) {
    for (const std::uint32_t ordinal : ordinals) {
      const auto low = static_cast<std::uint16_t>(ordinal);
      const auto place = std::lower_bound(shorts_.begin(), shorts_.end(), low);
      if (place == shorts_.end() || *place != low) shorts_.insert(place, low);
    }
    return;
  }
  become_bitset();
  std::uint32_t highest = 0;
  for (const std::uint32_t ordinal : ordinals)
    highest = std::max(highest, ordinal % kChunkOrdinals);
  grow_words(highest);
  kernels::active_table()->set_bits(words_.data(), ordinals.data(), ordinals.size());
}

std::uint64_t* PresenceChunk::reserve(std::size_t added_count, std::uint32_t ordinal_end) {
  if (form_ == Form::kArray && shorts_.size() + added_count <= kHotArrayOrdinalsMax) return nullptr;
  become_bitset();
  grow_words(ordinal_end - 1);
  return words_.data();
}

void PresenceChunk::add(BitSpan users) {
  if (users.empty()) return;
  become_bitset();
  if (words_.size() < users.word_count) words_.resize(users.word_count);
  kernels::active_table()->or_into(words_.data(), users.words, users.word_count);
}

bool PresenceChunk::contains(std::uint32_t ordinal) const {
  const std::size_t word = ordinal % kChunkOrdinals / 64;
  if (form_ == Form::kBitset) return word < words_.size() && (words_[word] >> (ordinal % 64) & 1);
  const auto low = static_cast<std::uint16_t>(ordinal);
  const auto place = std::upper_bound(shorts_.begin(), shorts_.end(), low);
  const auto before = static_cast<std::size_t>(place - shorts_.begin());
  if (before > 0 && shorts_[before - 1] == low) return true;
  // The ordinal lies within a run, after its first and before its last.
  return form_ == Form::kRuns && before % 2 == 1;
}

void PresenceChunk::remove(std::uint32_t ordinal) {
  if (!contains(ordinal)) return;
  become_bitset();
  words_[ordinal % kChunkOrdinals / 64] &= ~(std::uint64_t{1} << (ordinal % 64));
}

std::size_t PresenceChunk::run_count() const {
  std::size_t count = 0;
  if (form_ == Form::kRuns) return shorts_.size() / 2;
  if (form_ == Form::kArray) {
    for (std::size_t i = 0; i < shorts_.size(); ++i) {
      count += i == 0 || shorts_[i] != shorts_[i - 1] + 1;
    }
    return count;
  }
  std::uint64_t carry = 0;  // the last bit of the word before
  for (const std::uint64_t word : words_) {
    count += static_cast<std::size_t>(std::popcount(word & ~((word << 1) | carry)));
    carry = word >> 63;
  }
  return count;
}

PresenceChunk::Form PresenceChunk::smallest_form(std::size_t bitset_share) const {
  const std::size_t array_bytes = cardinality() * sizeof(std::uint16_t);
  const std::size_t run_bytes = run_count() * 2 * sizeof(std::uint16_t);
  const std::size_t bitset_bytes = words_for(ordinal_max()) * sizeof(std::uint64_t) / bitset_share;
  if (bitset_bytes < array_bytes && bitset_bytes <= run_bytes) return Form::kBitset;
  return run_bytes < array_bytes ? Form::kRuns : Form::kArray;
}

void PresenceChunk::compact() { become(smallest_form(kBitsetShareInMemory)); }

void PresenceChunk::become(Form form) {
  if (form == form_ && form_ != Form::kBitset) {
    shorts_.shrink_to_fit();
    return;
  }
  become_bitset();
  if (form == Form::kBitset) {
    words_.resize(words_for(ordinal_max()));
    words_.shrink_to_fit();
    return;
  }
  std::vector<std::uint16_t> shorts;
  const BitSpan set{words_.data(), words_.size()};
  if (form == Form::kArray) {
    shorts.reserve(cardinality());
    for_each_ordinal(set, [&](std::uint16_t ordinal) { shorts.push_back(ordinal); });
  } else {
    shorts.reserve(run_count() * 2);
    for_each_run(set, [&](std::uint32_t first, std::uint32_t last) {
      shorts.push_back(static_cast<std::uint16_t>(first));
      shorts.push_back(static_cast<std::uint16_t>(last));
    });
  }
  shorts_ = std::move(shorts);
  std::vector<std::uint64_t>().swap(words_);
  form_ = form;
}

BitSpan PresenceChunk::expand(std::uint64_t* scratch) const {
  if (form_ == Form::kBitset) return {words_.data(), words_.size()};
  if (shorts_.empty()) return {};
  const std::size_t word_count = words_for(ordinal_max());
  std::memset(scratch, 0, word_count * sizeof(std::uint64_t));
  fill(scratch);
  return {scratch, word_count};
}

void PresenceChunk::serialize(std::string& out) const {
  const Form smallest = smallest_form(1);
  ByteWriter writer(out);
  writer.byte(static_cast<std::uint8_t>(smallest));
  if (smallest == Form::kBitset) {
    const std::size_t word_count = words_for(ordinal_max());
    std::array<std::uint64_t, kChunkWords> scratch;
    writer.varint(word_count);
    writer.elements(expand(scratch.data()).words, word_count);
    return;
  }
  PresenceChunk small = *this;
  small.become(smallest);
  writer.varint(small.shorts_.size());
  writer.elements(small.shorts_.data(), small.shorts_.size());
}

Result<PresenceChunk> PresenceChunk::deserialize(std::string_view bytes) {
  ByteReader reader(bytes);
  PresenceChunk chunk;
  const std::uint8_t form = reader.byte();
  if (form < 1 || form > 3) {
    return Status::corruption("presence: unknown form " + std::to_string(form));
  }
  chunk.form_ = static_cast<Form>(form);
  if (chunk.form_ == Form::kBitset) {
    const std::size_t count = reader.count(sizeof(std::uint64_t));
    chunk.words_ = reader.elements<std::uint64_t>(count);
  } else {
    const std::size_t count = reader.count(sizeof(std::uint16_t));
    chunk.shorts_ = reader.elements<std::uint16_t>(count);
  }
  if (!reader.done()) return Status::corruption("presence: its bytes do not add up");
  ROLLCALL_RETURN_IF_ERROR(chunk.validate());
  if (chunk.smallest_form(kBitsetShareInMemory) == Form::kBitset) chunk.become_bitset();
  return chunk;
}

Status PresenceChunk::validate() const {
  switch (form_) {
    case Form::kArray:
      if (std::adjacent_find(shorts_.begin(), shorts_.end(), std::greater_equal<>()) !=
          shorts_.end()) {
        return Status::corruption("presence: the array does not ascend");
      }
      break;
    case Form::kBitset:
      if (words_.size() % kWordsStep != 0 || words_.size() > kChunkWords) {
        return Status::corruption("presence: a bitset of " + std::to_string(words_.size()) +
                                  " words (allowed: multiples of 8 up to 1024)");
      }
      break;
    case Form::kRuns:
      if (shorts_.size() % 2 != 0) return Status::corruption("presence: half a run");
      for (std::size_t i = 0; i < shorts_.size(); i += 2) {
        if (shorts_[i] > shorts_[i + 1] ||
            (i > 0 && std::uint32_t{shorts_[i]} <= std::uint32_t{shorts_[i - 1]} + 1)) {
          return Status::corruption("presence: the runs do not ascend, or touch");
        }
      }
      break;
  }
  return {};
}

}  // namespace rollcall
