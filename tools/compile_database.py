#!/usr/bin/env python3
"""The compile database gets a command for each source, even if several are compiled at a time.

    compile_database.py FILE   prints it, for tools that look at one source after the other
"""

import json
import os
import re
import sys

UNITED = re.compile(r"/Unity/unity_\d+_cxx\.cxx$")
INCLUDED = re.compile(r'#include "(.*)"')


def read(path):
    """Returns the entries of the database; united files have one for each of their sources."""
    with open(path, encoding="utf-8") as file:
        entries = json.load(file)
    alone = []
    for entry in entries:
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
