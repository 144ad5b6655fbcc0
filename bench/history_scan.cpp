#include "bench/history_scan.h"

#include <algorithm>
#include <bit>

#include "bench/recount.h"
#include "core/history/user_cursor.h"
#include "core/query/sequence/block_match.h"

namespace rollcall::bench {
namespace {

// The sum of it over all events changes with any name or time.
std::uint64_t digest_of_event(TimeUs time, std::uint32_t name) {
  return static_cast<std::uint64_t>(time) * (2 * std::uint64_t{name} + 1);
}

}  // namespace

HistoryScan::HistoryScan(const HistoryFloor& history, TimeUs first_time)
    : bits_(kBlockEvents / 64), indices_(kBlockEvents), times_(kBlockEvents) {
  RunWriter blocks(0, 0);
  std::size_t event_count = 0;
  for (std::size_t user = 0; user < history.user_count(); ++user) {
    event_count += history.events_of(user).size();
  }
  PackedRun::Writer floor(floor_, event_count);
  EventColumns events;
  std::vector<std::uint64_t> packed;
  for (std::size_t user = 0; user < history.user_count(); ++user) {
    const HistoryFloor::UserEvents of_user = history.events_of(user);
    events.ordinals.assign(of_user.size(), static_cast<std::uint32_t>(user));
    events.times.assign(of_user.times.begin(), of_user.times.end());
    events.names.assign(of_user.names.begin(), of_user.names.end());
    events.values.assign(of_user.size(), 0);
    blocks.add(events, 0, events.size());
    packed.clear();
    for (std::size_t i = 0; i < of_user.size(); ++i) {
      packed.push_back(pack_event(static_cast<std::uint64_t>(of_user.times[i] - first_time),
                                  of_user.names[i], 0));
    }
    floor.add(packed);
  }
  blocks_ = blocks.finish();
}

std::uint64_t HistoryScan::match_names(std::span<const std::uint32_t> names) {
  std::uint64_t found = 0;
  for (const auto& block : blocks_) {
    codes_.clear();
    for (std::size_t code = 0; code < block->names().size(); ++code) {
      if (std::find(names.begin(), names.end(), block->names()[code]) != names.end()) {
        codes_.push_back(static_cast<std::uint32_t>(code));
      }
    }
    block->match(block->name_planes(), codes_, bits_.data());
    std::uint32_t* out = indices_.data();
    for (std::size_t word = 0; word < words_of(block->event_count()); ++word) {
      for (std::uint64_t left = bits_[word]; left != 0; left &= left - 1) {
        *out++ = static_cast<std::uint32_t>(64 * word) +
                 static_cast<std::uint32_t>(std::countr_zero(left));
      }
    }
    found += static_cast<std::uint64_t>(out - indices_.data());
  }
  return found;
}

std::uint64_t HistoryScan::match_selector(std::span<const std::uint32_t> names) {
  EventSelector selector;
  selector.any_name = false;
  selector.names.assign(names.begin(), names.end());
  BlockMatch match(selector);
  std::vector<std::uint64_t> bits;
  std::uint64_t found = 0;
  for (const auto& block : blocks_) {
    match.find(*block, bits);
    found += count_bits(bits);
  }
  return found;
}

std::uint64_t HistoryScan::digest_of(const LogBlock& block, const LogBlock::Walk& walk) {
  const CodePlanes planes = block.name_planes();
  const LogBlock::User& user = walk.user();
  LogBlock::Times(walk).read(user.count, times_.data());
  std::uint64_t digest = 0;
  for (std::uint32_t i = 0; i < user.count; ++i) {
    digest += digest_of_event(times_[i], block.names()[planes.code_of(user.begin + i)]);
  }
  return digest;
}

std::uint64_t HistoryScan::read_names_and_times() {
  std::uint64_t digest = 0;
  for (const auto& block : blocks_) {
    for (LogBlock::Walk walk(*block); walk.next();) digest += digest_of(*block, walk);
  }
  return digest;
}

std::uint64_t HistoryScan::read_with_cursor() {
  std::uint64_t digest = 0;
  UserCursor cursor({RunSource::of(blocks_)}, [](std::size_t, const LogBlock&) {});
  while (cursor.next()) {
    cursor.read_parts([&](std::size_t, const LogBlock& block, const LogBlock::Walk& walk) {
      digest += digest_of(block, walk);
    });
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
