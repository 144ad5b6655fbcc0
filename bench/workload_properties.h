// Every event of workload W has two properties besides: the channel through which the user came,
// and the product that the event is about. They follow from the time of the event, so that nobody
// has to hold them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/event.h"
#include "rollcall/types.h"

namespace rollcall::bench {

inline constexpr std::array<std::string_view, 5> kChannelList = {"ads", "direct", "email", "search",
                                                                 "social"};
inline constexpr std::uint32_t kProductCount = 200;

// Returns a place in kChannelList.
std::uint32_t channel_of(TimeUs time);
// Returns a number below kProductCount.
std::uint32_t product_of(TimeUs time);
// Returns the product's value of the property "product".
std::string product_name(std::uint32_t product);

// Gives batches the columns "channel" and "product". One thread may use it at a time.
class WorkloadProperties {
 public:
  WorkloadProperties();
  WorkloadProperties(const WorkloadProperties&) = delete;  // its views point into it
  WorkloadProperties& operator=(const WorkloadProperties&) = delete;

  // The columns are valid until the next call.
  void add_to(EventBatch& batch);

 private:
  std::vector<std::string> products_;
  std::vector<std::string_view> product_views_;
  std::vector<std::uint32_t> channel_codes_, product_codes_;
  std::array<PropertyColumn, 2> columns_;
};

}  // namespace rollcall::bench
