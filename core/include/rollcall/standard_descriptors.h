// These are the descriptors 0 to 2 of this process: standard input, output and error.
#pragma once

#include "rollcall/status.h"

namespace rollcall {

// Opens those of the three that are closed on /dev/null. Otherwise, whatever is opened next would
// get their numbers, and what is meant for standard output would be written into it. Reading from a
// standard input opened this way is an error, as it was before; what is written is dropped.
//
// A program calls it first thing. The library calls it before each file that it opens, so that no
// file of a store is ever one of the three, whatever its host has closed by then. A host must not
// close one of them while the library is at work. Any thread may call it.
//   kFailedPrecondition  one is closed, and /dev/null cannot be opened
Status open_standard_descriptors();

// Returns whether the descriptor had been closed, so that what is written to it is dropped. Any
// thread may call it.
bool was_closed(int descriptor);

}  // namespace rollcall
