// This header has the objects that a store keeps by name besides its events: what somebody defined,
// and wants to find again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/status.h"

namespace rollcall {

// The numbers are part of the stored format, so new ones are appended and none is ever changed. The
// engine knows what segments and questions mean. What campaigns and alerts mean is the business of
// whoever defines them; the engine keeps them as they are.
enum class ObjectKind : std::uint8_t {
  kSegment = 1,   // {"segment": EXPRESSION} or {"users": [ID, ...]}
  kQuestion = 2,  // a question as `Engine::query` takes it
  kCampaign = 3,
  kAlert = 4,
};

// Returns "segment", "question", "campaign" or "alert".
std::string_view to_string(ObjectKind kind);

// Each kind has names of its own.
struct SavedObject {
  static constexpr std::size_t kNameBytesMax = 200;
  static constexpr std::size_t kDefinitionBytesMax = std::size_t{64} << 10;
  // A store may have so many, and so many bytes of definitions, besides its segments.
  static constexpr std::size_t kCountMax = 1'000;
  static constexpr std::size_t kBytesMax = std::size_t{2} << 20;

  ObjectKind kind = ObjectKind::kQuestion;
  std::string name;        // UTF-8, not empty
  std::string definition;  // a JSON object; it is kept without blanks between its parts

  friend bool operator==(const SavedObject&, const SavedObject&) = default;
};

// Says what becomes of an object whose name is taken.
enum class OnSameName : std::uint8_t {
  kRefuse,   // nothing is saved
  kReplace,  // the new one takes its place
};

// Writes objects as a JSON document: {"objects": [{"kind": ..., "name": ..., "definition": ...}]}.
std::string objects_json(std::span<const SavedObject> objects);
// Reads such a document. What the definitions mean is checked where they are saved.
//   kInvalidArgument  it is not JSON, or not such a document
Result<std::vector<SavedObject>> parse_objects(std::string_view json);

}  // namespace rollcall
