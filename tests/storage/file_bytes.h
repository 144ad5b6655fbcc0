// These are the bytes of files, and of all files of a directory.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace rollcall {

inline std::string file_bytes(const std::filesystem::path& path) {
  std::ostringstream bytes;
  bytes << std::ifstream(path, std::ios::binary).rdbuf();
  return bytes.str();
}

inline void write_file(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

// Returns every file beneath `directory`, by its path from there, and every directory, as if it
// were empty.
inline std::map<std::string, std::string> all_files(const std::filesystem::path& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    files[entry.path().lexically_relative(directory).string()] =
        entry.is_regular_file() ? file_bytes(entry.path()) : "";
  }
  return files;
}

// Returns the names of the files beneath `directory` that hold some bytes, of which no four in a
// row occur elsewhere. A compressed block may have an end of them, up to three bytes, together with
// their neighbours as a copy of other bytes; so the ends are not looked for.
inline std::vector<std::string> files_with(const std::string& bytes,
                                           const std::filesystem::path& directory) {
  constexpr std::size_t kEndBytes = 3;
  EXPECT_GT(bytes.size(), 4 * kEndBytes) << "too few bytes to tell them from others";
  const std::string middle = bytes.substr(kEndBytes, bytes.size() - 2 * kEndBytes);
  std::vector<std::string> names;
  for (const auto& [name, content] : all_files(directory)) {
    if (content.find(middle) != std::string::npos) names.push_back(name);
  }
  return names;
}

}  // namespace rollcall
