// The command line is a library, so that the program `rollcall` and `python -m rollcall` are the
// same one. It is the target rollcall_commands.
#pragma once

#include "rollcall/parquet.h"

namespace rollcall {

// Runs the command that the arguments name, as docs/command_line.md has it, and returns the exit
// code. Of the arguments, the first is the name of the program, and all are texts that end with a
// null byte. The process belongs to the command: it reads standard input, writes to standard output
// and error and closes the former, handles and ignores signals, sets the locale of characters, and
// ends the process itself where that is how the command ends. `read_parquet` opens the Parquet
// files that the command reads, and no exception may leave it; none leaves the call itself. It is
// called once, by the main thread.
int run_command_line(int argc, char** argv, const ReadParquet& read_parquet);

}  // namespace rollcall
