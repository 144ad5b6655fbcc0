#include "tools/parquet_plugin.h"

#include <dlfcn.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rollcall::tools {
namespace {

// The interface of the plug-in, which bindings/parquet/src/lib.rs implements. A request is JSON of
// the fields of ParquetRequest and the path. On success, the schema of the stream has an entry
// "row_groups" in its metadata: how many rows each of them has, with commas between them. On
// failure, `error` has a text with a null byte at its end, and the result is not 0.
constexpr std::uint32_t kInterfaceVersion = 1;
using InterfaceVersion = std::uint32_t();
using Open = int(const char* request, std::size_t request_size, ArrowArrayStream* stream,
                 char* error, std::size_t error_size);

constexpr std::string_view kRowGroups = "row_groups";

struct Plugin {
  Status status;
  Open* open = nullptr;
};

// The place is fixed in relation to the program's, so that an installed tree may be moved.
Result<std::filesystem::path> installed_place() {
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return Status::io_error("/proc/self/exe: " + error.message());
  return (program.parent_path() / ROLLCALL_PLUGINS_FROM_PROGRAM / "librollcall_parquet.so")
      .lexically_normal();
}

Status not_usable(const std::string& place, std::string_view why) {
  return Status::unsupported(
      fmt::format("Parquet needs the plug-in {}, {} (make parquet builds it, and make install puts "
                  "it there; without it, CSV and NDJSON are read, and duckdb -c \"COPY (FROM "
                  "'FILE') TO 'FILE.csv'\" converts a file)",
                  place, why));
}

Plugin load() {
  const Result<std::filesystem::path> place = installed_place();
  if (!place.ok()) return {place.status()};
  std::error_code ignored;
  if (!std::filesystem::exists(*place, ignored)) {
    return {not_usable(place->string(), "which is not installed")};
  }
  // It stays loaded: streams that it made may be released at any time.
  void* const library = ::dlopen(place->c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) {
    const char* const why = ::dlerror();
    return {not_usable(place->string(), fmt::format("which cannot be loaded: {}",
                                                    why == nullptr ? "no reason given" : why))};
  }
  const auto version =
      reinterpret_cast<InterfaceVersion*>(::dlsym(library, "rollcall_parquet_interface_version"));
  const auto open = reinterpret_cast<Open*>(::dlsym(library, "rollcall_parquet_open"));
  if (version == nullptr || open == nullptr) {
    return {not_usable(place->string(), "which is no such plug-in")};
  }
  if (const std::uint32_t found = version(); found != kInterfaceVersion) {
    return {not_usable(place->string(), fmt::format("which has version {} of its interface, not {}",
                                                    found, kInterfaceVersion))};
  }
  return {{}, open};
}

// Takes metadata of the Arrow C interface apart.
std::map<std::string, std::string> entries_of(const char* metadata) {
  std::map<std::string, std::string> entries;
  if (metadata == nullptr) return entries;
  const auto number = [&metadata] {
    std::int32_t value = 0;
    std::memcpy(&value, metadata, sizeof value);
    metadata += sizeof value;
    return value;
  };
  const auto text = [&] {
    const auto size = static_cast<std::size_t>(number());
    std::string value(metadata, size);
    metadata += size;
    return value;
  };
  for (std::int32_t left = number(); left > 0; --left) {
    std::string key = text();
    entries[std::move(key)] = text();
  }
  return entries;
}

Result<std::vector<std::uint64_t>> row_groups_of(ArrowArrayStream* stream) {
  ArrowSchema schema{};
  if (stream->get_schema(stream, &schema) != 0) {
    return Status::corruption("it tells no columns");
  }
  const std::string text = entries_of(schema.metadata)[std::string(kRowGroups)];
  if (schema.release != nullptr) schema.release(&schema);
  std::vector<std::uint64_t> groups;
  const char* place = text.data();
  const char* const end = place + text.size();
  while (place < end) {
    const auto [next, error] = std::from_chars(place, end, groups.emplace_back());
    if (error != std::errc()) return Status::corruption("it tells no row groups");
    place = next == end ? end : next + 1;
  }
  return groups;
}

Result<std::vector<std::uint64_t>> read(const std::string& path, const ParquetRequest& request,
                                        ArrowArrayStream* rows) {
  static const Plugin plugin = load();
  ROLLCALL_RETURN_IF_ERROR(plugin.status);
  const nlohmann::json json = {{"path", path},
                               {"columns", request.columns},
                               {"first_row_group", request.first_row_group},
                               {"batch_rows", request.batch_rows},
                               {"page_bytes_max", request.page_bytes_max}};
  std::string text;
  try {
    text = json.dump();
  } catch (const nlohmann::json::exception&) {
    return Status::unsupported("its name is not UTF-8 (allowed for Parquet: UTF-8)");
  }
  std::array<char, 1024> error{};
  ArrowArrayStream opened{};
  if (plugin.open(text.data(), text.size(), &opened, error.data(), error.size()) != 0) {
    return Status::corruption(error.data());
  }
  Result<std::vector<std::uint64_t>> groups = row_groups_of(&opened);
  if (!groups.ok()) {
    opened.release(&opened);
    return groups;
  }
  *rows = opened;
  return groups;
}

}  // namespace

ReadParquet parquet_plugin() { return read; }

}  // namespace rollcall::tools
