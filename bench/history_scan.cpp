#include "bench/history_scan.h"

#include <algorithm>
#include <bit>

namespace rollcall::bench {
namespace {

// The sum of it over all events changes with any name or time.
std::uint64_t digest_of_event(TimeUs time, std::uint32_t name) {
  return static_cast<std::uint64_t>(time) * (2 * std::uint64_t{name} + 1);
}

}  // namespace

HistoryScan::HistoryScan(const HistoryFloor& history)
    : bits_(kBlockEvents / 64), indices_(kBlockEvents), times_(kBlockEvents) {
  EventColumns events;
  const auto pack = [&] {
    if (events.size() == 0) return;
    events.values.assign(events.size(), 0);
    blocks_.push_back(LogBlock::pack(events, 0, events.size()));
    events.resize(0);
  };
  for (std::size_t user = 0; user < history.user_count(); ++user) {
    const HistoryFloor::UserEvents of_user = history.events_of(user);
    for (std::size_t i = 0; i < of_user.size(); ++i) {
      if (events.size() == kBlockEvents) pack();
      events.ordinals.push_back(static_cast<std::uint32_t>(user));
      events.times.push_back(of_user.times[i]);
      events.names.push_back(of_user.names[i]);
    }
  }
  pack();
}

std::uint64_t HistoryScan::match_names(std::span<const std::uint32_t> names) {
  std::uint64_t found = 0;
  for (const LogBlock& block : blocks_) {
    codes_.clear();
    for (std::size_t code = 0; code < block.names().size(); ++code) {
      if (std::find(names.begin(), names.end(), block.names()[code]) != names.end()) {
        codes_.push_back(static_cast<std::uint32_t>(code));
      }
    }
    block.match(block.name_planes(), codes_, bits_.data());
    std::uint32_t* out = indices_.data();
    for (std::size_t word = 0; word < (std::size_t{block.event_count()} + 63) / 64; ++word) {
      for (std::uint64_t left = bits_[word]; left != 0; left &= left - 1) {
        *out++ = static_cast<std::uint32_t>(64 * word) +
                 static_cast<std::uint32_t>(std::countr_zero(left));
      }
    }
    found += static_cast<std::uint64_t>(out - indices_.data());
  }
  return found;
}

std::uint64_t HistoryScan::read_names_and_times() {
  std::uint64_t digest = 0;
  for (const LogBlock& block : blocks_) {
    const CodePlanes planes = block.name_planes();
    for (LogBlock::Walk walk(block); walk.next();) {
      const LogBlock::User& user = walk.user();
      LogBlock::Times(walk).read(user.count, times_.data());
      for (std::uint32_t i = 0; i < user.count; ++i) {
        digest += digest_of_event(times_[i], block.names()[planes.code_of(user.begin + i)]);
      }
    }
  }
  return digest;
}

std::uint64_t HistoryScan::digest_of(const HistoryFloor& history) {
  std::uint64_t digest = 0;
  for (std::size_t user = 0; user < history.user_count(); ++user) {
    const HistoryFloor::UserEvents events = history.events_of(user);
    for (std::size_t i = 0; i < events.size(); ++i) {
      digest += digest_of_event(events.times[i], events.names[i]);
    }
  }
  return digest;
}

}  // namespace rollcall::bench
