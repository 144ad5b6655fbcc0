// Facts of the machine that numbers depend on.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace rollcall::bench {

// Processor, memory, caches, instruction sets, kernel, compiler, libraries; name and value.
std::vector<std::pair<std::string, std::string>> machine_facts();

// The most memory that this process has held at once since `reset_peak_resident`, in bytes; 0 where
// the system does not say.
std::uint64_t peak_resident_bytes();
std::uint64_t resident_bytes();
void reset_peak_resident();

}  // namespace rollcall::bench
