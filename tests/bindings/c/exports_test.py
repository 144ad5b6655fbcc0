#!/usr/bin/env python3
"""The shared library exports what rollcall.h declares and nothing else, and the tests call all of it.

    exports_test.py --library FILE
"""

import argparse
import os
import re
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
LIBRARY = None

# Whatever is added to the header is added here, and nothing is ever taken away under one soname.
CALLS = {
    "rollcall_alert", "rollcall_alert_breaker", "rollcall_alerts", "rollcall_audiences",
    "rollcall_campaign_question", "rollcall_campaigns", "rollcall_check_alerts",
    "rollcall_checkpoint", "rollcall_close", "rollcall_compact", "rollcall_copy",
    "rollcall_create_alert", "rollcall_create_campaigns", "rollcall_disable_alert",
    "rollcall_drop_alert", "rollcall_drop_audience", "rollcall_drop_campaign",
    "rollcall_drop_object", "rollcall_enable_alert", "rollcall_end_campaign",
    "rollcall_engine_free", "rollcall_error_code", "rollcall_error_free", "rollcall_error_hint",
    "rollcall_error_text", "rollcall_explain", "rollcall_forget", "rollcall_free",
    "rollcall_freeze", "rollcall_info", "rollcall_ingest_arrow", "rollcall_ingest_files",
    "rollcall_notify_alerts", "rollcall_objects", "rollcall_open", "rollcall_query",
    "rollcall_query_arrow", "rollcall_query_roaring", "rollcall_report", "rollcall_run_campaigns", "rollcall_save_objects",
    "rollcall_segments", "rollcall_sources", "rollcall_stop_free", "rollcall_stop_new",
    "rollcall_stop_request", "rollcall_test_alert", "rollcall_verify", "rollcall_version",
    "rollcall_write_roaring",
}


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class Exports(unittest.TestCase):
    def test_the_library_exports_the_calls_alone(self):
        listed = subprocess.run(["nm", "-D", "--defined-only", LIBRARY], check=True,
                                capture_output=True, text=True).stdout
        symbols = {line.split()[-1] for line in listed.splitlines()}
        versions = {name for name in symbols if "@" not in name}
        self.assertEqual(versions, {"ROLLCALL_0"} if versions else set())
        self.assertEqual({name.split("@")[0] for name in symbols} - {"ROLLCALL_0"}, CALLS)
        self.assertEqual({name.split("@")[-1] for name in symbols}, {"ROLLCALL_0"})

    def test_the_library_has_its_soname(self):
        dynamic = subprocess.run(["readelf", "-d", LIBRARY], check=True,
                                 capture_output=True, text=True).stdout
        self.assertEqual(re.findall(r"SONAME\).*\[(.*)\]", dynamic), ["librollcall.so.0"])
        # Threads of RocksDB are in it after the last store is closed.
        self.assertRegex(dynamic, r"FLAGS_1\).*NODELETE")

    def test_the_header_declares_the_calls(self):
        header = re.sub(r"/\*.*?\*/", "", read(os.path.join(ROOT, "bindings/c/include/rollcall.h")),
                        flags=re.S)
        self.assertEqual(set(re.findall(r"\b(rollcall_\w+)\(", header)), CALLS)

    def test_the_tests_call_every_call(self):
        called = set()
        for name in os.listdir(HERE):
            if name.endswith("_test.cpp"):
                code = re.sub(r"//[^\n]*|\"(?:\\.|[^\"\\\n])*\"", "", read(os.path.join(HERE, name)))
                called |= set(re.findall(r"\b(rollcall_\w+)\(", code))
        self.assertEqual(CALLS - called, set())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--library", required=True)
    options, rest = parser.parse_known_args()
    LIBRARY = options.library
    unittest.main(argv=[sys.argv[0], *rest])
