#!/usr/bin/env python3
"""A machine without a time zone database, or with an older one, says so, and calls no store damaged.

    time_zone_database_test.py --rollcall PROGRAM

Skipped where a process may not have a view of its own of the file system.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import unittest

PROGRAM = None
ZONES = "/usr/share/zoneinfo"
SKIPPED = 77


def without(what, *command):
    """The command, run where `what` is an empty directory or file."""
    mount = f"mount -t tmpfs none {what}" if os.path.isdir(what) else f"mount --bind /dev/null {what}"
    return ["unshare", "--map-root-user", "--mount", "sh", "-c", f'{mount} && exec "$0" "$@"',
            *command]


class TimeZoneDatabase(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name
        with open(os.path.join(self.folder, "e.csv"), "w", encoding="utf-8") as file:
            file.write("user,event,time\nann,visit,2026-01-01 12:00:00\n")

    def run_program(self, *arguments, hidden=None):
        command = [PROGRAM, *arguments]
        return subprocess.run(without(hidden, *command) if hidden else command, cwd=self.folder,
                              capture_output=True, text=True, check=False, timeout=120)

    def expect_error(self, done, text):
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr, "rollcall: " + text + "\n")

    def test_the_database_is_missing(self):
        made = self.run_program("ingest", "--db", "s", "--timezone", "Europe/London", "e.csv")
        self.assertEqual(made.returncode, 0, made.stderr)
        missing = ('time zone: "Europe/London": this machine\'s time zone database cannot be read (it has no '
                   "zones); install tzdata")
        for command in (["active"], ["verify"], ["info"], ["compact"], ["ingest", "e.csv"]):
            with self.subTest(command=command):
                done = self.run_program(command[0], "--db", "s", *command[1:], hidden=ZONES)
                self.expect_error(done, "the store's " + missing + "; nothing in the store is damaged")
        done = self.run_program("init", "--db", "t", "--timezone", "Europe/London", hidden=ZONES)
        self.expect_error(done, missing + "\nhint: --timezone says where its days begin")
        self.assertFalse(os.path.exists(os.path.join(self.folder, "t")))
        # Copies need to know no zone, nor does a store in UTC.
        copied = self.run_program("backup", "--db", "s", "--to", "b", hidden=ZONES)
        self.assertEqual(copied.returncode, 0, copied.stderr)
        for command in (["init"], ["ingest", "e.csv"], ["active"]):
            done = self.run_program(command[0], "--db", "u", *command[1:], hidden=ZONES)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_zone_is_damaged_or_not_known_yet(self):
        made = self.run_program("ingest", "--db", "s", "--timezone", "Europe/London", "e.csv")
        self.assertEqual(made.returncode, 0, made.stderr)
        # Why it cannot be read is the C++ library's to say. A store that is damaged has a hint, on a second line.
        done = self.run_program("active", "--db", "s", hidden=f"{ZONES}/Europe/London")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.expect_error(self.run_program("active", "--db", "s", hidden=f"{ZONES}/Europe"),
                          'the store\'s time zone: unknown name: found "Europe/London", allowed: an IANA name such '
                          'as "UTC" or "Europe/London"; nothing in the store is damaged')
        verified = self.run_program("verify", "--db", "s")
        self.assertEqual(verified.returncode, 0, verified.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rollcall", required=True)
    options, rest = parser.parse_known_args()
    PROGRAM = os.path.abspath(options.rollcall)
    try:
        subprocess.run(without(ZONES, "true"), check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"skipped: no view of its own of the file system: {error}")
        sys.exit(SKIPPED)
    unittest.main(argv=[sys.argv[0], *rest])
