// Knows which kernel tables this machine can run, and which one is in use.
#pragma once

#include <span>
#include <string_view>

#include "kernels/bitmap_kernels.h"

namespace rollcall::kernels {

// These are the plain loops, which define what is correct.
extern const KernelTable reference_table;

// Returns the tables that the processor and the operating system support: reference first, widest
// last.
std::span<const KernelTable* const> runnable_tables() noexcept;

// Returns the table named `isa`, or null if there is none that this machine can run.
const KernelTable* find_table(std::string_view isa) noexcept;

// Returns the table in use: the one that the environment variable ROLLCALL_ISA names, otherwise the
// widest. The first call decides. The result is null if ROLLCALL_ISA names a table that this
// machine cannot run, which Engine::open reports.
const KernelTable* active_table() noexcept;

}  // namespace rollcall::kernels
