#!/usr/bin/env python3
"""Every quotient of every kind is the number nearest to the exact one, in its shortest form: as
Python's fractions, of unbounded size, have it. Prints its seed; ROLLCALL_SEED takes another.

    quotients_test.py --rollcall PROGRAM
"""

import argparse
import csv
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import unittest
from fractions import Fraction

PROGRAM = None


class Quotients(unittest.TestCase):
    def setUp(self):
        seed = int(os.environ.get("ROLLCALL_SEED", "20260417"))
        print(f"ROLLCALL_SEED={seed}", flush=True)
        self.random = random.Random(seed)
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name

    def ask(self, *arguments, form="csv"):
        return subprocess.run([PROGRAM, *arguments, "-o", form], cwd=self.folder, check=True, capture_output=True,
                              text=True, timeout=120).stdout

    def rows(self, *arguments):
        return list(csv.DictReader(io.StringIO(self.ask(*arguments))))

    def make_store(self, decimals, largest):
        lines = ["user,event,time,value,channel"]
        for _ in range(400):
            amount = self.random.randint(-largest // 3, largest)
            text = f"{abs(amount):0{decimals + 1}}"
            value = ("-" if amount < 0 else "") + (text[:-decimals] + "." + text[-decimals:] if decimals else text)
            lines.append(f"u{self.random.randint(1, 60)},{self.random.choice(['buy', 'see'])},"
                         f"2026-01-{self.random.randint(1, 20):02},{value},{self.random.choice('abc')}")
        with open(os.path.join(self.folder, "e.csv"), "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        subprocess.run([PROGRAM, "ingest", "--db", f"{decimals}.db", "--value-decimals", str(decimals), "--dimension",
                        "channel", "e.csv"], cwd=self.folder, check=True, capture_output=True)
        return ["--db", f"{decimals}.db"]

    def expect(self, text, exact, where):
        if text == "" or exact is None:
            self.assertEqual((text, exact), ("", None), where)
            return 0
        # float() of a fraction, and repr of a float, are the nearest and the shortest.
        self.assertEqual(float(text), float(exact), where)
        shortest = repr(float(exact))
        self.assertEqual(text, shortest.removesuffix(".0"), where)
        return 1

    @staticmethod
    def over(amount, count, complete="true"):
        return Fraction(amount) / int(count) if int(count) and complete == "true" else None

    def test_all_kinds(self):
        for decimals, largest in ((2, 10_000), (6, 10 ** 12), (12, 9 * 10 ** 18), (0, 9 * 10 ** 18)):
            store = self.make_store(decimals, largest)
            checked = 0
            for options in ([], ["--breakdown", "channel"], ["--among", "days(*) >= 3"]):
                for row in self.rows("counts", *store, *options):
                    checked += self.expect(row["value_per_user"], self.over(row["value"], row["users"]), row)
                    if row["events"]:
                        checked += self.expect(row["events_per_user"], self.over(row["events"], row["users"]), row)
                for row in self.rows("churn", *store, "--gap-days", "3", *options):
                    checked += self.expect(row["rate"], self.over(row["churned"], row["base"], row["complete"]), row)
                for row in self.rows("active", *store, "--ratio-to-window", "7", *options):
                    self.assertLessEqual(float(row["ratio"] or 0), 1)
                for row in self.rows("lifecycle", *store, *options):
                    both = int(row["new"]) + int(row["resurrecting"])
                    checked += self.expect(row["quick_ratio"], self.over(both, row["dormant"], row["complete"]), row)
                idle = self.rows("idle", *store, *options)
                for row in idle:
                    total = sum(int(r["users"]) for r in idle if r.get("channel") == row.get("channel"))
                    checked += self.expect(row["share"], self.over(row["users"], total), row)
                for measure, what, quotient, whole in (
                        ("users", "users", "rate", "size"), ("value", "value", "value_per_user", "size"),
                        ("value", "value", "value_per_active", "users")):
                    for mode in ("on", "on_or_before"):
                        for summary in ("pooled", "mean"):
                            checked += self.check_retention(
                                self.rows("retention", *store, "--shape", "long", "--periods", "8", "--measure", measure,
                                          "--mode", mode, "--summary", summary, *options), what, quotient, whole, summary)
            self.assertGreater(checked, 1000)

    def check_retention(self, rows, what, quotient, whole, summary):
        checked = 0
        quotients = {}
        for row in rows:
            key = (row.get("channel"), row["period"])
            if row["cohort"]:
                exact = self.over(row[what], row[whole], row["complete"])
                if exact is not None:
                    quotients.setdefault(key, []).append(exact)
            elif summary == "pooled":
                exact = self.over(row[what], row[whole])
            else:
                known = quotients.get(key, [])
                exact = sum(known) / len(known) if known else None
            checked += self.expect(row[quotient], exact, row)
        return checked

    def test_every_form_has_the_same_number(self):
        store = self.make_store(2, 10_000)
        texts = [row["value_per_user"] for row in self.rows("counts", *store)]
        lines = self.ask("counts", *store, form="jsonl").splitlines()
        whole = self.ask("counts", *store, form="json")
        for text, line, row in zip(texts, lines, json.loads(whole)["rows"], strict=True):
            if not text:
                continue
            shown = text if "." in text or "e" in text else text + ".0"
            self.assertIn(f'"value_per_user":{shown},', line)
            self.assertIn(f", {shown}, true]", whole)
            self.assertEqual(row[5], float(text))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rollcall", required=True)
    options, rest = parser.parse_known_args()
    PROGRAM = os.path.abspath(options.rollcall)
    unittest.main(argv=[sys.argv[0], *rest])
