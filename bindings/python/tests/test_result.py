"""Answers in the forms that people and libraries take."""

import datetime
import decimal
import html.parser
import json
import re
import subprocess
import sys
import tempfile
import unittest

import rollcall
from support import library, memory_store, visits

HOSTILE = ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "</td></table><h1>", "a&b;c",
           "'; drop --", "\u202eesrever", "javascript:alert(1)"]
TAGS = {"figure", "figcaption", "details", "summary", "table", "caption", "thead", "tbody", "tr", "th", "td", "p", "ul",
        "li", "dl", "dt", "dd", "code", "svg", "title", "rect", "text", "line", "path", "circle"}


class Tags(html.parser.HTMLParser):
    """Collects what a browser would make of a text."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.texts, self.attributes = set(), [], set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_data(self, data):
        self.texts.append(data)


class Forms(unittest.TestCase):
    def setUp(self):
        self.store = memory_store(time_zone="Europe/London", dimensions=["channel"])
        self.addCleanup(self.store.close)
        self.store.ingest({**visits(), "value": ["1.50", "2", "0", "0.25", "1", "0"],
                           "channel": ["ads", "web", "ads", "ads", "web", "web"]}, value="value")
        self.retention = self.store.retention(periods=2)
        self.counts = self.store.counts()

    def test_rows_have_values_of_python(self):
        row = self.counts.to_dicts()[0]
        self.assertEqual(row["date"], datetime.date(2026, 1, 1))
        self.assertEqual((row["events"], row["users"], row["value"]), (3, 3, decimal.Decimal("3.5")))
        self.assertEqual(len(self.counts), 3)
        self.assertEqual(self.counts.types["value"], "decimal")
        with self.assertRaises(rollcall.InvalidArgument):
            self.counts.column("vlaue")

    def test_hours_are_instants_with_their_offset(self):
        answer = self.store.counts(period="hour", from_="2026-01-01", to="2026-01-01")
        first = answer.column("date")[0]
        self.assertEqual(first, datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc))
        self.assertIsNotNone(first.tzinfo)

    def test_an_answer_says_what_was_asked(self):
        self.assertEqual(self.retention.definition["periods"], 2)
        self.assertEqual(self.retention.kind, "retention")
        self.assertTrue(self.retention.as_of.startswith("2026-01-03T"))
        self.assertIn('"retention"', self.retention.to_json())
        self.assertGreaterEqual(self.retention.elapsed_seconds, 0)
        self.assertIsNone(self.retention.next)

    def test_a_matrix_has_a_column_for_each_period(self):
        wide = self.retention.pivot()
        self.assertEqual(wide.columns, ["cohort", "size", "0", "1", "2"])
        self.assertEqual(wide.to_dicts()[0]["2"], 2)
        rates = self.retention.pivot("rate").to_dicts()
        self.assertAlmostEqual(rates[0]["1"], 1 / 3)
        self.assertEqual(rates[0]["cohort"], "2026-01-01")
        self.assertEqual(rates[-1]["cohort"], "pooled rate")
        self.assertEqual(wide.types["cohort"], "date")
        self.assertEqual([row["cohort"] for row in wide.to_dicts()][-1].day, 3)
        self.assertEqual(self.retention.pivot("rate").types["cohort"], "string")
        with self.assertRaises(rollcall.InvalidArgument):
            self.retention.pivot("rat")
        with self.assertRaises(rollcall.InvalidArgument):
            self.counts.pivot()
        with self.assertRaises(rollcall.InvalidArgument):
            next(wide.members())

    def test_arrow(self):
        pyarrow = library(self, "pyarrow")
        table = self.counts.to_arrow()
        types = {field.name: field.type for field in table.schema}
        self.assertEqual(types["date"], pyarrow.date32())
        self.assertEqual(types["events"], pyarrow.int64())
        self.assertTrue(pyarrow.types.is_decimal128(types["value"]))
        self.assertEqual(table.to_pylist(), self.counts.to_dicts())
        self.assertIn(b"rollcall.definition", table.schema.metadata)
        self.assertEqual(pyarrow.table(self.counts), table)  # as often as one likes
        rates = self.retention.to_arrow()
        self.assertEqual(rates.schema.field("rate").type, pyarrow.float64())
        self.assertEqual(rates.schema.field("complete").type, pyarrow.bool_())
        self.assertEqual(rates.to_pylist(), self.retention.to_dicts())
        hours = self.store.counts(period="hour").to_arrow()
        self.assertEqual(hours.schema.field("date").type, pyarrow.timestamp("us", "Europe/London"))
        table.validate(full=True)
        users = next(self.counts.members({"date": "2026-01-01"}, of="users")).to_arrow()
        self.assertEqual(sorted(users["user"].to_pylist()), ["ann", "bob", "cid"])

    def test_the_stream_outlives_its_answer(self):
        pyarrow = library(self, "pyarrow")
        expected = self.counts.to_dicts()
        reader = pyarrow.RecordBatchReader.from_stream(self.counts)
        self.counts = None
        self.assertEqual(reader.read_all().to_pylist(), expected)

    def test_polars(self):
        polars = library(self, "polars")
        frame = self.counts.to_polars()
        self.assertEqual(frame.schema["date"], polars.Date)
        self.assertEqual(frame["events"].to_list(), [3, 1, 2])
        self.assertEqual(self.retention.pivot().to_polars().columns, ["cohort", "size", "0", "1", "2"])

    def test_pandas(self):
        library(self, "pandas")
        frame = self.counts.to_pandas()
        self.assertEqual(frame["date"].dtype.kind, "M")
        self.assertEqual(frame["events"].tolist(), [3, 1, 2])
        self.assertEqual(self.retention.to_pandas()["rate"].dtype, "float64")
        hours = self.store.counts(period="hour")
        self.assertEqual(str(hours.to_pandas()["date"].dtype), "datetime64[us, Europe/London]")
        self.assertEqual([str(time) for time in hours.to_pandas()["date"]],
                         [str(time) for time in hours.column("date")])

    def test_duckdb(self):
        duckdb = library(self, "duckdb")
        answer = library(self, "pyarrow").table(self.counts)  # pylint: disable=unused-variable
        self.assertEqual(duckdb.sql("select sum(events) from answer").fetchall(), [(6,)])

    def test_a_matrix_is_drawn_as_a_heat_map(self):
        text = self.retention._repr_html_()
        seen = Tags(text)
        self.assertLessEqual(seen.tags, TAGS)
        self.assertIn("2026-01-01", seen.texts)
        shades = set(re.findall('fill-opacity="([0-9.]+)"', text))
        self.assertGreaterEqual(len(shades), 3)  # 1, 2/3 and 1/3

    def test_counts_are_drawn_as_a_line(self):
        text = self.counts._repr_html_()
        self.assertIn("<path d=", text)
        self.assertIn("counts, as of 2026-01-03", text)

    def test_a_long_table_is_cut(self):
        users = [f"user {number}" for number in range(1100)]
        self.store.ingest({"user": users, "time": ["2026-01-04"] * 1100}, event_name="visit")
        page = next(self.store.active().members({"date": "2026-01-04"}))
        self.assertEqual(len(page), 1100)
        self.assertIn("100 more rows are left out.", Tags(page._repr_html_()).texts)

    def test_plots_are_drawn(self):
        library(self, "matplotlib").use("Agg")
        self.assertTrue(self.retention.plot().images)
        self.assertEqual(len(self.counts.plot().lines), 1)
        self.assertTrue(self.store.idle().plot().patches)

    def test_a_missing_library_is_named(self):
        import sys
        self.addCleanup(sys.modules.pop, "polars", None)
        before = sys.modules.get("polars")
        sys.modules["polars"] = None
        with self.assertRaises(ImportError):
            self.counts.to_polars()
        if before is not None:
            self.addCleanup(sys.modules.__setitem__, "polars", before)


class HostileNames(unittest.TestCase):
    def test_no_name_becomes_markup(self):
        count = len(HOSTILE)
        data = {"user": HOSTILE, "time": ["2026-01-01"] * count, "event": HOSTILE, "place": HOSTILE}
        with memory_store(dimensions=["place"]) as store:
            store.ingest(data)
            answers = [
                store.active(breakdown="place"),
                store.retention(breakdown="place", periods=1),
                store.active(event=HOSTILE[0]),
                store.adoption(features=HOSTILE[:3]),
                next(store.active().members({"date": "2026-01-01"})),
                store.active(breakdown="place").pivot(),
            ]
            for answer in answers:
                with self.subTest(answer=answer.kind):
                    seen = Tags(answer._repr_html_())
                    self.assertLessEqual(seen.tags, TAGS)
                    self.assertFalse({name for name in seen.attributes if name.startswith("on")})
                    self.assertFalse(seen.attributes & {"src", "href", "style"})
            texts = Tags(answers[0]._repr_html_()).texts
            for name in HOSTILE:
                self.assertIn(name.replace("\u202e", "\ufffd"), texts)


class SameQuestion(unittest.TestCase):
    """`members` and `to_roaring` list the users of the answer, whatever came after it."""

    def listed(self, answer, where):
        return [user for page in answer.members(where, batch=10) for user in page.column("user")]

    def test_the_question_is_that_which_was_asked(self):
        with memory_store(dimensions=["channel"]) as store:
            store.ingest({"user": ["a", "b"], "time": ["2026-01-01"] * 2, "channel": ["x", "y"]}, event_name="e")
            question = {"kind": "active", "where": {"channel": "x"}}
            answer = store.query(question)
            question["where"]["channel"] = "y"
            question["period"] = "month"
            self.assertEqual(self.listed(answer, {"date": "2026-01-01"}), ["a"])
            (answer,) = store.query([question := {"kind": "active", "where": {"channel": "x"}}])
            question["where"]["channel"] = "y"
            self.assertEqual(self.listed(answer, {"date": "2026-01-01"}), ["a"])

    def test_the_instant_is_that_of_the_answer(self):
        with memory_store() as store:
            store.ingest({"user": [f"u{n}" for n in range(100)], "time": ["2026-01-01"] * 100}, event_name="e")
            answer = store.segment(segment="did(*, 1d)")
            pages = answer.members(batch=10)
            self.assertEqual(len(next(pages)), 10)
            store.ingest({"user": ["late"], "time": ["2026-01-05"]}, event_name="e")
            self.assertEqual(sum(map(len, pages)), 90)
            recent = store.active(last="2d")
            store.ingest({"user": ["later"], "time": ["2026-01-09"]}, event_name="e")
            self.assertEqual(self.listed(recent, {"date": recent.column("date")[-1]}), ["late"])

    def test_cells_are_named_by_their_values(self):
        with memory_store(time_zone="America/New_York") as store:
            store.ingest({"user": ["a", "b"], "time": ["2026-01-01T10:05:00", "2026-01-01T11:59:00"]}, event_name="e")
            hours = store.active(period="hour")
            for hour, user in zip(hours.column("date"), hours.column("users")):
                self.assertEqual(len(self.listed(hours, {"date": hour})), user)
                self.assertEqual(len(self.listed(hours, {"date": hour.astimezone(datetime.timezone.utc)})), user)
            midnight = datetime.datetime(2026, 1, 1)  # as pandas has dates
            self.assertEqual(self.listed(store.active(), {"date": midnight}), ["a", "b"])
            with self.assertRaises(rollcall.InvalidArgument):
                list(store.active().members([1]))

    def test_what_an_answer_has_can_be_asked_again(self):
        for zone in ("UTC", "Europe/London", "Asia/Kolkata", "America/New_York"):
            with self.subTest(zone=zone), memory_store(time_zone=zone) as store:
                store.ingest({"user": ["a", "b"], "time": ["2026-01-03T10:10:00", "2026-01-03T10:40:00"]}, event_name="e")
                for period in ("hour", "minute"):
                    answer = store.active(period=period)
                    first = answer.column("users").index(max(answer.column("users")))
                    time = answer.column("date")[first]
                    self.assertEqual(len(self.listed(answer, {"date": time})), answer.column("users")[first])
                    again = store.active(period=period, from_=time, to=time)
                    self.assertEqual(again.to_dicts(), answer.to_dicts()[first:first + 1])
                days = store.active(from_=datetime.datetime(2026, 1, 3), to=datetime.datetime(2026, 1, 3))
                self.assertEqual(days.column("users"), [2])

    def test_midnight_is_an_hour_where_hours_are_asked(self):
        with memory_store() as store:
            store.ingest({"user": ["a", "b"], "time": ["2026-01-03T00:10:00", "2026-01-03T05:10:00"]}, event_name="e")
            midnight = datetime.datetime(2026, 1, 3)
            self.assertEqual(store.active(period="hour", from_=midnight, to=midnight).column("users"), [1])
            self.assertEqual(store.active(from_=midnight, to=midnight).column("users"), [2])

    def test_a_time_that_clocks_show_twice_begins_no_range(self):
        twice = datetime.datetime(2026, 11, 1, 6, 30, tzinfo=datetime.timezone.utc)  # 01:30 for the second time
        with memory_store(time_zone="America/New_York") as store:
            store.ingest({"user": ["a"], "time": ["2026-11-01T12:00:00"]}, event_name="e")
            with self.assertRaises(rollcall.InvalidArgument) as caught:
                store.active(period="hour", from_=twice)
        self.assertEqual(str(caught.exception), "from: must be a time that clocks in America/New_York show once, "
                                                "found 2026-11-01 06:30:00+00:00")

    def test_answers_with_other_amounts_go_together(self):
        polars = library(self, "polars")
        with memory_store(value_decimals=2) as store:
            store.ingest({"user": ["a", "a"], "time": ["2026-01-01", "2026-01-02"], "v": ["1", "2.25"]},
                         event_name="e", value="v")
            days = [store.counts(from_=day, to=day).to_polars() for day in ("2026-01-01", "2026-01-02")]
            self.assertEqual([str(value) for value in polars.concat(days)["value"]], ["1.00", "2.25"])
            matrix = store.retention(measure="value", periods=1).pivot("value").to_polars()
            self.assertEqual(matrix["1"].dtype, polars.Decimal(38, 2))

    def test_csv_is_that_of_the_command_line(self):
        questions = [{"kind": "retention", "periods": 2, "breakdown": "channel"}, {"kind": "counts", "period": "hour"},
                     {"kind": "counts"}, {"kind": "active", "ratio_to_window": 7}, {"kind": "rfm_users"}]
        with tempfile.TemporaryDirectory() as folder:
            with rollcall.open(f"{folder}/db", dimensions=["channel"]) as store:
                store.ingest({**visits(), "value": ["1.50", "2", "0", "0.25", "1", "0"],
                              "channel": ["=1+1", 'a "b", c', "-x\ny", "", "web", "web"]}, value="value")
                answers = [store.query(question) for question in questions]
                answers[0].to_csv(f"{folder}/a.csv", escape_formulas=True)
            for question, answer in zip(questions, answers):
                for options in ([], ["--escape-formulas"]):
                    told = subprocess.run(
                        [sys.executable, "-m", "rollcall", "query", "--db", f"{folder}/db", "-o", "csv", *options,
                         json.dumps(question)], capture_output=True, check=True).stdout.decode()
                    self.assertEqual(answer.to_csv(escape_formulas=bool(options)), told)
            with open(f"{folder}/a.csv", encoding="utf-8", newline="") as file:
                self.assertEqual(file.read(), answers[0].to_csv(escape_formulas=True))

    def test_pandas_types_without_rows(self):
        library(self, "pandas")
        with memory_store() as store:
            empty = store.counts().to_pandas()
            self.assertEqual(str(empty["complete"].dtype), "bool")
            self.assertEqual(list(empty[~empty["complete"]].columns), list(empty.columns))
            self.assertEqual(str(empty["value"].dtype), "object")

    def test_large_ids_stay_what_they_are(self):
        pandas = library(self, "pandas")
        ids = [1, 2**63 + 5, 2**64 - 1]
        with memory_store(user_kind="integer") as store:
            store.ingest({"user": ids, "time": ["2026-01-01"] * 3}, event_name="e")
            (page,) = store.active().members({"date": "2026-01-01"})
            self.assertEqual(page.to_pandas()["user"].tolist(), ids)
            self.assertEqual(page.to_pandas()["user"].dtype, pandas.Series(ids).dtype)


class Plots(unittest.TestCase):
    def test_each_value_of_a_breakdown_is_a_line(self):
        library(self, "matplotlib")
        days = [f"2026-01-{1 + n:02}" for n in range(8)]
        with memory_store(dimensions=["channel"]) as store:
            store.ingest({"user": ["a", "b"] * 4, "time": days, "channel": ["x", "y"] * 4}, event_name="e")
            axes = store.active(breakdown="channel").plot()
            self.assertEqual([line.get_label() for line in axes.get_lines()], ["x", "y"])
            self.assertEqual([len(line.get_xdata()) for line in axes.get_lines()], [8, 8])
            with self.assertRaises(rollcall.InvalidArgument):
                store.profile(user="a").plot()

    def test_answers_without_numbers_are_refused(self):
        library(self, "matplotlib")
        with memory_store() as store:
            store.ingest({"user": ["a"], "time": ["2026-01-01"]}, event_name="e")
            (page,) = store.active().members({"date": "2026-01-01"})
            with self.assertRaises(rollcall.InvalidArgument):
                page.plot()


if __name__ == "__main__":
    unittest.main()
