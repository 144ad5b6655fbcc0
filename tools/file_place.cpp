#include "tools/file_place.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <system_error>

namespace rollcall::tools {
namespace {

namespace fs = std::filesystem;

fs::path place_of(const std::string& name) {
  std::error_code ignored;
  fs::path file = name;
  // Links that lead nowhere yet say where the file will be made.
  constexpr int kLinksMax = 40;  // as systems follow
  for (int i = 0; i < kLinksMax && fs::is_symlink(file, ignored) && !fs::exists(file, ignored);
       ++i) {
    file = file.parent_path() / fs::read_symlink(file, ignored);
  }
  return fs::weakly_canonical(fs::absolute(file, ignored), ignored);
}

}  // namespace

bool lies_beneath(const std::string& name, const std::string& directory) {
  const fs::path file = place_of(name);
  std::error_code ignored;
  const fs::path within = fs::weakly_canonical(fs::absolute(directory, ignored), ignored);
  const auto [end, rest] = std::mismatch(within.begin(), within.end(), file.begin(), file.end());
  return end == within.end() || (std::next(end) == within.end() && end->empty());
}

std::string store_around(const std::string& name) {
  std::error_code ignored;
  for (fs::path directory = place_of(name).parent_path(); directory.has_relative_path();
       directory = directory.parent_path()) {
    if (fs::exists(directory / "FORMAT", ignored) && fs::exists(directory / "rocksdb", ignored)) {
      return directory.string();
    }
  }
  return {};
}

}  // namespace rollcall::tools
