"""Answers: a table, what was asked, and the forms that people and libraries take it in."""

from __future__ import annotations

import datetime
import decimal
import json
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from rollcall._arguments import path as path_of
from rollcall._arguments import refused
from rollcall._errors import InvalidArgument

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    from rollcall import _core
    from rollcall._store import Store

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
_ORDINAL_1970 = 719163
# The types of pandas for whole numbers, by whether there are large ids and whether there are nulls.
_INTEGERS = {(False, False): "int64", (False, True): "Int64", (True, False): "uint64", (True, True): "UInt64"}


def _time(cell: tuple[int, int | None]) -> datetime.datetime:
    microseconds, offset = cell
    zone = datetime.timezone.utc if offset is None else datetime.timezone(datetime.timedelta(minutes=offset))
    return (_EPOCH + datetime.timedelta(microseconds=microseconds)).astimezone(zone)


def _key(value: Any, kind: str) -> Any:
    """A value of a key column as a question has it, which may come from a data frame."""
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if kind == "date" else value.isoformat()
    return value


def _csv_field(cell: str | bool | None, escape_formulas: bool) -> str:
    """A cell of JSON as RFC 4180 has it."""
    text = "" if cell is None else str(cell).lower() if isinstance(cell, bool) else cell
    if escape_formulas and text.startswith(("=", "+", "-", "@", "\t", "\r")):
        text = f"'{text}"
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\r\n') else text


def _need(library: str, purpose: str) -> Any:
    try:
        return __import__(library)
    except ImportError as error:
        raise ImportError(f"{purpose} needs {library}: pip install {library}") from error


class Result:
    """An answer: one row for each cell, ordered by the key columns.

    Any library that takes the Arrow PyCapsule interface takes it as it is:
    ``polars.DataFrame(result)``, ``pyarrow.table(result)``, or DuckDB after the latter.

    Counts are int64, rates are float64 from 0 to 1 unless the column says otherwise, amounts are
    decimals in the unit of the events' values, dates are civil days of the store's time zone, and
    seconds are in columns whose names say so. Nulls are what is not known or does not exist.
    """

    def __init__(self, answer: _core.Answer, store: Store | None = None,
                 question: str | None = None) -> None:
        self._answer = answer
        self._store = store
        self._question = question  # as JSON, as the caller's dict may change

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a rollcall.Result cannot be pickled, as it belongs to a store of this process "
                        "(allowed: pickle its to_dicts(), to_arrow() or to_polars())")

    # What was asked.

    @property
    def kind(self) -> str:
        """The kind of question."""
        return self._answer.kind

    @property
    def definition(self) -> dict[str, Any]:
        """Every option in force, as in the question's JSON."""
        return dict(json.loads(self._answer.definition_json))

    @property
    def as_of(self) -> str:
        """The instant that everything is told of, in RFC 3339 and the store's time zone."""
        return self._answer.as_of

    @property
    def notes(self) -> list[str]:
        """What the reader should know, for instance about lists of users."""
        return self._answer.notes

    @property
    def next(self) -> str | None:
        """Where the next page of members starts; None if there is none."""
        return self._answer.next

    @property
    def elapsed_seconds(self) -> float:
        """How long the engine took."""
        return self._answer.elapsed_us / 1e6

    # The table.

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return [name for name, _ in self._answer.columns]

    @property
    def types(self) -> dict[str, str]:
        """The type of each column: date, time, string, int, count, ratio, decimal or bool."""
        return dict(self._answer.columns)

    def __len__(self) -> int:
        return self._answer.row_count

    def column(self, name: str) -> list[Any]:
        """The values of a column: dates, datetimes, str, int, float, Decimal or bool; None is null.

        Raises:
            InvalidArgument: there is no such column.
        """
        if name not in self.columns:
            raise InvalidArgument(f"column: must be one of {', '.join(self.columns)}, found {name!r}")
        return self._values(self.columns.index(name))

    def _values(self, number: int) -> list[Any]:
        kind = self._answer.columns[number][1]
        cells = self._answer.column(number)
        if kind == "date":
            return [None if cell is None else datetime.date.fromordinal(cell + _ORDINAL_1970) for cell in cells]
        if kind == "time":
            return [None if cell is None else _time(cell) for cell in cells]
        if kind == "decimal":
            return [None if cell is None else decimal.Decimal(cell) for cell in cells]
        return cells

    def to_lists(self) -> list[list[Any]]:
        """The values of each column, in the order of `columns`."""
        return [self._values(number) for number in range(len(self.columns))]

    def to_dict(self) -> dict[str, list[Any]]:
        """The columns by name, as lists of as many values as there are rows."""
        return {name: self._values(number) for number, name in enumerate(self.columns)}

    def to_dicts(self) -> list[dict[str, Any]]:
        """The rows, each as a dict from column to value."""
        names = self.columns
        return [dict(zip(names, row)) for row in zip(*self.to_dict().values())]

    def to_json(self) -> str:
        """The answer as the command line writes it with ``-o json``."""
        return self._answer.json()

    def to_csv(self, path: str | os.PathLike[str] | None = None, *, escape_formulas: bool = False) -> str | None:
        """The rows as CSV under their names, as the command line writes it with ``-o csv``. A null is empty.

        Args:
            path: Where to write it, as UTF-8; by default it is returned.
            escape_formulas: Puts ' before texts that a spreadsheet would run: = + - @ begin them.

        Raises:
            OSError: the operating system refused.
        """
        answer = json.loads(self.to_json(), parse_float=str, parse_int=str)  # numbers as they are written
        types = [column["type"] for column in answer["columns"]]
        lines = [",".join(_csv_field(name, escape_formulas) for name in self.columns)]
        for row in answer["rows"]:
            cells = [cell.removesuffix(".0") if kind == "ratio" and cell else cell for cell, kind in zip(row, types)]
            lines.append(",".join(_csv_field(cell, escape_formulas and kind == "string")
                                  for cell, kind in zip(cells, types)))
        text = "".join(f"{line}\n" for line in lines)
        if path is None:
            return text
        with open(path_of("path", path), "w", encoding="utf-8", newline="") as file:
            file.write(text)
        return None

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The rows as an Arrow stream; the schema's metadata has the definition."""
        return self._answer.stream()

    def to_arrow(self) -> pyarrow.Table:
        """A pyarrow Table: date32, timestamps with zone, int64, float64, decimal128, utf8, bool."""
        return _need("pyarrow", "to_arrow()").table(self)

    def to_polars(self) -> polars.DataFrame:
        """A polars DataFrame with the types of `to_arrow`."""
        frame: polars.DataFrame = _need("polars", "to_polars()").DataFrame(self)
        return frame

    def to_pandas(self) -> pandas.DataFrame:
        """A pandas DataFrame: dates as datetime64, times in the store's zone, counts as Int64 where some are null."""
        library = _need("pandas", "to_pandas()")
        # Without rows, pandas would take every column for floats.
        frame = library.DataFrame(self.to_dict(), columns=self.columns, dtype=None if len(self) else object)
        for name, kind in self._answer.columns:
            if kind == "date":
                frame[name] = library.to_datetime(frame[name])
            elif kind == "time":
                zone = self.definition.get("timezone", "UTC")
                frame[name] = library.to_datetime(frame[name], utc=True).dt.tz_convert(zone)
            elif kind in ("int", "count"):
                is_large = any(cell is not None and cell >= 1 << 63 for cell in frame[name])
                frame[name] = frame[name].astype(_INTEGERS[is_large, bool(frame[name].isna().any())])
            elif kind == "ratio":
                frame[name] = frame[name].astype("float64")
            elif kind == "bool" and not len(self):
                frame[name] = frame[name].astype("bool")
        return frame

    def pivot(self, cells: str | None = None) -> Result:
        """The same answer as a matrix: a row for each cohort, say, and a column for each period.

        Args:
            cells: The column whose values the matrix shows; by default that of the kind, such as
                ``users``. ``"rate"`` shows quotients, with a last row that sums up the others; the
                keys then are text, as its name is ("pooled rate").

        Returns:
            A `Result` with the keys of the rows, their size if they have one, and a column for each
            value of the other key, named by it. Cells that the answer does not have are null.

        Raises:
            InvalidArgument: an answer with fewer than two keys, or no such column.
        """
        return Result(self._answer.widen(cells))

    def members(self, where: Mapping[str, Any] | None = None, *, of: str | None = None,
                batch: int = 65_536) -> Iterator[Result]:
        """The users behind a cell, in batches.

        Each batch is asked for when it is needed, so that a list of any length takes little memory.
        All are of the instant of the answer (`as_of`), so that there are as many users as the cell
        counts, unless events before that instant come, or users are forgotten, in between.

        Args:
            where: A value for each key column, as in a row of the answer, such as
                ``{"cohort": "2026-01-01", "period": 1}``.
            of: The count whose users are meant, if the answer has several.
            batch: The most users in a batch.

        Yields:
            A `Result` with the column ``user``, which is an Arrow stream as any other. Ids that are
            integers are int, and uint64 in Arrow.

        Raises:
            InvalidArgument: no such cell or count.
            FailedPrecondition: the store is closed.
        """
        if self._store is None or self._question is None:
            raise InvalidArgument("members: a matrix has none (allowed: the answer that it was made of)")
        asked = {**self._asked(where, of), "limit": batch}
        question = {**self._same_question(), "members": asked}
        while True:
            page = self._store.query(question)
            yield page
            if page.next is None:
                return
            question["members"] = {**asked, "after": page.next}

    def to_roaring(self, where: Mapping[str, Any] | None = None, *, of: str | None = None) -> bytes:
        """The users behind a cell, or those of the column ``user`` if there is one, as a Roaring bitmap.

        The bytes are the portable format of 64 bits, which pyroaring's ``BitMap64.deserialize``,
        ClickHouse, and Roaring64Map of C++ read. Stores of text ids need `write_roaring`.

        Args:
            where: As in `members`.
            of: As in `members`.

        Raises:
            InvalidArgument: no such cell or count, or the store's ids are texts.
            FailedPrecondition: the store is closed.
        """
        listing, has_integers = self._listing(where, of)
        return listing._answer.roaring(has_integers)  # pylint: disable=protected-access

    def write_roaring(self, path: str | os.PathLike[str], where: Mapping[str, Any] | None = None, *,
                      of: str | None = None) -> None:
        """Writes the set of `to_roaring` to a file, which questions read back by ``{"in_file": path}``.

        Where ids are texts, the set has their ordinals, and ``dictionary.jsonl`` in the same directory
        has a line ``{"ordinal": 0, "user": "ann"}`` for each; all sets of a directory share it.

        Args:
            path: The file, which is replaced as a whole if it is there.
            where: As in `members`.
            of: As in `members`.

        Raises:
            InvalidArgument: no such cell or count, or a damaged dictionary.
            IoError: the operating system refused.
            FailedPrecondition: the store is closed.
        """
        listing, has_integers = self._listing(where, of)
        listing._answer.write_roaring(has_integers, path_of("path", path))  # pylint: disable=protected-access

    def to_parquet(self, path: str | os.PathLike[str]) -> None:
        """Writes the answer to a Parquet file with pyarrow, with the types of `to_arrow`.

        The file's metadata has the definition.

        Raises:
            ImportError: there is no pyarrow.
            OSError: the operating system refused.
        """
        table = self.to_arrow()
        _need("pyarrow.parquet", "to_parquet()").parquet.write_table(table, os.fspath(path))

    def _listing(self, where: Mapping[str, Any] | None, of: str | None) -> tuple[Result, bool]:
        """The answer that lists users, and whether they are integers."""
        if self._store is None or self._question is None:
            raise InvalidArgument("to_roaring: a matrix lists no users (allowed: the answer that it was made of)")
        has_integers = self._store.settings()["user_kind"] == "integer"
        if where is None and of is None and "user" in self.columns:
            return self, has_integers
        return self._store.query({**self._same_question(), "members": self._asked(where, of)}), has_integers

    def _same_question(self) -> dict[str, Any]:
        """The question, of the instant that the answer is of."""
        question: dict[str, Any] = json.loads(self._question or "{}")
        if self.as_of:
            question.setdefault("as_of", self.as_of)
        return question

    def _asked(self, where: Mapping[str, Any] | None, of: str | None) -> dict[str, Any]:
        """The `members` of a question, with keys as the answer's cells are written."""
        if where is not None and not isinstance(where, Mapping):
            raise refused("where", "a dict from key column to value", where)
        types = self.types
        asked: dict[str, Any] = {"where": {name: _key(value, types.get(name, ""))
                                           for name, value in (where or {}).items()}}
        if of is not None:
            asked["of"] = of
        return asked

    # What people look at.

    def __repr__(self) -> str:
        return f"<rollcall.Result {self.kind}: {len(self)} rows of {', '.join(self.columns)}>"

    def _repr_html_(self) -> str:
        """A figure as in a report: a heat map, a line or bars, with the table and the definition folded."""
        return self._answer.figure()

    def plot(self, ax: Any = None) -> Any:
        """Draws the answer with matplotlib: a heat map, or the usual column by the first key.

        Args:
            ax: Axes to draw into; by default new ones.

        Returns:
            The axes.

        Raises:
            ImportError: there is no matplotlib.
        """
        from rollcall import _plot  # pylint: disable=import-outside-toplevel

        _need("matplotlib", "plot()")
        return _plot.draw(self, ax)
