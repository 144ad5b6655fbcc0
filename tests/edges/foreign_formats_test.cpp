// Files that hold no events that can be read are named, and what makes a readable file of them is
// said: never "no column" of bytes that are no text.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "rollcall/file_source.h"
#include "tests/storage/temporary_directory.h"
#include "tests/support/error_text.h"

namespace rollcall::testing {
namespace {

using namespace std::string_literals;

TEST(ForeignFormats, AreNamedWithWhatToDo) {
  const std::pair<std::string, std::string> kCases[] = {
      {"PAR1\x15\x04\x15\0"s, "a Parquet file"},
      {"ARROW1\0\0"s, "an Arrow file"},
      {"\xff\xff\xff\xff\x10\0\0\0"s, "an Arrow stream"},
      {"ORC\x11"s, "an ORC file"},
      {"Obj\x01\x04"s, "an Avro file"},
      {"SQLite format 3\0"s, "an SQLite database"},
      {"\xd0\xcf\x11\xe0\xa1"s, "an old spreadsheet"},
      {"\x89HDF\r\n"s, "an HDF5 file"},
      {std::string(257, 'a') + "ustar"s, "a tar archive"},
      {"%PDF-1.4\n"s, "a PDF document"},
      {"\n <!DOCTYPE html>\n"s, "XML or HTML"},
      {"<?xml version=\"1.0\"?>\n"s, "XML or HTML"},
  };
  TemporaryDirectory directory;
  for (const char* const name : {"events", "events.csv", "events.parquet", "events.ndjson"}) {
    for (const auto& [bytes, what] : kCases) {
      const std::string path = directory.path(name);
      std::ofstream(path, std::ios::binary) << bytes << "\n";
      const Result<SourceSchema> schema = inspect_source({path}, {}, {});
      ASSERT_FALSE(schema.ok()) << what;
      EXPECT_EQ(schema.status().code(), StatusCode::kInvalidArgument);
      EXPECT_TRUE(repeats(schema.status(), what)) << schema.status().message();
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
