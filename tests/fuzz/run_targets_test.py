#!/usr/bin/env python3
"""Checks what run_targets.py says of targets that go well, that break, and that never begin."""

import os
import subprocess
import sys
import tempfile
import unittest

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "run_targets.py")

# This does as libFuzzer does: the last argument is a corpus that must exist.
PROGRAMS = {
    "fuzz_well": 'test -d "$(eval echo \\${$#})" || exit 3; echo "Done 41 runs in 1 second(s)" >&2',
    "fuzz_other": 'echo "Done 2 runs in 1 second(s)" >&2',
    "fuzz_breaks": 'echo "it broke" >&2; exit 77',
    "fuzz_breaks_late": 'echo "Done 5 runs in 1 second(s)" >&2; exit 1',
    "fuzz_silent": "exit 0",
}


class RunTargets(unittest.TestCase):
    def run_targets(self, *names):
        with tempfile.TemporaryDirectory() as directory:
            for name in names:
                path = os.path.join(directory, name)
                with open(path, "w", encoding="utf-8") as file:
                    file.write("#!/bin/sh\n" + PROGRAMS[name] + "\n")
                os.chmod(path, 0o755)
                os.makedirs(os.path.join(directory, "corpus", name.removeprefix("fuzz_")))
            result = subprocess.run(
                [sys.executable, SCRIPT, "--seconds", "1", "--corpus", "corpus",
                 *(os.path.join(directory, name) for name in names)],
                cwd=directory, capture_output=True, text=True, check=False)
            return result.returncode, result.stdout

    def test_counts_runs(self):
        self.assertEqual(self.run_targets("fuzz_well", "fuzz_other"),
                         (0, "well: 41 runs\nother: 2 runs\n"
                             "2 targets, 1 s each: 43 runs, 0 failed\n"))

    def test_fails_with_any_and_runs_the_others(self):
        for name in ("fuzz_breaks", "fuzz_breaks_late", "fuzz_silent"):
            status, text = self.run_targets(name, "fuzz_well")
            self.assertEqual(status, 1)
            self.assertIn("FAILED", text)
            self.assertIn("well: 41 runs", text)
            self.assertIn("2 targets, 1 s each", text)
            self.assertIn("1 failed", text)

    def test_shows_what_broke(self):
        self.assertIn("it broke", self.run_targets("fuzz_breaks")[1])


if __name__ == "__main__":
    unittest.main()
