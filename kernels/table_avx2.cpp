#include "kernels/bitmap_kernels-inl.h"
#include "kernels/lanes_avx2-inl.h"
#include "kernels/x86_64_tables.h"

namespace rollcall::kernels {

constinit const KernelTable avx2_table = BitmapKernels<Avx2Lanes>::table("avx2");

}  // namespace rollcall::kernels
