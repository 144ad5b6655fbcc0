"""Parquet in: files and directories, read by pyarrow row group by row group, each row once.

A file is known by its content: its position in the store is how many of its rows are in, and is
committed together with what they counted. So a file that comes again counts once, whatever its
name, and one that was interrupted goes on. As with compressed files, all of a file is read once
before any of its rows is ingested, so that a damaged one leaves no trace.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from rollcall import _core
from rollcall._errors import Corruption, Error, InvalidArgument, IoError, NotFound, ResourceExhausted

_BATCH_ROWS = 1 << 20
_EXAMPLES_MAX = 10  # as of other files
_COUNTS = ("rows_read", "rows_ingested", "rows_rejected", "rows_forgotten")
_OTHER_FAULT = "a value is no part of an event"
_ALLOWED_TYPES = {"user": "strings or integers", "event": "strings",
                  "time": "timestamps, dates, integers or strings",
                  "value": "integers, decimals, floats or strings"}
_ROLES = ("user", "time", "event", "value")

Report = Callable[[int, int, int], None]


def _is_parquet(path: str) -> bool:
    return path.endswith((".parquet", ".parq"))


def _files_in(directory: str) -> Iterator[str]:
    """The files in and beneath a directory, without hidden ones."""
    for folder, folders, names in os.walk(directory):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith((".", "_")):
                yield os.path.join(folder, name)


def _matches(pattern: str) -> list[str]:
    """The paths that a pattern such as ``events/*.parquet`` stands for; a path that exists is itself."""
    if os.path.lexists(pattern) or not glob.has_magic(pattern):
        return [pattern]
    found = sorted(glob.glob(pattern, recursive=True))
    if not found:
        raise NotFound(f"{pattern}: no file has a name of this pattern")
    return found


def split_paths(paths: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """Tells the Parquet files that paths, patterns and directories name from other paths; with notes."""
    parquet: list[str] = []
    others: list[str] = []
    notes: list[str] = []
    for path in [match for pattern in paths for match in _matches(pattern)]:
        if not os.path.isdir(path):
            (parquet if _is_parquet(path) else others).append(path)
            continue
        files = list(_files_in(path))
        found = [name for name in files if _is_parquet(name)]
        parquet += found
        if not found:
            others.append(path)
        elif len(found) < len(files):
            notes.append(f"{path}: has Parquet files, and {len(files) - len(found)} others, which are not read "
                         "(give their paths)")
    return parquet, others, notes


def _pyarrow() -> Any:
    try:
        import pyarrow.compute  # pylint: disable=import-outside-toplevel
        import pyarrow.parquet  # pylint: disable=import-outside-toplevel
    except ImportError as error:
        raise ImportError("Parquet files need pyarrow: pip install pyarrow (or give what another library "
                          "reads of them: polars.scan_parquet(...).collect(), duckdb.read_parquet(...))") from error
    return pyarrow


def _digest_of(path: str) -> str:
    """What a file is known by: a hash of all of its bytes."""
    try:
        with open(path, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise InvalidArgument(f"{path}: must be a regular file, as Parquet is read from its end")
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
    except FileNotFoundError as error:
        raise NotFound(f"{path}: {error.strerror}") from error
    except OSError as error:
        raise IoError(f"{path}: {error.strerror}") from error


class _File:
    """A Parquet file that is open, and the columns that are read of it."""

    def __init__(self, path: str, names: Mapping[str, str], properties: Sequence[str]) -> None:
        self.path = path
        self.arrow = _pyarrow()
        self.digest = _digest_of(path)
        self._opened = self._guarded(self.arrow.parquet.ParquetFile, path)
        self.rows = self._guarded(lambda: int(self._opened.metadata.num_rows))
        there = self._guarded(lambda: list(self._opened.schema_arrow.names))
        for role, name in names.items():
            if name not in there:
                raise InvalidArgument(f"{path}: {role}: must be one of its columns, found {name!r} "
                                      f"(allowed: {', '.join(there[:50])})")
            self._check_type(role, name)
        wanted = {*names.values(), *(part for name in properties for part in name.split("+"))}
        self.columns = [name for name in there if name in wanted]

    def _guarded(self, call: Callable[..., Any], *arguments: Any) -> Any:
        """Calls pyarrow. Whatever it makes of hostile bytes becomes an error with the path."""
        try:
            return call(*arguments)
        except (self.arrow.ArrowException, OSError, ValueError, MemoryError, OverflowError) as error:
            raise Corruption(f"{self.path}: is no Parquet file that can be read to its end: {error}") from error

    def _check_type(self, role: str, name: str) -> None:
        """A column of a wrong type is an error of the file, not of each of its rows."""
        types = self.arrow.types
        found = self._opened.schema_arrow.field(name).type
        plain = found
        while types.is_dictionary(plain):
            plain = plain.value_type
        fits = [types.is_string, types.is_large_string, types.is_string_view, types.is_null]
        fits += {"user": [types.is_integer], "event": [],
                 "time": [types.is_integer, types.is_timestamp, types.is_date],
                 "value": [types.is_integer, types.is_floating, types.is_decimal]}[role]
        if not any(fit(plain) for fit in fits):
            raise InvalidArgument(f"{self.path}: {role}: column {name!r} is of type {found} (allowed: "
                                  f"{_ALLOWED_TYPES[role]})")

    def batches(self, begin: int) -> Iterator[tuple[int, Any]]:
        """The batches from a row on, each with the number of its first row."""
        row = 0
        for group in range(self._opened.num_row_groups):
            size = self._guarded(self._opened.metadata.row_group, group).num_rows
            if row + size <= begin:
                row += size
                continue
            batches = self._opened.iter_batches(batch_size=_BATCH_ROWS, row_groups=[group], columns=self.columns)
            while (batch := self._guarded(next, batches, None)) is not None:
                skipped = min(max(begin - row, 0), batch.num_rows)
                if skipped < batch.num_rows:
                    yield row + skipped, batch.slice(skipped)
                row += batch.num_rows

    def check(self) -> None:
        """Reads all of it once.

        Raises:
            Corruption: it cannot be read to its end, or has other rows than it says.
        """
        rows = 0
        for _, batch in self.batches(0):
            self._guarded(batch.validate)
            rows += batch.num_rows
        if rows != self.rows:
            raise Corruption(f"{self.path}: has {rows} rows, and says that it has {self.rows}")


class ParquetIngest:
    """An ingest of Parquet files into a store; `report` is what was done until now."""

    def __init__(self, engine: _core.Engine, given: Mapping[str, Any], strict: bool,
                 progress: Report | None) -> None:
        settings = engine.settings()
        self._engine = engine
        self._properties = [*settings["dimensions"], *settings["kept_properties"]]
        self._strict = strict
        self._progress = progress
        self._options = dict(given)
        self._names = {role: given.get(role, role) for role in _ROLES if role in given or role != "value"}
        if "event_name" in given:
            self._names.pop("event")
        self._known = dict(engine.sources())
        self.report = empty_report([])

    def run(self, paths: Sequence[str]) -> None:
        """Reads the files. If one cannot be read, the others are, and its error is raised at the end.

        Raises:
            InvalidArgument: a column is missing or of no type that has events; or, with `strict`, a row.
            Corruption: a file is damaged.
            NotFound, IoError: a file cannot be opened.
        """
        failure: Error | None = None
        try:
            for path in paths:
                try:
                    self._ingest(_File(path, self._names, self._properties))
                except (Corruption, NotFound, IoError) as error:
                    if self._strict:
                        raise
                    failure = failure or error
        finally:
            self._engine.checkpoint()
        if failure is not None:
            raise failure

    def _ingest(self, file: _File) -> None:
        source = "parquet:" + file.digest
        reading = {**self._names, "event_name": self._options.get("event_name", "")}
        begin = 0
        if source in self._known:
            position = json.loads(self._known[source])
            begin = position["row"]
            if position["reading"] != reading:
                raise InvalidArgument(
                    f"{file.path}: was read before with {_told(position['reading'])}, found {_told(reading)} "
                    "(allowed: the same; its rows would count twice)")
        if begin >= file.rows > 0 or (file.rows == 0 and source in self._known):
            return
        file.check()

        def position_at(row: int) -> str:
            return json.dumps({"row": row, "rows": file.rows, "name": file.path, "reading": reading})

        for first, batch in file.batches(begin):
            self._take(file, batch, first, source, position_at)
            if self._progress is not None:
                self._progress(self.report["rows_read"], 0, 0)

    def _take(self, file: _File, batch: Any, first: int, source: str,
              position_at: Callable[[int], str]) -> None:
        """Ingests a batch without its bad rows, from its beginning to its end."""
        compute = file.arrow.compute
        missing = {role: compute.is_null(batch.column(self._names[role]), nan_is_null=True)
                   for role in ("user", "time", "event") if role in self._names}
        good = None
        for role, mask in missing.items():
            alone = mask if good is None else compute.and_(good, mask)
            if compute.any(alone).as_py():
                rows = compute.indices_nonzero(alone)
                self._reject(file, f"{role} is missing", f"{role}: missing", len(rows),
                             [first + row for row in rows[:_EXAMPLES_MAX].to_pylist()])
            there = compute.invert(mask)
            good = there if good is None else compute.and_(good, there)
        end: int = first + batch.num_rows
        places: list[int] | None = None  # of the good rows, if there are others
        if not compute.all(good).as_py():
            places = compute.indices_nonzero(good).to_pylist()
            batch = batch.filter(good)

        def row_of(place: int) -> int:
            if place == batch.num_rows:
                return end
            return first + (place if places is None else places[place])

        pieces = [(0, batch.num_rows)]
        while pieces:
            begin, stop = pieces.pop()
            try:
                count = self._ingest_rows(batch.slice(begin, stop - begin), source, position_at(row_of(stop)))
                self.report["rows_read"] += count
                self.report["rows_ingested"] += count
            except (InvalidArgument, ResourceExhausted) as error:
                if stop - begin > 1:
                    middle = (begin + stop) // 2
                    pieces += [(middle, stop), (begin, middle)]
                elif isinstance(error, InvalidArgument):
                    self._reject(file, _OTHER_FAULT, str(error), 1, [row_of(begin)])
                    self._ingest_rows(batch.slice(0, 0), source, position_at(row_of(stop)))
                else:
                    raise

    def _ingest_rows(self, rows: Any, source: str, position: str) -> int:
        """Ingests rows as a whole, with the position of their source after them."""
        told = self._engine.ingest_arrow(rows, {**self._options, "positions": [(source, position)]}, None)
        self.report["rows_forgotten"] += told["rows_forgotten"]
        return int(told["rows"])

    def _reject(self, file: _File, kind: str, reason: str, count: int, rows: Sequence[int]) -> None:
        if self._strict:
            raise InvalidArgument(f"{file.path}: row {rows[0] + 1}: {reason}")
        report = self.report
        report["rows_read"] += count
        report["rows_rejected"] += count
        report["rejected"][kind] = report["rejected"].get(kind, 0) + count
        for row in rows[:max(0, _EXAMPLES_MAX - len(report["examples"]))]:
            report["examples"].append({"file": file.path, "line": row + 1, "column": 0, "reason": reason})


def _told(reading: Mapping[str, str]) -> str:
    return ", ".join(f"{role}={name!r}" for role, name in reading.items() if name)


def empty_report(notes: list[str]) -> dict[str, Any]:
    """The report of an ingest of nothing."""
    return {**dict.fromkeys(_COUNTS, 0), "rejected": {}, "examples": [], "notes": notes}


def joined(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """The report of two ingests."""
    rejected = dict(first["rejected"])
    for kind, count in second["rejected"].items():
        rejected[kind] = rejected.get(kind, 0) + count
    sums = {name: first[name] + second[name] for name in _COUNTS}
    return {**sums, "rejected": rejected, "examples": [*first["examples"], *second["examples"]][:_EXAMPLES_MAX],
            "notes": [*first["notes"], *second["notes"]]}
