#!/usr/bin/env python3
"""Ten campaigns with long lists within a small budget of memory, and what a change of state writes.

    campaign_lists_test.py --rollcall PROGRAM

ROLLCALL_CAMPAIGN_USERS is how many users each campaign has. From a million on, the budget is 256M;
below, it is the least that there is.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

PROGRAM = None
USERS = int(os.environ.get("ROLLCALL_CAMPAIGN_USERS", "140000"))
MEMORY = "256M" if USERS >= 1_000_000 else "32M"
# The program itself, its libraries and RocksDB's tables are no part of the budget.
RESIDENT_BYTES_MAX = (256 if USERS >= 1_000_000 else 160) << 20
CAMPAIGNS = 10
# They are for a commit of definitions, with the files of RocksDB that each opening writes, and for a
# record of the log of alerts.
COMMIT_BYTES_MAX = 64 << 10
CHANGE_BYTES_MAX = 4 << 10


class Lists(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = self.temporary.name
        self.environment = {name: value for name, value in os.environ.items() if name != "ROLLCALL_DB"}
        with open(self.path("e.csv"), "w", encoding="utf-8") as file:
            file.write("user,event,time,value\n")
            for user in range(USERS):
                # Ids lie apart, as those of a shop do; one user in ten has paid.
                number = user * 2_654_435_761 % (1 << 40)
                file.write(f"{number},{'buy' if user % 10 == 0 else 'login'},2026-01-01 10:00:00,1\n")
            file.write("7,login,2026-01-09 10:00:00,1\n")

    def tearDown(self):
        self.temporary.cleanup()

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, value):
        with open(self.path(name), "w", encoding="utf-8") as file:
            json.dump(value, file)

    def run_program(self, *arguments):
        return subprocess.run([PROGRAM, *arguments], cwd=self.folder, env=self.environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True).stdout

    def measured(self, *arguments, code=0):
        """Runs it without its output, and returns how many bytes it wrote, and how much memory it had."""
        process = subprocess.Popen([PROGRAM, *arguments], cwd=self.folder, env=self.environment,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        # What it wrote is known as long as nobody has asked for its status.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        with open(f"/proc/{process.pid}/io", encoding="utf-8") as file:
            written = int(dict(line.split(": ") for line in file)["wchar"])
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, code)
        return written, usage.ru_maxrss << 10

    def test_ten_campaigns_within_a_small_budget(self):
        store = ("--db", "s.db", "--memory", MEMORY)
        self.measured("ingest", *store, "e.csv")
        self.write("c.json", {"audience": "did(*, 2026-01-01)", "holdout": 0.2, "cost_per_contact": "0.05",
                              "classes": [{"name": "payers", "segment": "did(buy)"}], "horizons": [1]})
        most = 0
        for number in range(CAMPAIGNS):
            _, resident = self.measured("campaign", "create", *store, "--name", f"c{number}", "c.json")
            most = max(most, resident)
        for number in range(CAMPAIGNS):
            _, resident = self.measured("campaign", "report", *store, f"c{number}")
            most = max(most, resident)
        report = json.loads(self.run_program("campaign", "report", *store, "c9", "-o", "json"))
        names = [column["name"] for column in report["columns"]]
        rows = [dict(zip(names, row)) for row in report["rows"]]
        users = {(row["class"], row["arm"]): row["users"] for row in rows}
        self.assertEqual(users[None, "contacted"] + users[None, "holdout"], USERS)
        self.assertEqual(users["payers", "contacted"] + users["payers", "holdout"], (USERS + 9) // 10)
        self.assertAlmostEqual(users[None, "holdout"] / USERS, 0.2, delta=0.02)
        # The list is as long as the count says, in pages that nobody sees.
        list_users = ("campaign", "users", *store, "c9", "--arm", "contacted", "-o")
        ids = self.run_program(*list_users, "csv").splitlines()[1:]
        self.assertEqual(len(ids), users[None, "contacted"])
        self.assertEqual(len(set(ids)), len(ids))
        heads = {"jsonl": 0, "table": 1, "markdown": 2}
        for form, lines_before in heads.items():
            lines = self.run_program(*list_users, form).splitlines()[lines_before:]
            self.assertEqual([re.search("[0-9]+", line)[0] for line in lines], ids, form)
        whole = json.loads(self.run_program(*list_users, "json"))
        self.assertEqual(whole["rows"], [[user] for user in ids])
        self.assertNotIn("next", whole)
        self.assertEqual(whole["definition"]["members"], {"where": {}, "of": "users"})
        for form in ("table", "json", "markdown"):
            _, resident = self.measured(*list_users, form)
            most = max(most, resident)
        print(f"{CAMPAIGNS} campaigns of {USERS} users at {MEMORY}: {most >> 20} MiB resident")
        self.assertLess(most, RESIDENT_BYTES_MAX)

        # Otherwise, RocksDB may choose this moment to move the lists from its log to a table, or from
        # one table to another.
        self.run_program("compact", *store)
        ended, _ = self.measured("campaign", "end", *store, "c0")
        self.write("a.json", {"query": {"kind": "active"}, "column": "users", "condition": {"below": 5}})
        created, _ = self.measured("alert", "create", *store, "low", "a.json")
        changed, _ = self.measured("alert", "check", *store, code=3)
        judged, _ = self.measured("alert", "check", *store, code=3)
        print(f"written: {ended} bytes to end a campaign, {created} to keep an alert, {changed} when it "
              f"fires, {judged} when it stays so")
        self.assertLess(ended, COMMIT_BYTES_MAX)
        self.assertLess(created, COMMIT_BYTES_MAX)
        self.assertLess(changed, CHANGE_BYTES_MAX)
        self.assertLess(judged, changed)


def main():
    global PROGRAM  # pylint: disable=global-statement
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rollcall", required=True, help="the program under test")
    arguments, rest = parser.parse_known_args()
    PROGRAM = os.path.abspath(arguments.rollcall)
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
