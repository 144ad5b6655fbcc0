#include "core/source/files/content_mark.h"

#include <algorithm>
#include <new>

namespace rollcall {
namespace {

// Positions hold waymarks, and so do the contents they are compared with. A change of these numbers
// would make strangers of all files that were read before.
constexpr std::size_t kLinesMarked = 512;
constexpr std::uint64_t kDistanceMin = 32;    // of two waymarks, where no line ends
constexpr std::uint64_t kDistanceShare = 32;  // of what comes before: the distance further on

// Thousands of files have a first line in common, and few of those that part later do. The first
// waymarks therefore tell more than one of the later ones.
constexpr std::size_t kFirstWaymarks = 8;
constexpr std::size_t kFirstDigits = 5;
constexpr std::size_t kLaterDigits = 1;

std::uint64_t next_distance(std::uint64_t waymark) {
  return waymark + std::max(kDistanceMin, waymark / kDistanceShare);
}

}  // namespace

ContentMarker::ContentMarker() : state_(XXH3_createState()), next_distance_(next_distance(0)) {
  if (state_ == nullptr) throw std::bad_alloc();
  XXH3_128bits_reset(state_.get());
}

void ContentMarker::take(std::string_view bytes) {
  while (!bytes.empty()) {
    std::uint64_t step = std::min<std::uint64_t>(bytes.size(), next_distance_ - offset_);
    bool ends_line = false;
    if (line_ends_ < kLinesMarked) {
      const std::size_t line_end = bytes.substr(0, step).find('\n');
      ends_line = line_end != std::string_view::npos;
      if (ends_line) step = line_end + 1;
    }
    const bool goes_far = offset_ + step == next_distance_;
    line_ends_ += ends_line ? 1 : 0;
    take_step(bytes.substr(0, step));
    if (ends_line || goes_far) add_waymark();
    bytes.remove_prefix(step);
  }
}

void ContentMarker::take_step(std::string_view bytes) {
  const std::size_t to_head = offset_ < kHeadBytes ? kHeadBytes - offset_ : 0;
  if (to_head > 0 && bytes.size() >= to_head) {
    XXH3_128bits_update(state_.get(), bytes.data(), to_head);
    offset_ += to_head;
    head_hash_ = XXH3_128bits_digest(state_.get());
    bytes.remove_prefix(to_head);
  }
  XXH3_128bits_update(state_.get(), bytes.data(), bytes.size());
  offset_ += bytes.size();
}

void ContentMarker::add_waymark() {
  constexpr std::string_view kDigits =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
  const bool is_early = waymarks_.size() < kFirstWaymarks * kFirstDigits;
  XXH64_hash_t hash = XXH3_128bits_digest(state_.get()).low64;
  for (std::size_t i = 0; i < (is_early ? kFirstDigits : kLaterDigits); ++i) {
    waymarks_ += kDigits[hash % 64];
    hash /= 64;
  }
  next_distance_ = next_distance(offset_);
}

ContentMark ContentMarker::mark() const {
  ContentMark mark;
  mark.offset = offset_;
  mark.hash = XXH3_128bits_digest(state_.get());
  mark.head_bytes = std::min<std::uint64_t>(offset_, kHeadBytes);
  mark.head_hash = offset_ < kHeadBytes ? mark.hash : head_hash_;
  mark.waymarks = waymarks_;
  return mark;
}

ContentMark mark_of_rows(XXH128_hash_t digest, std::uint64_t row) {
  const std::uint64_t place[] = {digest.high64, digest.low64, row};
  return {row, XXH3_128bits(place, sizeof place), kHeadOfRows, digest, {}};
}

}  // namespace rollcall
