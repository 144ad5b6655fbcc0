// A query may name these sets of users: segments saved in the store, and lists in files.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/users/user_list.h"
#include "rollcall/segment.h"
#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

// Is a segment that the store keeps: an expression, or a list.
struct SavedSegment {
  Segment expression;                     // meaningless if there is a list
  std::shared_ptr<const UserList> users;  // null: there is no list
};

struct SegmentCatalog {
  std::map<std::string, SavedSegment, std::less<>> saved;
  std::map<std::string, std::shared_ptr<const UserList>, std::less<>> files;  // by path
  std::set<std::string, std::less<>> unchecked;  // those paths compressed without a checksum
};

}  // namespace rollcall
