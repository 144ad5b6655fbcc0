"""One method for each kind of question, made from the engine's table of kinds.

`_questions.pyi` has the same methods with their types. `python -m rollcall._stubs` writes it.
"""

from __future__ import annotations

import datetime
import decimal
import json
import keyword
from collections.abc import Callable, Mapping
from typing import Any

from rollcall import _core
from rollcall._arguments import text
from rollcall._errors import InvalidArgument

TABLE: dict[str, Any] = _core.kind_table()

# What each type of field takes, as Python writes types.
TYPES = {
    "event": "Selector",
    "conditions": "Conditions",
    "segment": "Segment",
    "members": "Mapping[str, Any]",
    "property": "str",
    "integer": "int",
    "integers": "Sequence[int]",
    "date": "Date",
    "span": "str",
    "instant": "Instant",
    "instants": "Mapping[str, Instant]",
    "events": "Sequence[Selector]",
    "exclusions": "Sequence[Mapping[str, Any]]",
    "length": "Length",
    "flag": "bool",
    "names": "Sequence[str]",
    "rules": "Sequence[Mapping[str, Any]]",
    "edges": "Mapping[str, Any]",
    "segments": "Sequence[Mapping[str, Any]]",
    "text": "str",
    "amounts": "Amount | Mapping[str, Amount]",
    "texts": "Sequence[str]",
    "metric": "Mapping[str, Any]",
    "variants": "Mapping[str, Segment]",
    "shares": "Mapping[str, Amount]",
    "user": "str | int",
}
UNITS = {
    "length": 'a timedelta, or text such as "90s", "5m", "3h", "14d", "2w"',
    "span": 'text such as "30d", "4w", "6m", "2q" or "1y"',
    "date": 'a date, or text such as "2026-01-31" or "yesterday"',
    "instant": "a datetime or a date; without an offset it is in the store's time zone",
    "amounts": "in the unit of the events' values",
}
ERRORS = """\
Raises:
    InvalidArgument: an unknown name, or a question that cannot be answered exactly.
    ResourceExhausted: it needs more memory than is left for questions.
    DeadlineExceeded: `timeout` passed first.
    FailedPrecondition: the store is closed, or was opened by another process.
    KeyboardInterrupt: Ctrl-C; the question has ended.
"""


def annotation_of(field: Mapping[str, Any]) -> str:
    """The type of a field's argument, as Python writes it."""
    words = ", ".join(f'"{word}"' for word in field["words"])
    of_type = TYPES.get(field["type"])
    parts = ([of_type] if of_type else []) + ([f"Literal[{words}]"] if words else [])
    return " | ".join(parts)


def argument_of(name: str) -> str:
    """The argument for a field: `from_` for `from`, which is a word of Python."""
    return name + "_" if keyword.iskeyword(name) else name


def fields_of(kind: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All fields of a kind: its own, those of a range if it takes one, and the common ones."""
    ranges = TABLE["range_fields"] if kind["takes_range"] else []
    own = {field["name"] for field in kind["fields"]}
    others = [field for field in [*ranges, *TABLE["common_fields"]] if field["name"] not in own]
    return [*kind["fields"], *others]


def _told(field: Mapping[str, Any]) -> str:
    parts = [field["meaning"]]
    if field["type"] in UNITS:
        parts.append(UNITS[field["type"]])
    if field["type"] in ("integer", "integers"):
        parts.append(f"from {field['min']} to {field['max']}")
    if field["default_json"]:
        parts.append(f"by default {field['default_json']}")
    if field["needs"]:
        parts.append(f"goes with `{field['needs']}`")
    if field["excludes"]:
        parts.append("not with " + ", ".join(f"`{name}`" for name in field["excludes"]))
    return f"    {argument_of(field['name'])}: {'; '.join(parts)}."


def docstring_of(kind: Mapping[str, Any]) -> str:
    """What the method of a kind does, its arguments with their units, and its errors."""
    arguments = "\n".join(_told(field) for field in fields_of(kind))
    timeout = "    timeout: Seconds after which the question is given up; by default none."
    shape = "Returns:\n    A `Result` in long form: one row for each cell, ordered by the keys."
    return (f"{kind['summary']}.\n\nArgs:\n{arguments}\n{timeout}\n\n{shape}\n\n{ERRORS}")


def plain(value: Any) -> Any:
    """What JSON has for a value of Python, and raises TypeError for what it has not."""
    if isinstance(value, datetime.date):  # a datetime is one
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, datetime.timedelta):
        seconds = value / datetime.timedelta(seconds=1)
        if seconds != int(seconds):
            raise TypeError(f"a length must be whole seconds, found {value!r}")
        return f"{int(seconds)}s"
    if isinstance(value, (bytes, bytearray)):
        raise TypeError(f"a question must have JSON values, found {value!r} (allowed: text, as str)")
    if hasattr(value, "tolist"):  # of numpy
        return value.tolist()
    if isinstance(value, (set, frozenset, tuple)) or hasattr(value, "__iter__"):
        return list(value)
    raise TypeError(f"a question must have JSON values, found {type(value).__name__}")


def json_of(question: Any) -> str:
    """The JSON of a question, or of a part of one."""
    try:
        return text("question", json.dumps(question, default=plain, ensure_ascii=False, allow_nan=False))
    except ValueError as error:  # NaN, infinity, or a dict within itself
        if isinstance(error, InvalidArgument):
            raise
        raise InvalidArgument(f"question: {error}") from None


def _put(question: dict[str, Any], place: str, value: Any) -> None:
    *parents, last = place.split(".")
    for parent in parents:
        question = question.setdefault(parent, {})
    question[last] = value


def civil(value: datetime.datetime, name: str, time_zone: str, *, is_of_day: bool) -> str:
    """What clocks in the store's zone show: "2026-01-31T06:00", or the date alone if midnight stands for the day."""
    if value.tzinfo is not None:
        from zoneinfo import ZoneInfo  # pylint: disable=import-outside-toplevel

        local = value.astimezone(ZoneInfo(time_zone))
        if local.fold:
            raise InvalidArgument(f"{name}: must be a time that clocks in {time_zone} show once, found {value}")
        value = local.replace(tzinfo=None)
    shown = value.isoformat(timespec="auto" if value.second or value.microsecond else "minutes")
    return shown.removesuffix("T00:00") if is_of_day else shown


def question_of(kind: Mapping[str, Any], arguments: Mapping[str, Any],
                time_zone: Callable[[], str]) -> dict[str, Any]:
    """The question that the arguments of a kind's method ask, of a store in that zone."""
    question: dict[str, Any] = {"kind": kind["name"]}
    for field in fields_of(kind):
        value = arguments.get(argument_of(field["name"]))
        if field["type"] == "date" and isinstance(value, datetime.datetime):
            is_of_day = arguments.get("period") not in ("hour", "minute")
            value = civil(value, field["name"], time_zone(), is_of_day=is_of_day)
        if value is not None:
            _put(question, field["place"], value)
    return question


def _source_of(kind: Mapping[str, Any]) -> str:
    """The method of a kind as Python has it, so that its signature and its errors are Python's own."""
    lines = [f"def {kind['name']}(self, *,"]
    for field in fields_of(kind):
        end = "" if field["is_required"] else " = None"
        optional = "" if field["is_required"] else " | None"
        lines.append(f"    {argument_of(field['name'])}: {annotation_of(field)}{optional}{end},")
    lines.append("    timeout: float | None = None) -> Result:")
    lines.append("    return _ask(self, locals())\n")
    return "\n".join(lines)


def method_of(kind: Mapping[str, Any]) -> Callable[..., Any]:
    """The method that asks a kind of question."""

    def _ask(store: Any, arguments: Mapping[str, Any]) -> Any:
        question = question_of(kind, arguments, lambda: store.settings()["time_zone"])
        return store.query(question, timeout=arguments["timeout"])

    names: dict[str, Any] = {"_ask": _ask, "__name__": __name__}
    # Annotations stay text, as in this file, so that their names need not be there.
    exec(_source_of(kind), names)  # pylint: disable=exec-used
    method: Callable[..., Any] = names[kind["name"]]
    method.__qualname__ = f"Store.{kind['name']}"
    method.__doc__ = docstring_of(kind)
    return method


class Questions:
    """The methods that ask, one for each kind of question."""


class _Question:
    """The place of a kind's method, which is made when it is first looked up: `import rollcall` compiles none."""

    def __init__(self, kind: Mapping[str, Any]) -> None:
        self._kind = kind

    def __get__(self, store: Any, owner: type) -> Any:
        method: Any = method_of(self._kind)
        setattr(Questions, self._kind["name"], method)
        return method.__get__(store, owner)


for _kind in TABLE["kinds"]:
    setattr(Questions, _kind["name"], _Question(_kind))
