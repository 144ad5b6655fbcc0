#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "bench/measures.h"

namespace rollcall::bench {
namespace {

// Returns the value that a share of `values` does not exceed.
double quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const double last = static_cast<double>(values.size() - 1);
  return values[static_cast<std::size_t>(std::ceil(share * last))];
}

}  // namespace

void add_quantiles(Session& session, const std::string& name, const std::vector<double>& ms) {
  for (const auto& [label, share] : {std::pair{"p50", 0.5}, {"p99", 0.99}, {"max", 1.0}}) {
    session.report().add({name + "/" + label,
                          "ms",
                          Better::kLower,
                          {quantile(ms, share)},
                          {{"of", std::to_string(ms.size())}}});
  }
}

}  // namespace rollcall::bench
