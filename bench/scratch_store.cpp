#include "bench/scratch_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "rollcall/rocks_store.h"

namespace rollcall::bench {

ScratchStore::ScratchStore(const Session& session)
    : path_(std::filesystem::path(session.options().directory) / "store") {
  std::filesystem::remove_all(path_);
}

ScratchStore::~ScratchStore() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::unique_ptr<Store> ScratchStore::open_store() const {
  return must(open_rocks_store(path_.string()));
}

std::unique_ptr<Engine> ScratchStore::open(const EngineOptions& options) const {
  return must(Engine::open(open_store(), options));
}

std::uint64_t ScratchStore::disk_bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path_)) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  return bytes;
}

void ScratchStore::drop_from_page_cache() const {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path_)) {
    const int file = ::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) continue;
    // Pages that are not on disk yet stay.
    ::fdatasync(file);
    ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    ::close(file);
  }
}

}  // namespace rollcall::bench
