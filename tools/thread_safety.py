#!/usr/bin/env python3
"""Checks who holds which lock: compiles core and storage with clang's thread safety analysis.

    thread_safety.py --compile-commands FILE               prints what is done without its lock
    thread_safety.py --compile-commands FILE --self-test   checks that this is seen

core/base/thread_safety.h has the annotations. Exits with 77 if there is no clang++.
"""

import argparse
import concurrent.futures
import os
import shlex
import shutil
import subprocess
import sys
import tempfile

import compile_database

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDERS = ("core/", "storage/")
FLAGS = ["-fsyntax-only", "-Wno-everything", "-Wthread-safety", "-Werror=thread-safety"]
SKIPPED = 77


def read_commands(path):
    """Returns, by file relative to the root, the folder that it is compiled in, and the flags."""
    commands = {}
    for entry in compile_database.read(path):
        name = os.path.relpath(os.path.join(entry["directory"], entry["file"]), ROOT)
        if not name.startswith(FOLDERS):
            continue
        words = shlex.split(entry["command"])
        flags = words[next(i for i, word in enumerate(words) if word.startswith("-")):]
        flags = flags[:flags.index("-o")] + flags[flags.index("-o") + 2:]
        flags = flags[:flags.index("-c")] + flags[flags.index("-c") + 2:]
        commands[name] = (entry["directory"], [flag for flag in flags if flag != "-Werror"])
    return commands


def compile_with_clang(command, path):
    """Returns what clang has to say of the file, which is nothing if all is well."""
    folder, flags = command
    run = subprocess.run(["clang++", *flags, *FLAGS, path], cwd=folder, check=False,
                         capture_output=True, text=True)
    return run.stderr if run.returncode else ""


def check(commands):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(
            lambda name: compile_with_clang(commands[name], os.path.join(ROOT, name)),
            sorted(commands)))
    for text in filter(None, found):
        print(text, end="")
    print(f"thread safety: {len(found)} files, {sum(map(bool, found))} with faults")
    return 1 if any(found) else 0


# Each plants a fault: it names a line of a file, what takes its place, and what clang has to say of
# that.
PASS = "  const Gate::Pass pass(state_->gate);\n  return state_->tables.sources.positions();\n"
PLANTED = {
    "state read outside the gate":
        ("core/engine/engine_calls.cpp", PASS, PASS.split("\n")[1] + "\n",
         "requires holding gate"),
    "a gate passed twice":
        ("core/engine/engine_calls.cpp", PASS, PASS.replace("  return", "  const Gate::Pass again(state_->gate);\n  return"),
         "is already held"),
    "a checkpoint made without the mutex":
        ("core/engine/checkpoint.cpp", "  const MutexLock one_at_a_time(checkpointer.mutex());\n", "",
         "requires holding mutex"),
    "a checkpoint made within the gate":
        ("core/engine/checkpoint.cpp", "  const MutexLock one_at_a_time(checkpointer.mutex());\n",
         "  const MutexLock one_at_a_time(checkpointer.mutex());\n  const Gate::Pass pass(gate);\n",
         "cannot call function 'checkpoint_alone' while gate 'gate' is held"),
    "a task that does not say who holds the gate":
        ("core/engine/checkpoint.cpp",
         "  workers.for_each(partitions.size(), [&](std::size_t i) {\n    gate.assert_passed();\n",
         "  workers.for_each(partitions.size(), [&](std::size_t i) {\n", "requires holding gate"),
    "a field of storage read without its mutex":
        ("storage/file_journal.cpp",
         "std::uint64_t FileJournal::bytes() const {\n  const MutexLock lock(mutex_);\n",
         "std::uint64_t FileJournal::bytes() const {\n", "requires holding mutex 'mutex_'"),
}


def self_test(commands):
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        planted = os.path.join(folder, "planted.cpp")
        for name in sorted({path for path, *_ in PLANTED.values()}):
            said = compile_with_clang(commands[name], os.path.join(ROOT, name))
            if said:
                failures.append(f"{name}, as it is: {said}")
        for what, (name, line, instead, wanted) in PLANTED.items():
            with open(os.path.join(ROOT, name), encoding="utf-8") as file:
                text = file.read()
            if text.count(line) != 1:
                failures.append(f"{what}: {name} has it {text.count(line)} times: {line}")
                continue
            with open(planted, "w", encoding="utf-8") as file:
                file.write(text.replace(line, instead))
            said = compile_with_clang(commands[name], planted)
            if wanted not in said or "error:" not in said:
                failures.append(f"{what}: wanted an error with {wanted!r}, found: {said}")
    for failure in failures:
        print(failure, file=sys.stderr)
    print(f"thread safety self-test: {len(PLANTED)} planted, {len(failures)} failures")
    return 1 if failures else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--compile-commands", required=True)
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    if shutil.which("clang++") is None:
        print("SKIPPED: thread safety: there is no clang++ (tools/setup --dev installs it)",
              file=sys.stderr)
        return SKIPPED
    commands = read_commands(arguments.compile_commands)
    return self_test(commands) if arguments.self_test else check(commands)


if __name__ == "__main__":
    sys.exit(main())
