"""Events in: columns of Python, the four libraries, files."""

import contextlib
import datetime
import decimal
import gzip
import io
import os
import tempfile
import unittest
import unittest.mock

import rollcall
from rollcall import _progress
from support import library, memory_store, visits

UTC = datetime.timezone.utc


def typed_columns():
    """The visits with their types, and with amounts."""
    columns = visits()
    columns["time"] = [datetime.datetime.fromisoformat(day) for day in columns["time"]]
    columns["value"] = [1.5, 0.0, 2.0, None, 0.25, 1.0]
    return columns


class Base(unittest.TestCase):
    def check_visits(self, data, **options):
        """What `data` holds is the visits, with their amounts if there are any."""
        with memory_store() as store:
            report = store.ingest(data, **options)
            self.assertEqual((report.rows_ingested, report.rows_read, report.rows_rejected), (6, 6, 0))
            self.assertEqual(store.active().column("users"), [3, 1, 2])
            answer = store.counts(event="signup", period="month")
            self.assertEqual(answer.column("events"), [3])
            if "value" in options:
                total = store.counts(period="month").column("value")
                self.assertEqual(total, [decimal.Decimal("4.75")])


class PlainColumns(Base):
    def test_a_lazy_frame_is_to_be_collected(self):
        class Lazy:
            def collect(self):
                """What polars does when it is asked."""

        with memory_store() as store, self.assertRaises(rollcall.InvalidArgument) as caught:
            store.ingest(Lazy())
        self.assertTrue(str(caught.exception).startswith(
            "data: must be a data frame, a table or reader with __arrow_c_stream__, a dict of columns, or paths of files, "
            "or what its collect() returns, found <"), caught.exception)

    def test_lists(self):
        self.check_visits(visits())
        self.check_visits(typed_columns(), value="value")

    def test_columns_of_other_names(self):
        columns = {"who": visits()["user"], "when": visits()["time"], "what": visits()["event"]}
        self.check_visits(columns, user="who", time="when", event="what")

    def test_dates_and_instants_with_an_offset(self):
        columns = visits()
        columns["time"] = [datetime.date.fromisoformat(day) for day in columns["time"]]
        self.check_visits(columns)
        zone = datetime.timezone(datetime.timedelta(hours=5))
        columns["time"] = [datetime.datetime(day.year, day.month, day.day, 6, tzinfo=zone)
                           for day in columns["time"]]
        self.check_visits(columns)

    def test_decimals_and_large_numbers(self):
        with memory_store(user_kind="integer") as store:
            store.ingest({"user": [2**64 - 1, 7], "time": ["2026-01-01"] * 2,
                          "value": [decimal.Decimal("0.1"), decimal.Decimal("0.2")]},
                         event_name="buy", value="value")
            self.assertEqual(store.counts().column("value"), [decimal.Decimal("0.3")])
            members = store.active().members({"date": "2026-01-01"})
            self.assertEqual({str(user) for page in members for user in page.column("user")},
                             {"7", str(2**64 - 1)})

    def test_a_frame_without_rows_is_no_error(self):
        with memory_store() as store:
            self.assertEqual(store.ingest({"user": [], "time": [], "event": []}).rows_ingested, 0)

    def test_what_is_no_column_is_refused(self):
        wrong = ({"user": ["a", 1]}, {"user": [True, False]}, {"user": [object()] * 2},
                 {"time": [datetime.datetime(2026, 1, 1), datetime.datetime(2026, 1, 1, tzinfo=UTC)]},
                 {"user": [2**64, 1]}, {"user": ["a"]}, {"user": [None, "a"]}, {"event": [None, "a"]},
                 {"time": ["yesterday-ish", "2026-01-01"]})
        for columns in wrong:
            with self.subTest(columns=columns), memory_store() as store:
                good = {"user": ["a", "b"], "time": ["2026-01-01"] * 2, "event": ["x", "y"]}
                with self.assertRaises(rollcall.InvalidArgument):
                    store.ingest({**good, **columns})
                self.assertEqual(store.info()["event_count"], 0)

    def test_true_and_false_are_values_of_a_property(self):
        given = [([True, False, None], 1)]
        with contextlib.suppress(ImportError):
            import numpy
            given.append((numpy.array([True, False, False]), 2))
        for values, false_count in given:
            with self.subTest(values=values), memory_store(dimensions=["paid"]) as store:
                store.ingest({"user": ["a", "b", "c"], "time": ["2026-01-01"] * 3, "paid": values}, event_name="visit")
                self.assertEqual(store.active(where={"paid": "true"}).column("users"), [1])
                self.assertEqual(store.active(where={"paid": "false"}).column("users"), [false_count])

    def test_whole_numbers_among_floats_keep_their_digits(self):
        with memory_store(value_decimals=0) as store:
            columns = {"user": ["a", "a"], "time": ["2026-01-01"] * 2}
            store.ingest({**columns, "v": [2**53, 0.0]}, value="v", event_name="e")
            self.assertEqual(store.counts().column("value"), [2**53])
            with self.assertRaisesRegex(rollcall.InvalidArgument, "row 0: 9007199254740993 is no float"):
                store.ingest({**columns, "v": [2**53 + 1, 0.0]}, value="v", event_name="e")

    def test_dates_of_numpy_are_whole_days(self):
        numpy = library(self, "numpy")
        for form in ("datetime64[D]", "datetime64[M]"):
            days = numpy.array(["2026-01-01", "2026-02-01"], form)
            with self.subTest(form=form), memory_store() as store:
                store.ingest({"user": ["a", "b"], "time": days}, event_name="e")
                self.assertEqual(store.active().column("complete")[-1], True)
            with memory_store() as store, self.assertRaises(rollcall.InvalidArgument):
                store.ingest({"user": ["a", "b"], "time": numpy.array(["2026-01-01", "NaT"], form)}, event_name="e")

    def test_numbers_of_numpy_in_a_list(self):
        numpy = library(self, "numpy")
        with memory_store(user_kind="integer", dimensions=["paid"]) as store:
            store.ingest({"user": [numpy.int64(3), 4], "time": ["2026-01-01"] * 2, "paid": [numpy.bool_(True), False]},
                         event_name="e")
            self.assertEqual(store.active(where={"paid": "true"}).column("users"), [1])

    def test_lengths_are_those_of_what_was_read(self):
        class Lying(list):
            def __len__(self):
                return 50

        class Growing(list):
            def __iter__(self):
                self.append("x")
                return super().__iter__()

        for users in (Lying(["a", "b", "c"]), Growing(["a"] * 50)):
            with memory_store() as store, self.assertRaises(rollcall.InvalidArgument):
                store.ingest({"user": users, "time": ["2026-01-01"] * 50}, event_name="visit")

    def test_what_has_no_order_or_no_elements_is_refused(self):
        for users in ("ab", b"ab", {"a", "b"}, {"a": 1, "b": 2}, 7, None):
            with self.subTest(users=users), memory_store() as store:
                with self.assertRaises(rollcall.InvalidArgument):
                    store.ingest({"user": users, "time": ["2026-01-01"] * 2}, event_name="visit")

    def test_nan_among_numbers_is_an_error(self):
        nan = float("nan")
        for values in ([1.5, nan], [1, nan], [nan, nan], [decimal.Decimal("1.5"), decimal.Decimal("NaN")],
                       [decimal.Decimal("1.5"), decimal.Decimal("sNaN")]):
            with self.subTest(values=values), memory_store() as store:
                with self.assertRaises(rollcall.InvalidArgument):
                    store.ingest({"user": ["a", "b"], "time": ["2026-01-01"] * 2, "paid": values},
                                 event_name="buy", value="paid")
        with memory_store(dimensions=["channel"]) as store:
            store.ingest({"user": ["a", "b"], "time": ["2026-01-01"] * 2, "channel": ["ads", nan]}, event_name="buy")
            self.assertEqual(store.active(breakdown="channel", period="month").column("channel"), ["", "ads"])

    def test_options_of_files_go_with_files(self):
        with memory_store() as store, self.assertRaises(rollcall.InvalidArgument):
            store.ingest(visits(), delimiter=";")

    def test_a_hint_is_one_that_columns_can_follow(self):
        for times in ([1, 2], ["never", "2026-01-01"]):
            with memory_store() as store, self.assertRaises(rollcall.InvalidArgument) as raised:
                store.ingest({"user": ["a", "b"], "time": times}, event_name="visit")
            self.assertEqual((raised.exception.hint, raised.exception.options), ("", []))

    def test_anything_else_is_refused(self):
        with memory_store() as store:
            for data in (7, object(), [1, 2]):
                with self.assertRaises(rollcall.InvalidArgument):
                    store.ingest(data)


class Libraries(Base):
    def test_numpy(self):
        numpy = library(self, "numpy")
        columns = {name: numpy.array(values) for name, values in visits().items()}
        self.check_visits(columns)
        columns["time"] = columns["time"].astype("datetime64[ns]")
        columns["user"] = numpy.array([1, 2, 3, 1, 1, 2], dtype="int32")
        columns["value"] = numpy.array([1.5, 0, 2, 0, 0.25, 1])
        self.check_visits(columns, value="value")
        self.check_visits({name: values[::-1] for name, values in columns.items()}, value="value")

    def test_what_numpy_has_besides_values(self):
        numpy = library(self, "numpy")
        good = {"user": ["a", "b", "c"], "time": ["2026-01-01"] * 3, "paid": [1, 2, 3]}

        def ingest(**columns):
            with memory_store(dimensions=["at"]) as store:
                store.ingest({**good, **columns}, event_name="buy", value="paid")
                return store.counts(period="month").column("value")

        masked = numpy.ma.array([99.0, 2, 3], mask=[True, False, False])
        self.assertEqual(ingest(paid=masked), [decimal.Decimal(5)])
        times = ["2026-01-01", "NaT", "2026-01-02"]
        for wrong in ({"user": numpy.arange(6).reshape(3, 2)}, {"user": numpy.array("a")},
                      {"user": numpy.ma.array([1, 2, 3], mask=[True, False, False])},
                      {"paid": numpy.array([1, numpy.nan, 3])},
                      {"time": numpy.array([1, 2**62, 1], "datetime64[s]")},
                      {"time": numpy.array([2**62, 1, 1], "datetime64[h]")},
                      {"time": numpy.array(times, "datetime64[ns]")}, {"time": numpy.array(times, "datetime64[s]")}):
            with self.subTest(wrong=wrong), self.assertRaises(rollcall.InvalidArgument):
                ingest(**wrong)

    def test_series_of_pandas_are_columns(self):
        pandas = library(self, "pandas")
        columns = typed_columns()
        columns["value"] = [1.5, 0.0, 2.0, 0.0, 0.25, 1.0]
        self.check_visits({name: pandas.Series(values) for name, values in columns.items()}, value="value")
        columns["value"] = pandas.array([1.5, 0.0, 2.0, None, 0.25, 1.0], dtype="Float64")
        self.check_visits(columns, value="value")
        columns["value"] = pandas.Series([1.5, 0.0, 2.0, None, 0.25, 1.0])
        with memory_store() as store, self.assertRaises(rollcall.InvalidArgument):
            store.ingest(columns, value="value")

    def test_pyarrow(self):
        pyarrow = library(self, "pyarrow")
        table = pyarrow.table(typed_columns())
        self.check_visits(table, value="value")
        self.check_visits(table.to_reader(max_chunksize=2), value="value")
        self.check_visits(table.to_batches()[0], value="value")
        coded = table.set_column(0, "user", table["user"].dictionary_encode())
        self.check_visits(coded, value="value")
        self.check_visits({name: table[name] for name in table.column_names}, value="value")

    def test_a_reader_that_was_read_counts_nothing_twice(self):
        pyarrow = library(self, "pyarrow")
        reader = pyarrow.table(visits()).to_reader()
        with memory_store() as store:
            store.ingest(reader)
            try:
                store.ingest(reader)
            except rollcall.Error:
                pass  # what a library makes of it is its own business
            self.assertEqual(store.info()["event_count"], 6)

    def test_a_capsule_that_was_used_is_refused(self):
        pyarrow = library(self, "pyarrow")
        capsule = pyarrow.table(visits()).__arrow_c_stream__()

        class Once:
            def __arrow_c_stream__(self, requested_schema=None):
                return capsule

        with memory_store() as store:
            store.ingest(Once())
            with self.assertRaises(rollcall.InvalidArgument):
                store.ingest(Once())

    def test_what_is_no_capsule_is_refused(self):
        class Wrong:
            def __arrow_c_stream__(self, requested_schema=None):
                return "a stream"

        with memory_store() as store, self.assertRaises(rollcall.InvalidArgument):
            store.ingest(Wrong())

    def test_a_long_batch_is_taken_in_slices(self):
        pyarrow = library(self, "pyarrow")
        numpy = library(self, "numpy")
        rows = (1 << 21) + 5
        table = pyarrow.table({
            "user": numpy.arange(rows) % 1000,
            "time": (numpy.arange(rows) // 1000 * 60_000_000).astype("datetime64[us]")})
        seen = []
        with memory_store() as store:
            report = store.ingest(table.slice(3), event_name="tick", progress=seen.append)
            self.assertEqual(report.rows_ingested, rows - 3)
            self.assertEqual(store.info()["event_count"], rows - 3)
            self.assertEqual(store.info()["user_count"], 1000)
        self.assertTrue(all(step.rows <= rows for step in seen))

    def test_a_stream_that_fails_keeps_what_came_before(self):
        pyarrow = library(self, "pyarrow")
        table = pyarrow.table(visits())

        def batches():
            yield table.to_batches()[0]
            raise RuntimeError("the source is gone")

        with memory_store() as store:
            with self.assertRaises(rollcall.IoError):
                store.ingest(pyarrow.RecordBatchReader.from_batches(table.schema, batches()))
            self.assertEqual(store.info()["event_count"], 6)

    def test_a_stream_cannot_close_the_store(self):
        pyarrow = library(self, "pyarrow")
        table = pyarrow.table(visits())
        refused = []

        def batches():
            yield table.to_batches()[0]
            try:
                store.close()
            except rollcall.FailedPrecondition as error:
                refused.append(error)

        with memory_store() as store:
            store.ingest(pyarrow.RecordBatchReader.from_batches(table.schema, batches()))
            self.assertEqual(len(refused), 1)
            self.assertEqual(store.info()["event_count"], 6)

    def test_pandas(self):
        pandas = library(self, "pandas")
        frame = pandas.DataFrame(typed_columns())
        if not hasattr(frame, "__arrow_c_stream__"):
            self.skipTest("pandas is older than 2.2")
        library(self, "pyarrow")  # which pandas makes its stream with
        self.check_visits(frame, value="value")
        self.check_visits(frame.astype({"event": "category"}), value="value")
        # A column that nobody asks for does not matter.
        self.check_visits(frame.assign(notes=["text", 1, None, 2.5, b"bytes", object()]), value="value")
        with memory_store() as store:
            with self.assertRaises(rollcall.InvalidArgument) as raised:
                store.ingest(frame.assign(user=["ann", 1, "bob", "cid", "dan", "eve"], plan="a"), properties=["plan"])
            self.assertEqual(str(raised.exception),
                             "data: no Arrow stream can be made of it: Expected bytes, got a 'int' object; Conversion "
                             "failed for column user with type object")
            self.assertEqual(store.info()["event_count"], 0)
            self.assertEqual(store.settings()["kept_properties"], [])
            for without, options in (("value", {"value": "value"}), ("time", {})):
                with self.assertRaises(rollcall.InvalidArgument) as raised:
                    store.ingest(frame.assign(plan="a").drop(columns=without), **options)
                self.assertIn("plan", str(raised.exception))  # all columns are listed
            with self.assertRaises(rollcall.InvalidArgument) as raised:
                store.ingest(frame, properties=["plan"])
            self.assertEqual(str(raised.exception), "properties: must be columns of the data, found 'plan' "
                             "(allowed: event, time, user, value)")

    def check_columns_of_properties(self, frame):
        """Names of properties may be joined, and labels of columns may be numbers."""
        with memory_store(dimensions=["channel+plan"], keep=["1"]) as store:
            store.ingest(frame.assign(channel="ads", plan=["a", "b"] * 3, one="x").rename(columns={"one": 1}))
            of_b = len(set(typed_columns()["user"][1::2]))
            self.assertEqual(store.active(where={"channel+plan": "ads+b"}, period="month").column("users"), [of_b])
            self.assertEqual(store.active(where={"1": "x"}, period="month").column("users"),
                             store.active(period="month").column("users"))

    def test_properties_of_pandas(self):
        pandas = library(self, "pandas")
        frame = pandas.DataFrame(typed_columns())
        with unittest.mock.patch("importlib.util.find_spec", return_value=None):
            self.check_columns_of_properties(frame)
        library(self, "pyarrow")
        self.check_columns_of_properties(frame)

    def test_pandas_without_pyarrow(self):
        pandas = library(self, "pandas")
        frame = pandas.DataFrame({**typed_columns(), "unused": [object()] * 6})
        with unittest.mock.patch("importlib.util.find_spec", return_value=None):
            for frames in (frame, frame.astype({"event": "category"})):
                self.check_visits(frames, value="value")
            columns = {"user": "who", "time": "when", "event": "what"}
            self.check_visits(frame.rename(columns=columns), user="who", time="when", event="what")
            nans = frame.assign(value=[1.5, 0.0, 2.0, float("nan"), 0.25, 1.0])
            self.check_visits(nans, value="value")
            self.check_visits(nans.astype({"value": "object"}), value="value")
            with memory_store(keep=["event"]) as store:
                store.ingest(frame.assign(plan=[1, 2] * 3), event_name="visit", properties=["plan"])
                self.assertEqual(store.active(where={"plan": "1"}).column("users")[0], 2)
                self.assertEqual(store.active(where={"event": "signup"}).column("users")[0], 3)
                with self.assertRaises(rollcall.InvalidArgument):
                    store.ingest(frame.drop(columns="time"))

    def test_polars(self):
        polars = library(self, "polars")
        frame = polars.DataFrame(typed_columns())
        self.check_visits(frame, value="value")
        self.check_visits(frame.with_columns(polars.col("event").cast(polars.Categorical)), value="value")

    def test_duckdb(self):
        duckdb = library(self, "duckdb")
        library(self, "pyarrow")  # which DuckDB makes its stream with
        connection = duckdb.connect()
        connection.execute("create table visits (\"user\" varchar, time timestamp, event varchar, value double)")
        columns = typed_columns()
        connection.executemany("insert into visits values (?, ?, ?, ?)", list(zip(*columns.values())))
        self.check_visits(connection.sql("select * from visits"), value="value")


class Files(Base):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        opened = gzip.open(path, "wt") if name.endswith(".gz") else open(path, "w", encoding="utf-8")
        with opened as file:
            file.write(text)
        return path

    def test_a_file_counts_once(self):
        rows = "".join(",".join(row) + "\n" for row in zip(*visits().values()))
        path = self.write("visits.csv.gz", "user,time,event\n" + rows)
        self.check_visits(path)
        self.check_visits([path])
        with memory_store() as store:
            store.ingest(path)
            self.assertEqual(store.ingest(path).rows_read, 0)

    def test_rows_that_are_rejected_are_told(self):
        path = self.write("rows.csv", "who;when\nann;2026-01-01\nbob;never\n;2026-01-01\n")
        with memory_store() as store:
            report = store.ingest(path, user="who", time="when", event_name="visit", delimiter=";")
            self.assertEqual((report.rows_ingested, report.rows_rejected), (1, 2))
            self.assertEqual(sum(report.rejected.values()), 2)
            self.assertEqual(report.examples[0]["line"], 3)
            with self.assertRaises(rollcall.InvalidArgument):
                other = self.write("more.csv", "user,time\nann,2026-02-01\nbob,never\n")
                store.ingest(other, event_name="visit", strict=True)

    def test_words_that_say_there_is_none_are_told(self):
        path = self.write("nan.csv", "user,time,value\nann,2026-01-01,nan\nNULL,2026-01-01,1\n")
        with memory_store() as store:
            notes = store.ingest(path, value="value", event_name="e").notes
            self.assertIn("values that say there is none: nan (1 row)", notes)
            self.assertIn("users that may be nobody: NULL (1 row)", notes)

    def test_options_that_there_are_not_are_errors(self):
        path = self.write("rows.csv", "user,time\nann,2026-01-01\n")
        with memory_store() as store:
            with self.assertRaisesRegex(rollcall.InvalidArgument, "\"delimitr\" .did you mean \"delimiter\""):
                store.ingest(path, event_name="e", delimitr=",")
            for option in ("keep", "dimensions"):
                with self.assertRaises(rollcall.InvalidArgument):
                    store.ingest(path, event_name="e", **{option: ["x"]})
            self.assertEqual(store.info()["event_count"], 0)

    def test_a_missing_file_and_a_wrong_option_are_errors(self):
        with memory_store() as store:
            with self.assertRaises(rollcall.Error):
                store.ingest(os.path.join(self.folder, "none.csv"))
            path = self.write("rows.csv", "user,time\nann,2026-01-01\n")
            with self.assertRaises(rollcall.InvalidArgument):
                store.ingest(path, time_unit="fortnights")
            with self.assertRaises(rollcall.InvalidArgument):
                store.ingest(path, time="when", event_name="visit")


class ProgressTold(unittest.TestCase):
    def test_a_terminal_has_a_line_that_is_written_anew(self):
        with contextlib.redirect_stderr(io.StringIO()) as written:
            with _progress.shown(True) as report:
                report(1500, 1, 2)
                report(3000, 2, 2)
        self.assertRegex(written.getvalue(), r"^\r1,500 rows, 50%, [\d,]+ rows/s\x1b\[K"
                                             r"\r3,000 rows, 100%, [\d,]+ rows/s\x1b\[K\n$")

    def test_a_notebook_has_an_output_that_is_written_anew(self):
        nbformat = library(self, "nbformat")
        nbclient = library(self, "nbclient")
        library(self, "ipykernel")
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(
            "from rollcall import _progress\n"
            "with _progress.shown(True) as report:\n    report(1500, 1, 2)\n    report(3000, 2, 2)\n")])
        nbclient.NotebookClient(book, timeout=120, kernel_name="python3").execute()
        (output,) = book.cells[0].outputs
        self.assertEqual(output["output_type"], "display_data")
        self.assertRegex(output["data"]["text/plain"], r"^3,000 rows, 100%, [\d,]+ rows/s$")

    def test_an_error_of_the_callback_ends_the_ingest(self):
        def slow():
            import time
            while True:
                time.sleep(0.05)
                yield batch

        pyarrow = library(self, "pyarrow")
        batch = pyarrow.RecordBatch.from_pydict(visits())
        reader = pyarrow.RecordBatchReader.from_batches(batch.schema, slow())

        def fail(progress):
            if progress.rows:
                raise KeyError(str(progress))

        with memory_store() as store, self.assertRaises(KeyError):
            store.ingest(reader, progress=fail)


if __name__ == "__main__":
    unittest.main()
