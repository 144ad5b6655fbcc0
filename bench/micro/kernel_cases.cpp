#include "bench/micro/kernel_cases.h"

#include <iterator>
#include <limits>
#include <random>

#include "bench/micro/limits.h"

namespace rollcall::bench {
namespace {

using kernels::BitSpan;
using kernels::KernelTable;

constexpr ComputeLimit kCountLimit = {"count", 8, [](const KernelData& data, std::size_t words) {
                                        return limits().count(data.a<std::uint64_t>(), words);
                                      }};
constexpr ComputeLimit kAndCountLimit = {
    "and_count", 16, [](const KernelData& data, std::size_t words) {
      return limits().and_count(data.a<std::uint64_t>(), data.b<std::uint64_t>(), words);
    }};

// There is one overload for each shape of kernel, which says how it is called, and what it moves.

// These count over one set, and over two.
KernelCase make_case(const char* name,
                     std::uint64_t (*KernelTable::*kernel)(const std::uint64_t*,
                                                           std::size_t) noexcept) {
  return {name,
          8,
          0,
          8,
          &kCountLimit,
          [kernel](const KernelTable& table, KernelData& data, std::size_t words) {
            return (table.*kernel)(data.a<std::uint64_t>(), words);
          }};
}

KernelCase make_case(const char* name,
                     std::uint64_t (*KernelTable::*kernel)(const std::uint64_t*,
                                                           const std::uint64_t*,
                                                           std::size_t) noexcept) {
  return {name,
          16,
          0,
          16,
          &kAndCountLimit,
          [kernel](const KernelTable& table, KernelData& data, std::size_t words) {
            return (table.*kernel)(data.a<std::uint64_t>(), data.b<std::uint64_t>(), words);
          }};
}

// These compute out = out (operation) a.
KernelCase make_case(const char* name,
                     void (*KernelTable::*kernel)(std::uint64_t*, const std::uint64_t*,
                                                  std::size_t) noexcept) {
  return {name,
          16,
          8,
          16,
          nullptr,
          [kernel](const KernelTable& table, KernelData& data, std::size_t words) {
            (table.*kernel)(data.out<std::uint64_t>(), data.a<std::uint64_t>(), words);
            return std::uint64_t{0};
          }};
}

// These take `count` sets of so many words each, one after the other.
std::vector<BitSpan> sets_in(const std::uint64_t* words, std::size_t word_count,
                             std::size_t count) {
  std::vector<BitSpan> sets;
  for (std::size_t i = 0; i < count; ++i) sets.push_back({words + i * word_count, word_count});
  return sets;
}

// This is a union of a week, with few enough random sets that no stretch of it is all ones before
// the last.
KernelCase make_case(const char* name,
                     void (*KernelTable::*kernel)(const BitSpan*, std::size_t, std::uint64_t*,
                                                  std::size_t) noexcept) {
  constexpr std::size_t kSets = 7;
  constexpr std::size_t kBytes = 8 * (kSets + 1);
  return {name,
          kBytes,
          8,
          kBytes,
          nullptr,
          [kernel](const KernelTable& table, KernelData& data, std::size_t words) {
            const std::vector<BitSpan> sets = sets_in(data.a<std::uint64_t>(), words, kSets);
            (table.*kernel)(sets.data(), sets.size(), data.out<std::uint64_t>(), words);
            return std::uint64_t{0};
          }};
}

// This is the vertical counter over 28 days, as L28 makes it.
KernelCase make_case(const char* name,
                     void (*KernelTable::*kernel)(const BitSpan*, std::size_t,
                                                  std::uint64_t* const*, std::size_t,
                                                  std::size_t) noexcept) {
  constexpr std::size_t kSets = 28, kPlanes = 5;
  return {name,
          8 * (kSets + kPlanes),
          8 * kPlanes,
          8 * (kSets + kPlanes),
          nullptr,
          [kernel](const KernelTable& table, KernelData& data, std::size_t words) {
            const std::vector<BitSpan> sets = sets_in(data.a<std::uint64_t>(), words, kSets);
            std::vector<std::uint64_t*> planes;
            for (std::size_t i = 0; i < kPlanes; ++i) {
              planes.push_back(data.out<std::uint64_t>() + i * words);
            }
            (table.*kernel)(sets.data(), sets.size(), planes.data(), kPlanes, words);
            return std::uint64_t{0};
          }};
}

// This is a band of a product: 30 cohorts and 30 days after each. The bytes are those that reading
// pair after pair takes.
KernelCase make_case(const char* name,
                     void (*KernelTable::*kernel)(const BitSpan*, std::size_t, const BitSpan*,
                                                  std::size_t, std::size_t, std::uint64_t*,
                                                  std::size_t) noexcept) {
  constexpr std::size_t kRows = 30, kWidth = 30, kColumns = kRows + kWidth - 1;
  return {name,
          8 * (kRows + kColumns),
          0,
          16 * kRows * kWidth,
          &kAndCountLimit,
          [kernel](const KernelTable& table, KernelData& data, std::size_t words) {
            const std::vector<BitSpan> rows = sets_in(data.a<std::uint64_t>(), words, kRows);
            const std::vector<BitSpan> columns = sets_in(data.b<std::uint64_t>(), words, kColumns);
            std::vector<std::uint64_t> counts(kRows * kWidth);
            (table.*kernel)(rows.data(), kRows, columns.data(), kColumns, kWidth, counts.data(),
                            kWidth);
            std::uint64_t digest = 0;
            for (const std::uint64_t count : counts) digest = digest * 31 + count;
            return digest;
          }};
}

// This writes ordinals into the bitset of a chunk.
KernelCase make_case(const char* name,
                     void (*KernelTable::*kernel)(std::uint64_t*, const std::uint32_t*,
                                                  std::size_t) noexcept) {
  return {name,
          4,
          0,
          4,
          nullptr,
          [kernel](const KernelTable& table, KernelData& data, std::size_t ordinals) {
            std::uint64_t* const words = data.out<std::uint64_t>();
            (table.*kernel)(words, data.a<std::uint32_t>(), ordinals);
            return words[0] ^ words[1023];
          }};
}

// This turns numbers into hashes.
KernelCase make_case(const char* name,
                     void (*KernelTable::*kernel)(const std::uint64_t*, std::uint64_t*,
                                                  std::size_t) noexcept) {
  return {name,
          16,
          8,
          16,
          nullptr,
          [kernel](const KernelTable& table, KernelData& data, std::size_t rows) {
            (table.*kernel)(data.a<std::uint64_t>(), data.out<std::uint64_t>(), rows);
            return std::uint64_t{0};
          }};
}

// This turns a column into the bits of those in a range.
KernelCase make_case(const char* name,
                     void (*KernelTable::*kernel)(const std::int32_t*, std::int32_t, std::int32_t,
                                                  std::uint64_t*, std::size_t) noexcept) {
  return {name,
          64 * 4 + 8,
          8,
          64 * 4 + 8,
          nullptr,
          [kernel](const KernelTable& table, KernelData& data, std::size_t words) {
            constexpr std::int32_t kQuarter = std::numeric_limits<std::int32_t>::max() / 2;
            (table.*kernel)(data.a<std::int32_t>(), -kQuarter, kQuarter, data.out<std::uint64_t>(),
                            words);
            return std::uint64_t{0};
          }};
}

// This writes a value into a column where bits are set.
KernelCase make_case(const char* name,
                     void (*KernelTable::*kernel)(std::int32_t*, const std::uint64_t*, std::int32_t,
                                                  std::size_t) noexcept) {
  return {name,
          64 * 4 + 8,
          64 * 4,
          64 * 4 + 8,
          nullptr,
          [kernel](const KernelTable& table, KernelData& data, std::size_t words) {
            (table.*kernel)(data.out<std::int32_t>(), data.a<std::uint64_t>(), 12345, words);
            return std::uint64_t{0};
          }};
}

// These are three of eight names, as a funnel looks for them.
KernelCase make_case(const char* name,
                     void (*KernelTable::*kernel)(const std::uint64_t*, std::size_t, std::size_t,
                                                  const std::uint32_t*, std::size_t,
                                                  std::uint64_t*) noexcept) {
  constexpr std::size_t kPlanes = 3;
  constexpr std::size_t kBytes = 8 * (kPlanes + 1);
  return {name,
          kBytes,
          8,
          kBytes,
          nullptr,
          [kernel](const KernelTable& table, KernelData& data, std::size_t words) {
            static constexpr std::uint32_t kCodes[] = {0, 3, 5};
            (table.*kernel)(data.a<std::uint64_t>(), kPlanes, words, kCodes, std::size(kCodes),
                            data.out<std::uint64_t>());
            return std::uint64_t{0};
          }};
}

// These are the times of a busy user, to the microsecond; one number for each word.
KernelCase make_case(const char* name,
                     void (*KernelTable::*kernel)(const std::uint64_t*, std::uint64_t, unsigned,
                                                  std::uint64_t, std::uint64_t, std::uint64_t*,
                                                  std::size_t) noexcept) {
  constexpr unsigned kWidth = 36;
  return {name,
          16,
          8,
          16,
          nullptr,
          [kernel](const KernelTable& table, KernelData& data, std::size_t words) {
            (table.*kernel)(data.a<std::uint64_t>(), 0, kWidth, 0, 1'000'000,
                            data.out<std::uint64_t>(), words - 1);
            return std::uint64_t{0};
          }};
}

}  // namespace

std::vector<KernelCase> kernel_cases() {
  return {
      make_case("count", &KernelTable::count),
      make_case("and_count", &KernelTable::and_count),
      make_case("andnot_count", &KernelTable::andnot_count),
      make_case("or_into", &KernelTable::or_into),
      make_case("and_into", &KernelTable::and_into),
      make_case("andnot_into", &KernelTable::andnot_into),
      make_case("unite", &KernelTable::unite),
      make_case("count_planes", &KernelTable::count_planes),
      make_case("and_count_band", &KernelTable::and_count_band),
      make_case("set_bits", &KernelTable::set_bits),
      make_case("mix", &KernelTable::mix),
      make_case("in_range_bits", &KernelTable::in_range_bits),
      make_case("min_where", &KernelTable::min_where),
      make_case("max_where", &KernelTable::max_where),
      make_case("match_planes", &KernelTable::match_planes),
      make_case("unpack_sums", &KernelTable::unpack_sums),
  };
}

KernelData::KernelData(std::size_t bytes_max)
    : a_(bytes_max / 8), b_(bytes_max / 8), out_(bytes_max / 8) {
  std::mt19937_64 random(42);
  for (std::size_t i = 0; i < a_.size(); ++i) {
    a_[i] = random();
    b_[i] = random();
  }
}

void KernelData::reset_out(std::size_t bytes) {
  for (std::size_t i = 0; i < (bytes + 7) / 8; ++i) out_[i] = b_[i];
}

std::uint64_t KernelData::digest_out(std::size_t bytes) const {
  std::uint64_t digest = 0;
  for (std::size_t i = 0; i < (bytes + 7) / 8; ++i)
    digest = (digest ^ out_[i]) * 0x9e3779b97f4a7c15u;
  return digest;
}

}  // namespace rollcall::bench
