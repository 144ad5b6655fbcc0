#!/usr/bin/env python3
"""Runs sessions: shell commands and what they print, as a person would see them.

    session_test.py --rollcall PROGRAM [--data DIR] [--rewrite] FILE ...

A .session file is text. `$ command` is run by bash in a folder of its own, shared by the session;
lines that begin with `> ` continue it. What follows, up to the next command or comment, is what the
command prints, standard error included, with `[exit N]` at the end if N is not 0. A line that
begins with `#` is a comment.

In a .md file the same stands in blocks marked `console`; blocks marked `sh` that begin with `cat >`
make the files that the examples use. Commands that need $ROLLCALL_DATA, and those after them in
their block, are passed over, and said to be, when there is no such folder.

Times, rates and sizes on disk, which differ from run to run, are compared as <time>, <rate> and
<size>, and written so into sessions. --rewrite writes what was printed into the file, for a person
to review.
"""

import argparse
import difflib
import os
import re
import subprocess
import sys
import tempfile

COMMAND_TIMEOUT_S = 120

# These differ from run to run, as patterns with a group for what is replaced.
VOLATILE = [
    (re.compile(r"( in )[\d.:]+(?: s)? \([\d.]+[kM]? rows/s\)"), r"\1<time> (<rate> rows/s)"),
    (re.compile(r"(rows in )[\d.]+( ms)"), r"\1<time>\2"),
    (re.compile(r'("elapsed_u?s": ?)[\d.e-]+'), r'\1"<time>"'),
    (re.compile(r"(on disk +|, before |pages of )[\d.]+ \w+"), r"\1<size>"),
    (re.compile(r'("disk_bytes": ?)\d+'), r'\1"<size>"'),
    (re.compile(r'("isa": ?)"\w+"'), r'\1"<isa>"'),
    (re.compile(r"(kernels +)\w+"), r"\1<isa>"),
]


def stable(text):
    for pattern, replacement in VOLATILE:
        text = pattern.sub(replacement, text)
    return text


class Player:
    """Runs the commands of one file in a folder of its own."""

    def __init__(self, program, data, folder):
        self.folder = folder
        self.passed_over = 0
        self.stores_passed_over = set()  # that data sets would have been read into
        self.data = data if data and os.path.isdir(data) else None
        self.environment = {name: value for name, value in os.environ.items()
                            if name not in ("NO_COLOR", "ROLLCALL_DB", "ROLLCALL_ISA")}
        self.environment["PATH"] = os.path.dirname(program) + os.pathsep + os.environ["PATH"]
        self.environment["LC_ALL"] = "C"
        if self.data:
            self.environment["ROLLCALL_DATA"] = os.path.realpath(self.data)

    def run(self, script):
        """Returns the lines printed, and the exit code after them where it is not 0."""
        done = subprocess.run(["bash", "-o", "pipefail", "-c", script], cwd=self.folder,
                              env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=COMMAND_TIMEOUT_S, check=False)
        output = done.stdout.decode("utf-8", "backslashreplace")
        if self.data:
            output = output.replace(self.environment["ROLLCALL_DATA"], "$ROLLCALL_DATA")
        lines = output.splitlines()
        if done.returncode != 0:
            lines.append(f"[exit {done.returncode}]")
        return lines

    def play(self, lines):
        """Returns the lines of a session, with what its commands print now."""
        result = []
        while lines:
            line = lines.pop(0)
            result.append(line)
            if not line.startswith("$ "):
                continue
            script = [line[2:]]
            while lines and lines[0].startswith("> "):
                script.append(lines[0][2:])
                result.append(lines.pop(0))
            printed = []
            while lines and not lines[0].startswith(("$ ", "#")):
                printed.append(lines.pop(0))
            trailing = []  # empty lines between this command and what comes next
            while printed and not printed[-1]:
                trailing.append(printed.pop())
            stores = set(re.findall(r"--db (\S+)", " ".join(script)))
            lacks_data = self.data is None and any("$ROLLCALL_DATA" in part for part in script)
            if lacks_data or stores & self.stores_passed_over:
                self.passed_over += 1
                rest = "\n".join(script + lines)
                self.stores_passed_over |= set(re.findall(r"--db (\S+)", rest))
                return result + printed + trailing + lines
            result += self.run("\n".join(script)) + trailing
        return result

    def play_markdown(self, lines):
        result = []
        while lines:
            fence = lines.pop(0)
            result.append(fence)
            if fence not in ("```console", "```sh"):
                continue
            end = lines.index("```")
            block, lines = lines[:end], lines[end:]
            if fence == "```console":
                result += self.play(block)
            else:
                result += block
                if block[0].startswith("cat >"):
                    printed = self.run("set -e\n" + "\n".join(block))
                    if printed and printed[-1].startswith("[exit"):
                        sys.exit("\n".join(["cannot make the files of the examples:"] + printed))
        return result


def play(path, expected, program, data):
    """Returns the text of the file, with what its commands print now."""
    with tempfile.TemporaryDirectory() as folder:
        player = Player(program, data, folder)
        lines = expected.splitlines()
        now = player.play_markdown(lines) if path.endswith(".md") else player.play(lines)
    if player.passed_over:
        print(f"SKIPPED in {path}: {player.passed_over} examples that need real data sets; set "
              "ROLLCALL_DATA_DIR to the folder that holds them")
    return "\n".join(now) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rollcall", required=True, help="the program under test")
    parser.add_argument("--data", help="folder of real data sets, for examples that need them")
    parser.add_argument("--rewrite", action="store_true")
    parser.add_argument("sessions", nargs="+")
    arguments = parser.parse_args()
    failed = 0
    for path in arguments.sessions:
        with open(path, encoding="utf-8") as file:
            expected = file.read()
        actual = play(path, expected, os.path.realpath(arguments.rollcall), arguments.data)
        if stable(actual) == stable(expected):
            continue
        if arguments.rewrite:
            with open(path, "w", encoding="utf-8") as file:
                file.write(actual if path.endswith(".md") else stable(actual))
            continue
        failed += 1
        sys.stdout.writelines(difflib.unified_diff(stable(expected).splitlines(True),
                                                   stable(actual).splitlines(True), path, "now"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
