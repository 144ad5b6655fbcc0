#!/usr/bin/env python3
"""Tests the plug-in that reads Parquet, in an installed tree, against what the same rows do as CSV.

    plugin_test.py --build DIR [--rounds N] [--seed N]          installs what was built there, and tests it
    plugin_test.py --program FILE --plugin FILE [...]           makes a tree of these, and tests it

Files are written by pyarrow, which is installed into an environment of its own. Where the package registry
cannot be reached, it says so and ends with 77, which tests count as skipped. The damage that is done to
files follows from the seed, which is printed.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "bindings", "python"))
import package  # noqa: E402  pylint: disable=wrong-import-position

OPTIONS = argparse.Namespace()
# Whatever is wrong with a file, the program says so; a signal or a panic would end it otherwise.
ERROR_EXITS = (1, 2, 3, 4)


def tree(folder, program, plugin):
    """Makes an installed tree of a program and a plug-in. Returns the program."""
    os.makedirs(os.path.join(folder, "bin"))
    os.makedirs(os.path.join(folder, "lib", "rollcall"))
    placed = os.path.join(folder, "bin", "rollcall")
    shutil.copy(program, placed)
    if plugin is not None:
        shutil.copy(plugin, os.path.join(folder, "lib", "rollcall", "librollcall_parquet.so"))
    return placed


class PluginTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()  # pylint: disable=consider-using-with
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.program = OPTIONS.installed

    def path(self, name):
        return os.path.join(self.folder, name)

    def run_program(self, *arguments, **options):
        return subprocess.run([self.program, *arguments], capture_output=True, text=True, check=False, cwd=self.folder,
                              timeout=600, errors="replace", **options)

    @staticmethod
    def places(done):
        """What the lines of errors begin with: the program, and the place that they are about."""
        return [": ".join(line.split(": ")[:2]) for line in done.stderr.split("\n")]

    def write(self, name, columns, **options):
        parquet.write_table(arrow.table(columns), self.path(name), **options)
        return name

    def ingest(self, *arguments, db="db"):
        done = self.run_program("ingest", "--db", db, "--output", "json", *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def answers(self, db="db"):
        """What a store says about its users, by its plain interface."""
        texts = []
        for question in ({"kind": "active", "period": "day"}, {"kind": "counts", "period": "day"},
                         {"kind": "retention", "period": "day", "periods": 3}):
            done = self.run_program("query", "--db", db, "--output", "json", json.dumps(question))
            self.assertEqual(done.returncode, 0, done.stderr)
            texts.append([row for row in json.loads(done.stdout)["rows"]])
        return texts


def events(count, seed=7):
    generator = random.Random(seed)
    return {"user": [f"user {generator.randrange(count // 3 + 1)}" for _ in range(count)],
            "time": [f"2026-01-{1 + generator.randrange(20):02} 12:00:00" for _ in range(count)],
            "event": [generator.choice(["login", "buy, now", 'say "hi"', "two\nlines"]) for _ in range(count)],
            "value": [generator.randrange(10000) for _ in range(count)],
            "channel": [generator.choice(["ads", "web", None]) for _ in range(count)]}


def as_csv(path, columns):
    import csv  # pylint: disable=import-outside-toplevel
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values()))


class Reading(PluginTest):
    def test_rows_count_as_those_of_csv_and_once(self):
        columns = events(3000)
        as_csv(self.path("a.csv"), columns)
        self.ingest("--dimension", "channel", "a.csv", db="text")
        os.mkdir(self.path("days"))
        for number, codec in enumerate(("none", "snappy", "zstd", "gzip", "lz4")):
            part = {name: cells[number * 600:(number + 1) * 600] for name, cells in columns.items()}
            self.write(f"days/{number}.parquet", part, row_group_size=97, compression=codec)
        report = self.ingest("--dimension", "channel", "days")
        self.assertEqual((report["rows_ingested"], report["rows_rejected"]), (3000, 0))
        self.assertEqual(self.answers(), self.answers("text"))
        os.rename(self.path("days/3.parquet"), self.path("renamed.parquet"))
        report = self.ingest("days", "renamed.parquet")
        self.assertEqual(report["rows_read"], 0)
        self.assertEqual({file["outcome"] for file in report["files"]}, {"known"})
        other = self.run_program("ingest", "--db", "db", "--event-name", "login", "renamed.parquet")
        self.assertEqual(other.returncode, 1, other.stderr)
        self.assertIn("rollcall: renamed.parquet", self.places(other))

    def test_types_become_what_they_stand_for(self):
        day, hour = 86_400, 3_600
        begin = 1_767_225_600  # 2026-01-01
        seconds = [begin, begin + day + hour, begin + 2 * day, begin + 3 * day + 5]
        times = {
            "s": arrow.array(seconds, arrow.timestamp("s")), "ms": arrow.array(
                [1000 * at for at in seconds], arrow.timestamp("ms")),
            "us": arrow.array([10**6 * at for at in seconds], arrow.timestamp("us", "UTC")),
            "ns": arrow.array([10**9 * at + 999 for at in seconds], arrow.timestamp("ns", "Asia/Tokyo")),
            "date": arrow.array([at // day for at in seconds], arrow.date32()),
            "text": [f"2026-01-0{1 + (at - begin) // day}T{at % day // hour:02}:00:00Z" for at in seconds],
            "integer": seconds}
        values = {
            "i": [1, 2, None, -4], "f": [1.5, 2.25, None, 1e-3], "d": arrow.array(
                ["1.50", "-2.25", None, "0.01"]).cast(arrow.decimal128(12, 2)),
            "wide": arrow.array(["1.50", "-2.25", None, "0.01"]).cast(arrow.decimal256(40, 2)),
            "t": ["1.5", "", None, "7"]}
        users = {"i": arrow.array([1, 2, 3, 2**64 - 1], arrow.uint64()), "s": ["a", "b", "c", "d"],
                 "coded": arrow.array(["a", "b", "a", "c"]).dictionary_encode(),
                 "large": arrow.array(["a", "b", "a", "c"], arrow.large_string()),
                 "bytes": arrow.array([b"a", b"b", b"a", b"c"], arrow.binary())}
        number = 0
        for time_name, at in times.items():
            for value_name, value in values.items():
                for user_name, user in users.items():
                    number += 1
                    if number % 5 != len(time_name) % 5:
                        continue
                    with self.subTest(time=time_name, value=value_name, user=user_name):
                        columns = {"user": user, "time": at, "event": ["e"] * 4, "value": value,
                                   "flag": [True, False, None, True], "level": [1, 2, None, 4],
                                   "tags": [[1], [], None, [2]]}
                        self.write("t.parquet", columns)
                        shutil.rmtree(self.path("db"), ignore_errors=True)
                        report = self.ingest("--dimension", "flag", "--dimension", "level", "t.parquet")
                        self.assertEqual((report["rows_ingested"], report["rows_rejected"]), (4, 0))
                        told = json.dumps(self.answers()[0])
                        for date in ("2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"):
                            self.assertEqual(told.count(date), 1, told)
                        self.assertEqual(self.ingest("t.parquet")["rows_read"], 0)

    def test_rows_at_fault_are_told_with_their_place(self):
        self.write("a.parquet", {
            "user": ["ann", None, "bob", "ann", "x" * 70_000], "event": ["e"] * 5,
            "time": ["2026-01-01", "2026-01-01", "never", "1999-01-01", "2026-01-01"], "value": ["1", "2", "3", "4", "5"]},
            row_group_size=2)
        done = self.run_program("ingest", "--db", "db", "--not-before", "2000-01-01", "--rejects", "bad.csv", "a.parquet")
        self.assertIn(done.returncode, (0, 3), done.stderr)
        import csv  # pylint: disable=import-outside-toplevel
        csv.field_size_limit(1 << 24)
        with open(self.path("bad.csv"), encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual([(row["file"], row["line"], row["column"]) for row in rows],
                         [("a.parquet", "2", "1"), ("a.parquet", "3", "3"), ("a.parquet", "4", "3"),
                          ("a.parquet", "5", "1")])
        self.assertTrue(rows[0]["reason"].endswith('(column "user", row 2 of row group 1)'), rows[0]["reason"])
        self.assertTrue(rows[1]["reason"].split("; try ")[0].endswith('(column "time", row 1 of row group 2)'), rows[1]["reason"])
        self.assertEqual([row["held"] for row in rows], ["false", "false", "true", "true"])
        # A wider limit lets in what it kept out, once.
        report = self.ingest("--not-before", "1990-01-01", "a.parquet")
        self.assertEqual(report["rows_ingested"], 1)
        self.assertEqual(self.ingest("--not-before", "1990-01-01", "a.parquet")["rows_ingested"], 0)
        strict = self.run_program("ingest", "--db", "strict", "--strict", "a.parquet")
        self.assertEqual(strict.returncode, 1)
        self.assertIn("rollcall: a.parquet:2:1", self.places(strict))

    def test_killed_at_any_moment_every_row_counts_once(self):
        count = 400_000
        columns = events(count)
        self.write("long.parquet", columns, row_group_size=10_000)
        generator = random.Random(OPTIONS.seed)
        kills = 0
        for _ in range(8):
            process = subprocess.Popen(  # pylint: disable=consider-using-with
                [self.program, "ingest", "--db", "db", "--memory", "64M", "long.parquet"], cwd=self.folder,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                process.wait(generator.uniform(0.05, 2.5))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                kills += 1
            process.wait()
        self.ingest("long.parquet")
        as_csv(self.path("long.csv"), columns)
        self.ingest("long.csv", db="text")
        print(f"{kills} kills")
        self.assertEqual(self.answers(), self.answers("text"))

    def test_columns_of_a_wrong_type_are_named(self):
        good = events(10)
        for role, cells in (("user", [1.5] * 10), ("user", [[1]] * 10), ("time", [True] * 10), ("event", [1] * 10),
                            ("value", [True] * 10), ("channel", [[1]] * 10)):
            with self.subTest(role=role):
                self.write("wrong.parquet", {**good, role: cells})
                done = self.run_program("ingest", "--db", "db", "--dimension", "channel", "--value", "value",
                                        "wrong.parquet")
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn("rollcall: wrong.parquet", self.places(done))
                self.assertFalse(os.path.exists(self.path("db")))


class Damage(PluginTest):
    def try_file(self, content, rows, what):
        """Ingests a content. It is an error that names the file, or all of its rows are read."""
        with open(self.path("damaged.parquet"), "wb") as file:
            file.write(content)
        shutil.rmtree(self.path("db"), ignore_errors=True)
        done = self.run_program("ingest", "--db", "db", "--memory", "64M", "--output", "json", "damaged.parquet")
        if done.returncode in (0, 5):
            self.assertEqual(json.loads(done.stdout)["rows_read"], rows, what)
        else:
            self.assertIn(done.returncode, ERROR_EXITS, f"{what}: {done.stderr}")
            self.assertIn("rollcall: damaged.parquet", self.places(done), what)
        return done.returncode

    def content(self, rows=2000, **options):
        self.write("good.parquet", events(rows), row_group_size=500, **options)
        with open(self.path("good.parquet"), "rb") as file:
            return file.read()

    def test_cut_anywhere(self):
        content = self.content()
        for part in range(64):
            self.assertNotEqual(self.try_file(content[:len(content) * part // 64], 2000, f"cut at {part}/64"), 0)

    def test_bits_and_bytes_changed(self):
        generator = random.Random(OPTIONS.seed)
        contents = [self.content(compression=codec, use_dictionary=coded, data_page_version=version)
                    for codec, coded, version in (("zstd", True, "1.0"), ("none", False, "2.0"), ("gzip", True, "2.0"),
                                                  ("snappy", False, "1.0"))]
        outcomes = {}
        for number in range(OPTIONS.rounds):
            content = bytearray(generator.choice(contents))
            # Footers and headers of pages are where lies do most.
            footer = int.from_bytes(content[-8:-4], "little") + 8
            begin = len(content) - footer if number % 2 else 0
            for _ in range(generator.choice((1, 1, 2, 8))):
                place = generator.randrange(begin, len(content))
                if generator.random() < 0.5:
                    content[place] ^= 1 << generator.randrange(8)
                else:
                    content[place] = generator.choice((0, 0x7f, 0x80, 0xff))
            code = self.try_file(content, 2000, f"seed {OPTIONS.seed}, round {number}")
            outcomes[code] = outcomes.get(code, 0) + 1
        print(f"{OPTIONS.rounds} damaged files, by exit code: {outcomes}")

    def test_what_is_no_parquet(self):
        for content in (b"", b"PAR1", b"PAR1PAR1", b"PAR1" + b"\xff" * 8 + b"PAR1", b"user,time,event\n",
                        b"PAR1" + b"\0" * 100 + b"\x7f\xff\xff\x7fPAR1", os.urandom(5000)):
            self.assertNotEqual(self.try_file(content, 0, content[:20]), 0)

    def test_many_row_groups_and_no_rows(self):
        columns = events(3000)
        self.write("groups.parquet", columns, row_group_size=1)
        self.assertEqual(self.ingest("groups.parquet")["rows_ingested"], 3000)
        self.write("none.parquet", {name: arrow.array(cells)[:0] for name, cells in columns.items()})
        self.assertEqual(self.ingest("none.parquet")["rows_read"], 0)

    def test_a_small_file_that_becomes_a_large_one_stays_within_memory(self):
        # One long value of a dictionary, in each of many rows; and pages that expand.
        count = 20_000
        user = arrow.DictionaryArray.from_arrays(arrow.array([0] * count, arrow.int32()), ["x" * 900_000])
        pages = {"user": ["u"] * 60, "time": ["2026-01-01"] * 60, "event": ["e" * 1_000_000] * 60}
        whole = {"use_dictionary": False, "data_page_size": 1 << 30}
        bombs = {"dictionary": ({"user": user, "time": ["2026-01-01"] * count, "event": ["e"] * count}, {}),
                 "page": (pages, {**whole, "compression": "zstd"}), "gzip": (pages, {**whole, "compression": "gzip"})}
        for name, (columns, options) in bombs.items():
            with self.subTest(bomb=name):
                parquet.write_table(arrow.table(columns), self.path("bomb.parquet"), **options)
                done = subprocess.run(
                    ["/usr/bin/env", "python3", "-c",
                     "import resource,subprocess,sys\n"
                     "code=subprocess.run(sys.argv[1:]).returncode\n"
                     "print('peak',resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss,file=sys.stderr)\n"
                     "sys.exit(code)",
                     self.program, "ingest", "--db", name, "--memory", "256M", "bomb.parquet"],
                    cwd=self.folder, capture_output=True, text=True, check=False, errors="replace")
                self.assertIn(done.returncode, ERROR_EXITS, done.stderr[-500:])
                peak = int(done.stderr.rsplit("peak ", 1)[1])
                print(f"{name}: {os.path.getsize(self.path('bomb.parquet'))} bytes, peak {peak >> 10} MiB")
                self.assertLess(peak, 900 << 10)


class Place(PluginTest):
    def setUp(self):
        super().setUp()
        self.write("a.parquet", events(10))

    def refused(self, plugin):
        program = tree(self.path("tree"), OPTIONS.installed, plugin)
        environment = {**os.environ, "LD_LIBRARY_PATH": os.path.dirname(OPTIONS.plugin)}
        done = subprocess.run([program, "ingest", "--db", "db", "a.parquet"], cwd=self.folder, capture_output=True,
                              text=True, check=False, env=environment)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("rollcall: a.parquet", self.places(done))

    def test_no_search_path_leads_to_another_plugin(self):
        self.refused(None)

    def test_a_library_that_is_no_plugin_is_refused(self):
        with open(self.path("broken.so"), "wb") as file:
            file.write(b"\x7fELF and nothing else")
        self.refused(self.path("broken.so"))


def main():
    global arrow, parquet  # pylint: disable=global-variable-undefined
    parser = argparse.ArgumentParser()
    parser.add_argument("--build")
    parser.add_argument("--program")
    parser.add_argument("--plugin")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("tests", nargs="*")
    parser.parse_args(namespace=OPTIONS)
    try:
        import pyarrow as arrow  # pylint: disable=import-outside-toplevel,redefined-outer-name
        import pyarrow.parquet as parquet  # pylint: disable=import-outside-toplevel,redefined-outer-name
    except ImportError:
        if "ROLLCALL_TESTED_WITH" in os.environ:
            raise
        python = package.environment(os.path.join(package.BUILD, "venv-parquet"),
                                     *(line for line in open(package.REQUIREMENTS, encoding="utf-8").read().split("\n")
                                       if line.startswith("pyarrow")))
        os.execve(python, [python, *sys.argv], {**os.environ, "ROLLCALL_TESTED_WITH": python})
    with tempfile.TemporaryDirectory() as folder:
        if OPTIONS.build:
            subprocess.run(["cmake", "--install", OPTIONS.build, "--prefix", folder], check=True,
                           stdout=subprocess.DEVNULL)
            OPTIONS.installed = os.path.join(folder, "bin", "rollcall")
            OPTIONS.plugin = os.path.join(folder, "lib", "rollcall", "librollcall_parquet.so")
        else:
            OPTIONS.installed = tree(os.path.join(folder, "tree"), OPTIONS.program, OPTIONS.plugin)
        print(f"seed {OPTIONS.seed}")
        outcome = unittest.main(argv=[sys.argv[0], *OPTIONS.tests], exit=False, verbosity=2)
    sys.exit(not outcome.result.wasSuccessful())


if __name__ == "__main__":
    main()
