#include "core/source/ingest/refused_ranges.h"

#include <algorithm>
#include <string>
#include <utility>

namespace rollcall {
namespace {

Json limits_to_json(const Limits& limits) {
  Json::Object json;
  for (std::size_t i = 0; i < kLimitCount; ++i) {
    const auto limit = static_cast<SourceLimit>(i);
    if (limits.is_set(limit)) json.emplace_back(kLimitKinds[i].key, limits[limit]);
  }
  return Json(std::move(json));
}

Limits limits_from_json(const Json& json) {
  Limits limits;
  json.fields();  // or they are no limits
  for (std::size_t i = 0; i < kLimitCount; ++i) {
    const Json* const bound = json.find(kLimitKinds[i].key);
    if (bound != nullptr) limits.set(static_cast<SourceLimit>(i), bound->as<std::int64_t>());
  }
  return limits;
}

// Leaves out those that `now` covers, unless it could not be told any more which of the others came
// before a reading that took longer lines than any before it.
void add_reading(const Limits& now, std::vector<Limits>& readings) {
  const auto line_bytes = [](const Limits& limits) { return limits[SourceLimit::kLineBytes]; };
  std::int64_t longest = line_bytes(now);
  for (const Limits& limits : readings) longest = std::max(longest, line_bytes(limits));
  const auto first_longest =
      std::find_if(readings.begin(), readings.end(),
                   [&](const Limits& limits) { return line_bytes(limits) == longest; });
  if (first_longest != readings.end()) {
    readings.erase(std::remove_if(first_longest + 1, readings.end(),
                                  [&](const Limits& limits) { return now.cover(limits); }),
                   readings.end());
    if (now.cover(readings.back()) && line_bytes(readings.back()) == longest) readings.pop_back();
  }
  readings.push_back(now);
}

}  // namespace

bool RefusedRange::is_due(const Limits& now) const {
  return refused.may_be_taken_by(now) &&
         std::none_of(readings.begin(), readings.end(),
                      [&](const Limits& limits) { return limits.cover(now); });
}

void RefusedRanges::extend_last(std::uint64_t end, const Refusals& refused) {
  ranges_.back().end = end;
  ranges_.back().refused.add(refused);
}

Refusals RefusedRanges::before(std::uint64_t offset) const {
  Refusals sum;
  for (const RefusedRange& range : ranges_) {
    if (range.end <= offset) sum.add(range.refused);
  }
  return sum;
}

void RefusedRanges::read_again(std::uint64_t from, std::uint64_t end, std::uint64_t lines,
                               bool goes_on, const Limits& now, const Refusals& decided,
                               const Refusals& refused) {
  const auto found = std::find_if(ranges_.begin(), ranges_.end(),
                                  [&](const RefusedRange& range) { return range.begin == from; });
  if (found == ranges_.end()) return;
  const auto number = static_cast<std::size_t>(found - ranges_.begin());
  if (!goes_on) {
    RefusedRange done = ranges_[number];
    done.refused = {};
    add_reading(now, done.readings);
    ranges_.insert(ranges_.begin() + static_cast<std::ptrdiff_t>(number), std::move(done));
  }
  RefusedRange& done = ranges_[goes_on ? number - 1 : number];
  RefusedRange& rest = ranges_[goes_on ? number : number + 1];
  done.end = end;
  done.refused.add(refused);
  rest.begin = end;
  rest.lines = lines;
  rest.continues_line = false;
  rest.refused.remove(decided);
  // If all of it is read, a tail that the first reading had moved over has no row left to decide.
  if (rest.begin >= rest.end) rest.refused = {};
}

std::vector<RefusedRange> RefusedRanges::take_due(std::uint64_t offset, const Limits& now) {
  std::vector<RefusedRange> due;
  std::erase_if(ranges_, [&](const RefusedRange& range) {
    const bool is_due = range.end <= offset && range.is_due(now);
    if (is_due) due.push_back(range);
    return is_due;
  });
  return due;
}

void RefusedRanges::drop_empty() {
  std::erase_if(ranges_, [](const RefusedRange& range) { return range.refused.empty(); });
}

Json RefusedRanges::to_json() const {
  Json::Array json;
  for (const RefusedRange& range : ranges_) {
    if (range.refused.empty()) continue;
    Json::Object rows;
    for (const LimitCount& count : range.refused.counts()) {
      rows.emplace_back(kLimitKinds[Limits::index(count.limit)].key,
                        Json::Array{Json(count.rows), Json(range.refused[count.limit].nearest)});
    }
    json.emplace_back(Json::Object{{"begin", Json(range.begin)},
                                   {"end", Json(range.end)},
                                   {"lines", Json(range.lines)},
                                   {"continues_line", Json(range.continues_line)},
                                   {"cut_line_bytes", Json(range.cut_line_bytes)},
                                   {"limits", Json::list(range.readings, limits_to_json)},
                                   {"rows", Json(std::move(rows))}});
  }
  return Json(std::move(json));
}

RefusedRanges RefusedRanges::from_json(const Json& json) {
  RefusedRanges ranges;
  for (const Json& item : json.elements()) {
    RefusedRange range;
    range.begin = item.at("begin").as<std::uint64_t>();
    range.end = item.at("end").as<std::uint64_t>();
    range.lines = item.at("lines").as<std::uint64_t>();
    range.continues_line = item.at("continues_line").as<bool>();
    range.cut_line_bytes = item.at("cut_line_bytes").as<std::uint64_t>();
    for (const Json& limits : item.at("limits").elements()) {
      range.readings.push_back(limits_from_json(limits));
    }
    const Json& rows = item.at("rows");
    rows.fields();  // or it is no such range
    for (std::size_t i = 0; i < kLimitCount; ++i) {
      const Json* const refused = rows.find(kLimitKinds[i].key);
      if (refused == nullptr) continue;
      range.refused.set(static_cast<SourceLimit>(i),
                        {refused->at(0).as<std::uint64_t>(), refused->at(1).as<std::int64_t>()});
    }
    ranges.push_back(std::move(range));
  }
  return ranges;
}

}  // namespace rollcall
