#!/usr/bin/env python3
"""Ids, names and paths with control characters, marks of direction and characters without width: no
form of output and no message gives them to a terminal; files and pipes get their bytes as they are.

    terminal_text_test.py --rollcall PROGRAM
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import terminal_test  # pylint: disable=wrong-import-position

PROGRAM = None
UNSEEN = ["\x01", "\t", "\x1b]0;title\x07", "\x1b[31m", "\x7f", "\x85", "\x9b2J", "\u00ad", "\u061c", "\u200b",
          "\u200e", "\u200f", "\u2028", "\u202a", "\u202e", "\u2060", "\u2066", "\u2069", "\ufeff", "\U000e0041"]
# What a terminal must not get; line ends and our own colours are taken out before.
HARMFUL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
                     "\U000e0000-\U000e00ff]")
FORMS = ("table", "csv", "json", "jsonl", "markdown")


def seen_of(text):
    """Without the escapes that we draw with: colours, and the line that shows progress."""
    return re.sub("\x1b\\[(0|2|38;5;\\d+|48;5;\\d+;38;5;\\d+)m|\r|\x1b\\[K", "", text)


class TerminalText(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = cls.temporary.name
        terminal_test.PROGRAM = PROGRAM
        cls.names = [f"a{unseen}b" for unseen in UNSEEN]
        with open(os.path.join(cls.folder, "e.csv"), "w", encoding="utf-8", newline="") as file:
            file.write("user,event,time,channel\n")
            for name in cls.names:
                file.write(f'"{name}","{name}",2026-01-01,"{name}"\n"{name}","{name}",2026-01-02,"{name}"\n')
        cls.pipe(cls, "ingest", "--db", "e.db", "--dimension", "channel", "e.csv", check=True)
        for i, name in enumerate(cls.names):
            cls.pipe(cls, "segment", "save", "--db", "e.db", f"{i}{name}", f'did("{name}")', check=True)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def pipe(self, *arguments, check=False):
        return subprocess.run([PROGRAM, *arguments], cwd=self.folder, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=check, timeout=60)

    def expect_harmless(self, *arguments, **environment):
        seen = terminal_test.run_on_terminal(list(arguments), self.folder, columns=500, **environment)
        self.assertNotEqual(seen, "")
        found = HARMFUL.findall(seen_of(seen))
        self.assertEqual(found, [], f"{arguments}: {seen!r}")
        return seen

    def questions(self):
        yield ["segment", "count", "--db", "e.db", "did(*)", "--members", "users"]
        yield ["segment", "count", "--db", "e.db", "did(*)", "--breakdown", "channel"]
        yield ["active", "--db", "e.db", "--breakdown", "channel", "--breakdown-limit", "100"]
        yield ["active", "--db", "e.db", "--breakdown", "channel", "--breakdown-limit", "100", "--shape", "wide"]
        yield ["retention", "--db", "e.db", "--breakdown", "channel", "--breakdown-limit", "100", "--shape", "wide"]

    def test_answers(self):
        for question in self.questions():
            for form in FORMS:
                with self.subTest(question=question, form=form):
                    seen = self.expect_harmless(*question, "-o", form)
                    self.assertIn("\\u202e", seen)
                    self.expect_harmless(*question, "-o", form, "--color", "never", "--chart", "never", TERM="dumb")

    def test_reports(self):
        for arguments in (["info", "--db", "e.db"], ["info", "--db", "e.db", "-o", "json"],
                          ["segment", "list", "--db", "e.db"], ["segment", "show", "--db", "e.db", f"14{self.names[14]}"],
                          ["explain", "--db", "e.db", f'{{"kind": "active", "event": "a{chr(0x202e)}b"}}'],
                          ["active", "--explain", "--event", "a\u202eb\x1b[31m"]):
            with self.subTest(arguments=arguments):
                self.expect_harmless(*arguments)

    def test_what_is_kept_by_name(self):
        """Alerts and campaigns with such names, series, classes and severities."""
        name = "=x\"><b>\u202e\x1b[31m\r\nX-Evil: 1\u200b\x9b"
        with open(os.path.join(self.folder, "a.json"), "w", encoding="utf-8") as file:
            json.dump({"query": {"kind": "active", "breakdown": "channel", "breakdown_limit": 100}, "column": "users",
                       "condition": {"below": 5}, "severity": name, "notify": {"command": ["/bin/false", name]}}, file)
        with open(os.path.join(self.folder, "c.json"), "w", encoding="utf-8") as file:
            json.dump({"name": name, "audience": "did(*)", "classes": [{"name": name, "segment": "did(*)"}]}, file)
        with open(os.path.join(self.folder, "w.json"), "w", encoding="utf-8") as file:
            json.dump({"name": name, "audience": f"did({name})"}, file)
        for arguments in (["alert", "create", name, "a.json"], ["alert", "check", "--allow-commands"],
                          ["alert", "check"], ["alert", "check", "-o", "json"], ["alert", "list"],
                          ["alert", "list", "-o", "json"], ["alert", "history", name],
                          ["alert", "history", name, "-o", "json"], ["alert", "show", name], ["alert", "test", name],
                          ["alert", "test", name, "--allow-commands"], ["alert", "breaker", name + "y"],
                          ["alert", "create", name, "a.json"], ["campaign", "create", "c.json"],
                          ["campaign", "create", "c.json"], ["campaign", "create", "w.json"], ["campaign", "list"],
                          ["campaign", "show", name], ["campaign", "report", name],
                          ["campaign", "report", name, "-o", "csv"], ["campaign", "users", name + "y"],
                          *(["campaign", "users", name, "--arm", "contacted", "-o", form] for form in FORMS),
                          ["saved", "list"], ["saved", "export"], ["saved", "show", "alert", name],
                          ["saved", "add", "alert", name, "c.json"], ["report"], ["report", "--users", "--title", name]):
            with self.subTest(arguments=arguments):
                seen = terminal_test.run_on_terminal([*arguments, "--db", "e.db"], self.folder, columns=500)
                self.assertEqual(HARMFUL.findall(seen_of(seen)), [], repr(seen))
        self.assertNotIn(name, os.listdir(self.folder))

    def test_errors_and_notes(self):
        name = "x\u202e\x1b[31m\u200b\x9b"
        with open(os.path.join(self.folder, name + ".csv"), "w", encoding="utf-8") as file:
            file.write(f"user,event,time,{name}\nann,{name},{name},1\nann,b,2026-01-01,2\n")
        for arguments in (["active", "--db", "e.db", "--event", name], ["active", "--db", name],
                          ["activ" + name], ["active", "--db", "e.db", "--" + name],
                          ["active", "--db", "e.db", "--period", name],
                          ["segment", "count", "--db", "e.db", f"did({name}"],
                          ["query", "--db", "e.db", f'{{"kind": "{name.replace(chr(27), "")}"}}'],
                          ["ingest", "--db", "n.db", name + ".csv"],
                          ["ingest", "--db", "n2.db", "--rejects", "-", name + ".csv"],
                          ["ingest", "--db", "n3.db", "-o", "json", name + ".csv"],
                          ["init", "--db", name + ".db", "--dimension", name], ["ingest", "--db", "n.db", name]):
            with self.subTest(arguments=arguments):
                self.expect_harmless(*arguments)

    def test_pipes_get_bytes(self):
        for question in self.questions():
            for form in ("csv", "json", "jsonl"):
                text = self.pipe(*question, "-o", form, check=True).stdout.decode()
                for name in ("a\u202eb", "a\u200bb", "a\x7fb", "a\u009b2Jb"):
                    self.assertIn(name, text, f"{question} {form}")
        text = self.pipe("segment", "count", "--db", "e.db", "did(*)", "--members", "users", "-o", "csv").stdout
        self.assertEqual(sorted(text.decode().split("\n")[1:-1]), sorted(self.names))

    def test_tables_in_pipes_have_a_line_a_row(self):
        text = self.pipe("segment", "count", "--db", "e.db", "did(*)", "--members", "users").stdout.decode()
        self.assertIn("a\u202eb", text)
        self.assertNotIn("\x1b", text)

    def test_what_is_seen_is_shown(self):
        """Letters, marks above them, other scripts and emoji with their selectors pass."""
        with open(os.path.join(self.folder, "plain.csv"), "w", encoding="utf-8") as file:
            file.write("user,event,time\n")
            for user in ("Zoë", "ज़ोया", "שרה", "李", "👍🏽", "❤\ufe0f", "e\u0301"):
                file.write(f"{user},login,2026-01-01\n")
        self.pipe("ingest", "--db", "plain.db", "plain.csv", check=True)
        seen = terminal_test.run_on_terminal(
            ["segment", "count", "--db", "plain.db", "did(*)", "--members", "users", "-o", "csv"], self.folder)
        self.assertNotIn("\\", seen)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rollcall", required=True)
    options, rest = parser.parse_known_args()
    PROGRAM = os.path.abspath(options.rollcall)
    unittest.main(argv=[sys.argv[0], *rest])
