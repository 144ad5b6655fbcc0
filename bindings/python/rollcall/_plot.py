"""Draws answers with matplotlib, which is imported only when somebody draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rollcall._result import Result


def _chart_column(result: Result) -> str | None:
    """The column of an answer that a chart shows; None if there is none."""
    from rollcall._questions import TABLE  # pylint: disable=import-outside-toplevel

    kinds = {kind["name"]: kind for kind in TABLE["kinds"]}
    chart = kinds[result.kind]["chart"] if result.kind in kinds else ""
    if chart and chart in result.columns:
        return str(chart)
    counts = [name for name, kind in result.types.items() if kind == "count"]
    return counts[0] if counts else None


def _draw_heat_map(names: list[str], titles: list[str], shares: list[list[float | None]], axes: Any) -> None:
    nan = float("nan")
    image = axes.imshow([[nan if share is None else share for share in row] for row in shares],
                        aspect="auto", cmap="Blues", vmin=0)
    axes.set_xticks(range(len(titles)), titles)
    axes.set_yticks(range(len(names)), names)
    axes.figure.colorbar(image, ax=axes)


def draw(result: Result, axes: Any) -> Any:
    """Draws an answer into the axes, or into new ones, and returns them."""
    from matplotlib import pyplot  # pylint: disable=import-outside-toplevel

    if axes is None:
        axes = pyplot.subplots()[1]
    axes.set_title(result.kind)
    shares = result._answer.shares()
    if shares is not None:
        _draw_heat_map(*shares, axes)
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
