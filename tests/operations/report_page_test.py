#!/usr/bin/env python3
"""The page that `rollcall report` writes: every tag is closed, every picture is named, and the file is replaced whole.

    report_page_test.py --rollcall PROGRAM
"""
import html.parser
import json
import os
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.abspath(sys.argv[sys.argv.index("--rollcall") + 1])
VOID = {"meta", "!doctype", "rect", "line", "path", "circle"}


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.open, self.faults, self.tags, self.titles = [], [], [], 0
        self.feed(text)
        self.close()
        self.faults += [f"{tag} is not closed" for tag in self.open]

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "title" and self.open and self.open[-1] == "svg":
            self.titles += 1
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"{tag} is closed at {self.getpos()}")


class Report(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name
        self.run_program("generate", "--seed", "3", "--events", "20000", "--users", "3000", "--days", "60", "e.csv")
        self.run_program("ingest", "--db", "d", "e.csv")

    def run_program(self, *arguments, code=0):
        done = subprocess.run([PROGRAM, *arguments], cwd=self.folder, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def path(self, name):
        return os.path.join(self.folder, name)

    def test_page_is_sound(self):
        for arguments in ([], ["--lang", "zh"], ["--users"]):
            page = Page(self.run_program("report", "--db", "d", *arguments).stdout)
            self.assertEqual(page.faults, [])
            pictures = [attrs for tag, attrs in page.tags if tag == "svg"]
            self.assertGreaterEqual(len(pictures), 6)
            self.assertEqual(page.titles, len(pictures), "a picture without a name")
            self.assertTrue(all(attrs.get("role") == "img" for attrs in pictures))
            self.assertFalse({tag for tag, _ in page.tags} & {"script", "link", "img", "iframe", "form", "object"})
            self.assertFalse([attrs for _, attrs in page.tags if any(name.startswith("on") for name in attrs)])

    def test_campaigns_and_alerts_are_in_it(self):
        with open(self.path("a.json"), "w", encoding="utf-8") as file:
            json.dump({"query": {"kind": "active", "last": "3d"}, "column": "users", "condition": {"below": 10**6},
                       "notify": {"webhook": {"url": "http://127.0.0.1:9/of-nobody"}}}, file)
        with open(self.path("c.json"), "w", encoding="utf-8") as file:
            json.dump({"name": "<i>back</i>", "audience": "not did(*, 7d)", "holdout": 0.5}, file)
        self.run_program("campaign", "create", "--db", "d", "c.json")
        self.run_program("alert", "create", "--db", "d", "few", "a.json")
        self.assertIn("not judged yet", self.run_program("report", "--db", "d").stdout)
        subprocess.run([PROGRAM, "alert", "check", "--db", "d"], cwd=self.folder, capture_output=True, check=False)
        text = self.run_program("report", "--db", "d").stdout
        self.assertEqual(Page(text).faults, [])
        self.assertIn("<figcaption>&lt;i&gt;back&lt;/i&gt;</figcaption>", text)
        self.assertIn('<th scope="row">few</th><td>-</td><td>firing</td>', text)
        self.assertNotIn("of-nobody", text, "where an alert goes is no business of the reader's")

    def test_file_is_replaced_whole(self):
        with open(self.path("r.html"), "w", encoding="utf-8") as file:
            file.write("of yesterday")
        self.run_program("report", "--db", "d", "-o", "r.html")
        with open(self.path("r.html"), encoding="utf-8") as file:
            self.assertEqual(file.read(), self.run_program("report", "--db", "d").stdout)
        self.assertEqual(sorted(os.listdir(self.folder)), ["d", "e.csv", "r.html"])

    def test_failure_leaves_what_was_there(self):
        with open(self.path("r.html"), "w", encoding="utf-8") as file:
            file.write("of yesterday")
        failed = self.run_program("report", "--db", "none", "-o", "r.html", code=1)
        self.assertEqual(failed.stderr, "rollcall: none: no rollcall store is there (rollcall ingest, or init, makes one)\n")
        failed = self.run_program("report", "--db", "d", "-o", "missing/r.html", code=1)
        self.assertEqual(failed.stderr, "rollcall: missing/r.html: missing/.part.r.html: No such file or directory\n")
        failed = self.run_program("report", "--db", "d", "-o", "d/r.html", code=1)
        place = os.path.realpath(self.path("d"))
        self.assertEqual(failed.stderr, f"rollcall: d/r.html: lies in {place}, a store (allowed: a file elsewhere)\n")
        with open(self.path("r.html"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "of yesterday")
        self.assertEqual(sorted(os.listdir(self.folder)), ["d", "e.csv", "r.html"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
