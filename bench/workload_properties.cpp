#include "bench/workload_properties.h"

#include <fmt/format.h>

namespace rollcall::bench {
namespace {

// Spreads times over 32 bits, by multiplicative hashing (Knuth, The Art of Computer Programming 3,
// 6.4).
std::uint64_t spread(TimeUs time) {
  return static_cast<std::uint64_t>(time) * 0x9e3779b97f4a7c15u >> 32;
}

}  // namespace

std::uint32_t channel_of(TimeUs time) {
  return static_cast<std::uint32_t>(spread(time) % kChannelList.size());
}

std::uint32_t product_of(TimeUs time) {
  return static_cast<std::uint32_t>(spread(time) / kChannelList.size() % kProductCount);
}

std::string product_name(std::uint32_t product) { return fmt::format("product {}", product); }

WorkloadProperties::WorkloadProperties() {
  for (std::uint32_t product = 0; product < kProductCount; ++product) {
    products_.push_back(product_name(product));
  }
  product_views_.assign(products_.begin(), products_.end());
}

void WorkloadProperties::add_to(EventBatch& batch) {
  channel_codes_.clear();
  product_codes_.clear();
  for (const TimeUs time : batch.time) {
    channel_codes_.push_back(channel_of(time));
    product_codes_.push_back(product_of(time));
  }
  columns_ = {
      {{"channel", {kChannelList, channel_codes_}}, {"product", {product_views_, product_codes_}}}};
  batch.properties = columns_;
}

}  // namespace rollcall::bench
