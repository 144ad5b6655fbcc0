#include "kernels/bitmap_kernels-inl.h"
#include "kernels/lanes_sse2-inl.h"
#include "kernels/x86_64_tables.h"

namespace rollcall::kernels {

constinit const KernelTable sse2_table = BitmapKernels<Sse2Lanes>::table("sse2");

}  // namespace rollcall::kernels
