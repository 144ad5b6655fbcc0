// Questions as JSON: documents that are too long, too deep or of too many values are refused, and
// the largest that are allowed take little memory.
#include <gtest/gtest.h>

#include <string>

#include "rollcall/json.h"
#include "rollcall/query.h"
#include "tests/support/process_growth.h"

namespace rollcall::testing {
namespace {

std::string repeated(const std::string& text, std::size_t count) {
  std::string all;
  all.reserve(text.size() * count);
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

std::string fault_of(const std::string& json) {
  const Result<Query> query = parse_query(json);
  return query.ok() ? "" : query.status().message();
}

TEST(JsonDocument, LimitsAreSaid) {
  EXPECT_EQ(fault_of(repeated(" ", kJsonBytesMax + 1)),
            "query: too long: found 4194305 bytes, allowed: 4194304");
  EXPECT_EQ(fault_of(repeated("[", kJsonDepthMax + 1)),
            "query: nested too deeply, allowed: 256 levels");
  EXPECT_EQ(fault_of(repeated("[", 1'000'000)), "query: nested too deeply, allowed: 256 levels");
  EXPECT_EQ(fault_of("[" + repeated("0,", kJsonValuesMax) + "0]"),
            "query: has too many values, allowed: 250000");
  std::string fields;
  for (std::size_t i = 0; i <= kJsonFieldsMax; ++i) {
    fields += (i == 0 ? "\"f" : ", \"f") + std::to_string(i) + "\": 0";
  }
  EXPECT_EQ(fault_of("{" + fields + "}"), "query: an object of more than 1000 fields");
}

TEST(JsonDocument, LargestOnesTakeLittle) {
  const ProcessGrowth growth;
  for (const std::string& json : {"[" + repeated("[],", kJsonValuesMax - 2) + "[]]",
                                  repeated("[", kJsonDepthMax) + repeated("]", kJsonDepthMax),
                                  "[" + repeated("{\"a\":{}},", kJsonValuesMax / 2 - 1) + "{}]",
                                  '"' + repeated("x", kJsonBytesMax - 2) + '"'}) {
    const Result<Json> document = parse_json(json);
    EXPECT_TRUE(document.ok()) << document.status().to_string();
  }
  growth.expect_at_most(std::size_t{64} << 20);
}

// An error shows its value as it is written, and cut short.
TEST(JsonDocument, ValuesAreShownAsTheyAreWritten) {
  const auto shown = [](const std::string& json) { return (*parse_json(json)).text(1'000); };
  for (const char* const json :
       {"null", "true", "[false,-3,18446744073709551615,1.50,1e5]", R"({"a":[{}],"b":"c\"d"})",
        "[]", "[[],[[]]]", "123456789012345678901234567890"}) {
    EXPECT_EQ(shown(json), json);
  }
  EXPECT_LT((*parse_json("[" + repeated("\"abc\",", 10'000) + "1]")).text(60).size(), 80u);
}

}  // namespace
}  // namespace rollcall::testing
