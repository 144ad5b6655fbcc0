#!/usr/bin/env python3
"""Every command stays within --memory: a tenth more and 32 MiB at most, pages of files apart.

    memory_test.py --rollcall PROGRAM

ROLLCALL_MEMORY_BUDGETS=32M,64M,256M,1G chooses the budgets; by default it is 32M alone.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = None
MIB = 1 << 20
# By budget: what it is, and events that take more than that in memory.
BUDGETS = {"32M": (32 * MIB, 200_000), "64M": (64 * MIB, 1_000_000), "256M": (256 * MIB, 1_200_000),
           "1G": (1024 * MIB, 6_000_000)}
DIMENSIONS = ["--dimension", "channel", "--dimension", "platform"]


def peak_bytes(process):
    """The most that a process comes to take till its end, without pages of files: what was seen of its anonymous
    memory, and its peak without what it has of files last."""
    seen, peak = 0, 0
    while process.poll() is None:
        try:
            with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
                fields = dict(line.split(":", 1) for line in status)
        except OSError:
            break
        if "RssAnon" in fields:
            kib = {name: int(fields[name].split()[0]) for name in ("RssAnon", "RssFile", "VmHWM")}
            seen = max(seen, kib["RssAnon"])
            peak = kib["VmHWM"] - kib["RssFile"]
        time.sleep(0.005)
    process.wait()
    return max(seen, peak) * 1024


class Memory(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.folder = self.temporary.name

    def run_within(self, budget, bytes_max, *arguments):
        with open(os.path.join(self.folder, "output"), "w+", encoding="utf-8") as output:
            process = subprocess.Popen([PROGRAM, *arguments], cwd=self.folder, stdout=output,
                                       stderr=subprocess.STDOUT)
            begin = time.monotonic()
            peak = peak_bytes(process)
            output.seek(0)
            self.assertEqual(process.returncode, 0, output.read()[-1000:])
        print(f"{budget:>5} {arguments[0]:<12} {peak / MIB:7.1f} of {bytes_max / MIB:.1f} MiB, "
              f"{time.monotonic() - begin:.1f} s", flush=True)
        with self.subTest(budget=budget, command=arguments):
            self.assertLessEqual(peak, bytes_max)

    def generate(self, name, events, *arguments):
        subprocess.run([PROGRAM, "generate", "--seed", "5", "--ids", "string", "--days", "60",
                        "--events", str(events), "--users", str(events // 4), *arguments, name], cwd=self.folder, check=True)

    def copy_store(self, name):
        shutil.rmtree(os.path.join(self.folder, name), ignore_errors=True)
        shutil.copytree(os.path.join(self.folder, "whole.db"), os.path.join(self.folder, name))

    def check(self, budget):
        budget_bytes, events = BUDGETS[budget]

        def run(*arguments):
            self.run_within(budget, budget_bytes * 11 // 10 + 32 * MIB, *arguments)

        limit = ["--memory", budget]
        self.generate("first.csv", events)
        run("ingest", "--db", "whole.db", "first.csv", *DIMENSIONS, *limit)
        # Onto what is there, in other forms, compressed.
        for name in ("more.csv.zst", "more.ndjson.gz", "more.rollcall"):
            self.generate(name, events // 4, "--first-day", "2026-02-15")
            self.copy_store("more.db")
            run("ingest", "--db", "more.db", name, *limit)
        for question in (["active", "--window-days", "30"], ["active", "--breakdown", "channel"],
                         ["counts", "--event", "purchase"], ["retention", "--period", "week"],
                         ["churn", "--gap-days", "7"], ["idle"], ["lifecycle"], ["stickiness"], ["info"], ["verify"],
                         ["segment", "count", "did(purchase) and not did(share)"],
                         ["churn", "--gap-days", "7", "--members", "churned", "--at", "date=2026-01-20"]):
            if question[0] == "segment":
                run("segment", "count", "--db", "whole.db", question[2], *limit)
            else:
                run(question[0], "--db", "whole.db", *question[1:], *limit)
        with open(os.path.join(self.folder, "first.csv"), encoding="utf-8") as rows, \
                open(os.path.join(self.folder, "users.csv"), "w", encoding="utf-8") as users:
            users.write("user\n")
            for number, line in enumerate(rows):
                if number % 500 == 1:
                    users.write(line.split(",", 1)[0] + "\n")
        self.copy_store("more.db")
        run("forget", "--db", "more.db", "--file", "users.csv", *limit)
        run("compact", "--db", "more.db", *limit)
        run("verify", "--db", "more.db", *limit)
        # These take no --memory, but little.
        run("backup", "--db", "whole.db", "--to", "copy.db")
        run("restore", "--from", "copy.db", "--db", "again.db")

    def test_positions_of_many_files(self):
        rows_per_file = 520 if "ROLLCALL_MEMORY_BUDGETS" in os.environ else 130
        os.mkdir(os.path.join(self.folder, "many"))
        for number in range(10_000):
            with open(os.path.join(self.folder, "many", f"{number:05}.csv"), "w", encoding="ascii") as file:
                file.write("user,event,time\n")
                file.writelines(f"{number * 7 + row * row},view,2026-01-{1 + number % 28:02} 10:{row % 60:02}:00\n"
                                for row in range(rows_per_file))
        # Positions lie outside the budget; with history it is full beside them.
        for command in (["ingest", "--no-history", "many"], ["compact"], ["verify"], ["active"], ["ingest", "many"]):
            self.run_within("64M", 64 * MIB * 11 // 10 + 32 * MIB, command[0], "--db", "many.db", "--memory", "64M",
                            *command[1:])

    def test_every_command(self):
        for budget in os.environ.get("ROLLCALL_MEMORY_BUDGETS", "32M").split(","):
            for name in os.listdir(self.folder):
                path = os.path.join(self.folder, name)
                shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)
            self.check(budget)


def is_sanitized(program):
    """Under a sanitizer most of a process's memory is the sanitizer's, and says nothing."""
    with open(program, "rb") as file:
        content = file.read()
    return b"__asan_init" in content or b"__tsan_init" in content


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rollcall", required=True)
    options, rest = parser.parse_known_args()
    PROGRAM = os.path.abspath(options.rollcall)
    if is_sanitized(PROGRAM):
        print("SKIPPED: a sanitizer's memory is not the program's")
        sys.exit(77)
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)
