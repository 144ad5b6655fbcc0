#!/usr/bin/env python3
"""Measures what the package of Python, the library of C and Parquet add to the engine. It needs polars and pyarrow.

    python_figures.py --library librollcall.so.0 [--rows 1e7] [--turns 3]
                      [--bench rollcall-bench] [--program rollcall] [--wheel rollcall.whl]

The same polars frame goes in through `Store.ingest` and, with nothing of the package between, through
`rollcall_ingest_arrow`; each turn is a process of its own, so that its peak memory is told. Then come a
small question that was asked before, the ids of a million users as Arrow, the import, and the frame as a
Parquet file. With --bench, the same is measured of C over C++, and Arrow by the size of batches; with
--program, an installed one, Parquet by its plug-in; with --wheel, its size is told.
"""

import argparse
import ctypes
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

SETTINGS = {"user_kind": "integer", "history": False}
SMALL = {"kind": "active", "last": "7d"}
MEMBERS = {"kind": "segment", "segment": "did(*)", "members": {"limit": 1_000_000}}


def frame_of(rows):
    """Users by a power law over 60 days, in the order of time, with eight event names."""
    import numpy
    import polars

    random = numpy.random.default_rng(1)
    users = (random.random(rows) ** 3 * 2_000_000).astype("uint64")
    times = 1_767_225_600_000_000 + numpy.arange(rows) * (60 * 86_400_000_000 // rows)
    names = numpy.array(["view", "search", "click", "login", "share", "add_to_cart", "purchase", "refund"])
    return polars.DataFrame({
        "user": users, "time": polars.Series(times).cast(polars.Datetime("us", "UTC")),
        "event": polars.Series(names[random.integers(0, 8, rows)], dtype=polars.Categorical)})


def peak_bytes():
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def ingest_through_package(frame):
    """Seconds that `Store.ingest` takes."""
    import rollcall

    store = rollcall.open(":memory:", **SETTINGS)
    begin = time.monotonic()
    assert store.ingest(frame).rows_ingested == len(frame)
    return time.monotonic() - begin


def ingest_through_c(frame, library):
    """Seconds that `rollcall_ingest_arrow` takes."""
    calls = ctypes.CDLL(library)
    options = json.dumps({"in_memory": True, "settings": SETTINGS}).encode()
    engine, out = ctypes.c_void_p(), ctypes.c_char_p()
    assert calls.rollcall_open(None, ctypes.c_size_t(0), options, ctypes.c_size_t(len(options)),
                               ctypes.byref(engine), None) == 0
    pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
    pointer_of.restype, pointer_of.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    begin = time.monotonic()
    capsule = frame.__arrow_c_stream__()
    assert calls.rollcall_ingest_arrow(engine, ctypes.c_void_p(pointer_of(capsule, b"arrow_array_stream")),
                                       None, ctypes.c_size_t(0), None, ctypes.c_size_t(0), ctypes.byref(out),
                                       None, None) == 0
    seconds = time.monotonic() - begin
    assert json.loads(out.value)["rows"] == len(frame)
    return seconds


def turn(options):
    """One turn of ingest, in a process of its own."""
    frame = frame_of(options.rows)
    before = peak_bytes()
    through = options.turn
    seconds = ingest_through_package(frame) if through == "package" else ingest_through_c(frame, options.library)
    print(json.dumps({"seconds": seconds, "added_bytes": peak_bytes() - before,
                      "frame_bytes": frame.estimated_size()}))


def ingest_figures(options):
    """Ingest both ways, in turns."""
    told = {"package": [], "c": []}
    for _ in range(options.turns):
        for way, turns in told.items():
            command = [sys.executable, os.path.abspath(__file__), "--library", options.library,
                       "--rows", str(options.rows), "--turn", way]
            turns.append(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout))
    best = {way: min(turn["seconds"] for turn in turns) for way, turns in told.items()}
    for way, seconds in best.items():
        added = max(turn["added_bytes"] for turn in told[way])
        print(f"ingest through {way}: {options.rows / seconds / 1e6:.1f} M rows/s, peak memory "
              f"{added / 2**20:,.0f} MiB above the frame of {told[way][0]['frame_bytes'] / 2**20:,.0f} MiB")
    print(f"ingest, package over C: {best['c'] / best['package']:.2f}")


def answer_figures(options):
    """A question that is cached, and a list of users."""
    import pyarrow
    import rollcall

    store = rollcall.open(":memory:", **SETTINGS)
    users = list(range(1_000_000))
    store.ingest({"user": users, "time": ["2026-01-01"] * len(users)}, event_name="visit")
    store.query(SMALL)
    totals, inside = [], []
    for _ in range(2000):
        begin = time.perf_counter()
        answer = store.query(SMALL)
        totals.append(time.perf_counter() - begin)
        inside.append(answer.elapsed_seconds)
    total, engine = statistics.median(totals), statistics.median(inside)
    print(f"small question, asked before: {total * 1e6:.0f} us, of which the engine says {engine * 1e6:.0f}")
    best = min(_seconds_of_members(store, pyarrow) for _ in range(options.turns))
    print(f"members of a million users as Arrow: {1e6 / best / 1e6:.1f} M ids/s")


def _seconds_of_members(store, pyarrow):
    begin = time.monotonic()
    assert pyarrow.table(store.query(MEMBERS)).num_rows == 1_000_000
    return time.monotonic() - begin


def import_figures():
    """How much longer a process takes that imports the package."""
    def seconds(source):
        begin = time.monotonic()
        subprocess.run([sys.executable, "-c", source], check=True)
        return time.monotonic() - begin

    with_it, without = ([seconds(source) for _ in range(9)] for source in ("import rollcall", "pass"))
    print(f"import: {(statistics.median(with_it) - statistics.median(without)) * 1e3:.0f} ms")


def parquet_figures(options):
    """The frame as a Parquet file, into new stores in memory and, by the plug-in, on disk."""
    import rollcall

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "events.parquet")
        frame_of(options.rows).write_parquet(path)
        seconds = {"Python": [], "the plug-in": []}
        for turn in range(options.turns):
            store = rollcall.open(":memory:", **SETTINGS)
            begin = time.monotonic()
            assert store.ingest(path).rows_ingested == options.rows
            seconds["Python"].append(time.monotonic() - begin)
            if options.program:
                begin = time.monotonic()
                subprocess.run([options.program, "ingest", "--db", os.path.join(folder, f"{turn}.db"), "--no-history",
                                path], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                seconds["the plug-in"].append(time.monotonic() - begin)
        for way, turns in seconds.items():
            if turns:
                print(f"Parquet by {way}: {options.rows / min(turns) / 1e6:.1f} M rows/s")


def engine_figures(options):
    """What rollcall-bench says of C over C++, and of Arrow by the size of batches."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "figures.json")
        subprocess.run([options.bench, "--only", "c,arrow", "--repeat", str(options.turns), "--json", path],
                       check=True, stdout=subprocess.DEVNULL)
        with open(path, encoding="utf-8") as file:
            best = {result["name"]: result["value"] for result in json.load(file)["results"]}
    for way in ("direct", "c"):
        print(f"{way}: ingest {best[f'c/ingest/{way}'] / 1e6:.1f} M rows/s, "
              f"small question {best[f'c/question/{way}']:.1f} us")
    print(f"members through C: {best['c/members'] / 1e6:.1f} M ids/s")
    for order in ("ordered", "mixed"):
        for rows in (1 << 20, 100_000, 10_000):
            print(f"Arrow, {order}, batches of {rows}: {best[f'arrow/{order}/{rows}'] / 1e6:.1f} M rows/s, "
                  f"{best[f'arrow/{order}/{rows}/of_large']:.2f} of the largest")


def main():
    """Runs all of it, or one turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", required=True, help="the shared library of C")
    parser.add_argument("--rows", type=lambda text: int(float(text)), default=10_000_000)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--bench", help="the program that make bench builds")
    parser.add_argument("--program", help="an installed program, with the plug-in of make parquet")
    parser.add_argument("--wheel", help="what make wheel built")
    parser.add_argument("--turn", choices=["package", "c"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.turn:
        turn(options)
        return
    import_figures()
    if options.wheel:
        print(f"wheel: {os.path.getsize(options.wheel) / 1e6:.1f} MB")
    answer_figures(options)
    ingest_figures(options)
    parquet_figures(options)
    if options.bench:
        engine_figures(options)


if __name__ == "__main__":
    main()
