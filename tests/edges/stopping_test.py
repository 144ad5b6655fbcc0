#!/usr/bin/env python3
"""Signals: what was read is kept or said to be lost, whatever the program waits for.

    stopping_test.py --rollcall PROGRAM
"""

import argparse
import array
import fcntl
import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import time
import unittest

PROGRAM = None
PATIENCE_S = 120
HEADER = "user,event,time\n"


def row(number):
    return f"u{number},login,2026-01-01\n"


def wait_until(holds):
    end = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > end:
            raise AssertionError("what was waited for did not come")
        time.sleep(0.02)


class Stopping(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = self.temporary.name
        self.processes = []

    def tearDown(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.communicate()
        self.temporary.cleanup()

    def start(self, *arguments, ignored=()):
        def ignore():
            for number in ignored:
                signal.signal(number, signal.SIG_IGN)

        process = subprocess.Popen([PROGRAM, *arguments], cwd=self.folder, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=ignore)
        self.processes.append(process)
        return process

    def start_at_pipe(self, text, ignored=()):
        """An ingest that has read `text` and waits for more."""
        process = self.start("ingest", "--db", "p.db", "-o", "json", "-", ignored=ignored)
        process.stdin.write(text.encode())
        process.stdin.flush()
        self.wait_until_read(process)
        return process

    def wait_until_read(self, process):
        """Until the pipe is empty, and the program says how it reads it."""
        said = b""
        while b"guessed: user" not in said:
            said += os.read(process.stderr.fileno(), 1 << 16)
        unread = array.array("i", [1])

        def is_empty():
            fcntl.ioctl(process.stdin.fileno(), termios.FIONREAD, unread)
            return unread[0] == 0

        wait_until(is_empty)

    def end(self, process):
        """What the program said, once it has come to its end with its input still open."""
        process.wait(PATIENCE_S)
        return process.stdout.read().decode(), process.stderr.read().decode()

    def events(self, db):
        done = subprocess.run([PROGRAM, "info", "--db", db, "-o", "json"], cwd=self.folder,
                              capture_output=True, text=True, check=True)
        return json.loads(done.stdout)["events"]

    def test_each_signal_keeps_what_came_through_a_pipe(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number), tempfile.TemporaryDirectory() as self.folder:
                cut = "half,lo"
                process = self.start_at_pipe(HEADER + row(1) + row(2) + cut)
                process.send_signal(number)
                report, error = self.end(process)
                self.assertEqual(process.returncode, 128 + number, error)
                self.assertEqual(error.splitlines()[-1],
                                 "rollcall: interrupted; what was read is kept, and the same command goes on from "
                                 "there, but for pipes, which count anew")
                report = json.loads(report)
                self.assertEqual(report["rows_ingested"], 2)
                self.assertEqual(report["notes"], [f"standard input: {len(cut)} bytes at the end were read, are no "
                                                   "whole row, and are not kept"])
                self.assertEqual(self.events("p.db"), 2)

    def test_a_stop_before_the_first_byte(self):
        os.mkfifo(os.path.join(self.folder, "nobody_writes"))
        for path in ("-", "nobody_writes"):
            process = self.start("ingest", "--db", "n.db", "--user-type", "string", path)
            # The store is made when this is said; then it waits, or will.
            line = process.stderr.readline()
            self.assertIn(b"made" if path == "-" else b"", line)
            time.sleep(0.3)
            process.send_signal(signal.SIGINT)
            _, error = self.end(process)
            self.assertIn(process.returncode, (-signal.SIGINT, 128 + signal.SIGINT), error)
            if process.returncode > 0:  # it came to its end, and has taken its store back
                self.assertFalse(os.path.exists(os.path.join(self.folder, "n.db")))
            shutil.rmtree(os.path.join(self.folder, "n.db"), ignore_errors=True)

    def test_other_signals_change_nothing(self):
        process = self.start_at_pipe(HEADER + row(1), ignored=(signal.SIGHUP, signal.SIGUSR1))
        for number in (signal.SIGHUP, signal.SIGUSR1):  # as nohup has it
            process.send_signal(number)
        process.stdin.write(row(2).encode())
        process.stdin.flush()
        time.sleep(1.5)
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGTERM)
        _, error = self.end(process)
        self.assertEqual(process.returncode, 128 + signal.SIGTERM, error)
        self.assertEqual(self.events("p.db"), 2)

    def test_a_second_signal_ends_it_at_once(self):
        """The first one cannot: nobody reads the rejected rows."""
        path = os.path.join(self.folder, "bad.csv")
        with open(path, "w", encoding="utf-8") as file:
            file.write(HEADER + row(1) + "ann,login,never\n" * 20_000)
        process = self.start("ingest", "--db", "b.db", "--rejects", "-", path)
        filled = array.array("i", [0])

        def is_full():
            before = filled[0]
            time.sleep(0.3)
            fcntl.ioctl(process.stdout.fileno(), termios.FIONREAD, filled)
            return filled[0] > 30_000 and filled[0] == before

        wait_until(is_full)
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_S)
        self.assertEqual(process.returncode, -signal.SIGTERM)

    def test_a_generated_file_has_whole_rows(self):
        for name in ("e.csv", "e.csv.gz", "e.ndjson"):
            path = os.path.join(self.folder, name)
            process = self.start("generate", "--events", "1G", "--users", "1000", path)
            wait_until(lambda: os.path.exists(path) and os.path.getsize(path) > 100_000)
            process.send_signal(signal.SIGINT)
            _, error = self.end(process)
            self.assertEqual(process.returncode, 128 + signal.SIGINT, error)
            with (gzip.open if name.endswith(".gz") else open)(path, "rb") as file:
                text = file.read()
            self.assertTrue(text.endswith(b"\n"))
            events = text.count(b"\n") - (0 if "ndjson" in name else 1)
            self.assertEqual(error, f"rollcall: interrupted; {path} has the first {events:,} events, in whole rows\n")

    def test_commands_that_cannot_stop_half_way_say_what_is_left(self):
        """A signal at some moment of them, until one meets the work itself."""
        subprocess.run([PROGRAM, "generate", "--events", "300K", "e.csv"], cwd=self.folder, check=True)
        subprocess.run([PROGRAM, "ingest", "--db", "s.db", "e.csv"], cwd=self.folder, check=True,
                       capture_output=True)
        events = self.events("s.db")
        for arguments, words in (
                (("compact",), "nothing of the store is lost; its files may hold more than they need"),
                (("backup", "--to", "copy.db"),
                 "copy.db is not made; what is in copy.db.new is removed by the next copy to the same place"),
                (("forget", "--user", "7"),
                 "all of the users are forgotten, or none; the same command makes sure")):
            with self.subTest(arguments[0]):
                self.stop_in_the_middle(arguments, words)
                self.assertEqual(self.events("s.db"), events)

    def stop_in_the_middle(self, arguments, words):
        delay_s = 0.0
        for _ in range(200):
            process = self.start(*arguments, "--db", "s.db")
            time.sleep(delay_s)
            process.send_signal(signal.SIGTERM)
            _, error = self.end(process)
            if process.returncode == 128 + signal.SIGTERM:
                self.assertEqual(error, f"\nrollcall: interrupted; {words}\n")
                return
            self.assertIn(process.returncode, (0, -signal.SIGTERM), error)
            shutil.rmtree(os.path.join(self.folder, "copy.db"), ignore_errors=True)
            # Too early, or too late.
            delay_s = 0.0 if process.returncode == 0 else delay_s + 0.003
        self.fail("no signal met the work itself")

    def test_rejected_rows_begin_on_a_line_of_their_own(self):
        with open(os.path.join(self.folder, "bad.csv"), "w", encoding="utf-8") as file:
            file.write(HEADER + row(1) + "ann,login,never\n")
        rejects = os.path.join(self.folder, "rejects")
        with open(rejects, "w", encoding="utf-8") as file:
            file.write("file,line,column,reason,held,row\nbad.csv,3,1,\"cut o")
        process = self.start("ingest", "--db", "b.db", "--rejects", "rejects", "bad.csv")
        self.end(process)
        with open(rejects, encoding="utf-8") as file:
            lines = file.read().splitlines()
        self.assertEqual(len(lines), 3)
        self.assertTrue(lines[2].startswith("bad.csv,3,"))


def main():
    global PROGRAM
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rollcall", required=True)
    arguments, rest = parser.parse_known_args()
    PROGRAM = os.path.realpath(arguments.rollcall)
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
