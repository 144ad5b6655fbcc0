#include "core/source/formats/ndjson_reader.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "core/source/formats/text_block_reader.h"

namespace rollcall {
namespace {

// The columns are user, time, event, value, and two properties.
const std::vector<std::string> kColumns = {"user", "ts", "event", "amount", "properties.channel",
                                           "plan"};

struct Read {
  std::vector<std::string> fields;
  std::string fault;
};

std::vector<Read> read_lines(std::string text, const std::vector<std::string>& columns = kColumns,
                             std::size_t line_bytes_max = 1 << 20) {
  const std::size_t size = text.size();
  text.append(kBlockPadding, 'x');
  NdjsonReader reader(line_bytes_max, "", columns, NestedValues::kText);
  reader.start({text.data(), size});
  std::vector<Read> reads;
  for (Row row; reader.next(row);) {
    Read& read = reads.emplace_back();
    if (row.fault) {
      read.fault = to_string(row.fault->kind);
    } else {
      for (const Field& field : row.fields) read.fields.emplace_back(field.text);
    }
  }
  return reads;
}

Read read_line(const std::string& line) {
  const std::vector<Read> reads = read_lines(line + "\n");
  EXPECT_EQ(reads.size(), 1u) << line;
  return reads.empty() ? Read{} : reads.front();
}

using Columns = std::vector<std::string>;

TEST(NdjsonReader, ReadsTheColumnsInAnyOrder) {
  EXPECT_EQ(read_line(R"({"ts": "2026-01-01", "event":"login","user":"ann", "plan":"pro"})").fields,
            (Columns{"ann", "2026-01-01", "login", "", "", "pro"}));
  EXPECT_EQ(
      read_line(R"( {"user":"a","properties":{"x":[1,{"channel":"no"}],"channel":"ads"}} )").fields,
      (Columns{"a", "", "", "", "ads", ""}));
  EXPECT_EQ(read_line(R"({"properties.channel":"ads"})").fields[4], "ads");
  EXPECT_EQ(read_line("{}").fields, Columns(6));
}

TEST(NdjsonReader, NumbersAreTheDigitsTheyStandAs) {
  const Read read = read_line(
      R"({"user":18446744073709551615,"ts":1082040961.123456789,"amount":-0.1000000000000000001})");
  EXPECT_EQ(read.fields[0], "18446744073709551615");
  EXPECT_EQ(read.fields[1], "1082040961.123456789");
  EXPECT_EQ(read.fields[3], "-0.1000000000000000001");
  EXPECT_EQ(read_line(R"({"amount":1e3 , "plan": 12 })").fields[3], "1e3");
  for (const char* number : {"01", "1.", "-", "1e", "12abc", ".5", "+1", "1_000", "NaN"}) {
    EXPECT_EQ(read_line(std::string("{\"amount\":") + number + "}").fault,
              "row is not a JSON object")
        << number;
  }
}

TEST(NdjsonReader, StringsAreUnescaped) {
  EXPECT_EQ(read_line(R"({"user":"a\"b\\c\/\u00e9\ud83d\ude00\n"})").fields[0],
            "a\"b\\c/\xC3\xA9\xF0\x9F\x98\x80\n");
  EXPECT_EQ(read_line(R"({"\u0075ser":"x"})").fields[0], "x");
  EXPECT_EQ(read_line(R"({"user":""})").fields[0], "");
  EXPECT_EQ(read_line(R"({"user":"a\qb"})").fault, "row is not a JSON object");
  EXPECT_EQ(read_line(R"({"user":"\ud800"})").fault, "row is not a JSON object");
}

TEST(NdjsonReader, OtherValues) {
  EXPECT_EQ(read_line(R"({"user":null,"plan":true})").fields,
            (Columns{"", "", "", "", "", "true"}));
  EXPECT_EQ(read_line(R"({"plan":false})").fields[5], "false");
  EXPECT_EQ(read_line(R"({"user":true})").fault, "column is neither a string nor a number");
  EXPECT_EQ(read_line(R"({"user":{"id":1}})").fault, "column is neither a string nor a number");
  EXPECT_EQ(read_line(R"({"user":["a"]})").fault, "column is neither a string nor a number");
  EXPECT_EQ(read_line(R"({"plan":[ "a", {"b" : " c"} ]})").fields[5], R"(["a",{"b":" c"}])");
  EXPECT_EQ(read_line(R"({"properties":"none","plan":"p"})").fields[5], "p");
}

TEST(NdjsonReader, AColumnThatStandsTwiceIsAFault) {
  EXPECT_EQ(read_line(R"({"user":"a","user":"b"})").fault, "column stands twice in the row");
  EXPECT_EQ(read_line(R"({"user":"a","user":"a"})").fault, "column stands twice in the row");
  EXPECT_EQ(read_line(R"({"properties.channel":"a","properties":{"channel":"a"}})").fault,
            "column stands twice in the row");
  EXPECT_EQ(read_line(R"({"other":1,"other":2,"user":"a"})").fields[0], "a");
}

TEST(NdjsonReader, ABadLineIsAloneAtFault) {
  const std::string good = R"({"user":"a"})";
  for (const std::string bad :
       {R"({"user":"a")", R"({"user":"a"}})", R"({"user":"a"} x)", R"({"user":"a" "ts":1})",
        R"(["user"])", R"("user")", "12", "null", "{", "}", "{\"user", "user,ts",
        R"({"user":"a"]})", R"({"user":"a"}{"user":"b"})", "{\"user\":\"\xFF\"}",
        "{\"user\":\"\x01\"}", R"({"user":"a"b})", R"({"user":tru})", "{\"user\" \"a\"}"}) {
    const auto reads = read_lines(good + "\n" + bad + "\n" + good + "\n");
    ASSERT_EQ(reads.size(), 3u) << bad;
    EXPECT_EQ(reads[0].fields[0], "a");
    EXPECT_EQ(reads[1].fault, "row is not a JSON object") << bad;
    EXPECT_EQ(reads[2].fields[0], "a");
  }
}

TEST(NdjsonReader, BlankLinesAndLineEnds) {
  const auto reads = read_lines("\n  \r\n{\"user\":\"a\"}\r\n\t\n{\"user\":\"b\"}\n");
  ASSERT_EQ(reads.size(), 2u);
  EXPECT_EQ(reads[0].fields[0], "a");
  EXPECT_EQ(reads[1].fields[0], "b");
}

TEST(NdjsonReader, TooLong) {
  const auto reads = read_lines("{\"user\":\"0123456789\"}\n{\"user\":\"a\"}\n", kColumns, 16);
  EXPECT_EQ(reads[0].fault, "row is too long");
  EXPECT_EQ(reads[1].fields[0], "a");
}

TEST(NdjsonReader, DeepNestingIsHarmless) {
  const std::size_t depth = 50'000;
  EXPECT_EQ(
      read_line("{\"x\":" + std::string(depth, '[') + std::string(depth, ']') + ",\"user\":\"a\"}")
          .fields[0],
      "a");
  for (const std::string& bad :
       {std::string(depth, '['), "{\"x\":" + std::string(depth, '[') + "}"}) {
    EXPECT_EQ(read_line(bad).fault, "row is not a JSON object");
  }
  std::string objects, ends;
  for (std::size_t i = 0; i < depth; ++i) {
    objects += "{\"properties\":";
    ends += "}";
  }
  EXPECT_EQ(read_line(objects + "1" + ends).fault, "");
}

TEST(NdjsonReader, SeveralUsesOfAColumn) {
  const auto reads = read_lines("{\"u\":\"a\"}\n", {"u", "", "u", "", "u"});
  EXPECT_EQ(reads[0].fields, (Columns{"a", "", "a", "", "a"}));
}

// Random objects, written by another library, read the same.
TEST(NdjsonReader, AgreesWithAnotherParser) {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed=" << seed);
    std::mt19937_64 random(seed);
    const auto random_string = [&] {
      constexpr std::string_view kPieces[] = {"a",        "\"", "\\", "\n", "{", "}", ",", ":",
                                              "\xC3\xA9", "/",  "\t", "[",  "]", " ", "0"};
      std::string text;
      for (std::size_t i = random() % 8; i > 0; --i) text += kPieces[random() % 15];
      return text;
    };
    nlohmann::ordered_json object = nlohmann::ordered_json::object();
    Columns expected(6);
    for (const std::size_t i : {3u, 0u, 5u, 1u, 2u}) {
      object[random_string() + "-"] = {{"user", random_string()}, {"n", {1, 2, random_string()}}};
      if (random() % 4 == 0) continue;
      if (random() % 2 == 0) {
        const std::uint64_t number = random();
        expected[i] = std::to_string(number);
        object[kColumns[i]] = number;
      } else {
        expected[i] = random_string();
        object[kColumns[i]] = expected[i];
      }
    }
    if (random() % 2 == 0) {
      expected[4] = random_string();
      object["properties"] = {{"channel", expected[4]}, {"z", random_string()}};
    }
    const Read read = read_line(object.dump());
    EXPECT_EQ(read.fault, "");
    EXPECT_EQ(read.fields, expected) << object;
  }
}

TEST(NdjsonReader, AnyBytesAreSurvived) {
  const std::string seed_line =
      R"({"user":"a\u00e9","ts":12.5e3,"properties":{"channel":"x","y":[{},[null]]},"plan":true})";
  for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
    std::mt19937_64 random(seed);
    std::string line = seed_line;
    for (std::size_t i = random() % 5; i > 0; --i) {
      constexpr std::string_view kBytes = "{}[]\",:\\ntf0-\x80\xFF";
      const std::size_t at = random() % line.size();
      switch (random() % 3) {
        case 0:
          line[at] = kBytes[random() % kBytes.size()];
          break;
        case 1:
          line.erase(at, random() % 10 + 1);
          break;
        default:
          line.insert(at, 1, kBytes[random() % kBytes.size()]);
      }
      if (line.empty()) line = "{";
    }
    read_lines(line + "\n");
    ndjson_values((line + std::string(kBlockPadding, ' ')).substr(0, line.size()));
  }
}

TEST(NdjsonValues, NamesTheMembersOfObjects) {
  std::string line = R"({"a":1,"b":{"c":"x","d":{"e":null}},"f":[{"g":1}]})";
  const std::size_t size = line.size();
  line.append(kBlockPadding, ' ');
  std::vector<std::string> found;
  for (const NdjsonValue& value : ndjson_values({line.data(), size})) {
    found.push_back(value.path + (value.is_object ? "{}" : "=" + value.text));
  }
  EXPECT_EQ(found, (std::vector<std::string>{"a=1", "b{}", "b.c=x", "b.d{}", "b.d.e=", "f="}));
}

}  // namespace
}  // namespace rollcall
