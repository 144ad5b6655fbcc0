#!/usr/bin/env python3
"""Prints which tests took longest and how those that failed ended, from a file of ctest --output-junit.

    test_report.py FILE
"""

import sys
import xml.etree.ElementTree

SLOWEST = 10
FAILED = 5
LINES = 25  # of the end of the output of one that failed


def has_failed(case):
    """One that could not be run counts as failed, one that skips or is disabled does not."""
    skipped = case.find("skipped")
    could_not = skipped is not None and not skipped.get("message", "").startswith(("SKIP_", "Disabled"))
    return could_not or case.find("failure") is not None


def main():
    cases = list(xml.etree.ElementTree.parse(sys.argv[1]).getroot().iter("testcase"))
    times = sorted(((float(case.get("time")), case.get("name")) for case in cases), reverse=True)
    print(f"The {SLOWEST} slowest of {len(times)} tests, of {sum(time for time, _ in times):.0f} s in all:")
    for time, name in times[:SLOWEST]:
        print(f"{time:8.1f} s  {name}")
    failed = [case for case in cases if has_failed(case)]
    for case in failed[:FAILED]:
        print(f"\n{case.get('name')} failed; its last lines:")
        for line in (case.findtext("system-out") or case[0].get("message", "")).rstrip().splitlines()[-LINES:]:
            print(f"    {line}")
    if len(failed) > FAILED:
        print(f"\nand {len(failed) - FAILED} more failed")


if __name__ == "__main__":
    main()
