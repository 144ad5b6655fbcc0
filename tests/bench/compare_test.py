#!/usr/bin/env python3
"""bench/compare tells real losses from noise, with programs whose numbers are known.

    compare_test.py --compare SCRIPT
"""

import argparse
import errno
import json
import os
import subprocess
import sys
import tempfile
import unittest

COMPARE = None

# A benchmark program: each run takes the next line of numbers from a file, and records its turn.
PROGRAM = """#!/usr/bin/env python3
import json, os, sys
me = os.path.abspath(__file__)
with open(me + ".numbers") as file:
    lines = file.read().splitlines()
with open(os.path.join(os.path.dirname(me), "turns"), "a") as file:
    file.write(os.path.basename(me) + " " + " ".join(sys.argv[3:]) + "\\n")
numbers = json.loads(lines.pop(0))
with open(me + ".numbers", "w") as file:
    file.write("\\n".join(lines))
assert sys.argv[1] == "--json"
results = [{"name": name, "unit": unit, "better": better, "runs": [value]}
           for name, (value, unit, better) in numbers.items()]
with open(sys.argv[2], "w") as file:
    json.dump({"results": results}, file)
"""


class Compare(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)

    def path(self, name):
        return os.path.join(self.temporary.name, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def program(self, name, turns):
        """Makes a program that gives turns[i], {benchmark: (value, unit, better)}, in its run i."""
        self.write(name, PROGRAM)
        os.chmod(self.path(name), 0o755)
        self.write(name + ".numbers", "\n".join(json.dumps(turn) for turn in turns))

    def speeds(self, name, values):
        self.program(name, [{"ingest/dense": (value, "events/s", "higher")} for value in values])

    def results(self, name, runs, better="higher"):
        self.write(name, json.dumps({"results": [
            {"name": benchmark, "unit": "events/s", "better": better, "runs": values}
            for benchmark, values in runs.items()]}))

    def compare(self, *arguments, old="old", new="new"):
        return subprocess.run([sys.executable, COMPARE, self.path(old), self.path(new), *arguments],
                              capture_output=True, text=True, check=False)

    def guarded(self, text):
        self.write("guarded.txt", "[rollcall-bench]\n" + text)
        return ["--guarded", self.path("guarded.txt")]

    def test_programs_run_in_turns_with_their_arguments(self):
        self.speeds("old", [100] * 3)
        self.speeds("new", [100] * 3)
        done = self.compare("--turns", "3", "--", "--quick", "--only", "ingest")
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(self.path("turns"), encoding="utf-8") as file:
            turns = file.read().splitlines()
        self.assertEqual([turn.split()[0] for turn in turns],
                         ["old", "new", "new", "old", "old", "new"])
        self.assertEqual(turns[0], "old --quick --only ingest")

    def test_a_real_loss_of_a_guarded_one_fails(self):
        self.speeds("old", [100, 101, 99, 100, 100])
        self.speeds("new", [80, 81, 79, 80, 80])
        done = self.compare(*self.guarded("# speeds\ningest/*  # all\n"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("-20.0 %", done.stdout)
        self.assertIn("guarded WORSE", done.stdout)
        self.assertEqual(done.stderr.splitlines()[-1], "compare: guarded, and slower or gone: ingest/dense")

    def test_a_loss_of_another_one_is_shown_only(self):
        self.speeds("old", [100] * 5)
        self.speeds("new", [80] * 5)
        done = self.compare(*self.guarded("query/*\n"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("WORSE", done.stdout)

    def test_a_loss_within_the_noise_passes(self):
        self.speeds("old", [100, 130, 70, 110, 85])
        self.speeds("new", [90, 120, 65, 95, 80])
        done = self.compare(*self.guarded("ingest/dense\n"))
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertNotIn("WORSE", done.stdout)

    def test_one_slow_turn_is_noise(self):
        self.speeds("old", [100] * 5)
        self.speeds("new", [100, 20, 100, 100, 100])
        done = self.compare(*self.guarded("ingest/dense\n"))
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_less_is_better_for_times(self):
        for values, code, text in [([12] * 3, 1, "WORSE"), ([8] * 3, 0, "better")]:
            with self.subTest(values=values):
                self.results("old.json", {"query": [10] * 3}, better="lower")
                self.results("new.json", {"query": values}, better="lower")
                done = self.compare(*self.guarded("query\n"), old="old.json", new="new.json")
                self.assertEqual(done.returncode, code, done.stdout)
                self.assertIn(text, done.stdout)

    def test_in_a_whole_run_each_pattern_meets_a_benchmark(self):
        self.results("old.json", {"ingest/dense": [1]})
        self.results("new.json", {"ingest/dense": [1]})
        other = "ingest/*\nquery/*/hot\n[rollcall-micro]\ncount/*\n"
        part = self.compare(*self.guarded(other), old="old.json", new="new.json")
        self.assertEqual(part.returncode, 0, part.stderr)
        whole = self.compare(*self.guarded(other), "--whole", "rollcall-bench", old="old.json",
                             new="new.json")
        self.assertEqual(whole.returncode, 1)
        self.assertEqual(whole.stderr, "compare: guarded, and measured under no such name: query/*/hot\n")
        unknown = self.compare(*self.guarded(other), "--whole", "rollcall", old="old.json",
                               new="new.json")
        self.assertEqual(unknown.returncode, 2)

    def test_a_guarded_one_that_is_gone_fails(self):
        self.results("old.json", {"a": [1], "b": [1]})
        self.results("new.json", {"a": [1], "c": [1]})
        done = self.compare(*self.guarded("b\n"), old="old.json", new="new.json")
        self.assertEqual(done.returncode, 1)
        self.assertIn("guarded gone", done.stdout)
        self.assertIn("new", done.stdout)

    def test_files_of_google_benchmark(self):
        for name, time in [("old.json", 10.0), ("new.json", 20.0)]:
            self.write(name, json.dumps({"benchmarks": [
                {"name": "count/avx2/L1", "run_type": "iteration", "real_time": time,
                 "time_unit": "ns"},
                {"name": "count/avx2/L1_median", "run_type": "aggregate", "real_time": time,
                 "time_unit": "ns"}]}))
        done = self.compare(*self.guarded("count/*\n"), old="old.json", new="new.json")
        self.assertEqual(done.returncode, 1)
        self.assertIn("-50.0 %", done.stdout)
        self.assertNotIn("median", done.stdout)

    def test_what_cannot_be_compared_is_an_error(self):
        self.results("old.json", {"a": [1]})
        self.results("empty.json", {})
        self.speeds("new", [100])
        self.write("fails", "#!/bin/sh\nexit 3\n")
        os.chmod(self.path("fails"), 0o755)
        missing = f"[Errno {errno.ENOENT}] {os.strerror(errno.ENOENT)}: '{self.path('missing.json')}'"
        for old, new, text in [
                ("old.json", "new", "a program and a file cannot be compared"),
                ("old.json", "missing.json", missing),
                ("old.json", "old.json", f"{self.path('old.json')}: compared with itself"),
                ("old.json", "empty.json", "no results"),
                ("fails", "new", f"{self.path('fails')}: ended with 3")]:
            with self.subTest(old=old, new=new):
                done = self.compare(old=old, new=new)
                self.assertEqual(done.returncode, 2)
                self.assertEqual(done.stderr.splitlines()[-1], f"compare: {text}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--compare", required=True)
    options, rest = parser.parse_known_args()
    COMPARE = options.compare
    unittest.main(argv=[sys.argv[0], *rest])
