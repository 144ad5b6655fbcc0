#include "core/history/log_merge.h"

#include <algorithm>
#include <utility>

namespace rollcall {
namespace {

template <class Operation>
void for_each_column(EventColumns& events, const EventColumns& others, Operation operation) {
  operation(events.ordinals, others.ordinals);
  operation(events.times, others.times);
  operation(events.names, others.names);
  operation(events.values, others.values);
  for (std::size_t i = 0; i < events.dimensions.size(); ++i) {
    operation(events.dimensions[i], others.dimensions[i]);
  }
  for (std::size_t i = 0; i < events.properties.size(); ++i) {
    operation(events.properties[i], others.properties[i]);
  }
}

void drop_first(EventColumns& events, std::size_t count) {
  for_each_column(events, events, [&](auto& column, const auto&) {
    column.erase(column.begin(), column.begin() + static_cast<std::ptrdiff_t>(count));
  });
}

// Reads a run event by event.
class RunReader {
 public:
  RunReader(const LogRun& run, std::size_t property_count)
      : run_(&run), property_count_(property_count) {
    load();
  }

  bool done() const { return place_ == events_.size(); }
  const EventColumns& events() const { return events_; }
  std::size_t place() const { return place_; }
  std::uint32_t ordinal() const { return events_.ordinals[place_]; }
  std::pair<std::uint32_t, TimeUs> key() const {
    return {events_.ordinals[place_], events_.times[place_]};
  }
  // Returns where the user's events in this block end.
  std::size_t user_end() const {
    std::size_t end = place_ + 1;
    while (end < events_.size() && events_.ordinals[end] == events_.ordinals[place_]) ++end;
    return end;
  }
  // Returns how far the events from here on in this block go that come before `key` of a later run,
  // or with it.
  std::size_t end_before(std::pair<std::uint32_t, TimeUs> key, bool equal_too) const {
    std::size_t end = place_;
    while (end < events_.size()) {
      const std::pair here(events_.ordinals[end], events_.times[end]);
      if (here > key || (here == key && !equal_too)) break;
      ++end;
    }
    return end;
  }
  void go_to(std::size_t place) {
    place_ = place;
    if (done()) load();
  }

 private:
  void load() {
    if (next_block_ == run_->size()) return;
    events_ = unpack(*(*run_)[next_block_++], property_count_);
    place_ = 0;
  }

  const LogRun* run_;
  std::size_t property_count_;
  std::size_t next_block_ = 0;
  EventColumns events_;
  std::size_t place_ = 0;
};

}  // namespace

void append(EventColumns& events, const EventColumns& others, std::size_t begin, std::size_t end) {
  for_each_column(events, others, [&](auto& column, const auto& more) {
    column.insert(column.end(), more.begin() + static_cast<std::ptrdiff_t>(begin),
                  more.begin() + static_cast<std::ptrdiff_t>(end));
  });
}

RunWriter::RunWriter(std::size_t dimension_count, std::size_t property_count, TimeUs begin)
    : begin_(begin) {
  pending_.dimensions.resize(dimension_count);
  pending_.properties.resize(property_count);
}

void RunWriter::add(const EventColumns& events, std::size_t begin, std::size_t end) {
  if (begin_ == std::numeric_limits<TimeUs>::min()) return add_stretch(events, begin, end);
  while (begin < end) {
    std::size_t stop = begin;
    while (stop < end && events.times[stop] >= begin_) ++stop;
    add_stretch(events, begin, stop);
    begin = stop + 1;
  }
}

void RunWriter::add_stretch(const EventColumns& events, std::size_t begin, std::size_t end) {
  while (begin < end) {
    const std::size_t part = std::min(end - begin, kBlockEvents);
    if (part == kBlockEvents && pending_.size() == 0) {
      blocks_.push_back(
          std::make_shared<const LogBlock>(LogBlock::pack(events, begin, begin + part)));
    } else {
      append(pending_, events, begin, begin + part);
      pack_whole_blocks();
    }
    begin += part;
  }
}

void RunWriter::pack_whole_blocks() {
  std::size_t begin = 0;
  for (; pending_.size() - begin >= kBlockEvents; begin += kBlockEvents) {
    blocks_.push_back(
        std::make_shared<const LogBlock>(LogBlock::pack(pending_, begin, begin + kBlockEvents)));
  }
  if (begin > 0) drop_first(pending_, begin);
}

LogRun RunWriter::finish() {
  if (pending_.size() > 0) {
    blocks_.push_back(
        std::make_shared<const LogBlock>(LogBlock::pack(pending_, 0, pending_.size())));
    pending_.resize(0);
  }
  return std::exchange(blocks_, {});
}

EventColumns unpack(const LogBlock& block, std::size_t property_count) {
  EventColumns events;
  events.dimensions.resize(block.dimension_count());
  events.properties.resize(property_count);
  events.resize(block.event_count());
  block.values(events.values);
  LogBlock::Walk walk(block);
  while (walk.next()) {
    LogBlock::Times(walk).read(walk.user().count, &events.times[walk.user().begin]);
    std::fill_n(&events.ordinals[walk.user().begin], walk.user().count, walk.user().ordinal);
  }
  const auto decode = [&](const CodePlanes& planes, const auto& meanings, auto& column) {
    for (std::size_t i = 0; i < column.size(); ++i) column[i] = meanings[planes.code_of(i)];
  };
  decode(block.name_planes(), block.names(), events.names);
  for (std::size_t i = 0; i < events.dimensions.size(); ++i) {
    decode(block.dimension_planes(i), block.dimension_values(i), events.dimensions[i]);
  }
  for (std::size_t i = 0; i < std::min(property_count, block.property_count()); ++i) {
    decode(block.property_planes(i), block.property_values(i), events.properties[i]);
  }
  return events;
}

namespace {

// Merges the events of the next user, unless events of several runs overlap in time, or a block
// ends in between. Returns whether it did. `ends` is for its use alone.
bool merge_user(std::vector<RunReader>& readers, RunWriter& writer,
                std::vector<std::pair<RunReader*, std::size_t>>& ends) {
  std::uint32_t ordinal = readers.front().ordinal();
  for (const RunReader& reader : readers) ordinal = std::min(ordinal, reader.ordinal());
  ends.clear();
  for (RunReader& reader : readers) {
    if (reader.ordinal() != ordinal) continue;
    if (!ends.empty()) {
      const auto& [before, end] = ends.back();
      const EventColumns& events = before->events();
      if (end == events.size() || reader.key().second < events.times[end - 1]) return false;
    }
    ends.emplace_back(&reader, reader.user_end());
  }
  for (const auto& [reader, end] : ends) {
    writer.add(reader->events(), reader->place(), end);
    reader->go_to(end);
  }
  std::erase_if(readers, [](const RunReader& reader) { return reader.done(); });
  return true;
}

// Merges the next events: those of the run with the least key, or the first of several with an
// equal one, as far as the next run allows.
void merge_stretch(std::vector<RunReader>& readers, RunWriter& writer) {
  const auto least = std::ranges::min_element(readers, {}, &RunReader::key);
  auto next = readers.end();
  for (auto other = readers.begin(); other != readers.end(); ++other) {
    const bool is_less = next == readers.end() || other->key() < next->key();
    if (other != least && is_less) next = other;
  }
  const std::size_t end = next == readers.end()
                              ? least->events().size()
                              : least->end_before(next->key(), /*equal_too=*/least < next);
  writer.add(least->events(), least->place(), end);
  least->go_to(end);
  if (least->done()) readers.erase(least);
}

}  // namespace

// Runs mostly hold one time after the other.
LogRun merge(std::span<const LogRun> runs, std::size_t dimension_count, std::size_t property_count,
             TimeUs begin) {
  std::vector<RunReader> readers;
  for (const LogRun& run : runs) readers.emplace_back(run, property_count);
  std::erase_if(readers, [](const RunReader& reader) { return reader.done(); });
  RunWriter writer(dimension_count, property_count, begin);
  std::vector<std::pair<RunReader*, std::size_t>> ends;
  while (!readers.empty()) {
    if (readers.size() == 1 || !merge_user(readers, writer, ends)) merge_stretch(readers, writer);
  }
  return writer.finish();
}

}  // namespace rollcall
