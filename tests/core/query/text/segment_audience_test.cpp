// Segments that are audiences of campaigns, as text and as JSON.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "rollcall/query.h"
#include "rollcall/segment.h"

namespace rollcall {
namespace {

TEST(SegmentAudience, AsText) {
  Segment segment;
  segment.kind = Segment::Kind::kAudience;
  segment.name = "win back";
  EXPECT_EQ(*parse_segment(R"~(campaign("win back"))~"), segment);
  segment.audience.class_name = "lapsed, long ago";
  segment.audience.arm = Segment::AudiencePart::Arm::kHoldout;
  EXPECT_EQ(*parse_segment(R"~(campaign("win back", arm = holdout, Class="lapsed, long ago"))~"),
            segment);
  segment.audience.run = "";
  segment.audience.arm = Segment::AudiencePart::Arm::kContacted;
  const std::string text =
      R"~(campaign("win back", run="", class="lapsed, long ago", arm=contacted))~";
  EXPECT_EQ(*parse_segment(text), segment);
  EXPECT_EQ(to_string(segment), text);
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"campaign()",
       R"~(column 10: must be a name, in double quotes if it has blanks, found ")")~"},
      {"campaign(a b)", R"~(column 12: must be "," or ")", found "b")~"},
      {"campaign(a, b=c)", R"~(column 13: must be run=..., class=... or arm=..., found "b")~"},
      {"campaign(a, arm=b)", R"~(column 17: must be contacted or holdout, found "b")~"},
      {"campaign(a, run)", R"~(column 16: must be "=", found ")")~"}};
  for (const auto& [wrong, said] : cases)
    EXPECT_EQ(parse_segment(wrong).status().message(), said) << wrong;
}

TEST(SegmentAudience, AsJson) {
  const std::string text = R"({"campaign": "a", "run": "1", "class": "b", "arm": "holdout"})";
  const Result<Query> query = parse_query(R"({"kind": "segment", "segment": )" + text + "}");
  ASSERT_TRUE(query.ok()) << query.status().to_string();
  EXPECT_EQ(std::get<SegmentQuery>(query->ask).segment,
            *parse_segment("campaign(a, run=1, class=b, arm=holdout)"));
  EXPECT_NE(to_json(*query).find(text), std::string::npos) << to_json(*query);
  EXPECT_EQ(parse_query(R"({"kind": "segment", "segment": {"campaign": "a", "arm": 7}})")
                .status()
                .message(),
            "segment: segment: arm: must be one of contacted, holdout, found 7");
}

}  // namespace
}  // namespace rollcall
