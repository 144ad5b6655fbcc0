"""Checks what callers give before the engine gets it, so that an error says what is allowed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from rollcall._errors import InvalidArgument


def refused(name: str, allowed: str, found: Any) -> InvalidArgument:
    """The error for an argument that is not what is allowed."""
    shown = repr(found)
    return InvalidArgument(f"{name}: must be {allowed}, found {shown if len(shown) <= 80 else shown[:77] + '...'}")


def listed(name: str, given: Any, allowed: str) -> list[Any]:
    """The elements of a list, of an array or of a series.

    A text is refused, because its letters would be taken for elements, and so are dicts and frames,
    which give their keys or the names of their columns.
    """
    if isinstance(given, (str, bytes, bytearray, memoryview, os.PathLike, Mapping)) or hasattr(given, "columns"):
        raise refused(name, allowed, given)
    for method in ("to_pylist", "tolist", "to_list"):
        if hasattr(given, method):
            given = getattr(given, method)()
            break
    if not hasattr(given, "__iter__"):
        raise refused(name, allowed, given)
    return list(given)


def texts(name: str, given: Any) -> list[str]:
    """A list of texts, such as names of columns."""
    found = listed(name, given, "a list of texts")
    for one in found:
        if not isinstance(one, str):
            raise refused(name, "a list of texts", one)
        text(name, one)
    return found


def paths(name: str, given: Any) -> list[str]:
    """A list of paths."""
    return [path(name, one) for one in listed(name, given, "a list of paths")]


def users(name: str, given: Any) -> list[str | int]:
    """A list of user ids, each of which is a text or a whole number."""
    allowed = "a list of user ids, texts or whole numbers"
    found = listed(name, given, allowed)
    for place, one in enumerate(found):
        if not isinstance(one, str) and hasattr(type(one), "__index__") and not isinstance(one, bool):
            found[place] = int(one)
        elif not isinstance(one, str):
            raise refused(name, allowed, one)
    return found


def text(name: str, given: Any) -> str:
    """A text that can be written as UTF-8."""
    if not isinstance(given, str):
        raise refused(name, "a text", given)
    try:
        given.encode()
    except UnicodeEncodeError:
        raise refused(name, "a text without surrogates", given) from None
    return given


def path(name: str, given: Any) -> str:
    """A path as text, which must be UTF-8 for the engine."""
    if isinstance(given, (str, os.PathLike)) and isinstance(found := os.fspath(given), str):
        if not found:
            raise InvalidArgument(f"{name}: is empty (allowed: a path)")
        return text(name, found)
    raise refused(name, "a path as str or os.PathLike", given)


def seconds(timeout: Any) -> float | None:
    """The seconds of a timeout; None for none."""
    if timeout is None:
        return None
    if isinstance(timeout, (str, bytes, bool)) or not hasattr(type(timeout), "__float__") or timeout != timeout:
        raise refused("timeout", "a number of seconds", timeout)
    return float(timeout)


def called(name: str, given: Any, allowed: str) -> Any:
    """Something that can be called."""
    if not callable(given):
        raise refused(name, allowed, given)
    return given
