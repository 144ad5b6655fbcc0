#!/usr/bin/env python3
"""A megabyte wherever something may be wrong: the message says what, and stays short.

    long_input_test.py --rollcall PROGRAM
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import unittest

PROGRAM = None
MESSAGE_BYTES_MAX = 2500
LONG = "x" * 1_000_000
WIDE = "\u00e9" * 50_000  # cut within a character it would be none
FLAG = 100_000  # of an argument, of which Linux takes 128 KiB


class LongInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = cls.temporary.name
        with open(os.path.join(cls.folder, "e.csv"), "w", encoding="utf-8") as file:
            file.write("user,event,time,channel\nann,login,2026-01-01,ads\n")
        subprocess.run([PROGRAM, "ingest", "--db", "e.db", "--dimension", "channel", "e.csv"], cwd=cls.folder,
                       check=True, capture_output=True)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def expect_short(self, arguments, text=None):
        done = subprocess.run([PROGRAM, *arguments], cwd=self.folder, input=text, capture_output=True, timeout=120,
                              check=False)
        said = done.stderr.decode()  # UTF-8, whatever was cut
        self.assertIn(done.returncode, (1, 2), said[:500])
        self.assertLess(len(done.stderr), MESSAGE_BYTES_MAX, said[:500])
        self.assertGreater(len(said), 20)
        self.assertNotIn("\n\n", said)
        return said

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)
        return name

    def test_questions(self):
        for text in (LONG, WIDE, '"' * 50_000):
            segments = [f"did({text})", text, f"did(login[{text}=1])", f"did(login, {text})", f"segment({text})",
                        f'segment("{text}', f"days(login) >= {text}", f"did(login) {text}",
                        {"did": text}, {"segment": text}, {"in_file": text}, {text: 1}, {"not": text},
                        {"did": "login", "days": {text: 3}}, {"all": [text]}, {"did": "login", "last": text}]
            questions = [{"kind": text}, {"kind": [text]}, {text: 1}, text, [text],
                         {"kind": "active", text: 1}, {"kind": "active", "event": text},
                         {"kind": "active", "event": [text, ""]}, {"kind": "active", "event": {text: 1}},
                         {"kind": "active", "event": {"not_event": text}}, {"kind": "active", "period": text},
                         {"kind": "active", "period": [text]}, {"kind": "active", "from": text},
                         {"kind": "active", "last": text}, {"kind": "active", "as_of": text},
                         {"kind": "active", "where": text}, {"kind": "active", "where": {text: "1"}},
                         {"kind": "active", "where": {text: {"ne": 1}}}, {"kind": "active", "where": {text: {text: 1}}},
                         {"kind": "active", "where": {"channel": {"contains": [text]}}},
                         {"kind": "active", "where": {"channel": "a", text: "b"}},
                         {"kind": "active", "breakdown": text}, {"kind": "active", "breakdown": [text]},
                         {"kind": "active", "window_days": text}, {"kind": "idle", "edges": text},
                         {"kind": "idle", "edges": [text]}, {"kind": "idle", "edges": [3] * 100_000},
                         {"kind": "retention", "brackets": [text]}, {"kind": "churn", "rule": {text: 1}},
                         {"kind": "churn", "rule": {"period": text}}, {"kind": "churn", "rule": text},
                         {"kind": "active", "members": text}, {"kind": "active", "members": {text: 1}},
                         {"kind": "active", "members": {"where": {text: "1"}}},
                         {"kind": "active", "members": {"where": {"date": text}}},
                         {"kind": "active", "members": {"where": {"date": [text]}}},
                         {"kind": "active", "members": {"where": {"date": "2026-01-01"}, "of": text}},
                         {"kind": "active", "breakdown": "channel",
                          "members": {"where": {"date": "2026-01-01", "channel": text}}}]
            questions += [{"kind": "segment", "segment": segment} for segment in segments]
            questions += [{"kind": "active", "among": segment} for segment in segments]
            for question in questions:
                with self.subTest(question=str(question)[:100]):
                    self.expect_short(["query", "--db", "e.db", "-"], json.dumps(question).encode())

    def test_text_that_is_no_json(self):
        for text in (LONG, '{"kind": ' + LONG, '{"kind": "' + LONG, '{"kind": "' + LONG + "\t\"}",
                     "1" * 1_000_000 + ".", '{"' + LONG + '": 1, "' + LONG + '": 2}', '{"kind": "' + WIDE + "\t\"}",
                     "[" * 1_000_000):
            with self.subTest(text=text[:30]):
                self.expect_short(["query", "--db", "e.db", "-"], text.encode())

    def test_files(self):
        named = ["ingest", "--user", "user", "--time", "time", "--event", "event"]
        many = ",".join(f"column_{i:05}" for i in range(20_000))
        cases = {"header.csv": f"{LONG[:60_000]},event,time\nann,login,2026-01-01\n",
                 "wide.csv": f"{many}\n{many}\n", "line.csv": LONG + "\n" + LONG + "\n",
                 "user.csv": "user,event,time\n" + "\n".join(f"ann,login,{'9' * 50_000}" for _ in range(3)) + "\n",
                 "bad.ndjson": "[" + LONG + "\n"}
        for name, text in cases.items():
            self.write(name, text)
            with self.subTest(name=name):
                self.expect_short([*named, "--db", "new.db", name])
                self.expect_short([*named, "--db", "strict.db", "--strict", name])
        self.write("users.csv", LONG + "\nann\n")
        self.write("quoted.csv", 'user\n"ann"' + LONG + "\n")
        subprocess.run([PROGRAM, "init", "--db", "numbers.db", "--user-type", "integer"], cwd=self.folder, check=True,
                       capture_output=True)
        self.write("ids.txt", LONG + "\n")
        for database, name in (("e.db", "users.csv"), ("e.db", "quoted.csv"), ("numbers.db", "ids.txt")):
            with self.subTest(name=name):
                self.expect_short(["segment", "count", "--db", database, f"in_file({name})"])
                self.expect_short(["segment", "save", "--db", database, "s", "--file", name])
                self.expect_short(["forget", "--db", database, "--file", name])

    def test_arguments(self):
        text = LONG[:FLAG]
        for arguments in ([text], ["--" + text], ["active", text], ["active", "--" + text, "--" + text[1:]],
                          ["active", "--db", text], ["query", "--db", "e.db", text], ["ingest", "--db", "e.db", text],
                          ["segment", text], ["completions", text], ["active", "--explain", "--period", text],
                          ["active", "--explain", "--where", "=" + text], ["active", "--explain", "--event", "{" + text],
                          ["active", "--explain", "--members", "users", "--at", text],
                          ["active", "--explain", "--window-days", text], ["active", "--explain", "--from", text],
                          ["idle", "--explain", "--edges", text], ["segment", "count", "--explain", "did(" + text],
                          ["segment", "show", "--db", "e.db", text], ["segment", "drop", "--db", "e.db", text],
                          ["ingest", "--db", "e.db", "--memory", text, "e.csv"],
                          ["ingest", "--db", "e.db", "--delimiter", text, "e.csv"],
                          ["ingest", "--db", "e.db", "--user", text, "e.csv"],
                          ["ingest", "--db", "e.db", "--dimension", text, "e.csv"],
                          ["ingest", "--db", "e.db", "--timezone", text, "e.csv"],
                          ["ingest", "--db", "e.db", "--rejects", text, "e.csv"],
                          ["init", "--db", "z.db", "--timezone", text],
                          ["init", "--db", "z.db", "--dimension", text, "--dimension", text],
                          ["generate", "--first-day", text], ["generate", text], ["backup", "--db", "e.db", "--to", text],
                          ["restore", "--db", "e.db", "--from", text],
                          ["retention", "--db", "e.db", "--cells", text],
                          ["retention", "--db", "e.db", "--shape", "long", "--cells", text]):
            with self.subTest(arguments=[a[:20] for a in arguments]):
                self.expect_short(arguments)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rollcall", required=True)
    options, rest = parser.parse_known_args()
    PROGRAM = os.path.abspath(options.rollcall)
    unittest.main(argv=[sys.argv[0], *rest])
