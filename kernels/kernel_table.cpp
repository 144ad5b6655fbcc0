#include "kernels/kernel_table.h"

#include <array>
#include <cstdlib>

#if defined(__x86_64__)
#include "kernels/x86_64_tables.h"
#endif

namespace rollcall::kernels {
namespace {

struct RunnableTables {
  std::array<const KernelTable*, 5> tables{};
  std::size_t size = 0;

  void add(const KernelTable& table) { tables[size++] = &table; }
};

// Asks the processor and the operating system, which must save the wide registers.
RunnableTables detect_runnable_tables() noexcept {
  RunnableTables runnable;
  runnable.add(reference_table);
#if defined(__x86_64__)
  runnable.add(sse2_table);
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("popcnt") ||
      !__builtin_cpu_supports("bmi") || !__builtin_cpu_supports("bmi2")) {
    return runnable;
  }
  runnable.add(avx2_table);
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512cd") ||
      !__builtin_cpu_supports("avx512bw") || !__builtin_cpu_supports("avx512dq") ||
      !__builtin_cpu_supports("avx512vl")) {
    return runnable;
  }
  runnable.add(avx512_table);
  if (!__builtin_cpu_supports("avx512vpopcntdq")) return runnable;
  runnable.add(avx512vpopcnt_table);
#endif
  return runnable;
}

// A variable that is empty names nothing, just as one that is not set.
const KernelTable* choose_table() noexcept {
  const char* const forced_isa = std::getenv("ROLLCALL_ISA");
  if (forced_isa == nullptr || *forced_isa == '\0') return runnable_tables().back();
  return find_table(forced_isa);
}

}  // namespace

std::span<const KernelTable* const> runnable_tables() noexcept {
  static const RunnableTables runnable = detect_runnable_tables();
  return {runnable.tables.data(), runnable.size};
}

const KernelTable* find_table(std::string_view isa) noexcept {
  for (const KernelTable* const table : runnable_tables()) {
    if (table->isa == isa) return table;
  }
  return nullptr;
}

const KernelTable* active_table() noexcept {
  static const KernelTable* const table = choose_table();
  return table;
}

}  // namespace rollcall::kernels
