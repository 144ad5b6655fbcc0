#!/usr/bin/env python3
"""Checks what the program shows on a terminal (a pseudo-terminal), and how it behaves in pipes.

    terminal_test.py --rollcall PROGRAM
"""

import argparse
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

PROGRAM = None
ESCAPE = "\x1b["


def run_on_terminal(arguments, folder, columns=100, standard_error_only=False, **environment):
    """Returns what appears on a terminal of that width."""
    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    process = subprocess.Popen(
        [PROGRAM, *arguments], cwd=folder, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL if standard_error_only else side, stderr=side,
        env={**os.environ, "TERM": "xterm-256color", "NO_COLOR": "", **environment})
    os.close(side)
    seen = b""
    while True:
        try:
            part = os.read(main, 65536)
        except OSError:  # the other side is closed
            break
        if not part:
            break
        seen += part
    os.close(main)
    process.wait()
    return seen.decode().replace("\r\n", "\n")


def without_escapes(text):
    return re.sub(r"\x1b\[[0-9;]*[mK]", "", text)


class Terminal(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = cls.temporary.name
        lines = ["user,event,time"]
        for day in range(1, 29):
            for user in range(40 - day):
                lines.append(f"{user},login,2026-01-{day:02}")
        with open(os.path.join(cls.folder, "e.csv"), "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        subprocess.run([PROGRAM, "ingest", "--db", "e.db", "e.csv"], cwd=cls.folder, check=True,
                       capture_output=True)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def show(self, *arguments, **options):
        return run_on_terminal([arguments[0], "--db", "e.db", *arguments[1:]], self.folder, **options)

    def test_series_has_box_bars_and_footer(self):
        seen = self.show("active", "--last", "3d")
        self.assertIn("┌────────────┬", seen)
        self.assertIn("██████████", seen)
        self.assertIn("as of 2026-01-28T23:59:59Z, 3 rows in", seen)
        self.assertIn(ESCAPE, seen)

    def test_retention_has_heat(self):
        seen = self.show("retention", "--periods", "3", "--from", "2026-01-01", "--to", "2026-01-02")
        self.assertIn(ESCAPE + "48;5;190;38;5;16m     39 ", seen)

    def test_scores_have_gauges_from_end_to_end(self):
        with open(os.path.join(self.folder, "n.csv"), "w", encoding="utf-8") as file:
            file.write("user,event,time,value\n")
            for day, scores in (("01", (10, 10)), ("02", (10, 1)), ("03", (0, 1)), ("04", (7, 7))):
                for user, score in enumerate(scores):
                    file.write(f"{user},survey,2026-01-{day},{score}\n")
        subprocess.run([PROGRAM, "ingest", "--db", "n.db", "n.csv"], cwd=self.folder, check=True, capture_output=True)
        question = ["nps", "--db", "n.db", "--window-days", "1", "--from", "2025-12-31"]
        seen = without_escapes(run_on_terminal(question, self.folder, columns=200))
        line = "─" * 14
        self.assertEqual([row.split("│")[-2].strip() for row in seen.splitlines() if row.startswith("│ 20")],
                         ["", f"├{line}┼{line}●", f"├{line}●{line}┤", f"●{line}┼{line}┤", f"├{line}●{line}┤"])
        piped = subprocess.run([PROGRAM, *question], cwd=self.folder, check=True, capture_output=True, text=True)
        self.assertNotIn("┼", piped.stdout)
        # What users are worth grows from day to day, and so do its bars.
        worth = ["ltv", "--db", "n.db", "--value-event", "survey", "--horizons", "0,1,2", "--summary", "none",
                 "--from", "2026-01-01", "--to", "2026-01-01"]
        seen = without_escapes(run_on_terminal(worth, self.folder, columns=200))
        bars = [row.split("│")[-2].strip() for row in seen.splitlines() if row.startswith("│ 20")]
        self.assertEqual([len(bar) for bar in bars], [19, 30, 30], seen)

    def test_alert_history_has_a_line_of_time(self):
        definition = '{"query": {"kind": "active"}, "column": "users", "condition": {"below": 20}}'
        subprocess.run([PROGRAM, "alert", "create", "--db", "e.db", "low", "-"], cwd=self.folder, check=True,
                       input=definition, text=True)
        subprocess.run([PROGRAM, "alert", "check", "--db", "e.db"], cwd=self.folder, check=False, capture_output=True)
        history = ["alert", "history", "--db", "e.db", "low"]
        time.sleep(1)
        seen = without_escapes(run_on_terminal(history, self.folder, columns=120))
        rows = [row for row in seen.splitlines() if row.startswith("│ 20")]
        # It fires since the only change, which is where the line begins.
        self.assertEqual([row.split("│")[-2] for row in rows], [" " + "█" * 30 + " "])
        piped = subprocess.run([PROGRAM, *history], cwd=self.folder, check=True, capture_output=True, text=True)
        self.assertNotIn("█", piped.stdout)

    def test_pictures_of_other_kinds(self):
        """Bars of a funnel, a grid of scores, and the hours of the week."""
        for arguments, wanted in ((["funnel", "login", "login", "--window", "2d"], "█"),
                                  (["rfm", "--by", "cell"], "48;5;"), (["clock"], "48;5;")):
            with self.subTest(arguments=arguments):
                self.assertIn(wanted, self.show(*arguments, columns=300))
                piped = subprocess.run([PROGRAM, arguments[0], "--db", "e.db", *arguments[1:]], cwd=self.folder,
                                       check=True, capture_output=True, text=True)
                for drawn in ("█", "│", ESCAPE):
                    self.assertNotIn(drawn, piped.stdout)

    def test_no_color_means_none(self):
        for arguments in (["active"], ["retention", "--periods", "3"]):
            seen = self.show(*arguments, NO_COLOR="1")
            self.assertNotIn(ESCAPE, seen)
            self.assertIn("│", seen)
            self.assertIn("█", seen)

    def test_color_never_and_always(self):
        self.assertNotIn(ESCAPE, self.show("active", "--color", "never"))
        self.assertIn(ESCAPE, self.show("active", "--color", "always", NO_COLOR="1"))

    def test_dumb_terminal_is_plain(self):
        seen = self.show("active", "--last", "1d", TERM="dumb")
        self.assertEqual(seen, "date        users  complete\n2026-01-28     12  yes\n")

    def test_csv_is_the_same_everywhere(self):
        self.assertEqual(self.show("active", "--last", "1d", "-o", "csv"),
                         "date,users,complete\n2026-01-28,12,true\n")

    def test_wide_matrix_is_fitted(self):
        for columns in (40, 60, 80):
            seen = without_escapes(self.show("retention", columns=columns))
            rows = [line for line in seen.splitlines() if line.startswith("│")]
            self.assertTrue(all(len(line) <= columns for line in rows), seen)
            self.assertIn("…", rows[0])
        self.assertNotIn("…", self.show("retention", columns=200))

    def test_progress_is_wiped(self):
        seen = run_on_terminal(["ingest", "--db", "progress.db", "e.csv"], self.folder,
                               standard_error_only=True)
        self.assertIn("rows/s", seen)
        self.assertTrue(seen.endswith("\r\x1b[K"), repr(seen[-80:]))

    def test_no_progress_in_a_pipe(self):
        done = subprocess.run([PROGRAM, "ingest", "--db", "quiet.db", "e.csv"], cwd=self.folder,
                              capture_output=True, text=True, check=True)
        self.assertEqual(done.stderr,
                         "rollcall: made quiet.db: timezone=UTC, week-start=monday, user-type=integer, "
                         "partitions=64, value-decimals=6, dimensions=none\n"
                         "rollcall: guessed: user = user, time = time, event = event, user-type = integer\n")

    def test_reader_that_goes_away_ends_it_quietly(self):
        for preexec in (None, lambda: signal.signal(signal.SIGPIPE, signal.SIG_IGN)):
            read_end, write_end = os.pipe()
            os.close(read_end)
            done = subprocess.run([PROGRAM, "active", "--db", "e.db"], cwd=self.folder,
                                  stdout=write_end, stderr=subprocess.PIPE, check=False,
                                  preexec_fn=preexec)
            os.close(write_end)
            self.assertIn(done.returncode, (0, -signal.SIGPIPE))
            self.assertEqual(done.stderr, b"")


class Completions(unittest.TestCase):
    def script(self, shell):
        return subprocess.run([PROGRAM, "completions", shell], capture_output=True, text=True,
                              check=True).stdout

    def complete(self, line):
        """Returns what bash offers at the end of `line`."""
        words = line.split(" ")
        script = self.script("bash") + f"""
COMP_WORDS=({" ".join(f"'{word}'" for word in words)}) COMP_CWORD={len(words) - 1}
_rollcall
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
        return subprocess.run(["bash", "-c", script], capture_output=True, text=True,
                              check=True).stdout.split()

    def test_bash_completes(self):
        self.assertIn("retention", self.complete("rollcall re"))
        self.assertEqual(self.complete("rollcall retention --cohort-e"), ["--cohort-event"])
        self.assertEqual(self.complete("rollcall churn --rule-period f"), ["fortnight"])
        self.assertEqual(self.complete("rollcall completions z"), ["zsh"])

    def test_every_command_is_in_every_script(self):
        for shell in ("bash", "zsh", "fish"):
            script = self.script(shell)
            for command in ("init", "ingest", "query", "active", "retention", "churn", "idle",
                            "info", "verify", "backup", "restore", "compact", "generate",
                            "completions"):
                self.assertRegex(script, rf"\b{command}\b")


def main():
    global PROGRAM
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rollcall", required=True)
    arguments, rest = parser.parse_known_args()
    PROGRAM = os.path.realpath(arguments.rollcall)
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
