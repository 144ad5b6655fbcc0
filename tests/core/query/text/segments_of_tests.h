// Segments as tests of their text write them.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "rollcall/query.h"

namespace rollcall::testing {

inline Segment parse(std::string_view text) {
  Result<Segment> segment = parse_segment(text);
  EXPECT_TRUE(segment.ok()) << text << "\n" << segment.status().to_string();
  return segment.ok() ? *std::move(segment) : Segment{};
}

inline Selector event(std::string name) { return {Selector::Names::kAnyOf, {std::move(name)}, {}}; }

inline Segment did(std::string name) {
  Segment segment;
  segment.event = {Selector::Names::kAnyOf, {std::move(name)}, {}};
  return segment;
}

inline Segment of_parts(Segment::Kind kind, std::vector<Segment> parts) {
  Segment segment;
  segment.kind = kind;
  segment.parts = std::move(parts);
  return segment;
}

inline Segment of_name(Segment::Kind kind, std::string name) {
  Segment segment;
  segment.kind = kind;
  segment.name = std::move(name);
  return segment;
}

inline Segment of_funnel(Segment::Kind kind, Query funnel) {
  Segment segment;
  segment.kind = kind;
  segment.funnel = std::make_shared<const Query>(std::move(funnel));
  return segment;
}

}  // namespace rollcall::testing
