// rollcall-micro measures every kernel, on every instruction set that this machine has, on data in
// L1, L2, L3 and DRAM, as bytes/s and as a share of the limit that plain loops reach in the same
// run. For kernels that count, if the data are in L1 or L2, that is the limit of counting bits; for
// all else, it is that of reading.
//
// Every kernel's answer is compared with the reference's first; a wrong one ends the program with
// 1.
//
//   --json FILE   as --benchmark_out=FILE; --quick: as little of everything as gives a number
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <ctime>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/machine.h"
#include "bench/micro/kernel_cases.h"
#include "bench/micro/limits.h"
#include "kernels/kernel_table.h"
#include "rollcall/standard_descriptors.h"

namespace rollcall::bench {
namespace {

struct Place {
  const char* name;
  std::size_t bytes;  // of all that a kernel touches
  bool in_cache;      // so near that computing may take longer than reading
};
constexpr std::array<Place, 4> kPlaces = {{{"L1", std::size_t{16} << 10, true},
                                           {"L2", std::size_t{512} << 10, true},
                                           {"L3", std::size_t{16} << 20, false},
                                           {"DRAM", std::size_t{256} << 20, false}}};

// This is a multiple of 8 steps, so that whole words are written.
std::size_t steps_in(std::size_t bytes_per_step, const Place& place) {
  return std::max<std::size_t>(1, place.bytes / bytes_per_step / 8) * 8;
}

// Returns the seconds that this thread has computed; what others do with the processor meanwhile is
// not counted.
double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Returns the bytes/s of the fastest of several runs of `work` over `bytes`.
template <class Work>
double best_rate(std::size_t bytes, double seconds_min, Work work) {
  const std::size_t repeats = std::max<std::size_t>(1, (std::size_t{1} << 22) / bytes);
  double best = 0;
  for (double sum = 0; sum < seconds_min || best == 0;) {
    const double begin = thread_seconds();
    for (std::size_t i = 0; i < repeats; ++i) benchmark::DoNotOptimize(work());
    const double seconds = thread_seconds() - begin;
    best = std::max(best, static_cast<double>(bytes * repeats) / seconds);
    sum += seconds;
  }
  return best;
}

// Holds the limits, each measured when it is first asked for.
class MeasuredLimits {
 public:
  MeasuredLimits(const KernelData& data, double seconds_min)
      : data_(data), seconds_min_(seconds_min) {}

  double of(const KernelCase& kernel, const Place& place) {
    const ComputeLimit* const limit = place.in_cache ? kernel.limit : nullptr;
    double& rate = rates_[{limit == nullptr ? "read" : limit->name, place.name}];
    if (rate != 0) return rate;
    if (limit != nullptr) {
      const std::size_t steps = steps_in(limit->bytes_per_step, place);
      rate = best_rate(steps * limit->bytes_per_step, seconds_min_,
                       [&] { return limit->run(data_, steps); });
    } else {
      rate = best_rate(place.bytes, seconds_min_,
                       [&] { return limits().sum(data_.a<std::uint64_t>(), place.bytes / 8); });
    }
    return rate;
  }

 private:
  const KernelData& data_;
  double seconds_min_;
  std::map<std::pair<std::string_view, std::string_view>, double> rates_;
};

// Returns what a kernel returns, and leaves in its output, when it is run once on fresh data.
std::pair<std::uint64_t, std::uint64_t> answer_of(const KernelCase& kernel,
                                                  const kernels::KernelTable& table,
                                                  KernelData& data, std::size_t steps) {
  const std::size_t out_bytes = kernel.out_bytes * steps;
  data.reset_out(std::max<std::size_t>(out_bytes, 8192));
  const std::uint64_t returned = kernel.run(table, data, steps);
  return {returned, data.digest_out(out_bytes)};
}

bool any_wrong = false;

void run_case(benchmark::State& state, const KernelCase& kernel, const kernels::KernelTable& table,
              const Place& place, KernelData& data, MeasuredLimits& measured_limits) {
  const std::size_t steps = steps_in(kernel.touched_bytes, place);
  if (answer_of(kernel, table, data, steps) !=
      answer_of(kernel, kernels::reference_table, data, steps)) {
    any_wrong = true;
    state.SkipWithError("wrong answer");
    return;
  }
  const double limit = measured_limits.of(kernel, place);
  const double begin = thread_seconds();
  for (auto _ : state) benchmark::DoNotOptimize(kernel.run(table, data, steps));
  const double seconds = thread_seconds() - begin;
  const std::int64_t bytes =
      static_cast<std::int64_t>(steps * kernel.counted_bytes) * state.iterations();
  state.SetBytesProcessed(bytes);
  state.counters["of_limit"] = static_cast<double>(bytes) / seconds / limit;
}

int main(int argc, char** argv) {
  bool quick = false;
  std::vector<std::string> arguments = {argv[0]};
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--quick") {
      quick = true;
    } else if (argument == "--json" && i + 1 < argc) {
      arguments.push_back(std::string("--benchmark_out=") + argv[++i]);
      arguments.push_back("--benchmark_out_format=json");
    } else {
      arguments.emplace_back(argument);
    }
  }
  // An option that comes later on the command line decides, so these come first.
  arguments.insert(arguments.begin() + 1,
                   quick ? "--benchmark_min_time=0.001" : "--benchmark_min_time=0.1");
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  int count = static_cast<int>(pointers.size());
  benchmark::Initialize(&count, pointers.data());
  if (benchmark::ReportUnrecognizedArguments(count, pointers.data())) return 1;
  for (const auto& [name, value] : machine_facts()) benchmark::AddCustomContext(name, value);

  const std::size_t place_count = quick ? kPlaces.size() - 1 : kPlaces.size();
  KernelData data(kPlaces[place_count - 1].bytes);
  MeasuredLimits measured_limits(data, quick ? 0 : 0.1);
  const std::vector<KernelCase> cases = kernel_cases();
  for (const KernelCase& kernel : cases) {
    for (const kernels::KernelTable* const table : kernels::runnable_tables()) {
      for (std::size_t i = 0; i < place_count; ++i) {
        const Place& place = kPlaces[i];
        const std::string name = std::string(kernel.name) + '/' + table->isa + '/' + place.name;
        benchmark::RegisterBenchmark(name.c_str(), [&, table](benchmark::State& state) {
          run_case(state, kernel, *table, place, data, measured_limits);
        });
      }
    }
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return any_wrong ? 1 : 0;
}

}  // namespace
}  // namespace rollcall::bench

int main(int argc, char** argv) {
  if (!rollcall::open_standard_descriptors().ok()) return 1;
  return rollcall::bench::main(argc, argv);
}
