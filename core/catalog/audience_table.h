// This table has the audiences of the store, and where their pages are.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/audience.h"
#include "rollcall/status.h"
#include "rollcall/store.h"
#include "rollcall/types.h"

namespace rollcall {

// The users of an audience are in a page for each chunk of users that has any of them. A page has a
// set for each class and arm, in the order of `classes`: contacted, held out.
struct Audience {
  // Is the chunk of a partition.
  struct Place {
    std::uint32_t partition = 0;
    std::uint32_t chunk = 0;

    friend auto operator<=>(const Place&, const Place&) = default;
  };
  std::uint32_t number = 0;  // of its pages; no two audiences of a store ever have the same
  std::string as_of;
  std::vector<AudienceInfo::Class> classes;
  std::map<Place, Epoch> pages;  // the commit that wrote each

  std::size_t set_count() const { return 2 * classes.size(); }
  PageId page_id(Place place) const {
    return {PageKind::kAudience, place.partition, number, 0, place.chunk};
  }
};

class AudienceTable {
 public:
  using Audiences = std::map<AudienceName, Audience>;

  // Returns the audience, which has a number and nothing else. There must be none of that name.
  Audience& add(const AudienceName& name);
  void erase(Audiences::const_iterator audience) { audiences_.erase(audience); }
  Audiences& all() { return audiences_; }
  const Audiences& all() const { return audiences_; }

  void serialize(std::string& out) const;
  static Result<AudienceTable> deserialize(std::string_view bytes);

 private:
  Audiences audiences_;
  std::uint32_t next_number_ = 1;
};

// Holds pages of audiences that the last commit does not have yet.
using WaitingAudiencePages = std::map<PageId, std::shared_ptr<const std::string>>;

// Questions find audiences through this.
struct AudienceCatalog {
  std::shared_ptr<const AudienceTable> table;  // never null
  WaitingAudiencePages waiting;
};

}  // namespace rollcall
