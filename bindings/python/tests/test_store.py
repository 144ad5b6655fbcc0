"""Stores: opening, what they keep, errors."""

import datetime
import os
import tempfile
import unittest

import rollcall
from rollcall import _core, _errors
from support import memory_store, visits


class OnDisk(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.path = os.path.join(folder.name, "store.db")

    def test_an_empty_path_is_refused(self):
        for call in (lambda: rollcall.open(""), lambda: rollcall.backup("", "x"), lambda: rollcall.backup("x", "")):
            with self.assertRaises(rollcall.InvalidArgument) as caught:
                call()
            self.assertIn(str(caught.exception), ("path: is empty (allowed: a path)", "to: is empty (allowed: a path)"))

    def test_closing_keeps_what_was_ingested(self):
        with rollcall.open(self.path) as store:
            store.ingest(visits())
        self.assertTrue(store.closed)
        with rollcall.open(self.path, read_only=True) as store:
            self.assertEqual(store.info()["event_count"], 6)

    def test_a_store_that_nobody_holds_any_more_is_closed(self):
        rollcall.open(self.path).ingest(visits())
        with rollcall.open(self.path) as store:
            self.assertEqual(store.info()["event_count"], 6)

    def test_a_closed_store_refuses_and_closes_again(self):
        store = rollcall.open(self.path)
        store.close()
        store.close()
        with self.assertRaises(rollcall.FailedPrecondition):
            store.active()

    def test_settings_are_those_the_store_was_made_with(self):
        with rollcall.open(self.path, time_zone="Europe/London", dimensions=["channel"]) as store:
            self.assertEqual(store.settings()["time_zone"], "Europe/London")
        with rollcall.open(self.path, time_zone="Europe/London") as store:
            self.assertEqual(store.settings()["dimensions"], ["channel"])
        with self.assertRaises(rollcall.InvalidArgument):
            rollcall.open(self.path, time_zone="UTC")
        rollcall.open(self.path).close()  # the refused one let go of it

    def test_a_second_writer_is_refused(self):
        with rollcall.open(self.path):
            with self.assertRaises(rollcall.Busy) as caught:
                rollcall.open(self.path)
        self.assertEqual(caught.exception.code, "busy")

    def test_a_missing_store_may_be_refused(self):
        with self.assertRaises(rollcall.NotFound):
            rollcall.open(self.path, create_if_missing=False)

    def test_an_option_of_another_type_is_refused(self):
        for options in ({"partition_count": "many"}, {"history": 3.5}, {"week_start": "friday"},
                        {"dimensions": [1]}, {"time_max": datetime.datetime(2026, 1, 1)}):
            with self.subTest(options=options), self.assertRaises(rollcall.InvalidArgument):
                rollcall.open(self.path, **options)

    def test_a_hint_names_the_argument(self):
        with self.assertRaises(rollcall.InvalidArgument) as caught:
            rollcall.open(self.path, time_zone="Mars/Olympus")
        names = {name for way in caught.exception.options for name in way}
        self.assertEqual(names, {"time_zone"})
        self.assertTrue(caught.exception.hint)

    def test_lists_are_read_from_named_directories_alone(self):
        allowed = os.path.join(self.folder, "lists")
        os.mkdir(allowed)
        for folder in (allowed, self.folder):
            with open(os.path.join(folder, "users.txt"), "w", encoding="utf-8") as file:
                file.write("ann\n")
        question = {"kind": "segment", "segment": {"in_file": os.path.join(allowed, "users.txt")}}
        outside = {"kind": "segment", "segment": {"in_file": os.path.join(self.folder, "users.txt")}}
        with rollcall.open(self.path) as store:
            store.ingest(visits())
            with self.assertRaises(rollcall.InvalidArgument):
                store.query(question)
        with rollcall.open(self.path, question_directories=[allowed]) as store:
            self.assertEqual(store.query(question).column("users"), [1])
            with self.assertRaises(rollcall.InvalidArgument):
                store.query(outside)

    def test_a_backup_is_a_store(self):
        copy = os.path.join(self.folder, "copy.db")
        with rollcall.open(self.path) as store:
            store.ingest(visits())
            store.checkpoint()
            self.assertGreater(rollcall.backup(self.path, copy)["page_count"], 0)
            with self.assertRaises(rollcall.AlreadyExists):
                rollcall.backup(self.path, copy)
        with rollcall.open(copy) as store:
            self.assertEqual(store.info()["user_count"], 3)

    def test_a_property_is_kept_from_now_on(self):
        data = {**visits(), "channel": ["ads", "web", "ads", "", "ads", "web"]}
        with rollcall.open(self.path) as store:
            store.ingest(visits())
            store.ingest(data, properties=["channel"])
            self.assertEqual(store.settings()["kept_properties"], ["channel"])
            answer = store.counts(event="signup", where={"channel": "ads"})
            self.assertEqual(answer.column("events")[0], 2)
        with rollcall.open(self.path) as store:
            self.assertEqual(store.settings()["kept_properties"], ["channel"])

    def test_a_property_without_a_column_is_refused(self):
        with rollcall.open(self.path) as store, self.assertRaises(rollcall.InvalidArgument):
            store.ingest(visits(), properties=["chanel"])

    def test_an_ingest_that_is_refused_keeps_no_property(self):
        with rollcall.open(self.path) as store:
            for data, options in ((visits(), {"properties": ["chanel"]}), ({"user": [object()]}, {}), (None, {}),
                                  (self.path + "/none-*.csv", {})):
                with self.subTest(data=data), self.assertRaises(rollcall.Error):
                    store.ingest(data, **{"properties": ["channel"], **options})
            self.assertEqual(store.settings()["kept_properties"], [])


class Kept(unittest.TestCase):
    def setUp(self):
        self.store = memory_store()
        self.addCleanup(self.store.close)
        self.store.ingest(visits())

    def test_segments_are_expressions_or_lists(self):
        self.store.save_segment("loyal", "did(login, 2026-01-02..2026-01-03)")
        self.store.save_segment("few", ["ann", "zoe"])
        count = lambda name: self.store.segment(segment={"segment": name}).column("users")
        self.assertEqual(count("loyal"), [2])
        self.assertEqual(count("few"), [1])
        self.assertEqual(self.store.saved("segment")["few"], {"users": ["ann", "zoe"]})

    def test_campaigns_and_alerts_are_kept_by_name(self):
        for kind, definition in (("campaign", {"name": "one", "audience": "did(signup)"}),
                                 ("alert", {"query": {"kind": "active"}, "column": "users",
                                            "condition": {"below": 1}})):
            self.store.save(kind, "one", definition)
            self.assertEqual(self.store.saved(kind), {"one": definition})
            with self.assertRaises(rollcall.AlreadyExists):
                self.store.save(kind, "one", definition)
            self.store.save(kind, "one", definition, replace=True)
            self.store.drop(kind, "one")
            self.assertEqual(self.store.saved(kind), {})
            with self.assertRaises(rollcall.NotFound):
                self.store.drop(kind, "one")

    def test_a_question_is_checked_when_it_is_saved(self):
        self.store.save("question", "daily", {"kind": "active"})
        self.assertEqual(self.store.query(self.store.saved("question")["daily"]).column("users"), [3, 1, 2])
        with self.assertRaises(rollcall.InvalidArgument):
            self.store.save("question", "wrong", {"kind": "activ"})
        with self.assertRaises(rollcall.InvalidArgument):
            self.store.saved("questions")

    def test_an_audience_is_frozen(self):
        told = self.store.freeze("win back", "did(signup)", run="1", classes={"back": "did(login)"},
                                 as_of="2026-01-02", holdout="0")
        self.assertEqual([(one["name"], one["contacted"]) for one in told["classes"]],
                         [("back", 1), ("other", 2)])
        self.assertEqual(self.store.audiences(), [told])
        self.store.drop_audience("win back", "1")
        self.assertEqual(self.store.audiences(), [])

    def test_a_user_is_forgotten(self):
        self.assertEqual(self.store.forget(["ann", "zoe"]), 1)
        self.assertEqual(self.store.active().column("users"), [2, 0, 1])
        self.assertEqual(self.store.info()["forgotten_count"], 2)

    def test_arguments_of_other_types_are_refused(self):
        store, sur = self.store, "a\ud800"
        good = {"user": ["a"], "time": ["2026-01-01"]}
        for call in (lambda: rollcall.open(b"x"), lambda: rollcall.open(None), lambda: rollcall.open(sur),
                     lambda: rollcall.backup(1, "x"), lambda: rollcall.backup("x", b"y"),
                     lambda: store.ingest(None), lambda: store.ingest(sur), lambda: store.ingest([sur]),
                     lambda: store.ingest({**good, sur: ["x"]}), lambda: store.ingest({**good, "user": [sur]}),
                     lambda: store.ingest(good, user=b"user"), lambda: store.ingest(good, user=sur),
                     lambda: store.ingest(good, positions=7), lambda: store.ingest(good, positions={sur: "x"}),
                     lambda: store.ingest(good, token="ab"), lambda: store.ingest(good, properties=[sur]),
                     lambda: store.active(timeout="x"), lambda: store.active(timeout=True),
                     lambda: store.query({"kind": "active"}, timeout=[]), lambda: store.query(None),
                     lambda: store.query(b"{}"), lambda: store.query({"kind": sur}), lambda: store.query(sur),
                     lambda: store.explain(None), lambda: store.explain({"kind": "active"}, timeout="x"),
                     lambda: store.report(timeout="x"), lambda: store.save(None, "x", {}),
                     lambda: store.save("segment", "x", {"users": "ann"}), lambda: store.saved(7),
                     lambda: store.drop("segment", None), lambda: store.freeze(None, "did(visit)"),
                     lambda: store.drop_audience(7), lambda: store.forget([sur]),
                     lambda: store.campaigns.run(7), lambda: store.campaigns.report(None),
                     lambda: store.alerts.show(None), lambda: store.alerts.check(7),
                     lambda: store.alerts.check(timeout="x")):
            with self.assertRaises(rollcall.InvalidArgument):
                call()

    def test_a_text_is_no_list_of_users(self):
        self.store.ingest({"user": ["a", "n", "ann"], "time": ["2026-01-01"] * 3}, event_name="visit")
        before = self.store.info()["user_count"]
        for users in ("ann", b"ann", {"ann": 1}, 7, None, ["a", None], ["a", 1.0], [b"ann"], ["a", True]):
            with self.subTest(users=users):
                with self.assertRaises(rollcall.InvalidArgument):
                    self.store.forget(users)
                if not isinstance(users, (str, dict)):
                    with self.assertRaises(rollcall.InvalidArgument):
                        self.store.save_segment("some", users)
        self.assertEqual(self.store.info()["user_count"], before)
        self.assertEqual(self.store.forget(one for one in ("a", "n")), 2)

    def test_a_text_is_no_list_of_names(self):
        for names in ("ab", b"ab", {"ab": 1}, 7, ["a", 1]):
            with self.subTest(names=names):
                for option in ("keep", "dimensions", "question_directories"):
                    with self.assertRaises(rollcall.InvalidArgument):
                        memory_store(**{option: names})
                with self.assertRaises(rollcall.InvalidArgument):
                    self.store.ingest({**visits(), "a": ["x"] * 6, "b": ["y"] * 6}, properties=names)
        for definition in ("ab", b"ab", 7):
            with self.assertRaises(rollcall.InvalidArgument):
                self.store.campaigns.create(definition)
        self.assertEqual(self.store.settings()["kept_properties"], [])

    def test_a_store_tells_what_it_holds(self):
        info = self.store.info()
        self.assertEqual((info["event_count"], info["user_count"]), (6, 3))
        self.assertEqual(info["events"], {"signup": 3, "login": 3})
        self.assertEqual((info["first_day"], info["last_day"]), ("2026-01-01", "2026-01-03"))
        self.assertEqual(info["known_until"].date(), datetime.date(2026, 1, 3))
        self.store.checkpoint()
        self.store.compact()
        self.assertEqual(self.store.verify()["faults"], [])
        self.assertEqual(self.store.sources(), {})


class Errors(unittest.TestCase):
    def test_every_code_has_a_class(self):
        codes = _core.status_codes()
        self.assertEqual(sorted(_errors.BY_CODE), sorted(codes))
        for code in codes:
            error = _errors.error_of(code, "text", "history = true", [{"history": "true"}])
            self.assertIsInstance(error, rollcall.Error)
            self.assertIs(getattr(rollcall, type(error).__name__), type(error))
            self.assertEqual((error.code, error.hint), (code, "history = true"))

    def test_an_error_is_also_what_python_calls_it(self):
        with memory_store() as store:
            store.ingest(visits())
            with self.assertRaises(ValueError):
                store.active(event="logni")
            with self.assertRaises(LookupError):
                store.drop("alert", "none")
            with self.assertRaises(TimeoutError):
                store.query([{"kind": "retention"}] * 1000, timeout=0)


if __name__ == "__main__":
    unittest.main()
