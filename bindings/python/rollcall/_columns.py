"""Turns plain columns of Python into Arrow, with no library: lists, arrays of numpy, series."""

from __future__ import annotations

import array
import datetime
import decimal
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from rollcall import _core
from rollcall._errors import InvalidArgument

_EPOCH = datetime.datetime(1970, 1, 1)
_EPOCH_UTC = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
_MICROSECOND = datetime.timedelta(microseconds=1)
_ALLOWED = "text, whole numbers, floats, Decimals, dates or datetimes, of one type in a column"

Column = tuple[str, str, int, list[Any]]


def _values_of(column: Any) -> list[Any]:
    """The values of a column as a list; those of libraries say how they become one."""
    for name in ("to_pylist", "tolist", "to_list"):
        if hasattr(column, name):
            return list(getattr(column, name)())
    return list(column)


def _numpy_column(name: str, column: Any) -> Column | None:
    """A column over the memory of a numpy array, if it is of a type that Arrow has as well."""
    kind, size = column.dtype.kind, column.dtype.itemsize
    formats = {("i", 8): "l", ("i", 4): "i", ("u", 8): "L", ("u", 4): "I", ("f", 8): "g", ("f", 4): "f"}
    if kind == "M":
        column = column.astype("datetime64[us]").view("int64")
        if (column == -2**63).any():  # NaT
            return None
        return name, "tsu:", 0, [None, column.copy(order="C")]
    if (kind, size) not in formats or not column.dtype.isnative:
        return None
    return name, formats[kind, size], 0, [None, column.copy(order="C")]


def _kind_of(value: Any) -> type | None:
    """What a value is, as far as the types of columns go."""
    for kind in (str, bool, int, float, decimal.Decimal, datetime.datetime, datetime.date):
        if isinstance(value, kind):
            return kind
    return None


def _is_missing(value: Any) -> bool:
    return value is None or value != value  # NaN and NaT differ from themselves


def _common_kind(name: str, values: Sequence[Any]) -> type:
    """The one type of a column's values."""
    found: type | None = None
    for row, value in enumerate(values):
        if _is_missing(value):
            continue
        kind = _kind_of(value)
        if found is float and kind is int or found is int and kind is float:
            kind = found = float
        if kind is None or kind is bool or found not in (None, kind):
            raise InvalidArgument(f"column {name!r}: row {row}: found a {type(value).__name__} "
                                  f"(allowed: {_ALLOWED})")
        found = kind
    return found or str


def _validity(missing: Sequence[bool]) -> bytes:
    bits = bytearray(len(missing) // 8 + 1)
    for row, is_missing in enumerate(missing):
        if not is_missing:
            bits[row // 8] |= 1 << row % 8
    return bytes(bits)


def _texts(values: Sequence[str]) -> tuple[str, list[Any]]:
    encoded = [value.encode("utf-8", "surrogatepass") for value in values]
    ends = array.array("q", itertools.accumulate(map(len, encoded), initial=0))
    return "U", [ends, b"".join(encoded)]


def _instants(name: str, values: Sequence[datetime.datetime]) -> tuple[str, list[Any]]:
    aware = {value.tzinfo is not None for value in values}
    if len(aware) > 1:
        raise InvalidArgument(f"column {name!r}: some times have an offset and some have none "
                              "(allowed: all of them, or none)")
    start = _EPOCH_UTC if True in aware else _EPOCH
    numbers = array.array("q", ((value - start) // _MICROSECOND for value in values))
    return ("tsu:UTC" if True in aware else "tsu:"), [numbers]


def _integers(name: str, values: Sequence[int]) -> tuple[str, list[Any]]:
    for code, form in (("q", "l"), ("Q", "L")):
        try:
            return form, [array.array(code, values)]
        except OverflowError:
            continue
    raise InvalidArgument(f"column {name!r}: a number does not fit in 64 bits (allowed: from -2^63 to "
                          "2^63 - 1, or from 0 to 2^64 - 1)")


def _column(name: str, column: Any) -> Column:
    if hasattr(column, "dtype") and hasattr(column, "astype") and hasattr(column, "view"):
        if (made := _numpy_column(name, column)) is not None:
            return made
    values = _values_of(column)
    kind = _common_kind(name, values)
    missing = [_is_missing(value) for value in values]
    if any(missing):
        fill = {str: "", int: 0, float: 0.0, decimal.Decimal: decimal.Decimal(0),
                datetime.date: datetime.date(1970, 1, 1)}
        filling = fill.get(kind)
        if kind is datetime.datetime:
            filling = next(value for value in values if not _is_missing(value))
        values = [filling if absent else value for value, absent in zip(values, missing)]
    if kind is str:
        form, buffers = _texts(values)
    elif kind is decimal.Decimal:
        form, buffers = _texts([format(value, "f") for value in values])
    elif kind is int:
        form, buffers = _integers(name, values)
    elif kind is float:
        form, buffers = "g", [array.array("d", values)]
    elif kind is datetime.datetime:
        form, buffers = _instants(name, values)
    else:
        form, buffers = "tdD", [array.array("i", (value.toordinal() - 719163 for value in values))]
    return name, form, sum(missing), [_validity(missing) if any(missing) else None, *buffers]


class Columns:
    """Columns of equal length as an Arrow stream of one batch."""

    def __init__(self, columns: Mapping[str, Any]) -> None:
        sizes = {name: len(column) for name, column in columns.items()}
        if len(set(sizes.values())) > 1:
            told = ", ".join(f"{name!r} has {size}" for name, size in sizes.items())
            raise InvalidArgument(f"data: all columns must have as many rows, found: {told}")
        self.length = next(iter(sizes.values()), 0)
        self.names = list(columns)
        self._columns = [_column(str(name), column) for name, column in columns.items()]

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return _core.columns_capsule(self._columns, self.length)
