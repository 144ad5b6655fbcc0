"""Stores: where events go in and questions are answered."""

from __future__ import annotations

import atexit
import contextlib
import datetime
import decimal
import importlib.util
import io
import json
import os
import sys
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, NamedTuple, NoReturn, overload

from rollcall import _arguments, _core, _parquet
from rollcall._arguments import seconds, text
from rollcall._columns import BegunStream, Columns
from rollcall._errors import Error, InvalidArgument
from rollcall._operations import Alerts, Campaigns
from rollcall._progress import Progress, shown
from rollcall._questions import Questions, json_of
from rollcall._result import Result

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
# Options of files, which frames and columns cannot follow where an error names them.
_OF_FILES = frozenset({"time_unit", "time_format", "decimal", "grouping", "currency"})
_OPEN: weakref.WeakSet[Store] = weakref.WeakSet()


def _microseconds(name: str, instant: datetime.datetime) -> int:
    if instant.tzinfo is None:
        raise InvalidArgument(f"{name}: must have an offset from UTC, found {instant.isoformat()}")
    return (instant - _EPOCH) // datetime.timedelta(microseconds=1)


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that are not None, as the engine takes them."""
    given = {name: value for name, value in options.items() if value is not None}
    for name, value in given.items():
        if isinstance(value, datetime.datetime):
            given[name] = _microseconds(name, value)
        elif isinstance(value, (tuple, set, frozenset)):
            given[name] = list(value)
        elif isinstance(value, os.PathLike):
            given[name] = os.fspath(value)
    return given


class IngestReport(NamedTuple):
    """What an ingest did."""

    rows_ingested: int
    rows_read: int
    rows_rejected: int  # only rows of files are; a bad row of other data is an error
    rejected: dict[str, int]  # how many rows, by what is wrong with them
    examples: list[dict[str, Any]]  # the first of them: file, line, column (in bytes), reason
    notes: list[str]  # what the reader should know
    rows_forgotten: int = 0  # left out, as their users are forgotten; they count as ingested
    was_skipped: bool = False  # the token was known, so that all of it had been ingested before


class Store(Questions):
    """A store of events that is open. `rollcall.open` makes one.

    Any thread may call any method at any time; the calls run without the GIL. A store belongs to
    the process that opened it: in a child made by ``os.fork`` or ``multiprocessing`` every call
    raises `FailedPrecondition`, and it cannot be pickled. Ctrl-C ends a question or an ingest. A
    store that is open when the interpreter exits is closed, so that nothing ingested is lost.
    """

    def __init__(self, engine: _core.Engine) -> None:
        self._engine = engine
        _OPEN.add(self)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a rollcall.Store cannot be pickled or copied, as it belongs to the process that "
                        "opened it (allowed: pass its path, and open it where it is used)")

    def __repr__(self) -> str:
        state = "closed" if self.closed else "open"
        return f"<rollcall.Store {self.path!r}: {state}>"

    @property
    def path(self) -> str:
        """The directory of the store, or ``":memory:"``."""
        return self._engine.directory

    @property
    def closed(self) -> bool:
        """Whether the store has been closed."""
        return self._engine.is_closed

    @property
    def campaigns(self) -> Campaigns:
        """The campaigns that the store keeps."""
        return Campaigns(self, self._engine)

    @property
    def alerts(self) -> Alerts:
        """The alerts that the store keeps."""
        return Alerts(self._engine)

    # Events in.

    def ingest(
        self,
        data: Any,
        *,
        user: str | None = None,
        time: str | None = None,
        event: str | None = None,
        event_name: str | None = None,
        value: str | None = None,
        properties: Sequence[str] | None = None,
        progress: bool | Callable[[Progress], None] = False,
        strict: bool = False,
        on_reject: Callable[[dict[str, Any]], object] | None = None,
        positions: Mapping[str, str] | None = None,
        token: tuple[str, str] | None = None,
        ack: Literal["memory", "durable"] | None = None,
        **options: Any,
    ) -> IngestReport:
        """Takes events in.

        Args:
            data: A data frame of polars or pandas, a pyarrow Table or RecordBatchReader, a relation of
                DuckDB, or anything else with ``__arrow_c_stream__``; a dict of lists or numpy arrays;
                or the path of a file or directory, a pattern such as ``"events/*.parquet"``, or a list
                of them (CSV, NDJSON, rollcall's native format, plain or in gzip or zstd; Parquet with
                pyarrow or DuckDB).
            user: The column of user ids: texts or whole numbers. By default ``"user"``; guessed for files.
            time: The column of times: instants, dates, or text. Those without an offset are clock
                readings in the store's zone. By default ``"time"``; guessed for files.
            event: The column of event names. By default ``"event"``; guessed for files.
            event_name: Every event has this name, and there is no such column.
            value: The column of amounts; by default no event has one, and files are searched for it.
            properties: The columns to keep as properties. Those that the store does not have yet are
                kept from now on (`keep` of `open`). By default all columns with the names of the
                store's properties are.
            progress: True shows a line that is written anew, also in notebooks; a function is called
                with a `Progress` five times a second at most.
            strict: Whether the first row of a file that is rejected ends the call. Rows shortly before
                it may be missing, and come in when the file is read again.
            on_reject: Is called for every row of a file that is rejected, in their order, with a dict:
                ``file``, ``line``, ``column``, ``kind``, ``reason``, ``row`` (bytes) and ``held``
                (whether it comes in if the file is read again under a wider limit). What it raises
                ends the call; the next run goes on from there. Another thread calls it.
            positions: How far each source of the data has been read, committed along with it and told
                by `sources`; not with files, which know by themselves. All of the data counts, or none.
            token: A source and a text that names the data within it. If the store knows it, nothing is
                ingested again. All of the data counts, or none.
            ack: ``"durable"`` returns once the data would survive a crash; by default ``"memory"``.
            **options: How files are read; the names are those of ``SourceOptions`` in
                docs/importing.md, such as ``delimiter=";"`` or ``time_format="%d.%m.%Y"``.

        Returns:
            An `IngestReport`. Each batch of Arrow data is ingested as a whole or not at all, and in
            memory at first: `checkpoint` and `close` make it durable, and so does an ingest of files.

        Raises:
            InvalidArgument: a column is missing or holds what is no event; the text says where.
                What came before it stays ingested.
            IoError: a file or the source of the data failed.
            Corruption: a compressed or Parquet file is damaged; nothing of it is ingested.
            FailedPrecondition: the store is closed, or was opened by another process.
            ImportError: Parquet, and there is neither pyarrow nor DuckDB.
            ResourceExhausted: data with positions or a token does not fit into memory as a whole.
            KeyboardInterrupt: Ctrl-C, once the source of the data has given what it is asked for. What was
                read is committed, and the same files go on from there.
                With positions or a token, nothing is ingested.
        """
        if positions is not None and not isinstance(positions, Mapping):
            raise _arguments.refused("positions", "a dict from source to position, both texts", positions)
        delivery = {"positions": None if positions is None else list(positions.items()),
                    "token": token, "ack": ack}
        given = _given({"user": user, "time": time, "event": event, "event_name": event_name,
                        "value": value, **options})
        paths = _paths_of(data)
        if paths is not None and (with_frames := _given(delivery)):
            raise InvalidArgument(f"{next(iter(with_frames))}: goes with frames and columns (files are "
                                  "known by their content, and durable)")
        if on_reject is not None and paths is None:
            raise InvalidArgument("on_reject: goes with files (a bad row of other data is an error)")
        if options and paths is None:
            raise InvalidArgument(f"{next(iter(options))}: goes with files (allowed with frames and columns: user, "
                                  "time, event, event_name, value, properties, progress)")
        names = _arguments.texts("properties", () if properties is None else properties)
        if progress not in (True, False):
            _arguments.called("progress", progress, "True, False or a function")
        if on_reject is not None:
            _arguments.called("on_reject", on_reject, "a function")
        if isinstance(data, Mapping):
            data = Columns(data)
        files = None if paths is None else _parquet.expand(paths)
        if files is None:
            _check_columns(data, names)
            if _is_pandas(data):
                needed = {user or "user", time or "time"}.union(() if value is None else (value,))
                if event is not None or event_name is None:
                    needed.add(event or "event")
                data = _asked_of(data, needed, [*names, *self._properties()])
            data = _begun(data)
        with shown(progress) as report:
            self._keep(names)  # comes after the checks, as it changes the store for good
            if files is not None:
                return IngestReport(**self._engine.ingest_files(files, given, bool(strict), report, on_reject, _parquet.read))
            try:
                told = self._engine.ingest_arrow(data, {**given, **_given(delivery)}, report)
            except InvalidArgument as error:
                if any(_OF_FILES.intersection(way) for way in error.options):
                    error.options, error.hint = [], ""
                raise
            rows = told.pop("rows")
            return IngestReport(rows, rows, 0, {}, [], [], **told)

    def _keep(self, properties: Sequence[str]) -> None:
        if not properties:
            return
        known = self._properties()
        if missing := [name for name in properties if name not in known]:
            self._engine.keep(missing)

    def _properties(self) -> set[str]:
        settings = self._engine.settings()
        return {*settings["dimensions"], *settings["kept_properties"]}

    # Questions, besides those that `Questions` has a method for.

    @overload
    def query(self, question: Mapping[str, Any], *, timeout: float | None = None) -> Result: ...

    @overload
    def query(self, question: str, *, timeout: float | None = None) -> Any: ...

    @overload
    def query(self, question: Sequence[Mapping[str, Any]], *, timeout: float | None = None) -> list[Result]: ...

    def query(self, question: Mapping[str, Any] | Sequence[Mapping[str, Any]] | str, *,
              timeout: float | None = None) -> Any:
        """Answers a question, or several over the same state.

        Args:
            question: A dict as docs/queries.md has it, ``{"kind": "retention", "period": "week"}``,
                or its JSON; or a list of them.
            timeout: Seconds after which it is given up; by default none.

        Returns:
            A `Result`, or a list of them for a list.

        Raises:
            InvalidArgument: an unknown field, event or property, or a question that cannot be
                answered exactly; the text says what is allowed.
            ResourceExhausted: it needs more memory than is left for questions.
            DeadlineExceeded: `timeout` passed first.
            FailedPrecondition: the store is closed, or was opened by another process.
            KeyboardInterrupt: Ctrl-C; the question has ended.
        """
        if isinstance(question, str):
            question = _parsed(question)
        if isinstance(question, Mapping):
            asked = json_of(question)
            return Result(self._engine.query(asked, seconds(timeout)), self, asked)
        questions: list[Any] = _arguments.listed("question", question, "a dict, its JSON, or a list of dicts")
        answers = self._engine.query_all(json_of(questions), seconds(timeout))
        return [Result(answer, self, json_of(one)) for answer, one in zip(answers, questions)]

    def explain(self, question: Mapping[str, Any] | str, *, timeout: float | None = None) -> dict[str, Any]:
        """Says in words what a question means, and what answering it reads. It is not answered.

        Returns:
            A dict with ``meaning`` and ``answered_from`` as text, and how much is read: ``series``,
            ``chunks`` (of up to 65,536 users), ``bytes``, ``first_day`` and ``last_day``.

        Raises:
            InvalidArgument: as `query`.
        """
        if not isinstance(question, (str, Mapping)):
            raise _arguments.refused("question", "a dict or its JSON", question)
        asked = text("question", question) if isinstance(question, str) else json_of(question)
        return self._engine.explain(asked, seconds(timeout))

    # What people look at.

    @overload
    def report(self, path: str | os.PathLike[str], *, lang: Literal["en", "zh"] = ..., title: str = ...,
               users: bool = ..., timeout: float | None = ...) -> None: ...

    @overload
    def report(self, path: None = None, *, lang: Literal["en", "zh"] = ..., title: str = ...,
               users: bool = ..., timeout: float | None = ...) -> str: ...

    def report(self, path: str | os.PathLike[str] | None = None, *, lang: Literal["en", "zh"] = "en",
               title: str = "", users: bool = False, timeout: float | None = None) -> str | None:
        """A page of HTML about the store, for people who only open a file.

        Args:
            path: Where to write it, in place of any file there; by default it is returned.
            lang: The language of the page: ``"en"`` or ``"zh"``.
            title: Its title.
            users: Whether it lists the ids of users who are about to leave; by default it has none.
            timeout: Seconds after which it is given up; by default none.

        Returns:
            The page if there is no path. It loads nothing and runs nothing.

        Raises:
            DeadlineExceeded: `timeout` passed first.
            OSError: the file cannot be written; one that was there is as it was.
        """
        page = self._engine.report({"lang": lang, "title": title, "users": users}, seconds(timeout))
        if path is None:
            return page
        _replace_file(os.fspath(path), page)
        return None

    # What a store keeps besides events.

    def save(self, kind: str, name: str, definition: Mapping[str, Any], *, replace: bool = False) -> None:
        """Keeps an object by name: a segment, question, campaign or alert.

        Args:
            kind: ``"segment"``, ``"question"``, ``"campaign"`` or ``"alert"``.
            name: Its name, of at most 200 bytes.
            definition: A question; ``{"segment": EXPRESSION}`` or ``{"users": [ID, ...]}``; that of a
                campaign, whose runs the next ``campaigns.run()`` freezes; or that of an alert, which
                is off until ``alerts.enable(name)``.
            replace: Whether it takes the place of one of that name.

        Raises:
            InvalidArgument: it is not a definition of its kind.
            AlreadyExists: the name is taken, and `replace` is False.
        """
        document = {"objects": [{"kind": kind, "name": name, "definition": definition}]}
        self._engine.save(json_of(document), bool(replace))

    def saved(self, kind: str) -> dict[str, Any]:
        """The objects of a kind: their definitions by name. `save` says what the kinds are."""
        return {name: json.loads(found) for name, found in self._engine.saved(text("kind", kind)).items()}

    def drop(self, kind: str, name: str) -> None:
        """Drops an object; whatever refers to it stays.

        Raises:
            NotFound: there is none of that kind and name.
        """
        self._engine.drop(text("kind", kind), text("name", name))

    def save_segment(self, name: str, segment: str | Mapping[str, Any] | Iterable[str | int]) -> None:
        """Keeps a segment, for questions to use as ``{"segment": NAME}``, and replaces any of the name.

        Args:
            name: Its name.
            segment: An expression, as text or a dict, which each question evaluates anew; or user
                ids, which stay as they are.

        Raises:
            InvalidArgument: a malformed expression, or ids of the other kind.
        """
        is_expression = isinstance(segment, (str, Mapping))
        definition = {"segment": segment} if is_expression else {"users": _arguments.users("segment", segment)}
        self.save("segment", name, definition, replace=True)

    def freeze(self, campaign: str, segment: str | Mapping[str, Any], *, run: str = "",
               classes: Mapping[str, str | Mapping[str, Any]] | None = None,
               as_of: str | datetime.date | None = None, holdout: str | float = "0",
               draw: str = "") -> dict[str, Any]:
        """Freezes an audience: finds its users, and keeps who they are from here on.

        Args:
            campaign: Whose audience it is.
            segment: Who is in it.
            run: Which run of the campaign.
            classes: Segments by name; a user is in the first class that fits, or in ``"other"``.
            as_of: The instant everything is told of; by default the latest event.
            holdout: The share of users who are held out, from 0 to 1.
            draw: What decides, with the user, who is held out.

        Returns:
            A dict with ``campaign``, ``run``, ``as_of`` and ``classes``, each with its ``name`` and how
            many users are ``contacted`` and in the ``holdout``. It is durable.

        Raises:
            AlreadyExists: there is an audience of that name.
            InvalidArgument: as `query`.
        """
        if classes is not None and not isinstance(classes, Mapping):
            raise _arguments.refused("classes", "a dict from name to segment", classes)
        pairs = [(text("classes", name), json_of(users)) for name, users in (classes or {}).items()]
        if isinstance(holdout, float):
            holdout = format(decimal.Decimal(str(holdout)), "f")  # "1e-07" is no share
        return self._engine.freeze(text("campaign", campaign), text("run", run), json_of(segment), pairs,
                                   None if as_of is None else json_of(as_of), str(holdout), text("draw", draw))

    def audiences(self) -> list[dict[str, Any]]:
        """The audiences, as `freeze` returns them, ordered by campaign and run."""
        return self._engine.audiences()

    def drop_audience(self, campaign: str, run: str = "") -> None:
        """Drops an audience.

        Raises:
            NotFound: there is none of that name.
        """
        self._engine.drop_audience(text("campaign", campaign), text("run", run))

    # The store itself.

    def forget(self, users: Iterable[str | int]) -> int:
        """Forgets users for good: no answer counts or names them from here on.

        Returns:
            How many of them the store knew, once that is durable.

        Raises:
            InvalidArgument: a text in place of a list, ids of the other kind, or a store that is open
                read-only.
        """
        return self._engine.forget([text("users", str(user)) for user in _arguments.users("users", users)])

    def checkpoint(self) -> None:
        """Makes everything ingested so far durable. Other calls go on meanwhile.

        Raises:
            IoError: the operating system or the database refused.
        """
        self._engine.checkpoint()

    def compact(self) -> None:
        """Rewrites the store without what it no longer has; takes as long as copying it."""
        self._engine.compact()

    def verify(self) -> dict[str, Any]:
        """Reads every stored page and checks it against all others.

        Returns:
            A dict with ``page_count`` and ``faults``, a list of texts that is empty if all is well.
        """
        return self._engine.verify()

    def info(self) -> dict[str, Any]:
        """What the store holds: settings, events, users, days, and sizes in bytes."""
        found = self._engine.info()
        microseconds = found.pop("known_until_us")
        found["known_until"] = (None if microseconds is None
                                else _EPOCH + datetime.timedelta(microseconds=microseconds))
        return found

    def settings(self) -> dict[str, Any]:
        """What the store was made with."""
        return self._engine.settings()

    def sources(self) -> dict[str, str]:
        """How far each source has been read."""
        return dict(self._engine.sources())

    def close(self) -> None:
        """Makes a last checkpoint and closes the store; waits for calls of other threads to end.

        Closing it again does nothing.

        Raises:
            IoError: the checkpoint failed; what came after the last one is lost.
            FailedPrecondition: another process opened it.
        """
        if not self._engine.is_own_process:
            self._engine.settings()  # raises and says why
        self._engine.close()


def _parsed(given: str) -> Any:
    try:
        return json.loads(given)
    except ValueError as error:
        raise InvalidArgument(f"question: must be JSON, found {given[:60]!r}: {error}") from None


def _replace_file(path: str, text: str) -> None:
    """Writes a file beside `path` and puts it in its place, so that a reader sees a whole one."""
    folder, name = os.path.split(path)
    beside = os.path.join(folder, f".part.{os.getpid()}.{name}")
    try:
        with io.open(beside, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(beside, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.remove(beside)
        raise


def _paths_of(data: Any) -> list[str] | None:
    """The paths that `data` names, or None if it is no path."""
    if isinstance(data, (str, os.PathLike)):
        return [_arguments.path("data", data)]
    if isinstance(data, (list, tuple)) and data and all(isinstance(one, (str, os.PathLike)) for one in data):
        return [_arguments.path("data", one) for one in data]
    return None


def _is_pandas(data: Any) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(data, pandas.DataFrame)


def _asked_of(frame: Any, needed: set[str], properties: Sequence[str]) -> Any:
    """The columns of a frame of pandas that are asked for: of what others hold, pandas may make no Arrow stream.

    Old frames have no Arrow stream, and others need pyarrow for it.
    """
    wanted = needed.union(*(name.split("+") for name in properties))
    labels = [str(label) for label in frame.columns]
    if not hasattr(frame, "__arrow_c_stream__") or importlib.util.find_spec("pyarrow") is None:
        return Columns({label: frame[label] for label in frame.columns if str(label) in wanted}, nan_is_missing=True)
    if not needed.issubset(labels):
        return frame  # the error lists all columns
    return frame.loc[:, [label in wanted for label in labels]]


def _begun(data: Any) -> Any:
    """The data with its Arrow stream begun, because its library may find only then that it cannot make one."""
    if not hasattr(data, "__arrow_c_stream__"):
        return data
    try:
        return BegunStream(data.__arrow_c_stream__())
    except Error:
        raise
    except (ValueError, TypeError) as error:  # as pyarrow's are
        told = "; ".join(map(str, error.args)) or type(error).__name__
        raise InvalidArgument(f"data: no Arrow stream can be made of it: {told}") from error


def _check_columns(data: Any, properties: Sequence[str]) -> None:
    """`data` has columns, and each property that is asked for is one of them, as far as it tells."""
    if not any((hasattr(data, "__arrow_c_stream__"), hasattr(data, "__arrow_c_array__"), _is_pandas(data))):
        lazy = ", or what its collect() returns" if hasattr(data, "collect") else ""
        raise _arguments.refused("data", "a data frame, a table or reader with __arrow_c_stream__, a dict of columns, "
                                 f"or paths of files{lazy}", data)
    names = getattr(data, "names", None)
    if not isinstance(names, list):
        names = getattr(getattr(data, "schema", None), "names", None) or getattr(data, "columns", None)
    if names is None or callable(names):
        return
    there = {str(name) for name in names}
    for name in properties:
        if not there.issuperset(name.split("+")):
            raise InvalidArgument(f"properties: must be columns of the data, found {name!r} "
                                  f"(allowed: {', '.join(sorted(there))})")


def open(  # pylint: disable=redefined-builtin
    path: str | os.PathLike[str],
    *,
    time_zone: str | None = None,
    week_start: str | None = None,
    user_kind: str | None = None,
    dimensions: Sequence[str] | None = None,
    keep: Sequence[str] | None = None,
    value_decimals: int | None = None,
    partition_count: int | None = None,
    event_names_max: int | None = None,
    dimension_values_max: int | None = None,
    history: bool | None = None,
    history_days: int | None = None,
    question_directories: Sequence[str | os.PathLike[str]] | None = None,
    read_only: bool | None = None,
    create_if_missing: bool | None = None,
    accept_rollback: bool | None = None,
    memory_bytes_max: int | None = None,
    cache_bytes: int | None = None,
    checkpoint_dirty_bytes_max: int | None = None,
    checkpoint_seconds: int | None = None,
    journal_bytes_max: int | None = None,
    threads_max: int | None = None,
    time_max: datetime.datetime | None = None,
) -> Store:
    """Opens the store in a directory, or makes one.

    Args:
        path: The directory, or ``":memory:"`` for a store that ends with the process.
        time_zone: The IANA zone whose days are counted, ``"Europe/London"``; by default UTC. This and
            the settings down to `history` are chosen when a store is made and never change; a store
            that exists is refused if it was made with another one.
        week_start: ``"monday"`` or ``"sunday"``.
        user_kind: ``"string"`` or ``"integer"``, what user ids are. Whole numbers also go into a store
            of strings.
        dimensions: Properties that are aggregated, so that questions about them are fast.
        keep: Properties that are kept with every event from now on, besides those there are.
        value_decimals: Decimals of amounts, 0 to 12; by default 6.
        partition_count: A power of two from 1 to 4,096; by default 64.
        event_names_max: Names past it count as ``"$other"``.
        dimension_values_max: Values of a dimension past it count as ``"$other"``.
        history: Whether every event is kept, which funnels and others need; by default True.
        history_days: The history lets go of days longer ago than so many; 0 keeps all.
        question_directories: Questions may read lists of users in and beneath these alone; by default
            they may read no file.
        read_only: Shows the last checkpoint, while another process may write.
        create_if_missing: Whether a store is made where there is none; by default True.
        accept_rollback: Opens a store that lost commits, with what is there.
        memory_bytes_max: Bytes that the engine may hold; by default 4 GiB.
        cache_bytes: Bytes of the database's cache; by default 64 MiB.
        checkpoint_dirty_bytes_max: A checkpoint starts when so many bytes have changed.
        checkpoint_seconds: A checkpoint starts when changes are so old; 0: never for that.
        journal_bytes_max: A checkpoint starts when the journal has so many bytes.
        threads_max: Threads at work; 0: as many as there are processors.
        time_max: Later events are refused.

    Returns:
        A `Store`, which is a context manager that closes itself.

    Raises:
        NotFound: there is no store, and none is to be made.
        InvalidArgument: an option is out of range or differs from what the store was made with, or
            the directory holds something else.
        Busy: another process writes to the store.
        Corruption: stored bytes are not what was written.
        Unsupported: the store is of a newer format.
    """
    options = _given({
        "time_zone": time_zone, "week_start": week_start, "user_kind": user_kind,
        "dimensions": None if dimensions is None else _arguments.texts("dimensions", dimensions),
        "keep": None if keep is None else _arguments.texts("keep", keep), "value_decimals": value_decimals,
        "partition_count": partition_count, "event_names_max": event_names_max,
        "dimension_values_max": dimension_values_max, "history": history,
        "history_days": history_days,
        "question_directories": (
            None if question_directories is None
            else _arguments.paths("question_directories", question_directories)),
        "read_only": read_only, "create_if_missing": create_if_missing,
        "accept_rollback": accept_rollback, "memory_bytes_max": memory_bytes_max,
        "cache_bytes": cache_bytes, "checkpoint_dirty_bytes_max": checkpoint_dirty_bytes_max,
        "checkpoint_seconds": checkpoint_seconds, "journal_bytes_max": journal_bytes_max,
        "threads_max": threads_max, "time_max": time_max})
    directory = _arguments.path("path", path)
    return Store(_core.open(directory, directory == ":memory:", options))


def backup(path: str | os.PathLike[str], to: str | os.PathLike[str]) -> dict[str, int]:
    """Copies the last checkpoint of a store to a new one; others may write to the store meanwhile.

    Args:
        path: The directory of the store.
        to: A directory that is missing or empty.

    Returns:
        A dict with ``page_count`` and ``bytes`` of what was copied, and its ``epoch``.

    Raises:
        NotFound: there is no store.
        AlreadyExists: `to` holds something.
        Corruption: the store is damaged, or the copy did not read back the same.
    """
    return _core.copy_store(_arguments.path("path", path), _arguments.path("to", to))


@atexit.register
def _close_all() -> None:
    """Closes what is open at the end of the process, so that nothing ingested is lost."""
    for store in list(_OPEN):
        engine = store._engine  # pylint: disable=protected-access
        if not engine.is_own_process or engine.is_closed:
            continue
        try:
            engine.close_at_exit()
        except Error as error:
            # There is nobody left to catch it.
            sys.stderr.write(f"rollcall: {store.path}: closing at exit: {error}\n")
