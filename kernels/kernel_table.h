// Which kernel tables this machine can run, and which one is in use.
#pragma once

#include <span>
#include <string_view>

#include "kernels/bitmap_kernels.h"

namespace rollcall::kernels {

// The plain loops: the definition of correct.
extern const KernelTable reference_table;

// The tables that the processor and the operating system support: reference first, widest last.
std::span<const KernelTable* const> runnable_tables() noexcept;

// The table named `isa`, or null when there is none that this machine can run.
const KernelTable* find_table(std::string_view isa) noexcept;

// The table in use: what the environment variable ROLLCALL_ISA names, else the widest. Decided at
// the first call. Null when ROLLCALL_ISA names a table that this machine cannot run, which
// Engine::open reports.
const KernelTable* active_table() noexcept;

}  // namespace rollcall::kernels
