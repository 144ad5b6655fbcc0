#include <fmt/format.h>

#include "core/pages/page_forms.h"
#include "rollcall/dates.h"
#include "rollcall/store.h"

namespace rollcall {
namespace {

template <class Form>
std::string form_name(const PageId& id) {
  const std::string day =
      Form::kPer == PagePer::kSeriesDayChunk ? ", " + to_string(Day{id.day}) : std::string();
  return fmt::format("{} of partition {}{}, series {}, chunk {}", Form::kName, id.partition, day,
                     id.series, id.chunk);
}

}  // namespace

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
    case PageKind::kKept:
      return "kept properties page";
    case PageKind::kPartition:
      return fmt::format("directory page of partition {}", id.partition);
    case PageKind::kDay:
      return fmt::format("day page of partition {}, {}", id.partition, to_string(Day{id.day}));
    case PageKind::kUsers:
      return fmt::format("user page of partition {}, chunk {}", id.partition, id.chunk);
    case PageKind::kCounters:
      return fmt::format("counter page of partition {}, series {}, chunk {}", id.partition,
                         id.series, id.chunk);
    case PageKind::kHistoryLimit:
      return "history limit page";
    case PageKind::kObjects:
      return "saved objects page";
    case PageKind::kAudiences:
      return "audiences page";
    case PageKind::kAudience:
      return fmt::format("audience page of partition {}, audience {}, chunk {}", id.partition,
                         id.series, id.chunk);
    case PageKind::kHistory:
      return fmt::format("history page of partition {}, run {}, block {}", id.partition, id.series,
                         id.chunk);
    default:
      break;
  }
  std::string name;
  EachForm<PageForms>::visit([&]<class Form>(std::type_identity<Form>) {
    if (Form::kKind == id.kind) name = form_name<Form>(id);
  });
  if (!name.empty()) return name;
  return fmt::format("page of unknown kind {}", static_cast<int>(id.kind));
}

}  // namespace rollcall
