// These tables are compiled for x86-64. kernel_table.h says which of them may be called: a kernel
// called on a processor that lacks its instructions ends the process.
#pragma once

#include "kernels/bitmap_kernels.h"

namespace rollcall::kernels {

extern const KernelTable sse2_table;           // what every x86-64 has
extern const KernelTable avx2_table;           // AVX2, POPCNT, BMI1, BMI2
extern const KernelTable avx512_table;         // the above and AVX-512 F, CD, BW, DQ, VL
extern const KernelTable avx512vpopcnt_table;  // the above and AVX-512 VPOPCNTDQ

}  // namespace rollcall::kernels
