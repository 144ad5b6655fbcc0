#include "core/source/lists/roaring_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "rollcall/roaring.h"

namespace rollcall {
namespace {

// A bitmap of 32 bits begins with one of these; the first has no containers of runs. In the second,
// the upper half is the number of containers, less one.
constexpr std::uint32_t kNoRunsCookie = 12346;
constexpr std::uint32_t kRunsCookie = 12347;
constexpr std::uint32_t kContainersMax = 1 << 16;
constexpr std::uint32_t kArrayMax = 4096;  // of numbers; more are a bitset
constexpr std::size_t kBitsetBytes = 8192;
// With runs, bitmaps of fewer containers do without the table of offsets.
constexpr std::uint32_t kOffsetsFrom = 4;
// A bitmap within a map takes this at least: its key, its cookie, and how many containers it has.
constexpr std::size_t kBucketBytesMin = 12;

static_assert(std::endian::native == std::endian::little, "the formats are little-endian");

template <class Number>
Number number_at(std::string_view bytes, std::size_t at) {
  Number number;
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

bool is_cookie(std::uint32_t word) {
  return word == kNoRunsCookie || (word & 0xffff) == kRunsCookie;
}

// Says whether bytes that are a set are one of 64 bits. Those begin with the number of bitmaps,
// which may look like a cookie; but then there is room for so many.
bool is_map(std::string_view bytes) {
  const auto count = number_at<std::uint64_t>(bytes, 0);
  const bool has_room = (bytes.size() - 8) / kBucketBytesMin >= count;
  return count >> 32 == 0 && (has_room || !is_cookie(static_cast<std::uint32_t>(count)));
}

class RoaringReader {
 public:
  RoaringReader(const std::string& name, std::string_view bytes,
                const std::function<Status(std::uint64_t)>& take)
      : name_(name), bytes_(bytes), take_(take) {}

  Status read() {
    ROLLCALL_RETURN_IF_ERROR(is_map(bytes_) ? read_map() : read_bitmap(0));
    if (at_ == bytes_.size()) return {};
    return fault(at_, fmt::format("{} bytes follow the end of the set", bytes_.size() - at_));
  }

 private:
  struct Header {
    std::uint16_t key = 0;
    std::uint32_t count = 0;  // numbers of the container
    bool has_runs = false;
  };

  Status fault(std::size_t at, std::string_view what) const {
    return Status::invalid_argument(fmt::format("{}: byte {}: {}", name_, at, what));
  }

  // Moves past `size` bytes and returns where they begin.
  Result<std::size_t> skip(std::size_t size) {
    if (bytes_.size() - at_ < size) {
      return fault(at_, fmt::format("the set is cut off: {} bytes were to follow, found {}", size,
                                    bytes_.size() - at_));
    }
    return std::exchange(at_, at_ + size);
  }

  template <class Number>
  Result<Number> next() {
    ROLLCALL_ASSIGN_OR_RETURN(const std::size_t at, skip(sizeof(Number)));
    return number_at<Number>(bytes_, at);
  }

  Status read_map() {
    ROLLCALL_ASSIGN_OR_RETURN(const std::uint64_t count, next<std::uint64_t>());
    std::int64_t last = -1;
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::size_t at = at_;
      ROLLCALL_ASSIGN_OR_RETURN(const std::uint32_t key, next<std::uint32_t>());
      if (std::int64_t{key} <= last) {
        return fault(at, fmt::format("the upper halves must rise, found {} after {}", key, last));
      }
      last = key;
      ROLLCALL_RETURN_IF_ERROR(read_bitmap(std::uint64_t{key} << 32));
    }
    return {};
  }

  // Reads a bitmap of 32 bits, whose numbers get the upper half `high`.
  Status read_bitmap(std::uint64_t high) {
    const std::size_t begin = at_;
    ROLLCALL_ASSIGN_OR_RETURN(const std::uint32_t cookie, next<std::uint32_t>());
    if (!is_cookie(cookie)) {
      return fault(begin, fmt::format("a bitmap begins with {} or {}, found {}", kNoRunsCookie,
                                      kRunsCookie, cookie));
    }
    const bool has_runs = cookie != kNoRunsCookie;
    std::uint32_t count = (cookie >> 16) + 1;
    if (!has_runs) {
      ROLLCALL_ASSIGN_OR_RETURN(count, next<std::uint32_t>());
      if (count > kContainersMax) {
        return fault(at_ - 4, fmt::format("a bitmap has at most {} containers, found {}",
                                          kContainersMax, count));
      }
    }
    ROLLCALL_ASSIGN_OR_RETURN(const std::size_t flags, skip(has_runs ? (count + 7) / 8 : 0));
    ROLLCALL_ASSIGN_OR_RETURN(const std::size_t headers, skip(std::size_t{4} * count));
    const bool has_offsets = !has_runs || count >= kOffsetsFrom;
    ROLLCALL_ASSIGN_OR_RETURN(const std::size_t offsets,
                              skip(has_offsets ? std::size_t{4} * count : 0));
    std::int32_t last = -1;
    for (std::uint32_t i = 0; i < count; ++i) {
      Header header{.key = number_at<std::uint16_t>(bytes_, headers + 4 * i),
                    .count = number_at<std::uint16_t>(bytes_, headers + 4 * i + 2) + 1U};
      if (has_runs) header.has_runs = (bytes_[flags + i / 8] >> (i % 8) & 1) != 0;
      if (header.key <= last) {
        return fault(
            headers + 4 * i,
            fmt::format("the keys of containers must rise, found {} after {}", header.key, last));
      }
      last = header.key;
      if (has_offsets) {
        const auto offset = number_at<std::uint32_t>(bytes_, offsets + 4 * i);
        if (offset != at_ - begin) {
          return fault(offsets + 4 * i, fmt::format("a container is at {} of its bitmap, found {}",
                                                    at_ - begin, offset));
        }
      }
      ROLLCALL_RETURN_IF_ERROR(read_container(header, high | std::uint64_t{header.key} << 16));
    }
    return {};
  }

  Status read_container(const Header& header, std::uint64_t high) {
    if (header.has_runs) return read_runs(header, high);
    return header.count > kArrayMax ? read_bitset(header, high) : read_array(header, high);
  }

  Status read_array(const Header& header, std::uint64_t high) {
    ROLLCALL_ASSIGN_OR_RETURN(const std::size_t begin, skip(std::size_t{2} * header.count));
    std::int32_t last = -1;
    for (std::size_t at = begin; at < at_; at += 2) {
      const auto low = number_at<std::uint16_t>(bytes_, at);
      if (low <= last) {
        return fault(at, fmt::format("the numbers must rise, found {} after {}", low, last));
      }
      last = low;
      ROLLCALL_RETURN_IF_ERROR(take_(high | low));
    }
    return {};
  }

  Status read_bitset(const Header& header, std::uint64_t high) {
    ROLLCALL_ASSIGN_OR_RETURN(const std::size_t begin, skip(kBitsetBytes));
    const auto word_at = [&](std::size_t i) {
      return number_at<std::uint64_t>(bytes_, begin + 8 * i);
    };
    std::size_t found = 0;
    for (std::size_t i = 0; i < kBitsetBytes / 8; ++i) {
      found += static_cast<std::size_t>(std::popcount(word_at(i)));
    }
    ROLLCALL_RETURN_IF_ERROR(check_count(header, begin, found));
    for (std::size_t i = 0; i < kBitsetBytes / 8; ++i) {
      for (std::uint64_t word = word_at(i); word != 0; word &= word - 1) {
        const auto bit = static_cast<std::size_t>(std::countr_zero(word));
        ROLLCALL_RETURN_IF_ERROR(take_(high | (64 * i + bit)));
      }
    }
    return {};
  }

  Status read_runs(const Header& header, std::uint64_t high) {
    const std::size_t begin = at_;
    ROLLCALL_ASSIGN_OR_RETURN(const std::uint16_t count, next<std::uint16_t>());
    ROLLCALL_ASSIGN_OR_RETURN(const std::size_t runs, skip(std::size_t{4} * count));
    std::int64_t last = -1;
    std::size_t found = 0;
    for (std::size_t at = runs; at < at_; at += 4) {
      const std::uint32_t first = number_at<std::uint16_t>(bytes_, at);
      const std::uint32_t end = first + number_at<std::uint16_t>(bytes_, at + 2);
      if (std::int64_t{first} <= last || end > 0xffff) {
        return fault(at, fmt::format("a run must begin after {} and end at 65535 or before, found "
                                     "{} to {}",
                                     last, first, end));
      }
      last = end;
      found += end - first + 1;
    }
    ROLLCALL_RETURN_IF_ERROR(check_count(header, begin, found));
    for (std::size_t at = runs; at < at_; at += 4) {
      const std::uint64_t first = number_at<std::uint16_t>(bytes_, at);
      const std::uint64_t end = first + number_at<std::uint16_t>(bytes_, at + 2);
      for (std::uint64_t low = first; low <= end; ++low) {
        ROLLCALL_RETURN_IF_ERROR(take_(high | low));
      }
    }
    return {};
  }

  Status check_count(const Header& header, std::size_t at, std::size_t found) const {
    if (found == header.count) return {};
    return fault(at, fmt::format("the container has {} numbers by its header, found {}",
                                 header.count, found));
  }

  const std::string& name_;
  const std::string_view bytes_;
  const std::function<Status(std::uint64_t)>& take_;
  std::size_t at_ = 0;
};

// --- Writing ---

using Ids = std::span<const std::uint64_t>;

template <class Number>
void append(std::string& bytes, std::type_identity_t<Number> number) {
  bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
}

// Cuts off the ids that have the bits from `shift` on in common with the first.
Ids cut_group(Ids& ids, int shift) {
  const std::uint64_t key = ids.front() >> shift;
  const auto end =
      std::find_if(ids.begin(), ids.end(), [&](std::uint64_t id) { return id >> shift != key; });
  const Ids group = ids.first(static_cast<std::size_t>(end - ids.begin()));
  ids = ids.subspan(group.size());
  return group;
}

struct SetContainer {
  Ids ids;
  std::size_t runs = 0;

  std::size_t packed_bytes() const { return std::min(2 * ids.size(), kBitsetBytes); }
  std::size_t run_bytes() const { return 2 + 4 * runs; }
  bool is_runs() const { return run_bytes() < packed_bytes(); }
  std::size_t bytes() const { return std::min(run_bytes(), packed_bytes()); }
};

void append_runs(std::string& bytes, const SetContainer& container) {
  append<std::uint16_t>(bytes, static_cast<std::uint16_t>(container.runs));
  const Ids ids = container.ids;
  for (std::size_t i = 0; i < ids.size();) {
    const std::size_t first = i++;
    while (i < ids.size() && ids[i] == ids[i - 1] + 1) ++i;
    append<std::uint16_t>(bytes, static_cast<std::uint16_t>(ids[first]));
    append<std::uint16_t>(bytes, static_cast<std::uint16_t>(i - first - 1));
  }
}

void append_container(std::string& bytes, const SetContainer& container) {
  if (container.is_runs()) return append_runs(bytes, container);
  if (container.ids.size() <= kArrayMax) {
    for (const std::uint64_t id : container.ids) {
      append<std::uint16_t>(bytes, static_cast<std::uint16_t>(id));
    }
    return;
  }
  const std::size_t begin = bytes.size();
  bytes.resize(begin + kBitsetBytes);
  for (const std::uint64_t id : container.ids) {
    bytes[begin + (id & 0xffff) / 8] |= static_cast<char>(1 << id % 8);
  }
}

// Appends a bitmap of ids that have their upper halves in common.
void append_bitmap(std::string& bytes, Ids ids) {
  std::vector<SetContainer> containers;
  while (!ids.empty()) {
    SetContainer& container = containers.emplace_back(SetContainer{.ids = cut_group(ids, 16)});
    const Ids group = container.ids;
    for (std::size_t i = 0; i < group.size(); ++i) {
      if (i == 0 || group[i] != group[i - 1] + 1) ++container.runs;
    }
  }
  const std::size_t count = containers.size();
  const bool has_runs =
      std::any_of(containers.begin(), containers.end(),
                  [](const SetContainer& container) { return container.is_runs(); });
  const std::size_t begin = bytes.size();
  if (has_runs) {
    append<std::uint32_t>(bytes, kRunsCookie | static_cast<std::uint32_t>(count - 1) << 16);
    const std::size_t flags = bytes.size();
    bytes.resize(flags + (count + 7) / 8);
    for (std::size_t i = 0; i < count; ++i) {
      if (containers[i].is_runs()) bytes[flags + i / 8] |= static_cast<char>(1 << i % 8);
    }
  } else {
    append<std::uint32_t>(bytes, kNoRunsCookie);
    append<std::uint32_t>(bytes, static_cast<std::uint32_t>(count));
  }
  for (const SetContainer& container : containers) {
    append<std::uint16_t>(bytes, static_cast<std::uint16_t>(container.ids.front() >> 16));
    append<std::uint16_t>(bytes, static_cast<std::uint16_t>(container.ids.size() - 1));
  }
  if (!has_runs || count >= kOffsetsFrom) {
    std::size_t offset = bytes.size() - begin + 4 * count;
    for (const SetContainer& container : containers) {
      append<std::uint32_t>(bytes, static_cast<std::uint32_t>(offset));
      offset += container.bytes();
    }
  }
  for (const SetContainer& container : containers) append_container(bytes, container);
}

}  // namespace

bool is_roaring(std::string_view bytes) {
  if (bytes.size() < 8) return false;
  const auto word = number_at<std::uint32_t>(bytes, 0);
  const bool has_nul = bytes.substr(0, 8).find('\0') != std::string_view::npos;
  return number_at<std::uint32_t>(bytes, 4) == 0 || (is_cookie(word) && has_nul);
}

Status read_roaring(const std::string& name, std::string_view bytes,
                    const std::function<Status(std::uint64_t)>& take) {
  return RoaringReader(name, bytes, take).read();
}

std::string to_roaring(std::vector<std::uint64_t> ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  std::size_t count = 0;
  for (Ids rest = ids; !rest.empty(); ++count) cut_group(rest, 32);
  std::string bytes;
  append<std::uint64_t>(bytes, count);
  for (Ids rest = ids; !rest.empty();) {
    const Ids group = cut_group(rest, 32);
    append<std::uint32_t>(bytes, static_cast<std::uint32_t>(group.front() >> 32));
    append_bitmap(bytes, group);
  }
  return bytes;
}

}  // namespace rollcall
