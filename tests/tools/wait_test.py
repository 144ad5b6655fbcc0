#!/usr/bin/env python3
"""Definitions wait for the process that writes to the store, if they are told to.

    wait_test.py --rollcall PROGRAM
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = ""
QUESTION = json.dumps({"kind": "active"})
DEFINITIONS = [
    ["segment", "save", "s", "did(*)"],
    ["saved", "add", "question", "q", "question.json"],
    ["alert", "create", "a", "alert.json"],
    ["campaign", "create", "--name", "c", "campaign.json"],
    ["campaign", "run"],
    ["campaign", "end", "c"],
    ["campaign", "drop", "c"],
    ["saved", "import", "--replace", "saved.json"],
    ["saved", "drop", "question", "q"],
    ["alert", "drop", "a"],
    ["segment", "drop", "s"],
]


class Wait(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        files = {"question.json": QUESTION, "campaign.json": json.dumps({"audience": "did(*)"}),
                 "alert.json": f'{{"query": {QUESTION}, "column": "users", "condition": {{"below": 2}}}}',
                 "saved.json": json.dumps({"objects": [{"kind": "question", "name": "q",
                                                        "definition": {"kind": "active"}}]}),
                 "events.csv": "user,event,time\nann,buy,2026-01-01\n"}
        for name, text in files.items():
            with open(os.path.join(self.folder.name, name), "w", encoding="utf-8") as file:
                file.write(text)
        self.run_rollcall("ingest", "--db", "s.db", "events.csv")

    def start(self, *arguments, **options):
        process = subprocess.Popen([PROGRAM, *arguments], cwd=self.folder.name, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        return process

    def run_rollcall(self, *arguments):
        process = self.start(*arguments)
        errors = process.communicate(timeout=60)[1]
        return process.returncode, errors

    def start_writer(self):
        """Has the store until its input ends."""
        writer = self.start("ingest", "--db", "s.db", "-", stdin=subprocess.PIPE)
        self.addCleanup(writer.wait)
        self.addCleanup(writer.stdin.close)
        lock = os.path.join(self.folder.name, "s.db", "LOCK")
        end = time.monotonic() + 60
        while time.monotonic() < end:
            with open(lock, encoding="utf-8") as file:
                if str(writer.pid) in file.read():
                    return writer
            time.sleep(0.01)
        return self.fail("the writer does not begin")

    def test_without_it_or_when_it_is_over_they_fail(self):
        self.start_writer()
        for words in DEFINITIONS:
            for wait in ([], ["--wait", "10ms"]):
                with self.subTest(words=words, wait=wait):
                    self.assertEqual(self.run_rollcall(*words, "--db", "s.db", *wait)[0], 1)

    def test_with_it_they_are_done_when_the_writer_is(self):
        writer = self.start_writer()
        waiting = self.start("segment", "save", "--db", "s.db", "--wait", "60s", "late", "did(*)")
        with self.assertRaises(subprocess.TimeoutExpired):
            waiting.wait(timeout=0.3)
        writer.stdin.write("user,event,time\nbob,buy,2026-01-02\n")
        writer.stdin.close()
        self.assertEqual(waiting.wait(timeout=60), 0)
        self.assertEqual(writer.wait(timeout=60), 0)
        for words in DEFINITIONS:
            code, errors = self.run_rollcall(*words, "--db", "s.db", "--wait", "1s")
            self.assertEqual(code, 0, (words, errors))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rollcall", required=True)
    known, rest = parser.parse_known_args()
    PROGRAM = os.path.abspath(known.rollcall)
    unittest.main(argv=[sys.argv[0], *rest])
