#include "core/source/formats/delimited_reader.h"

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>
#include <vector>

#include "core/source/formats/text_block_reader.h"
#include "tests/core/source/source_files.h"

namespace rollcall {
namespace {

struct Record {
  std::string raw;
  std::vector<std::string> fields;
  std::string fault;  // its kind

  friend bool operator==(const Record&, const Record&) = default;
};

void PrintTo(const Record& record, std::ostream* out) {
  *out << ::testing::PrintToString(record.raw) << " = " << ::testing::PrintToString(record.fields)
       << " " << record.fault;
}

void append_records(DelimitedReader& reader, std::string_view block, std::vector<Record>& records) {
  reader.start(block);
  for (Row row; reader.next(row);) {
    Record& record = records.emplace_back();
    record.raw = row.record;
    if (row.fault) {
      record.fault = to_string(row.fault->kind);
      continue;
    }
    for (const Field& field : reader.all_fields()) record.fields.emplace_back(field.text);
  }
}

// `text` ends with a line end.
std::vector<Record> records_of(const std::string& text, const RecordSyntax& syntax = {},
                               std::size_t column_count = 0) {
  DelimitedReader reader(syntax, column_count, {});
  std::vector<Record> records;
  append_records(reader, text, records);
  return records;
}

std::vector<std::vector<std::string>> fields_of(const std::string& text,
                                                const RecordSyntax& syntax = {}) {
  std::vector<std::vector<std::string>> fields;
  for (const Record& record : records_of(text, syntax)) fields.push_back(record.fields);
  return fields;
}

using Fields = std::vector<std::vector<std::string>>;

TEST(DelimitedReader, SplitsFields) {
  EXPECT_EQ(fields_of("a,b,c\n1,,3\n"), (Fields{{"a", "b", "c"}, {"1", "", "3"}}));
  EXPECT_EQ(fields_of("a\tb\n", {"\t", QuoteRule::kFields, 100}), (Fields{{"a", "b"}}));
  EXPECT_EQ(fields_of(",\n"), (Fields{{"", ""}}));
  EXPECT_EQ(fields_of("\n\r\na\n\n"), (Fields{{"a"}}));
  EXPECT_EQ(fields_of(""), Fields{});
}

TEST(DelimitedReader, LineEndsOfBothKinds) {
  EXPECT_EQ(fields_of("a,b\r\nc,d\n"), (Fields{{"a", "b"}, {"c", "d"}}));
  EXPECT_EQ(fields_of("a,\"b\"\r\n\"c\"\r\n"), (Fields{{"a", "b"}, {"c"}}));
  EXPECT_EQ(fields_of("a\rb,c\r\r\n"), (Fields{{"a\rb", "c\r"}}));
  EXPECT_EQ(fields_of("a,\r\n"), (Fields{{"a", ""}}));
}

TEST(DelimitedReader, QuotedFields) {
  EXPECT_EQ(fields_of("\"a,b\",\"c\"\"d\",\"\"\n"), (Fields{{"a,b", "c\"d", ""}}));
  EXPECT_EQ(fields_of("\"a\nb\r\nc\",d\n"), (Fields{{"a\nb\r\nc", "d"}}));
  EXPECT_EQ(fields_of("\"\"\"\"\n"), (Fields{{"\""}}));
  EXPECT_EQ(fields_of("\"\"\"\"\"\"\n"), (Fields{{"\"\""}}));
  EXPECT_EQ(fields_of("5\" pipe,a\"b\"c\n"), (Fields{{"5\" pipe", "a\"b\"c"}}));
}

TEST(DelimitedReader, BadQuotesCostOneLine) {
  EXPECT_EQ(records_of("\"a\"b,c\nd\n"),
            (std::vector<Record>{{"\"a\"b,c", {}, "quoted field is followed by other bytes"},
                                 {"d", {"d"}, ""}}));
  EXPECT_EQ(records_of("1,\"a\n2,b\n3,c\n"),
            (std::vector<Record>{{"1,\"a", {}, "quoted field is not closed"},
                                 {"2,b", {"2", "b"}, ""},
                                 {"3,c", {"3", "c"}, ""}}));
  EXPECT_EQ(records_of("1,\"a\n2,\"b\"\n"),
            (std::vector<Record>{{"1,\"a", {}, "quoted field is not closed"},
                                 {"2,\"b\"", {"2", "b"}, ""}}));
}

TEST(DelimitedReader, QuotesThatMayBeTextCloseOnTheirLine) {
  const RecordSyntax tabs{"\t", QuoteRule::kFieldsOrText, 100};
  EXPECT_EQ(fields_of("a\t\"Heroes\nb\tHeroes\"\nd\t\"x\ty\"\n", tabs),
            (Fields{{"a", "\"Heroes"}, {"b", "Heroes\""}, {"d", "x\ty"}}));
  EXPECT_EQ(fields_of("\"a\tb\"\"\r\n\"\"\"\tc\"\n", tabs), (Fields{{"\"a", "b\"\""}, {"\"\tc"}}));
}

TEST(DelimitedReader, TooLong) {
  const RecordSyntax syntax{",", QuoteRule::kFields, 10};
  EXPECT_EQ(records_of("0123456789\n0123456789\r\n0123456789x\nab\n", syntax),
            (std::vector<Record>{{"0123456789", {"0123456789"}, ""},
                                 {"0123456789", {"0123456789"}, ""},
                                 {"0123456789", {}, "row is too long"},
                                 {"ab", {"ab"}, ""}}));
  EXPECT_EQ(records_of("a,\"b\nc\nd\ne\nf\"\nx\n", syntax)[0],
            (Record{"a,\"b", {}, "quoted field is not closed"}));
}

TEST(DelimitedReader, RunsOfBlanks) {
  const RecordSyntax blanks{" ", QuoteRule::kText, 100};
  EXPECT_EQ(fields_of("  00001 19970101  1   11.77\r\n\t a\tb  \n   \n\"c d\"\n", blanks),
            (Fields{{"00001", "19970101", "1", "11.77"}, {"a", "b"}, {"\"c", "d\""}}));
}

TEST(DelimitedReader, CountsFields) {
  const auto records = records_of("a,b\nc\nd,e,f\n", {}, 2);
  EXPECT_EQ(records[0].fault, "");
  EXPECT_EQ(records[1].fault, "row has the wrong number of fields");
  EXPECT_EQ(records[2].fault, "row has the wrong number of fields");
}

TEST(DelimitedReader, HandsOverTheWantedColumns) {
  DelimitedReader reader({}, 3, {2, kNoColumn, 0, 2});
  const std::string text = "a,bb,\"c\"\n";
  reader.start(text);
  Row row;
  ASSERT_TRUE(reader.next(row));
  ASSERT_FALSE(row.fault);
  ASSERT_EQ(row.fields.size(), 4u);
  EXPECT_EQ(row.fields[0].text, "c");
  EXPECT_EQ(row.fields[0].column, 6u);
  EXPECT_EQ(row.fields[1].text, "");
  EXPECT_EQ(row.fields[1].column, 0u);
  EXPECT_EQ(row.fields[2].text, "a");
  EXPECT_EQ(row.fields[2].column, 1u);
  EXPECT_EQ(row.fields[3].text, "c");
}

// Finds where the record at `begin` ends, however long it is: after its line end, where the line
// begins that breaks the rule of quotes, or where the text ends.
std::size_t end_of_record(const std::string& text, std::size_t begin, const RecordSyntax& syntax) {
  std::size_t i = begin;
  for (;;) {
    if (text[i] == '"') {
      for (++i; i < text.size(); ++i) {
        if (text[i] != '"') continue;
        if (text.compare(i, 2, "\"\"") != 0) break;
        ++i;
      }
      if (i++ >= text.size()) return text.size();
    } else {
      while (text[i] != '\n' && text.compare(i, syntax.delimiter.size(), syntax.delimiter) != 0)
        ++i;
    }
    if (text.compare(i, syntax.delimiter.size(), syntax.delimiter) == 0) {
      i += syntax.delimiter.size();
      continue;
    }
    if (text[i] == '\n') return i + 1;
    if (text.compare(i, 2, "\r\n") == 0) return i + 2;
    // This byte goes on neither with a delimiter nor with a line end.
    if (text[i] == '\r' && syntax.delimiter[0] != '\r') ++i;
    for (std::size_t k = 0; text[i] == syntax.delimiter[k]; ++k) ++i;
    return text.rfind('\n', i - 1) + 1;
  }
}

// Follows the grammar of record_cutter.h, one byte at a time, over the whole text. With `follows`,
// it does so as a reader of blocks follows records that are cut short.
std::vector<Record> oracle(const std::string& text, const RecordSyntax& syntax,
                           bool follows = false) {
  std::vector<Record> records;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t line_end = text.find('\n', begin);
    std::string first_line = text.substr(begin, line_end - begin);
    if (first_line.ends_with('\r')) first_line.pop_back();
    const bool comment = !syntax.comment.empty() && first_line.starts_with(syntax.comment);
    if (first_line.empty() || comment) {
      begin = line_end + 1;
      continue;
    }
    std::vector<std::string> fields;
    std::string fault;
    std::size_t i = begin, lines = 0;
    for (bool more = true; more && fault.empty();) {
      std::string field;
      if (syntax.quotes != QuoteRule::kText && text[i] == '"') {
        // If quotes may be text, a field that goes past its line has them as text.
        const std::size_t end = syntax.quotes == QuoteRule::kFieldsOrText ? line_end : text.size();
        bool closed = false;
        for (++i; i < end && !closed; ++i) {
          if (text[i] == '"' && i + 1 < text.size() && text[i + 1] == '"') {
            field += '"';
            ++i;
          } else if (text[i] == '"') {
            closed = true;
          } else {
            lines += text[i] == '\n';
            field += text[i];
          }
        }
        const std::string_view rest = std::string_view(text).substr(i);
        const bool ended = rest.starts_with('\n') || rest.starts_with("\r\n");
        if (!closed || !(ended || rest.starts_with(syntax.delimiter))) {
          fault =
              lines > 0 ? "quoted field is not closed" : "quoted field is followed by other bytes";
        }
        if (ended) i = text.find('\n', i);
      } else {
        for (; text[i] != '\n' && text.compare(i, syntax.delimiter.size(), syntax.delimiter) != 0;
             ++i) {
          field += text[i];
        }
        if (text[i] == '\n' && field.ends_with('\r')) field.pop_back();
      }
      fields.push_back(field);
      more = fault.empty() && text[i] != '\n';
      i += more ? syntax.delimiter.size() : 1;
    }
    if (fault.empty()) {
      std::string raw = text.substr(begin, i - 1 - begin);
      if (raw.ends_with('\r')) raw.pop_back();
      if (raw.size() <= syntax.line_bytes_max) {
        records.push_back({raw, fields, ""});
        begin = i;
        continue;
      }
      fault = "quoted field is not closed";
    }
    if (first_line.size() > syntax.line_bytes_max) {
      fault = "row is too long";
      first_line.resize(syntax.line_bytes_max);
    }
    if (syntax.quotes == QuoteRule::kFieldsOrText && fault != "row is too long") {
      // Reads the line once more, with its quotes as text.
      fields.assign(1, "");
      for (std::size_t at = 0; at < first_line.size();) {
        if (first_line.compare(at, syntax.delimiter.size(), syntax.delimiter) == 0) {
          fields.emplace_back();
          at += syntax.delimiter.size();
        } else {
          fields.back() += first_line[at++];
        }
      }
      fault.clear();
      records.push_back({first_line, fields, fault});
    } else {
      records.push_back({first_line, {}, fault});
    }
    const bool is_long = fault == "row is too long" || is_cut_short(text.substr(begin), syntax);
    const std::size_t end = follows && syntax.quotes == QuoteRule::kFields && is_long
                                ? end_of_record(text, begin, syntax)
                                : begin;
    begin = line_end + 1;
    if (end <= begin) continue;
    for (Record& part : oracle(text.substr(begin, end - begin), syntax)) {
      records.push_back(std::move(part));
    }
    begin = end;
  }
  return records;
}

RecordSyntax random_syntax(std::mt19937_64& random) {
  constexpr std::string_view kDelimiters[] = {",", ",", ",", ",,", "a,", ",a,", ",,,"};
  constexpr QuoteRule kRules[] = {QuoteRule::kFields, QuoteRule::kFields, QuoteRule::kFieldsOrText,
                                  QuoteRule::kText};
  constexpr std::string_view kComments[] = {"", "", "a", "\"", "b,"};
  return {std::string(kDelimiters[random() % 7]), kRules[random() % 4], 1 + random() % 60,
          std::string(kComments[random() % 5])};
}

std::string random_text(std::mt19937_64& random, std::string_view alphabet) {
  std::string text;
  const std::size_t size = random() % 400;
  for (std::size_t i = 0; i < size; ++i) text += alphabet[random() % alphabet.size()];
  return text;
}

TEST(DelimitedReader, AgreesWithTheOracle) {
  for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed=" << seed);
    std::mt19937_64 random(seed);
    constexpr std::string_view kAlphabets[] = {"a,\n", "ab,\"\n", "abcdefghij,,\"\"\r\n\n", "\"\n,",
                                               "abcdefghijklmnopqrstuvwxyz,,,,\n\n\""};
    const std::string text = random_text(random, kAlphabets[random() % 5]) + "\n";
    const RecordSyntax syntax = random_syntax(random);
    ASSERT_EQ(records_of(text, syntax), oracle(text, syntax)) << ::testing::PrintToString(text);
  }
}

TEST(DelimitedReader, BlocksDecideNothing) {
  const TestDirectory directory;
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    std::mt19937_64 random(seed);
    constexpr std::string_view kAlphabets[] = {"a,\n", "ab,\"\n", "abcdefghij,,\"\"\r\n\n",
                                               "\"\n,"};
    std::string text = random_text(random, kAlphabets[random() % 4]);
    const RecordSyntax syntax = random_syntax(random);
    const std::string path = directory.write("text", text);
    if (!text.empty() && text.back() != '\n') text += '\n';
    const std::vector<Record> expected = oracle(text, syntax, true);
    for (const std::size_t block_bytes : {1u, 2u, 3u, 5u, 16u, 61u, 100u, 1000u}) {
      SCOPED_TRACE(::testing::Message() << "seed=" << seed << " block_bytes=" << block_bytes);
      ContentReader content = *ContentReader::open(path);
      TextBlockReader blocks(content, syntax, block_bytes);
      DelimitedReader reader(syntax, 0, {});
      std::vector<Record> records;
      for (SourceBlock block; *blocks.next(block);) append_records(reader, block.text(), records);
      ASSERT_EQ(records, expected) << ::testing::PrintToString(text);
    }
  }
}

TEST(DelimitedReader, AnyBytesAreSurvived) {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    std::mt19937_64 random(seed);
    std::string text(random() % 300, '\0');
    for (char& c : text) c = static_cast<char>(random());
    text += '\n';
    for (const char delimiter : {',', ' ', '\0'}) {
      const QuoteRule quotes = delimiter == ' ' ? QuoteRule::kText : QuoteRule::kFields;
      records_of(text, {std::string(1, delimiter), quotes, 1 + random() % 100});
    }
  }
}

// A reader that knows how many fields there are takes plain records another way than one that does
// not.
TEST(DelimitedReader, PlainRecordsAreTakenAsAllOthers) {
  constexpr std::string_view kAlphabets[] = {"ab,\n", "abc,,,\n\r", "a,\"\n", "ab,,,,\"\r\n"};
  for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed=" << seed);
    std::mt19937_64 random(seed);
    const RecordSyntax syntax = random_syntax(random);
    const std::size_t column_count = 1 + random() % 4;
    std::vector<std::uint32_t> columns(random() % 4);
    for (std::uint32_t& column : columns) {
      column = random() % 5 == 0 ? kNoColumn : static_cast<std::uint32_t>(random() % column_count);
    }
    DelimitedReader any(syntax, 0, {}), reader(syntax, column_count, columns);
    for (int block = 0; block < 2; ++block) {
      const std::string text = random_text(random, kAlphabets[random() % 4]) + "\n";
      any.start(text);
      reader.start(text);
      Row expected, row;
      while (any.next(expected)) {
        ASSERT_TRUE(reader.next(row));
        ASSERT_EQ(row.record, expected.record);
        if (expected.fault || any.all_fields().size() != column_count) {
          ASSERT_TRUE(row.fault);
          ASSERT_EQ(row.fault->kind,
                    expected.fault ? expected.fault->kind : RejectKind::kFieldCount);
          continue;
        }
        ASSERT_FALSE(row.fault);
        ASSERT_EQ(row.fields.size(), columns.size());
        for (std::size_t slot = 0; slot < columns.size(); ++slot) {
          const Field field =
              columns[slot] == kNoColumn ? Field{} : any.all_fields()[columns[slot]];
          ASSERT_EQ(row.fields[slot].text, field.text);
          ASSERT_EQ(row.fields[slot].column, field.column);
        }
      }
      ASSERT_FALSE(reader.next(row));
    }
  }
}

}  // namespace
}  // namespace rollcall
