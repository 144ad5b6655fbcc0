#include "core/source/formats/text_block_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/core/source/source_files.h"

namespace rollcall {
namespace {

// All blocks of `text`; checks that their marks lie where the blocks end.
std::vector<std::string> blocks_of(const TestDirectory& directory, const std::string& text,
                                   const RecordSyntax& syntax, std::size_t block_bytes) {
  ContentReader content = *ContentReader::open(directory.write("text", text));
  TextBlockReader reader(content, syntax, block_bytes);
  std::vector<std::string> blocks;
  for (SourceBlock block;;) {
    const Result<bool> more = reader.next(block);
    EXPECT_TRUE(more.ok());
    if (!more.ok() || !*more) break;
    blocks.emplace_back(block.text());
    EXPECT_EQ(block.text().back(), '\n');
    EXPECT_GE(block.bytes.size(), block.size + kBlockPadding);
    EXPECT_TRUE(XXH128_isEqual(block.end.hash, XXH3_128bits(text.data(), block.end.offset)));
    EXPECT_TRUE(
        XXH128_isEqual(block.end.head_hash, XXH3_128bits(text.data(), block.end.head_bytes)));
    EXPECT_EQ(block.end.head_bytes, std::min<std::size_t>(block.end.offset, kHeadBytes));
    EXPECT_EQ(block.tail, block.end.offset == text.size() && text.back() != '\n');
    if (block.tail) {
      EXPECT_TRUE(block.unfinished);
    }
  }
  EXPECT_EQ(content.offset(), text.size());
  return blocks;
}

std::string joined(const std::vector<std::string>& blocks) {
  std::string text;
  for (const std::string& block : blocks) text += block;
  return text;
}

TEST(TextBlockReader, CutsBetweenRecords) {
  const TestDirectory directory;
  const std::string text = "a,b\n1,\"x\ny\"\r\n2,\"\"\"\n\"\n3,z\n";
  for (std::size_t block_bytes = 1; block_bytes < 40; ++block_bytes) {
    const auto blocks = blocks_of(directory, text, {}, block_bytes);
    EXPECT_EQ(joined(blocks), text);
    for (const std::string& block : blocks) {
      EXPECT_TRUE(block.starts_with("a,") || block.starts_with("1,") || block.starts_with("2,") ||
                  block.starts_with("3,"))
          << block;
    }
  }
  EXPECT_EQ(blocks_of(directory, text, {}, 1).size(), 4u);
}

TEST(TextBlockReader, WithoutQuotesEveryLineIsARecord) {
  const TestDirectory directory;
  const RecordSyntax lines{",", QuoteRule::kText, 1 << 20};
  EXPECT_EQ(blocks_of(directory, "\"a\n\"b\n", lines, 1),
            (std::vector<std::string>{"\"a\n", "\"b\n"}));
}

TEST(TextBlockReader, EndsTheLastLine) {
  const TestDirectory directory;
  EXPECT_EQ(blocks_of(directory, "a\nb", {}, 100), (std::vector<std::string>{"a\n", "b\n"}));
  EXPECT_EQ(blocks_of(directory, "a", {}, 1), std::vector<std::string>{"a\n"});
  EXPECT_TRUE(blocks_of(directory, "", {}, 1).empty());
}

TEST(TextBlockReader, SaysWhetherTheLastRecordIsFinished) {
  const TestDirectory directory;
  const auto unfinished = [&](std::string_view text, QuoteRule quotes = QuoteRule::kFields) {
    ContentReader content = *ContentReader::open(directory.write("text", text));
    TextBlockReader reader(content, RecordSyntax{",", quotes, 1 << 20}, 100);
    std::string bits;
    for (SourceBlock block; *reader.next(block);) bits += block.unfinished ? '1' : '0';
    return bits;
  };
  EXPECT_EQ(unfinished("a\nb\n"), "0");
  EXPECT_EQ(unfinished("a\nb"), "01");
  EXPECT_EQ(unfinished("a\n1,\"x\n"), "01");
  EXPECT_EQ(unfinished("a\n1,\"x\ny\"\n"), "0");
  EXPECT_EQ(unfinished("a\n1,\"x\n", QuoteRule::kText), "0");
}

TEST(TextBlockReader, LeavesOutAByteOrderMark) {
  const TestDirectory directory;
  for (const std::size_t block_bytes : {1u, 2u, 3u, 100u}) {
    EXPECT_EQ(joined(blocks_of(directory,
                               "\xEF\xBB\xBF"
                               "a\nb\n",
                               {}, block_bytes)),
              "a\nb\n");
    EXPECT_TRUE(blocks_of(directory, "\xEF\xBB\xBF", {}, block_bytes).empty());
    EXPECT_EQ(joined(blocks_of(directory, "\xEF\xBB\n", {}, block_bytes)), "\xEF\xBB\n");
  }
}

TEST(TextBlockReader, LongLinesStreamBy) {
  const TestDirectory directory;
  const RecordSyntax syntax{",", QuoteRule::kFields, 100};
  const std::string text = "a\n" + std::string(100'000, 'x') + "\nb\n" + std::string(5000, 'y');
  for (const std::size_t block_bytes : {1u, 7u, 64u, 1000u, 1u << 20}) {
    std::string all;
    for (const std::string& block : blocks_of(directory, text, syntax, block_bytes)) {
      EXPECT_LE(block.size(), 2 * std::size_t{block_bytes} + 200);
      all += block;
    }
    EXPECT_TRUE(all.starts_with("a\nxxxx"));
    EXPECT_NE(all.find("x\nb\ny"), std::string::npos);
  }
}

// What decides it has been read, whatever the size of blocks.
TEST(TextBlockReader, SaysWhichRecordsAreCutShort) {
  const TestDirectory directory;
  const RecordSyntax syntax{",", QuoteRule::kFields, 20};
  const std::string lines = "0123456789\n0123456789\n";
  const auto cut_short = [&](const std::string& text, std::size_t block_bytes) {
    ContentReader content = *ContentReader::open(directory.write("text", text));
    TextBlockReader reader(content, syntax, block_bytes);
    SourceBlock block;
    EXPECT_TRUE(*reader.next(block));
    return is_cut_short(block.text_and_rest(), syntax);
  };
  for (const std::size_t block_bytes : {1u, 2u, 10u, 30u, 1000u}) {
    SCOPED_TRACE(block_bytes);
    EXPECT_TRUE(cut_short("1,\"x\n" + lines + "y\"\n2\n", block_bytes));
    EXPECT_TRUE(cut_short("1,\"x\n" + lines + "y\"z\n2\n", block_bytes));
    EXPECT_TRUE(cut_short("1,\"x\n" + lines + lines, block_bytes));
    EXPECT_FALSE(cut_short("1,\"x\ny\"\n" + lines, block_bytes));
    EXPECT_FALSE(cut_short("1,\"x\ny\"z\n" + lines, block_bytes));
    EXPECT_FALSE(cut_short("1,\"x\n0123\n", block_bytes));
    EXPECT_FALSE(cut_short("1,\"x\"y\n" + lines, block_bytes));
  }
}

TEST(TextBlockReader, AStrayQuoteHoldsNoMoreThanALine) {
  const TestDirectory directory;
  const RecordSyntax syntax{",", QuoteRule::kFields, 50};
  std::string text = "1,\"stray\n";
  for (int i = 0; i < 1000; ++i) text += "2,fine\n";
  for (const std::string& block : blocks_of(directory, text, syntax, 64)) {
    EXPECT_LE(block.size(), 256u);
  }
}

TEST(TextBlockReader, ReadsOnFromAMark) {
  const TestDirectory directory;
  const std::string path = directory.write("text", "a\nb\nc\n");
  ContentReader content = *ContentReader::open(path);
  ASSERT_TRUE(content.head().ok());
  ASSERT_TRUE(*content.skip_to(4));
  TextBlockReader reader(content, {}, 100);
  SourceBlock block;
  ASSERT_TRUE(*reader.next(block));
  EXPECT_EQ(block.text(), "c\n");
  EXPECT_FALSE(block.first);
  EXPECT_TRUE(XXH128_isEqual(block.end.hash, XXH3_128bits("a\nb\nc\n", 6)));
}

}  // namespace
}  // namespace rollcall
