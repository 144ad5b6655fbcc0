#!/usr/bin/env python3
"""An ingest that is interrupted, or killed, leaves a store that answers, and the same command goes on.

    interrupt_test.py --rollcall PROGRAM
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = None
ROWS = 400_000
HITS = 3  # ingests that each test stops half-way


class Interrupt(unittest.TestCase):
    longest_s = 1.0  # until an ingest is stopped

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = cls.temporary.name
        seed = int(os.environ.get("ROLLCALL_SEED", random.randrange(1 << 32)))
        print(f"ROLLCALL_SEED={seed}")
        cls.random = random.Random(seed)
        users = {}
        with open(os.path.join(cls.folder, "e.csv"), "w", encoding="utf-8") as file:
            file.write("user,event,time\n")
            for _ in range(ROWS):
                user, day = cls.random.randrange(50_000), cls.random.randrange(1, 29)
                users.setdefault(day, set()).add(user)
                file.write(f"{user},login,2026-01-{day:02} 12:00:00\n")
        cls.expected = [[f"2026-01-{day:02}", len(users[day])] for day in sorted(users)]

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def run_program(self, *arguments):
        done = subprocess.run([PROGRAM, *arguments], cwd=self.folder, capture_output=True, text=True,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def events(self, db):
        return json.loads(self.run_program("info", "--db", db, "-o", "json"))["events"]

    def stop_half_way(self, stop_signal, make_arguments):
        """Stops ingests after random times; yields those, HITS of them, that were half-way.

        One is (number, standard error). The times follow what the machine takes just now: an ingest
        that had ended was stopped too late, one that had no store yet too early.
        """
        hits = 0
        for number in range(60):
            arguments = make_arguments(number)
            process = subprocess.Popen([PROGRAM, *arguments], cwd=self.folder,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            time.sleep(self.random.uniform(0, Interrupt.longest_s))
            process.send_signal(stop_signal)
            _, error = process.communicate()
            self.assertIn(process.returncode, (0, -stop_signal, 128 + stop_signal), error)
            store = os.path.join(self.folder, arguments[arguments.index("--db") + 1])
            if not os.path.exists(store):
                Interrupt.longest_s *= 1.5
            elif process.returncode not in (128 + stop_signal, -signal.SIGKILL):
                Interrupt.longest_s *= 0.8
            else:
                yield number, error
                hits += 1
                if hits == HITS:
                    return
        self.fail(f"only {hits} ingests were stopped half-way, of 60")

    def stop_and_resume(self, name, stop_signal):
        for number, error in self.stop_half_way(
                stop_signal, lambda number: ["ingest", "--db", f"{name}{number}.db", "e.csv"]):
            db = f"{name}{number}.db"
            if stop_signal != signal.SIGKILL:
                self.assertGreater(self.events(db), 0, error)  # without any, there is no store
            self.run_program("ingest", "--db", db, "e.csv")
            self.run_program("verify", "--db", db)
            self.check_whole(db)

    def check_whole(self, db):
        answer = json.loads(self.run_program("active", "--db", db, "-o", "json"))
        self.assertEqual([row[:2] for row in answer["rows"]], self.expected)
        again = json.loads(self.run_program("ingest", "--db", db, "-o", "json", "e.csv"))
        self.assertEqual(again["rows_read"], 0)

    def test_interrupted_ingest_resumes(self):
        self.stop_and_resume("int", signal.SIGINT)

    def test_interrupted_ingest_writes_each_rejected_row_once(self):
        with open(os.path.join(self.folder, "bad.csv"), "w", encoding="utf-8") as file:
            file.write("user,event,time\n" + "ann,login,2026-01-01\nann,login,never\n" * 300_000)

        def arguments(number):
            return ["ingest", "--db", f"bad{number}.db", "--rejects", f"rejects{number}", "bad.csv"]

        for number, _ in self.stop_half_way(signal.SIGINT, arguments):
            self.run_program(*arguments(number))
            with open(os.path.join(self.folder, f"rejects{number}"), encoding="utf-8") as file:
                lines = [int(row.split(",")[1]) for row in file.readlines()[1:]]
            self.assertEqual(lines, list(range(3, 600_002, 2)))

    def test_killed_ingest_resumes(self):
        self.stop_and_resume("kill", signal.SIGKILL)

    def test_terminated_ingest_keeps_what_it_read(self):
        """Half of a pipe is in the store after SIGTERM."""
        process = subprocess.Popen([PROGRAM, "ingest", "--db", "pipe.db", "-"], cwd=self.folder,
                                   stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        with open(os.path.join(self.folder, "e.csv"), encoding="utf-8") as file:
            half = file.read(6 << 20)
        process.stdin.write(half[:half.rindex("\n") + 1])
        process.stdin.flush()
        time.sleep(3)  # the pipe is empty but for 64 KiB; what was read is to be ingested, too
        process.send_signal(signal.SIGTERM)
        process.wait()
        error = process.stderr.read()
        process.stdin.close()
        process.stderr.close()
        self.assertEqual(process.returncode, 128 + signal.SIGTERM, error)
        events = self.events("pipe.db")
        self.assertGreater(events, 0)
        self.assertLessEqual(events, half.count("\n"))


def main():
    global PROGRAM
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rollcall", required=True)
    arguments, rest = parser.parse_known_args()
    PROGRAM = os.path.realpath(arguments.rollcall)
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
