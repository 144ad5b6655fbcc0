#!/usr/bin/env python3
"""Runs libFuzzer targets one after the other, and prints how many runs each made.

    run_targets.py --seconds N --corpus DIRECTORY PROGRAM...

DIRECTORY/NAME holds the inputs that fuzz_NAME begins with, and is only read. In the working
directory, found/NAME gets new inputs, broken/NAME-* those that break something, and NAME.log what
the target printed. Exits with 1 if a target failed; the others are run all the same.
"""

import argparse
import os
import re
import subprocess
import sys

INPUT_BYTES_MAX = 4096
INPUT_SECONDS_MAX = 10
MALLOC_MIB_MAX = 512
LINES_SHOWN = 60


def run(program, corpus, seconds):
    """Returns whether it went well, and how many runs it made (None: it did not come to an end)."""
    name = os.path.basename(program).removeprefix("fuzz_")
    os.makedirs(f"found/{name}", exist_ok=True)
    command = [program, f"-max_total_time={seconds}", f"-max_len={INPUT_BYTES_MAX}",
               f"-malloc_limit_mb={MALLOC_MIB_MAX}", f"-timeout={INPUT_SECONDS_MAX}",
               f"-artifact_prefix=broken/{name}-", f"found/{name}", os.path.join(corpus, name)]
    with open(f"{name}.log", "w+", encoding="utf-8", errors="replace") as log:
        status = subprocess.run(command, stdout=log, stderr=log, check=False).returncode
        log.seek(0)
        text = log.read()
    done = re.search(r"^Done (\d+) runs", text, re.M)
    is_well = status == 0 and done is not None
    if is_well:
        print(f"{name}: {done[1]} runs", flush=True)
    else:
        print("\n".join(text.splitlines()[-LINES_SHOWN:]))
        print(f"{name}: FAILED with status {status}; its input is in broken/", flush=True)
    return is_well, int(done[1]) if done else None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("programs", nargs="+")
    arguments = parser.parse_args()
    os.makedirs("broken", exist_ok=True)
    results = [run(program, arguments.corpus, arguments.seconds) for program in arguments.programs]
    failed = sum(not is_well for is_well, _ in results)
    print(f"{len(results)} targets, {arguments.seconds} s each: "
          f"{sum(runs or 0 for _, runs in results)} runs, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
