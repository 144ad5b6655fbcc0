// Makes an ascending set of what a vector holds.
#pragma once

#include <algorithm>
#include <vector>

namespace rollcall {

// Sorts the elements and leaves one of those that are equal.
//
// std::ranges::unique is not for this code: the clang of Debian 12 cannot compile it.
template <class T>
void sort_unique(std::vector<T>& elements) {
  std::sort(elements.begin(), elements.end());
  elements.erase(std::unique(elements.begin(), elements.end()), elements.end());
}

}  // namespace rollcall
