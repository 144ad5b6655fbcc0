#!/usr/bin/env python3
"""Commands that are started with standard input, output or error closed write into no file of a store.

    descriptors_test.py --rollcall PROGRAM
"""

import argparse
import errno
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAM = None
CLOSED = [which for size in (1, 2, 3) for which in itertools.combinations((0, 1, 2), size)]


class Descriptors(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name
        self.lines_said = set()
        with open(os.path.join(self.folder, "many.csv"), "w", encoding="utf-8") as file:
            file.write("user,event,time\n")
            for i in range(3000):
                file.write(f"u{i % 700},visit,2026-01-{1 + i % 28:02} 12:00:00\n")

    def run_program(self, arguments, closed=()):
        redirected = " ".join(f"{fd}>&-" for fd in closed)
        return subprocess.run(["bash", "-c", f'exec "$0" "$@" {redirected}', PROGRAM, *arguments],
                              cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True,
                              check=False, timeout=120)

    def expect_good(self, store):
        done = self.run_program(["verify", "--db", store])
        self.assertEqual(done.returncode, 0, done.stderr)
        for directory, _, names in os.walk(os.path.join(self.folder, store)):
            for name in names:
                with open(os.path.join(directory, name), "rb") as file:
                    content = file.read()
                for line in self.lines_said:
                    self.assertNotIn(line, content, name)

    def test_every_command(self):
        self.assertEqual(self.run_program(["ingest", "--db", "kept", "--partitions", "4",
                                           "many.csv"]).returncode, 0)
        with open(os.path.join(self.folder, "more.csv"), "w", encoding="utf-8") as file:
            file.write("user,event,time\nzed,visit,2026-02-01 12:00:00\n")
        commands = [
            ["init", "--db", "new"],
            ["ingest", "--db", "new", "--partitions", "4", "many.csv"],
            ["ingest", "--db", "a", "more.csv"],
            ["backup", "--db", "a", "--to", "b"],
            ["restore", "--from", "a", "--db", "b"],
            ["compact", "--db", "a"],
            ["verify", "--db", "a"],
            ["info", "--db", "a"],
            ["active", "--db", "a"],
            ["segment", "save", "--db", "a", "visitors", "did(visit)"],
            ["forget", "--db", "a", "--user", "u1"],
        ]
        said = {}
        for closed in [(), *CLOSED]:
            for command in commands:
                with self.subTest(closed=closed, command=command):
                    for name in ("a", "b", "new"):
                        shutil.rmtree(os.path.join(self.folder, name), ignore_errors=True)
                    shutil.copytree(os.path.join(self.folder, "kept"),
                                    os.path.join(self.folder, "a"))
                    done = self.run_program(command, closed)
                    said.setdefault(tuple(command), (done.stdout, done.stderr))
                    # A single word may be in a file of a store for good.
                    self.lines_said.update(line for line in (done.stdout + done.stderr).splitlines() if b" " in line)
                    # What it says is lost where that is closed, and has to be told.
                    lost = 1 in closed and said[tuple(command)][0] or 2 in closed and said[tuple(command)][1]
                    self.assertEqual(done.returncode, 1 if lost else 0, done.stderr)
                    if lost and 2 not in closed:
                        self.assertEqual(done.stderr.splitlines()[-1],
                                         b"rollcall: standard output: it was closed when the program began")
                    for name in ("a", "b", "new"):
                        if os.path.isdir(os.path.join(self.folder, name)):
                            self.expect_good(name)

    def test_standard_input_that_is_closed_cannot_be_read(self):
        done = self.run_program(["ingest", "--db", "a", "-"], closed=[0])
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr.decode().splitlines()[-1],
                         f"rollcall: standard input: cannot be read: {os.strerror(errno.EBADF)}")
        self.assertFalse(os.path.exists(os.path.join(self.folder, "a")))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rollcall", required=True)
    options, rest = parser.parse_known_args()
    PROGRAM = os.path.abspath(options.rollcall)
    unittest.main(argv=[sys.argv[0], *rest])
