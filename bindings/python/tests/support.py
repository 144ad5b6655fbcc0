"""What the tests of the package share."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import textwrap
import types
import unittest

import rollcall

DAYS = ["2026-01-01", "2026-01-02", "2026-01-03"]


def visits() -> dict[str, list[object]]:
    """Three users: all come on the first day, ann on all days, bob on the last one as well."""
    users = ["ann", "bob", "cid", "ann", "ann", "bob"]
    days = [DAYS[0], DAYS[0], DAYS[0], DAYS[1], DAYS[2], DAYS[2]]
    names = ["signup", "signup", "signup", "login", "login", "login"]
    return {"user": users, "time": days, "event": names}


def memory_store(**options: object) -> rollcall.Store:
    """A store in memory."""
    return rollcall.open(":memory:", **options)  # type: ignore[arg-type]


def library(test: unittest.TestCase, name: str) -> types.ModuleType:
    """A library that the package works with; the test is skipped without it."""
    try:
        return importlib.import_module(name)
    except ImportError:
        test.skipTest(f"there is no {name}")


def environment() -> dict[str, str]:
    """The environment in which another Python finds the package where this process does."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(rollcall.__file__)))
    paths = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": paths}


def run_python(source: str, *arguments: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """Runs a program of Python that finds the package where this process does."""
    return subprocess.run([sys.executable, "-c", textwrap.dedent(source), *arguments], check=False,
                          env=environment(), timeout=timeout,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
