// Numbers depend on these facts of the machine.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace rollcall::bench {

// Lists processor, memory, caches, instruction sets, kernel, compiler and libraries by name and
// value.
std::vector<std::pair<std::string, std::string>> machine_facts();

// Measures how many bytes a second one thread reads from memory: the best of some passes over far
// more than a cache holds. Takes a quarter of a second.
double memory_read_bandwidth();

// Returns the memory that this process holds, in bytes, and the most that it has held since the
// last reset; both are 0 if the system does not say.
std::uint64_t resident_bytes();
std::uint64_t peak_resident_bytes();
// It also gives back what was freed, so that it is not taken for free later.
void reset_peak_resident();

}  // namespace rollcall::bench
