#include "core/source/ingest/source_identity.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <iterator>
#include <new>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "core/base/sort_unique.h"
#include "rollcall/json.h"

namespace rollcall {
namespace {

constexpr int kFormat = 2;
constexpr std::string_view kIdPrefix = "file:";

std::string to_hex(XXH128_hash_t hash) {
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

std::optional<XXH128_hash_t> from_hex(const std::string& text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  if (text.size() != 32 || text.find_first_not_of(kDigits) != std::string::npos) return {};
  XXH128_hash_t hash;
  hash.high64 = std::stoull(text.substr(0, 16), nullptr, 16);
  hash.low64 = std::stoull(text.substr(16), nullptr, 16);
  return hash;
}

template <class T>
Json enum_json(T value) {
  return Json(static_cast<std::underlying_type_t<T>>(value));
}

template <class T>
T enum_from(const Json& json) {
  return static_cast<T>(json.as<std::underlying_type_t<T>>());
}

// Returns a field that positions of earlier versions do not have.
template <class T>
T value_or(const Json& json, std::string_view name, T otherwise) {
  const Json* const field = json.find(name);
  return field == nullptr ? otherwise : field->as<T>();
}

bool equal(XXH128_hash_t a, XXH128_hash_t b) { return a.high64 == b.high64 && a.low64 == b.low64; }

bool same_head(const ContentMark& mark, std::string_view head) {
  return mark.head_bytes <= head.size() &&
         equal(mark.head_hash, XXH3_128bits(head.data(), mark.head_bytes));
}

Json to_json(const SourceReading& reading) {
  const Json columns = Json::list(reading.columns, [](const SourceReading::Column& column) {
    return Json::Array{Json(column.role), Json(column.name), Json(column.number)};
  });
  Json::Object json = {{"format", enum_json(reading.format)},
                       {"delimiter", Json(reading.delimiter)},
                       {"quotes", enum_json(reading.quotes)},
                       {"skip_lines", Json(reading.skip_lines)},
                       {"comment", Json(reading.comment)},
                       {"nested", enum_json(reading.nested)},
                       {"header", Json(reading.header)},
                       {"names", Json::list(reading.names)},
                       {"columns", columns},
                       {"event_name", Json(reading.event_name)},
                       {"time_format", Json(reading.time_format)},
                       {"time_unit", enum_json(reading.time_unit)}};
  if (reading.amounts != AmountForm()) {
    json.emplace_back("amounts",
                      Json::Object{{"decimal", Json(std::string(1, reading.amounts.decimal))},
                                   {"grouping", Json(reading.amounts.grouping)},
                                   {"currency", Json(reading.amounts.currency)},
                                   {"rounds", Json(reading.amounts.rounds)}});
  }
  if (reading.holds_unrounded) json.emplace_back("holds_unrounded", true);
  return Json(std::move(json));
}

SourceReading reading_from(const Json& json) {
  SourceReading reading;
  reading.format = enum_from<FileFormat>(json.at("format"));
  reading.delimiter = json.at("delimiter").as<std::string>();
  if (reading.delimiter.empty()) throw std::invalid_argument("delimiter");
  // Positions from before these could be chosen do not have them.
  reading.quotes = reading.delimiter == " " ? QuoteRule::kText : QuoteRule::kFields;
  if (const Json* const quotes = json.find("quotes"))
    reading.quotes = enum_from<QuoteRule>(*quotes);
  reading.skip_lines = value_or(json, "skip_lines", 0U);
  reading.comment = value_or(json, "comment", std::string());
  if (const Json* const nested = json.find("nested")) {
    reading.nested = enum_from<NestedValues>(*nested);
  }
  reading.header = json.at("header").as<bool>();
  for (const Json& name : json.at("names").elements()) {
    reading.names.push_back(name.as<std::string>());
  }
  for (const Json& column : json.at("columns").elements()) {
    reading.columns.push_back({column.at(0).as<std::string>(), column.at(1).as<std::string>(),
                               column.at(2).as<std::uint32_t>()});
  }
  reading.event_name = json.at("event_name").as<std::string>();
  reading.time_format = json.at("time_format").as<std::string>();
  reading.time_unit = enum_from<TimeUnit>(json.at("time_unit"));
  reading.holds_unrounded = value_or(json, "holds_unrounded", false);
  if (const Json* const amounts = json.find("amounts")) {
    const auto decimal = amounts->at("decimal").as<std::string>();
    if (decimal.empty()) throw std::invalid_argument("decimal");
    reading.amounts.decimal = decimal.front();
    reading.amounts.grouping = amounts->at("grouping").as<std::string>();
    reading.amounts.currency = amounts->at("currency").as<std::string>();
    reading.amounts.rounds = amounts->at("rounds").as<bool>();
  }
  return reading;
}

// Returns the mark that stood at an earlier end of `source`.
ContentMark mark_of(const KnownSource::End& end, const KnownSource& source) {
  const bool has_head = end.offset >= kHeadBytes;
  return {end.offset,
          end.hash,
          has_head ? kHeadBytes : end.offset,
          has_head ? source.mark.head_hash : end.hash,
          {}};
}

ContentMark mark_of(std::string_view content) {
  ContentMarker marker;
  marker.take(content);
  return marker.mark();
}

// Is a place up to which a source was read.
struct Candidate {
  const KnownSource* source = nullptr;
  const KnownSource::End* end = nullptr;  // null: where it stands now
  ContentMark mark;
};

// Returns where the first reading of a source came to.
std::uint64_t first_end_of(const KnownSource& source) {
  std::uint64_t first = source.mark.offset;
  for (const KnownSource::End& end : source.earlier_ends) first = std::min(first, end.offset);
  return first;
}

// Returns those that a content with this head may hold, by offset.
std::vector<Candidate> candidates_of(const std::vector<const KnownSource*>& sources,
                                     std::string_view head) {
  std::vector<Candidate> candidates;
  const auto add = [&](const Candidate& candidate) {
    if (same_head(candidate.mark, head)) candidates.push_back(candidate);
  };
  for (const KnownSource* source : sources) {
    for (const KnownSource::End& end : source->earlier_ends) {
      add({source, &end, mark_of(end, *source)});
    }
    add({source, nullptr, source->mark});
  }
  std::stable_sort(
      candidates.begin(), candidates.end(),
      [](const Candidate& a, const Candidate& b) { return a.mark.offset < b.mark.offset; });
  return candidates;
}

}  // namespace

SourcePosition KnownSource::to_position() const {
  Json::Array ends;
  for (const End& end : earlier_ends) {
    if (end.rows == 0) continue;  // nothing would count twice
    ends.emplace_back(Json::Array{Json(end.offset), Json(to_hex(end.hash)), Json(end.rows),
                                  Json(end.lines), Json(end.tail)});
  }
  Json::Object position = {
      {"format", Json(kFormat)},
      {"name", Json(name)},
      {"offset", Json(mark.offset)},
      {"hash", Json(to_hex(mark.hash))},
      {"head_bytes", Json(mark.head_bytes)},
      {"head_hash", Json(to_hex(mark.head_hash))},
      {"reading", to_json(*reading)},
      {"rows", Json(rows)},
      {"lines", Json(lines)},
      {"counted", Json(counted)},
      {"tail", Json(tail)},
      {"earlier_ends", Json(std::move(ends))},
      {"refused", refused.to_json()},
      {"waymarks", Json(mark.waymarks)},
  };
  if (refusals_unknown_before > 0) {
    position.emplace_back("refusals_unknown_before", refusals_unknown_before);
  }
  if (told) position.emplace_back("told", to_hex(*told));
  if (origin) {
    position.emplace_back("origin", Json::Array{Json(origin->id), Json(origin->end)});
  }
  // File names need not be UTF-8.
  return {id, Json(std::move(position)).text()};
}

std::optional<KnownSource> KnownSource::from_position(const SourcePosition& position) {
  if (!position.id.starts_with(kIdPrefix)) return {};
  // Want of memory is thrown on: a file that is not known for it would count twice.
  try {
    const Result<Json> parsed = parse_written_json(position.position);
    if (!parsed.ok()) return {};
    const Json& json = *parsed;
    const auto hash = from_hex(json.at("hash").as<std::string>());
    const auto head_hash = from_hex(json.at("head_hash").as<std::string>());
    if (json.at("format").as<int>() != kFormat || !hash || !head_hash) return {};
    KnownSource source;
    source.id = position.id;
    source.name = json.at("name").as<std::string>();
    source.reading = std::make_shared<SourceReading>(reading_from(json.at("reading")));
    // Versions that kept no waymarks wrote the same without them.
    source.mark = {json.at("offset").as<std::uint64_t>(), *hash,
                   json.at("head_bytes").as<std::uint64_t>(), *head_hash,
                   value_or(json, "waymarks", std::string())};
    source.rows = json.at("rows").as<std::uint64_t>();
    source.lines = json.at("lines").as<std::uint64_t>();
    source.counted = json.at("counted").as<bool>();
    source.tail = json.at("tail").as<bool>();
    source.told = from_hex(value_or(json, "told", std::string()));
    if (const Json* const ends = json.find("earlier_ends")) {
      for (const Json& end : ends->elements()) {
        const auto end_hash = from_hex(end.at(1).as<std::string>());
        if (!end_hash) return {};
        source.earlier_ends.push_back({end.at(0).as<std::uint64_t>(), *end_hash,
                                       end.at(2).as<std::uint64_t>(), end.at(3).as<std::uint64_t>(),
                                       end.at(4).as<bool>()});
      }
    }
    // Versions that did not keep what limits refused wrote the same without these.
    const Json* const refused = json.find("refused");
    if (refused == nullptr) {
      source.refusals_unknown_before = source.mark.offset;
      return source;
    }
    source.refused = RefusedRanges::from_json(*refused);
    source.refusals_unknown_before = value_or(json, "refusals_unknown_before", std::uint64_t{0});
    if (const Json* const origin = json.find("origin")) {
      source.origin = {origin->at(0).as<std::string>(), origin->at(1).as<std::uint64_t>()};
    }
    return source;
  } catch (const std::invalid_argument&) {
    return {};  // somebody else made it
  }
}

SourceRegistry::SourceRegistry(const std::vector<SourcePosition>& positions) {
  for (const SourcePosition& position : positions) {
    if (const auto source = KnownSource::from_position(position)) update(*source);
  }
}

std::map<std::string, std::set<std::string>> SourceRegistry::columns_by_role() const {
  std::map<std::string, std::set<std::string>> names;
  for (const KnownSource& source : sources_) {
    for (const SourceReading::Column& column : source.reading->columns) {
      if (source.counted) names[column.role].insert(column.name);
    }
  }
  return names;
}

void SourceRegistry::update(const KnownSource& source) {
  const auto [known, is_new] = by_id_.try_emplace(source.id, sources_.size());
  const std::size_t number = known->second;
  if (is_new) {
    sources_.push_back(source);
  } else {
    by_waymarks_.erase(place_by_waymarks(number));
    sources_[number] = source;
  }
  std::shared_ptr<const SourceReading>& reading = sources_[number].reading;
  const auto shared = std::find_if(readings_.begin(), readings_.end(),
                                   [&](const auto& other) { return *other == *reading; });
  if (shared == readings_.end()) {
    readings_.push_back(reading);
  } else {
    reading = *shared;
  }
  by_waymarks_.insert(place_by_waymarks(number), number);
  const auto add = [&](const ContentMark& mark) {
    std::vector<std::size_t>& numbers =
        by_head_[{mark.head_bytes, mark.head_hash.high64, mark.head_hash.low64}];
    if (std::find(numbers.begin(), numbers.end(), number) == numbers.end()) {
      numbers.push_back(number);
    }
  };
  for (const KnownSource::End& end : source.earlier_ends) add(mark_of(end, source));
  add(source.mark);
}

std::vector<SourceRegistry::Part> SourceRegistry::take_due(const KnownSource& source,
                                                           const Limits& now) {
  std::vector<Part> parts;
  const auto add = [&](const std::string& id, std::uint64_t end) {
    const auto known = by_id_.find(id);
    if (known == by_id_.end()) return false;
    KnownSource& owner = sources_[known->second];
    Part part{owner, end, owner.refused.take_due(end, now)};
    if (!part.due.empty()) owner.counted = true;
    parts.push_back(std::move(part));
    return true;
  };
  add(source.id, source.mark.offset);
  std::optional<KnownSource::Origin> origin = source.origin;
  std::uint64_t end = source.mark.offset;
  while (origin) {
    end = std::min(end, origin->end);
    if (!add(origin->id, end)) break;
    origin = parts.back().owner.origin;
  }
  std::reverse(parts.begin(), parts.end());
  return parts;
}

std::string SourceRegistry::new_id(std::string_view head, const SourceReading& reading) const {
  for (std::size_t number = sources_.size();; ++number) {
    const XXH64_hash_t hash =
        XXH3_64bits_withSeed(head.data(), head.size(), reading.hash() + number);
    std::string id = fmt::format("{}{:016x}", kIdPrefix, hash);
    if (!by_id_.contains(id)) return id;
  }
}

std::vector<std::size_t>::iterator SourceRegistry::place_by_waymarks(std::size_t number) {
  const auto key = [this](std::size_t of) {
    return std::pair<const std::string&, std::size_t>(sources_[of].mark.waymarks, of);
  };
  return std::lower_bound(by_waymarks_.begin(), by_waymarks_.end(), number,
                          [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
}

const KnownSource* SourceRegistry::longer_than(const ContentMark& mark) const {
  if (mark.waymarks.empty()) return nullptr;
  auto number = std::lower_bound(by_waymarks_.begin(), by_waymarks_.end(), mark.waymarks,
                                 [&](std::size_t candidate, const std::string& waymarks) {
                                   return sources_[candidate].mark.waymarks < waymarks;
                                 });
  for (; number != by_waymarks_.end(); ++number) {
    const KnownSource& source = sources_[*number];
    if (!source.mark.waymarks.starts_with(mark.waymarks)) break;
    if (source.counted && source.mark.offset > mark.offset) return &source;
  }
  return nullptr;
}

const KnownSource* SourceRegistry::longer_than(std::string_view head,
                                               const HoldsRow& holds_row) const {
  const KnownSource* const longer = longer_than(mark_of(head));
  if (longer == nullptr) return nullptr;
  // A row that is cut off is no evidence beside whole ones. A row that is alone has to be whole.
  if (holds_row(head.substr(0, head.rfind('\n') + 1))) return longer;
  const bool has_crlf = head.find("\r\n") != std::string_view::npos && !head.ends_with('\r');
  const std::string ended = std::string(head) + (has_crlf ? "\r\n" : "\n");
  return holds_row(ended) ? longer_than(mark_of(ended)) : nullptr;
}

// One pass over the head meets the heads of all marks.
std::vector<const KnownSource*> SourceRegistry::sources_like(std::string_view head) const {
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(),
                                                                       &XXH3_freeState);
  if (state == nullptr) throw std::bad_alloc();
  XXH3_128bits_reset(state.get());
  std::vector<std::size_t> numbers;
  std::size_t hashed = 0;
  for (auto next = by_head_.begin(); next != by_head_.end() && next->first[0] <= head.size();) {
    const std::size_t size = next->first[0];
    XXH3_128bits_update(state.get(), head.data() + hashed, size - hashed);
    hashed = size;
    const XXH128_hash_t hash = XXH3_128bits_digest(state.get());
    if (const auto found = by_head_.find({size, hash.high64, hash.low64});
        found != by_head_.end()) {
      numbers.insert(numbers.end(), found->second.begin(), found->second.end());
    }
    next = by_head_.lower_bound({size + 1, 0, 0});
  }
  sort_unique(numbers);
  std::vector<const KnownSource*> sources;
  for (const std::size_t number : numbers) sources.push_back(&sources_[number]);
  return sources;
}

namespace {

// Holds the candidates whose mark the content has, and those whose mark lies past its end.
struct MetMarks {
  std::vector<Candidate> held;
  std::vector<Candidate> not_reached;
};

// One pass over the content meets the marks of all candidates.
Result<MetMarks> meet_marks(const std::vector<Candidate>& candidates, ContentReader& content) {
  MetMarks met;
  for (const Candidate& candidate : candidates) {
    ROLLCALL_ASSIGN_OR_RETURN(const bool reached, content.skip_to(candidate.mark.offset));
    if (!reached) {
      met.not_reached.push_back(candidate);
    } else if (equal(content.mark().hash, candidate.mark.hash)) {
      met.held.push_back(candidate);
    }
  }
  return met;
}

// Returns the longest candidate that is read as the content is, too.
std::optional<Candidate> last_read_alike(const std::vector<Candidate>& candidates,
                                         const SourceRegistry::ReadAs& read_as) {
  const auto found =
      std::find_if(candidates.rbegin(), candidates.rend(), [&](const Candidate& candidate) {
        const SourceReading& known = *candidate.source->reading;
        const Result<SourceReading> reading =
            read_as(candidate.source->counted ? &known : nullptr, first_end_of(*candidate.source));
        return reading.ok() && reading->key() == known.key();
      });
  return found == candidates.rend() ? std::nullopt : std::optional(*found);
}

// Returns the source that goes on from the candidate's mark. From an earlier end, it is a new one,
// which has no id yet.
KnownSource continue_from(const Candidate& candidate) {
  const KnownSource& before = *candidate.source;
  KnownSource source;
  if (candidate.end == nullptr) {
    source = before;
    source.earlier_ends.push_back(
        {source.mark.offset, source.mark.hash, source.rows, source.lines, source.tail});
    return source;
  }
  source.reading = before.reading;
  source.mark = candidate.mark;
  source.rows = candidate.end->rows;
  source.lines = candidate.end->lines;
  source.counted = before.counted;
  source.tail = candidate.end->tail;
  source.origin = {before.id, candidate.mark.offset};
  source.refusals_unknown_before = std::min(before.refusals_unknown_before, candidate.mark.offset);
  for (const KnownSource::End& end : before.earlier_ends) {
    if (end.offset <= candidate.mark.offset) source.earlier_ends.push_back(end);
  }
  return source;
}

// Brings the content to the mark of its source, from its beginning if it is elsewhere.
Status go_to_mark(const std::string& path, SourceRegistry::Recognized& recognized) {
  const ContentMark& mark = recognized.source.mark;
  if (recognized.content.offset() == mark.offset) return {};
  ROLLCALL_ASSIGN_OR_RETURN(recognized.content,
                            ContentReader::open(path, recognized.content.wait()));
  ROLLCALL_ASSIGN_OR_RETURN(const bool reached, recognized.content.skip_to(mark.offset));
  if (!reached || (recognized.known && !equal(recognized.content.mark().hash, mark.hash))) {
    return Status::io_error(fmt::format("{}: it has changed while it was read", path));
  }
  return {};
}

}  // namespace

Result<SourceRegistry::Recognized> SourceRegistry::recognize(const std::string& path,
                                                             ContentReader content,
                                                             const ReadAs& read_as,
                                                             const HoldsRow& holds_row) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string_view looked_at, content.head());
  const std::string head(looked_at.substr(0, kHeadBytes));
  Recognized result{std::move(content), {}, false, {}, {}};
  ROLLCALL_ASSIGN_OR_RETURN(MetMarks met,
                            meet_marks(candidates_of(sources_like(head), head), result.content));
  std::vector<Candidate> counted;
  std::copy_if(met.held.begin(), met.held.end(), std::back_inserter(counted),
               [](const Candidate& candidate) { return candidate.source->counted; });
  // If some of it was counted, what was not counted decides nothing.
  const std::optional<Candidate> best =
      last_read_alike(counted.empty() ? met.held : counted, read_as);

  // Says whether all of the content may be the beginning of a source that was read further.
  const KnownSource* longer = nullptr;
  std::uint64_t size = 0;  // of the content, if it is known to end before some mark
  if (head.size() < kHeadBytes) {
    size = head.size();
    longer = longer_than(head, holds_row);
  } else if (!met.not_reached.empty()) {
    size = result.content.offset();
    longer = longer_than(result.content.mark());
    // For a source without waymarks, it can only be said that it begins with the same head.
    std::erase_if(met.not_reached, [&](const Candidate& candidate) {
      return !candidate.source->mark.waymarks.empty() || (best && best->source != candidate.source);
    });
    if (const auto alike = last_read_alike(met.not_reached, read_as); longer == nullptr && alike) {
      longer = alike->source;
    }
  }
  if (longer != nullptr && (!best || best->mark.offset < size)) {
    result.longer = {longer->name, longer->mark.offset, size};
  }
  result.known = best.has_value();
  if (best) {
    result.source = continue_from(*best);
  } else {
    ROLLCALL_ASSIGN_OR_RETURN(SourceReading reading, read_as(nullptr, 0));
    result.source.reading = std::make_shared<SourceReading>(std::move(reading));
    if (!counted.empty()) result.otherwise = *counted.back().source->reading;
  }
  if (result.source.id.empty()) result.source.id = new_id(head, *result.source.reading);
  result.source.name = path;
  ROLLCALL_RETURN_IF_ERROR(go_to_mark(path, result));
  return result;
}

Result<SourceRegistry::RecognizedRows> SourceRegistry::recognize_rows(const std::string& path,
                                                                      XXH128_hash_t digest,
                                                                      const ReadAs& read_as) const {
  RecognizedRows result;
  const auto of_digest = by_head_.find({kHeadOfRows, digest.high64, digest.low64});
  std::vector<Candidate> all, counted;
  if (of_digest != by_head_.end()) {
    for (const std::size_t number : of_digest->second) {
      all.push_back({&sources_[number], nullptr, sources_[number].mark});
      if (sources_[number].counted) counted.push_back(all.back());
    }
  }
  const std::optional<Candidate> best = last_read_alike(counted.empty() ? all : counted, read_as);
  result.known = best.has_value();
  if (best) {
    result.source = *best->source;
  } else {
    ROLLCALL_ASSIGN_OR_RETURN(SourceReading reading, read_as(nullptr, 0));
    result.source.reading = std::make_shared<SourceReading>(std::move(reading));
    result.source.mark = mark_of_rows(digest, 0);
    const std::string head = to_hex(digest);
    result.source.id = new_id(head, *result.source.reading);
    if (!counted.empty()) result.otherwise = *counted.back().source->reading;
  }
  result.source.name = path;
  return result;
}

}  // namespace rollcall
