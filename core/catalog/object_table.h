// This table has the questions, campaigns and alerts that the store keeps by name.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "rollcall/saved_object.h"
#include "rollcall/status.h"

namespace rollcall {

class ObjectTable {
 public:
  using Key = std::pair<ObjectKind, std::string>;  // kind and name
  using Definitions = std::map<Key, std::string>;

  void set(const Key& key, std::string definition) { saved_[key] = std::move(definition); }
  // Returns whether there was such an object.
  bool erase(const Key& key) { return saved_.erase(key) != 0; }
  bool has(const Key& key) const { return saved_.contains(key); }
  // Returns the definitions, which are ordered by kind and name.
  const Definitions& saved() const { return saved_; }

  void serialize(std::string& out) const;
  Status deserialize(std::string_view bytes);

 private:
  Definitions saved_;
};

}  // namespace rollcall
