#include "core/pages/page_check.h"

#include <fmt/format.h>

namespace rollcall {

void PageCheck::fault(const PageId& id, std::string_view what) {
  faults.push_back(fmt::format("{}: {}", to_string(id), what));
}

bool PageCheck::note(const PageId& id, const Status& status) {
  if (!status.ok()) fault(id, status.message());
  return status.ok();
}

}  // namespace rollcall
