#include "core/query/plan/audience_reads.h"

#include <utility>

namespace rollcall {

const AudienceTable::Audiences& audiences_of(const PlanContext& context) {
  static const AudienceTable::Audiences kNone;
  return context.audiences == nullptr ? kNone : context.audiences->table->all();
}

std::shared_ptr<const AudienceRead> read_of(const Audience& audience, std::vector<std::size_t> sets,
                                            const PlanContext& context) {
  if (context.account != nullptr) {
    constexpr std::size_t kNodeBytes = 64;
    context.account->take(
        sizeof(AudienceRead) + audience.pages.size() * (kNodeBytes + sizeof(AudienceRead::Page)),
        QuestionNeed::kSegments);
  }
  auto read = std::make_shared<AudienceRead>();
  read->set_count = audience.set_count();
  read->sets = std::move(sets);
  for (const auto& [place, epoch] : audience.pages) {
    const PageId id = audience.page_id(place);
    const auto waiting = context.audiences->waiting.find(id);
    const bool waits = waiting != context.audiences->waiting.end();
    read->pages[place] = {{id, epoch}, waits ? waiting->second : nullptr};
  }
  return read;
}

}  // namespace rollcall
