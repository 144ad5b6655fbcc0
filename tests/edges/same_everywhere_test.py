#!/usr/bin/env python3
"""Locale, TZ, umask and current directory change no number, of ingest and of questions.

    same_everywhere_test.py --rollcall PROGRAM
"""

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAM = None
QUESTIONS = [
    ["active"],
    ["active", "--period", "week", "--breakdown", "channel"],
    ["counts", "--period", "hour", "--last", "2d"],
    ["counts", "--period", "week"],
    ["retention", "--period", "week"],
    ["retention", "--measure", "value"],
    ["churn", "--gap-days", "3"],
    ["idle"],
    ["lifecycle"],
    ["stickiness"],
    ["segment", "count", "did(buy, 2026-03-29..) and first(visit)"],
]
FORMATS = ["table", "csv", "json"]


def locales():
    """Those with habits of their own, as far as they are installed, and names that are not."""
    installed = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False).stdout
    return ["C", "POSIX", "de_DE.UTF-8", "tr_TR.UTF-8", "xx_YY", *installed.split()[:20]]


class SameEverywhere(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = cls.temporary.name
        seed = int(os.environ.get("ROLLCALL_SEED", random.randrange(1 << 32)))
        print(f"ROLLCALL_SEED={seed}")
        draw = random.Random(seed)
        # The clocks of London change on the 29th; times of every form that a file may have.
        with open(os.path.join(cls.folder, "a.csv"), "w", encoding="utf-8") as file:
            file.write("user,event,time,value,channel\n")
            for _ in range(400):
                day, hour, minute = draw.randrange(20, 32), draw.randrange(24), draw.randrange(60)
                file.write(f"{draw.choice('ıIiİäa')}{draw.randrange(40)},{draw.choice(['buy', 'visit'])},"
                           f"2026-03-{day:02}T{hour:02}:{minute:02}:00,"
                           f"{draw.randrange(10**9) / 1000:.3f},{draw.choice(['ads', 'Mail', 'ÄÖ'])}\n")
        with open(os.path.join(cls.folder, "b.csv"), "w", encoding="utf-8") as file:
            file.write("user,event,time,value,channel\n")
            for _ in range(200):
                file.write(f"u{draw.randrange(40)},buy,{1_774_700_000 + draw.randrange(600_000)},"
                           f"{draw.randrange(2000)}.5,ads\n")
        with open(os.path.join(cls.folder, "c.csv"), "w", encoding="utf-8") as file:
            file.write("user,event,time,value,channel\n")
            for _ in range(200):
                file.write(f"u{draw.randrange(40)},visit,{draw.randrange(1, 29):02}/Mar/2026:"
                           f"{draw.randrange(24):02}:00:00 +0100,1.25,\n")

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def run_program(self, arguments, environment, umask, folder):
        done = subprocess.run([PROGRAM, *arguments], cwd=folder, env={**os.environ, **environment},
                              capture_output=True, check=False, timeout=120, umask=umask)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def answers(self, environment=None, umask=0o022, folder=None):
        """What a store made and asked there says."""
        folder = folder or self.folder
        environment = environment or {}
        store = os.path.relpath(os.path.join(self.folder, "store"), folder)
        shutil.rmtree(os.path.join(self.folder, "store"), ignore_errors=True)
        files = [os.path.relpath(os.path.join(self.folder, name), folder)
                 for name in ("a.csv", "b.csv", "c.csv")]
        self.run_program(["ingest", "--db", store, "--dimension", "channel", "--partitions", "4",
                          "--timezone", "Europe/London", *files],
                         environment, umask, folder)
        said = []
        for number, question in enumerate(QUESTIONS):
            arguments = [*question, "-o", FORMATS[number % len(FORMATS)]]
            at = 2 if question[0] == "segment" else 1
            arguments[at:at] = ["--db", store]
            text = self.run_program(arguments, environment, umask, folder).decode("utf-8")
            said.append(re.sub(r'"elapsed_u?s": ?[\d.e-]+', "", text))
        return said

    def test_all(self):
        expected = self.answers()
        self.assertTrue(all(expected))
        deep = os.path.join(self.folder, "deep", "er")
        os.makedirs(deep)
        places = [{"environment": {"LC_ALL": name, "LANG": name}} for name in locales()]
        places += [{"environment": {"TZ": zone}}
                   for zone in ("America/New_York", "Asia/Kathmandu", "right/UTC", ":nowhere",
                                "XYZ+11:30", "")]
        places += [{"environment": {"TZDIR": "/nowhere", "LANGUAGE": "de", "HOME": "/nowhere"}}]
        places += [{"umask": umask} for umask in (0, 0o077, 0o027)]
        places += [{"folder": folder} for folder in (deep, "/")]
        for place in places:
            with self.subTest(**place):
                self.assertEqual(self.answers(**place), expected)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rollcall", required=True)
    options, rest = parser.parse_known_args()
    PROGRAM = os.path.abspath(options.rollcall)
    unittest.main(argv=[sys.argv[0], *rest])
