#include "core/engine/value_notes.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "rollcall/kinds.h"
#include "rollcall/message_text.h"
#include "rollcall/segment.h"

namespace rollcall {
namespace {

class ValueNotes {
 public:
  ValueNotes(const SegmentCatalog& sets, const SeriesCatalog& catalog)
      : sets_(sets), catalog_(catalog) {}

  void look_at(const std::vector<PropertyCondition>& where) {
    for (const PropertyCondition& condition : where) {
      if (condition.test != PropertyCondition::Test::kAnyOf) continue;
      for (const std::string& value : condition.values) look_at(condition.property, value);
    }
  }
  void look_at(const Segment& segment) {
    look_at(segment.event.where);
    if (segment.kind == Segment::Kind::kFavourite) {
      look_at(segment.favourite.property, segment.favourite.value);
    }
    for (const Segment& part : segment.parts) look_at(part);
    for (const Segment* const part : segments_of_question(segment)) look_at(*part);
    const auto saved = sets_.saved.find(segment.name);
    const bool is_named = segment.kind == Segment::Kind::kSaved && saved != sets_.saved.end();
    if (is_named && named_.insert(segment.name).second) look_at(saved->second.expression);
  }

  std::vector<std::string> take() { return std::move(notes_); }

 private:
  void look_at(const std::string& property, const std::string& value) {
    const std::vector<std::string>& dimensions = catalog_.dimensions();
    const auto found = std::ranges::find(dimensions, property);
    if (found == dimensions.end() || value.empty()) return;
    const BoundedDictionary& known =
        catalog_.values(static_cast<std::uint32_t>(found - dimensions.begin()));
    if (known.overflowed() || known.find(value)) return;
    std::vector<std::string> values = known.values();
    std::erase(values, "");
    if (values.empty()) return;
    std::ranges::sort(values);
    const std::string note =
        fmt::format("no event has {} = {}{}, found: {}", excerpt(property), quoted_excerpt(value),
                    did_you_mean(value, values), excerpts(values));
    if (std::ranges::find(notes_, note) == notes_.end()) notes_.push_back(note);
  }

  const SegmentCatalog& sets_;
  const SeriesCatalog& catalog_;
  std::set<std::string_view> named_;
  std::vector<std::string> notes_;
};

}  // namespace

std::vector<std::string> notes_of_values(const Query& query, const SegmentCatalog& sets,
                                         const SeriesCatalog& catalog) {
  ValueNotes notes(sets, catalog);
  notes.look_at(query.common.where);
  if (query.common.among) notes.look_at(*query.common.among);
  for (const Segment* const segment : segments_of(query)) notes.look_at(*segment);
  return notes.take();
}

}  // namespace rollcall
