"""The exceptions of rollcall: one class for each code of the engine."""

from __future__ import annotations


class Error(Exception):
    """What a call of rollcall could not do, and why.

    Attributes:
        code: the kind of error as a word for programs, such as ``"invalid_argument"``.
        hint: options that would avoid the error, such as ``"accept_rollback = true"``; empty if
            none are known.
        options: the same as data: alternatives, the likeliest first, each a dict from the name of an
            argument to the text of its value.
    """

    code = "error"

    def __init__(self, message: str = "", hint: str = "",
                 options: list[dict[str, str]] | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        self.options = options or []

    def __str__(self) -> str:
        text = str(self.args[0]) if self.args else ""
        return f"{text} (option: {self.hint})" if self.hint else text


class InvalidArgument(Error, ValueError):
    """An option, a batch, a row or a question that the caller can correct."""

    code = "invalid_argument"


class NotFound(Error, LookupError):
    """There is no such store, file, object or user."""

    code = "not_found"


class AlreadyExists(Error):
    """Something of that name is there already."""

    code = "already_exists"


class Corruption(Error):
    """Stored bytes are not what was written."""

    code = "corruption"


class IoError(Error):
    """The operating system, the database or the source of events refused."""

    code = "io_error"


class Busy(Error):
    """Another process is writing to this store."""

    code = "busy"


class Unsupported(Error):
    """A newer format, or something that this machine or store cannot do."""

    code = "unsupported"


class ResourceExhausted(Error):
    """A limit set in the options was reached."""

    code = "resource_exhausted"


class FailedPrecondition(Error):
    """The store is closed, or belongs to another process."""

    code = "failed_precondition"


class Cancelled(Error):
    """The call was stopped because the store is being closed."""

    code = "cancelled"


class DeadlineExceeded(Error, TimeoutError):
    """The timeout of the question passed first."""

    code = "deadline_exceeded"


class Uncertain(Error):
    """It may have happened or not; the next opening of the store tells which."""

    code = "uncertain"


BY_CODE: dict[str, type[Error]] = {
    kind.code: kind
    for kind in (InvalidArgument, NotFound, AlreadyExists, Corruption, IoError, Busy, Unsupported,
                 ResourceExhausted, FailedPrecondition, Cancelled, DeadlineExceeded, Uncertain)
}


def error_of(code: str, message: str, hint: str, options: list[dict[str, str]]) -> Error:
    """Makes the exception for an error of the engine, which calls this."""
    return BY_CODE[code](message, hint, options)
