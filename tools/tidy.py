#!/usr/bin/env python3
"""Checks house rules that no compiler checks. It is run as a test.

    tidy.py [--compile-commands FILE]   checks the tree; prints file:line: what is wrong
    tidy.py --self-test                 checks that each rule can fail

The order of who may include whom is: kernels <- core <- storage <- operations <- bindings, tools,
examples, bench, tests. The right may include the left, never the reverse; core is divided into rooms, which
have an order of their own. Operations, tools and examples see public headers ("rollcall/...")
alone, which proves that they suffice; only storage and its tests know RocksDB.
"""

import argparse
import ast
import json
import os
import re
import subprocess
import sys
import tempfile

import compile_database

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LINES_MAX = 700
COLUMNS_MAX = 100
PROSE_COLUMNS_MAX = 120

# Each room may include these, besides "rollcall/..." and itself: rooms, or single headers. A room
# is a folder, or what is in a folder and beneath it as far as no deeper one has a line of its own.
# docs/architecture.md has the table of core, too, and says which question each room answers.
MAY_INCLUDE = {
    "kernels": [],
    "core/include": [],
    "core/base": [],
    "core/time": [],
    "core/statistics": ["kernels", "core/base"],
    "core/users": ["kernels", "core/base"],
    "core/catalog": ["core/base", "core/users"],
    "core/pages": ["kernels", "core/base", "core/time", "core/users", "core/catalog"],
    "core/store": ["core/base"],
    "core/batch": ["kernels", "core/base", "core/time", "core/users"],
    "core/history": ["kernels", "core/base"],
    "core/partition": ["core/base", "core/users", "core/catalog", "core/pages", "core/batch",
                       "core/history"],
    "core/query/text": ["core/base", "core/time", "core/catalog"],
    "core/query/resolve": ["core/base", "core/time", "core/catalog", "core/query/text"],
    "core/query/sets": ["kernels", "core/base", "core/users", "core/catalog", "core/pages",
                        "core/history", "core/query/resolve"],
    "core/query/sequence": ["core/base", "core/history", "core/query/resolve", "core/query/sets"],
    "core/query/plan": ["core/base", "core/users", "core/catalog", "core/time", "core/pages",
                        "core/query/text", "core/query/resolve", "core/query/sets",
                        "core/query/sequence"],
    "core/query/kinds": ["core/base", "core/time", "core/statistics", "core/query/text",
                         "core/query/resolve", "core/query/sets", "core/query/sequence",
                         "core/query/plan"],
    "core/query/question": ["core/query/resolve", "core/query/plan", "core/query/kinds"],
    "core/source/values": ["core/base", "core/time"],
    "core/source/files": ["core/base"],
    "core/source/lists": ["core/base", "core/users", "core/source/files"],
    "core/source/formats": ["core/base", "core/catalog", "core/source/values", "core/source/files"],
    "core/engine": ["kernels", "core/base", "core/time", "core/users", "core/catalog", "core/pages",
                    "core/batch", "core/history", "core/partition", "core/query/text",
                    "core/query/resolve", "core/query/sets", "core/query/plan", "core/query/kinds",
                    "core/query/question", "core/source/files", "core/source/lists"],
    "core/source/ingest": ["core/base", "core/time", "core/source/values", "core/source/files",
                           "core/source/formats"],
    "storage": ["core/base"],
    "operations": [],
    "bindings": ["core/query/text"],
    "tools": ["bench/workload.h"],
    "examples": [],
    "bench": ["kernels", "core/base/workers.h", "core/engine/query_executor.h",
              "core/history/bit_stream.h", "core/history/event_log.h", "core/history/log_merge.h",
              "core/history/user_cursor.h", "core/query/kinds/kind_table.h",
              "core/query/sequence/block_match.h", "core/time/time_zone.h"],
    "tests": ["kernels", "core", "storage", "operations", "bindings", "bench"],
}
# These folders see fewer public headers than the others, or those of the command line as well.
PUBLIC_HEADERS = {
    "kernels": [],
    "core": ["core/include"],
    "storage": ["core/include", "storage/include"],
    "tools": ["core/include", "storage/include", "operations/include", "tools/include"],
    "bindings/python": ["core/include", "storage/include", "operations/include", "tools/include"],
}
# These rooms of core may see the engine as others see it; the others are beneath it.
SEES_ENGINE = ("core/include", "core/engine", "core/source/ingest")
ENGINE_HEADERS = ("rollcall/engine.h", "rollcall/file_source.h", "rollcall/arrow.h")
ROCKSDB = ("storage/", "tests/storage/", "tests/install/", "bench/")
# These are built on purpose outside the main build.
NOT_IN_BUILD = ("tests/install/consumer/", "bindings/python/")
# The package of Python is built of its own folder and of the installed headers, wherever it lies.
OF_THE_PACKAGE = "bindings/python/"
# The tests may look into what nobody looks into yet.
MAY_LOOK_FURTHER = ("tests",)

INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')
NAMESPACE = re.compile(r"(?:inline )?namespace ?([\w:]*) \{$")
NAMESPACE_END = re.compile(r"\}  // namespace")
# The type stands at the beginning of a line, so it is not within another type.
TYPE = re.compile(r"(?:struct|class|union|enum(?: class)?) (?:alignas\(\w+\) )?([\w:]+)"
                  r"(?: final)?(?: :.*)?(?: \{.*|$)")
# core/base/mutex.h has locks whose use clang checks.
UNCHECKED_LOCK = re.compile(
    r"\bstd::(?:\w*mutex|(?:unique|shared|scoped)_lock|lock_guard|condition_variable\w*)\b")
CHECKED_LOCKS = "core/base/mutex.h"
# The clang of Debian 12, which checks locks and builds fuzz targets, cannot compile these.
UNCOMPILED_RANGES = re.compile(r"\branges::(?:unique|equal_range|remove|remove_if|partition|rotate|subrange|search)\(")
# This finds a flag of the command line in a text of the library; surfaces spell options, see
# option_hint.h. Programs that such a text names may have flags of their own.
FLAG_IN_TEXT = re.compile(r'"(?:[^"\\]|\\.)*?(?<![\w-])--[a-z]')
# A test that looks for words in the text of an error is wrong as soon as it is worded anew; errors
# have codes and hints, and rejected rows have kinds.
SEARCH = r"(?:find|rfind|starts_with|ends_with|contains)\("
PROSE_SEARCH = re.compile(
    r"(?:\b(?:message|error|reason|to_string|what)\(\)|\bmessage\([^;]*\)"
    r"|\b(?:reason|message|errors)\b"
    # This is one of several texts, which may have a hint.
    r"|\b(?:notes|passed_over|faults|failures)(?:\[[^;]*?\]|\.(?:front|back)\(\))(?:\.text)?)"
    r"\s*\." + SEARCH + r"|\b(?:HasSubstr|ContainsRegex|MatchesRegex)\("
    # An error repeats what the test has in a variable. A literal may be words of its own.
    r"|\brepeats\([^;]*,\s*\"(?:[^\"\\]|\\.)*\"\)")
# The same of a variable that holds the text of an error.
TEXT_OF_ERROR = re.compile(r"\b(\w+) = [^;=]*\b(?:message|what|to_string)\(\);")
# These cut off what a library of others puts in front of its texts.
CUTS_TEXTS_OF_OTHERS = ("core/query/text/json_document.cpp",)
SEARCH_FAULT = "looks for words in the text of an error"
# The same in Python, of names that the texts of errors have there.
ERROR_NAMES = {"error", "errors", "stderr"}
TEXT_OF_TEXT = {"casefold", "decode", "lower", "lstrip", "rstrip", "strip", "upper"}
PYTHON_SEARCH = {"endswith", "find", "index", "rfind", "rindex", "startswith"}
REGEX_SEARCH = {"findall", "finditer", "fullmatch", "match", "search"}
# By assertion, which argument is searched.
SEARCHED_ARGUMENT = {"assertIn": 1, "assertNotIn": 1, "assertNotRegex": 0, "assertRegex": 0}
# The words are split, so that this file does not find itself.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")


def is_source(path):
    return path.endswith((".h", ".cpp"))


def is_text(path):
    return is_source(path) or path.endswith((".py", ".sh", ".cmake", "CMakeLists.txt"))


def is_prose(path):
    return path.endswith(".md")


def room_of(path):
    """Returns the room that the file is in, or None if there is none."""
    folder = os.path.dirname(path)
    while folder and folder not in MAY_INCLUDE:
        folder = os.path.dirname(folder)
    return folder or None


def is_within(path, place):
    return path == place or path.startswith(place + "/")


def check_include(root, path, quote, target):
    folder = path.split("/")[0]
    if target.startswith("rocksdb/") and not path.startswith(ROCKSDB):
        return f'includes {target}: only storage and its tests know RocksDB'
    room = room_of(path)
    if room is None:
        return None
    if path.startswith(OF_THE_PACKAGE) and not target.startswith("rollcall/"):
        own = os.path.join(root, os.path.dirname(path), target)
        if quote == "<" or os.path.exists(own):
            return None
        return f'includes "{target}": the package may include "rollcall/..." and what is beside it'
    if target in ENGINE_HEADERS and folder == "core" and room not in SEES_ENGINE:
        return f"includes {target}: {room} is beneath the engine"
    if target.startswith("rollcall/"):
        seer = OF_THE_PACKAGE.rstrip("/") if path.startswith(OF_THE_PACKAGE) else folder
        homes = PUBLIC_HEADERS.get(seer, ["core/include", "storage/include", "operations/include"])
        if any(os.path.exists(os.path.join(root, home, target)) for home in homes):
            return None
        return f"includes {target}: not a header that {folder} may see"
    if quote == "<":
        return None
    allowed = [room] + MAY_INCLUDE[room]
    if room_of(target) == room or any(is_within(target, place) for place in allowed[1:]):
        if os.path.exists(os.path.join(root, target)):
            return None
        return f'includes "{target}": no such file'
    names = ", ".join(f'"{place}"' for place in allowed)
    public = "" if room == "kernels" else '"rollcall/...", '
    return f'includes "{target}": {room} may include {public}{names}'


# A line of docs/architecture.md has a room, what it may include, and which question it answers.
ROOM_LINE = re.compile(r"\| `core/([a-z/]+)/` \|([^|]*)\|[^|]*\? \|$")


def check_rooms(root):
    """Yields (path, line, fault) if the tree, the table above and the document differ."""
    document = "docs/architecture.md"
    rooms = {room for room in MAY_INCLUDE if room.startswith("core/") and room != "core/include"}
    there = {os.path.relpath(folder, root) for folder, _, names in os.walk(os.path.join(root, "core"))
             if any(is_source(name) for name in names)}
    there = {folder for folder in there if not is_within(folder, "core/include")}
    for folder in sorted(there - rooms):
        yield folder, 1, "no room: tools/tidy.py has no line for it"
    for room in sorted(rooms - there):
        yield "tools/tidy.py", 1, f"{room}: no such room"
    written = set()
    with open(os.path.join(root, document), encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            found = ROOM_LINE.match(line)
            if not found:
                continue
            room = "core/" + found.group(1)
            written.add(room)
            named = set(re.findall(r"`([a-z/]+)`", found.group(2)))
            meant = {place.removeprefix("core/") for place in MAY_INCLUDE.get(room, [])}
            if room in rooms and named != meant:
                yield document, number, f"{room} may include {', '.join(sorted(meant)) or 'nothing'}"
    for room in sorted(rooms ^ written):
        has = "tools/tidy.py" if room in rooms else document
        yield document, 1, f"{room}: only {has} has a line for it"


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
        if path.startswith(("core/", "storage/")) and path != CHECKED_LOCKS:
            if lock := UNCHECKED_LOCK.search(line):
                yield number, f"{lock.group()}: {CHECKED_LOCKS} has one whose use is checked"
        if found := UNCOMPILED_RANGES.search(line):
            yield number, f"std::{found.group()[:-1]}: the clang of Debian 12 cannot compile it"
        if is_source(path) and len(line) > COLUMNS_MAX:
            yield number, f"{len(line)} columns: at most {COLUMNS_MAX}"


def check_allowances(root, paths):
    """Yields (path, line, fault) for each line of the table above that allows what nobody does."""
    included = {}
    for path in filter(is_source, paths):
        with open(os.path.join(root, path), encoding="utf-8") as file:
            found = (INCLUDE.match(line) for line in file)
            included.setdefault(room_of(path), set()).update(
                include.group(2) for include in found if include)
    for room, places in MAY_INCLUDE.items():
        for place in places:
            if room not in MAY_LOOK_FURTHER and not any(
                    is_within(target, place) for target in included.get(room, ())):
                yield "tools/tidy.py", 1, f"{room} may include {place}, and does not"


CODE_FENCE = re.compile(r"\s*```")


def check_prose(text):
    """Yields (line, fault) for prose that is too wide. Tables and code cannot be wrapped."""
    is_code = False
    for number, line in enumerate(text.split("\n"), 1):
        if CODE_FENCE.match(line):
            is_code = not is_code
        elif not is_code and not line.startswith("|") and len(line) > PROSE_COLUMNS_MAX:
            yield number, f"{len(line)} columns of prose: at most {PROSE_COLUMNS_MAX}"


def check_words(path, text):
    """Yields (line, fault) for texts that speak of flags, and for code that reads texts."""
    if not path.endswith((".cpp", ".h")):
        return
    is_library = path.startswith(("core/", "storage/", "operations/"))
    # A statement may go over several lines.
    code = re.sub(r"^\s*//.*$", "", text, flags=re.M)
    for found in PROSE_SEARCH.finditer(code):
        yield code.count("\n", 0, found.start()) + 1, SEARCH_FAULT
    for held in TEXT_OF_ERROR.finditer(code):
        if path in CUTS_TEXTS_OF_OTHERS or PROSE_SEARCH.search(held.group(1) + ".find("):
            continue
        # A variable ends with its function.
        end = re.compile(r"^\}", re.M).search(code, held.end())
        search = re.compile(rf"\b{held.group(1)}\s*\." + SEARCH)
        for found in search.finditer(code, held.end(), end.start() if end else len(code)):
            yield code.count("\n", 0, found.start()) + 1, SEARCH_FAULT
    for number, line in enumerate(code.split("\n"), 1):
        if is_library and FLAG_IN_TEXT.search(line):
            yield number, "a text of the library names a flag of the command line"


def is_error_text(node):
    """Whether the expression is the text of an error, or a line of one, as far as names tell."""
    if isinstance(node, ast.Name):
        return node.id in ERROR_NAMES
    if isinstance(node, ast.Attribute):
        return node.attr in ERROR_NAMES
    if isinstance(node, ast.BinOp):
        return is_error_text(node.left) or is_error_text(node.right)
    if isinstance(node, ast.Subscript):
        lines = node.value
        return is_error_text(lines) or (is_call_of(lines, {"splitlines", "split"})
                                        and is_error_text(lines.func.value))
    return is_call_of(node, TEXT_OF_TEXT) and is_error_text(node.func.value)


def is_call_of(node, methods):
    return (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            and node.func.attr in methods)


def searched(node):
    """Yields what the expression looks for words in."""
    if isinstance(node, ast.Compare):
        for operator, operand in zip(node.ops, node.comparators):
            if isinstance(operator, (ast.In, ast.NotIn)):
                yield operand
    elif is_call_of(node, SEARCHED_ARGUMENT):
        yield from node.args[SEARCHED_ARGUMENT[node.func.attr]:][:1]
    elif is_call_of(node, PYTHON_SEARCH):
        yield node.func.value
    elif is_call_of(node, REGEX_SEARCH):
        yield from node.args


def check_python_words(path, text):
    """Yields (line, fault) for Python that reads the texts of errors. A whole line may be among the
    lines of one."""
    if not path.endswith(".py"):
        return
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        yield error.lineno or 1, f"no Python: {error.msg}"
        return
    for node in ast.walk(tree):
        if any(is_error_text(operand) for operand in searched(node)):
            yield node.lineno, SEARCH_FAULT


def check_file(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        text = file.read()
    yield from check_text(path, text)
    yield from check_words(path, text)
    if is_prose(path):
        yield from check_prose(text)
    yield from check_python_words(path, text)
    if not is_source(path):
        return
    if path.startswith("core/") and room_of(path) is None:
        yield 1, "in no room: tools/tidy.py has no line for its folder"
    for number, line in enumerate(text.split("\n"), 1):
        include = INCLUDE.match(line)
        if include:
            fault = check_include(root, path, *include.groups())
            if fault:
                yield number, fault


def check_build(root, paths, compile_commands):
    """Yields (path, line, fault) for each source file that no target builds."""
    built = {os.path.realpath(os.path.join(entry["directory"], entry["file"]))
             for entry in compile_database.read(compile_commands)}
    for path in paths:
        if path.endswith(".cpp") and not path.startswith(NOT_IN_BUILD):
            if os.path.realpath(os.path.join(root, path)) not in built:
                yield path, 1, "no target builds this file"


def check_types(root, paths):
    """Yields (path, line, fault) for each type whose name another type has in the same namespace.

    If both are in one program, the linker takes the functions of templates over one of them for the
    other as well, and no tool says so.
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
    """Returns what git has or would have; without git, that is all files outside build folders."""
    try:
        listed = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard"],
                                check=True, capture_output=True, text=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        listed = [os.path.relpath(os.path.join(folder, name), root)
                  for folder, _, names in os.walk(root) for name in names]
    return sorted(path for path in set(listed) if (is_text(path) or is_prose(path))
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
    "core/users/users.h": "#pragma once\n",
    "core/include/rollcall/users.h": "#pragma once\n",
    "core/users/users.cpp": '#include "kernels/words.h"\n#include "rollcall/users.h"\n',
    "core/query/text/words.h": "#pragma once\n",
    "core/base/row.h": "#pragma once\nnamespace rollcall {\nstruct Row final : Base {\n};\n"
                  "}  // namespace rollcall\n",
    "core/base/rows.cpp": "namespace rollcall {\nstruct Row;\nnamespace {\nstruct Row {\n};\n"
                     "}  // namespace\nstruct Rows {\n  struct Row {\n  };\n};\n"
                     "}  // namespace rollcall\n",
    "storage/include/rollcall/rocks_store.h": '#pragma once\n#include "rollcall/engine.h"\n',
    "storage/rocks.cpp": '#include <rocksdb/db.h>\n#include "rollcall/rocks_store.h"\n',
    "operations/include/rollcall/report.h": '#pragma once\n#include "rollcall/engine.h"\n',
    "operations/words.h": "#pragma once\n",
    "operations/report.cpp": '#include "operations/words.h"\n#include "rollcall/report.h"\n',
    "tools/draw.h": "#pragma once\n",
    "tools/include/rollcall/command_line.h": "#pragma once\n",
    "bindings/c/calls.h": "#pragma once\n",
    "bindings/python/src/given.h": "#pragma once\n",
    "bindings/python/src/given.cpp":
        '#include "given.h"\n#include "rollcall/command_line.h"\n#include "rollcall/report.h"\n',
    "tools/flags.cpp": 'f("--lists", "names more");\n',
    "core/base/text.cpp": '// Read by "--lists".\nint i = text.find("x");\nbool b = m.message().empty();\n'
                          'bool c = repeats(status, path + "/x") || notes.at(0).text == "x";\n',
    "tools/main.cpp": '#include "rollcall/engine.h"\n#include "tools/draw.h"\n',
    "tests/support/naive.h": "#pragma once\n",
    "docs/guide.md": f"{'x' * PROSE_COLUMNS_MAX}\n\n| {'x' * PROSE_COLUMNS_MAX} |\n\n"
                     f"```\n{'x' * PROSE_COLUMNS_MAX} x\n```\n",
    "tests/tools/a_test.py": 'self.assertEqual(done.stderr, "x")\n'
                             'self.assertIn(code, (0, 1), done.stderr)\n'
                             'self.assertIn("x", done.stderr.splitlines())\n'
                             'self.assertEqual(error.splitlines()[-1], "x")\n'
                             'found = [line for line in error if line in done.stdout]\n',
    "tests/core/users/users_test.cpp": '#include "kernels/words.h"\n#include "tests/support/naive.h"\n',
}
BAD = {
    "kernels include core": ("kernels/a.cpp", '#include "core/users/users.h"\n', "may include"),
    "kernels see public headers":
        ("kernels/a.cpp", '#include "rollcall/engine.h"\n', "not a header that kernels"),
    "operations include core":
        ("operations/a.cpp", '#include "core/users/users.h"\n', "may include"),
    "core includes storage": ("core/users/a.cpp", '#include "storage/rocks.h"\n', "may include"),
    "core sees the rocks store":
        ("core/users/a.cpp", '#include "rollcall/rocks_store.h"\n', "not a header that core"),
    "a room includes one above it":
        ("core/users/a.cpp", '#include "core/query/text/words.h"\n', "core/users may include"),
    "the other way round, where nobody said so":
        ("core/query/text/a.cpp", '#include "core/users/users.h"\n', "text may include"),
    "a room beneath the engine sees it":
        ("core/users/a.cpp", '#include "rollcall/engine.h"\n', "beneath the engine"),
    "users that know how files are read":
        ("core/users/a.cpp", '#include "rollcall/file_source.h"\n', "beneath the engine"),
    "core outside of its rooms": ("core/a.cpp", "\n", "in no room"),
    "storage looks into core":
        ("storage/a.cpp", '#include "core/users/users.h"\n', "may include"),
    "bench looks further into core":
        ("bench/a.cpp", '#include "core/users/users.h"\n', "may include"),
    "the package of Python looks into core":
        ("bindings/python/src/a.cpp", '#include "core/users/users.h"\n', "package may include"),
    "the package of Python looks into C":
        ("bindings/python/src/a.cpp", '#include "bindings/c/calls.h"\n', "package may include"),
    "operations look into core":
        ("operations/a.cpp", '#include "core/users/users.h"\n', "may include"),
    "storage sees operations":
        ("storage/a.cpp", '#include "rollcall/report.h"\n', "not a header that storage"),
    "the library of C has the command line":
        ("bindings/c/a.cpp", '#include "rollcall/command_line.h"\n', "not a header that bindings"),
    "storage includes tools": ("storage/a.cpp", '#include "tools/draw.h"\n', "may include"),
    "tools look inside": ("tools/a.cpp", '#include "kernels/words.h"\n', "may include"),
    "examples look inside": ("examples/a.cpp", '#include "core/users/users.h"\n', "may include"),
    "tools know RocksDB": ("tools/a.cpp", "#include <rocksdb/db.h>\n", "RocksDB"),
    "core tests know RocksDB": ("tests/core/a.cpp", "#include <rocksdb/db.h>\n", "RocksDB"),
    "no such header": ("core/users/a.cpp", '#include "kernels/gone.h"\n', "no such file"),
    "header without guard": ("core/users/a.h", "int f();\n", "#pragma once"),
    "two types of one name":
        ("core/base/type.cpp", "namespace rollcall {\nclass Row {\n};\n}  // namespace rollcall\n",
         "another type at core/base/row.h:3"),
    "a mutex that nobody checks": ("storage/a.h", "#pragma once\nstd::mutex mutex_;\n", "is checked"),
    "a lock that nobody checks":
        ("core/users/a.cpp", "const std::lock_guard lock(mutex_);\n", "is checked"),
    "a function of ranges that one clang does not know":
        ("tests/a.cpp", "const auto rest = std::ranges::" "unique(names);\n", "cannot compile"),
    "unfinished": ("core/users/a.cpp", "// TO" "DO: later\n", "unfinished"),
    "tab": ("core/users/a.cpp", "int\tf();\n", "a tab"),
    "long line": ("core/users/a.cpp", "// " + "x" * COLUMNS_MAX + "\n", "columns"),
    "wide prose": ("docs/a.md", "x" * (PROSE_COLUMNS_MAX + 1) + "\n", "columns of prose"),
    "wide prose after code":
        ("docs/a.md", "```\nx\n```\n" + "x" * (PROSE_COLUMNS_MAX + 1) + "\n", "columns of prose"),
    "long file": ("core/users/a.cpp", "\n" * (LINES_MAX + 1), "lines: at most"),
    "blank at the end": ("core/users/a.cpp", "int f(); \n", "a blank"),
    "a flag in a text of core":
        ("core/users/a.cpp", 'f("lies elsewhere (--lists)");\n', "names a flag"),
    "a flag in a text of storage":
        ("storage/a.cpp", 'f("accept \\"it\\" by --accept-rollback");\n', "names a flag"),
    "a search of an error":
        ("tests/core/a.cpp", 'EXPECT_NE(status.message().find("x"), 1);\n', "looks for words"),
    "a search of an error over two lines":
        ("tools/a.cpp", 'bool b = status.message()\n    .starts_with("x");\n', "looks for words"),
    "a search of a reason": ("tools/a.cpp", 'bool b = row.reason.find("x") > 1;\n', "looks for words"),
    "a search of what a helper returned":
        ("tests/core/a.cpp", 'bool b = message(f(1)).find("x") == 0;\n', "looks for words"),
    "a search of what a child wrote":
        ("tests/core/a.cpp", 'bool b = end.errors.find("x") == 0;\n', "looks for words"),
    "a search of what was thrown":
        ("tests/core/a.cpp", 'bool b = thrown.what().contains("x");\n', "looks for words"),
    "a search of a note":
        ("tests/core/a.cpp", 'bool b = report.notes[i].text.ends_with("x");\n', "looks for words"),
    "a search of a text that a variable holds":
        ("operations/a.cpp", 'void f() {\n  const std::string& text = status.message();\n'
         '  if (!text.starts_with("x")) return;\n}\n', "looks for words"),
    "a search of the last fault":
        ("tests/core/a.cpp", 'bool b = report->faults.back().find("x") == 0;\n', "looks for words"),
    "words that an error is to repeat":
        ("tests/core/a.cpp", 'EXPECT_TRUE(repeats(status,\n                    "x"));\n',
         "looks for words"),
    "a matcher of parts":
        ("tests/core/a.cpp", 'EXPECT_THAT(s, HasSubstr("x"));\n', "looks for words"),
    "a search of standard error":
        ("tests/a.py", 'self.assertIn("x",\n              done.stderr)\n', "looks for words"),
    "a search of standard error, decoded":
        ("tests/a.py", 'self.assertNotIn("x", done.stderr.decode())\n', "looks for words"),
    "a search of both outputs":
        ("tests/a.py", 'self.assertIn("x", done.stdout + done.stderr)\n', "looks for words"),
    "a pattern for an error": ("tests/a.py", 'self.assertRegex(error, "x")\n', "looks for words"),
    "a branch by the words of an error":
        ("tests/a.py", 'if words not in error:\n    pass\n', "looks for words"),
    "a number out of an error":
        ("tools/a.py", 'count = re.search(r"[0-9]+", error).group()\n', "looks for words"),
    "how an error's line begins":
        ("tests/a.py", 'ok = error.splitlines()[0].startswith("x")\n', "looks for words"),
    "no Python": ("tests/a.py", "def f(:\n", "no Python"),
    "no last line end": ("core/users/a.cpp", "int f();", "no end"),
}


def write_tree(root, files):
    for path, text in files.items():
        os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
        with open(os.path.join(root, path), "w", encoding="utf-8") as file:
            file.write(text)


def self_test():
    failures = []
    expected = []

    def expect(name, faults, wanted):
        expected.append(name)
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
        entries = [{"directory": root, "file": path, "command": "c++ " + path}
                   for path in GOOD if path.endswith(".cpp")]
        write_tree(root, {"compile_commands.json": json.dumps(entries), "core/base/lost.cpp": "\n"})
        expect("all is built", check_tree(root, sorted(GOOD), commands), None)
        expect("not built", check_tree(root, sorted(GOOD) + ["core/base/lost.cpp"], commands),
               "no target builds")
        united = "build/core/Unity/unity_0_cxx.cxx"
        included = "".join(f'#include "{os.path.join(root, entry["file"])}"\n' for entry in entries)
        one = [{"directory": root, "file": os.path.join(root, united), "command": "c++ " + united}]
        write_tree(root, {"compile_commands.json": json.dumps(one), united: included})
        expect("all is built at a time", check_tree(root, sorted(GOOD), commands), None)
        expect("not built at a time",
               check_tree(root, sorted(GOOD) + ["core/base/lost.cpp"], commands), "no target builds")

    rooms = [room for room in MAY_INCLUDE if room.startswith("core/") and room != "core/include"]
    lines = {room: f"| `{room}/` | "
                   + ", ".join(f"`{place.removeprefix('core/')}`" for place in MAY_INCLUDE[room])
                   + " | What is it for? |\n" for room in rooms}
    document = "docs/architecture.md"
    others = "".join(line for room, line in lines.items() if room != "core/users")
    trees = {
        "rooms as they should be": ({}, None),
        "a folder that is no room": ({"core/lost/a.h": "\n"}, "no room"),
        "a room that no document names": ({document: others}, "only tools/tidy.py"),
        "a document that names another room":
            ({document: "".join(lines.values()) + "| `core/lost/` | `base` | What for? |\n"},
             "only docs/architecture.md"),
        "a document that allows another include":
            ({document: others + "| `core/users/` | `kernels` | Who? |\n"},
             "core/users may include base, kernels"),
    }
    for name, (files, wanted) in trees.items():
        with tempfile.TemporaryDirectory() as root:
            write_tree(root, {f"{room}/a.h": "\n" for room in rooms})
            write_tree(root, {document: "".join(lines.values())} | files)
            expect(name, check_rooms(root), wanted)

    with tempfile.TemporaryDirectory() as root:
        allowed = {f"{room}/a.cpp": "".join(
            f'#include "{place if place.endswith(".h") else place + "/a.h"}"\n' for place in places)
                   for room, places in MAY_INCLUDE.items()}
        write_tree(root, allowed)
        expect("all that may be included is", check_allowances(root, allowed), None)
        write_tree(root, {"core/users/a.cpp": '#include "kernels/a.h"\n'})
        expect("an include that is allowed, and not there", check_allowances(root, allowed),
               "core/users may include core/base, and does not")

    count = len(expected)
    for failure in failures:
        print(failure, file=sys.stderr)
    print(f"tidy self-test: {count - len(failures)} of {count} as expected")
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
    faults += check_rooms(ROOT)
    faults += check_allowances(ROOT, paths)
    for path, line, fault in faults:
        print(f"{path}:{line}: {fault}")
    print(f"tidy: {len(paths)} files, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
