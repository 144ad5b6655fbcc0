// Facts of the machine that numbers depend on.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace rollcall::bench {

// Processor, memory, caches, instruction sets, kernel, compiler, libraries; name and value.
std::vector<std::pair<std::string, std::string>> machine_facts();

// What one thread reads from memory, in bytes a second: the best of some passes over far more than
// a cache holds. Takes a quarter of a second.
double memory_read_bandwidth();

// Memory that this process holds, in bytes, and the most that it has held since the last reset; 0
// where the system does not say.
std::uint64_t resident_bytes();
std::uint64_t peak_resident_bytes();
// Gives back what was freed, too, so that it is not taken for free later.
void reset_peak_resident();

}  // namespace rollcall::bench
