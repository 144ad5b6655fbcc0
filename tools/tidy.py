#!/usr/bin/env python3
"""House rules that no compiler checks. Run as a test.

    tidy.py [--compile-commands FILE]   checks the tree; prints file:line: what is wrong
    tidy.py --self-test                 checks that each rule can fail

Who may include whom: kernels <- core <- storage <- tools, examples, bench, tests. The right may
include the left, never the reverse; tools and examples see public headers ("rollcall/...") alone,
which proves that they suffice; only storage and its tests know RocksDB.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LINES_MAX = 700
COLUMNS_MAX = 100

# What each folder may include, besides "rollcall/..." and the folder itself.
MAY_INCLUDE = {
    "kernels": [],
    "core": ["kernels/"],
    "storage": ["core/", "kernels/"],
    "tools": ["bench/workload.h"],
    "examples": [],
    "bench": ["kernels/", "core/", "storage/"],
    "tests": ["kernels/", "core/", "storage/", "bench/"],
}
# Folders that may not even see the public headers, or only those of their own.
PUBLIC_HEADERS = {
    "kernels": [],
    "core": ["core/include"],
}
ROCKSDB = ("storage/", "tests/storage/", "tests/install/", "bench/")
# Built on purpose outside the main build.
NOT_IN_BUILD = ("tests/install/consumer/",)

INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')
NAMESPACE = re.compile(r"(?:inline )?namespace ?([\w:]*) \{$")
NAMESPACE_END = re.compile(r"\}  // namespace")
# At the beginning of a line: not within another type.
TYPE = re.compile(r"(?:struct|class|union|enum(?: class)?) (?:alignas\(\w+\) )?([\w:]+)"
                  r"(?: final)?(?: :.*)?(?: \{.*|$)")
# Split, so that this file does not find itself.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")


def is_source(path):
    return path.endswith((".h", ".cpp"))


def is_text(path):
    return is_source(path) or path.endswith((".py", ".sh", ".cmake", "CMakeLists.txt"))


def check_include(root, path, quote, target):
    folder = path.split("/")[0]
    if target.startswith("rocksdb/") and not path.startswith(ROCKSDB):
        return f'includes {target}: only storage and its tests know RocksDB'
    if folder not in MAY_INCLUDE:
        return None
    if target.startswith("rollcall/"):
        homes = PUBLIC_HEADERS.get(folder, ["core/include", "storage/include"])
        if any(os.path.exists(os.path.join(root, home, target)) for home in homes):
            return None
        return f"includes {target}: not a header that {folder} may see"
    if quote == "<":
        return None
    own = folder + "/"
    if folder == "tests" and target.startswith("tests/"):
        return None
    if target.startswith(own) or any(target.startswith(p) for p in MAY_INCLUDE[folder]):
        if os.path.exists(os.path.join(root, target)):
            return None
        return f'includes "{target}": no such file'
    allowed = ", ".join(['"rollcall/..."' if folder != "kernels" else "", f'"{own}..."']
                        + [f'"{p}"' for p in MAY_INCLUDE[folder]]).lstrip(", ")
    return f'includes "{target}": {folder} may include {allowed}'


def check_text(path, text):
    """Yields (line, fault) for what can be seen in one file alone."""
    lines = text.split("\n")
    if text and not text.endswith("\n"):
        yield len(lines), "the last line has no end"
    if is_source(path) and len(lines) - 1 > LINES_MAX:
        yield LINES_MAX, f"{len(lines) - 1} lines: at most {LINES_MAX}"
    if path.endswith(".h") and not re.search(r"^#pragma once$", text, re.M):
        yield 1, "a header without #pragma once"
    for number, line in enumerate(lines, 1):
        if UNFINISHED.search(line):
            yield number, "unfinished: " + UNFINISHED.search(line).group()
        if "\t" in line:
            yield number, "a tab"
        if line.endswith((" ", "\r")):
            yield number, "a blank at the end"
        if is_source(path) and len(line) > COLUMNS_MAX:
            yield number, f"{len(line)} columns: at most {COLUMNS_MAX}"


def check_file(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        text = file.read()
    yield from check_text(path, text)
    if not is_source(path):
        return
    for number, line in enumerate(text.split("\n"), 1):
        include = INCLUDE.match(line)
        if include:
            fault = check_include(root, path, *include.groups())
            if fault:
                yield number, fault


def check_build(root, paths, compile_commands):
    """Yields (path, line, fault) for each source file that no target builds."""
    with open(compile_commands, encoding="utf-8") as file:
        built = {os.path.realpath(os.path.join(entry["directory"], entry["file"]))
                 for entry in json.load(file)}
    for path in paths:
        if path.endswith(".cpp") and not path.startswith(NOT_IN_BUILD):
            if os.path.realpath(os.path.join(root, path)) not in built:
                yield path, 1, "no target builds this file"


def check_types(root, paths):
    """Yields (path, line, fault) for each type whose name another type has in the same namespace.

    Where both are in one program, the linker takes the functions of templates over one of them for
    the other as well, and no tool says so.
    """
    first = {}
    for path in filter(is_source, paths):
        namespaces = []
        with open(os.path.join(root, path), encoding="utf-8") as file:
            lines = file.read().split("\n")
        for number, line in enumerate(lines, 1):
            if begin := NAMESPACE.match(line):
                namespaces.append(begin.group(1))
            elif NAMESPACE_END.match(line) and namespaces:
                namespaces.pop()
            elif (named := TYPE.match(line)) and "" not in namespaces:
                name = "::".join(namespaces + [named.group(1)])
                other = first.setdefault(name, f"{path}:{number}")
                if other != f"{path}:{number}":
                    yield path, number, f"{name} is another type at {other}"


def tree_files(root):
    """What git has or would have; without git, all files outside build folders."""
    try:
        listed = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard"],
                                check=True, capture_output=True, text=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        listed = [os.path.relpath(os.path.join(folder, name), root)
                  for folder, _, names in os.walk(root) for name in names]
    return sorted(path for path in set(listed) if is_text(path)
                  and not path.startswith("build/") and os.path.exists(os.path.join(root, path)))


def check_tree(root, paths, compile_commands=None, not_built=()):
    faults = []
    for path in paths:
        faults += [(path, line, fault) for line, fault in check_file(root, path)]
    faults += check_types(root, paths)
    if compile_commands:
        expected = [path for path in paths if not path.startswith(tuple(not_built) or ("\0",))]
        faults += check_build(root, expected, compile_commands)
    return faults


# --- Self-test: each rule fails on a tree made to break it, and on nothing else. ---

GOOD = {
    "kernels/words.h": "#pragma once\n#include <cstdint>\n",
    "kernels/words.cpp": '#include "kernels/words.h"\n',
    "core/include/rollcall/engine.h": "#pragma once\n",
    "core/users.cpp": '#include "kernels/words.h"\n#include "rollcall/engine.h"\n',
    "core/row.h": "#pragma once\nnamespace rollcall {\nstruct Row final : Base {\n};\n"
                  "}  // namespace rollcall\n",
    "core/rows.cpp": "namespace rollcall {\nstruct Row;\nnamespace {\nstruct Row {\n};\n"
                     "}  // namespace\nstruct Rows {\n  struct Row {\n  };\n};\n"
                     "}  // namespace rollcall\n",
    "storage/include/rollcall/rocks_store.h": '#pragma once\n#include "rollcall/engine.h"\n',
    "storage/rocks.cpp": '#include <rocksdb/db.h>\n#include "rollcall/rocks_store.h"\n',
    "tools/draw.h": "#pragma once\n",
    "tools/main.cpp": '#include "rollcall/engine.h"\n#include "tools/draw.h"\n',
    "tests/core/users_test.cpp": '#include "kernels/words.h"\n#include "tests/support/naive.h"\n',
}
BAD = {
    "kernels include core": ("kernels/a.cpp", '#include "core/users.h"\n', "may include"),
    "kernels see public headers":
        ("kernels/a.cpp", '#include "rollcall/engine.h"\n', "not a header that kernels"),
    "core includes storage": ("core/a.cpp", '#include "storage/rocks.h"\n', "may include"),
    "core sees the rocks store":
        ("core/a.cpp", '#include "rollcall/rocks_store.h"\n', "not a header that core"),
    "storage includes tools": ("storage/a.cpp", '#include "tools/draw.h"\n', "may include"),
    "tools look inside": ("tools/a.cpp", '#include "kernels/words.h"\n', "may include"),
    "examples look inside": ("examples/a.cpp", '#include "core/users.h"\n', "may include"),
    "tools know RocksDB": ("tools/a.cpp", "#include <rocksdb/db.h>\n", "RocksDB"),
    "core tests know RocksDB": ("tests/core/a.cpp", "#include <rocksdb/db.h>\n", "RocksDB"),
    "no such header": ("core/a.cpp", '#include "kernels/gone.h"\n', "no such file"),
    "header without guard": ("core/a.h", "int f();\n", "#pragma once"),
    "two types of one name":
        ("core/type.cpp", "namespace rollcall {\nclass Row {\n};\n}  // namespace rollcall\n",
         "another type at core/row.h:3"),
    "unfinished": ("core/a.cpp", "// TO" "DO: later\n", "unfinished"),
    "tab": ("core/a.cpp", "int\tf();\n", "a tab"),
    "long line": ("core/a.cpp", "// " + "x" * COLUMNS_MAX + "\n", "columns"),
    "long file": ("core/a.cpp", "\n" * (LINES_MAX + 1), "lines: at most"),
    "blank at the end": ("core/a.cpp", "int f(); \n", "a blank"),
    "no last line end": ("core/a.cpp", "int f();", "no end"),
}


def write_tree(root, files):
    for path, text in files.items():
        os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
        with open(os.path.join(root, path), "w", encoding="utf-8") as file:
            file.write(text)


def self_test():
    failures = []

    def expect(name, faults, wanted):
        texts = [fault for _, _, fault in faults]
        if wanted is None and texts:
            failures.append(f"{name}: found {texts}")
        if wanted is not None and (len(texts) != 1 or wanted not in texts[0]):
            failures.append(f"{name}: wanted one fault with {wanted!r}, found {texts}")

    with tempfile.TemporaryDirectory() as root:
        write_tree(root, GOOD)
        expect("a good tree", check_tree(root, sorted(GOOD)), None)
        for name, (path, text, wanted) in BAD.items():
            write_tree(root, {path: text})
            expect(name, check_tree(root, sorted(GOOD) + [path]), wanted)
            os.remove(os.path.join(root, path))

        commands = os.path.join(root, "compile_commands.json")
        entries = [{"directory": root, "file": path} for path in GOOD if path.endswith(".cpp")]
        write_tree(root, {"compile_commands.json": json.dumps(entries), "core/lost.cpp": "\n"})
        expect("all is built", check_tree(root, sorted(GOOD), commands), None)
        expect("not built", check_tree(root, sorted(GOOD) + ["core/lost.cpp"], commands),
               "no target builds")
    for failure in failures:
        print(failure, file=sys.stderr)
    print(f"tidy self-test: {len(BAD) + 3 - len(failures)} of {len(BAD) + 3} as expected")
    return 1 if failures else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--compile-commands", help="also look for files that no target builds")
    parser.add_argument("--not-built", action="append", default=[], metavar="FOLDER/",
                        help="a folder that this build leaves out")
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    if arguments.self_test:
        return self_test()
    paths = tree_files(ROOT)
    faults = check_tree(ROOT, paths, arguments.compile_commands, arguments.not_built)
    for path, line, fault in faults:
        print(f"{path}:{line}: {fault}")
    print(f"tidy: {len(paths)} files, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
