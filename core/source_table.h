// The position last ingested of each source.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/status.h"

namespace rollcall {

class SourceTable {
 public:
  void set(const SourcePosition& position);
  // In the order of their first appearance.
  const std::vector<SourcePosition>& positions() const { return positions_; }

  void serialize(std::string& out) const;
  Status deserialize(std::string_view bytes);

 private:
  std::vector<SourcePosition> positions_;
  std::unordered_map<std::string, std::size_t> places_;
};

}  // namespace rollcall
