#!/usr/bin/env python3
"""A browser opens a report without an error, and shows pictures in it, light and dark.

    report_screenshot_test.py --rollcall PROGRAM

It needs Debian's chromium, and is skipped without.
"""
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

PROGRAM = os.path.abspath(sys.argv[sys.argv.index("--rollcall") + 1])
BLUE = (0x2A, 0x78, 0xD6)


def pixels_of(path):
    """The rows of a PNG of 8 bits a channel, as lists of pixels."""
    with open(path, "rb") as file:
        data = file.read()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    packed, place = b"", 8
    while place < len(data):
        length, = struct.unpack(">I", data[place:place + 4])
        kind, chunk = data[place + 4:place + 8], data[place + 8:place + 8 + length]
        if kind == b"IHDR":
            width, height, depth, color = struct.unpack(">IIBB", chunk[:10])
        elif kind == b"IDAT":
            packed += chunk
        place += length + 12
    assert depth == 8 and color in (2, 6)
    size = 3 if color == 2 else 4
    raw, before, rows = zlib.decompress(packed), bytearray(width * size), []
    for y in range(height):
        start = y * (width * size + 1)
        method, line = raw[start], bytearray(raw[start + 1:start + 1 + width * size])
        for x, value in enumerate(line):
            left = line[x - size] if x >= size else 0
            above = before[x]
            corner = before[x - size] if x >= size else 0
            if method == 1:
                value += left
            elif method == 2:
                value += above
            elif method == 3:
                value += (left + above) // 2
            elif method == 4:
                guess = left + above - corner
                value += min((left, above, corner), key=lambda near, guess=guess: abs(guess - near))
            line[x] = value & 255
        rows.append([tuple(line[x:x + 3]) for x in range(0, width * size, size)])
        before = line
    return rows


def main():
    browser = shutil.which("chromium")
    if browser is None:
        print("SKIPPED: there is no chromium")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        def run(*arguments):
            subprocess.run([PROGRAM, *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
        run("generate", "--seed", "3", "--events", "20000", "--users", "3000", "--days", "60", "e.csv")
        run("ingest", "--db", "d", "e.csv")
        run("report", "--db", "d", "-o", "r.html")
        backgrounds = []
        for dark in (False, True):
            picture = os.path.join(folder, f"dark{dark}.png")
            command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                       "--window-size=800,1200", f"--user-data-dir={folder}/profile", f"--screenshot={picture}",
                       *(["--blink-settings=preferredColorScheme=0"] if dark else []), f"file://{folder}/r.html"]
            log = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False).stderr
            if not os.path.exists(picture):
                print("the browser made no picture\n" + log[-2000:])
                return 1
            refused = [line for line in log.splitlines() if "Refused to" in line or "CONSOLE" in line]
            if refused:
                print("\n".join(refused))
                return 1
            rows = pixels_of(picture)
            blue = sum(pixel == BLUE for row in rows for pixel in row)
            print(f"dark {dark}: {blue} pixels of a chart, background {rows[0][0]}")
            if blue < 500:
                print("no chart is to be seen")
                return 1
            backgrounds.append(rows[0][0])
        if not sum(backgrounds[0]) > 3 * 200 > 3 * 100 > sum(backgrounds[1]):
            print(f"light and dark look alike: {backgrounds}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
