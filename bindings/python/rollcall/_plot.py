"""Draws answers with matplotlib, which is imported only when somebody draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rollcall._errors import InvalidArgument

if TYPE_CHECKING:
    from rollcall._result import Result

_KEYS = ("date", "time", "string", "int")
_SERIES_MAX = 20


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
    keys = [name for name in result.columns[:result.columns.index(chart)] if result.types[name] in _KEYS] if chart else []
    if chart is None or not keys:
        raise InvalidArgument("plot: the answer has no counts by a key (allowed: to_pandas(), to draw it otherwise)")
    across = next((name for name in keys if result.types[name] in ("date", "time")), keys[0])
    places = [key for key in result.column(across) if key is not None]
    # A row a place is one series, whatever else is known of the place.
    others = [name for name in keys if name != across] if len(set(places)) < len(places) else []
    series = _series(result, across, others, chart)
    if len(series) > _SERIES_MAX:
        raise InvalidArgument(f"plot: the answer has {len(series)} series (allowed: {_SERIES_MAX})")
    for label, points in series.items():
        if result.types[across] in ("date", "time"):
            axes.plot(*zip(*points), label=label)
        elif len(series) == 1:
            axes.bar([str(key) for key, _ in points], [value for _, value in points])
        else:
            axes.plot([str(key) for key, _ in points], [value for _, value in points], marker="o", label=label)
    if result.types[across] in ("date", "time"):
        axes.figure.autofmt_xdate()
    if len(series) > 1:
        axes.legend()
    axes.set_xlabel(across)
    axes.set_ylabel(chart)
    return axes


def _series(result: Result, across: str, others: list[str], chart: str) -> dict[str, list[tuple[Any, float]]]:
    """The points of each combination of the other keys. Rows that sum up others have no key, and are left out."""
    series: dict[str, list[tuple[Any, float]]] = {}
    for row in result.to_dicts():
        if row[across] is None:
            continue
        label = ", ".join(f"{name} {row[name]}" if result.types[name] == "int" else str(row[name]) for name in others)
        value = float("nan") if row[chart] is None else float(row[chart])
        series.setdefault(label, []).append((row[across], value))
    return series
