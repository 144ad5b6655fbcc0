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


PASS = "  const Gate::Pass pass(state_->gate);\n"
CHECKPOINT = "  ROLLCALL_RETURN_IF_ERROR(checkpoint_alone());\n"
TASK = "  workers.for_each(partitions.size(), [&](std::size_t i) {\n"
# Lists the faults to plant in each file: what each is, a line of the file, what takes its place, and what clang has to
# say of that. A file is compiled once with all of its faults.
PLANTED = {
    "core/engine/engine_calls.cpp": [
        ("state read outside the gate", PASS + "  return state_->tables.sources.positions();\n",
         "  return state_->tables.sources.positions();\n", "reading variable 'tables' requires holding gate"),
        ("a gate passed twice", PASS + "  return state_->audience_infos();\n",
         PASS + "  const Gate::Pass again(state_->gate);\n  return state_->audience_infos();\n", "is already held")],
    "core/engine/checkpoint.cpp": [
        ("a checkpoint made without the mutex", "  const MutexLock one_at_a_time(checkpointer.mutex());\n", "",
         "requires holding mutex 'checkpointer.mutex_'"),
        ("a checkpoint made within the gate", CHECKPOINT, "  const Gate::Pass pass(gate);\n" + CHECKPOINT,
         "cannot call function 'checkpoint_alone' while gate 'gate' is held"),
        ("a task that does not say who holds the gate", TASK + "    gate.assert_passed();\n", TASK,
         "reading variable 'partitions' requires holding gate")],
    "storage/file_journal.cpp": [
        ("a field of storage read without its mutex",
         "std::uint64_t FileJournal::bytes() const {\n  const MutexLock lock(mutex_);\n",
         "std::uint64_t FileJournal::bytes() const {\n  if (files_.empty()) return 0;\n  const MutexLock lock(mutex_);\n",
         "reading variable 'files_' requires holding mutex 'mutex_'")],
}


def plant(name, faults, command, folder):
    """Compiles a file with its faults. Returns what is not as it should be."""
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        text = file.read()
    for what, line, instead, _ in faults:
        if text.count(line) != 1:
            return [f"{what}: {name} has it {text.count(line)} times: {line}"]
        text = text.replace(line, instead)
    planted = os.path.join(folder, os.path.basename(name))
    with open(planted, "w", encoding="utf-8") as file:
        file.write(text)
    # A loop says the same of its begin and its end.
    found = sorted({line for line in compile_with_clang(command, planted).splitlines() if " error: " in line})
    failures = [f"{what}: wanted an error with {wanted!r}, found: {found}"
                for what, _, _, wanted in faults if not any(wanted in line for line in found)]
    return failures + [f"{name}: an error that nobody planted: {line}" for line in found
                       if not any(wanted in line for *_, wanted in faults)]


def self_test(commands):
    with tempfile.TemporaryDirectory() as folder:
        failures = [failure for name, faults in PLANTED.items()
                    for failure in plant(name, faults, commands[name], folder)]
    for failure in failures:
        print(failure, file=sys.stderr)
    print(f"thread safety self-test: {sum(map(len, PLANTED.values()))} planted, {len(failures)} failures")
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
