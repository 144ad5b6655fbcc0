#!/usr/bin/env python3
"""Every command, its output or its messages written to a device that is full: exit status 1, and
a line that says so where there is still somewhere to say it.

    failed_writes_test.py --rollcall PROGRAM
"""

import argparse
import os
import subprocess
import sys
import tempfile
import unittest

PROGRAM = None
COMMANDS = ["init", "ingest", "query", "active", "retention", "churn", "idle", "counts", "lifecycle",
            "stickiness", "segment", "explain", "forget", "info", "verify", "backup", "restore", "compact",
            "generate", "completions"]
FULL = "standard output: No space left on device"


@unittest.skipUnless(os.path.exists("/dev/full"), "there is no /dev/full")
class FailedWrites(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = cls.temporary.name
        with open(os.path.join(cls.folder, "e.csv"), "w", encoding="utf-8") as file:
            file.write("user,event,time,channel\nann,login,2026-01-01,ads\nbob,login,2026-01-02,seo\n,login,x,\n")
        cls.run_program(cls, "ingest", "--db", "e.db", "--dimension", "channel", "e.csv", check=True)
        cls.run_program(cls, "segment", "save", "--db", "e.db", "one", "did(login)", check=True)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def run_program(self, *arguments, full=(), check=False):
        with open("/dev/full", "wb") as device:
            return subprocess.run([PROGRAM, *arguments], cwd=self.folder, stdin=subprocess.DEVNULL, check=check,
                                  stdout=device if "out" in full else subprocess.PIPE,
                                  stderr=device if "err" in full else subprocess.PIPE, timeout=60)

    def outputs(self):
        """Command lines that succeed, and print something."""
        yield ["--help"]
        yield ["--version"]
        for command in COMMANDS:
            yield [command, "--help"]
        for shell in ("bash", "zsh", "fish"):
            yield ["completions", shell]
        for form in ("table", "csv", "json", "jsonl", "markdown"):
            yield ["active", "--db", "e.db", "-o", form]
            yield ["retention", "--db", "e.db", "--shape", "wide", "-o", form]
            yield ["query", "--db", "e.db", "-o", form, '[{"kind": "idle"}, {"kind": "counts"}]']
            yield ["segment", "count", "--db", "e.db", "did(login)", "--members", "users", "-o", form]
        for command in ("churn", "lifecycle", "stickiness"):
            yield [command, "--db", "e.db"]
        yield ["active", "--explain"]
        yield ["explain", "--db", "e.db", '{"kind": "active"}']
        yield ["segment", "list", "--db", "e.db"]
        yield ["segment", "show", "--db", "e.db", "one"]
        for form in ("table", "json"):
            yield ["info", "--db", "e.db", "-o", form]
            yield ["verify", "--db", "e.db", "-o", form]
            yield ["ingest", "--db", "e.db", "-o", form, "e.csv"]
        yield ["forget", "--db", "e.db", "--user", "nobody"]
        yield ["compact", "--db", "e.db"]
        yield ["backup", "--db", "e.db", "--to", "copy.db"]
        yield ["restore", "--from", "copy.db", "--db", "again.db"]
        yield ["init", "--db", "new.db"]
        yield ["generate", "--events", "10"]

    def test_full_output_is_told(self):
        for arguments in self.outputs():
            with self.subTest(arguments=arguments):
                done = self.run_program(*arguments, full=["out"])
                self.assertEqual(done.returncode, 1, done.stderr)
                lines = done.stderr.decode().splitlines()
                self.assertIn("rollcall: " + FULL, lines)
                # And with nobody to tell it ends the same.
                self.assertEqual(self.run_program(*arguments, full=["out", "err"]).returncode, 1)

    def test_rejected_rows_are_told(self):
        done = self.run_program("ingest", "--db", "rejects.db", "--rejects", "-", "e.csv", full=["out"])
        self.assertEqual(done.returncode, 1)
        self.assertIn("rollcall: --rejects -: No space left on device", done.stderr.decode().splitlines())
        self.assertEqual(self.run_program("ingest", "--db", "rejects2.db", "--rejects", "/dev/full",
                                          "e.csv").returncode, 1)

    def test_what_could_not_be_said_is_a_failure(self):
        """A note of what was guessed that goes nowhere is no success, but what was done stands."""
        done = self.run_program("ingest", "--db", "said.db", "e.csv", full=["err"])
        self.assertEqual(done.returncode, 1)
        users = self.run_program("segment", "count", "--db", "said.db", "did(login)", "-o", "csv")
        self.assertEqual(users.stdout, b"users\n2\n")

    def test_errors_keep_their_status_when_they_cannot_be_said(self):
        for arguments, status in ((["activ"], 2), (["active", "--db", "nowhere"], 1), (["active"], 2)):
            self.assertEqual(self.run_program(*arguments, full=["err"]).returncode, status)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rollcall", required=True)
    options, rest = parser.parse_known_args()
    PROGRAM = os.path.abspath(options.rollcall)
    unittest.main(argv=[sys.argv[0], *rest])
