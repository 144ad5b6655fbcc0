/* The header is C11, stands by itself, and may be included twice and beside Arrow's structs. */
#include "rollcall.h"

#include "rollcall/arrow_interface.h"

#include "rollcall.h"

int32_t rollcall_header_is_c(struct ArrowArrayStream* stream);

int32_t rollcall_header_is_c(struct ArrowArrayStream* stream) {
  return rollcall_ingest_arrow(NULL, stream, NULL, 0, NULL, 0, NULL, NULL, NULL);
}
