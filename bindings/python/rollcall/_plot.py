"""Draws answers with matplotlib, which is imported only when somebody draws."""

from __future__ import annotations

import decimal
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from rollcall._result import Result


class _Matrix(NamedTuple):
    """A long answer as a matrix, with the part of a whole that each cell stands for."""

    keys: list[list[Any]]
    titles: list[str]
    shares: list[list[float | None]]


def _matrix_of(result: Result) -> _Matrix | None:
    """The matrix of an answer; None if it has none."""
    pivot = result._answer.pivot
    if pivot is None:
        return None
    wide = result.pivot()
    row_keys = len(pivot["rows"])
    keys = row_keys + (1 if pivot["size"] else 0)
    rows = [list(row) for row in zip(*wide.to_lists())]
    cells = [row[keys:] for row in rows]
    blank: list[list[Any]] = [[None] * len(row) for row in cells]

    def beside(name: str) -> list[list[Any]]:
        if name not in result.columns:
            return blank
        # A row that sums up others is only there where it has cells.
        rows_beside = zip(*result.pivot(name).to_lists())
        found = {row[:row_keys]: list(row[keys:]) for row in rows_beside}
        return [found.get(tuple(row[:row_keys]), [None] * len(row[keys:])) for row in rows]

    shares = beside(pivot["rate"])
    if not pivot["rate"]:
        numbers = [cell for row in cells for cell in row if isinstance(cell, (int, float, decimal.Decimal))]
        largest = float(max(numbers, default=0)) if pivot["is_shaded"] else 0.0
        if largest > 0:
            shares = [[None if cell is None else float(cell) / largest for cell in row] for row in cells]
    return _Matrix([row[:keys] for row in rows], wide.columns[keys:], shares)


def _chart_column(result: Result) -> str | None:
    """The column of an answer that a chart shows; None if there is none."""
    from rollcall._questions import TABLE  # pylint: disable=import-outside-toplevel

    kinds = {kind["name"]: kind for kind in TABLE["kinds"]}
    chart = kinds[result.kind]["chart"] if result.kind in kinds else ""
    if chart and chart in result.columns:
        return str(chart)
    counts = [name for name, kind in result.types.items() if kind == "count"]
    return counts[0] if counts else None


def _draw_heat_map(matrix: _Matrix, axes: Any) -> None:
    nan = float("nan")
    image = axes.imshow([[nan if share is None else share for share in row] for row in matrix.shares],
                        aspect="auto", cmap="Blues", vmin=0)
    axes.set_xticks(range(len(matrix.titles)), matrix.titles)
    axes.set_yticks(range(len(matrix.keys)), ["all" if key[0] is None else str(key[0]) for key in matrix.keys])
    axes.figure.colorbar(image, ax=axes)


def draw(result: Result, axes: Any) -> Any:
    """Draws an answer into the axes, or into new ones, and returns them."""
    from matplotlib import pyplot  # pylint: disable=import-outside-toplevel

    if axes is None:
        axes = pyplot.subplots()[1]
    axes.set_title(result.kind)
    matrix = _matrix_of(result)
    if matrix is not None:
        _draw_heat_map(matrix, axes)
        return axes
    chart = _chart_column(result)
    first = result.columns[0]
    keys = result.column(first)
    values = [float("nan") if value is None else float(value) for value in result.column(chart or first)]
    if result.types[first] in ("date", "time"):
        axes.plot(keys, values)
        axes.figure.autofmt_xdate()
    else:
        axes.bar(["" if key is None else str(key) for key in keys], values)
    axes.set_xlabel(first)
    axes.set_ylabel(chart or first)
    return axes
