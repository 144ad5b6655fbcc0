"""The methods that ask, against the engine's table of kinds."""

import datetime
import decimal
import inspect
import os
import unittest

import rollcall
from rollcall import _core, _questions, _stubs
from support import memory_store, run_python, visits

# A value of each type of field, and what the JSON of a question has for it.
VALUES = {
    "event": ("login", "login"),
    "conditions": ({"channel": "ads"}, {"channel": "ads"}),
    "segment": ("did(login)", "did(login)"),
    "members": ({"where": {}}, {"where": {}}),
    "property": ("channel", "channel"),
    "integer": (3, 3),
    "integers": ((0, 1), [0, 1]),
    "date": (datetime.date(2026, 1, 31), "2026-01-31"),
    "span": ("30d", "30d"),
    "instant": (datetime.datetime(2026, 1, 31, 6), "2026-01-31T06:00:00"),
    "instants": ({"may": datetime.date(2026, 5, 1)}, {"may": "2026-05-01"}),
    "events": (["signup", "login"], ["signup", "login"]),
    "exclusions": ([{"event": "refund"}], [{"event": "refund"}]),
    "length": (datetime.timedelta(days=2), "172800s"),
    "flag": (True, True),
    "names": (["login"], ["login"]),
    "rules": ([{"name": "quiet", "segment": "did(login)"}],) * 2,
    "edges": ({"r": [1]}, {"r": [1]}),
    "segments": ([{"name": "vip", "r": [4, 5]}],) * 2,
    "text": ("words", "words"),
    "amounts": (decimal.Decimal("1.80"), "1.80"),
    "texts": (["a"], ["a"]),
    "metric": ({"retention_day": 7}, {"retention_day": 7}),
    "variants": ({"a": "did(login)"},) * 2,
    "shares": ({"a": 0.5}, {"a": 0.5}),
    "user": ("ann", "ann"),
}


def at(question, place):
    """What a question has in a place such as "rule.period"."""
    for part in place.split("."):
        question = question[part]
    return question


class Asked:
    """Takes the place of a store, and keeps what it is asked."""

    def query(self, question, *, timeout):
        return question, timeout


class KindTable(unittest.TestCase):
    def test_every_field_of_every_kind_reaches_the_question(self):
        looked_at = 0
        for kind in _core.kind_table()["kinds"]:
            method = getattr(rollcall.Store, kind["name"])
            parameters = inspect.signature(method).parameters
            table = _core.kind_table()
            fields = kind["fields"] + table["common_fields"]
            fields += table["range_fields"] if kind["takes_range"] else []
            required = {_questions.argument_of(field["name"]): _value(field)[0]
                        for field in fields if field["is_required"]}
            for field in fields:
                with self.subTest(kind=kind["name"], field=field["name"]):
                    name = _questions.argument_of(field["name"])
                    self.assertIn(name, parameters)
                    optional = "" if field["is_required"] else " | None"
                    self.assertEqual(parameters[name].annotation.replace("'", '"'),
                                     _questions.annotation_of(field) + optional)
                    self.assertIn(field["meaning"], method.__doc__)
                    given, expected = _value(field)
                    question, timeout = method(Asked(), **{**required, name: given}, timeout=2)
                    self.assertEqual(question["kind"], kind["name"])
                    self.assertEqual(timeout, 2)
                    sent = _questions.json.loads(_questions.json_of(question))
                    self.assertEqual(at(sent, field["place"]), expected)
                    looked_at += 1
        self.assertGreater(looked_at, 150)

    def test_every_kind_has_a_method_and_no_other_attribute_is_hidden(self):
        own = set(vars(rollcall.Store))
        kinds = [kind["name"] for kind in _core.kind_table()["kinds"]]
        self.assertGreaterEqual(len(kinds), 22)
        self.assertEqual(own.intersection(kinds), set())

    def test_the_stub_is_the_one_that_the_table_makes(self):
        path = os.path.join(os.path.dirname(_stubs.__file__), "_questions.pyi")
        self.assertEqual(_stubs.main(["--check", path]), 0)

    def test_a_method_is_made_when_it_is_first_looked_up(self):
        done = run_python("""
            import types, rollcall
            from rollcall._questions import Questions
            def made():
                return [name for name, value in vars(Questions).items() if isinstance(value, types.FunctionType)]
            print(made())
            rollcall.Store.active, rollcall.Store.active
            print(made())
            """)
        self.assertEqual(done.stdout, "[]\n['active']\n", done.stderr)

    def test_a_required_field_is_required(self):
        with memory_store() as store, self.assertRaises(TypeError):
            store.segment()

    def test_an_unknown_argument_is_refused(self):
        with memory_store() as store, self.assertRaises(TypeError):
            store.active(evnt="login")


def _value(field):
    if field["words"] and field["type"] not in VALUES:
        return field["words"][0], field["words"][0]
    return VALUES[field["type"]]


class Answers(unittest.TestCase):
    def setUp(self):
        self.store = memory_store()
        self.addCleanup(self.store.close)
        self.store.ingest(visits())

    def test_a_method_and_a_dict_ask_the_same(self):
        by_method = self.store.retention(cohort_event="signup", return_event="login", periods=2)
        by_dict = self.store.query({"kind": "retention", "cohort_event": "signup",
                                    "return_event": "login", "periods": 2})
        self.assertEqual(by_method.to_dicts(), by_dict.to_dicts())
        self.assertEqual(by_method.pivot().to_dicts()[0],
                         {"cohort": datetime.date(2026, 1, 1), "size": 3, "0": 0, "1": 1, "2": 2})

    def test_a_nested_field_is_put_in_its_place(self):
        answer = self.store.churn(gap_days=1)
        self.assertEqual(answer.definition["rule"], {"gap_days": 1})

    def test_dates_of_python_are_taken(self):
        answer = self.store.active(from_=datetime.date(2026, 1, 2), to=datetime.date(2026, 1, 3))
        self.assertEqual(answer.column("users"), [1, 2])

    def test_several_questions_are_answered_over_one_state(self):
        answers = self.store.query([{"kind": "active"}, {"kind": "counts"}])
        self.assertEqual([answer.kind for answer in answers], ["active", "counts"])
        self.assertEqual(answers[0].column("users"), [3, 1, 2])

    def test_a_question_may_be_json(self):
        self.assertEqual(self.store.query('{"kind": "active"}').column("users"), [3, 1, 2])
        with self.assertRaises(rollcall.InvalidArgument):
            self.store.query("{")

    def test_what_json_has_not_is_refused(self):
        with self.assertRaises(TypeError):
            self.store.query({"kind": "active", "event": object()})

    def test_a_timeout_ends_a_question(self):
        with self.assertRaises(rollcall.DeadlineExceeded):
            self.store.query([{"kind": "retention"}] * 1000, timeout=0)

    def test_explaining_does_not_answer(self):
        told = self.store.explain({"kind": "active", "event": "login"})
        self.assertTrue(told["meaning"])
        self.assertEqual(len(told["series"]), 1)

    def test_members_come_in_batches(self):
        answer = self.store.active()
        pages = list(answer.members({"date": "2026-01-01"}, batch=2))
        self.assertEqual([len(page) for page in pages], [2, 1])
        self.assertEqual({user for page in pages for user in page.column("user")}, {"ann", "bob", "cid"})
        with self.assertRaises(rollcall.InvalidArgument):
            next(answer.members({"date": "2026-01-01"}, of="nobody"))


if __name__ == "__main__":
    unittest.main()
