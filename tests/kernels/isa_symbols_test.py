#!/usr/bin/env python3
"""Checks that the objects compiled for wider instruction sets export their table and nothing else.

An inline function or a template that such an object exports is a weak symbol. The linker keeps one
copy of it for the whole program, and could keep the wide one: a machine without these instructions
would then die in a function that has nothing to do with kernels.

Ends with 0 when all is well, 1 when not, 77 when there is nothing to check.
"""

import argparse
import os
import subprocess
import sys
import tempfile

WIDE_ISAS = ["avx2", "avx512", "avx512vpopcnt"]
SKIPPED = 77


def exported_symbols(nm, archive):
    """Returns, by member of `archive`, the lines "type name" of the symbols that it exports."""
    listing = subprocess.run([nm, "--demangle", "--extern-only", "--defined-only", archive],
                             check=True, capture_output=True, text=True).stdout
    members = {}
    for line in listing.splitlines():
        if line.endswith(".o:"):
            symbols = members.setdefault(line[:-1], [])
        elif line:
            symbols.append(line.split(maxsplit=1)[1])  # the value comes first
    return members


def violations(members, isas):
    """Returns what is wrong with the objects of `isas`, one sentence each."""
    found = []
    for isa in isas:
        member = f"table_{isa}.cpp.o"
        table = f"rollcall::kernels::{isa}_table"
        if member not in members:
            found.append(f"{member}: no such member of the archive")
            continue
        names = [symbol.split(maxsplit=1)[1] for symbol in members[member]]
        if table not in names:
            found.append(f"{member}: does not export {table}")
        found += [f"{member}: exports {symbol}; allowed: {table} alone"
                  for symbol, name in zip(members[member], names) if name != table]
    return found


def violations_of_source(tools, source):
    """Returns the violations of an archive whose AVX2 table is compiled from `source`."""
    with tempfile.TemporaryDirectory() as folder:
        member = os.path.join(folder, "table_avx2.cpp.o")
        archive = os.path.join(folder, "sample.a")
        subprocess.run([tools.cxx, "-x", "c++", "-c", "-", "-o", member],
                       input=source, check=True, text=True)
        subprocess.run([tools.ar, "rc", archive, member], check=True)
        return violations(exported_symbols(tools.nm, archive), ["avx2"])


def check_the_check(tools):
    """Returns how this very check fails to tell good objects from bad ones."""
    table = "namespace rollcall::kernels { int avx2_table = 1; }\n"
    samples = [
        ("the table alone", table, 0),
        ("a local function", table + "[[gnu::used]] static void f() {}", 0),
        ("a weak function", table + "[[gnu::used]] inline void f() {}", 1),
        ("a weak function template", table + "template <int> void f() {} template void f<1>();", 1),
        ("a weak variable", table + "[[gnu::used]] inline int v = 1;", 1),
        ("a strong function", table + "void f() {}", 1),
        ("no table", "void f() {}", 2),
    ]
    wrong = []
    for what, source, expected_count in samples:
        found = violations_of_source(tools, source)
        if len(found) != expected_count:
            wrong.append(f"self-check: {what}: expected {expected_count} violations, found {found}")
    if len(violations({}, ["avx2"])) != 1:
        wrong.append("self-check: a missing member is not noticed")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for option in ["archive", "cxx", "ar", "nm", "processor", "sanitize"]:
        parser.add_argument(f"--{option}", required=True)
    options = parser.parse_args()
    if options.processor not in ("x86_64", "AMD64"):
        print(f"SKIPPED: no wide tables are compiled on {options.processor}")
        return SKIPPED
    if options.sanitize:
        print(f"SKIPPED: objects instrumented by -fsanitize={options.sanitize} export symbols of "
              "the sanitizer's; a build without it checks them")
        return SKIPPED

    found = check_the_check(options)
    found += violations(exported_symbols(options.nm, options.archive), WIDE_ISAS)
    for violation in found:
        print(violation, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
