"""`python -m rollcall` is the command line: it becomes the program `rollcall`."""

import os
import shutil
import sys


def program() -> str | None:
    """The program that came with the package, or else the first one on the PATH."""
    packed = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin", "rollcall")
    return packed if os.access(packed, os.X_OK) else shutil.which("rollcall")


def main() -> int:
    """Runs the program with the arguments of this process, and does not return if there is one."""
    path = program()
    if path is None:
        sys.stderr.write("rollcall: the program did not come with this package and is not on the PATH "
                         "(make install in rollcall's sources puts it there)\n")
        return 1
    os.execv(path, ["rollcall", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
