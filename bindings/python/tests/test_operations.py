"""Campaigns, alerts, reports, and what goes along with data that is ingested."""

import json
import os
import stat
import tempfile
import unittest

import rollcall
from support import library, memory_store, visits

BACK = {"name": "back", "audience": "did(signup)", "holdout": 0, "returned": "login"}
FEW = {"query": {"kind": "active"}, "column": "users", "condition": {"below": 3}, "severity": "high",
       "notify": [{"webhook": {"url": "https://example.org/hook"}}, {"command": ["/bin/true"]}]}


class OfCampaigns(unittest.TestCase):
    def setUp(self):
        self.store = memory_store()
        self.addCleanup(self.store.close)
        self.store.ingest(visits())
        self.campaigns = self.store.campaigns

    def test_a_campaign_from_its_start_to_its_end(self):
        runs = self.campaigns.create(BACK)
        self.assertEqual([run["classes"] for run in runs],
                         [[{"name": "other", "contacted": 3, "holdout": 0}]])
        self.assertEqual(self.campaigns.runs("back"), runs)
        self.assertEqual(self.campaigns.runs("none"), [])
        self.assertEqual(self.campaigns.run(), [])
        self.assertNotIn("ended", self.campaigns.list()["back"])
        self.campaigns.end("back")
        self.assertEqual(self.campaigns.list()["back"]["ended"], True)
        self.campaigns.drop("back")
        self.assertEqual(self.campaigns.list(), {})

    def test_several_are_kept_or_none(self):
        with self.assertRaises(rollcall.InvalidArgument):
            self.campaigns.create([BACK, {"name": "bad", "audience": "((("}])
        self.assertEqual(self.campaigns.list(), {})
        self.assertEqual(len(self.campaigns.create([BACK, {**BACK, "name": "again"}])), 2)
        with self.assertRaises(rollcall.AlreadyExists):
            self.campaigns.create(BACK)

    def test_the_standard_set(self):
        self.campaigns.create_standard(returned="login")
        kept = self.campaigns.list()
        self.assertEqual(len(kept), 5)
        self.assertEqual({json.dumps(one["returned"]) for one in kept.values()}, {'"login"'})

    def test_users_come_in_batches(self):
        self.campaigns.create(BACK)
        pages = list(self.campaigns.users("back", "contacted", batch=2))
        self.assertEqual([page.column("user") for page in pages], [["ann", "bob"], ["cid"]])
        self.assertEqual(len(list(self.campaigns.users("back", "holdout"))[0]), 0)
        with self.assertRaises(rollcall.NotFound):
            next(self.campaigns.users("none", "holdout"))
        with self.assertRaises(rollcall.InvalidArgument):
            next(self.campaigns.users("back", "both"))

    def test_users_are_arrow(self):
        pyarrow = library(self, "pyarrow")
        self.campaigns.create(BACK)
        page = next(self.campaigns.users("back", "contacted", class_="other"))
        self.assertEqual(pyarrow.table(page)["user"].to_pylist(), ["ann", "bob", "cid"])

    def test_a_report_is_an_answer(self):
        self.campaigns.create(BACK)
        answer = self.campaigns.report("back")
        self.assertEqual(answer.kind, "response")
        self.assertIn("returned", answer.columns)
        with self.assertRaises(rollcall.NotFound):
            self.campaigns.report("none")

    def test_what_is_saved_by_name_is_checked(self):
        with self.assertRaises(rollcall.InvalidArgument):
            self.store.save("campaign", "bad", {"anything": 1})
        self.store.save("campaign", "later", {key: BACK[key] for key in ("audience", "holdout")})
        self.assertEqual([run["campaign"] for run in self.campaigns.run("later")], ["later"])


class OfAlerts(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.store = rollcall.open(os.path.join(folder.name, "store.db"))
        self.addCleanup(self.store.close)
        self.store.ingest(visits())
        self.alerts = self.store.alerts
        self.sent = []

    def states(self):
        return {alert["alert"]: alert["state"] for alert in self.alerts.list()}

    def test_an_alert_fires_and_is_notified(self):
        self.alerts.create("few", FEW)
        self.assertEqual(self.states(), {"few": "unknown"})
        with self.assertRaises(rollcall.FailedPrecondition):
            self.alerts.breaker("few")
        checked, = self.alerts.check("few")
        self.assertEqual((checked["alert"], checked["severity"], checked["error"]), ("few", "high", None))
        self.assertEqual(checked["states"][0]["state"], "firing")
        self.assertTrue(self.alerts.breaker("few"))
        shown = self.alerts.show("few")
        self.assertEqual(shown["definition"], FEW)
        self.assertEqual(shown["changes"][0]["to"], "firing")
        self.assertEqual(self.alerts.notify(self.sent.append), (2, []))
        self.assertEqual(sorted(next(iter(one.target)) for one in self.sent), ["command", "webhook"])
        self.assertEqual({one.alert for one in self.sent}, {"few"})
        self.assertEqual(json.loads(self.sent[0].body)["to"], "firing")
        self.assertEqual(self.alerts.notify(self.sent.append), (0, []))

    def test_what_raises_did_not_arrive(self):
        def refuse(notification):
            raise ValueError(f"no {notification.alert}")

        self.alerts.create("few", FEW)
        self.alerts.check()
        arrived, failed = self.alerts.notify(refuse)
        self.assertEqual(arrived, 0)
        self.assertEqual(len(failed), 2)
        self.assertIn("no few", failed[0])

    def test_what_is_meant_to_end_more_than_this_ends_it(self):
        def end(notification):
            self.sent.append(notification)
            raise wanted

        self.alerts.create("few", FEW)
        self.alerts.check()
        for wanted in (KeyboardInterrupt, SystemExit):
            for send in (lambda: self.alerts.notify(end), lambda: self.alerts.test("few", end)):
                self.sent.clear()
                with self.assertRaises(wanted):
                    send()
                self.assertEqual(len(self.sent), 1)

    def test_what_is_called_may_ask_but_not_close(self):
        def look(notification):
            self.sent.append(self.store.active().kind)
            with self.assertRaises(rollcall.FailedPrecondition):
                self.store.close()

        self.alerts.create("few", FEW)
        self.assertEqual(self.alerts.test("few", look), (2, []))
        self.assertEqual(self.sent, ["active", "active"])

    def test_an_alert_is_tried_out(self):
        self.alerts.create("few", FEW)
        self.assertEqual(self.alerts.test("few", self.sent.append).arrived, 2)
        self.assertEqual({json.loads(one.body)["event"] for one in self.sent}, {"test"})
        self.assertEqual(self.states(), {"few": "unknown"})
        with self.assertRaises(rollcall.NotFound):
            self.alerts.test("none", self.sent.append)

    def test_an_alert_is_switched_off_replaced_and_dropped(self):
        self.alerts.create("few", FEW)
        with self.assertRaises(rollcall.AlreadyExists):
            self.alerts.create("few", FEW)
        self.alerts.create("few", FEW, replace=True)
        self.alerts.disable("few")
        self.assertEqual(self.states(), {"few": "off"})
        with self.assertRaises(rollcall.FailedPrecondition):
            self.alerts.check("few")
        self.assertEqual(self.alerts.check(), [])
        self.alerts.enable("few")
        self.assertEqual(self.states(), {"few": "unknown"})
        self.alerts.drop("few")
        self.assertEqual(self.states(), {})
        with self.assertRaises(rollcall.InvalidArgument):
            self.alerts.create("few", {})

    def test_a_store_in_memory_has_none(self):
        with memory_store() as store, self.assertRaises(rollcall.Unsupported):
            store.alerts.list()


class Reports(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "page.html")
        self.store = memory_store()
        self.addCleanup(self.store.close)
        self.store.ingest(visits())

    def test_a_report_is_a_page(self):
        page = self.store.report(title="Our <shop>")
        self.assertTrue(page.startswith("<!doctype html>"))
        self.assertIn("Our &lt;shop&gt;", page)
        self.assertIsNone(self.store.report(self.path, title="Our <shop>"))
        with open(self.path, encoding="utf-8") as file:
            self.assertEqual(file.read(), page)
        self.assertNotEqual(self.store.report(lang="zh"), self.store.report())
        with self.assertRaises(rollcall.InvalidArgument):
            self.store.report(lang="fr")

    def test_a_report_that_cannot_be_written_leaves_nothing(self):
        folder = os.path.join(os.path.dirname(self.path), "none", "page.html")
        with self.assertRaises(FileNotFoundError):
            self.store.report(folder)
        os.mkdir(self.path)
        with self.assertRaises(IsADirectoryError):
            self.store.report(self.path)
        self.assertTrue(stat.S_ISDIR(os.stat(self.path).st_mode))
        self.assertEqual(os.listdir(os.path.dirname(self.path)), ["page.html"])


class Deliveries(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.path = os.path.join(folder.name, "store.db")

    def test_a_token_counts_once(self):
        with memory_store() as store:
            first = store.ingest(visits(), token=("log", "1"))
            self.assertEqual((first.rows_ingested, first.was_skipped), (6, False))
            again = store.ingest(visits(), token=("log", "1"))
            self.assertEqual((again.rows_ingested, again.was_skipped), (0, True))
            store.ingest(visits(), token=("log", "2"))
            self.assertEqual(store.info()["event_count"], 12)

    def test_positions_are_committed_with_the_data(self):
        with memory_store() as store:
            store.ingest(visits(), positions={"log/0": "17", "log/1": "4"})
            self.assertEqual(store.sources(), {"log/0": "17", "log/1": "4"})
            bad = visits()
            bad["time"][5] = "never"
            with self.assertRaises(rollcall.InvalidArgument):
                store.ingest(bad, positions={"log/0": "18"})
            self.assertEqual(store.sources()["log/0"], "17")
            self.assertEqual(store.info()["event_count"], 6)

    def test_what_is_acknowledged_as_durable_survives(self):
        from support import run_python
        done = run_python("""
            import os, sys
            import rollcall
            store = rollcall.open(sys.argv[1])
            store.ingest({"user": ["ann"], "time": ["2026-01-01"]}, event_name="visit", ack="durable")
            os._exit(0)
        """, self.path)
        self.assertEqual(done.returncode, 0, done.stderr)
        with rollcall.open(self.path) as store:
            self.assertEqual(store.info()["event_count"], 1)

    def test_forgotten_users_are_told(self):
        with memory_store() as store:
            store.ingest(visits())
            store.forget(["ann"])
            self.assertEqual(store.ingest(visits()).rows_forgotten, 3)

    def test_arguments_of_another_type_are_refused(self):
        with memory_store() as store:
            for wrong in ({"ack": "later"}, {"token": "1"}, {"positions": {"log": 1}}):
                with self.subTest(wrong=wrong), self.assertRaises(rollcall.InvalidArgument):
                    store.ingest(visits(), **wrong)

    def test_rejected_rows_are_told(self):
        file = os.path.join(self.folder, "visits.csv")
        with open(file, "w", encoding="utf-8") as out:
            out.write("user,time,event\nann,2026-01-01,a\nbob,never,a\ncid,soon,a\n")
        told = []
        with rollcall.open(self.path) as store:
            report = store.ingest(file, on_reject=told.append)
            self.assertEqual((report.rows_ingested, report.rows_rejected), (1, 2))
            self.assertEqual([row["line"] for row in told], [3, 4])
            self.assertEqual(told[0]["row"], b"bob,never,a")
            self.assertEqual(told[0]["held"], False)
            self.assertIn("time", told[0]["reason"])
            with self.assertRaises(rollcall.InvalidArgument):
                store.ingest(file, token=("a", "b"))
            with self.assertRaises(rollcall.InvalidArgument):
                store.ingest(visits(), on_reject=told.append)

    def test_on_reject_may_ask_but_not_close(self):
        file = os.path.join(self.folder, "visits.csv")
        with open(file, "w", encoding="utf-8") as out:
            out.write("user,time,event\nann,2026-01-01,a\nbob,never,a\n")
        told = []
        with rollcall.open(self.path) as store:
            def look(_):
                told.append(store.info()["event_count"])
                with self.assertRaises(rollcall.FailedPrecondition):
                    store.close()

            store.ingest(file, on_reject=look)
            self.assertEqual(len(told), 1)

    def test_what_on_reject_raises_ends_the_ingest(self):
        file = os.path.join(self.folder, "visits.csv")
        with open(file, "w", encoding="utf-8") as out:
            out.write("user,time,event\nann,2026-01-01,a\nbob,never,a\n")

        def refuse(row):
            raise LookupError(row["line"])

        with rollcall.open(self.path) as store:
            with self.assertRaises(LookupError) as caught:
                store.ingest(file, on_reject=refuse)
            self.assertEqual(caught.exception.args, (3,))
            told = []
            store.ingest(file, on_reject=told.append)
            self.assertEqual([row["line"] for row in told], [3])
            self.assertEqual(store.info()["event_count"], 1)


if __name__ == "__main__":
    unittest.main()
