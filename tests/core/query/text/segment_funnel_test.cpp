// Funnels within segments as people write them.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/query/text/query_validation.h"
#include "core/time/calendar.h"
#include "rollcall/query.h"
#include "tests/core/query/text/segments_of_tests.h"

namespace rollcall::testing {
namespace {

using Kind = Segment::Kind;
using Names = Selector::Names;
using Check = PropertyCondition::Test;

TEST(SegmentFunnel, IsReadBack) {
  FunnelQuery ask;
  ask.steps = {event("a"), event("b} \"{")};
  ask.order = FunnelQuery::Order::kStrict;
  Query funnel{.common = {}, .ask = ask};
  funnel.common.from = *parse_date("2026-01-01");
  funnel.common.where = {{"c", Check::kAnyOf, {"x"}}};
  funnel.common.among = parse("not did(d)");
  const Segment converted = of_funnel(Kind::kConverted, funnel);
  EXPECT_EQ(parse(R"~(Converted( {"kind": "funnel", "steps": ["a", "b} \"{"], "order": "strict",
                                 "from": "2026-01-01", "where": {"c": "x"},
                                 "among": "not did(d)"} ))~"),
            converted);
  EXPECT_EQ(parse(to_string(converted)), converted);

  Segment dropped = of_funnel(Kind::kDropped, funnel);
  dropped.at_step = 2;
  EXPECT_EQ(parse(to_string(dropped)), dropped);
  EXPECT_NE(dropped, converted);
  Segment later = dropped;
  later.at_step = 3;
  EXPECT_NE(dropped, later);
  funnel.common.among.reset();
  EXPECT_NE(of_funnel(Kind::kConverted, funnel), converted);
  Segment none = converted;
  none.funnel = nullptr;
  EXPECT_NE(none, converted);
}

TEST(SegmentFunnel, NestedOnesAreBounded) {
  const auto nested = [](int depth) {
    std::string text = R"~({"steps": ["a", "b"]})~";
    for (int i = 1; i < depth; ++i) {
      text = R"~({"steps": ["a", "b"], "among": {"converted": )~" + text + "}}";
    }
    return "converted(" + text + ")";
  };
  const Segment deepest = parse(nested(kSegmentDepthMax));
  EXPECT_TRUE(check_segment("segment", deepest).ok());
  EXPECT_EQ(parse(to_string(deepest)), deepest);
  EXPECT_EQ(parse_segment(nested(kSegmentDepthMax + 1)).status().code(),
            StatusCode::kInvalidArgument);

  // A text in a text is as deep as what it is in.
  const auto within = [](int depth, const std::string& among) {
    std::string text = R"~({"steps": ["a", "b"], "among": ")~" + among + "\"}";
    for (int i = 1; i < depth; ++i) {
      text = R"~({"steps": ["a", "b"], "among": {"converted": )~" + text + "}}";
    }
    return "converted(" + text + ")";
  };
  EXPECT_EQ(parse(within(kSegmentDepthMax - 1, "not did(a)")).kind, Kind::kConverted);
  EXPECT_EQ(parse_segment(within(kSegmentDepthMax, "not did(a)")).status().code(),
            StatusCode::kInvalidArgument);
}

TEST(SegmentFunnel, OnesThatAreNone) {
  const auto fault = [](const Segment& segment) {
    return check_segment("segment", segment).message();
  };
  Segment converted;
  converted.kind = Kind::kConverted;
  EXPECT_EQ(fault(converted), "segment: converted: must have a funnel, found none");
  converted.funnel = std::make_shared<const Query>();
  EXPECT_EQ(fault(converted), "segment: converted: must have a funnel, found none");
  Segment dropped = of_funnel(Kind::kDropped, {.common = {}, .ask = FunnelQuery()});
  EXPECT_EQ(fault(dropped), "segment: dropped: steps: must be 2 to 32 events, found 0");
}

TEST(SegmentVariant, IsReadBack) {
  CompareQuery ask;
  ask.exposure = event("assign");
  ask.variant = "group";
  Query comparison{.common = {}, .ask = ask};
  comparison.common.from = *parse_date("2026-01-01");
  comparison.common.where = {{"c", Check::kAnyOf, {"x"}}};
  comparison.common.among = parse("not did(d)");
  Segment variant;
  variant.kind = Kind::kVariant;
  variant.name = "b) \"";
  variant.comparison = std::make_shared<const Query>(comparison);
  EXPECT_EQ(parse(R"~(variant("b) \"", {"kind": "compare", "exposure": "assign", "variant": "group",
                                        "metric": {"retention_day": 1}, "from": "2026-01-01",
                                        "where": {"c": "x"}, "among": "not did(d)"}))~"),
            variant);
  EXPECT_EQ(parse(to_string(variant)), variant);
  Segment other = variant;
  other.name = "a";
  EXPECT_NE(other, variant);
  comparison.common.among.reset();
  other = variant;
  other.comparison = std::make_shared<const Query>(comparison);
  EXPECT_NE(other, variant);
  ask.variants = {{"a", parse("first(*)")}, {"b", parse("segment(old)")}};
  ask.exposure = Selector();
  ask.variant.clear();
  comparison.ask = ask;
  other.comparison = std::make_shared<const Query>(comparison);
  EXPECT_EQ(parse(to_string(other)), other);
  EXPECT_EQ(segments_of_question(other).size(), 2u);
  EXPECT_EQ(segments_of_question(variant).size(), 1u);
  change_segments_of_question(other, [](Segment& part) { part = Segment(); });
  EXPECT_EQ(*segments_of_question(other)[1], Segment());
}

TEST(SegmentVariant, OnesThatAreNone) {
  const auto fault = [](const Segment& segment) {
    return check_segment("segment", segment).message();
  };
  Segment variant;
  variant.kind = Kind::kVariant;
  variant.name = "c";
  EXPECT_EQ(fault(variant), "segment: variant: of: must be a comparison, found none");
  variant.comparison = std::make_shared<const Query>();
  EXPECT_EQ(fault(variant), "segment: variant: of: must be a comparison, found none");
  CompareQuery ask;
  ask.variant = "group";
  ask.values = {"a", "b"};
  Query comparison{.common = {}, .ask = ask};
  const auto fault_of = [&] {
    variant.comparison = std::make_shared<const Query>(comparison);
    return fault(variant);
  };
  EXPECT_EQ(fault_of(), "segment: variant: unknown variant \"c\", allowed: a, b");
  ask.aa = 10;
  comparison.ask = ask;
  EXPECT_EQ(fault_of(),
            "segment: variant: of: aa: does not go with a segment, which has no differences");
  comparison.common.breakdown = "channel";
  EXPECT_EQ(fault_of(),
            "segment: variant: of: breakdown: does not go with a segment, which has no "
            "rows to tell apart");
}

// A text in the variants of a comparison is as deep as what it is in.
TEST(SegmentVariant, NestedOnesAreBounded) {
  const auto nested = [](int depth) {
    std::string text = R"~("did(x)")~";
    for (int i = 1; i < depth; ++i) {
      text = R"~({"variant": "a", "of": {"metric": {"retention_day": 1}, "variants": {"a": )~" +
             text + R"~(, "b": "did(y)"}}})~";
    }
    return R"~(variant(a, {"metric": {"retention_day": 1}, "variants": {"b": "did(y)", "a": )~" +
           text + "}})";
  };
  EXPECT_EQ(parse(nested(20)).kind, Kind::kVariant);
  EXPECT_EQ(parse_segment(nested(kSegmentDepthMax + 1)).status().code(),
            StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace rollcall::testing
