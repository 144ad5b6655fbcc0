"""Parquet in and out: each row once, bad rows refused, damage an error."""

import os
import random
import tempfile
import unittest
import unittest.mock

import rollcall
from support import library, memory_store, visits


class Parquet(unittest.TestCase):
    def setUp(self):
        self.arrow = library(self, "pyarrow")
        self.parquet = library(self, "pyarrow.parquet")
        folder = tempfile.TemporaryDirectory()  # pylint: disable=consider-using-with
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, name, columns, **options):
        """Writes columns to a file; returns its path."""
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self.parquet.write_table(self.arrow.table(columns), path, **options)
        return path

    def test_a_column_may_be_named_as_a_field_of_another(self):
        path = self.write("dots.parquet", {**visits(), "s": [{"p": 1}] * 6, "s.p": ["x", "y"] * 3})
        with memory_store(dimensions=["s.p"]) as store:
            store.ingest(path)
            self.assertEqual(store.active(where={"s.p": "x"}).column("users"), [2, 0, 1])

    def test_files_patterns_and_directories(self):
        columns = {**visits(), "unused": [[1]] * 6}
        self.write("events/a.parquet", {name: cells[:3] for name, cells in columns.items()}, row_group_size=2)
        self.write("events/day=2/b.parquet", {name: cells[3:] for name, cells in columns.items()})
        with open(os.path.join(self.folder, "events", "_SUCCESS"), "w", encoding="utf-8"):
            pass
        for paths in (os.path.join(self.folder, "events"),
                      os.path.join(self.folder, "events", "**", "*.parquet"),
                      [os.path.join(self.folder, "events", name) for name in ("a.parquet", "day=2")]):
            with self.subTest(paths=paths), memory_store() as store:
                report = store.ingest(paths)
                self.assertEqual((report.rows_ingested, report.rows_read), (6, 6))
                self.assertEqual(store.active().column("users"), [3, 1, 2])
                self.assertEqual(store.ingest(paths).rows_read, 0)
        with memory_store() as store, self.assertRaises(rollcall.NotFound):
            store.ingest(os.path.join(self.folder, "*.parquet"))

    def test_types_names_properties_and_other_files(self):
        path = self.write("typed.parquet", {
            "who": [1, 2], "at": self.arrow.array([0, 86_400_000_000_000], self.arrow.timestamp("ns", "UTC")),
            "paid": self.arrow.array(["1.50", "2.25"]).cast(self.arrow.decimal128(9, 2)),
            "channel": self.arrow.array(["ads", None]).dictionary_encode()})
        text = os.path.join(self.folder, "more.csv")
        with open(text, "w", encoding="utf-8") as file:
            file.write("who,at,paid,channel\n3,1970-01-03,1,web\n")
        with memory_store(user_kind="integer") as store:
            report = store.ingest([path, text], user="who", time="at", event_name="order", value="paid",
                                  properties=["channel"])
            self.assertEqual(report.rows_ingested, 3)
            self.assertEqual([str(one) for one in store.counts().column("value")], ["1.5", "2.25", "1"])
            self.assertEqual(store.active(breakdown="channel", period="month").column("channel"),
                             ["", "ads", "web"])
            # Another reading of the same content would count its rows twice.
            with self.assertRaises(rollcall.InvalidArgument):
                store.ingest(path, user="who", time="at", event_name="refund", value="paid")
            self.assertEqual(store.info()["event_count"], 3)

    def test_bad_rows_are_refused_and_the_others_are_in(self):
        columns = visits()
        columns["user"] = ["ann", None, "", "ann", "ann", "bob"]
        columns["time"] = ["2026-01-01", None, DAY, DAY, "never", DAY]
        columns["event"] = ["signup"] * 5 + [None]
        path = self.write("bad.parquet", columns, row_group_size=3)
        with memory_store() as store:
            report = store.ingest(path)
            self.assertEqual((report.rows_read, report.rows_ingested, report.rows_rejected), (6, 2, 4))
            self.assertEqual(report.rejected, {"user is missing": 2, "event is missing": 1, "time is not a time": 1})
            self.assertEqual([(row["line"], row["column"]) for row in report.examples],
                             [(2, 1), (3, 1), (5, 2), (6, 3)])
            self.assertTrue(report.examples[2]["reason"].endswith('(column "time", row 2 of row group 2)'),
                            report.examples[2]["reason"])
            self.assertEqual(store.info()["event_count"], 2)
            self.assertEqual(store.ingest(path).rows_read, 0)
        with memory_store() as store, self.assertRaises(rollcall.InvalidArgument):
            store.ingest(path, strict=True)

    def test_limits_and_rejected_rows_are_those_of_files(self):
        path = self.write("old.parquet", {**visits(), "time": ["1999-12-31"] + [DAY] * 5}, row_group_size=4)
        rejected = []
        with memory_store() as store:
            report = store.ingest(path, time_min=946_684_800_000_000, on_reject=rejected.append)
            self.assertEqual((report.rows_ingested, report.rows_rejected), (5, 1))
            self.assertEqual([(row["line"], row["kind"], row["held"]) for row in rejected],
                             [(1, "time is earlier than any that is plausible", True)])
            # A wider limit lets in what it kept out, once, from whatever path.
            copy = os.path.join(self.folder, "copy.parquet")
            os.rename(path, copy)
            self.assertEqual(store.ingest(copy).rows_ingested, 1)
            self.assertEqual(store.ingest(copy).rows_read, 0)
            self.assertEqual(store.info()["event_count"], 6)

    def test_what_is_no_file_of_events_is_an_error(self):
        nested = self.write("nested.parquet", {**visits(), "user": [["ann"]] * 6})
        floats = self.write("floats.parquet", {**visits(), "user": [1.5] * 6})
        with memory_store() as store:
            for path, options in ((floats, {}), (nested, {}), (nested, {"user": "who"}), (nested, {"delimiter": ";"})):
                with self.subTest(options=options), self.assertRaises(rollcall.InvalidArgument):
                    store.ingest(path, **options)
            self.assertEqual(store.info()["event_count"], 0)
            self.assertEqual(store.sources(), {})

    def check_damaged_files(self, rounds):
        """A file with other bits, or fewer, is a rollcall.Error, or all of its rows come in."""
        rows = 2000
        good = self.write("good.parquet", {"user": [f"user {n * 7919 % rows}" for n in range(rows)],
                                           "time": [DAY] * rows, "event": ["login"] * rows}, row_group_size=500)
        with open(good, "rb") as file:
            content = file.read()
        generator = random.Random(7)
        damaged = os.path.join(self.folder, "damaged.parquet")
        for round_ in range(rounds):
            changed = bytearray(content)
            if round_ % 4 == 0:
                del changed[generator.randrange(len(changed)):]
            else:
                for _ in range(1 + round_ % 3):
                    changed[generator.randrange(len(changed))] ^= 1 << generator.randrange(8)
            with open(damaged, "wb") as file:
                file.write(changed)
            with memory_store() as store:
                try:
                    report = store.ingest(damaged)
                except rollcall.Error as error:
                    self.assertIn(damaged, str(error))
                    self.assertEqual(store.info()["event_count"], 0, f"round {round_}")
                else:  # a letter of a name may be another one without anybody being able to tell
                    self.assertEqual(report.rows_read, rows, f"round {round_}")
        return damaged

    def test_a_file_damaged_in_its_pages_or_metadata_is_an_error_of_duckdb_too(self):
        library(self, "duckdb")
        with unittest.mock.patch.dict("sys.modules", {"pyarrow": None}):
            self.check_damaged_files(40)

    def test_a_damaged_file_is_an_error_and_leaves_no_trace(self):
        damaged = self.check_damaged_files(60)
        good_after = self.write("good.parquet", visits())
        with open(damaged, "wb") as file:
            file.write(b"PAR1 and nothing else")
        with memory_store() as store:
            with self.assertRaises(rollcall.Corruption):
                store.ingest([damaged, good_after])
            self.assertEqual(store.info()["event_count"], 6)

    def test_duckdb_reads_what_pyarrow_reads(self):
        library(self, "duckdb")
        columns = {**visits(), "time": self.arrow.array([at * 86_400_000_000 for at in range(6)],
                                                        self.arrow.timestamp("us", "Asia/Tokyo"))}
        path = self.write("a.parquet", columns, row_group_size=4)
        with memory_store() as store:
            with unittest.mock.patch.dict("sys.modules", {"pyarrow": None}):
                self.assertEqual(store.ingest(path).rows_ingested, 6)
                users = store.active().column("users")
            # Both are the same reading of the same file.
            self.assertEqual(store.ingest(path).rows_read, 0)
        with memory_store() as store:
            store.ingest(path)
            self.assertEqual(store.active().column("users"), users)
        with open(path, "r+b") as file:
            file.truncate(os.path.getsize(path) - 9)
        with memory_store() as store, unittest.mock.patch.dict("sys.modules", {"pyarrow": None}):
            with self.assertRaises(rollcall.Corruption):
                store.ingest(path)

    def test_without_a_library_the_error_says_what_to_install(self):
        path = self.write("a.parquet", visits())
        with memory_store() as store, unittest.mock.patch.dict("sys.modules", {"pyarrow": None, "duckdb": None}):
            with self.assertRaises(ImportError) as raised:
                store.ingest(path)
        self.assertEqual(raised.exception.msg,
                         "Parquet files need pyarrow or DuckDB: pip install pyarrow (or give what another library "
                         "reads of them: polars.scan_parquet(...).collect())")

    def test_answers_become_files(self):
        path = os.path.join(self.folder, "answer.parquet")
        with memory_store() as store:
            store.ingest(visits())
            answer = store.retention(periods=2)
            answer.to_parquet(path)
            table = self.parquet.read_table(path)
            self.assertEqual(table.to_pylist(), answer.to_arrow().to_pylist())
            self.assertEqual(table.schema.field("cohort").type, self.arrow.date32())
            self.assertTrue(table.schema.metadata)


DAY = "2026-01-02"

if __name__ == "__main__":
    unittest.main()
