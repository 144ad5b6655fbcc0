#!/usr/bin/env python3
"""The pieces of C in docs/c.md are one program, which prints what the document says.

    document_test.py --library FILE --c-compiler PROGRAM --include DIRECTORY... [--flag=FLAG]
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(__file__).rsplit("/tests/", 1)[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--library", required=True)
    parser.add_argument("--c-compiler", required=True)
    parser.add_argument("--include", required=True, nargs="+")
    parser.add_argument("--flag", action="append", default=[])
    options = parser.parse_args()

    with open(os.path.join(ROOT, "docs/c.md"), encoding="utf-8") as file:
        document = file.read()
    pieces = re.findall(r"^```c\n(.*?)^```$", document, re.M | re.S)
    expected = "".join(re.findall(r"^```text\n(.*?)^```$", document, re.M | re.S))
    if len(pieces) < 5 or not expected:
        print(f"found {len(pieces)} pieces of C, and {len(expected)} bytes that they print")
        return 1
    libraries = os.path.dirname(os.path.abspath(options.library))
    with tempfile.TemporaryDirectory() as folder:
        source, built = os.path.join(folder, "program.c"), os.path.join(folder, "program")
        with open(source, "w", encoding="utf-8") as file:
            file.write(pieces[0] + "int main(void) {\n" + "".join(pieces[1:]) + "return 0;\n}\n")
        subprocess.run([options.c_compiler, "-std=c11", "-Wall", "-Wextra", "-Werror", *options.flag,
                        *(f"-I{os.path.abspath(directory)}" for directory in options.include), source, "-o", built,
                        f"-L{libraries}", "-lrollcall"], check=True)
        shutil.copy(os.path.join(ROOT, "examples", "events.csv"), folder)
        done = subprocess.run([built], check=True, cwd=folder, stdout=subprocess.PIPE, text=True,
                              env={**os.environ, "LD_LIBRARY_PATH": libraries})
    if done.stdout != expected:
        print(f"printed:\n{done.stdout}expected:\n{expected}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
