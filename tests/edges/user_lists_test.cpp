// Lists of users are read in every form that our own programs write them in, told by their content;
// and a list that comes back empty says so.
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/memory_store.h"
#include "rollcall/user_file.h"
#include "tests/core/source/source_files.h"
#include "tests/edges/edge_engine.h"
#include "tests/support/error_text.h"

namespace rollcall::testing {
namespace {

std::vector<UserId> ids(const std::vector<std::string>& users) {
  return {users.begin(), users.end()};
}

class UserLists : public ::testing::Test {
 protected:
  Result<std::vector<UserId>> read(const std::string& name, const std::string& text,
                                   UserKind kind = UserKind::kString) {
    path_ = directory_.write(name, text);
    return read_user_file(path_, kind);
  }
  // Returns the error, without the path in front.
  std::string fault(const std::string& name, const std::string& text,
                    UserKind kind = UserKind::kString) {
    const Status status = read(name, text, kind).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status.to_string();
    EXPECT_TRUE(repeats(status, path_)) << status.message();
    return status.ok() ? "" : status.message().substr(path_.size());
  }

  TestDirectory directory_;
  std::string path_;
};

const std::string kAnswer =
    R"({"kind": "segment", "definition": {"user": {"rows": [[1]]}}, "columns": [{"name": "user", )"
    R"("type": "string"}], "rows": [["ann"], ["a \"b\", c"]], "stats": {"elapsed_us": 4}})";

TEST_F(UserLists, EveryFormUnderAnyName) {
  const std::vector<UserId> two = ids({"ann", "a \"b\", c"});
  const std::string csv = "user\nann\n\"a \"\"b\"\", c\"\n";
  const std::string lines = "{\"user\":\"ann\"}\n\n{\"user\":\"a \\\"b\\\", c\"}\r\n";
  for (const std::string& text : std::vector<std::string>{
           csv, "\xef\xbb\xbf" + csv, "\"user\"\r\nann\r\n\"a \"\"b\"\", c\"", kAnswer,
           kAnswer + "\n", "[" + kAnswer + "]", lines, "user;n\nann;1\n\"a \"\"b\"\", c\";2",
           "n\tuser\n1\tann\n2\ta \"b\", c\n",
           "date,user,n\n2026-01-01,ann,1\n\n\"x,\ny\",\"a \"\"b\"\", c\",2\n"}) {
    for (const std::string name : {"list", "list.txt"}) {
      EXPECT_EQ(*read(name, text), two) << text;
      EXPECT_EQ(*read(name + ".gz", gzip(text)), two) << text;
      EXPECT_EQ(*read(name, zstd(text)), two) << text;
    }
  }
  EXPECT_EQ(*read("list.csv", csv), two);
  EXPECT_EQ(*read("list.json", kAnswer), two);
  EXPECT_EQ(*read("list.jsonl.zst", zstd(lines)), two);
  EXPECT_EQ(*read("list.csv", kAnswer), two);  // its content tells
}

TEST_F(UserLists, JsonOverSeveralLinesOrOfAnotherOrder) {
  EXPECT_EQ(*read("list",
                  "{\n  \"columns\": [\n {\"type\": \"string\", \"name\": \"n\"},\n"
                  " {\"name\": \"user\"}],\n \"rows\": [\n [1, \"ann\"],\n [2, \"bob\"]\n]}\n"),
            ids({"ann", "bob"}));
  EXPECT_EQ(*read("list", "[{\"user\": \"ann\", \"n\": {\"user\": 1}}, {\"n\": [2], \"user\": 7}]"),
            ids({"ann", "7"}));
}

TEST_F(UserLists, NumbersStayExact) {
  const std::vector<UserId> numbers = {std::uint64_t{7}, ~std::uint64_t{0}};
  for (const std::string text :
       {"7\n18446744073709551615\n", "user\n7\n18446744073709551615\n",
        "{\"user\":7}\n{\"user\":18446744073709551615}\n",
        "{\"user\":\"7\"}\n{\"user\":\"18446744073709551615\"}\n",
        "{\"columns\":[{\"name\":\"user\"}],\"rows\":[[7],[18446744073709551615]]}"}) {
    EXPECT_EQ(*read("list", text, UserKind::kInteger), numbers) << text;
  }
}

// Lines are ids as they stand, whatever they look like.
TEST_F(UserLists, PlainLinesStayPlain) {
  const std::vector<std::string> odd = {
      "{3F2504E0-4F89-11D3}", "[x]", "\"bob\"", "a,b", "ann;1", "user"};
  std::string text;
  for (const std::string& id : odd) text += id + "\n";
  EXPECT_EQ(*read("list.txt", text), ids(odd));
  EXPECT_TRUE(read("list.txt", "")->empty());
  EXPECT_TRUE(read("list.csv", "\n")->empty());
  EXPECT_TRUE(read("list.csv", "user\n")->empty());
}

TEST_F(UserLists, WhatIsNoneIsToldWithItsLineAndNotQuoted) {
  const std::string id =
      "must be a user id, a whole number from 0 to 18446744073709551615 in digits without sign, "
      "blanks, fraction or leading zeros, found ";
  EXPECT_EQ(fault("a.txt", "1\n\nsecret\n", UserKind::kInteger), ":3: " + id + "a text of 6 bytes");
  EXPECT_EQ(fault("a.csv", "secret\nann\n"),
            ":1: must be the header of a list in CSV, with the column \"user\"; a list without a "
            "header has a name that does not end in .csv or .tsv");
  EXPECT_EQ(fault("a.csv", "user,n\nann,1\nbob\n"), ":3: has 1 fields, where the header has 2");
  EXPECT_EQ(fault("a.csv", "user\n\"bob\"\n\"secret\nann\n"),
            ":3: a quote is opened and never closed");
  EXPECT_EQ(fault("a.csv", "user\n\"bob\"secret\n"),
            ":2: must be a delimiter after a quote that is closed");
  EXPECT_EQ(fault("a.jsonl", "{\"user\":\"ann\"}\nsecret\n"), ":2: is not JSON");
  EXPECT_EQ(fault("a.json", "secret"), ":1: is not JSON");
  EXPECT_EQ(fault("a.json", "{\"user\":\"ann\"}\n{\"user\":\"secr"), ":2: is not JSON");
  const std::string no_user =
      ":1: must be an object with a \"user\", or an answer with a column \"user\"";
  EXPECT_EQ(fault("a", "{\"id\":\"secret\"}"), no_user);
  EXPECT_EQ(fault("a", R"({"columns":[{"name":"date"}],"rows":[]})"), no_user);
  EXPECT_EQ(fault("a", R"({"columns":[{"name":"user"}]})"), no_user);
  EXPECT_EQ(fault("a", R"({"user":null})"), ":1: a user must be a text or a whole number");
  EXPECT_EQ(fault("a", R"({"user":["secret"]})"), ":1: a user must be a text or a whole number");
  EXPECT_EQ(fault("a", R"({"user":1.5})"), ":1: a user must be a text or a whole number");
  const std::string no_row = ":1: must be an object with a \"user\", or rows of an answer";
  EXPECT_EQ(fault("a", R"([["secret"]])"), no_row);
  EXPECT_EQ(fault("a", R"(["secret"])"), no_row);
  const std::string no_cell =
      ":1: must be rows with a cell of the column \"user\", which comes before them";
  EXPECT_EQ(fault("a", R"({"columns":[{"name":"n"},{"name":"user"}],"rows":[[1]]})"), no_cell);
  EXPECT_EQ(fault("a", R"({"rows":[["secret"]],"columns":[{"name":"user"}]})"), no_cell);
  EXPECT_EQ(fault("a", std::string("\xff\xfe") + "a"),
            ":1: text in UTF-16 or UTF-32 (allowed: UTF-8)");
  const std::string packed = gzip("secret\n");
  EXPECT_EQ(read("a.gz", packed.substr(0, packed.size() - 3)).status().code(),
            StatusCode::kInvalidArgument);
}

// However a list is made, what is read of it at one go is bounded.
TEST_F(UserLists, PiecesAreBounded) {
  const std::string most(std::size_t{1} << 20, 'x'), more = most + "x";
  for (const std::string& text :
       {most + "\n", "user,n\n" + most + ",1\n", "user\n\"" + most + "\"\n",
        "{\"user\":\"" + most.substr(2) + "\"}"}) {
    const auto read_one = read("list", text);
    ASSERT_TRUE(read_one.ok()) << read_one.status().to_string();
    EXPECT_EQ(read_one->size(), 1U);
  }
  const std::string too_long = "has more than 1048576 bytes in one piece, which are allowed";
  EXPECT_EQ(fault("a", "ann\n" + more + "\n"), ":2: " + too_long);
  EXPECT_EQ(fault("a.csv", "user,n\nann,1\nann," + more + "\n"), ":3: " + too_long);
  EXPECT_EQ(fault("a.csv", "user\n\"" + more + "\"\n"), ":2: " + too_long);
  EXPECT_EQ(fault("a.csv", "user\n\"" + more), ":2: " + too_long);
  EXPECT_EQ(fault("a.json", "{\"user\":\"" + more + "\"}"), ":1: " + too_long);
  EXPECT_EQ(fault("a.json", "{\"user\":1}\n{\"user\":1" + std::string(more.size(), '0') + "}"),
            ":2: " + too_long);
  const std::string deep(257, '[');
  EXPECT_EQ(fault("a.json", deep), ":1: is nested deeper than 256 levels");
  EXPECT_EQ(fault("a.jsonl", "{\"user\":1}\n{\"n\":" + deep),
            ":2: is nested deeper than 256 levels");
  // Brackets within a text are none, whatever is escaped there.
  EXPECT_EQ(*read("a.json", R"({"n":"\\\"[[)" + deep + R"(","user":"ann"})"), ids({"ann"}));
}

TEST_F(UserLists, MemoryIsBoundedByOption) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += "user number " + std::to_string(i) + "\n";
  UserFileOptions options;
  for (const std::string& content : {text, gzip(text), zstd(text)}) {
    const std::string path = directory_.write("list", content);
    options.memory_bytes_max = std::size_t{2} << 20;
    const auto users = read_user_file(path, UserKind::kString, options);
    ASSERT_TRUE(users.ok()) << users.status().to_string();
    EXPECT_EQ(users->size(), 10'000U);
    options.memory_bytes_max = 600'000;  // enough for the text
    EXPECT_EQ(read_user_file(path, UserKind::kString, options).status().to_string(),
              Status::resource_exhausted(
                  path + ": takes more memory than the 600000 bytes that are allowed for lists of "
                         "users")
                  .to_string());
  }
  // Is a frame that wants a window of 16 MiB.
  const std::string path = directory_.write(
      "wide.zst", std::string("\x28\xb5\x2f\xfd\x00\x70\x21\x00\x00", 9) + "ann\n");
  EXPECT_EQ(*read_user_file(path, UserKind::kString), ids({"ann"}));
  options.memory_bytes_max = std::size_t{4} << 20;
  const Status status = read_user_file(path, UserKind::kString, options).status();
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
}

TEST_F(UserLists, AListOfWhichNotAllAreKnownSaysSo) {
  EngineOptions options;
  options.question_directories = {directory_.path()};
  const auto engine = *Engine::open(open_memory_store(), options);
  ASSERT_TRUE(ingest_events(*engine, {edge_event("ann"), edge_event("bob", 3)}).ok());
  const auto notes = [&](const std::string& segment, const std::string& more = "") {
    const auto result =
        engine->query(R"({"kind": "segment", "segment": ")" + segment + "\"" + more + "}");
    EXPECT_TRUE(result.ok()) << result.status().to_string();
    return result.ok() ? result->notes : std::vector<std::string>{"no answer"};
  };
  const std::string file =
      directory_.write("list", "Ann\nBob \n" + std::string(99, 'x') + "\nCem\n");
  EXPECT_EQ(
      notes("in_file(" + file + ")"),
      std::vector<std::string>{"in_file(" + file + "): the store knows none of its 4 ids: " +
                               "\"Ann\", \"Bob \", \"" + std::string(64, 'x') + "\"..., ..."});
  directory_.write("list", "Ann\nbob\nann\nbob\nCem\n");
  EXPECT_EQ(
      notes("in_file(" + file + ")"),
      std::vector<std::string>{"in_file(" + file + "): the store does not know 2 of its 4 ids"});
  directory_.write("list", "ann\nbob\n");
  EXPECT_TRUE(notes("in_file(" + file + ")").empty());
  // This user is known, though not yet seen at that time.
  EXPECT_TRUE(notes("in_file(" + file + ")", R"(, "as_of": "2026-01-01")").empty());
  directory_.write("list", "\n");
  EXPECT_EQ(notes("did(login) or in_file(" + file + ") or in_file(" + file + ")"),
            std::vector<std::string>{"in_file(" + file + "): it lists nobody"});

  ASSERT_TRUE(engine->save_segment("staff", ids({"Ann"})).ok());
  const std::vector<std::string> said = {
      "segment(staff): the store knows none of its 1 id: \"Ann\""};
  EXPECT_EQ(notes("segment(staff)"), said);
  ASSERT_TRUE(engine->save_segment("others", *parse_segment("not segment(staff)")).ok());
  EXPECT_EQ(notes("segment(others)"), said);
  // Each answer has its own; the JSON of one without any is as it was.
  const auto answers = engine->query(
      *parse_queries(R"~([{"kind": "active"}, {"kind": "active", "among": "segment(staff)"}])~"));
  ASSERT_TRUE(answers.ok()) << answers.status().to_string();
  EXPECT_TRUE(answers->at(0).notes.empty());
  EXPECT_FALSE(nlohmann::json::parse(to_json(answers->at(0))).contains("notes"));
  EXPECT_EQ(answers->at(1).notes, said);
  EXPECT_EQ(nlohmann::json::parse(to_json(answers->at(1))).at("notes"), said);
}

// Nobody can tell which of two columns is meant.
TEST_F(UserLists, WithTwoColumnsOfUsers) {
  const std::string column = ": has more than one column \"user\" (allowed: one)";
  for (const char* text : {"user,user\nann,bob\n", "user;n;user\nann;1;bob\n", "n\tuser\tuser\n"}) {
    EXPECT_EQ(fault("list", text), ":1" + column) << text;
  }
  EXPECT_EQ(fault("list", R"({"columns": [{"name": "user"}, {"name": "user"}],)"
                          R"( "rows": [["ann", "bob"]]})"),
            ":1" + column);
  EXPECT_EQ(fault("list", "{\"user\": \"ann\"}\n{\"user\": \"bob\", \"user\": \"cem\"}\n"),
            ":2: has more than one \"user\" (allowed: one)");
  // Other columns may be double, and each answer of an array has its own.
  EXPECT_EQ(*read("list", "n,n,user\n1,2,ann\n"), ids({"ann"}));
  EXPECT_EQ(read("list", "[" + kAnswer + ", " + kAnswer + "]")->size(), 4u);
}

// kCorruption is of a store.
TEST_F(UserLists, ThatAreDamaged) {
  const std::string text = "ann\nbob\n";
  EXPECT_EQ(fault("list.gz", gzip(text).substr(0, 15)), ": damaged gzip: it is cut off");
  const std::string packed = zstd(text);
  EXPECT_EQ(fault("list.zst", packed.substr(0, packed.size() - 2)),
            ": damaged zstd: it is cut off");
}

}  // namespace
}  // namespace rollcall::testing
