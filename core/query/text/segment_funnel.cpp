// Segments that hold a funnel, which is a question of its own.
#include <tuple>

#include "rollcall/question.h"
#include "rollcall/segment.h"

namespace rollcall {

bool operator==(const Segment& a, const Segment& b) {
  const auto fields = [](const Segment& s) {
    return std::tie(s.kind, s.event, s.range, s.days, s.parts, s.name, s.times, s.sum, s.decline,
                    s.favourite, s.at_step);
  };
  if (fields(a) != fields(b)) return false;
  if (a.funnel == nullptr || b.funnel == nullptr) return a.funnel == b.funnel;
  return *a.funnel == *b.funnel;
}

const Segment* funnel_among(const Segment& segment) {
  if (segment.funnel == nullptr || !segment.funnel->common.among) return nullptr;
  return &*segment.funnel->common.among;
}

}  // namespace rollcall
