// Loads the plug-in that reads Parquet. It is installed beside the program's library, and taken
// from there alone: no environment and no search path leads elsewhere.
#pragma once

#include "rollcall/parquet.h"

namespace rollcall::tools {

// Returns a reader that loads the plug-in when it is called first. It may be called by any thread.
//   kUnsupported  the plug-in is not installed, or is of another version; the text says how to get
//                 it
//   kCorruption   the plug-in cannot read the file
ReadParquet parquet_plugin();

}  // namespace rollcall::tools
