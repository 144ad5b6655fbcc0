"""Draws answers with matplotlib, which is imported only when somebody draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rollcall import _html

if TYPE_CHECKING:
    from rollcall._result import Result


def _draw_heat_map(matrix: _html.Matrix, axes: Any) -> None:
    nan = float("nan")
    image = axes.imshow([[nan if share is None else share for share in row] for row in matrix.shares],
                        aspect="auto", cmap="Blues", vmin=0)
    axes.set_xticks(range(len(matrix.titles)), matrix.titles)
    axes.set_yticks(range(len(matrix.keys)), [_html.text_of(key[0]) or "all" for key in matrix.keys])
    axes.figure.colorbar(image, ax=axes)


def draw(result: Result, axes: Any) -> Any:
    """Draws an answer into the axes, or into new ones, and returns them."""
    from matplotlib import pyplot  # pylint: disable=import-outside-toplevel

    if axes is None:
        axes = pyplot.subplots()[1]
    axes.set_title(result.kind)
    matrix = _html.matrix_of(result)
    if matrix is not None:
        _draw_heat_map(matrix, axes)
        return axes
    chart = _html.chart_column(result)
    first = result.columns[0]
    keys = result.column(first)
    values = [float("nan") if value is None else float(value) for value in result.column(chart or first)]
    if result.types[first] in ("date", "time"):
        axes.plot(keys, values)
        axes.figure.autofmt_xdate()
    else:
        axes.bar([_html.text_of(key) for key in keys], values)
    axes.set_xlabel(first)
    axes.set_ylabel(chart or first)
    return axes
