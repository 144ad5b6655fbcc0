#!/usr/bin/env python3
"""Prints which tests took longest, from a file that ctest --output-junit wrote.

    slowest_tests.py FILE
"""

import sys
import xml.etree.ElementTree

SHOWN = 10


def main():
    cases = xml.etree.ElementTree.parse(sys.argv[1]).getroot().iter("testcase")
    times = sorted(((float(case.get("time")), case.get("name")) for case in cases), reverse=True)
    print(f"The {SHOWN} slowest of {len(times)} tests, of {sum(time for time, _ in times):.0f} s in all:")
    for time, name in times[:SHOWN]:
        print(f"{time:8.1f} s  {name}")


if __name__ == "__main__":
    main()
