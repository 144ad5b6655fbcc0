"""Writes `_questions.pyi` from the engine's table of kinds.

    python -m rollcall._stubs            prints it
    python -m rollcall._stubs --check F  compares F with it; ends with 1 if they differ
"""

from __future__ import annotations

import sys
import textwrap

from rollcall import _questions

HEAD = '''\
"""The types of the methods that ask questions. Written by `python -m rollcall._stubs`."""

import datetime
import decimal
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

from rollcall._result import Result

Selector: TypeAlias = str | Sequence[str] | Mapping[str, Any]
Conditions: TypeAlias = Mapping[str, Any] | Sequence[Mapping[str, Any]]
Segment: TypeAlias = str | Mapping[str, Any]
Date: TypeAlias = str | datetime.date
Instant: TypeAlias = str | datetime.date | datetime.datetime
Length: TypeAlias = str | datetime.timedelta
Amount: TypeAlias = str | int | float | decimal.Decimal

TABLE: dict[str, Any]

def annotation_of(field: Mapping[str, Any]) -> str: ...
def argument_of(name: str) -> str: ...
def fields_of(kind: Mapping[str, Any]) -> list[dict[str, Any]]: ...
def docstring_of(kind: Mapping[str, Any]) -> str: ...
def plain(value: Any) -> Any: ...
def json_of(question: Any) -> str: ...
def question_of(kind: Mapping[str, Any], arguments: Mapping[str, Any]) -> dict[str, Any]: ...
def method_of(kind: Mapping[str, Any]) -> Callable[..., Any]: ...

class Questions:
'''


def _wrapped(line: str) -> str:
    """A line of a docstring, indented as in the stub, within its columns."""
    if not line:
        return "\n"
    indent = " " * (8 + len(line) - len(line.lstrip()))
    return textwrap.fill(line.strip(), 100, initial_indent=indent, subsequent_indent=indent + " " * 4,
                         break_long_words=False, break_on_hyphens=False) + "\n"


def stub_text() -> str:
    """The text of the stub file."""
    parts = [HEAD]
    for kind in _questions.TABLE["kinds"]:
        parts.append(f"    def {kind['name']}(\n        self,\n        *,\n")
        for field in _questions.fields_of(kind):
            annotation = _questions.annotation_of(field)
            end = "" if field["is_required"] else " | None = ..."
            parts.append(f"        {_questions.argument_of(field['name'])}: {annotation}{end},\n")
        parts.append("        timeout: float | None = ...,\n    ) -> Result:\n")
        text = "".join(_wrapped(line) for line in _questions.docstring_of(kind).splitlines())
        text = text.lstrip()
        parts.append(f'        r"""{text}        """\n')
    return "".join(parts)


def main(arguments: list[str]) -> int:
    """Runs the command; returns its exit code."""
    if arguments[:1] != ["--check"]:
        sys.stdout.write(stub_text())
        return 0
    with open(arguments[1], encoding="utf-8") as file:
        same = file.read() == stub_text()
    if not same:
        sys.stderr.write(f"{arguments[1]}: differs from the table of kinds; write it with python -m rollcall._stubs\n")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
