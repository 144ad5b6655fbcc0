#include "core/source/files/foreign_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace rollcall {
namespace {

struct Format {
  std::string_view magic;
  std::size_t offset;
  std::string_view name;
  std::string_view way;  // to a file that is read
};

constexpr std::string_view kSpreadsheet = "save the sheet as CSV UTF-8";

using namespace std::string_view_literals;

constexpr Format kFormats[] = {
    {"PAR1"sv, 0, "a Parquet file", "as a file, because it is read from its end"},
    {"PARE"sv, 0, "an encrypted Parquet file", "decrypt it, then as Parquet"},
    {"ARROW1"sv, 0, "an Arrow file",
     "ingest_arrow_stream of the library, or convert it to CSV with pyarrow"},
    {"\xff\xff\xff\xff"sv, 0, "an Arrow stream",
     "ingest_arrow_stream of the library, or convert it to CSV with pyarrow"},
    {"ORC"sv, 0, "an ORC file", "convert it to CSV with Spark or pyarrow"},
    {"Obj\x01"sv, 0, "an Avro file", "convert it to NDJSON with avro-tools tojson"},
    {"SQLite format 3\0"sv, 0, "an SQLite database",
     "sqlite3 -csv -header FILE 'SELECT * FROM events'"},
    {"\xd0\xcf\x11\xe0"sv, 0, "an old spreadsheet", kSpreadsheet},
    {"\x89HDF"sv, 0, "an HDF5 file", "convert it to CSV with pandas"},
    {"ustar"sv, 257, "a tar archive", "unpack it, and give its files or their directory"},
    {"%PDF"sv, 0, "a PDF document", kSpreadsheet},
    {"{\\rtf"sv, 0, "an RTF document", kSpreadsheet},
    {"file,line,column,reason,held,row"sv, 0, "a file of rejected rows",
     "what its column row holds, as a file of its own, below a header line"},
};

bool begins_like_markup(std::string_view head) {
  const std::size_t begin = head.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return false;
  std::string start(head.substr(begin, 14));
  std::transform(start.begin(), start.end(), start.begin(),
                 [](char c) { return 'A' <= c && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return start.starts_with("<?xml") || start.starts_with("<!doctype") ||
         start.starts_with("<html") || start.starts_with("<table");
}

std::string sentence(std::string_view name, std::string_view way) {
  return fmt::format("{} (allowed: CSV and its kin, NDJSON, the native format: {})", name, way);
}

// Returns null if it is none of them.
const Format* format_of(std::string_view head) {
  const auto* const found =
      std::find_if(std::begin(kFormats), std::end(kFormats), [&](const Format& format) {
        return head.size() >= format.offset && head.substr(format.offset).starts_with(format.magic);
      });
  return found == std::end(kFormats) ? nullptr : found;
}

}  // namespace

std::string_view foreign_binary(std::string_view head) {
  const Format* const format =
      head.find('\0') == std::string_view::npos ? nullptr : format_of(head);
  return format == nullptr ? std::string_view() : format->name;
}

std::string foreign_format(std::string_view head) {
  if (const Format* const format = format_of(head)) return sentence(format->name, format->way);
  if (begins_like_markup(head)) {
    return sentence("a page or document in XML or HTML",
                    "export CSV or NDJSON; a page may be the error of a download");
  }
  return {};
}

}  // namespace rollcall
