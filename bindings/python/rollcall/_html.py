"""Draws answers as HTML for notebooks. Every text of an answer is escaped."""

from __future__ import annotations

import datetime
import decimal
import html
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from rollcall._result import Result

ROWS_MAX = 200  # of a table in a notebook; a line says how many more there are
COLUMNS_MAX = 60

_STYLE = ("border-collapse:collapse;font:13px system-ui,sans-serif;font-variant-numeric:tabular-nums")
_CELL = "padding:2px 8px;text-align:right;border:1px solid rgba(128,128,128,.25)"
_HEAD = _CELL + ";font-weight:600;background:rgba(128,128,128,.12)"


def text_of(value: Any) -> str:
    """A value as people read it, not escaped."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, decimal.Decimal):
        return f"{value:,f}"
    if isinstance(value, datetime.datetime):
        return value.isoformat(timespec="minutes")
    return str(value)


def _share_text(value: Any) -> str:
    return "" if value is None else f"{value:.1%}"


class Matrix(NamedTuple):
    """A long answer as a matrix, with the part of a whole that each cell stands for."""

    keys: list[list[Any]]
    titles: list[str]
    key_titles: list[str]
    cells: list[list[Any]]
    shares: list[list[float | None]]
    incomplete: list[list[bool]]


def matrix_of(result: Result) -> Matrix | None:
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
    incomplete = [[cell is False for cell in row] for row in beside("complete")]
    return Matrix([row[:keys] for row in rows], wide.columns[keys:], wide.columns[:keys], cells, shares,
                  incomplete)


def _shade(share: float | None) -> str:
    if share is None:
        return ""
    part = min(max(share, 0.0), 1.0)
    ink = ";color:#fff" if part > 0.55 else ";color:#10243e"
    return f";background:rgb({round(235 - 205 * part)},{round(243 - 150 * part)},{round(252 - 90 * part)}){ink}"


def _row(cells: list[tuple[str, str]], tag: str = "td") -> str:
    return "<tr>" + "".join(f'<{tag} style="{style}">{html.escape(text)}</{tag}>'
                            for text, style in cells) + "</tr>"


def _heat_map(matrix: Matrix) -> str:
    titles = [(title, _HEAD) for title in [*matrix.key_titles, *matrix.titles[:COLUMNS_MAX]]]
    lines = [_row(titles, "th")]
    for key, cells, shares, unfinished in zip(matrix.keys[:ROWS_MAX], matrix.cells, matrix.shares,
                                              matrix.incomplete):
        line = [(text_of(value), _HEAD) for value in key]
        for cell, share, is_open in zip(cells[:COLUMNS_MAX], shares, unfinished):
            line.append((text_of(cell) + ("*" if is_open and cell is not None else ""), _CELL + _shade(share)))
        lines.append(_row(line))
    note = "* its time is not over" if any(any(row) for row in matrix.incomplete) else ""
    return _table(lines) + _note(note)


def _table(lines: list[str]) -> str:
    return f'<table style="{_STYLE}">{"".join(lines)}</table>'


def _note(text: str) -> str:
    return f'<div style="font:12px system-ui,sans-serif;opacity:.7">{html.escape(text)}</div>' if text else ""


def _bar(value: Any, largest: float) -> str:
    width = 0.0 if value is None or largest <= 0 else 100 * max(float(value), 0.0) / largest
    return (f'<td style="width:180px;padding:2px 4px"><div style="width:{width:.1f}%;height:12px;'
            'background:rgb(60,120,200)"></div></td>')


def chart_column(result: Result) -> str | None:
    """The column of an answer that a chart shows; None if there is none."""
    from rollcall._questions import TABLE  # pylint: disable=import-outside-toplevel

    kinds = {kind["name"]: kind for kind in TABLE["kinds"]}
    chart = kinds[result.kind]["chart"] if result.kind in kinds else ""
    if chart and chart in result.columns:
        return str(chart)
    counts = [name for name, kind in result.types.items() if kind == "count"]
    return counts[0] if counts else None


def _listed(result: Result) -> str:
    chart = chart_column(result)
    columns = [list(values)[:ROWS_MAX] for values in result.to_lists()]
    values = columns[result.columns.index(chart)] if chart else []
    largest = max((float(value) for value in values if value is not None), default=0.0)
    head = _row([(name, _HEAD) for name in result.columns], "th")
    lines = [head.replace("</tr>", f'<th style="{_HEAD}"></th></tr>') if chart else head]
    shares = {number for number, (name, kind) in enumerate(result.types.items())
              if kind == "ratio" and ("rate" in name or "share" in name)}
    for number, row in enumerate(zip(*columns)):
        line = _row([(_share_text(value) if place in shares else text_of(value), _CELL)
                     for place, value in enumerate(row)])
        lines.append(line.replace("</tr>", _bar(values[number], largest) + "</tr>") if chart else line)
    more = len(result) - ROWS_MAX
    return _table(lines) + _note(f"{more:,} more rows" if more > 0 else "")


def result_html(result: Result) -> str:
    """The HTML of an answer."""
    matrix = matrix_of(result)
    body = _listed(result) if matrix is None else _heat_map(matrix)
    title = f"{result.kind}, as of {result.as_of}" if result.as_of else result.kind
    notes = "".join(_note(note) for note in result.notes)
    return f'<div style="overflow:auto">{_note(title)}{body}{notes}</div>'
