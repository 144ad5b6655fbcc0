// Segments as people write them.

#include "rollcall/query.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rollcall;
  const Result<Segment> segment = parse_segment(fuzz::as_text(data, size));
  if (!segment.ok()) {
    fuzz::require(segment.status().code() == StatusCode::kInvalidArgument,
                  segment.status().to_string());
    return 0;
  }
  fuzz::require_stable(
      *segment, [](const Segment& value) { return to_string(value); },
      [](const std::string& text) { return parse_segment(text); });
  return 0;
}
