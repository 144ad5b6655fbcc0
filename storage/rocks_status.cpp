#include "storage/rocks_status.h"

#include "storage/store_directory.h"

namespace rollcall {

Status to_status(const rocksdb::Status& status, const std::string& directory,
                 std::string_view action) {
  if (status.ok()) return {};
  return {status.IsCorruption() ? StatusCode::kCorruption : StatusCode::kIoError,
          database_path(directory) + ": cannot " + std::string(action) + ": " + status.ToString()};
}

}  // namespace rollcall
