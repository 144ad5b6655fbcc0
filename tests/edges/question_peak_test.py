#!/usr/bin/env python3
"""The largest questions that are allowed, by the command line: the process stays within --memory, a tenth and 32 MiB.

    question_peak_test.py --rollcall PROGRAM

ROLLCALL_MEMORY_BUDGETS=64M,256M chooses the budgets; by default it is 64M alone.
"""

import argparse
import datetime
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import zlib

PROGRAM = None
MIB = 1 << 20
BUDGETS = [(name, int(name.removesuffix("M")) * MIB)
           for name in os.environ.get("ROLLCALL_MEMORY_BUDGETS", "64M").split(",")]

PARTS = [{"did": "visit", "last": f"{i % 3000 + 1}d"} for i in range(9999)]
VALUE_PARTS = [{"did": {"event": "visit", "where": {"channel": {"ne": f"c{i % 400}"}}}, "last": f"{i % 3000 + 1}d"}
               for i in range(5000)]
def rle_bomb():
    """250 MiB of empty lines as a frame of zstd, of which 128 KiB take four bytes."""
    block, count = 128 << 10, 2000
    yield b"\x28\xb5\x2f\xfd\x00" + bytes([(17 - 10) << 3])
    for i in range(count):
        yield ((block << 3) | 1 << 1 | (i == count - 1)).to_bytes(3, "little") + b"\n"


def gzip_bomb():
    packer = zlib.compressobj(wbits=31)
    for _ in range(250):
        yield packer.compress(b"\n" * MIB)
    yield packer.flush()


def lines(form, users, before=b"", between=b"", after=b""):
    yield before
    for i in range(users):
        yield (between if i else b"") + form % i
    yield after


def answer(users):
    return lines(b'["%d"]', users, b'{"columns": [{"name": "user", "type": "string"}], "rows": [', b",", b"]}")


def repeated(text, before=b"", after=b""):
    yield before
    for _ in range(64):
        yield text * (MIB // len(text))
    yield after


# Parts of them, one by one: what this process has had itself counts as its children's.
LISTS = {
    "large.txt": lambda: lines(b"%d\n", 3_000_000),
    "bomb.zst": rle_bomb,
    "bomb.gz": gzip_bomb,
    "large.json": lambda: answer(1_000_000),
    "large.jsonl": lambda: lines(b'{"user":"%d"}\n', 1_000_000),
    "large.csv": lambda: lines(b'1,"%d"\n', 1_000_000, b"n,user\n"),
    "fields.csv": lambda: repeated(b",", b"user"),
    "deep.json": lambda: repeated(b"["),
    "text.json": lambda: repeated(b"x", b'{"user": "', b'"}'),
    "small.json": lambda: answer(90_000),
    "small.txt": lambda: lines(b"%d\n", 200_000),
}

NO_LISTS = ("fields.csv", "deep.json", "text.json")  # each refused for what it holds, if it is read at all
MORE_MEMORY = "hint: a larger --memory may help"

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
    *({"kind": "segment", "segment": {"in_file": name}} for name in LISTS),
    {"kind": "active", "among": {"any": [{"in_file": name} for name in LISTS]}},
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
        for name, parts in LISTS.items():
            with open(os.path.join(cls.folder, name), "wb") as file:
                file.writelines(parts())
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
        for question in QUESTIONS:
            right = None  # asked once for all budgets, if one has room for the question
            for memory, budget in BUDGETS:
                code, answer, error, peak = self.ask(question, memory)
                shown = json.dumps(question)[:60]
                print(f"{memory}: {peak // MIB} MiB, exit code {code}: {shown}")
                if "ASAN_OPTIONS" not in os.environ and "TSAN_OPTIONS" not in os.environ:
                    self.assertLess(peak, budget * 1.1 + 32 * MIB, shown)
                is_no_list = any(name in shown for name in NO_LISTS)
                if code == 0:
                    self.assertFalse(is_no_list, shown)
                    right = right or self.ask(question, "64G")
                    self.assertEqual(right[0], 0, right[2])
                    self.assertEqual(self.rows(answer), self.rows(right[1]), shown)
                else:
                    self.assertEqual(code, 1, error)
                    self.assertEqual(answer, "")
                    if not is_no_list:
                        self.assertEqual(error.splitlines()[-1], MORE_MEMORY, error)

    def test_lists_that_commands_read(self):
        """Forgetting and saving, which change the store or refuse the list."""
        for memory, budget in BUDGETS:
            for command in (["forget", "--file"], ["segment", "save", "kept", "--file"]):
                for name in LISTS:
                    shutil.rmtree(os.path.join(self.folder, "copy.db"), ignore_errors=True)
                    shutil.copytree(os.path.join(self.folder, "s.db"), os.path.join(self.folder, "copy.db"))
                    with open(os.path.join(self.folder, "error"), "w+b") as error:
                        process = subprocess.Popen(
                            [PROGRAM, *command, name, "--db", "copy.db", "--memory", memory], cwd=self.folder,
                            stdout=subprocess.DEVNULL, stderr=error)
                        _, status, usage = os.wait4(process.pid, 0)
                        process.returncode = os.waitstatus_to_exitcode(status)
                        error.seek(0)
                        said = error.read().decode()
                    peak = usage.ru_maxrss * 1024
                    shown = f"{memory} {command[0]} {name}"
                    print(f"{shown}: {peak // MIB} MiB, exit code {process.returncode}")
                    if "ASAN_OPTIONS" not in os.environ and "TSAN_OPTIONS" not in os.environ:
                        self.assertLess(peak, budget * 1.1 + 32 * MIB, shown)
                    self.assertIn(process.returncode, (0, 1), said)
                    if name.startswith("small"):
                        self.assertEqual(process.returncode, 0, said)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rollcall", required=True)
    options, rest = parser.parse_known_args()
    PROGRAM = os.path.abspath(options.rollcall)
    unittest.main(argv=[sys.argv[0], *rest])
