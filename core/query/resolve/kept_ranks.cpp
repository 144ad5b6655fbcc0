#include "core/query/resolve/kept_ranks.h"

namespace rollcall {

KeptRanks::Moment KeptRanks::now() {
  const MutexLock lock(mutex_);
  return {*this, changes_};
}

void KeptRanks::change() {
  const MutexLock lock(mutex_);
  ++changes_;
  kept_.clear();
}

std::size_t KeptRanks::memory_bytes() const {
  constexpr std::size_t kNodeBytes = 256;  // with its text
  const MutexLock lock(mutex_);
  return kept_.size() * kNodeBytes;
}

std::optional<std::string> KeptRanks::find(std::uint64_t digest, std::uint64_t at) const {
  const MutexLock lock(mutex_);
  const auto found = at == changes_ ? kept_.find(digest) : kept_.end();
  if (found == kept_.end()) return {};
  return found->second;
}

void KeptRanks::keep(std::uint64_t digest, std::uint64_t at, std::string_view ranks) {
  const MutexLock lock(mutex_);
  if (at != changes_) return;
  if (kept_.size() == kKeptMax) kept_.clear();
  kept_.insert_or_assign(digest, ranks);
}

}  // namespace rollcall
