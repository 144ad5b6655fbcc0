"""Sets of users, as other programs read them and write them."""

import json
import os
import tempfile
import unittest

import rollcall
from support import library, memory_store, visits


def numbers(store):
    """Ingests some integer ids, of 32 bits and more; returns those that log in."""
    some = [3, 4, 5, 70_000, 2**32 + 1, 2**64 - 1, *range(100_000, 120_000, 3), *range(200_000, 300_000)]
    store.ingest({"user": some, "time": ["2026-01-01"] * len(some)}, event_name="login")
    store.ingest({"user": [1, 2], "time": ["2026-01-01"] * 2}, event_name="signup")
    return some


class Roaring(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()  # pylint: disable=consider-using-with
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        """Where a file of the test lies."""
        return os.path.join(self.folder, name)

    def test_integers_come_back(self):
        with memory_store(user_kind="integer", question_directories=[self.folder]) as store:
            some = numbers(store)
            answer = store.query({"kind": "segment", "segment": {"did": "login"}})
            path = self.path("login.roaring")
            answer.write_roaring(path)
            with open(path, "rb") as file:
                self.assertEqual(file.read(), answer.to_roaring())
            members = store.query({"kind": "segment", "segment": {"did": "login"}, "members": {}})
            self.assertEqual(members.to_roaring(), answer.to_roaring())
            counted = store.query({"kind": "segment", "segment": {"in_file": path}})
            self.assertEqual((counted.column("users"), counted.notes), ([len(some)], []))
            cell = store.active().to_roaring({"date": "2026-01-01"})
            self.assertGreater(len(cell), 8)

    def test_texts_have_a_dictionary(self):
        with memory_store(question_directories=[self.folder]) as store:
            store.ingest(visits())
            answer = store.active(event="login")
            with self.assertRaises(rollcall.InvalidArgument):
                answer.to_roaring({"date": "2026-01-03"})
            answer.write_roaring(self.path("third.roaring"), {"date": "2026-01-03"})
            answer.write_roaring(self.path("second.roaring"), {"date": "2026-01-02"})
            with open(self.path("dictionary.jsonl"), encoding="utf-8") as file:
                entries = [json.loads(line) for line in file]
            self.assertEqual([entry["ordinal"] for entry in entries], [0, 1])
            self.assertEqual({entry["user"] for entry in entries}, {"ann", "bob"})
            both = {"all": [{"in_file": self.path("third.roaring")}, {"not": {"in_file": self.path("second.roaring")}}]}
            found = store.query({"kind": "segment", "segment": both, "members": {}})
            self.assertEqual(found.column("user"), ["bob"])

    def test_damage_and_other_answers_are_errors(self):
        with memory_store(user_kind="integer", question_directories=[self.folder]) as store:
            numbers(store)
            members = store.query({"kind": "segment", "segment": {"did": "login"}, "members": {}})
            with open(self.path("cut.roaring"), "wb") as file:
                file.write(members.to_roaring()[:-1])
            with self.assertRaises(rollcall.InvalidArgument):
                store.query({"kind": "segment", "segment": {"in_file": self.path("cut.roaring")}})
            with self.assertRaises(rollcall.IoError):
                members.write_roaring(self.path("nowhere/a"))
            with self.assertRaises(rollcall.InvalidArgument):
                store.retention(periods=1).pivot().to_roaring()

    def test_pyroaring_reads_and_writes_them(self):
        pyroaring = library(self, "pyroaring")
        with memory_store(user_kind="integer", question_directories=[self.folder]) as store:
            some = numbers(store)
            answer = store.query({"kind": "segment", "segment": {"did": "login"}})
            self.assertEqual(sorted(pyroaring.BitMap64.deserialize(answer.to_roaring())), sorted(some))
            for name, theirs in (("64", pyroaring.BitMap64(some[:5000])), ("32", pyroaring.BitMap(some[6:5000]))):
                with open(self.path(name), "wb") as file:
                    file.write(theirs.serialize())
                counted = store.query({"kind": "segment", "segment": {"in_file": self.path(name)}})
                self.assertEqual(counted.column("users"), [len(theirs)])

    def test_clickhouse_reads_them(self):
        chdb = library(self, "chdb")
        with memory_store(user_kind="integer") as store:
            some = numbers(store)
            data = store.query({"kind": "segment", "segment": {"did": "login"}}).to_roaring()
            size, length = b"", len(data)
            while True:  # the length is a number of variable size
                size += bytes([length & 0x7F | (0x80 if length > 0x7F else 0)])
                length >>= 7
                if not length:
                    break
            with open(self.path("set.bin"), "wb") as file:
                file.write(b"\x01" + size + data)
            table = f"file('{self.path('set.bin')}', 'RowBinary', 'users AggregateFunction(groupBitmap, UInt64)')"
            found = str(chdb.query(f"SELECT bitmapCardinality(users), bitmapMax(users), bitmapContains(users, 4), "
                                   f"bitmapContains(users, 6) FROM {table}", "CSV"))
            self.assertEqual(found.strip(), f"{len(some)},{2**64 - 1},1,0")


if __name__ == "__main__":
    unittest.main()
