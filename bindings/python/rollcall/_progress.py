"""Shows how far an ingest is: to a function, on a terminal, or in a notebook."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple


class Progress(NamedTuple):
    """How far an ingest is."""

    rows: int
    bytes: int  # of files, as stored on disk; 0 for other data
    bytes_total: int  # 0: unknown
    seconds: float  # since it began

    def __str__(self) -> str:
        rate = self.rows / self.seconds if self.seconds > 0 else 0.0
        share = f", {self.bytes / self.bytes_total:.0%}" if self.bytes_total else ""
        return f"{self.rows:,} rows{share}, {rate:,.0f} rows/s"


Report = Callable[[int, int, int], None]


def _notebook_display() -> Any:
    """A cell's display that can be written anew; None outside notebooks."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is None or not hasattr(shell, "kernel"):
        return None
    display: Any = __import__("IPython.display").display.display
    return display({"text/plain": "reading"}, raw=True, display_id=True)


class _Line:
    """A line that is written anew with each progress."""

    def __init__(self) -> None:
        self._display = _notebook_display()
        self._written = False

    def __call__(self, progress: Progress) -> None:
        if self._display is not None:
            self._display.update({"text/plain": str(progress)}, raw=True)
        else:
            sys.stderr.write(f"\r{progress}\x1b[K")
            sys.stderr.flush()
            self._written = True

    def end(self) -> None:
        """Ends the line."""
        if self._written:
            sys.stderr.write("\n")


@contextlib.contextmanager
def shown(progress: bool | Callable[[Progress], None]) -> Iterator[Report | None]:
    """What the engine is to call with rows, bytes and all bytes; None if nobody wants to know."""
    if progress is False:
        yield None
        return
    start = time.monotonic()
    line = _Line() if progress is True else None
    tell = line or progress

    def report(rows: int, done: int, total: int) -> None:
        assert callable(tell)
        tell(Progress(rows, done, total, time.monotonic() - start))

    try:
        yield report
    finally:
        if line is not None:
            line.end()
