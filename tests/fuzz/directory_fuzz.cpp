// The directory page of a partition and its day pages: the input is cut in two, the first part is
// the directory, the rest is every day.

#include "core/partition/partition.h"
#include "tests/fuzz/fuzz_target.h"

namespace rollcall::fuzz {
namespace {

class TwoPages final : public StoreView {
 public:
  TwoPages(std::string_view directory, std::string_view day) : directory_(directory), day_(day) {}
  Result<std::string> read(const PageAddress& address) const override {
    return std::string(address.id.kind == PageKind::kPartition ? directory_ : day_);
  }

 private:
  std::string_view directory_;
  std::string_view day_;
};

}  // namespace
}  // namespace rollcall::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rollcall;
  std::string_view input = fuzz::as_text(data, size);
  const std::size_t choice = fuzz::take_choice(input);
  const std::size_t cut = std::min(choice, input.size());
  const fuzz::TwoPages view(input.substr(0, cut), input.substr(cut));
  for (const bool history : {false, true}) {
    StoreSettings settings;
    settings.user_kind = UserKind::kInteger;
    settings.history = history;
    Partition partition(0, settings);
    const Status status = partition.open(view, 1, /*series_count=*/4);
    fuzz::require(status.ok() || status.code() == StatusCode::kCorruption, status.to_string());
    if (!status.ok()) continue;
    const Status days = partition.load_days({kDayMin, kDayMax}, view);
    fuzz::require(days.ok() || days.code() == StatusCode::kCorruption, days.to_string());
  }
  return 0;
}
