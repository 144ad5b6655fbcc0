// This fuzzes the payload of a record of the journal, of stores of both kinds of users.

#include <memory>
#include <vector>

#include "core/engine/journal_record.h"
#include "rollcall/memory_store.h"
#include "tests/fuzz/fuzz_target.h"

namespace rollcall::fuzz {
namespace {

// A batch that comes of a record can be staged, whatever the record says.
void check(std::string_view bytes, UserKind kind) {
  StoreSettings settings;
  settings.user_kind = kind;
  settings.partition_count = 4;
  settings.dimensions = {"country"};
  static const std::unique_ptr<Store> store = open_memory_store();
  static const std::shared_ptr<const StoreView> view = *store->view();
  static const auto pool = std::make_shared<BlockPool>(std::size_t{1} << 20);
  std::vector<Partition> partitions;
  for (std::uint32_t i = 0; i < settings.partition_count; ++i) partitions.emplace_back(i, settings);
  const Result<JournalledBatch> batch = decode_journal_record(
      bytes, settings, pool, partitions, [](std::uint32_t) { return Status(); });
  if (!batch.ok()) {
    require(batch.status().code() == StatusCode::kCorruption, batch.status().to_string());
    return;
  }
  const std::vector<NumberedSeries> series(batch->rows->series.size(), {.id = 1});
  MemoryAllowance allowance(std::size_t{1} << 40);
  std::size_t staged = 0;
  for (Partition& partition : partitions) {
    require(partition.stage(*batch->rows, *view, series, allowance).ok(), "it cannot be staged");
    staged += partition.staged_ordinals().size();
  }
  require(staged == batch->rows->row_count, "rows were lost");
}

}  // namespace
}  // namespace rollcall::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rollcall;
  std::string_view input = fuzz::as_text(data, size);
  const unsigned choice = fuzz::take_choice(input);
  fuzz::check(input, choice % 2 == 0 ? UserKind::kInteger : UserKind::kString);
  return 0;
}
