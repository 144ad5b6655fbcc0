// Files that hold no events that can be read are named, and what makes a readable file of them is
// said: never "no column" of bytes that are no text.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "rollcall/file_source.h"
#include "tests/storage/temporary_directory.h"

namespace rollcall::testing {
namespace {

using namespace std::string_literals;

TEST(ForeignFormats, AreNamedWithWhatToDo) {
  struct Case {
    std::string bytes;
    std::string what;
    std::string way;
  };
  const Case kCases[] = {
      {"ARROW1\0\0"s, "an Arrow file",
       "ingest_arrow_stream of the library, or convert it to CSV with pyarrow"},
      {"\xff\xff\xff\xff\x10\0\0\0"s, "an Arrow stream",
       "ingest_arrow_stream of the library, or convert it to CSV with pyarrow"},
      {"ORC\x11"s, "an ORC file", "convert it to CSV with Spark or pyarrow"},
      {"Obj\x01\x04"s, "an Avro file", "convert it to NDJSON with avro-tools tojson"},
      {"SQLite format 3\0"s, "an SQLite database",
       "sqlite3 -csv -header FILE 'SELECT * FROM events'"},
      {"\xd0\xcf\x11\xe0\xa1"s, "an old spreadsheet", "save the sheet as CSV UTF-8"},
      {"\x89HDF\r\n"s, "an HDF5 file", "convert it to CSV with pandas"},
      {std::string(257, 'a') + "ustar"s, "a tar archive",
       "unpack it, and give its files or their directory"},
      {"%PDF-1.4\n"s, "a PDF document", "save the sheet as CSV UTF-8"},
      {"\n <!DOCTYPE html>\n"s, "a page or document in XML or HTML",
       "export CSV or NDJSON; a page may be the error of a download"},
      {"<?xml version=\"1.0\"?>\n"s, "a page or document in XML or HTML",
       "export CSV or NDJSON; a page may be the error of a download"},
  };
  TemporaryDirectory directory;
  for (const char* const name : {"events", "events.csv", "events.parquet", "events.ndjson"}) {
    for (const auto& [bytes, what, way] : kCases) {
      const std::string path = directory.path(name);
      std::ofstream(path, std::ios::binary) << bytes << "\n";
      const Result<SourceSchema> schema = inspect_source({path}, {}, {});
      ASSERT_FALSE(schema.ok()) << what;
      EXPECT_EQ(schema.status().code(), StatusCode::kInvalidArgument);
      EXPECT_EQ(schema.status().message(),
                path + ": " + what +
                    " (allowed: CSV and its kin, NDJSON, the native format: " + way + ")");
    }
  }
}

TEST(ForeignFormats, SoAreOtherCompressions) {
  TemporaryDirectory directory;
  const std::string path = directory.path("events.xlsx");
  std::ofstream(path, std::ios::binary) << "PK\x03\x04\x14 and so on";
  const Result<SourceSchema> schema = inspect_source({path}, {}, {});
  ASSERT_FALSE(schema.ok());
  EXPECT_EQ(schema.status().code(), StatusCode::kUnsupported);
  EXPECT_EQ(schema.status().message(), path +
                                           ": it is compressed with zip, as .xlsx spreadsheets "
                                           "are (allowed: gzip, zstd, or not compressed)");
}

}  // namespace
}  // namespace rollcall::testing
