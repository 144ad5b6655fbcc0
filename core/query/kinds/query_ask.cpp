// This makes a compiler generate the members of a variant of all kinds once for all sources.
#include "rollcall/question.h"

namespace rollcall {

QueryAsk::QueryAsk() = default;
QueryAsk::QueryAsk(const QueryAsk& other) = default;
QueryAsk::QueryAsk(QueryAsk&& other) noexcept = default;
QueryAsk& QueryAsk::operator=(const QueryAsk& other) = default;
QueryAsk& QueryAsk::operator=(QueryAsk&& other) noexcept = default;
QueryAsk::~QueryAsk() = default;

bool operator==(const QueryAsk& a, const QueryAsk& b) {
  return static_cast<const AnyAsk&>(a) == static_cast<const AnyAsk&>(b);
}

}  // namespace rollcall
