#include "kernels/bitmap_kernels-inl.h"
#include "kernels/lanes_avx512-inl.h"
#include "kernels/x86_64_tables.h"

namespace rollcall::kernels {

constinit const KernelTable avx512_table = BitmapKernels<Avx512Lanes>::table("avx512");

}  // namespace rollcall::kernels
