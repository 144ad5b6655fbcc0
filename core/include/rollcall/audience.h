// This header has audiences: who a campaign is for, frozen at one moment.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rollcall/dates.h"
#include "rollcall/segment.h"

namespace rollcall {

// Campaigns may be repeated. Each run of one has an audience of its own.
struct AudienceName {
  static constexpr std::size_t kBytesMax = 200;  // of either

  std::string campaign;  // UTF-8, not empty
  std::string run;       // UTF-8; may be empty

  friend auto operator<=>(const AudienceName&, const AudienceName&) = default;
};

struct AudienceClass {
  static constexpr std::size_t kCountMax = 1'000;

  std::string name;  // UTF-8, not empty, of at most AudienceName::kBytesMax bytes
  Segment users;
};

// Says who is to be in an audience. A user of it is in the first class that they fit, or else in
// the class kRest; and in one of two arms: most are to be contacted, and the others are held out,
// to compare with.
struct AudienceRequest {
  static constexpr const char* kRest = "other";

  AudienceName name;
  Segment users;
  std::vector<AudienceClass> classes;
  std::optional<AsOf> as_of;  // everything is as it was then; unset: the latest event of the store
  // The share of users who are held out, a decimal from 0 to 1 of at most 18 decimals. The hash of
  // `draw` and the user decides, so that a user is in the same arm wherever `draw` and the share
  // are the same.
  std::string holdout = "0";
  std::string draw;
};

struct AudienceInfo {
  struct Class {
    std::string name;
    std::uint64_t contacted = 0;
    std::uint64_t holdout = 0;

    friend bool operator==(const Class&, const Class&) = default;
  };
  AudienceName name;
  std::string as_of;           // as QueryResult::as_of
  std::vector<Class> classes;  // in the order of the request, and the rest

  friend bool operator==(const AudienceInfo&, const AudienceInfo&) = default;
};

}  // namespace rollcall
