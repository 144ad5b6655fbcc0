#include "rollcall/user_file.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

namespace rollcall {
namespace {

class UserFile : public ::testing::Test {
 protected:
  // Reads a file of that name and content.
  Result<std::vector<UserId>> read(const std::string& name, const std::string& text,
                                   UserKind kind = UserKind::kString) {
    path_ = ::testing::TempDir() + "rollcall-" + name;
    std::ofstream(path_, std::ios::binary) << text;
    return read_user_file(path_, kind);
  }
  static std::vector<UserId> strings(const std::vector<std::string>& users) {
    return {users.begin(), users.end()};
  }

  std::string path_;
};

TEST_F(UserFile, LinesAreIds) {
  EXPECT_EQ(*read("users.txt", "ann\r\nuser\n\n\"bob\"\ncem"),
            strings({"ann", "user", "\"bob\"", "cem"}));
  EXPECT_EQ(*read("numbers.txt", "0\n18446744073709551615\n", UserKind::kInteger),
            (std::vector<UserId>{std::uint64_t{0}, ~std::uint64_t{0}}));
  EXPECT_EQ(*read("marked.txt",
                  "\xef\xbb\xbf"
                  "ann\n"),
            strings({"ann"}));
  EXPECT_TRUE(read("none.txt", "")->empty());
}

TEST_F(UserFile, OtherFormatsAreNoLists) {
  using namespace std::string_literals;
  const std::string allowed = " (allowed: a user id on each line, CSV, or a Roaring bitmap)";
  const Status parquet = read("users.parquet", "PAR1\x15\x04\x15\x0e\0\nann\n"s).status();
  EXPECT_EQ(parquet.message(), path_ + ": is a Parquet file" + allowed);
  const Status database = read("users.db", "SQLite format 3\0\x10\0\n"s).status();
  EXPECT_EQ(database.message(), path_ + ": is an SQLite database" + allowed);
  EXPECT_EQ(*read("texts.txt", "ORC 7\nPAR1\n"), strings({"ORC 7", "PAR1"}));
}

TEST_F(UserFile, CsvHasAHeaderAndQuotes) {
  EXPECT_EQ(*read("users.csv", "user\nann\n\"a,\"\"b\"\"\nc\"\nuser\n"),
            strings({"ann", "a,\"b\"\nc", "user"}));
}

TEST_F(UserFile, FaultsHaveFileAndLine) {
  const Status bad = read("bad.csv", "user\n1\n\n2x\n", UserKind::kInteger).status();
  EXPECT_EQ(bad.message(),
            path_ +
                ":4: must be a user id, a whole number from 0 to 18446744073709551615 in digits "
                "without sign, blanks, fraction or leading zeros, found a text of 2 bytes");
  const Status open_quote = read("open.csv", "user\n\"bob\"\n\"dee\nann\n").status();
  EXPECT_EQ(open_quote.message(), path_ + ":3: a quote is opened and never closed");
  const Status after = read("after.csv", "user\n\"bob\"zz\n").status();
  EXPECT_EQ(after.message(), path_ + ":2: must be a delimiter after a quote that is closed");
  EXPECT_EQ(read_user_file("/", UserKind::kString).status().message(),
            "/: is a directory (allowed: a regular file)");
  EXPECT_EQ(read_user_file("/nowhere/users.txt", UserKind::kString).status().code(),
            StatusCode::kNotFound);
}

}  // namespace
}  // namespace rollcall
