#!/usr/bin/env python3
"""The largest questions that are allowed, by the command line: the process stays within --memory, a tenth and 32 MiB.

    question_peak_test.py --rollcall PROGRAM
"""

import argparse
import datetime
import json
import os
import subprocess
import sys
import tempfile
import unittest

PROGRAM = None
MIB = 1 << 20

PARTS = [{"did": "visit", "last": f"{i % 3000 + 1}d"} for i in range(9999)]
VALUE_PARTS = [{"did": {"event": "visit", "where": {"channel": {"ne": f"c{i % 400}"}}}, "last": f"{i % 3000 + 1}d"}
               for i in range(5000)]
QUESTIONS = [
    {"kind": "retention", "periods": 1300},
    {"kind": "counts", "period": "hour"},
    {"kind": "stickiness", "window_days": 1000},
    {"kind": "active", "breakdown": "channel", "breakdown_limit": 10000},
    {"kind": "active", "window_days": 3000},
    {"kind": "segment", "segment": {"any": PARTS}},
    {"kind": "segment", "segment": {"all": VALUE_PARTS}},
    [{"kind": "retention", "periods": 400}] * 10,
    [{"kind": "active"}] * 10,
    [{"kind": "active", "last": "1d"}] * 1000,
]


class QuestionMemory(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = cls.temporary.name
        begin = datetime.date(2016, 1, 1)
        with open(os.path.join(cls.folder, "e.csv"), "w", encoding="utf-8") as file:
            file.write("user,event,time,channel\n")
            for i in range(14_600):
                day = begin + datetime.timedelta(days=i // 4)
                file.write(f"{i * 7919 % 5000},visit,{day} {i % 24:02}:00:00,c{i % 400}\n")
        subprocess.run([PROGRAM, "ingest", "--db", "s.db", "--dimension", "channel", "e.csv"], cwd=cls.folder,
                       check=True, capture_output=True)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def ask(self, question, memory):
        """The exit code, the answer, the error, and the peak in bytes."""
        with open(os.path.join(self.folder, "q.json"), "w", encoding="utf-8") as file:
            json.dump(question, file)
        answer_path, error_path = (os.path.join(self.folder, name) for name in ("answer", "error"))
        with open(answer_path, "wb") as answer, open(error_path, "wb") as error:
            process = subprocess.Popen([PROGRAM, "query", "--db", "s.db", "--memory", memory, "q.json"],
                                       cwd=self.folder, stdout=answer, stderr=error)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        with open(answer_path, encoding="utf-8") as answer, open(error_path, encoding="utf-8") as error:
            return process.returncode, answer.read(), error.read(), usage.ru_maxrss * 1024

    def rows(self, text):
        answers = json.loads(text)
        return [answer["rows"] for answer in (answers if isinstance(answers, list) else [answers])]

    def test_peaks(self):
        for memory, budget in (("64M", 64 * MIB), ("256M", 256 * MIB)):
            for question in QUESTIONS:
                code, answer, error, peak = self.ask(question, memory)
                shown = json.dumps(question)[:60]
                print(f"{memory}: {peak // MIB} MiB, exit code {code}: {shown}")
                if "ASAN_OPTIONS" not in os.environ and "TSAN_OPTIONS" not in os.environ:
                    self.assertLess(peak, budget * 1.1 + 32 * MIB, shown)
                if code == 0:
                    right = self.ask(question, "64G")
                    self.assertEqual(right[0], 0, right[2])
                    self.assertEqual(self.rows(answer), self.rows(right[1]), shown)
                else:
                    self.assertEqual(code, 1, error)
                    self.assertEqual(answer, "")
                    self.assertIn("more memory is needed than questions have", error)
                    self.assertIn("a larger --memory may help", error)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rollcall", required=True)
    options, rest = parser.parse_known_args()
    PROGRAM = os.path.abspath(options.rollcall)
    unittest.main(argv=[sys.argv[0], *rest])
