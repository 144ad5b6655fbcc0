"""What is done with answers again and again: campaigns, and alerts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeAlias

from rollcall._arguments import called, listed, seconds, text
from rollcall._questions import json_of
from rollcall._result import Result

if TYPE_CHECKING:
    from rollcall import _core
    from rollcall._store import Store


Dicts: TypeAlias = list[dict[str, Any]]


class Campaigns:
    """The campaigns of a store, `Store.campaigns`: whom to win back, and what came of it.

    docs/campaigns.md says what the fields of a definition mean.
    """

    def __init__(self, store: Store, engine: _core.Engine) -> None:
        self._store = store
        self._engine = engine

    def create(self, definition: Mapping[str, Any] | Sequence[Mapping[str, Any]], *,
               timeout: float | None = None) -> Dicts:
        """Keeps a campaign, or several, all or none, and freezes their runs that are due.

        Args:
            definition: ``{"name": NAME, "audience": SEGMENT, ...}``, or a list of such dicts.
            timeout: Seconds after which it is given up; by default none.

        Returns:
            The runs, as `Store.audiences` lists them: who is contacted, and who is held out.

        Raises:
            InvalidArgument: it is no definition, or its segments cannot be evaluated.
            AlreadyExists: the name is taken.
            FailedPrecondition: the store has no events yet.
        """
        definitions = ([definition] if isinstance(definition, Mapping)
                       else listed("definition", definition, "a dict or a list of dicts"))
        return self._engine.create_campaigns([json_of(one) for one in definitions], False, seconds(timeout))

    def create_standard(self, *, timeout: float | None = None, **common: Any) -> Dicts:
        """Keeps campaigns for the usual churn windows, from the next day to a quarter.

        Args:
            timeout: Seconds after which it is given up; by default none.
            **common: What they have in common, such as ``returned="buy"`` or ``holdout="0.2"``.

        Returns:
            Their runs, as `create` does.
        """
        return self._engine.create_campaigns([json_of(common)], True, seconds(timeout))

    def list(self) -> dict[str, dict[str, Any]]:
        """The definitions by name, with every field in force."""
        found = [json.loads(one) for one in self._engine.campaigns()]
        return {campaign["name"]: campaign for campaign in found}

    def runs(self, name: str) -> Dicts:
        """The runs of a campaign, as `create` returns them."""
        return [run for run in self._engine.audiences() if run["campaign"] == name]

    def run(self, name: str | None = None, *, timeout: float | None = None) -> Dicts:
        """Freezes the runs that are due, of a campaign or of all, and returns them.

        Raises:
            NotFound: there is no such campaign.
        """
        return self._engine.run_campaigns(None if name is None else text("name", name), seconds(timeout))

    def users(self, name: str, arm: str, *, run: str | None = None, class_: str | None = None,
              batch: int = 65_536, timeout: float | None = None) -> Iterator[Result]:
        """The users of an arm, in batches that are asked for when they are needed.

        Args:
            name: The campaign.
            arm: ``"contacted"``, or ``"holdout"`` for those who must not be.
            run: Only those of a run; by default of all.
            class_: Only those of a class.
            batch: The most users in a batch.
            timeout: Seconds after which a batch is given up; by default none.

        Yields:
            A `Result` with the column ``user``, which is an Arrow stream as any other.

        Raises:
            NotFound: there is no such campaign.
        """
        options = {"arm": arm, "run": run, "class_": class_, "batch": batch}
        given = {key: value for key, value in options.items() if value is not None}
        question = json.loads(self._engine.users_of_campaign(text("name", name), given))
        while True:
            page = self._store.query(question, timeout=timeout)
            yield page
            if page.next is None:
                return
            question["members"]["after"] = page.next

    def report(self, name: str, *, timeout: float | None = None) -> Result:
        """What the users of a campaign did, against those held out.

        Raises:
            NotFound: there is no such campaign.
            FailedPrecondition: it has no run yet.
        """
        question = json.loads(self._engine.report_of_campaign(text("name", name)))
        answer: Result = self._store.query(question, timeout=timeout)
        return answer

    def end(self, name: str) -> None:
        """Ends a campaign: it has no further runs; those that it had stay, and so does its report."""
        self._engine.end_campaign(text("name", name))

    def drop(self, name: str) -> None:
        """Drops a campaign with its runs, durably with the next checkpoint."""
        self._engine.drop_campaign(text("name", name))


class Notification(NamedTuple):
    """What `Alerts.notify` and `Alerts.test` have sent."""

    alert: str
    delivery: str  # the same if it is sent again
    target: dict[str, Any]  # {"webhook": {...}} or {"command": [...]}, as the definition has it
    body: str  # a JSON object on one line, which is what a webhook gets


class Notified(NamedTuple):
    """What became of notifications."""

    arrived: int
    failed: list[str]  # what was raised for each of the others


Send: TypeAlias = Callable[[Notification], object]


class Alerts:
    """The alerts of a store, `Store.alerts`: answers that are out of bounds.

    They need a store in a directory, where their states are kept in a log. docs/alerts.md says what
    the fields of a definition mean.
    """

    def __init__(self, engine: _core.Engine) -> None:
        self._engine = engine

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("rollcall.Alerts cannot be pickled or copied, as they belong to a store of this process "
                        "(allowed: take store.alerts where it is used)")

    def create(self, name: str, definition: Mapping[str, Any], *, replace: bool = False,
               timeout: float | None = None) -> None:
        """Keeps an alert and switches it on; its question is asked once.

        Args:
            name: Its name.
            definition: ``{"query": {...}, "column": NAME, "condition": {...}, ...}``.
            replace: Whether it takes the place of one of that name, and of its states.
            timeout: Seconds after which the question is given up; by default none.

        Raises:
            InvalidArgument: it is no definition, or its question cannot be answered.
            AlreadyExists: the name is taken, and `replace` is False.
            Unsupported: the store is in memory.
        """
        self._engine.create_alert(text("name", name), json_of(definition), bool(replace), seconds(timeout))

    def list(self) -> Dicts:
        """Each alert with its ``state``: ok, pending, firing, stale, unknown or off."""
        found: Dicts = json.loads(self._engine.alerts())
        return found

    def show(self, name: str) -> dict[str, Any]:
        """One as it is listed, and its ``definition``, ``failure``, ``states`` and last ``changes``.

        Raises:
            NotFound: there is none of that name.
        """
        found: dict[str, Any] = json.loads(self._engine.alert(text("name", name)))
        return found

    def check(self, *names: str, timeout: float | None = None) -> Dicts:
        """Asks the questions of alerts that are on, and judges the answers. It notifies nobody.

        Args:
            *names: Only these; by default all that are on.
            timeout: Seconds after which each question is given up; by default none.

        Returns:
            A dict for each: ``alert``, ``severity``, ``states``, each with its ``series``, ``state``,
            ``date``, ``value`` and ``since``, and ``error``, which is None if it could be answered.

        Raises:
            NotFound: there is none of a name.
            FailedPrecondition: it is off.
        """
        found: Dicts = json.loads(self._engine.check_alerts([text("names", name) for name in names], seconds(timeout)))
        return found

    def notify(self, send: Send) -> Notified:
        """Sends what checks have left to be notified.

        Args:
            send: Is called with one `Notification` after the other, each once. One for which it
                raises an exception did not arrive, and waits for a later call, as does what comes
                after it for the same target. ``python -m rollcall alert check`` sends by itself.

        Raises:
            KeyboardInterrupt: Ctrl-C, or `send` raised it (or SystemExit); what was not sent waits for a
                later call.
        """
        return Notified(**self._engine.notify_alerts(_unpacked(send)))

    def test(self, name: str, send: Send) -> Notified:
        """Sends one to each target of an alert that tries whether it arrives."""
        return Notified(**self._engine.test_alert(text("name", name), _unpacked(send)))

    def breaker(self, name: str) -> bool:
        """Whether a program should stop: whether the alert fires or is stale. Asks no question.

        Raises:
            NotFound: there is none of that name.
            FailedPrecondition: it is off, or was never checked, so that nothing is known.
        """
        return bool(json.loads(self._engine.alert_breaker(text("name", name)))["is_open"])

    def enable(self, name: str) -> None:
        """Switches an alert on, without a state."""
        self._engine.switch_alert(text("name", name), True)

    def disable(self, name: str) -> None:
        """Switches an alert off, and forgets its states."""
        self._engine.switch_alert(text("name", name), False)

    def drop(self, name: str) -> None:
        """Drops an alert and what became of it.

        Raises:
            NotFound: there is none of that name.
        """
        self._engine.drop_alert(text("name", name))


def _unpacked(send: Send) -> Callable[[str, str, str, str], object]:
    called("send", send, "a function")

    def call(alert: str, delivery: str, target: str, body: str) -> object:
        return send(Notification(alert, delivery, json.loads(target), body))

    return call
