#include "bench/packed_run.h"

#include <algorithm>
#include <bit>
#include <memory>

#include "bench/workload_w.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace rollcall::bench {
namespace {

constexpr unsigned kCountWidthBits = 6, kStepWidthBits = 6;
constexpr std::size_t kStretchWords = 512;  // whose numbers are listed before the next ones are

bool has_value(std::uint32_t name) { return name == kPurchase || name == kRefund; }

// Sorts what is nearly sorted.
void insertion_sort(std::uint64_t* begin, const std::uint64_t* end) {
  if (begin == end) return;
  for (std::uint64_t* next = begin + 1; next != end; ++next) {
    const std::uint64_t event = *next;
    std::uint64_t* place = next;
    for (; place != begin && place[-1] > event; --place) *place = place[-1];
    *place = event;
  }
}

// Returns the bits of the events in word `word` that are of one of `names`.
std::uint64_t names_in(const std::array<std::vector<std::uint64_t>, kNameBits>& planes,
                       std::size_t word, std::span<const std::uint32_t> names) {
  std::uint64_t found = 0;
  for (const std::uint32_t name : names) {
    std::uint64_t here = ~std::uint64_t{0};
    for (unsigned plane = 0; plane < kNameBits; ++plane) {
      here &= planes[plane][word] ^ ((name >> plane & 1) - std::uint64_t{1});
    }
    found |= here;
  }
  return found;
}

std::uint32_t* list_bits(std::uint64_t bits, std::uint32_t first, std::uint32_t* out) {
  for (; bits != 0; bits &= bits - 1) {
    *out++ = first + static_cast<std::uint32_t>(std::countr_zero(bits));
  }
  return out;
}

#ifdef __x86_64__
// Writes up to 15 numbers more, which do not count.
__attribute__((target("avx512f"))) std::uint32_t* list_bits_avx512(std::uint64_t bits,
                                                                   std::uint32_t first,
                                                                   std::uint32_t* out) {
  const __m512i places = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  for (unsigned quarter = 0; quarter < 4; ++quarter) {
    const auto mask = static_cast<__mmask16>(bits >> (16 * quarter));
    const __m512i numbers =
        _mm512_add_epi32(places, _mm512_set1_epi32(static_cast<int>(first + 16 * quarter)));
    _mm512_storeu_si512(out, _mm512_maskz_compress_epi32(mask, numbers));
    out += std::popcount(static_cast<unsigned>(mask));
  }
  return out;
}
#endif

using ListBits = std::uint32_t* (*)(std::uint64_t bits, std::uint32_t first, std::uint32_t* out);

ListBits fastest_list() {
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx512f")) return list_bits_avx512;
#endif
  return list_bits;
}

}  // namespace

PackedRun::Writer::Writer(PackedRun& run, std::size_t event_count)
    : run_(run), users_(run.users_), values_(run.values_) {
  constexpr std::size_t kEventBytes = 6;
  run.users_.reserve(event_count * kEventBytes / sizeof(std::uint64_t));
  for (std::vector<std::uint64_t>& plane : run.planes_) plane.reserve(event_count / 64 + 1);
}

PackedRun::Writer::~Writer() {
  for (unsigned plane = 0; plane < kNameBits; ++plane) {
    if (event_count_ % 64 != 0) run_.planes_[plane].push_back(planes_[plane]);
  }
  users_.end();
  values_.end();
  // Readers load past the end.
  run_.users_.push_back(0);
  run_.values_.push_back(0);
  run_.event_count_ = event_count_;
}

void PackedRun::Writer::add(std::span<const std::uint64_t> events) {
  ++run_.user_count_;
  const unsigned count_width = bits_of(events.size());
  users_.add(count_width, kCountWidthBits);
  if (events.empty()) return;
  users_.add(events.size(), count_width);
  users_.add(time_of(events[0]), kTimeBits);
  std::uint64_t steps = 0;  // the bits of all of them
  for (std::size_t i = 1; i < events.size(); ++i) {
    steps |= time_of(events[i]) - time_of(events[i - 1]);
  }
  const unsigned step_width = bits_of(steps);
  users_.add(step_width, kStepWidthBits);
  for (std::size_t i = 1; i < events.size(); ++i) {
    users_.add(time_of(events[i]) - time_of(events[i - 1]), step_width);
  }
  for (const std::uint64_t event : events) {
    const std::uint32_t name = name_of(event);
    for (unsigned plane = 0; plane < kNameBits; ++plane) {
      planes_[plane] |= std::uint64_t{name >> plane & 1} << (event_count_ % 64);
    }
    if (++event_count_ % 64 == 0) {
      for (unsigned plane = 0; plane < kNameBits; ++plane) {
        run_.planes_[plane].push_back(planes_[plane]);
      }
      planes_ = {};
    }
    if (has_value(name)) values_.add(hundredths_of(event), kValueBits);
  }
}

void PackedRun::Reader::next(std::vector<std::uint64_t>& events) {
  const std::uint64_t* const users = run_->users_.data();
  const auto take = [&](unsigned width) {
    const std::uint64_t number = read_bits(users, bit_, width);
    bit_ += width;
    return number;
  };
  const std::size_t count = take(static_cast<unsigned>(take(kCountWidthBits)));
  if (count == 0) return;
  std::uint64_t time = take(kTimeBits);
  const auto step_width = static_cast<unsigned>(take(kStepWidthBits));
  for (std::size_t i = 0; i < count; ++i, ++event_) {
    if (i != 0) time += take(step_width);
    std::uint32_t name = 0;
    for (unsigned plane = 0; plane < kNameBits; ++plane) {
      name |= static_cast<std::uint32_t>(run_->planes_[plane][event_ / 64] >> (event_ % 64) & 1)
              << plane;
    }
    std::uint32_t hundredths = 0;
    if (has_value(name)) {
      hundredths = static_cast<std::uint32_t>(read_bits(run_->values_.data(), value_, kValueBits));
      value_ += kValueBits;
    }
    events.push_back(pack_event(time, name, hundredths));
  }
}

PackedRun PackedRun::seal(const Rows& rows, std::size_t user_count) {
  std::vector<std::uint32_t> ends(user_count + 1);
  for (const std::uint32_t user : rows.users) ++ends[user + 1];
  for (std::size_t user = 0; user < user_count; ++user) ends[user + 1] += ends[user];
  // Each place is where the next event of the user goes to; in the end, it is the user's end.
  const auto events = std::make_unique_for_overwrite<std::uint64_t[]>(rows.events.size());
  for (std::size_t i = 0; i < rows.events.size(); ++i) {
    events[ends[rows.users[i]]++] = rows.events[i];
  }
  PackedRun run;
  {
    Writer writer(run, rows.events.size());
    std::uint32_t begin = 0;
    for (std::size_t user = 0; user < user_count; ++user) {
      insertion_sort(&events[begin], &events[ends[user]]);
      writer.add({&events[begin], ends[user] - begin});
      begin = ends[user];
    }
  }
  return run;
}

PackedRun PackedRun::merge(std::span<const PackedRun> runs) {
  std::vector<Reader> readers(runs.begin(), runs.end());
  std::size_t event_count = 0;
  for (const PackedRun& run : runs) event_count += run.event_count();
  PackedRun merged;
  {
    Writer writer(merged, event_count);
    std::vector<std::uint64_t> events;
    for (std::size_t user = 0; user < runs.front().user_count(); ++user) {
      events.clear();
      for (Reader& reader : readers) reader.next(events);
      insertion_sort(events.data(), events.data() + events.size());
      writer.add(events);
    }
  }
  return merged;
}

std::size_t PackedRun::bytes() const {
  std::size_t words = users_.size() + values_.size();
  for (const std::vector<std::uint64_t>& plane : planes_) words += plane.size();
  return sizeof(std::uint64_t) * words;
}

// The bits past the last event are those of the first name.
std::uint64_t PackedRun::count_names(std::span<const std::uint32_t> names) const {
  std::uint64_t count = 0;
  for (std::size_t word = 0; word < planes_[0].size(); ++word) {
    std::uint64_t found = names_in(planes_, word, names);
    if (event_count_ < 64 * word + 64) found &= ~(~std::uint64_t{0} << event_count_ % 64);
    count += static_cast<std::uint64_t>(std::popcount(found));
  }
  return count;
}

std::uint64_t PackedRun::list_names(std::span<const std::uint32_t> names) const {
  static const ListBits kList = fastest_list();
  std::vector<std::uint32_t> numbers(64 * (kStretchWords + 1));
  std::uint64_t count = 0;
  for (std::size_t begin = 0; begin < planes_[0].size(); begin += kStretchWords) {
    std::uint32_t* out = numbers.data();
    const std::size_t end = std::min(begin + kStretchWords, planes_[0].size());
    for (std::size_t word = begin; word < end; ++word) {
      std::uint64_t found = names_in(planes_, word, names);
      if (event_count_ < 64 * word + 64) found &= ~(~std::uint64_t{0} << event_count_ % 64);
      out = kList(found, static_cast<std::uint32_t>(64 * word), out);
    }
    count += static_cast<std::uint64_t>(out - numbers.data());
  }
  return count;
}

std::uint64_t PackedRun::read_names_and_times(TimeUs begin) const {
  const std::uint64_t* const users = users_.data();
  std::uint64_t bit = 0, digest = 0;
  const auto take = [&](unsigned width) {
    const std::uint64_t number = read_bits(users, bit, width);
    bit += width;
    return number;
  };
  std::size_t event = 0;
  for (std::size_t user = 0; user < user_count_; ++user) {
    const std::size_t count = take(static_cast<unsigned>(take(kCountWidthBits)));
    if (count == 0) continue;
    std::uint64_t time = static_cast<std::uint64_t>(begin) + take(kTimeBits);
    const auto step_width = static_cast<unsigned>(take(kStepWidthBits));
    for (std::size_t i = 0; i < count; ++i, ++event) {
      if (i != 0) time += take(step_width);
      std::uint64_t name = 0;
      for (unsigned plane = 0; plane < kNameBits; ++plane) {
        name |= (planes_[plane][event / 64] >> (event % 64) & 1) << plane;
      }
      digest += time * (2 * name + 1);
    }
  }
  return digest;
}

}  // namespace rollcall::bench
