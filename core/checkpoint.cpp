// All that changed since the last commit, to the store, while ingest and queries go on.
#include <variant>

#include "core/engine_state.h"

namespace rollcall {
namespace {

std::string encode(const DirtyPage& page) {
  if (const auto* bytes = std::get_if<std::string>(&page.content)) return *bytes;
  std::string bytes;
  std::visit(
      [&](const auto& content) {
        if constexpr (!std::is_same_v<std::decay_t<decltype(content)>, std::string>) {
          content->serialize(bytes);
        }
      },
      page.content);
  return bytes;
}

}  // namespace

// Within the gate, only long enough to fold what is due and to pin what is dirty; encoding and writing
// come after. The pages handed over count as stored from then on, but none of them may leave memory
// before the commit has succeeded; if it fails, writing ends for good, and they stay.
Status Engine::State::checkpoint() {
  if (store->read_only()) return Status::invalid_argument("engine: the store was opened read-only");
  const std::lock_guard one_at_a_time(checkpoint_mutex);
  Commit commit;
  std::vector<DirtyPage> dirty;
  std::string manifest_bytes;
  {
    const Gate::Pass pass(gate);
    ROLLCALL_RETURN_IF_ERROR(failure);
    if (!changed) return {};
    ROLLCALL_RETURN_IF_ERROR(fold(true));
    commit.epoch = epoch + 1;
    if (catalog_changed) {
      const PageId id{PageKind::kDictionary, 0, 0, 0, 0};
      if (manifest.catalog_epoch != 0) commit.superseded.push_back({id, manifest.catalog_epoch});
      manifest.catalog_epoch = commit.epoch;
      std::string bytes;
      catalog->serialize(bytes);
      dirty.push_back({id, std::move(bytes)});
    }
    if (sources_changed) {
      const PageId id{PageKind::kSources, 0, 0, 0, 0};
      if (manifest.sources_epoch != 0) commit.superseded.push_back({id, manifest.sources_epoch});
      manifest.sources_epoch = commit.epoch;
      std::string bytes;
      sources.serialize(bytes);
      dirty.push_back({id, std::move(bytes)});
    }
    for (std::size_t i = 0; i < partitions.size(); ++i) {
      partitions[i].collect_dirty(commit.epoch, dirty, commit.superseded);
      manifest.partition_epochs[i] = partitions[i].epoch();
    }
    manifest_bytes = manifest.serialize();
    changed = catalog_changed = sources_changed = false;
  }

  std::size_t next = 0;
  commit.next_page = [&]() -> Result<std::optional<PageWrite>> {
    if (next == dirty.size()) return std::optional<PageWrite>();
    DirtyPage page = std::move(dirty[next++]);
    // Unpinned as soon as it is encoded: a page that the writer changes meanwhile is held twice.
    return std::optional<PageWrite>({page.id, encode(page)});
  };
  commit.manifest = [&] { return manifest_bytes; };
  Status status = store->commit(commit);
  Result<std::shared_ptr<const StoreView>> committed = store->view();
  if (status.ok() && !committed.ok()) status = committed.status();

  const Gate::Pass pass(gate);
  if (!status.ok()) {
    failure = status;
    return status;
  }
  epoch = commit.epoch;
  view = *std::move(committed);
  const MemoryUse use = memory_use();
  if (use.resident_bytes > options.memory_bytes_max) {
    // Each partition gives up its share of the excess, and a little more, so that the next batches
    // find room.
    const double keep = 0.75 * static_cast<double>(options.memory_bytes_max) /
                        static_cast<double>(use.resident_bytes);
    for (Partition& partition : partitions) {
      const auto resident = static_cast<double>(partition.memory_use().resident_bytes);
      partition.evict(static_cast<std::size_t>(resident * keep));
    }
  }
  return {};
}

}  // namespace rollcall
