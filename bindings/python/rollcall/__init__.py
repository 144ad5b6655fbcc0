"""rollcall takes the roll: it tells who was active, when, and who came back.

    >>> import rollcall
    >>> store = rollcall.open(":memory:")
    >>> store.ingest({"user": ["ann", "ann"], "time": ["2026-01-01", "2026-01-02"]}, event_name="visit").rows_ingested
    2
    >>> store.active().column("users")
    [1, 1]

docs/python.md is the guide; docs/queries.md says what every number means.
"""

from rollcall import _binding as _binding  # pylint: disable=useless-import-alias
from rollcall._errors import (
    AlreadyExists,
    Busy,
    Cancelled,
    Corruption,
    DeadlineExceeded,
    Error,
    FailedPrecondition,
    InvalidArgument,
    IoError,
    NotFound,
    ResourceExhausted,
    Uncertain,
    Unsupported,
)
from rollcall._operations import Alerts, Campaigns, Notification, Notified
from rollcall._progress import Progress
from rollcall._result import Result
from rollcall._store import IngestReport, Store, backup, open  # pylint: disable=redefined-builtin

__version__ = "0.2.0"

__all__ = [
    "Alerts",
    "AlreadyExists",
    "Busy",
    "Campaigns",
    "Cancelled",
    "Corruption",
    "DeadlineExceeded",
    "Error",
    "FailedPrecondition",
    "IngestReport",
    "InvalidArgument",
    "IoError",
    "NotFound",
    "Notification",
    "Notified",
    "Progress",
    "ResourceExhausted",
    "Result",
    "Store",
    "Uncertain",
    "Unsupported",
    "backup",
    "open",
]

# Tracebacks and help name them as those who use them do.
for _name in __all__:
    globals()[_name].__module__ = __name__
del _name
