#!/usr/bin/env python3
"""A generated stream, in every form, gives the answers it was counted to have.

    generate_test.py --rollcall PROGRAM
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import unittest

PROGRAM = None
STREAM = ["--seed", "11", "--events", "60K", "--users", "4K", "--days", "20"]


class Generate(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = cls.temporary.name

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def run_program(self, *arguments, **options):
        done = subprocess.run([PROGRAM, *arguments], cwd=self.folder, capture_output=True, check=False,
                              **options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def ask(self, *arguments):
        return json.loads(self.run_program(*arguments, "-o", "json"))

    def check(self, db, truth):
        info = self.ask("info", "--db", db)
        self.assertEqual((info["events"], info["users"]), (truth["events"], truth["users"]))
        # Known for good: the stream's last event may be late for its last day.
        last = truth["days"][-1]["date"]
        active = self.ask("active", "--db", db, "--as-of", last)["rows"]
        self.assertEqual({row[0]: row[1] for row in active},
                         {day["date"]: day["users"] for day in truth["days"]})
        cells = {}
        for row in self.ask("retention", "--db", db, "--as-of", last, "--periods", "7")["rows"]:
            if row[0] is not None:
                cells[row[0], row[2]] = row
        for day in truth["days"]:
            self.assertEqual(cells[day["date"], 0][1], day["new_users"])
            for period, name in ((1, "back_after_1"), (7, "back_after_7")):
                if day[name] is not None:
                    self.assertEqual(cells[day["date"], period][3], day[name], (day, period))

    def test_every_form_holds_the_truth(self):
        stores = 0
        for ids in ("dense", "scattered", "string"):
            for name in ("g.csv", "g.ndjson", "g.rollcall", "g.csv.gz", "g.ndjson.zst"):
                with self.subTest(ids=ids, name=name):
                    self.run_program("generate", *STREAM, "--ids", ids, "--truth", "t.json", name)
                    with open(os.path.join(self.folder, "t.json"), encoding="utf-8") as file:
                        truth = json.load(file)
                    self.assertEqual((truth["events"], truth["users"]), (60_000, 4_000))
                    stores += 1
                    self.run_program("ingest", "--db", f"{stores}.db", "--dimension", "channel", name)
                    self.check(f"{stores}.db", truth)

    def test_same_seed_same_bytes(self):
        one, same, other = (self.run_program("generate", *STREAM[2:], "--seed", seed)
                            for seed in ("1", "1", "2"))
        self.assertEqual(one, same)
        self.assertNotEqual(one, other)

    def test_standard_output_is_csv(self):
        lines = self.run_program("generate", "--events", "5", "--users", "2").decode().splitlines()
        self.assertEqual(lines[0], "user_id,event,time,value,country,platform,channel")
        self.assertEqual(len(lines), 6)


def main():
    global PROGRAM
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rollcall", required=True)
    arguments, rest = parser.parse_known_args()
    PROGRAM = os.path.realpath(arguments.rollcall)
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
