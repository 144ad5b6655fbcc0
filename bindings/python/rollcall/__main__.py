"""`python -m rollcall` is the command line: this process becomes the program `rollcall`."""

import os
import signal
import sys

from rollcall import _core, _parquet


def main() -> int:
    """Runs the command that the arguments of this process name, and returns its exit code."""
    # An interrupt ends a command as it ends the program: Python's own handler would only take note of it.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    arguments = [os.fsencode(argument) for argument in ["rollcall", *sys.argv[1:]]]
    return _core.run_command_line(arguments, _parquet.read)


if __name__ == "__main__":
    sys.exit(main())
