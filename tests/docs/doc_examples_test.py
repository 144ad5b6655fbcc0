"""Runs the examples of a document and compares what they print with what the document says.

In a document, an `sh` block is run as it stands, silently; in a `console` block every line that begins
with "$ " is a command, and the lines after it, up to the next command or the end of the block, are what
it prints on standard output and standard error together. A line "..." stands for any number of lines.
Blocks of one document run in order, in one empty folder, with `rollcall` on the PATH. A block after the
comment line `<!-- not run -->` is left out.

    doc_examples_test.py ROLLCALL_BINARY DATA_DIR DOCUMENT [--rewrite]

With --rewrite, the document's outputs are replaced by what was printed. Exit status 0: all agree;
1: some do not; 77: the document needs the real data sets (it names $ROLLCALL_DATA) and they are not there.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

SKIPPED = 77


def run(command, folder, environment):
    done = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def matches(expected, found):
    """Whether `found` has the lines of `expected`, where "..." is any number of lines."""
    pattern = "".join("(?:.*\n)*?" if line.strip() == "..." else re.escape(line.rstrip()) + "\n"
                      for line in expected)
    text = "".join(line.rstrip() + "\n" for line in found)
    return re.fullmatch(pattern, text) is not None


def commands_of(lines):
    """Splits a console block into (command lines, output lines)."""
    parts = []
    for line in lines:
        if line.startswith("$ "):
            parts.append(([line], []))
        elif parts and not parts[-1][1] and parts[-1][0][-1].endswith("\\"):
            parts[-1][0].append(line)
        else:
            parts[-1][1].append(line)
    return parts


def check(document, folder, environment):
    """Returns the document as it would be if all were right, and what is wrong."""
    rewritten, faults, count = [], [], 0
    lines = document.splitlines()
    i = 0
    while i < len(lines):
        fence = re.fullmatch(r"```(sh|console)", lines[i])
        rewritten.append(lines[i])
        i += 1
        if not fence:
            continue
        end = lines.index("```", i)
        block, skipped = lines[i:end], i >= 2 and lines[i - 2] == "<!-- not run -->"
        if skipped:
            rewritten += block
        elif fence[1] == "sh":
            rewritten += block
            code, printed = run("set -e\n" + "\n".join(block), folder, environment)
            count += 1
            if code != 0:
                faults.append(f"line {i + 1}: exit status {code}:\n{printed}")
        else:
            for command, expected in commands_of(block):
                text = "\n".join(command)[2:]
                _, printed = run(text, folder, environment)
                found = printed.splitlines()
                count += 1
                rewritten += command
                if matches(expected, found):
                    rewritten += expected
                    continue
                rewritten += found
                faults.append(f"line {i + 1}: $ {text}\nexpected:\n" + "\n".join(expected) +
                              "\nprinted:\n" + printed)
        i = end
    return "\n".join(rewritten) + "\n", faults, count


def main():
    arguments = [a for a in sys.argv[1:] if a != "--rewrite"]
    binary, data, path = pathlib.Path(arguments[0]), arguments[1], pathlib.Path(arguments[2])
    document = path.read_text()
    if "$ROLLCALL_DATA" in document and not os.path.isdir(data):
        print(f"SKIPPED: {path.name} needs the real data sets, and {data} is not there")
        return SKIPPED
    assert not matches(["a", "...", "c"], ["a", "b"]) and matches(["a", "...", "c"], ["a", "b", "c"])
    environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "ROLLCALL_ISA")}
    environment |= {"PATH": f"{binary.resolve().parent}:{os.environ['PATH']}", "ROLLCALL_DATA": data,
                    "NO_COLOR": "1", "LC_ALL": "C.UTF-8"}
    with tempfile.TemporaryDirectory() as folder:
        rewritten, faults, count = check(document, folder, environment)
    if "--rewrite" in sys.argv and rewritten != document:
        path.write_text(rewritten)
        print(f"rewrote {path.name}")
        return 0
    for fault in faults:
        print(f"{path.name}: {fault}")
    if count == 0:
        print(f"{path.name}: it has no examples")
        return 1
    print(f"{path.name}: {count} examples, {len(faults)} differ")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
