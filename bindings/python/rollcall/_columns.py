"""Turns plain columns of Python into Arrow, with no library: lists, arrays of numpy, series."""

from __future__ import annotations

import array
import datetime
import decimal
import itertools
import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rollcall import _core
from rollcall._arguments import listed, refused, text
from rollcall._errors import InvalidArgument

_EPOCH = datetime.datetime(1970, 1, 1)
_EPOCH_UTC = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
_MICROSECOND = datetime.timedelta(microseconds=1)
_ALLOWED = "text, whole numbers, True and False, floats, Decimals, dates or datetimes, of one type in a column"

Column = tuple[str, str, int, list[Any]]


def _numpy_column(name: str, column: Any, nan_is_missing: bool) -> Column | None:
    """A column over the memory of a numpy array, if it is of a type that Arrow has as well."""
    kind, size = column.dtype.kind, column.dtype.itemsize
    formats = {("i", 8): "l", ("i", 4): "i", ("u", 8): "L", ("u", 4): "I", ("f", 8): "g", ("f", 4): "f"}
    if kind == "b":
        return name, "b", 0, [None, _bits(column.tolist())]
    if kind == "M":
        return _instants_of_numpy(name, column)
    if (kind, size) not in formats or not column.dtype.isnative:
        return None
    missing = (column != column).tolist() if kind == "f" and nan_is_missing else []  # NaN differs from itself
    absent = _validity(missing) if any(missing) else None
    return name, formats[kind, size], sum(missing), [absent, column]


def _dates_of_numpy(name: str, column: Any) -> Column:
    days = column.astype("datetime64[D]")
    missing = (days != days).tolist()  # NaT differs from itself
    numbers = days.astype("int64")
    numbers[missing] = 0
    if ((numbers > 0x7FFF_FFFF) | (numbers < -0x8000_0000)).any():
        raise InvalidArgument(f"column {name!r}: a date is out of range (allowed: 0001-01-02 to 9999-12-30)")
    return name, "tdD", sum(missing), [_validity(missing) if any(missing) else None, numbers.astype("int32")]


def _instants_of_numpy(name: str, column: Any) -> Column:
    unit = column.dtype.str.partition("[")[2].rstrip("]").lstrip("0123456789")
    if unit in ("Y", "M", "W", "D"):
        return _dates_of_numpy(name, column)
    made = column.astype("datetime64[us]")
    missing = (made != made).tolist()  # NaT differs from itself
    # Larger units have instants that microseconds have not; numpy wraps those.
    if unit not in ("ns", "ps", "fs", "as"):
        given = column.view("int64")
        wrapped = made.astype(column.dtype).view("int64") != given
        if wrapped.any():
            row = int(wrapped.argmax())
            raise InvalidArgument(f"column {name!r}: row {row}: {given[row]} in units of {unit} is out of range "
                                  "(allowed: 0001-01-02 to 9999-12-30)")
    absent = _validity(missing) if any(missing) else None
    return name, "tsu:", sum(missing), [absent, made.view("int64")]


def _array_of(column: Any) -> Any:
    """The array of numpy that a column is, or whose values a series of pandas has; or None."""
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return None
    if not isinstance(column, numpy.ndarray) and isinstance(getattr(column, "dtype", None), numpy.dtype):
        column = numpy.asarray(column)
    if not isinstance(column, numpy.ndarray):
        return None
    return None if isinstance(column, numpy.ma.MaskedArray) else column


def _kind_of(value: Any) -> type | None:
    """What a value is, as far as the types of columns go."""
    if type(value).__name__ in ("bool", "bool_"):
        return bool  # of numpy, too
    if not isinstance(value, (bool, int)) and hasattr(value, "__index__"):
        return int  # of numpy, too
    for kind in (str, bool, int, float, decimal.Decimal, datetime.datetime, datetime.date):
        if isinstance(value, kind):
            return kind
    return None


def _is_missing(value: Any) -> bool:
    # Neither is imported for this: NaT and NA of pandas are told by their types.
    return value is None or type(value).__name__ in ("NaTType", "NAType")


def _without_nan(values: list[Any], nan_is_missing: bool) -> list[Any]:
    """The values, with None for NaN where texts or times are, as pandas has NaN in place of missing ones.

    Among numbers NaN is a result, not the absence of one, and the engine refuses it, unless `nan_is_missing`.
    """
    if not nan_is_missing and not any(isinstance(value, (str, datetime.date)) for value in values):
        return values
    return [None if isinstance(value, float) and math.isnan(value) else value for value in values]


def _check_whole(name: str, values: Sequence[Any]) -> None:
    """Whole numbers among floats are floats, unless they would be rounded."""
    for row, value in enumerate(values):
        if _kind_of(value) is int and int(float(value)) != value:
            raise InvalidArgument(f"column {name!r}: row {row}: {value} is no float, and others of the column are "
                                  "(allowed: whole numbers alone, or Decimals)")


def _common_kind(name: str, values: Sequence[Any]) -> type:
    """The one type of a column's values."""
    found: type | None = None
    for row, value in enumerate(values):
        if _is_missing(value):
            continue
        kind = _kind_of(value)
        if found is float and kind is int or found is int and kind is float:
            kind = found = float
            _check_whole(name, values)
        if kind is None or found not in (None, kind):
            raise InvalidArgument(f"column {name!r}: row {row}: found a {type(value).__name__} "
                                  f"(allowed: {_ALLOWED})")
        found = kind
    return found or str


def _bits(values: Sequence[bool]) -> bytes:
    bits = bytearray(len(values) // 8 + 1)
    for row, value in enumerate(values):
        if value:
            bits[row // 8] |= 1 << row % 8
    return bytes(bits)


def _validity(missing: Sequence[bool]) -> bytes:
    return _bits([not is_missing for is_missing in missing])


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


def _column(name: str, column: Any, nan_is_missing: bool) -> tuple[int, Column]:
    """The length of a column and what the engine takes of it, from one reading of its values."""
    if len(shape := getattr(column, "shape", (0,))) != 1:
        raise InvalidArgument(f"column {name!r}: must have one dimension, found {len(shape)}")
    if (array_of := _array_of(column)) is not None:
        column = array_of.copy(order="C")
        if (made := _numpy_column(name, column, nan_is_missing)) is not None:
            return len(column), made
    if isinstance(column, (set, frozenset)):
        raise refused(f"column {name!r}", "a list or an array, as a set has no order", column)
    values = _without_nan(listed(f"column {name!r}", column, "a list, an array or a series"), nan_is_missing)
    kind = _common_kind(name, values)
    missing = [_is_missing(value) for value in values]
    if any(missing):
        fill = {str: "", bool: False, int: 0, float: 0.0, decimal.Decimal: decimal.Decimal(0),
                datetime.date: datetime.date(1970, 1, 1)}
        filling = fill.get(kind)
        if kind is datetime.datetime:
            filling = next(value for value in values if not _is_missing(value))
        values = [filling if absent else value for value, absent in zip(values, missing)]
    if kind is str:
        form, buffers = _texts(values)
    elif kind is decimal.Decimal:
        form, buffers = _texts([format(value, "f") for value in values])
    elif kind is bool:
        form, buffers = "b", [_bits(values)]
    elif kind is int:
        form, buffers = _integers(name, values)
    elif kind is float:
        form, buffers = "g", [array.array("d", values)]
    elif kind is datetime.datetime:
        form, buffers = _instants(name, values)
    else:
        form, buffers = "tdD", [array.array("i", (value.toordinal() - 719163 for value in values))]
    return len(values), (name, form, sum(missing), [_validity(missing) if any(missing) else None, *buffers])


class Columns:
    """Columns of equal length as an Arrow stream of one batch.

    With `nan_is_missing`, NaN among numbers is no number, as in frames of pandas; the engine refuses it otherwise.
    """

    def __init__(self, columns: Mapping[str, Any], nan_is_missing: bool = False) -> None:
        # A column is read once, and its length is that of what was read: it may change meanwhile.
        made = {text("data", str(name)): _column(str(name), column, nan_is_missing) for name, column in columns.items()}
        sizes = {name: size for name, (size, _) in made.items()}
        if len(set(sizes.values())) > 1:
            told = ", ".join(f"{name!r} has {size}" for name, size in sizes.items())
            raise InvalidArgument(f"data: all columns must have as many rows, found: {told}")
        self.length = next(iter(sizes.values()), 0)
        self.names = list(made)
        self._columns = [column for _, column in made.values()]

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return _core.columns_capsule(self._columns, self.length)


class BegunStream:
    """An Arrow stream that another library has begun."""

    def __init__(self, capsule: object) -> None:
        self._capsule = capsule

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._capsule
