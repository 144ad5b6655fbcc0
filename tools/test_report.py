#!/usr/bin/env python3
"""Prints which tests took longest and how those that failed ended, from a file of ctest --output-junit.

    test_report.py FILE
"""

import sys
import xml.etree.ElementTree

SLOWEST = 10
FAILED = 5
LINES = 25  # of the end of the output of one that failed


def main():
    cases = list(xml.etree.ElementTree.parse(sys.argv[1]).getroot().iter("testcase"))
    times = sorted(((float(case.get("time")), case.get("name")) for case in cases), reverse=True)
    print(f"The {SLOWEST} slowest of {len(times)} tests, of {sum(time for time, _ in times):.0f} s in all:")
    for time, name in times[:SLOWEST]:
        print(f"{time:8.1f} s  {name}")
    failed = [case for case in cases if case.find("failure") is not None]
    for case in failed[:FAILED]:
        print(f"\n{case.get('name')} failed; its last lines:")
        for line in (case.findtext("system-out") or "").rstrip().splitlines()[-LINES:]:
            print(f"    {line}")
    if len(failed) > FAILED:
        print(f"\nand {len(failed) - FAILED} more failed")


if __name__ == "__main__":
    main()
