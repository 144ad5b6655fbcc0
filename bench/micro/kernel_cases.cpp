#include "bench/micro/kernel_cases.h"

#include <limits>
#include <random>

#include "bench/micro/limits.h"

namespace rollcall::bench {
namespace {

using kernels::KernelTable;

// One overload for each shape of kernel: how it is called, and what it moves.

// Counts over one set, and over two.
KernelCase make_case(const char* name,
                     std::uint64_t (*KernelTable::*kernel)(const std::uint64_t*,
                                                           std::size_t) noexcept) {
  return {name, 8, 0,
          [](const KernelData& data, std::size_t words) {
            return limits().count(data.a<std::uint64_t>(), words);
          },
          [kernel](const KernelTable& table, KernelData& data, std::size_t words) {
            return (table.*kernel)(data.a<std::uint64_t>(), words);
          }};
}

KernelCase make_case(const char* name,
                     std::uint64_t (*KernelTable::*kernel)(const std::uint64_t*,
                                                           const std::uint64_t*,
                                                           std::size_t) noexcept) {
  return {name, 16, 0,
          [](const KernelData& data, std::size_t words) {
            return limits().and_count(data.a<std::uint64_t>(), data.b<std::uint64_t>(), words);
          },
          [kernel](const KernelTable& table, KernelData& data, std::size_t words) {
            return (table.*kernel)(data.a<std::uint64_t>(), data.b<std::uint64_t>(), words);
          }};
}

// out = out (operation) a.
KernelCase make_case(const char* name,
                     void (*KernelTable::*kernel)(std::uint64_t*, const std::uint64_t*,
                                                  std::size_t) noexcept) {
  return {name, 16, 8, nullptr,
          [kernel](const KernelTable& table, KernelData& data, std::size_t words) {
            (table.*kernel)(data.out<std::uint64_t>(), data.a<std::uint64_t>(), words);
            return std::uint64_t{0};
          }};
}

// Ordinals into the bitset of a chunk.
KernelCase make_case(const char* name,
                     void (*KernelTable::*kernel)(std::uint64_t*, const std::uint32_t*,
                                                  std::size_t) noexcept) {
  return {name, 4, 0, nullptr,
          [kernel](const KernelTable& table, KernelData& data, std::size_t ordinals) {
            std::uint64_t* const words = data.out<std::uint64_t>();
            (table.*kernel)(words, data.a<std::uint32_t>(), ordinals);
            return words[0] ^ words[1023];
          }};
}

// Times into days.
KernelCase make_case(const char* name,
                     void (*KernelTable::*kernel)(const std::int64_t*, std::int64_t, std::int32_t*,
                                                  std::size_t) noexcept) {
  return {name, 12, 4, nullptr,
          [kernel](const KernelTable& table, KernelData& data, std::size_t rows) {
            (table.*kernel)(data.a<std::int64_t>(), 0, data.out<std::int32_t>(), rows);
            return std::uint64_t{0};
          }};
}

// A column into the bits of those in a range.
KernelCase make_case(const char* name,
                     void (*KernelTable::*kernel)(const std::int32_t*, std::int32_t, std::int32_t,
                                                  std::uint64_t*, std::size_t) noexcept) {
  return {name, 64 * 4 + 8, 8, nullptr,
          [kernel](const KernelTable& table, KernelData& data, std::size_t words) {
            constexpr std::int32_t kQuarter = std::numeric_limits<std::int32_t>::max() / 2;
            (table.*kernel)(data.a<std::int32_t>(), -kQuarter, kQuarter, data.out<std::uint64_t>(),
                            words);
            return std::uint64_t{0};
          }};
}

// A value into a column, where bits are set.
KernelCase make_case(const char* name,
                     void (*KernelTable::*kernel)(std::int32_t*, const std::uint64_t*, std::int32_t,
                                                  std::size_t) noexcept) {
  return {name, 64 * 4 + 8, 64 * 4, nullptr,
          [kernel](const KernelTable& table, KernelData& data, std::size_t words) {
            (table.*kernel)(data.out<std::int32_t>(), data.a<std::uint64_t>(), 12345, words);
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
      make_case("set_bits", &KernelTable::set_bits),
      make_case("days_from_us", &KernelTable::days_from_us),
      make_case("in_range_bits", &KernelTable::in_range_bits),
      make_case("min_where", &KernelTable::min_where),
      make_case("max_where", &KernelTable::max_where),
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
