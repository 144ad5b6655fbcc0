#!/usr/bin/env python3
"""The compile database gets a command for each source, as if it were compiled alone.

Several sources may be compiled at a time, and after a header that is compiled already, which the
compiler that made it can read and no other.

    compile_database.py FILE   prints it, for tools that look at one source after the other
"""

import json
import os
import re
import sys

UNITED = re.compile(r"/Unity/unity_\d+_cxx\.cxx$")
COMPILED_HEADER = re.compile(r" -Winvalid-pch| -include \S*/cmake_pch\.hxx")
INCLUDED = re.compile(r'#include "(.*)"')


def read(path):
    """Returns the entries of the database: one for each source, which reads its own headers."""
    with open(path, encoding="utf-8") as file:
        entries = json.load(file)
    alone = []
    for entry in entries:
        entry["command"] = COMPILED_HEADER.sub("", entry["command"])
        if not UNITED.search(entry["file"]):
            alone.append(entry)
            continue
        united = os.path.join(entry["directory"], entry["file"])
        with open(united, encoding="utf-8") as file:
            sources = INCLUDED.findall(file.read())
        alone += [{**entry, "file": source, "command": entry["command"].replace(entry["file"], source)}
                  for source in sources]
    return alone


if __name__ == "__main__":
    json.dump(read(sys.argv[1]), sys.stdout, indent=2)
