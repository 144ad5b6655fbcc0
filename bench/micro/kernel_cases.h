// These are the kernels, each with what it is given, what it moves, and what its answer is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "bench/huge_array.h"
#include "kernels/bitmap_kernels.h"

namespace rollcall::bench {

// Holds columns of random bytes, each of up to `bytes_max`, for a kernel to read and write. `a` and
// `b` are never written.
class KernelData {
 public:
  explicit KernelData(std::size_t bytes_max);

  template <class T>
  const T* a() const {
    return reinterpret_cast<const T*>(a_.data());
  }
  template <class T>
  const T* b() const {
    return reinterpret_cast<const T*>(b_.data());
  }
  template <class T>
  T* out() {
    return reinterpret_cast<T*>(out_.data());
  }
  // Makes the first bytes of `out` what they were at first.
  void reset_out(std::size_t bytes);
  // Returns a hash of the first bytes of `out`.
  std::uint64_t digest_out(std::size_t bytes) const;

 private:
  HugeArray<std::uint64_t> a_, b_, out_;
};

// Is a plain loop that shows how fast the machine computes what kernels compute.
struct ComputeLimit {
  const char* name;
  std::size_t bytes_per_step;
  std::uint64_t (*run)(const KernelData& data, std::size_t steps);
};

struct KernelCase {
  const char* name;
  // Counts, for one step (a word, or a row), the bytes that are touched, those of them that are
  // written, and those that the rate counts. The latter are the touched ones or, if data are used
  // more than once, what it would take to read them each time.
  std::size_t touched_bytes;
  std::size_t out_bytes;
  std::size_t counted_bytes;
  // Is the limit if the data are in L1 or L2; if it is null, that is the limit of reading.
  const ComputeLimit* limit;
  // Runs the kernel of a table over so many steps, and returns what the kernel returns.
  std::function<std::uint64_t(const kernels::KernelTable&, KernelData&, std::size_t steps)> run;
};

// Returns every kernel of KernelTable.
std::vector<KernelCase> kernel_cases();

}  // namespace rollcall::bench
