// This table has what is known about each source: the position last ingested, and the tokens of its
// last batches.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/catalog/token_window.h"
#include "rollcall/delivery.h"
#include "rollcall/status.h"
#include "rollcall/store.h"

namespace rollcall {

class SourceTable {
 public:
  // `durable_by` is the commit after which the batch survives a crash; if it is 0, the batch does
  // so in any case.
  void set(const SourcePosition& position, Epoch durable_by);
  // Returns the positions in the order of their first appearance.
  const std::vector<SourcePosition>& positions() const { return positions_; }

  // Returns whether a batch with this token is among the last ones of its source.
  bool has(const BatchToken& token) const;
  void add(const BatchToken& token, Epoch durable_by);

  // Returns the commit after which all batches of a source survive a crash.
  Epoch durable_by(const std::string& source) const;

  void serialize(std::string& out) const;
  Status deserialize(std::string_view bytes);

 private:
  std::vector<SourcePosition> positions_;
  std::unordered_map<std::string, std::size_t> places_;
  std::map<std::string, TokenWindow> tokens_;          // by source
  std::unordered_map<std::string, Epoch> durable_by_;  // by source; 0 if it has no entry
};

}  // namespace rollcall
