#include "core/source/ingest/schema_inspector.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "rollcall/option_check.h"
#include "tests/core/source/ingesting.h"
#include "tests/core/source/source_files.h"

namespace rollcall {
namespace {

using Names = std::vector<std::string>;

Result<SourceSchema> inspect(std::string_view head, const SourceOptions& options = {},
                             const Names& dimensions = {}, std::string_view name = "f.csv") {
  return inspect_head(name, head, true, options, dimensions);
}

std::string message(const Result<SourceSchema>& result) {
  EXPECT_EQ(result.status().code(), StatusCode::kInvalidArgument);
  return result.status().message();
}

TEST(SchemaInspector, GuessesCommonColumns) {
  const auto schema = inspect("User ID,Event-Name,created_at,Revenue,extra\na,b,2026-01-01,1,x\n");
  ASSERT_TRUE(schema.ok()) << schema.status().to_string();
  EXPECT_EQ(schema->user, "User ID");
  EXPECT_EQ(schema->event, "Event-Name");
  EXPECT_EQ(schema->time, "created_at");
  EXPECT_EQ(schema->value, "Revenue");
  EXPECT_EQ(schema->ignored, Names{"extra"});
  EXPECT_EQ(schema->guessed, (Names{"user = User ID", "time = created_at", "event = Event-Name",
                                    "value = Revenue"}));
  EXPECT_EQ(schema->delimiter, ",");
}

// A name is not enough: most of the first rows must be what it says.
TEST(SchemaInspector, ChecksGuessesAgainstTheFirstRows) {
  auto schema = inspect("user,event,time,created_at,value\na,b,noon,2026-01-01,big\n");
  ASSERT_TRUE(schema.ok()) << schema.status().to_string();
  EXPECT_EQ(schema->time, "created_at");
  EXPECT_EQ(schema->value, "");
  EXPECT_EQ(schema->ignored, (Names{"time", "value"}));
  schema = inspect("user,event,time,value,amount\na,b,noon,n/a,1\na,b,one,2,1\na,b,two,,1\n");
  EXPECT_EQ(schema->time, "time");
  EXPECT_EQ(schema->value, "value");
}

TEST(SchemaInspector, AHeaderThatIsNoneIsAnError) {
  const Status status = inspect("\"user\"x,time,event\na,1,e\n").status();
  EXPECT_EQ(
      status.message(),
      "f.csv: the first line, which names the columns, cannot be read: the quote that closes "
      "a field is followed by neither a delimiter nor the line's end (a quote inside a quoted "
      "field is written \"\")");
  EXPECT_EQ(status.hint(), OptionHint(Option::kQuotes, "text"));
}

TEST(SchemaInspector, JsonThatIsNotOneObjectALine) {
  for (const char* text :
       {"[{\"user\":1,\"time\":1,\"event\":\"e\"}]\n", "{\n\"user\": 1,\n\"time\": 1}\n",
        "{\"user\": 1,\n\"time\": 1}\n", "[\n{\"user\":1},\n{\"user\":2}\n]\n"}) {
    const bool is_array = text[0] == '[';
    const std::string what =
        is_array ? "a JSON array (allowed: NDJSON, which has one object a line: jq -c '.[]')"
                 : fmt::format(
                       "its first {} bytes are not JSON with one object a line (jq -c . makes "
                       "that of objects over several lines)",
                       std::string_view(text).size());
    EXPECT_EQ(message(inspect(text, {}, {}, "f.json")), "f.json: " + what);
    EXPECT_EQ(message(inspect(text, {}, {}, "-")), "-: " + what);
  }
}

TEST(SchemaInspector, TakesTheWantedColumns) {
  SourceOptions options;
  options.user = "b";
  options.time = "c";
  options.event_name = "buy";
  options.value = "";
  const auto schema = inspect("a,b,c,value,user\n1,2,3,4,5\n", options, {"a"});
  ASSERT_TRUE(schema.ok()) << schema.status().to_string();
  EXPECT_EQ(schema->user, "b");
  EXPECT_EQ(schema->event, "");
  EXPECT_EQ(schema->event_name, "buy");
  EXPECT_EQ(schema->value, "");
  EXPECT_EQ(schema->ignored, (Names{"value", "user"}));
  EXPECT_TRUE(schema->guessed.empty());
  const ColumnPlan plan = plan_columns(*schema, {"a"});
  EXPECT_EQ(plan.slot_columns, (Names{"b", "c", "", "", "a"}));
}

TEST(SchemaInspector, SaysWhatIsMissing) {
  EXPECT_EQ(message(inspect("who,time,event\na,1,b\n")),
            "f.csv: user: which column it is cannot be guessed; there are: who, time, event");
  const auto hint = [](std::string_view text) { return to_string(inspect(text).status().hint()); };
  EXPECT_EQ(hint("who,time,event\na,1,b\n"), "user");
  EXPECT_EQ(hint("user,time,what\na,1,b\n"), "event or event_name");
  EXPECT_EQ(hint("user,when,event\na,1,b\n"), "time");
  EXPECT_EQ(hint("made by hand\nuser,time,event\na,1,b\n"),
            "user or skip_lines or comment or delimiter or columns");
  SourceOptions options;
  options.user = "CustomerId";
  EXPECT_EQ(message(inspect("CustomerID,time,event\na,1,b\n", options)),
            "f.csv: user: no column \"CustomerId\" (did you mean \"CustomerID\"?); there are: "
            "CustomerID, time, event");
  EXPECT_EQ(message(inspect("user,user,time,event\na,b,1,c\n")),
            "f.csv: user: 2 columns are named \"user\" (allowed: one)");
}

TEST(SchemaInspector, SniffsDelimiters) {
  const auto delimiter = [](std::string_view text, std::string_view name = "f.txt") {
    SourceOptions options;
    options.event_name = "e";
    const auto schema = inspect(text, options, {}, name);
    EXPECT_TRUE(schema.ok()) << schema.status().to_string();
    return schema.ok() ? schema->delimiter : "?";
  };
  EXPECT_EQ(delimiter("user;time;note\na;1;x, y, z\nb;2;x\n"), ";");
  EXPECT_EQ(delimiter("user\ttime\na\t1\n"), "\t");
  EXPECT_EQ(delimiter("user|time\na|1\n"), "|");
  EXPECT_EQ(delimiter("src dst time\n1 2 3\n"), " ");
  EXPECT_EQ(delimiter(" customer_id  date cds\r\n 00001 19970101  1\r\n"), " ");
  EXPECT_EQ(delimiter("user,time,first name\na,1,b c d\nb,2,e\n"), ",");
  EXPECT_EQ(delimiter("user\ttime\n", "f.tsv"), "\t");
  EXPECT_EQ(delimiter("user\ttime\ta,b,c,d\n", "f.tsv.gz"), "\t");
  EXPECT_EQ(delimiter("user,time\na,1\n", "my.tsv.d/f.csv"), ",");
  EXPECT_EQ(delimiter("user,time\na,1\n", "f.tsv"), ",");
  EXPECT_EQ(delimiter("a\tb;user;time\n", "my.tsv.d/f.csv"), ";");
  // A ragged row does not make columns of a text's words.
  EXPECT_EQ(delimiter("user,time,a note\na,1,b c\nb,2\n"), ",");
  EXPECT_EQ(delimiter("\"user\",\"time\"\n\"a,b\",1\n"), ",");
}

TEST(SchemaInspector, TheFirstLineMustBeGood) {
  EXPECT_FALSE(inspect("\"user\"x,time,event\na,1,e\n").ok());
  SourceOptions options;
  options.columns = {"user", "time", "event"};  // a row like any other
  EXPECT_TRUE(inspect("\"user\"x,time,event\na,1,b\n", options).ok());
}

TEST(SchemaInspector, NamesWhatIsNotText) {
  using namespace std::string_view_literals;
  for (const std::string_view text : {"\xFF\xFEu\0s\0"sv, "\xFE\xFF\0u\0s"sv}) {
    EXPECT_EQ(message(inspect(text)),
              "f.csv: text in UTF-16 or UTF-32 (allowed: UTF-8: iconv -f UTF-16 -t UTF-8)");
  }
  for (const auto& [text, order] :
       {std::pair("u\0s\0e\0r\0,\0"sv, "LE"), std::pair("\0u\0s\0e\0r\0,"sv, "BE")}) {
    EXPECT_EQ(
        message(inspect(text)),
        fmt::format("f.csv: text in UTF-16 without a byte order mark (allowed: UTF-8: iconv -f "
                    "UTF-16{} -t UTF-8)",
                    order));
  }
  EXPECT_EQ(message(inspect("user,time,event\ra,1,e\r")),
            "f.csv: its lines end with CR (allowed: LF or CR LF: tr '\\r' '\\n')");
  EXPECT_TRUE(inspect("user,time,event\r").ok());
  for (const char* text : {"[{\"user\":1},\n{\"user\":2}]\n", "\n[\n{\"user\":1}\n]"}) {
    EXPECT_EQ(message(inspect(text, {}, {}, "f.json")),
              "f.json: a JSON array (allowed: NDJSON, which has one object a line: jq -c '.[]')");
  }
}

TEST(SchemaInspector, NamesForFilesWithoutAHeader) {
  SourceOptions options;
  options.columns = {"user", "x", "time"};
  options.event_name = "e";
  auto schema = inspect("00004 0001 19970101\n00005 0002 19970101\n", options);
  ASSERT_TRUE(schema.ok()) << schema.status().to_string();
  EXPECT_FALSE(schema->header);
  EXPECT_EQ(schema->ignored, Names{"x"});
  options.columns.pop_back();
  EXPECT_EQ(message(inspect("a b c\n", options)), "f.csv: columns: 2 names for 3 fields");
  options.columns = {"user", "x", "time"};
  options.header = true;
  schema = inspect("u,v,w\n1,2,3\n", options);
  ASSERT_TRUE(schema.ok());
  EXPECT_TRUE(schema->header);
  EXPECT_EQ(schema->time, "time");
  SourceOptions nameless;
  nameless.header = false;
  EXPECT_EQ(inspect("1,2,3\n", nameless).status().hint(), OptionHint(Option::kColumns));
}

TEST(SchemaInspector, Ndjson) {
  SourceOptions options;
  const std::string text =
      "{\"user_id\":12,\"ts\":1,\"event\":\"a\"}\n"
      "{\"user_id\":\"13\",\"ts\":2,\"event\":\"b\",\"properties\":{\"channel\":\"x\",\"y\":[1]}}"
      "\n";
  auto schema = inspect(text, options, {"properties.channel", "plan"}, "f.jsonl.gz");
  ASSERT_TRUE(schema.ok()) << schema.status().to_string();
  EXPECT_EQ(schema->format, FileFormat::kNdjson);
  EXPECT_EQ(schema->columns,
            (Names{"user_id", "ts", "event", "properties.channel", "properties.y"}));
  EXPECT_EQ(schema->ignored, Names{"properties.y"});
  EXPECT_EQ(schema->absent, Names{"plan"});
  // A later row may have it.
  EXPECT_EQ(plan_columns(*schema, {"properties.channel", "plan"}).properties.size(), 2u);
  EXPECT_EQ(inspect(text, options, {}, "-")->format, FileFormat::kNdjson);
  options.value = "amount";
  EXPECT_EQ(inspect(text, options, {}, "f.json")->value, "amount");
}

TEST(SchemaInspector, Dimensions) {
  const std::string text = "user,time,event,a,b,a+c\n1,1,e,x,y,z\n";
  const Names dimensions = {"a+b", "a+c", "d"};
  const auto schema = inspect(text, {}, dimensions);
  ASSERT_TRUE(schema.ok()) << schema.status().to_string();
  EXPECT_EQ(schema->absent, Names{"d"});
  EXPECT_TRUE(schema->ignored.empty());
  const ColumnPlan plan = plan_columns(*schema, dimensions);
  EXPECT_EQ(plan.slot_columns, (Names{"user", "time", "event", "", "a", "b", "a+c"}));
  ASSERT_EQ(plan.properties.size(), 2u);
  EXPECT_EQ(plan.properties[0].slots, (std::vector<std::size_t>{4, 5}));
  EXPECT_EQ(plan.properties[1].slots, (std::vector<std::size_t>{6}));
  EXPECT_EQ(message(inspect(text, {}, {"a+d"})),
            "f.csv: property a+d: no column \"d\"; there are: user, time, event, a, b, a+c");
}

TEST(SchemaInspector, ChecksOptions) {
  const auto refused = [](const SourceOptions& options) {
    const Status status = check_source_options(options);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    const Status of_head = inspect("user,time,event\n1,1,e\n", options).status();
    EXPECT_EQ(of_head.to_string(), status.to_string());
    const TestDirectory directory;
    const auto engine = open_engine();
    // This is refused before anything is opened.
    const Status of_call = ingest_files(*engine, {directory.path("gone")}, options, {}).status();
    EXPECT_EQ(of_call.to_string(), status.to_string());
    return to_string(status.hint());
  };
  EXPECT_TRUE(check_source_options({}).ok());
  SourceOptions options;
  options.delimiter = "\"";
  EXPECT_EQ(refused(options), "delimiter");
  options.delimiter = "";
  EXPECT_EQ(refused(options), "delimiter");
  options = {};
  options.comment = "#\n";
  EXPECT_EQ(refused(options), "comment");
  options = {};
  options.event = "event";
  options.event_name = "x";
  EXPECT_EQ(refused(options), "event or event_name");
  options = {};
  options.event_name = "";
  EXPECT_EQ(refused(options), "event_name");
  options = {};
  options.time_format = "%Q";
  EXPECT_EQ(refused(options), "time_format");
  options.time_format = "%d.%m";
  EXPECT_EQ(refused(options), "time_format");
  options = {};
  options.decimal = '5';
  EXPECT_EQ(refused(options), "decimal");
  options = {};
  options.grouping = "xx";
  EXPECT_EQ(refused(options), "grouping");
  options = {};
  options.grouping = ",";
  options.decimal = ',';
  EXPECT_EQ(refused(options), "decimal or grouping");
  options = {};
  options.currency = "5";
  EXPECT_EQ(refused(options), "currency");
  options = {};
  options.line_bytes_max = 0;
  EXPECT_EQ(refused(options), "line_bytes_max");
}

TEST(SchemaInspector, EveryDimensionHasAColumnSomewhere) {
  const TestDirectory directory;
  directory.write("a.csv", "user,time,event,plan\n1,1,e,x\n");
  directory.write("b.csv", "user,time,event,chanel\n1,1,e,x\n");
  directory.write("c.csv", "nothing that is known\n");
  EXPECT_TRUE(check_properties({directory.path()}, {}, {"plan", "chanel"}).ok());
  const Status status = check_properties({directory.path()}, {}, {"plan", "channel"});
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(),
            "property \"channel\": no such column (did you mean \"chanel\"?); there are: user, "
            "time, event, plan, chanel");
}

TEST(SchemaInspector, LooksAtFiles) {
  const TestDirectory directory;
  directory.write("a.csv", "");
  directory.write("b.csv.gz", gzip("user,time,event\n1,1,e\n"));
  directory.write("README.md", "no data");
  const auto schema = inspect_source({directory.path()}, {}, {});
  ASSERT_TRUE(schema.ok()) << schema.status().to_string();
  EXPECT_EQ(schema->columns, (Names{"user", "time", "event"}));
  // A file that cannot be read takes no other along.
  EXPECT_TRUE(
      inspect_source({directory.path("README.md"), directory.path("b.csv.gz")}, {}, {}).ok());
  EXPECT_FALSE(inspect_source({directory.path("README.md")}, {}, {}).ok());
  EXPECT_FALSE(inspect_source({directory.path("a.csv")}, {}, {}).ok());
  directory.write("a.csv", "\xEF\xBB\xBF\r\n \n");
  EXPECT_TRUE(inspect_source({directory.path()}, {}, {}).ok());
  EXPECT_FALSE(inspect_source({}, {}, {}).ok());
  EXPECT_FALSE(inspect_source({"-"}, {}, {}).ok());
  EXPECT_EQ(inspect_source({directory.path("c.csv")}, {}, {}).status().code(),
            StatusCode::kNotFound);
}

}  // namespace
}  // namespace rollcall
