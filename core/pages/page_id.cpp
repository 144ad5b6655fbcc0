#include <fmt/format.h>

#include "rollcall/dates.h"
#include "rollcall/store.h"

namespace rollcall {

std::string to_string(const PageId& id) {
  switch (id.kind) {
    case PageKind::kDictionary:
      return fmt::format("dictionary page {}", id.series);
    case PageKind::kSources:
      return "source positions page";
    case PageKind::kSegments:
      return "saved segments page";
    case PageKind::kForgotten:
      return "forgotten users page";
    case PageKind::kPartition:
      return fmt::format("directory page of partition {}", id.partition);
    case PageKind::kDay:
      return fmt::format("day page of partition {}, {}", id.partition, to_string(Day{id.day}));
    case PageKind::kUsers:
      return fmt::format("user page of partition {}, chunk {}", id.partition, id.chunk);
    case PageKind::kPresence:
      return fmt::format("presence page of partition {}, {}, series {}, chunk {}", id.partition,
                         to_string(Day{id.day}), id.series, id.chunk);
    case PageKind::kAmounts:
      return fmt::format("amounts page of partition {}, {}, series {}, chunk {}", id.partition,
                         to_string(Day{id.day}), id.series, id.chunk);
    case PageKind::kCounters:
      return fmt::format("counter page of partition {}, series {}, chunk {}", id.partition,
                         id.series, id.chunk);
    case PageKind::kBounds:
      return fmt::format("bounds page of partition {}, series {}, chunk {}", id.partition,
                         id.series, id.chunk);
  }
  return fmt::format("page of unknown kind {}", static_cast<int>(id.kind));
}

}  // namespace rollcall
