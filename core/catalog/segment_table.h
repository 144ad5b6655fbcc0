// This table has the segments that the store keeps by name.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/catalog/segment_catalog.h"
#include "core/users/forgotten_users.h"
#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

class SegmentTable {
 public:
  using Segments = std::map<std::string, SavedSegment, std::less<>>;

  void set(const std::string& name, SavedSegment segment) { saved_[name] = std::move(segment); }
  // Returns whether there was a segment of that name.
  bool erase(std::string_view name);
  // Removes forgotten users from the lists. Returns whether any list had one.
  bool forget(const ForgottenUsers& forgotten);
  const Segments& saved() const { return saved_; }
  // Returns the other saved segments through which `expression`, kept as `name`, would refer to
  // itself; nullopt if it would not.
  std::optional<std::vector<std::string>> way_back(const std::string& name,
                                                   const Segment& expression) const;

  void serialize(std::string& out) const;
  Status deserialize(std::string_view bytes, UserKind kind);

 private:
  Segments saved_;
};

}  // namespace rollcall
