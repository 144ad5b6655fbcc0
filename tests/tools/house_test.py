#!/usr/bin/env python3
"""What breaks in silence when files move.

    house_test.py --build DIRECTORY
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = None

EVENT_PATH = {"amount_parser.cpp", "batch_builder.cpp", "counter_chunk.cpp", "delimited_reader.cpp",
              "journal_record.cpp", "ndjson_reader.cpp", "partition.cpp", "prepared_batch.cpp",
              "row_decoder.cpp", "time_parser.cpp", "user_index.cpp"}


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


class House(unittest.TestCase):
    def test_the_path_of_an_event_is_built_with_o3(self):
        """Properties of sources end at their directory: one set elsewhere would do nothing."""
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                            "-DCMAKE_CXX_FLAGS_RELEASE=-O2 -DNDEBUG", "-DROLLCALL_BUILD_TESTS=OFF",
                            "-DROLLCALL_BUILD_TOOLS=OFF"], check=True, capture_output=True)
            with open(os.path.join(folder, "compile_commands.json"), encoding="utf-8") as file:
                commands = json.load(file)
        core = [c for c in commands if os.path.relpath(c["file"], ROOT).startswith("core/")]
        self.assertGreater(len(core), len(EVENT_PATH))
        fast = {os.path.basename(c["file"]) for c in core if "-O3" in c["command"].split()}
        self.assertEqual(fast, EVENT_PATH)

    def test_wide_instructions_stay_in_the_kernels(self):
        """No other object, and no file that several sources become, is built with them."""
        with open(os.path.join(BUILD, "compile_commands.json"), encoding="utf-8") as file:
            wide = {os.path.relpath(c["file"], ROOT) for c in json.load(file)
                    if re.search(r"-mavx|-mbmi|-mpopcnt|-march", c["command"])}
        self.assertTrue(all(re.fullmatch(r"kernels/table_\w+\.cpp", path) for path in wide), wide)
        if os.uname().machine == "x86_64":
            self.assertGreaterEqual(len(wide), 2)

    def test_documents_name_what_is_there(self):
        """Links, and paths in code spans."""
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
            links = [os.path.join(here, link) for link in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text)]
            paths = re.findall(r"`((?:core|kernels|storage|tools|tests|bench|examples|docs)/[\w./-]*)`", text)
            for path in links + paths:
                looked_at += 1
                with self.subTest(document=document, path=path):
                    self.assertTrue(os.path.exists(os.path.join(ROOT, path)), "there is no such file")
        self.assertGreater(looked_at, 50)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", required=True)
    options, rest = parser.parse_known_args()
    BUILD = os.path.abspath(options.build)
    unittest.main(argv=[sys.argv[0], *rest])
