#!/usr/bin/env python3
"""What breaks in silence when files move.

    house_test.py --build DIRECTORY
"""

import argparse
import glob
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tools"))
import compile_database  # pylint: disable=wrong-import-position
BUILD = None

EVENT_PATH = {"amount_parser.cpp", "batch_builder.cpp", "delimited_reader.cpp",
              "journal_record.cpp", "log_block.cpp", "log_merge.cpp", "ndjson_reader.cpp",
              "open_events.cpp", "partition.cpp", "prepared_batch.cpp", "resident_pages.cpp",
              "row_decoder.cpp", "time_parser.cpp", "user_index.cpp"}


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def headings(text):
    """The names by which links know the headings of a document."""
    names = set()
    text = re.sub(r"^\s*```.*?^\s*```", "", text, flags=re.M | re.S)
    for words in re.findall(r"^#+ +(.*)", text, re.M):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", words).strip().lower()
        name = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        count = 0
        while (numbered := name if count == 0 else f"{name}-{count}") in names:
            count += 1
        names.add(numbered)
    return names


def sources_in(*folders):
    return [os.path.relpath(os.path.join(folder, name), ROOT) for top in folders
            for folder, _, names in os.walk(os.path.join(ROOT, top))
            for name in names if name.endswith((".h", ".cpp"))]


# The folders that documents name.
FOLDERS = "|".join(("bench", "bindings", "core", "docs", "examples", "kernels", "operations",
                    "storage", "tests", "tools"))
KIND_ROWS = "core/query/kinds/kind_rows.h"
# Two files name a kind beside its own: the one with its struct, and the list of rows.
KIND_PLACES = ("core/include/rollcall/question.h", KIND_ROWS)
# These names are words of the field, too, so that only the types are looked for, and comparisons of kinds.
EVERYDAY_NAMES = ("active", "clock", "compare", "counts", "idle", "ltv", "paths", "segment")
# The help has examples; the command of segments, which also keeps them, asks how many users one has.
# C reads a segment as that of a question about it.
# A line of every store says in a few words what the program is for.
KIND_EXCEPTIONS = {("storage/store_directory.cpp", "retention"), ("storage/store_directory.cpp", "churn"),
                   ("tools/rollcall.cpp", "retention"), ("tools/rollcall.cpp", "churn"),
                   ("tools/commands/segment.cpp", "SegmentQuery"),
                   ("tools/rollcall.cpp", 'kind.name == "segment"'),
                   ("bindings/c/option_json.cpp", "SegmentQuery")}
# An algorithm may be named for the kind that it is for. These files see no question.
KIND_ALGORITHMS = {"funnel": re.compile(r"core/query/sequence/")}
# A segment may hold a question of this kind. These files see it as a part of segments.
KIND_PARTS = {"funnel": re.compile(
    r"core/(include/rollcall/segment\.h|catalog/segment_table|engine/(engine_objects|listed_files)\.cpp"
    r"|query/(plan/segment_set|resolve/plan_context|text/(funnel_json|segment_|query_validation)))"
    r"|tools/commands/(segment|store_access)\.cpp"),
    "compare": re.compile(r"core/(include/rollcall/segment\.h"
                          r"|query/text/(compare_json|segment_|query_validation))")}
# A kind may tell a part of what another kind tells: these files name that other one.
KIND_RELATIVES = {
    "core/query/text/query_names.h": ("retention",),  # the summaries of both kinds with cohorts
    "core/query/text/compare_json.cpp": ("retention",),  # a metric
    "core/query/kinds/compare.cpp": ("retention",),  # an example with it
    "tools/commands/field_flags.cpp": ("retention",),  # its flag
    "core/query/kinds/rfm_rules.h": ("at_risk",),     # a segment of the usual rules
    "core/query/kinds/rfm_rules.cpp": ("at_risk",),
    "core/query/kinds/profile.cpp": ("lifecycle", "rfm", "streaks"),  # parts of a profile
    "core/query/kinds/active_days.h": ("lifecycle", "streaks"),
    "core/query/kinds/active_days.cpp": ("lifecycle", "streaks"),
}
# Operations, benchmarks, tests and examples ask questions, as programs do.
KIND_FOLDERS = ("bindings", "core", "kernels", "storage", "tools")


def query_kinds(sources):
    """For each kind: the file of its row, its name, and its type."""
    kinds = []
    for line in re.findall(r"KindRow<(\w+)>& row_of", sources[KIND_ROWS]):
        definition = f"KindRow<{line}>& row_of(std::type_identity<{line}>) {{"
        own, = [path for path, text in sources.items() if definition in text]
        name = re.search(r'\.kind = \{\.name = "(\w+)"', sources[own]).group(1)
        kinds.append((own, name, line))
    return kinds


def names_of_kinds(sources, kinds):
    """Yields (path, line, name) for each line of code that names a kind and should not."""
    for own, name, type_name in kinds:
        words = [rf"\b{type_name}\b"]
        if name not in EVERYDAY_NAMES:
            words.append(rf"(?i:(?<![a-z]){name}s?(?![a-z]))")
        else:
            words.append(rf'kind(?:\.name|_name)? [=!]= "{name}"')
        for path, text in sources.items():
            # A kind may have several files of its name, in the rooms of questions.
            is_own = path.startswith("core/query/") and os.path.basename(path).startswith(f"{name}_")
            if path == own or is_own or path in KIND_PLACES:
                continue
            if name in KIND_PARTS and KIND_PARTS[name].match(path):
                continue
            if name in KIND_RELATIVES.get(path, ()):
                continue
            algorithm = KIND_ALGORITHMS.get(name)
            looked_for = re.compile("|".join(words[:1] if algorithm and algorithm.match(path) else words))
            if not looked_for.search(text):
                continue
            for number, line in enumerate(text.split("\n"), 1):
                found = looked_for.search(line.split("//")[0])
                if found and (path, found.group()) not in KIND_EXCEPTIONS:
                    yield path, number, found.group()


class House(unittest.TestCase):
    def test_the_path_of_an_event_is_built_with_o3(self):
        """Properties of sources end at their directory: one set elsewhere would do nothing."""
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                            "-DCMAKE_CXX_FLAGS_RELEASE=-O2 -DNDEBUG", "-DROLLCALL_BUILD_TESTS=OFF",
                            "-DROLLCALL_BUILD_TOOLS=OFF"], check=True, capture_output=True)
            commands = compile_database.read(os.path.join(folder, "compile_commands.json"))
        core = [c for c in commands if os.path.relpath(c["file"], ROOT).startswith("core/")]
        self.assertGreater(len(core), len(EVENT_PATH))
        fast = {os.path.basename(c["file"]) for c in core if "-O3" in c["command"].split()}
        self.assertEqual(fast, EVENT_PATH)

    def test_wide_instructions_stay_in_the_kernels(self):
        """No other object, and no file that several sources become, is built with them."""
        with open(os.path.join(BUILD, "compile_commands.json"), encoding="utf-8") as file:
            wide = {os.path.relpath(c["file"], ROOT): c["command"] for c in json.load(file)
                    if re.search(r"-mavx|-mbmi|-mpopcnt|-march", c["command"])}
        self.assertFalse([c for c in wide.values() if "cmake_pch" in c])
        self.assertTrue(all(re.fullmatch(r"kernels/table_\w+\.cpp", path) for path in wide), wide)
        if os.uname().machine == "x86_64":
            self.assertGreaterEqual(len(wide), 2)

    def test_the_installed_libraries_are_four(self):
        """Rooms are sources of one library: programs link as many archives, in this order."""
        exports, = glob.glob(os.path.join(BUILD, "CMakeFiles/Export/**/rollcallTargets.cmake"), recursive=True)
        with open(exports, encoding="utf-8") as file:
            archives = re.findall(r"add_library\(rollcall::(\w+) STATIC IMPORTED\)", file.read())
        self.assertEqual(archives, ["rollcall_operations", "rollcall_storage", "rollcall_core",
                                    "rollcall_kernels"])
        linked = re.findall(r"-l(rollcall_\w+)", read("tools/cmake/rollcall.pc.in"))
        self.assertEqual(linked, archives)

    def test_a_kind_is_named_in_few_files(self):
        """A kind of question is its own files, its struct, and one line in the list of rows."""
        sources = {path: read(path) for path in sources_in(*KIND_FOLDERS)}
        kinds = query_kinds(sources)
        self.assertGreaterEqual(len(kinds), 8)
        self.assertEqual(list(names_of_kinds(sources, kinds)), [])

    def test_each_kind_says_how_large_its_partial_answers_are(self):
        kinds = query_kinds({path: read(path) for path in sources_in(*KIND_FOLDERS)})
        text = read("docs/format.md")
        self.assertEqual([name for _, name, _ in kinds if f"\n| `{name}` | " not in text], [])

    def test_a_second_place_of_a_kind_is_seen(self):
        unchanged = {path: read(path) for path in sources_in(*KIND_FOLDERS)}
        kinds = query_kinds(unchanged)
        for text in ('if (kind == "stickiness") return 1;', 'if (kind.name != "compare") return 1;',
                     "std::get<StickinessQuery>(query.ask);",
                     "std::get<ActiveQuery>(query.ask);", "void add_stickiness_command();",
                     'error("lifecycles need days");', "std::get<FunnelQuery>(query.ask);"):
            for path in ("core/engine/verify.cpp", "tools/rollcall.cpp", "core/query/kinds/active.cpp",
                         "core/query/sequence/step_events.cpp", "storage/store_lock.cpp",
                         "bindings/c/calls.cpp", "bindings/python/src/objects.cpp"):
                sources = {KIND_ROWS: unchanged[KIND_ROWS], path: unchanged[path]}
                sources[path] += text + "  // stickiness\n"
                is_own = path.endswith("active.cpp") and "ActiveQuery" in text
                with self.subTest(path=path, text=text):
                    self.assertEqual(len(list(names_of_kinds(sources, kinds))), 0 if is_own else 1)

    def test_documents_name_what_is_there(self):
        """Links to files and to headings, and paths in code spans."""
        listed = subprocess.run(["git", "-C", ROOT, "ls-files", "*.md"], check=False,
                                capture_output=True, text=True).stdout.split()
        documents = listed or [os.path.relpath(os.path.join(folder, name), ROOT)
                               for folder, _, names in os.walk(ROOT) for name in names
                               if name.endswith(".md")]
        self.assertIn("README.md", documents)
        looked_at = 0
        for document in documents:
            text = read(document)
            here = os.path.dirname(document)
            links = [(os.path.normpath(os.path.join(here, link)) if link else document, heading)
                     for link, heading in re.findall(r"\]\(([^)#:\s]*)(?:#([^)]*))?\)", text)]
            paths = [(path, "") for path in re.findall(rf"`((?:{FOLDERS})/[\w./-]*)`", text)]
            for path, heading in links + paths:
                looked_at += 1
                with self.subTest(document=document, path=path, heading=heading):
                    self.assertTrue(os.path.exists(os.path.join(ROOT, path)), "there is no such file")
                    if heading:
                        self.assertIn(heading, headings(read(path)))
        self.assertGreater(looked_at, 250)

    def test_headings_are_known_by_their_words(self):
        text = "# What it `is`\n```\n# code\n```\n## [Rooms](x.md) of core\n### What it is\n"
        self.assertEqual(headings(text), {"what-it-is", "rooms-of-core", "what-it-is-1"})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", required=True)
    options, rest = parser.parse_known_args()
    BUILD = os.path.abspath(options.build)
    unittest.main(argv=[sys.argv[0], *rest])
