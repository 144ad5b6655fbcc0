#!/usr/bin/env python3
"""Compressed files that the program writes have checksums: any damage to one is found.

    unchecked_output_test.py --rollcall PROGRAM
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import unittest

PROGRAM = None
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
CHECKSUM_FLAG = 4  # of the byte after it


class UncheckedOutput(unittest.TestCase):
    def test_generated_files(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("e.csv.zst", "e.ndjson.zst", "e.rollcall.zst", "e.csv.gz", "e.rollcall.gz"):
                with self.subTest(name=name):
                    path = os.path.join(folder, name)

                    def run_program(*arguments):
                        return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True,
                                              check=False, timeout=120)

                    made = run_program("generate", "--seed", "5", "--events", "3000", path)
                    self.assertEqual(made.returncode, 0, made.stderr)
                    with open(path, "rb") as file:
                        content = bytearray(file.read())
                    if name.endswith(".zst"):
                        self.assertEqual(content[:4], ZSTD_MAGIC)
                        self.assertTrue(content[4] & CHECKSUM_FLAG)
                    done = run_program("ingest", "--db", path + ".db", "-o", "json", path)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    # A file without checksums is read with a note.
                    self.assertEqual(json.loads(done.stdout)["notes"], [])

                    content[-1] ^= 1  # of what the checksum says, or the length
                    with open(path, "wb") as file:
                        file.write(content)
                    done = run_program("ingest", "--db", path + ".other", path)
                    self.assertEqual(done.returncode, 1)
                    self.assertFalse(os.path.exists(path + ".other"), done.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rollcall", required=True)
    options, rest = parser.parse_known_args()
    PROGRAM = os.path.abspath(options.rollcall)
    unittest.main(argv=[sys.argv[0], *rest])
