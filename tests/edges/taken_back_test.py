#!/usr/bin/env python3
"""An ingest that waits for a pipe, while somebody else is at its store: nothing of theirs goes.

    taken_back_test.py --rollcall PROGRAM
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

PROGRAM = None
PATIENCE_S = 120
STORE_IS_GONE = ("rollcall: e.db: the store is not there any more: it was removed, moved or replaced while it was "
                 "open, and what was written went with it")
HEADER = "user,event,time\n"
ROW = "ann,login,2026-01-01\n"


class TakenBack(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = self.temporary.name
        self.process = None

    def tearDown(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
        self.temporary.cleanup()

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def run_rollcall(self, *arguments):
        return subprocess.run([PROGRAM, *arguments], cwd=self.folder, capture_output=True, text=True,
                              timeout=PATIENCE_S, check=False)

    def start(self, text):
        """An ingest into e.db that has made it, and has read the rows of `text` if there are any."""
        awaited = "made e.db" if text == HEADER else "guessed: user"
        self.process = subprocess.Popen([PROGRAM, "ingest", "--db", "e.db", "-"], cwd=self.folder,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.process.stdin.write(text)
        self.process.stdin.flush()
        overdue = threading.Timer(PATIENCE_S, self.process.kill)
        overdue.start()
        said = ""
        while awaited not in said:
            line = self.process.stderr.readline()
            self.assertTrue(line, said)
            said += line
        overdue.cancel()

    def end(self, rest=""):
        report, error = self.process.communicate(rest, timeout=PATIENCE_S)
        return self.process.returncode, report, error

    def make_good_store(self):
        self.write("good.csv", HEADER + ROW)
        self.assertEqual(self.run_rollcall("ingest", "--db", "good.db", "good.csv").returncode, 0)

    def events(self, db):
        done = self.run_rollcall("info", "--db", db)
        return [line.split()[1] for line in done.stdout.splitlines() if line.startswith("events ")]

    def test_what_is_not_of_the_store_stays(self):
        for existed in (False, True):
            with self.subTest(existed=existed):
                if existed:
                    os.mkdir(self.path("e.db"))
                self.start(HEADER)
                self.write("e.db/notes.txt", "precious")
                self.write("e.db/rocksdb/mine.txt", "precious")
                os.mkdir(self.path("e.db/JOURNAL-7"))
                code, _, error = self.end()
                self.assertEqual(code, 0, error)
                self.assertEqual(error.splitlines()[-1],
                                 "rollcall: nothing was ingested, and the store in e.db is not kept; the directory "
                                 "stays, as it holds what no store makes: JOURNAL-7, notes.txt, rocksdb")
                found = sorted(os.path.relpath(os.path.join(folder, name), self.path("e.db"))
                               for folder, _, names in os.walk(self.path("e.db")) for name in names)
                self.assertEqual(found, ["notes.txt", "rocksdb/mine.txt"])
                shutil.rmtree(self.path("e.db"))

    def test_a_store_of_the_same_name_stays(self):
        self.make_good_store()
        self.start(HEADER)
        os.rename(self.path("e.db"), self.path("old.db"))
        shutil.copytree(self.path("good.db"), self.path("e.db"))
        code, _, error = self.end()
        self.assertEqual(code, 1, error)
        self.assertEqual(error.splitlines()[-1], STORE_IS_GONE)
        self.assertEqual(self.events("e.db"), ["1"])
        # It is whoever moved it that knows what for.
        self.assertEqual(self.events("old.db"), ["0"])
        self.assertEqual(sorted(os.listdir(self.folder)), ["e.db", "good.csv", "good.db", "old.db"])

    def test_what_a_link_leads_to_is_emptied_and_stays(self):
        os.mkdir(self.path("far.db"))
        os.symlink("far.db", self.path("e.db"))
        self.start(HEADER)
        code, _, error = self.end()
        self.assertEqual(code, 0, error)
        self.assertEqual(os.listdir(self.path("far.db")), [])
        self.assertTrue(os.path.islink(self.path("e.db")))

    def test_rows_of_a_store_that_was_removed_are_said_to_be_gone(self):
        self.make_good_store()
        for replaced in (False, True):
            for rest in ("", ROW):
                with self.subTest(replaced=replaced, rest=rest):
                    self.start(HEADER + ROW)
                    shutil.rmtree(self.path("e.db"))
                    if replaced:
                        shutil.copytree(self.path("good.db"), self.path("e.db"))
                    code, report, error = self.end(rest)
                    self.assertEqual(code, 1, error)
                    self.assertIn(f"rows ingested {2 if rest else 1:>16}", report.splitlines())
                    self.assertEqual(error.splitlines()[-1], STORE_IS_GONE)
                    self.assertEqual(os.path.exists(self.path("e.db")), replaced)
                    if replaced:
                        self.assertEqual(self.events("e.db"), ["1"])
                        shutil.rmtree(self.path("e.db"))


def main():
    global PROGRAM
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rollcall", required=True)
    arguments, rest = parser.parse_known_args()
    PROGRAM = os.path.realpath(arguments.rollcall)
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
