#!/usr/bin/env python3
"""Builds an example of another language against the shared library, and runs it.

    example_test.py --language c|go|rust --library FILE --include DIRECTORY... [--c-compiler PROGRAM] [--valgrind]

Without a compiler of the language it skips, and says so. With --valgrind it is run under that, which finds no fault
and no lost memory.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

VALGRIND = ["valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full", "--show-leak-kinds=definite",
            "--errors-for-leak-kinds=definite"]
ROOT = os.path.abspath(__file__).rsplit("/tests/", 1)[0]
SKIPPED = 77
# Of three who joined, two came back on the next day and one on the day after.
EXPECTED = [["2026-01-01", 3, 0, 3], ["2026-01-01", 3, 1, 2], ["2026-01-01", 3, 2, 1]]


def build_command(options, libraries, built):
    """Returns the command that makes `built`, and what it needs in its environment."""
    source = os.path.join(ROOT, "examples", "retention." + {"rust": "rs"}.get(options.language, options.language))
    includes = [f"-I{os.path.abspath(directory)}" for directory in options.include]
    if options.language == "c":
        return [options.c_compiler, "-std=c11", "-Wall", "-Wextra", "-pedantic-errors", "-Werror", *includes,
                source, "-o", built, f"-L{libraries}", "-lrollcall"], {}
    if options.language == "rust":
        return ["rustc", "--edition", "2021", "-D", "warnings", "-L", libraries, "-o", built, source], {}
    return ["go", "build", "-o", built, source], {
        "CGO_ENABLED": "1", "CGO_CFLAGS": " ".join(includes), "CGO_LDFLAGS": f"-L{libraries} -lrollcall",
        "GOFLAGS": "-mod=mod", "GOPROXY": "off", "GO111MODULE": "auto"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--language", required=True, choices=("c", "go", "rust"))
    parser.add_argument("--library", required=True)
    parser.add_argument("--include", required=True, nargs="+")
    parser.add_argument("--c-compiler", default="cc")
    parser.add_argument("--valgrind", action="store_true")
    options = parser.parse_args()

    under = VALGRIND if options.valgrind else []
    if under and shutil.which(under[0]) is None:
        print("SKIPPED: there is no valgrind (tools/setup --dev installs it)")
        return SKIPPED
    libraries = os.path.dirname(os.path.abspath(options.library))
    with tempfile.TemporaryDirectory() as folder:
        built = os.path.join(folder, "retention")
        command, needed = build_command(options, libraries, built)
        if shutil.which(command[0]) is None:
            print(f"SKIPPED: the example in {options.language} is not built: there is no {command[0]}")
            return SKIPPED
        environment = {**os.environ, **needed, "LD_LIBRARY_PATH": libraries}
        subprocess.run(command, check=True, env=environment, cwd=folder)
        done = subprocess.run([*under, built, os.path.join(folder, "store"), os.path.join(ROOT, "examples/events.csv")],
                              check=True, env=environment, stdout=subprocess.PIPE, text=True)
        answer = json.loads(done.stdout)
        rows = [row[:4] for row in answer["rows"]]
        if [row for row in rows if row[0] == EXPECTED[0][0]] != EXPECTED:
            print(f"found {rows}, expected {EXPECTED}")
            return 1
        refused = subprocess.run([*under, built, os.path.join(folder, "none/store"), "x"], check=False, env=environment,
                                 capture_output=True, text=True)
        if refused.returncode != 1 or not refused.stderr:
            print("a store that cannot be made is no error")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
