// Segments that hold a funnel or a comparison, which are questions of their own.
#include <functional>
#include <memory>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "rollcall/question.h"
#include "rollcall/segment.h"

namespace rollcall {

bool operator==(const Segment& a, const Segment& b) {
  const auto fields = [](const Segment& s) {
    return std::tie(s.kind, s.event, s.range, s.days, s.parts, s.name, s.times, s.sum, s.decline,
                    s.favourite, s.at_step, s.audience);
  };
  const auto same = [](const std::shared_ptr<const Query>& x,
                       const std::shared_ptr<const Query>& y) {
    return x == nullptr || y == nullptr ? x == y : *x == *y;
  };
  return fields(a) == fields(b) && same(a.funnel, b.funnel) && same(a.comparison, b.comparison);
}

namespace {

// Calls use(part) for each segment of a question within a segment.
template <class AnyQuery, class Use>
void for_each_segment(AnyQuery& question, const Use& use) {
  if (question.common.among) use(*question.common.among);
  if (auto* const ask = std::get_if<CompareQuery>(&question.ask)) {
    for (auto& arm : ask->variants) use(arm.segment);
  }
}

}  // namespace

std::vector<const Segment*> segments_of_question(const Segment& segment) {
  std::vector<const Segment*> segments;
  for (const Query* const question : {segment.funnel.get(), segment.comparison.get()}) {
    if (question == nullptr) continue;
    for_each_segment(*question, [&](const Segment& part) { segments.push_back(&part); });
  }
  return segments;
}

void change_segments_of_question(Segment& segment, const std::function<void(Segment&)>& change) {
  if (segments_of_question(segment).empty()) return;
  for (std::shared_ptr<const Query>* const held : {&segment.funnel, &segment.comparison}) {
    if (*held == nullptr) continue;
    Query question = **held;
    for_each_segment(question, change);
    *held = std::make_shared<const Query>(std::move(question));
  }
}

}  // namespace rollcall
