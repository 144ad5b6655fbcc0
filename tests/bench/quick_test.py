#!/usr/bin/env python3
"""A small run of rollcall-bench: every group checks its answers, and what it writes can be read.

    quick_test.py --rollcall-bench PROGRAM
"""

import argparse
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import unittest

PROGRAM = None
GROUPS = ["ingest", "file", "store", "query", "large", "latency", "history", "operations", "pushed",
          "arrow", "c"]


class Quick(unittest.TestCase):
    def run_program(self, *arguments):
        return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False)

    def test_every_group_gives_numbers_that_can_be_read(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "results.json")
            done = self.run_program("--quick", "--events", "1e5", "--users", "5000", "--partitions",
                                    "8", "--threads", "2", "--json", path, "--directory", folder)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(done.stderr, "", "progress, without a terminal")
            self.assertEqual(os.listdir(folder), ["results.json"], "something was left behind")
            with open(path, encoding="utf-8") as file:
                document = json.load(file)
        for fact in ["processor", "processors", "memory", "compiler", "instruction sets", "flags"]:
            self.assertTrue(document["machine"][fact], fact)
        names = [result["name"] for result in document["results"]]
        self.assertEqual(len(names), len(set(names)), "names repeat")
        self.assertEqual(list(dict.fromkeys(name.split("/")[0] for name in names)), GROUPS)
        for result in document["results"]:
            self.assertIn(result["better"], ["higher", "lower", "neither"])
            # What something adds is a difference, which noise may turn round.
            least = -math.inf if "/added/" in result["name"] else 0
            self.assertTrue(all(math.isfinite(run) and run >= least for run in result["runs"]), result)
            self.assertIn(result["value"], result["runs"])
            # The table has a line for each, with the same number.
            line = re.search(rf"^{re.escape(result['name'])} +([0-9.e+-]+)( |$)", done.stdout, re.M)
            self.assertIsNotNone(line, result["name"])
            shown, value = float(line.group(1)), result["value"]
            prefixes = [1, 1e3, 1e6, 1e9, 2.0**10, 2.0**20, 2.0**30]
            self.assertTrue(any(math.isclose(shown * prefix, value, rel_tol=1e-3, abs_tol=1e-12)
                                for prefix in prefixes), (shown, value))
        self.assertIn("100000 events, 5000 users", done.stdout)

    def test_one_group_alone(self):
        done = self.run_program("--quick", "--events", "1e5", "--only", "file", "--threads", "1")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("file/csv/threads:1", done.stdout)
        self.assertNotIn("ingest/", done.stdout)

    def test_wrong_arguments_are_refused(self):
        for arguments in [["--only", "nothing"], ["--events", "0"], ["--threads", "x"],
                          ["--directory", "/nowhere"]]:
            with self.subTest(arguments=arguments):
                self.assertNotEqual(self.run_program(*arguments).returncode, 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rollcall-bench", required=True)
    options, rest = parser.parse_known_args()
    PROGRAM = options.rollcall_bench
    unittest.main(argv=[sys.argv[0], *rest])
