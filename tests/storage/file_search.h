// Looks for bytes in the files of a directory.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace rollcall {

inline bool some_file_has(const std::string& directory, const std::string& bytes) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    std::ostringstream content;
    content << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    if (content.str().find(bytes) != std::string::npos) return true;
  }
  return false;
}

}  // namespace rollcall
