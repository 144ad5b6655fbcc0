#!/usr/bin/env python3
"""A small run of rollcall-rivals with whoever is installed: answers agree, its output can be read.

    rivals_test.py --rollcall-rivals PROGRAM
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import unittest

PROGRAM = None
EVENTS = 20_000
QUESTIONS = ["daily_60", "monthly_30", "retention_30x30", "recurring_30x30", "lifecycle_week",
             "churn_7d", "active_days_28"]
ORDER_QUESTIONS = ["funnel_3_7d", "funnel_3_1h", "funnel_5_30d", "funnel_3_strict", "times_3_30d",
                   "amount_30d", "rolling_30x30"]
PROPERTY_QUESTIONS = ["two_properties", "funnel_properties"]


class Rivals(unittest.TestCase):
    def run_program(self, *arguments, **environment):
        return subprocess.run([PROGRAM, "--quick", "--events", str(EVENTS), "--users", "3000", *arguments],
                              capture_output=True, text=True, check=False,
                              env={**os.environ, **environment})

    def results_of(self, *arguments, **environment):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "results.json")
            done = self.run_program("--threads", "2", "--json", path, "--directory", folder,
                                    *arguments, **environment)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(os.listdir(folder), ["results.json"], "something was left behind")
            with open(path, encoding="utf-8") as file:
                return done.stdout, json.load(file)

    def test_whoever_is_installed_is_measured(self):
        output, document = self.results_of()
        results = {result["name"]: result for result in document["results"]}
        self.assertEqual(len(results), len(document["results"]), "names repeat")
        for result in results.values():
            self.assertTrue(all(math.isfinite(run) and run >= 0 for run in result["runs"]), result)
            self.assertIn(result["better"], ["higher", "lower"])
            self.assertIn(result["name"].removeprefix("rival/").rsplit("/", 1)[0], output)
        for rival in ["rollcall/threads:1/memory", "rollcall/threads:2/disk"]:
            for what in ["ingest", "seal", "bytes", "daily_60", "retention_30x30"]:
                self.assertIn(f"rival/{rival}/{what}", results)
        for question in ORDER_QUESTIONS:
            self.assertIn(f"rival/rollcall/history/threads:2/disk/{question}", results)
            self.assertNotIn(f"rival/rollcall/threads:2/disk/{question}", results)
            for rival in ["clickhouse/raw", "clickhouse/by_user", "duckdb/raw"]:
                if f"absent: {rival}/threads:2/disk" not in document["machine"]:
                    self.assertIn(f"rival/{rival}/threads:2/disk/{question}", results)
        for question in PROPERTY_QUESTIONS:
            self.assertIn(f"rival/rollcall/properties/threads:2/disk/{question}", results)
            self.assertNotIn(f"rival/rollcall/history/threads:2/disk/{question}", results)
            for rival in ["clickhouse/properties", "clickhouse/properties_by_user",
                          "duckdb/properties"]:
                if f"absent: {rival}/threads:2/disk" not in document["machine"]:
                    self.assertIn(f"rival/{rival}/threads:2/disk/{question}", results)
        # These two are libraries that the tests are built with.
        self.assertIn("rival/rocksdb/threads:1/disk/daily_60", results)
        self.assertEqual(results["rival/rocksdb/threads:1/disk/ingest"]["params"]["events"],
                         str(EVENTS))
        if "absent: croaring/threads:1/memory" not in document["machine"]:
            for question in QUESTIONS:
                self.assertIn(f"rival/croaring/threads:1/memory/{question}", results)

    def test_the_absent_are_named(self):
        with tempfile.TemporaryDirectory() as nothing:
            output, document = self.results_of("--only", "redis,duckdb,clickhouse", PATH=nothing,
                                               XDG_CACHE_HOME=nothing)
        for rival in ["redis/setbit", "duckdb/raw", "clickhouse/raw"]:
            with self.subTest(rival=rival):
                self.assertRegex(output, rf"(?m)^{rival}\S*  ABSENT( +-)+$")
                self.assertRegex(output, rf"(?m)^ABSENT: {rival}\S*: no \S+ on PATH")
                self.assertTrue(any(name.startswith(f"absent: {rival}")
                                    for name in document["machine"]))
                self.assertFalse(any(rival in result["name"] for result in document["results"]))

    def test_a_wrong_answer_ends_the_run(self):
        with tempfile.TemporaryDirectory() as folder:
            node = os.path.join(folder, "node")
            with open(node, "w", encoding="utf-8") as file:
                file.write(f"#!{sys.executable}\n"
                           "import sys\n"
                           "for line in sys.stdin:\n"
                           "    print('{\"settings\": \"none\", \"seconds\": 1, \"bytes\": 1,'\n"
                           "          ' \"counts\": [1]}', flush=True)\n")
            os.chmod(node, 0o755)
            done = self.run_program("--only", "duckdb", "--threads", "2", PATH=folder)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr.splitlines()[-1], "rollcall-rivals: wrong answer: "
                         "duckdb/raw/threads:2/disk: daily_60: cells: found 1, expected 60")
        self.assertNotIn("ingest", done.stdout, "times, in spite of a wrong answer")

    def test_one_rival_alone(self):
        done = self.run_program("--only", "rocksdb", "--rocksdb-events", "10k")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("rocksdb/threads:1/disk: 10000 events", done.stdout)
        self.assertNotIn("croaring", done.stdout)

    def test_wrong_arguments_are_refused(self):
        for arguments in [["--only", "nothing"], ["--events", "0"], ["--events", "5X"],
                          ["--directory", "/nowhere"]]:
            with self.subTest(arguments=arguments):
                self.assertNotEqual(self.run_program(*arguments).returncode, 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rollcall-rivals", required=True)
    options, rest = parser.parse_known_args()
    PROGRAM = options.rollcall_rivals
    unittest.main(argv=[sys.argv[0], *rest])
