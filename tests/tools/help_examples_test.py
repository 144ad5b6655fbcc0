#!/usr/bin/env python3
"""Runs every example of the help of every command, on the store that docs/command_line.md makes.

    help_examples_test.py --rollcall PROGRAM DOCUMENT

Each command has examples of its own. Each example is run in a copy of the folder in which the
document makes its store, so that none needs what another left behind.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

HEADING = "## Examples in the help\n"
# Examples that end otherwise, and how: an alert fires, and a notification has nowhere to go.
ALLOWED = {"rollcall alert check": {0, 3}}


def block_of(document):
    """The commands that make the store: the first block of the section."""
    with open(document, encoding="utf-8") as file:
        section = file.read().split(HEADING)[1]
    return re.search(r"```sh\n(.*?)```", section, re.S).group(1)


class Examples:
    def __init__(self, program, folder):
        self.made = os.path.join(folder, "made")
        self.copy = os.path.join(folder, "copy")
        self.environment = {**os.environ, "LC_ALL": "C",
                            "PATH": os.path.dirname(program) + os.pathsep + os.environ["PATH"]}
        self.environment.pop("ROLLCALL_DB", None)
        self.faults = []
        self.run = 0

    def shell(self, command, folder):
        return subprocess.run(["bash", "-c", command], cwd=folder, env=self.environment, check=False,
                              capture_output=True, text=True, timeout=60)

    def make(self, block):
        os.mkdir(self.made)
        done = self.shell("set -e\n" + block, self.made)
        if done.returncode:
            sys.exit(f"the store cannot be made: {done.stderr}")

    def help_of(self, command):
        return self.shell(command + " --help", self.made).stdout

    def commands_in(self, command, text):
        """The commands of a command, which the help lists last but for its examples."""
        listed = re.search(r"^Subcommands:\n((?:  .*\n|\n)*)", text, re.M)
        names = re.findall(r"^  (\S+)", listed.group(1), re.M) if listed else []
        return [f"{command} {name}" for name in names]

    def try_example(self, command, example):
        shutil.rmtree(self.copy, ignore_errors=True)
        shutil.copytree(self.made, self.copy)
        done = self.shell(example, self.copy)
        self.run += 1
        name = " ".join(example.split()[:3])
        if done.returncode not in ALLOWED.get(name, {0}):
            self.faults.append(f"{example}\n    exit {done.returncode}: {done.stderr.strip()}")
        return done

    def walk(self, command):
        text = self.help_of(command)
        shown = text.split("Examples:\n")[1:]
        examples = [line.strip() for line in shown[0].splitlines() if line.strip()] if shown else []
        inner = self.commands_in(command, text)
        if not examples:
            self.faults.append(f"{command}: its help has no example")
        for example in examples:
            if not example.startswith(command + " "):
                self.faults.append(f"{command}: an example of another command: {example}")
            # A question that is typed for `explain` is the one that is asked without it.
            if not command.startswith("rollcall explain "):
                self.try_example(command, example)
        for name in inner:
            self.walk(name)

    def explain_alike(self):
        """`explain` takes what is typed as it takes the JSON that comes of it."""
        compared = 0
        for command in self.commands_in("rollcall explain", self.help_of("rollcall explain")):
            if command == "rollcall explain segment":
                command += " count"
            asked = command.replace("rollcall explain", "rollcall")
            for example in self.help_of(asked).split("Examples:\n")[1].splitlines():
                typed = example.strip().replace(asked, command, 1)
                as_json = f"rollcall explain --db shop.db \"$({example.strip()} --explain)\""
                left, right = self.shell(typed, self.made), self.shell(as_json, self.made)
                if left.returncode or left.stdout != right.stdout:
                    self.faults.append(f"{typed}\n    {left.stderr or left.stdout}is not\n"
                                       f"    {right.stderr or right.stdout}")
                compared += 1
        return compared


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rollcall", required=True)
    parser.add_argument("document")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        examples = Examples(os.path.abspath(arguments.rollcall), folder)
        examples.make(block_of(arguments.document))
        for name in examples.commands_in("rollcall", examples.help_of("rollcall")):
            examples.walk(name)
        compared = examples.explain_alike()
    print(f"{examples.run} examples run, {compared} explained")
    for fault in examples.faults:
        print(fault)
    return 1 if examples.faults or examples.run < 60 or compared < 25 else 0


if __name__ == "__main__":
    sys.exit(main())
