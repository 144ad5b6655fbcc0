#!/usr/bin/env python3
"""A question that is interrupted, or whose time is over, ends at once with one line and an exit code of its own.

    question_signals_test.py --rollcall PROGRAM
"""

import argparse
import datetime
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = None
STOPPED = "rollcall: stopped before the answer, while the store or the question was read\n"
TIME_OVER = ("rollcall: the time was over before the answer, while the store or the question was read\n"
             "hint: a longer --timeout, or a narrower question, may get an answer\n")


class QuestionSignals(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = cls.temporary.name
        with open(os.path.join(cls.folder, "e.csv"), "w", encoding="utf-8") as file:
            file.write("user,event,time\n")
            for i in range(120_000):
                file.write(f"{i * 7919 % 60_000},login,2026-{i % 4 + 1:02}-{i % 28 + 1:02} 12:00:00\n")
        subprocess.run([PROGRAM, "ingest", "--db", "s.db", "e.csv"], cwd=cls.folder, check=True,
                       capture_output=True)
        parts = [{"did": "login", "last": f"{i % 120 + 1}d", "days": {"gte": i % 5 + 1}} for i in range(9_900)]
        segment = {"kind": "segment", "segment": {"any": parts}}
        with open(os.path.join(cls.folder, "slow.json"), "w", encoding="utf-8") as file:
            json.dump([segment] * 3, file)
        cls.commands = [["query", "--db", "s.db", "slow.json"], ["explain", "--db", "s.db", "slow.json"]]

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def test_signals(self):
        command = self.commands[0]
        for stop_signal in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            for wait_s in (0.5, 0.3, 0.2, 0.8, 0.1):
                process = subprocess.Popen([PROGRAM, *command], cwd=self.folder, stdout=subprocess.PIPE,
                                           stderr=subprocess.PIPE, text=True)
                time.sleep(wait_s)
                process.send_signal(stop_signal)
                asked = time.monotonic()
                output, error = process.communicate(timeout=60)
                if process.returncode == 128 + stop_signal:
                    self.assertEqual(output, "")
                    self.assertEqual(error.count("\n"), 1, error)
                    self.assertLess(time.monotonic() - asked, 10)
                    break
                # It was done before, or had not come to the question.
                self.assertIn(process.returncode, (0, -stop_signal), error)
            else:
                self.fail(f"no question was stopped by {stop_signal}")

    def test_timeout(self):
        for command in self.commands:
            for timeout in ("0", "0.000", "0ms", "1ms"):
                done = subprocess.run([PROGRAM, *command, "--timeout", timeout], cwd=self.folder, check=False,
                                      capture_output=True, text=True, timeout=60)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertEqual(done.stdout, "")
                self.assertEqual(done.stderr, TIME_OVER)
        for command in (["active"], ["counts"], ["churn"], ["idle"], ["lifecycle"], ["stickiness"], ["retention"],
                        ["segment", "count", "did(login, 7d)"]):
            for timeout, code in (("0", 1), ("1h", 0), ("90.5", 0)):
                done = subprocess.run([PROGRAM, *command, "--db", "s.db", "--timeout", timeout], cwd=self.folder,
                                      check=False, capture_output=True, text=True, timeout=60)
                self.assertEqual(done.returncode, code, (command, done.stderr))

    def test_while_the_question_is_awaited(self):
        """Nobody writes to standard input, nor closes it."""
        for command in ("query", "explain"):
            for stop_signal in (None, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                with self.subTest(command=command, signal=stop_signal):
                    timeout = "300ms" if stop_signal is None else "1h"
                    process = subprocess.Popen([PROGRAM, command, "--db", "s.db", "--timeout", timeout, "-"],
                                               cwd=self.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                               stderr=subprocess.PIPE, text=True)
                    try:
                        if stop_signal is not None:
                            self.wait_for_handlers(process.pid)
                            process.send_signal(stop_signal)
                        process.wait(timeout=60)
                    finally:
                        process.kill()
                    output, error = process.communicate()
                    self.assertEqual(output, "")
                    if stop_signal is None:
                        self.assertEqual(process.returncode, 1, error)
                        self.assertEqual(error, TIME_OVER)
                    else:
                        self.assertEqual(process.returncode, 128 + stop_signal, error)
                        self.assertEqual(error, STOPPED)

    def wait_for_handlers(self, pid):
        """Until the process catches SIGHUP, SIGINT and SIGTERM."""
        wanted = sum(1 << number - 1 for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM))
        for _ in range(6000):
            with open(f"/proc/{pid}/status", encoding="ascii") as status:
                caught = next(int(line.split()[1], 16) for line in status if line.startswith("SigCgt"))
            if caught & wanted == wanted:
                return
            time.sleep(0.01)
        self.fail("the signals are not caught")

    def test_while_the_store_is_opened(self):
        """A store of many days and partitions, whose opening is most of what a short question takes."""
        with open(os.path.join(self.folder, "long.csv"), "w", encoding="utf-8") as file:
            file.write("user,event,time\n")
            begin = datetime.date(2010, 1, 1)
            for i in range(150_000):
                file.write(f"u{i * 7919 % 5_000},e{i % 40},{begin + datetime.timedelta(days=i // 40)}\n")
        subprocess.run([PROGRAM, "ingest", "--db", "long.db", "long.csv"], cwd=self.folder, check=True,
                       capture_output=True)
        question = [PROGRAM, "active", "--db", "long.db", "--last", "1d"]

        def took(arguments, code):
            begin = time.monotonic()
            done = subprocess.run([*question, *arguments], cwd=self.folder, check=False, capture_output=True,
                                  text=True, timeout=120)
            self.assertEqual(done.returncode, code, done.stderr)
            return time.monotonic() - begin

        whole = [took([], 0) for _ in range(3)]
        stopped = [took(["--timeout", "10ms"], 1) for _ in range(5)]
        print(f"whole {min(whole):.2f} s, stopped after {sorted(stopped)[2]:.2f} s")
        self.assertLess(sorted(stopped)[2], min(whole) / 2)

    def test_what_is_no_time(self):
        for text in ("", "-1", "soon", "1e3", "5d", "nan", "1 s", "99999h"):
            done = subprocess.run([PROGRAM, "active", "--db", "s.db", "--timeout", text], cwd=self.folder,
                                  check=False, capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 2, (text, done.stderr))
            self.assertEqual(done.stderr.splitlines()[0],
                             f'rollcall: --timeout: "{text}" (allowed: seconds, or a number and ms, s, m or h, '
                             "such as 1.5, 500ms or 2m)")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rollcall", required=True)
    options, rest = parser.parse_known_args()
    PROGRAM = os.path.abspath(options.rollcall)
    unittest.main(argv=[sys.argv[0], *rest])
