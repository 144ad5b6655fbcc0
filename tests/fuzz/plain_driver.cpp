// Runs a fuzz target without libFuzzer: over its corpus, and over that many random changes of it.
//
//   fuzz_NAME CORPUS_DIRECTORY [RUNS]       ROLLCALL_SEED repeats a run
//
// A decoder that is made to take more than 2 GiB runs out of memory.

#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/fuzz/fuzz_target.h"
#include "tests/support/random.h"
#include "tests/support/run_size.h"

namespace rollcall::fuzz {
namespace {

namespace fs = std::filesystem;
using rollcall::testing::Random;

constexpr std::size_t kInputBytesMax = 4096;

std::string last_input;  // to be shown when it breaks something

void run(const std::string& input) {
  last_input = input;
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

extern "C" void show_last_input(int) {
  std::ofstream("fuzz-input", std::ios::binary) << last_input;
  std::fprintf(stderr, "fuzz: the input is in the file fuzz-input\n");
}

void change(Random& random, std::string& input, const std::vector<std::string>& corpus) {
  const std::size_t place = random.below(input.size() + 1);
  const std::size_t length = random.below(std::min<std::size_t>(input.size() - place, 16) + 1);
  switch (random.below(7)) {
    case 0:  // a bit
      if (place < input.size())
        input[place] = static_cast<char>(input[place] ^ (1 << random.below(8)));
      break;
    case 1:  // a byte, often one that means something
      if (place < input.size()) {
        constexpr std::string_view kBytes("\0\x01\x7f\x80\xff\n\r\"\\,{}[]:-0129.eTZ", 25);
        input[place] = random.chance(70) ? kBytes[random.below(kBytes.size())]
                                         : static_cast<char>(random.bits());
      }
      break;
    case 2:
      input.erase(place, length);
      break;
    case 3:  // the same again
      input.insert(place, input.substr(place, length));
      break;
    case 4:
      input.insert(place, 1, static_cast<char>(random.bits()));
      break;
    case 5: {  // a part of another one
      const std::string& other = random.pick(corpus);
      const std::size_t from = random.below(other.size() + 1);
      input.replace(place, length, other.substr(from, random.below(32)));
      break;
    }
    default:
      input.resize(place);
  }
  if (input.size() > kInputBytesMax) input.resize(kInputBytesMax);
}

int main_of(int argument_count, char** arguments) {
  if (argument_count < 2) return 2;
    // Under a sanitizer, addresses are no measure of memory.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  const rlimit limit{std::size_t{2} << 30, std::size_t{2} << 30};
  ::setrlimit(RLIMIT_AS, &limit);
#endif
  std::signal(SIGABRT, show_last_input);
  std::vector<std::string> corpus;
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(arguments[1])) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  for (const fs::path& path : paths) {
    std::ifstream file(path, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    run(corpus.back());
  }
  if (corpus.empty()) return 2;
  Random random(rollcall::testing::run_seed());
  const std::uint64_t runs =
      argument_count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 100'000;
  for (std::uint64_t i = 0; i < runs; ++i) {
    std::string input = random.pick(corpus);
    for (std::size_t changes = 1 + random.below(6); changes > 0; --changes) {
      change(random, input, corpus);
    }
    run(input);
  }
  std::printf("%zu inputs of the corpus, %llu others\n", corpus.size(),
              static_cast<unsigned long long>(runs));
  return 0;
}

}  // namespace
}  // namespace rollcall::fuzz

int main(int argument_count, char** arguments) {
  return rollcall::fuzz::main_of(argument_count, arguments);
}
