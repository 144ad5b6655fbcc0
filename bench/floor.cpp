#include "bench/floor.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <thread>
#include <utility>
#include <vector>

#include "bench/huge_array.h"

namespace rollcall::bench {
namespace {

constexpr std::int64_t kDayUs = 86'400'000'000;
constexpr std::size_t kAhead = 24;  // records between a prefetch and its use
constexpr std::uint32_t kFirstValued = kPurchase;

// These are the finish of MurmurHash3 and its inverse.
std::uint64_t scramble(std::uint64_t x) {
  x = (x ^ (x >> 33)) * 0xff51afd7ed558ccdu;
  x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53u;
  return x ^ (x >> 33);
}
std::uint64_t unscramble(std::uint64_t x) {
  x = (x ^ (x >> 33)) * 0x9cb4b2f8129337dbu;
  x = (x ^ (x >> 33)) * 0x4f74430c22a54005u;
  return x ^ (x >> 33);
}

// Returns how many bits a number takes.
int width_of(std::uint64_t x) { return 64 - std::countl_zero(x); }

// Runs work(0) to work(threads - 1) at once.
template <class Work>
void run_threads(unsigned threads, Work work) {
  std::vector<std::jthread> others;
  for (unsigned thread = 1; thread < threads; ++thread) others.emplace_back(work, thread);
  work(0U);
}

// Returns the number of a time's day. Times rise, so the day is nearly always the last one's.
class DayOfTime {
 public:
  explicit DayOfTime(Day first_day) : first_us_(first_day.value * kDayUs), day_us_(first_us_) {}

  std::uint32_t operator()(TimeUs time) {
    if (static_cast<std::uint64_t>(time - day_us_) >= static_cast<std::uint64_t>(kDayUs)) {
      day_ = static_cast<std::uint32_t>((time - first_us_) / kDayUs);
      day_us_ = first_us_ + day_ * kDayUs;
    }
    return day_;
  }

 private:
  std::int64_t first_us_, day_us_;
  std::uint32_t day_ = 0;
};

// Holds the sums of a user's values, of each event name that has some.
using Sums = std::array<Amount, kEventNames - kFirstValued>;
static_assert(kFirstValued % 2 == 0 && kEventNames - kFirstValued == 2);

// Returns the number of a day's bitmap of an event name.
std::uint64_t bitmap_of(std::uint32_t day, std::uint64_t event) {
  return day * kEventNames + event;
}

// Holds a bitmap over `users` for each day and event name.
class Bitmaps {
 public:
  Bitmaps(std::uint64_t users, std::int32_t days)
      : word_count_((users + 511) / 512 * 8),
        day_count_(static_cast<std::size_t>(days)),
        words_(word_count_ * day_count_ * kEventNames) {}

  // Sets the bit of a user in a bitmap, which is numbered by day, then event name.
  void set(std::uint64_t user, std::size_t bitmap) {
    words_[bitmap * word_count_ + user / 64] |= std::uint64_t{1} << (user % 64);
  }
  template <class Visit>
  void for_each(Visit visit) const {
    for (std::size_t bitmap = 0; bitmap < day_count_ * kEventNames; ++bitmap) {
      for (std::size_t i = 0; i < word_count_; ++i) {
        for (std::uint64_t bits = words_[bitmap * word_count_ + i]; bits != 0; bits &= bits - 1) {
          visit(i * 64 + static_cast<std::size_t>(std::countr_zero(bits)),
                static_cast<std::uint32_t>(bitmap % kEventNames),
                static_cast<std::int32_t>(bitmap / kEventNames));
        }
      }
    }
  }

 private:
  std::size_t word_count_, day_count_;
  HugeArray<std::uint64_t> words_;
};

// Counts events by bitmap.
class Totals {
 public:
  Totals() = default;
  explicit Totals(std::int32_t days) : events_(static_cast<std::size_t>(days) * kEventNames) {}

  void add(std::size_t bitmap) { ++events_[bitmap]; }
  void add_to(Digest& digest) const {
    for (std::size_t bitmap = 0; bitmap < events_.size(); ++bitmap) {
      digest.counts += digest_of(kEverybody, static_cast<std::uint32_t>(bitmap % kEventNames),
                                 static_cast<std::int32_t>(bitmap / kEventNames)) *
                       events_[bitmap];
    }
  }

 private:
  std::vector<std::uint64_t> events_;
};

void add_sums(const Sums& sums, std::uint64_t user_id, Digest& digest) {
  for (std::uint32_t event = kFirstValued; event < kEventNames; ++event) {
    digest.sums += digest_of(user_id, event, kNoDay) * static_cast<std::uint64_t>(sums[event % 2]);
  }
}

// Holds rows split by part, in a buffer for each writing thread and part. A part may hold twice its
// share of the rows, and what the busiest users bring; `check`, called every kBlock rows, guards
// that.
template <class Record>
class SplitRows {
 public:
  static constexpr std::size_t kBlock = 1024;

  SplitRows(unsigned threads, std::size_t parts, std::size_t round_rows)
      : parts_(parts),
        capacity_(2 * round_rows / threads / parts + round_rows / threads / 32 + kBlock),
        stride_(capacity_ + kBlock + kAhead),
        records_(threads * parts * stride_),
        ends_(threads * parts) {}

  Record* begin(unsigned thread, std::size_t part) {
    return records_.data() + (thread * parts_ + part) * stride_;
  }
  Record*& end(unsigned thread, std::size_t part) { return ends_[thread * parts_ + part]; }
  // `end` is where the part's next record goes.
  void check(unsigned thread, std::size_t part, const Record* end) {
    if (end > begin(thread, part) + capacity_) std::abort();
  }

 private:
  std::size_t parts_, capacity_, stride_;
  HugeArray<Record> records_;
  std::vector<Record*> ends_;
};

// Splits the rows of each round on all threads, then applies its parts on all threads.
template <class Split, class Apply>
void run_rounds(const FloorOptions& options, std::size_t rows, std::size_t parts, Split split,
                Apply apply) {
  for (std::size_t begin = 0; begin < rows; begin += options.round_rows) {
    const std::size_t end = std::min(rows, begin + options.round_rows);
    const std::size_t share = (end - begin + options.threads - 1) / options.threads;
    run_threads(options.threads, [&](unsigned thread) {
      const std::size_t first = std::min(end, begin + thread * share);
      split(thread, first, std::min(end, first + share));
    });
    std::atomic<std::size_t> next_part{0};
    run_threads(options.threads, [&](unsigned) {
      for (std::size_t part; (part = next_part.fetch_add(1)) < parts;) apply(part);
    });
  }
}

// Is a row with a value and a dense id.
struct ValuedRecord {
  std::uint32_t user;
  std::uint32_t event;
  Amount value;
};

// Takes dense ids, row by row. Rows with a value are few, and go a second way.
class DirectDenseFloor final : public Floor {
 public:
  explicit DirectDenseFloor(const FloorOptions& options)
      : day_of_(options.first_day),
        bits_(options.users, options.days),
        totals_(options.days),
        sums_(options.users) {}

  void ingest(const WorkloadColumns& columns) override {
    const WorkloadRows& rows = columns.rows();
    std::vector<std::uint32_t> valued(kBlock);
    for (std::size_t begin = 0; begin < rows.size(); begin += kBlock) {
      const std::size_t end = std::min(rows.size(), begin + kBlock);
      std::size_t valued_count = 0;
      for (std::size_t i = begin; i < end; ++i) {
        const std::uint64_t bitmap = bitmap_of(day_of_(rows.times[i]), rows.events[i]);
        bits_.set(rows.users[i], bitmap);
        totals_.add(bitmap);
        valued[valued_count] = static_cast<std::uint32_t>(i - begin);
        valued_count += rows.events[i] >= kFirstValued;
      }
      for (std::size_t i = 0; i < valued_count; ++i) {
        __builtin_prefetch(&sums_[rows.users[begin + valued[i]]], 1);
      }
      for (std::size_t i = 0; i < valued_count; ++i) {
        const std::size_t row = begin + valued[i];
        sums_[rows.users[row]][rows.events[row] % 2] += rows.values[row];
      }
    }
  }

  Digest digest() const override {
    Digest digest;
    bits_.for_each([&](std::uint64_t user, std::uint32_t event, std::int32_t day) {
      digest.bits += digest_of(user, event, day);
    });
    totals_.add_to(digest);
    for (std::uint64_t user = 0; user < sums_.size(); ++user) add_sums(sums_[user], user, digest);
    return digest;
  }

 private:
  static constexpr std::size_t kBlock = 1024;

  DayOfTime day_of_;
  Bitmaps bits_;
  Totals totals_;
  HugeArray<Sums> sums_;
};

// Takes dense ids, split by ranges of users. A record is 8 bytes: user and bitmap; rows with a
// value, which are few, travel a second time with it.
class SplitDenseFloor final : public Floor {
 public:
  explicit SplitDenseFloor(const FloorOptions& options)
      : options_(options),
        shift_(std::max(9, width_of((options.users - 1) / options.partitions))),
        parts_(static_cast<std::size_t>((options.users - 1) >> shift_) + 1),
        records_(options.threads, parts_, options.round_rows),
        values_(options.threads, parts_, options.round_rows),
        bits_(options.users, options.days),
        totals_(parts_, Totals(options.days)),
        sums_(options.users) {}

  void ingest(const WorkloadColumns& columns) override {
    const WorkloadRows& rows = columns.rows();
    run_rounds(
        options_, rows.size(), parts_,
        [&](unsigned thread, std::size_t begin, std::size_t end) {
          split(rows, thread, begin, end);
        },
        [&](std::size_t part) {
          for (unsigned thread = 0; thread < options_.threads; ++thread) apply(thread, part);
        });
  }

  Digest digest() const override {
    Digest digest;
    bits_.for_each([&](std::uint64_t user, std::uint32_t event, std::int32_t day) {
      digest.bits += digest_of(user, event, day);
    });
    for (const Totals& totals : totals_) totals.add_to(digest);
    for (std::uint64_t user = 0; user < sums_.size(); ++user) add_sums(sums_[user], user, digest);
    return digest;
  }

 private:
  static constexpr int kBitmapShift = 32;

  void split(const WorkloadRows& rows, unsigned thread, std::size_t begin, std::size_t end) {
    std::vector<std::uint64_t*> records(parts_);
    std::vector<ValuedRecord*> values(parts_);
    for (std::size_t part = 0; part < parts_; ++part) {
      records[part] = records_.begin(thread, part);
      values[part] = values_.begin(thread, part);
    }
    DayOfTime day_of(options_.first_day);
    while (begin < end) {
      const std::size_t block_end = std::min(end, begin + records_.kBlock);
      for (std::size_t i = begin; i < block_end; ++i) {
        const std::uint64_t user = rows.users[i], event = rows.events[i];
        const std::size_t part = user >> shift_;
        *records[part]++ = user | bitmap_of(day_of(rows.times[i]), event) << kBitmapShift;
        // It is written for every row and kept if there is a value, so that there is no branch to
        // be mispredicted.
        *values[part] = {static_cast<std::uint32_t>(user), static_cast<std::uint32_t>(event),
                         rows.values[i]};
        values[part] += event >= kFirstValued;
      }
      for (std::size_t part = 0; part < parts_; ++part) {
        records_.check(thread, part, records[part]);
        values_.check(thread, part, values[part]);
      }
      begin = block_end;
    }
    for (std::size_t part = 0; part < parts_; ++part) {
      records_.end(thread, part) = records[part];
      values_.end(thread, part) = values[part];
    }
  }

  void apply(unsigned thread, std::size_t part) {
    Totals& totals = totals_[part];
    const std::uint64_t* const end = records_.end(thread, part);
    for (const std::uint64_t* record = records_.begin(thread, part); record < end; ++record) {
      const std::uint64_t bitmap = *record >> kBitmapShift;
      bits_.set(static_cast<std::uint32_t>(*record), bitmap);
      totals.add(bitmap);
    }
    const ValuedRecord* const values_end = values_.end(thread, part);
    for (const ValuedRecord* record = values_.begin(thread, part); record < values_end; ++record) {
      // What lies past the end is of an earlier round or zero, and so is a user all the same.
      __builtin_prefetch(&sums_[record[kAhead].user], 1);
      sums_[record->user][record->event % 2] += record->value;
    }
  }

  FloorOptions options_;
  int shift_;
  std::size_t parts_;
  SplitRows<std::uint64_t> records_;
  SplitRows<ValuedRecord> values_;
  Bitmaps bits_;
  std::vector<Totals> totals_;  // by part
  HugeArray<Sums> sums_;
};

// Holds a user with a scattered id, in half a cache line.
struct alignas(32) KeyedSums {
  std::uint64_t key;  // the scrambled id
  Sums sums;
};
static_assert(sizeof(KeyedSums) == 32);

// Is a row with a scattered id.
struct KeyedRecord {
  static constexpr int kBitmapBits = 16;
  std::uint64_t key;
  std::int64_t packed;  // value, of 48 bits, and below it the bitmap

  KeyedRecord() = default;
  KeyedRecord(std::uint64_t scrambled, std::uint64_t bitmap, Amount value)
      : key(scrambled), packed(value << kBitmapBits | static_cast<std::int64_t>(bitmap)) {}
  std::uint64_t bitmap() const { return static_cast<std::uint16_t>(packed); }
  Amount value() const { return packed >> kBitmapBits; }
};

// Holds the users of one part, which are found by key. An index of short slots, probed linearly,
// holds the user's ordinal and some bits of the key; these bits tell most slots that hold another
// user, without touching that user's line.
class KeyedPart {
 public:
  KeyedPart() = default;
  // `key_bits` are the leading bits that all keys of the part share.
  KeyedPart(std::uint64_t users_max, std::int32_t days, int key_bits)
      : users_max_(users_max),
        slot_shift_(64 - width_of(2 * users_max - 1)),
        key_bits_(key_bits),
        ordinal_bits_(width_of(users_max)),
        slots_(std::size_t{1} << (64 - slot_shift_)),
        users_(users_max + 1),
        bits_(users_max + 1, days),
        totals_(days) {}

  // Rows are taken in groups, so that the group's cache misses overlap: first on the index, then on
  // the users.
  void apply(const KeyedRecord* records, std::size_t size) {
    for (std::size_t begin = 0; begin < size; begin += kGroup) {
      apply_group(records + begin, std::min(kGroup, size - begin));
    }
  }

  void add_to(Digest& digest) const {
    const auto id_of = [&](std::uint64_t ordinal) { return unscramble(users_[ordinal].key); };
    bits_.for_each([&](std::uint64_t ordinal, std::uint32_t event, std::int32_t day) {
      digest.bits += digest_of(id_of(ordinal), event, day);
    });
    totals_.add_to(digest);
    for (std::uint64_t ordinal = 1; ordinal <= user_count_; ++ordinal) {
      add_sums(users_[ordinal].sums, id_of(ordinal), digest);
    }
  }

 private:
  static constexpr std::size_t kGroup = 32;

  void apply_group(const KeyedRecord* records, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
      __builtin_prefetch(&slots_[slot_of(records[i].key)]);
      __builtin_prefetch(records + i + 2 * kGroup);
    }
    std::array<std::uint32_t, kGroup> likely;
    for (std::size_t i = 0; i < size; ++i) {
      likely[i] = likely_ordinal(records[i].key);
      __builtin_prefetch(&users_[likely[i]], 1);
    }
    for (std::size_t i = 0; i < size; ++i) {
      const KeyedRecord& record = records[i];
      const std::uint32_t ordinal = users_[likely[i]].key == record.key && likely[i] != 0
                                        ? likely[i]
                                        : find_or_insert(record.key);
      bits_.set(ordinal, record.bitmap());
      totals_.add(record.bitmap());
      // The line is at hand, so a value of 0 costs less than a branch.
      users_[ordinal].sums[record.bitmap() % 2] += record.value();
    }
  }

  std::size_t slot_of(std::uint64_t key) const { return (key << key_bits_) >> slot_shift_; }
  std::uint32_t tag_of(std::uint64_t key) const {
    return static_cast<std::uint32_t>(key) << ordinal_bits_;
  }
  std::uint32_t ordinal_in(std::uint32_t slot) const {
    return slot & ((std::uint32_t{1} << ordinal_bits_) - 1);
  }

  // Returns the ordinal, from 1, in the first slot that may hold the key, or 0 if there is none.
  std::uint32_t likely_ordinal(std::uint64_t key) const {
    const std::uint32_t tag = tag_of(key);
    for (std::size_t slot = slot_of(key);; slot = (slot + 1) % slots_.size()) {
      const std::uint32_t ordinal = ordinal_in(slots_[slot]);
      if (ordinal == 0 || slots_[slot] - ordinal == tag) return ordinal;
    }
  }

  std::uint32_t find_or_insert(std::uint64_t key) {
    const std::uint32_t tag = tag_of(key);
    for (std::size_t slot = slot_of(key);; slot = (slot + 1) % slots_.size()) {
      const std::uint32_t ordinal = ordinal_in(slots_[slot]);
      if (ordinal == 0) {
        if (user_count_ == users_max_) std::abort();  // the caller promised that there are fewer
        slots_[slot] = tag | ++user_count_;
        users_[user_count_].key = key;
        return user_count_;
      }
      if (slots_[slot] - ordinal == tag && users_[ordinal].key == key) return ordinal;
    }
  }

  std::uint64_t users_max_ = 0;
  int slot_shift_ = 0, key_bits_ = 0, ordinal_bits_ = 0;
  std::uint32_t user_count_ = 0;
  HugeArray<std::uint32_t> slots_;  // 0: free
  HugeArray<KeyedSums> users_;      // by ordinal; 0 is nobody's
  Bitmaps bits_{0, 0};
  Totals totals_;
};

// Takes scattered ids, row by row (in groups).
class DirectScatteredFloor final : public Floor {
 public:
  explicit DirectScatteredFloor(const FloorOptions& options)
      : day_of_(options.first_day), part_(options.users, options.days, 0) {}

  void ingest(const WorkloadColumns& columns) override {
    const WorkloadRows& rows = columns.rows();
    std::vector<KeyedRecord> records(kRecords + 64);
    for (std::size_t begin = 0; begin < rows.size(); begin += kRecords) {
      const std::size_t size = std::min(kRecords, rows.size() - begin);
      for (std::size_t i = 0; i < size; ++i) {
        const std::size_t row = begin + i;
        records[i] = {scramble(rows.users[row]),
                      bitmap_of(day_of_(rows.times[row]), rows.events[row]), rows.values[row]};
      }
      part_.apply(records.data(), size);
    }
  }

  Digest digest() const override {
    Digest digest;
    part_.add_to(digest);
    return digest;
  }

 private:
  static constexpr std::size_t kRecords = 512;
  DayOfTime day_of_;
  KeyedPart part_;
};

// Takes scattered ids, split by the leading bits of the scrambled id.
class SplitScatteredFloor final : public Floor {
 public:
  explicit SplitScatteredFloor(const FloorOptions& options)
      : options_(options),
        key_bits_(width_of(options.partitions - 1)),
        records_(options.threads, std::size_t{1} << key_bits_, options.round_rows) {
    const std::uint64_t mean = (options.users >> key_bits_) + 1;
    // This is nine standard deviations above the mean.
    const std::uint64_t users_max =
        mean + static_cast<std::uint64_t>(9 * std::sqrt(static_cast<double>(mean))) + 9;
    for (std::size_t part = 0; part < std::size_t{1} << key_bits_; ++part) {
      parts_.emplace_back(users_max, options.days, key_bits_);
    }
  }

  void ingest(const WorkloadColumns& columns) override {
    const WorkloadRows& rows = columns.rows();
    run_rounds(
        options_, rows.size(), parts_.size(),
        [&](unsigned thread, std::size_t begin, std::size_t end) {
          split(rows, thread, begin, end);
        },
        [&](std::size_t part) {
          for (unsigned thread = 0; thread < options_.threads; ++thread) {
            const KeyedRecord* const begin = records_.begin(thread, part);
            parts_[part].apply(begin, static_cast<std::size_t>(records_.end(thread, part) - begin));
          }
        });
  }

  Digest digest() const override {
    Digest digest;
    for (const KeyedPart& part : parts_) part.add_to(digest);
    return digest;
  }

 private:
  void split(const WorkloadRows& rows, unsigned thread, std::size_t begin, std::size_t end) {
    std::vector<KeyedRecord*> records(parts_.size());
    for (std::size_t part = 0; part < parts_.size(); ++part) {
      records[part] = records_.begin(thread, part);
    }
    DayOfTime day_of(options_.first_day);
    while (begin < end) {
      const std::size_t block_end = std::min(end, begin + records_.kBlock);
      for (std::size_t i = begin; i < block_end; ++i) {
        const std::uint64_t key = scramble(rows.users[i]);
        *records[key >> (64 - key_bits_)]++ = {
            key, bitmap_of(day_of(rows.times[i]), rows.events[i]), rows.values[i]};
      }
      for (std::size_t part = 0; part < parts_.size(); ++part) {
        records_.check(thread, part, records[part]);
      }
      begin = block_end;
    }
    for (std::size_t part = 0; part < parts_.size(); ++part) {
      records_.end(thread, part) = records[part];
    }
  }

  FloorOptions options_;
  int key_bits_;
  SplitRows<KeyedRecord> records_;
  std::vector<KeyedPart> parts_;
};

}  // namespace

std::string to_string(const FloorOptions& options) {
  std::string text(to_string(options.ids));
  if (options.partitions == 0) return text + ", row by row";
  return text + ", " + std::to_string(options.partitions) + " parts, rounds of " +
         std::to_string(options.round_rows >> 20) + " Mi";
}

std::uint64_t digest_of(std::uint64_t user_id, std::uint32_t event, std::int32_t day_number) {
  const std::uint64_t what = (static_cast<std::uint64_t>(day_number + 1) << 8) + event + 1;
  return scramble(user_id * 0x9e3779b97f4a7c15u ^ scramble(what));
}

std::unique_ptr<Floor> make_floor(const FloorOptions& options) {
  if (options.ids == IdKind::kDense) {
    if (options.partitions == 0) return std::make_unique<DirectDenseFloor>(options);
    return std::make_unique<SplitDenseFloor>(options);
  }
  if (options.partitions == 0) return std::make_unique<DirectScatteredFloor>(options);
  return std::make_unique<SplitScatteredFloor>(options);
}

}  // namespace rollcall::bench
