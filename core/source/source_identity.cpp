#include "core/source/source_identity.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace rollcall {
namespace {

constexpr int kFormat = 1;
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

bool equal(XXH128_hash_t a, XXH128_hash_t b) { return a.high64 == b.high64 && a.low64 == b.low64; }

bool same_head(const ContentMark& mark, std::string_view head) {
  return mark.head_bytes <= head.size() &&
         equal(mark.head_hash, XXH3_128bits(head.data(), mark.head_bytes));
}

}  // namespace

SourcePosition KnownSource::to_position() const {
  const nlohmann::ordered_json position = {
      {"format", kFormat},
      {"name", name},
      {"offset", mark.offset},
      {"hash", to_hex(mark.hash)},
      {"head_bytes", mark.head_bytes},
      {"head_hash", to_hex(mark.head_hash)},
      {"mapping", mapping},
      {"rows", rows},
      {"lines", lines},
      {"tail", tail},
  };
  // File names need not be UTF-8.
  return {id, position.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

std::optional<KnownSource> KnownSource::from_position(const SourcePosition& position) {
  if (!position.id.starts_with(kIdPrefix)) return {};
  try {
    const auto json = nlohmann::json::parse(position.position);
    const auto hash = from_hex(json.at("hash"));
    const auto head_hash = from_hex(json.at("head_hash"));
    if (json.at("format") != kFormat || !hash || !head_hash) return {};
    KnownSource source;
    source.id = position.id;
    source.name = json.at("name");
    source.mapping = json.at("mapping");
    source.mark = {json.at("offset"), *hash, json.at("head_bytes"), *head_hash};
    source.rows = json.at("rows");
    source.lines = json.at("lines");
    source.tail = json.at("tail");
    return source;
  } catch (const nlohmann::json::exception&) {
    return {};
  }
}

SourceRegistry::SourceRegistry(const std::vector<SourcePosition>& positions) {
  for (const SourcePosition& position : positions) {
    if (auto source = KnownSource::from_position(position)) sources_.push_back(std::move(*source));
  }
}

void SourceRegistry::update(const KnownSource& source) {
  const auto found = std::find_if(sources_.begin(), sources_.end(),
                                  [&](const KnownSource& known) { return known.id == source.id; });
  if (found != sources_.end()) {
    *found = source;
  } else {
    sources_.push_back(source);
  }
}

std::string SourceRegistry::new_id(std::string_view head, std::uint64_t mapping) const {
  for (std::size_t number = sources_.size();; ++number) {
    const XXH64_hash_t hash = XXH3_64bits_withSeed(head.data(), head.size(), mapping + number);
    std::string id = fmt::format("{}{:016x}", kIdPrefix, hash);
    const bool taken = std::any_of(sources_.begin(), sources_.end(),
                                   [&](const KnownSource& known) { return known.id == id; });
    if (!taken) return id;
  }
}

Result<SourceRegistry::Recognized> SourceRegistry::recognize(const std::string& path,
                                                             ContentReader content,
                                                             std::uint64_t mapping) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string_view looked_at, content.head());
  const std::string head(looked_at);
  Recognized result{std::move(content), {}, false, false};
  result.source.name = path;
  result.source.mapping = mapping;
  result.source.id = new_id(head, mapping);

  // One pass over the content meets the marks of all sources that begin like it.
  std::vector<const KnownSource*> candidates;
  for (const KnownSource& known : sources_) {
    if (same_head(known.mark, head)) candidates.push_back(&known);
  }
  std::sort(candidates.begin(), candidates.end(), [](const KnownSource* a, const KnownSource* b) {
    return a->mark.offset < b->mark.offset;
  });
  const KnownSource* best = nullptr;
  const KnownSource* cut_off = nullptr;
  for (const KnownSource* const candidate : candidates) {
    ROLLCALL_ASSIGN_OR_RETURN(const bool reached, result.content.skip_to(candidate->mark.offset));
    if (!reached) {
      if (candidate->mark.head_bytes == kHeadBytes && candidate->mapping == mapping) {
        cut_off = candidate;
      }
      continue;
    }
    if (!equal(result.content.mark().hash, candidate->mark.hash)) continue;
    if (candidate->mapping == mapping) {
      best = candidate;
    } else {
      result.known_otherwise = true;
    }
  }
  if (best != nullptr) {
    result.known_otherwise = false;
    result.known = true;
    result.source = *best;
    result.source.name = path;
  } else if (cut_off != nullptr) {
    return Status::invalid_argument(fmt::format(
        "{}: it begins like {}, of which {} bytes were read before, and has only {}: either it was "
        "cut off, or it is another file that happens to begin with the same {} bytes",
        path, cut_off->name == path ? "before" : cut_off->name, cut_off->mark.offset,
        result.content.offset(), kHeadBytes));
  }
  if (result.content.offset() != result.source.mark.offset) {
    ROLLCALL_ASSIGN_OR_RETURN(result.content, ContentReader::open(path));
    ROLLCALL_ASSIGN_OR_RETURN(const bool reached,
                              result.content.skip_to(result.source.mark.offset));
    if (!reached || (result.known && !equal(result.content.mark().hash, result.source.mark.hash))) {
      return Status::io_error(fmt::format("{}: it has changed while it was read", path));
    }
  }
  return result;
}

}  // namespace rollcall
