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
    def active(
        self,
        *,
        event: Selector | None = ...,
        period: Literal["minute", "hour", "day", "week", "fortnight", "month", "quarter"] | None = ...,
        window_days: int | None = ...,
        ratio_to_window: int | None = ...,
        from_: Date | None = ...,
        to: Date | None = ...,
        last: str | None = ...,
        as_of: Instant | None = ...,
        where: Conditions | None = ...,
        among: Segment | None = ...,
        breakdown: str | None = ...,
        breakdown_limit: int | None = ...,
        members: Mapping[str, Any] | None = ...,
        timeout: float | None = ...,
    ) -> Result:
        r"""Who was active: DAU, WAU, MAU.

        Args:
            event: Event that counts; by default "*".
            period: Period; by default "day".
            window_days: Per day: users of the last N days; per hour: of 24 N hours; from 1 to
                36600.
            ratio_to_window: Add users / users of the last N days, such as 30 for DAU/MAU; from 1 to
                36600.
            from_: First date; a date, or text such as "2026-01-31" or "yesterday".
            to: Last date, included; a date, or text such as "2026-01-31" or "yesterday".
            last: Span back from as_of, such as 30d, 4w, 6m; text such as "30d", "4w", "6m", "2q" or
                "1y"; not with `from`, `to`.
            as_of: Instant or date up to which the data are known; a datetime or a date; without an
                offset it is in the store's time zone.
            where: Conditions on properties that events must meet.
            among: Only users of a segment, such as 'did(purchase, 30d) and not did(login, 7d)'.
            breakdown: The answer for each value of a property.
            breakdown_limit: Values with the most users; the rest is $other; from 1 to 10000; by
                default 20; goes with `breakdown`.
            members: The users behind a cell, instead of counts.
            timeout: Seconds after which the question is given up; by default none.

        Returns:
            A `Result` in long form: one row for each cell, ordered by the keys.

        Raises:
            InvalidArgument: an unknown name, or a question that cannot be answered exactly.
            ResourceExhausted: it needs more memory than is left for questions.
            DeadlineExceeded: `timeout` passed first.
            FailedPrecondition: the store is closed, or was opened by another process.
            KeyboardInterrupt: Ctrl-C; the question has ended.
        """
    def retention(
        self,
        *,
        event: Selector | None = ...,
        cohort_event: Selector | None = ...,
        return_event: Selector | None = ...,
        cohort: Literal["first_ever", "first_in_range", "recurring"] | None = ...,
        first_of: Literal["matching", "name"] | None = ...,
        mode: Literal["on", "on_or_after", "on_or_before", "streak"] | None = ...,
        min_return_count: int | None = ...,
        period: Literal["minute", "hour", "day", "week", "fortnight", "month", "quarter"] | None = ...,
        windows: Literal["calendar", "rolling"] | None = ...,
        periods: int | None = ...,
        brackets: Sequence[int] | None = ...,
        summary: Literal["pooled", "mean", "none"] | None = ...,
        measure: Literal["users", "value"] | None = ...,
        value_from: Literal["period", "cohort_event"] | None = ...,
        breakdown_match: Literal["cohort", "both"] | None = ...,
        from_: Date | None = ...,
        to: Date | None = ...,
        last: str | None = ...,
        as_of: Instant | None = ...,
        where: Conditions | None = ...,
        among: Segment | None = ...,
        breakdown: str | None = ...,
        breakdown_limit: int | None = ...,
        members: Mapping[str, Any] | None = ...,
        timeout: float | None = ...,
    ) -> Result:
        r"""Who came back: cohorts by period.

        Args:
            event: Event of both kinds.
            cohort_event: Event that makes a user join; by default "*".
            return_event: Event that counts as coming back; by default "*".
            cohort: When a user joins; by default "first_ever".
            first_of: Which event is the first: one that matches, or one of its name; by default
                "matching".
            mode: When a user counts as back; by default "on".
            min_return_count: Return events in a period that make a user seen in it; from 1 to
                2147483647; by default 1.
            period: Period; by default "day".
            windows: Civil periods, or elapsed time since the user's own first event; by default
                "calendar".
            periods: Columns after the first: unless given, 14 for days, else 12; from 0 to
                2147483647.
            brackets: Sizes of column groups, such as 1,2,4; from 1 to 2147483647; not with
                `periods`.
            summary: How the last row sums up; by default "pooled".
            measure: What a cell holds: users, or the amounts of their return events; by default
                "users".
            value_from: Where amounts of the cohort's own period begin to count; by default
                "period"; goes with `measure`.
            breakdown_match: Whose value counts in a breakdown: the cohort event's, or both events';
                by default "cohort"; goes with `breakdown`.
            from_: First date; a date, or text such as "2026-01-31" or "yesterday".
            to: Last date, included; a date, or text such as "2026-01-31" or "yesterday".
            last: Span back from as_of, such as 30d, 4w, 6m; text such as "30d", "4w", "6m", "2q" or
                "1y"; not with `from`, `to`.
            as_of: Instant or date up to which the data are known; a datetime or a date; without an
                offset it is in the store's time zone.
            where: Conditions on properties that events must meet.
            among: Only users of a segment, such as 'did(purchase, 30d) and not did(login, 7d)'.
            breakdown: The answer for each value of a property.
            breakdown_limit: Values with the most users; the rest is $other; from 1 to 10000; by
                default 20; goes with `breakdown`.
            members: The users behind a cell, instead of counts.
            timeout: Seconds after which the question is given up; by default none.

        Returns:
            A `Result` in long form: one row for each cell, ordered by the keys.

        Raises:
            InvalidArgument: an unknown name, or a question that cannot be answered exactly.
            ResourceExhausted: it needs more memory than is left for questions.
            DeadlineExceeded: `timeout` passed first.
            FailedPrecondition: the store is closed, or was opened by another process.
            KeyboardInterrupt: Ctrl-C; the question has ended.
        """
    def churn(
        self,
        *,
        event: Selector | None = ...,
        base: Literal["active", "new"] | None = ...,
        gap_days: int | None = ...,
        rule_period: Literal["day", "week", "fortnight", "month", "quarter"] | None = ...,
        rule_count: int | None = ...,
        from_: Date | None = ...,
        to: Date | None = ...,
        last: str | None = ...,
        as_of: Instant | None = ...,
        where: Conditions | None = ...,
        among: Segment | None = ...,
        breakdown: str | None = ...,
        breakdown_limit: int | None = ...,
        members: Mapping[str, Any] | None = ...,
        timeout: float | None = ...,
    ) -> Result:
        r"""Who stopped coming.

        Args:
            event: Event that counts; by default "*".
            base: Who can churn: all that are active in the period, or its newcomers; by default
                "active".
            gap_days: Churned: away for N days; from 1 to 36600; by default 7.
            rule_period: Churned: away for the whole next period; not with `gap_days`.
            rule_count: The same for the next N of these periods; from 1 to 36600; goes with
                `rule_period`.
            from_: First date; a date, or text such as "2026-01-31" or "yesterday".
            to: Last date, included; a date, or text such as "2026-01-31" or "yesterday".
            last: Span back from as_of, such as 30d, 4w, 6m; text such as "30d", "4w", "6m", "2q" or
                "1y"; not with `from`, `to`.
            as_of: Instant or date up to which the data are known; a datetime or a date; without an
                offset it is in the store's time zone.
            where: Conditions on properties that events must meet.
            among: Only users of a segment, such as 'did(purchase, 30d) and not did(login, 7d)'.
            breakdown: The answer for each value of a property.
            breakdown_limit: Values with the most users; the rest is $other; from 1 to 10000; by
                default 20; goes with `breakdown`.
            members: The users behind a cell, instead of counts.
            timeout: Seconds after which the question is given up; by default none.

        Returns:
            A `Result` in long form: one row for each cell, ordered by the keys.

        Raises:
            InvalidArgument: an unknown name, or a question that cannot be answered exactly.
            ResourceExhausted: it needs more memory than is left for questions.
            DeadlineExceeded: `timeout` passed first.
            FailedPrecondition: the store is closed, or was opened by another process.
            KeyboardInterrupt: Ctrl-C; the question has ended.
        """
    def idle(
        self,
        *,
        event: Selector | None = ...,
        edges: Sequence[int] | Literal["each"] | None = ...,
        as_of: Instant | None = ...,
        where: Conditions | None = ...,
        among: Segment | None = ...,
        breakdown: str | None = ...,
        breakdown_limit: int | None = ...,
        members: Mapping[str, Any] | None = ...,
        timeout: float | None = ...,
    ) -> Result:
        r"""Where everybody stands: days since the last event.

        Args:
            event: Event that counts; by default "*".
            edges: First days of the buckets, such as 0,1,7,30; or each; from 0 to 36600; by default
                [0, 1, 7, 14, 30, 60, 90].
            as_of: Instant or date up to which the data are known; a datetime or a date; without an
                offset it is in the store's time zone.
            where: Conditions on properties that events must meet.
            among: Only users of a segment, such as 'did(purchase, 30d) and not did(login, 7d)'.
            breakdown: The answer for each value of a property.
            breakdown_limit: Values with the most users; the rest is $other; from 1 to 10000; by
                default 20; goes with `breakdown`.
            members: The users behind a cell, instead of counts.
            timeout: Seconds after which the question is given up; by default none.

        Returns:
            A `Result` in long form: one row for each cell, ordered by the keys.

        Raises:
            InvalidArgument: an unknown name, or a question that cannot be answered exactly.
            ResourceExhausted: it needs more memory than is left for questions.
            DeadlineExceeded: `timeout` passed first.
            FailedPrecondition: the store is closed, or was opened by another process.
            KeyboardInterrupt: Ctrl-C; the question has ended.
        """
    def counts(
        self,
        *,
        event: Selector | None = ...,
        period: Literal["minute", "hour", "day", "week", "fortnight", "month", "quarter"] | None = ...,
        payers: bool | None = ...,
        from_: Date | None = ...,
        to: Date | None = ...,
        last: str | None = ...,
        as_of: Instant | None = ...,
        where: Conditions | None = ...,
        among: Segment | None = ...,
        breakdown: str | None = ...,
        breakdown_limit: int | None = ...,
        members: Mapping[str, Any] | None = ...,
        timeout: float | None = ...,
    ) -> Result:
        r"""Events, users and amounts per period.

        Args:
            event: Event that counts; by default "*".
            period: Period; by default "day".
            payers: Show who paid: users whose amounts sum to more than 0; by default false.
            from_: First date; a date, or text such as "2026-01-31" or "yesterday".
            to: Last date, included; a date, or text such as "2026-01-31" or "yesterday".
            last: Span back from as_of, such as 30d, 4w, 6m; text such as "30d", "4w", "6m", "2q" or
                "1y"; not with `from`, `to`.
            as_of: Instant or date up to which the data are known; a datetime or a date; without an
                offset it is in the store's time zone.
            where: Conditions on properties that events must meet.
            among: Only users of a segment, such as 'did(purchase, 30d) and not did(login, 7d)'.
            breakdown: The answer for each value of a property.
            breakdown_limit: Values with the most users; the rest is $other; from 1 to 10000; by
                default 20; goes with `breakdown`.
            members: The users behind a cell, instead of counts.
            timeout: Seconds after which the question is given up; by default none.

        Returns:
            A `Result` in long form: one row for each cell, ordered by the keys.

        Raises:
            InvalidArgument: an unknown name, or a question that cannot be answered exactly.
            ResourceExhausted: it needs more memory than is left for questions.
            DeadlineExceeded: `timeout` passed first.
            FailedPrecondition: the store is closed, or was opened by another process.
            KeyboardInterrupt: Ctrl-C; the question has ended.
        """
    def lifecycle(
        self,
        *,
        event: Selector | None = ...,
        period: Literal["minute", "hour", "day", "week", "fortnight", "month", "quarter"] | None = ...,
        from_: Date | None = ...,
        to: Date | None = ...,
        last: str | None = ...,
        as_of: Instant | None = ...,
        where: Conditions | None = ...,
        among: Segment | None = ...,
        breakdown: str | None = ...,
        breakdown_limit: int | None = ...,
        members: Mapping[str, Any] | None = ...,
        timeout: float | None = ...,
    ) -> Result:
        r"""Who is new, stays, comes back, or went.

        Args:
            event: Event that counts; by default "*".
            period: Period; by default "day".
            from_: First date; a date, or text such as "2026-01-31" or "yesterday".
            to: Last date, included; a date, or text such as "2026-01-31" or "yesterday".
            last: Span back from as_of, such as 30d, 4w, 6m; text such as "30d", "4w", "6m", "2q" or
                "1y"; not with `from`, `to`.
            as_of: Instant or date up to which the data are known; a datetime or a date; without an
                offset it is in the store's time zone.
            where: Conditions on properties that events must meet.
            among: Only users of a segment, such as 'did(purchase, 30d) and not did(login, 7d)'.
            breakdown: The answer for each value of a property.
            breakdown_limit: Values with the most users; the rest is $other; from 1 to 10000; by
                default 20; goes with `breakdown`.
            members: The users behind a cell, instead of counts.
            timeout: Seconds after which the question is given up; by default none.

        Returns:
            A `Result` in long form: one row for each cell, ordered by the keys.

        Raises:
            InvalidArgument: an unknown name, or a question that cannot be answered exactly.
            ResourceExhausted: it needs more memory than is left for questions.
            DeadlineExceeded: `timeout` passed first.
            FailedPrecondition: the store is closed, or was opened by another process.
            KeyboardInterrupt: Ctrl-C; the question has ended.
        """
    def stickiness(
        self,
        *,
        event: Selector | None = ...,
        period: Literal["minute", "hour", "day", "week", "fortnight", "month", "quarter"] | None = ...,
        window_days: int | None = ...,
        per: Literal["day"] | None = ...,
        per_period_gte: int | None = ...,
        per_period_lte: int | None = ...,
        per_period_eq: int | None = ...,
        period_step: int | None = ...,
        from_: Date | None = ...,
        to: Date | None = ...,
        last: str | None = ...,
        as_of: Instant | None = ...,
        where: Conditions | None = ...,
        among: Segment | None = ...,
        breakdown: str | None = ...,
        breakdown_limit: int | None = ...,
        members: Mapping[str, Any] | None = ...,
        timeout: float | None = ...,
    ) -> Result:
        r"""On how many periods users are active (L7, L28).

        Args:
            event: Event that counts; by default "*".
            period: Period; by default "day".
            window_days: Per day: active days of the last N days, such as 7 for L7; from 1 to 36600.
            per: What has a window of its own: each day; goes with `window_days`.
            per_period_gte: A period counts with at least N events in it; from 1 to 2147483647; not
                with `per_period_lte`, `per_period_eq`.
            per_period_lte: A period counts with one to N events in it; from 1 to 2147483647; not
                with `per_period_gte`, `per_period_eq`.
            per_period_eq: A period counts with exactly N events in it; from 1 to 2147483647; not
                with `per_period_gte`, `per_period_lte`.
            period_step: So many periods count as one; from 1 to 36600; by default 1; not with
                `window_days`.
            from_: First date; a date, or text such as "2026-01-31" or "yesterday".
            to: Last date, included; a date, or text such as "2026-01-31" or "yesterday".
            last: Span back from as_of, such as 30d, 4w, 6m; text such as "30d", "4w", "6m", "2q" or
                "1y"; not with `from`, `to`.
            as_of: Instant or date up to which the data are known; a datetime or a date; without an
                offset it is in the store's time zone.
            where: Conditions on properties that events must meet.
            among: Only users of a segment, such as 'did(purchase, 30d) and not did(login, 7d)'.
            breakdown: The answer for each value of a property.
            breakdown_limit: Values with the most users; the rest is $other; from 1 to 10000; by
                default 20; goes with `breakdown`.
            members: The users behind a cell, instead of counts.
            timeout: Seconds after which the question is given up; by default none.

        Returns:
            A `Result` in long form: one row for each cell, ordered by the keys.

        Raises:
            InvalidArgument: an unknown name, or a question that cannot be answered exactly.
            ResourceExhausted: it needs more memory than is left for questions.
            DeadlineExceeded: `timeout` passed first.
            FailedPrecondition: the store is closed, or was opened by another process.
            KeyboardInterrupt: Ctrl-C; the question has ended.
        """
    def segment(
        self,
        *,
        segment: Segment,
        as_of: Instant | None = ...,
        where: Conditions | None = ...,
        among: Segment | None = ...,
        breakdown: str | None = ...,
        breakdown_limit: int | None = ...,
        members: Mapping[str, Any] | None = ...,
        timeout: float | None = ...,
    ) -> Result:
        r"""How many users a segment has, and who they are.

        Args:
            segment: The segment, such as 'did(login, 7d)'.
            as_of: Instant or date up to which the data are known; a datetime or a date; without an
                offset it is in the store's time zone.
            where: Conditions on properties that events must meet.
            among: Only users of a segment, such as 'did(purchase, 30d) and not did(login, 7d)'.
            breakdown: The answer for each value of a property.
            breakdown_limit: Values with the most users; the rest is $other; from 1 to 10000; by
                default 20; goes with `breakdown`.
            members: The users behind a cell, instead of counts.
            timeout: Seconds after which the question is given up; by default none.

        Returns:
            A `Result` in long form: one row for each cell, ordered by the keys.

        Raises:
            InvalidArgument: an unknown name, or a question that cannot be answered exactly.
            ResourceExhausted: it needs more memory than is left for questions.
            DeadlineExceeded: `timeout` passed first.
            FailedPrecondition: the store is closed, or was opened by another process.
            KeyboardInterrupt: Ctrl-C; the question has ended.
        """
    def funnel(
        self,
        *,
        steps: Sequence[Selector],
        window: Length | None = ...,
        order: Literal["ordered", "strict", "any"] | None = ...,
        ties: Literal["allowed", "strictly_increasing"] | None = ...,
        collapse_repeats: bool | None = ...,
        stop_on_repeat: bool | None = ...,
        exclusions: Sequence[Mapping[str, Any]] | None = ...,
        steps_after_to: bool | None = ...,
        period: Literal["day", "week", "fortnight", "month", "quarter"] | None = ...,
        hold: str | None = ...,
        total_seconds: bool | None = ...,
        breakdown_step: int | None = ...,
        from_: Date | None = ...,
        to: Date | None = ...,
        last: str | None = ...,
        as_of: Instant | None = ...,
        where: Conditions | None = ...,
        among: Segment | None = ...,
        breakdown: str | None = ...,
        breakdown_limit: int | None = ...,
        members: Mapping[str, Any] | None = ...,
        timeout: float | None = ...,
    ) -> Result:
        r"""How far users come, step by step.

        Args:
            steps: An event that is a step; repeat for the next.
            window: Time from step 1 to the last, its end included; a timedelta, or text such as
                "90s", "5m", "3h", "14d", "2w"; by default "14d".
            order: Whether other events may lie between, or any order will do; by default "ordered".
            ties: Whether events of one instant may be taken in any order; by default "allowed".
            collapse_repeats: Pass over events of the step made last (strict); by default false.
            stop_on_repeat: End an attempt with an event of an earlier step (ordered); by default
                false.
            exclusions: An event that voids an attempt where it lies between the steps; by default
                [].
            steps_after_to: Let steps after the first lie after the range; by default false.
            period: Rows by the period of step 1, too.
            hold: Property that must have one value at all steps.
            total_seconds: Show the times from step 1, too; by default false.
            breakdown_step: Step whose value of the property counts; from 1 to 32; by default 1;
                goes with `breakdown`.
            from_: First date; a date, or text such as "2026-01-31" or "yesterday".
            to: Last date, included; a date, or text such as "2026-01-31" or "yesterday".
            last: Span back from as_of, such as 30d, 4w, 6m; text such as "30d", "4w", "6m", "2q" or
                "1y"; not with `from`, `to`.
            as_of: Instant or date up to which the data are known; a datetime or a date; without an
                offset it is in the store's time zone.
            where: Conditions on properties that events must meet.
            among: Only users of a segment, such as 'did(purchase, 30d) and not did(login, 7d)'.
            breakdown: The answer for each value of a property.
            breakdown_limit: Values with the most users; the rest is $other; from 1 to 10000; by
                default 20; goes with `breakdown`.
            members: The users behind a cell, instead of counts.
            timeout: Seconds after which the question is given up; by default none.

        Returns:
            A `Result` in long form: one row for each cell, ordered by the keys.

        Raises:
            InvalidArgument: an unknown name, or a question that cannot be answered exactly.
            ResourceExhausted: it needs more memory than is left for questions.
            DeadlineExceeded: `timeout` passed first.
            FailedPrecondition: the store is closed, or was opened by another process.
            KeyboardInterrupt: Ctrl-C; the question has ended.
        """
    def clock(
        self,
        *,
        event: Selector | None = ...,
        then: Selector | None = ...,
        within: Length | None = ...,
        from_: Date | None = ...,
        to: Date | None = ...,
        last: str | None = ...,
        as_of: Instant | None = ...,
        where: Conditions | None = ...,
        among: Segment | None = ...,
        breakdown: str | None = ...,
        breakdown_limit: int | None = ...,
        members: Mapping[str, Any] | None = ...,
        timeout: float | None = ...,
    ) -> Result:
        r"""When things happen: hour of the day by day of the week.

        Args:
            event: Event that counts; by default "*".
            then: Event that follows: shows how often, by the hour of the first.
            within: Time in which it follows, its end included: 1d unless given; a timedelta, or
                text such as "90s", "5m", "3h", "14d", "2w"; goes with `then`.
            from_: First date; a date, or text such as "2026-01-31" or "yesterday".
            to: Last date, included; a date, or text such as "2026-01-31" or "yesterday".
            last: Span back from as_of, such as 30d, 4w, 6m; text such as "30d", "4w", "6m", "2q" or
                "1y"; not with `from`, `to`.
            as_of: Instant or date up to which the data are known; a datetime or a date; without an
                offset it is in the store's time zone.
            where: Conditions on properties that events must meet.
            among: Only users of a segment, such as 'did(purchase, 30d) and not did(login, 7d)'.
            breakdown: The answer for each value of a property.
            breakdown_limit: Values with the most users; the rest is $other; from 1 to 10000; by
                default 20; goes with `breakdown`.
            members: The users behind a cell, instead of counts.
            timeout: Seconds after which the question is given up; by default none.

        Returns:
            A `Result` in long form: one row for each cell, ordered by the keys.

        Raises:
            InvalidArgument: an unknown name, or a question that cannot be answered exactly.
            ResourceExhausted: it needs more memory than is left for questions.
            DeadlineExceeded: `timeout` passed first.
            FailedPrecondition: the store is closed, or was opened by another process.
            KeyboardInterrupt: Ctrl-C; the question has ended.
        """
    def paths(
        self,
        *,
        event: Selector | None = ...,
        direction: Literal["after", "before"] | None = ...,
        steps: Selector | None = ...,
        depth: int | None = ...,
        step_limit: int | None = ...,
        window: Length | None = ...,
        from_: Date | None = ...,
        to: Date | None = ...,
        last: str | None = ...,
        as_of: Instant | None = ...,
        where: Conditions | None = ...,
        among: Segment | None = ...,
        breakdown: str | None = ...,
        breakdown_limit: int | None = ...,
        members: Mapping[str, Any] | None = ...,
        timeout: float | None = ...,
    ) -> Result:
        r"""What users do next, or did before, step by step.

        Args:
            event: Event that paths lead from, or to; by default "*".
            direction: What comes after the event, or what came before; by default "after".
            steps: Events that are shown; others are passed over; by default "*".
            depth: Steps of a path; from 1 to 100; by default 5.
            step_limit: Names with the most users at each step; the rest is $other; from 1 to 1000;
                by default 10.
            window: Longest time between two events of a session; a timedelta, or text such as
                "90s", "5m", "3h", "14d", "2w"; by default "30m".
            from_: First date; a date, or text such as "2026-01-31" or "yesterday".
            to: Last date, included; a date, or text such as "2026-01-31" or "yesterday".
            last: Span back from as_of, such as 30d, 4w, 6m; text such as "30d", "4w", "6m", "2q" or
                "1y"; not with `from`, `to`.
            as_of: Instant or date up to which the data are known; a datetime or a date; without an
                offset it is in the store's time zone.
            where: Conditions on properties that events must meet.
            among: Only users of a segment, such as 'did(purchase, 30d) and not did(login, 7d)'.
            breakdown: The answer for each value of a property.
            breakdown_limit: Values with the most users; the rest is $other; from 1 to 10000; by
                default 20; goes with `breakdown`.
            members: The users behind a cell, instead of counts.
            timeout: Seconds after which the question is given up; by default none.

        Returns:
            A `Result` in long form: one row for each cell, ordered by the keys.

        Raises:
            InvalidArgument: an unknown name, or a question that cannot be answered exactly.
            ResourceExhausted: it needs more memory than is left for questions.
            DeadlineExceeded: `timeout` passed first.
            FailedPrecondition: the store is closed, or was opened by another process.
            KeyboardInterrupt: Ctrl-C; the question has ended.
        """
    def at_risk(
        self,
        *,
        rules: Sequence[Mapping[str, Any]] | None = ...,
        base: Segment | None = ...,
        features: Sequence[str] | None = ...,
        period: Literal["day", "week", "fortnight", "month", "quarter"] | None = ...,
        from_: Date | None = ...,
        to: Date | None = ...,
        last: str | None = ...,
        as_of: Instant | None = ...,
        where: Conditions | None = ...,
        among: Segment | None = ...,
        breakdown: str | None = ...,
        breakdown_limit: int | None = ...,
        members: Mapping[str, Any] | None = ...,
        timeout: float | None = ...,
    ) -> Result:
        r"""Who is about to leave: users who fit a rule of early warning.

        Args:
            rules: A rule, such as 'quiet=not did(*, 3d)'; by default silent for 7 days, and
                declining: at most half of the events of the 7 days before; by default [{"name":
                "silent", "segment": {"not": {"did": "*", "last": "7d"}}}, {"name": "declining",
                "segment": {"declined": "*", "last": "7d", "to_at_most": "0.5", "from_at_least":
                4}}].
            base: Users that are looked at; by default 'did(*, 30d)'; by default {"did": "*",
                "last": "30d"}.
            features: Adds to the default rules: who did this in the last 60 days, not in the last
                14; not with `rules`.
            period: Rows by period, too, each as it stood at its end.
            from_: First date; a date, or text such as "2026-01-31" or "yesterday".
            to: Last date, included; a date, or text such as "2026-01-31" or "yesterday".
            last: Span back from as_of, such as 30d, 4w, 6m; text such as "30d", "4w", "6m", "2q" or
                "1y"; not with `from`, `to`.
            as_of: Instant or date up to which the data are known; a datetime or a date; without an
                offset it is in the store's time zone.
            where: Conditions on properties that events must meet.
            among: Only users of a segment, such as 'did(purchase, 30d) and not did(login, 7d)'.
            breakdown: The answer for each value of a property.
            breakdown_limit: Values with the most users; the rest is $other; from 1 to 10000; by
                default 20; goes with `breakdown`.
            members: The users behind a cell, instead of counts.
            timeout: Seconds after which the question is given up; by default none.

        Returns:
            A `Result` in long form: one row for each cell, ordered by the keys.

        Raises:
            InvalidArgument: an unknown name, or a question that cannot be answered exactly.
            ResourceExhausted: it needs more memory than is left for questions.
            DeadlineExceeded: `timeout` passed first.
            FailedPrecondition: the store is closed, or was opened by another process.
            KeyboardInterrupt: Ctrl-C; the question has ended.
        """
    def nps(
        self,
        *,
        event: Selector | None = ...,
        period: Literal["day", "week", "fortnight", "month", "quarter"] | None = ...,
        window_days: Sequence[int] | None = ...,
        from_: Date | None = ...,
        to: Date | None = ...,
        last: str | None = ...,
        as_of: Instant | None = ...,
        where: Conditions | None = ...,
        among: Segment | None = ...,
        breakdown: str | None = ...,
        breakdown_limit: int | None = ...,
        members: Mapping[str, Any] | None = ...,
        timeout: float | None = ...,
    ) -> Result:
        r"""Net promoter score: promoters less detractors.

        Args:
            event: Event whose value is an answer from 0 to 10; by default "*".
            period: Period, whose last day ends the windows; by default "day".
            window_days: Days in which the latest answer of a user counts, such as 7,30; from 1 to
                36600; by default [7, 30].
            from_: First date; a date, or text such as "2026-01-31" or "yesterday".
            to: Last date, included; a date, or text such as "2026-01-31" or "yesterday".
            last: Span back from as_of, such as 30d, 4w, 6m; text such as "30d", "4w", "6m", "2q" or
                "1y"; not with `from`, `to`.
            as_of: Instant or date up to which the data are known; a datetime or a date; without an
                offset it is in the store's time zone.
            where: Conditions on properties that events must meet.
            among: Only users of a segment, such as 'did(purchase, 30d) and not did(login, 7d)'.
            breakdown: The answer for each value of a property.
            breakdown_limit: Values with the most users; the rest is $other; from 1 to 10000; by
                default 20; goes with `breakdown`.
            members: The users behind a cell, instead of counts.
            timeout: Seconds after which the question is given up; by default none.

        Returns:
            A `Result` in long form: one row for each cell, ordered by the keys.

        Raises:
            InvalidArgument: an unknown name, or a question that cannot be answered exactly.
            ResourceExhausted: it needs more memory than is left for questions.
            DeadlineExceeded: `timeout` passed first.
            FailedPrecondition: the store is closed, or was opened by another process.
            KeyboardInterrupt: Ctrl-C; the question has ended.
        """
    def rfm(
        self,
        *,
        event: Selector | None = ...,
        frequency: Literal["events", "days"] | None = ...,
        monetary: Literal["sum", "mean"] | None = ...,
        scores: Mapping[str, Any] | Literal["quantile"] | None = ...,
        by: Literal["segment", "cell"] | None = ...,
        segments: Sequence[Mapping[str, Any]] | None = ...,
        from_: Date | None = ...,
        to: Date | None = ...,
        last: str | None = ...,
        as_of: Instant | None = ...,
        where: Conditions | None = ...,
        among: Segment | None = ...,
        breakdown: str | None = ...,
        breakdown_limit: int | None = ...,
        members: Mapping[str, Any] | None = ...,
        timeout: float | None = ...,
    ) -> Result:
        r"""Users by recency, frequency and monetary value.

        Args:
            event: Event that counts; by default "*".
            frequency: What counts as frequency; by default "events".
            monetary: Monetary value: the sum of the values, or the mean of an event with one; by
                default "sum".
            scores: Scores by rank, or four edges for each of recency, frequency and monetary value;
                by default "quantile".
            by: Rows by segment, or by the three scores; by default "segment".
            segments: Segments by scores, instead of the usual ones, such as vip=r4-5,f5; first fit;
                by default [{"name": "champions", "r": [4, 5], "f": [4, 5], "m": [4, 5]}, {"name":
                "loyal", "r": [3, 5], "f": [4, 5], "m": [1, 5]}, {"name": "potential", "r": [4, 5],
                "f": [3, 3], "m": [1, 5]}, {"name": "new", "r": [4, 5], "f": [1, 2], "m": [1, 5]},
                {"name": "needs_attention", "r": [3, 3], "f": [3, 3], "m": [1, 5]}, {"name":
                "about_to_sleep", "r": [3, 3], "f": [1, 2], "m": [1, 5]}, {"name": "cannot_lose",
                "r": [1, 1], "f": [4, 5], "m": [4, 5]}, {"name": "at_risk", "r": [1, 2], "f": [3,
                5], "m": [1, 5]}, {"name": "hibernating", "r": [2, 2], "f": [1, 5], "m": [1, 5]},
                {"name": "lost", "r": [1, 1], "f": [1, 5], "m": [1, 5]}].
            from_: First date; a date, or text such as "2026-01-31" or "yesterday".
            to: Last date, included; a date, or text such as "2026-01-31" or "yesterday".
            last: Span back from as_of, such as 30d, 4w, 6m; text such as "30d", "4w", "6m", "2q" or
                "1y"; not with `from`, `to`.
            as_of: Instant or date up to which the data are known; a datetime or a date; without an
                offset it is in the store's time zone.
            where: Conditions on properties that events must meet.
            among: Only users of a segment, such as 'did(purchase, 30d) and not did(login, 7d)'.
            breakdown: The answer for each value of a property.
            breakdown_limit: Values with the most users; the rest is $other; from 1 to 10000; by
                default 20; goes with `breakdown`.
            members: The users behind a cell, instead of counts.
            timeout: Seconds after which the question is given up; by default none.

        Returns:
            A `Result` in long form: one row for each cell, ordered by the keys.

        Raises:
            InvalidArgument: an unknown name, or a question that cannot be answered exactly.
            ResourceExhausted: it needs more memory than is left for questions.
            DeadlineExceeded: `timeout` passed first.
            FailedPrecondition: the store is closed, or was opened by another process.
            KeyboardInterrupt: Ctrl-C; the question has ended.
        """
    def rfm_users(
        self,
        *,
        event: Selector | None = ...,
        frequency: Literal["events", "days"] | None = ...,
        monetary: Literal["sum", "mean"] | None = ...,
        scores: Mapping[str, Any] | Literal["quantile"] | None = ...,
        segments: Sequence[Mapping[str, Any]] | None = ...,
        limit: int | None = ...,
        after: str | None = ...,
        from_: Date | None = ...,
        to: Date | None = ...,
        last: str | None = ...,
        as_of: Instant | None = ...,
        where: Conditions | None = ...,
        among: Segment | None = ...,
        breakdown: str | None = ...,
        breakdown_limit: int | None = ...,
        members: Mapping[str, Any] | None = ...,
        timeout: float | None = ...,
    ) -> Result:
        r"""Recency, frequency and monetary value, user by user.

        Args:
            event: Event that counts; by default "*".
            frequency: What counts as frequency; by default "events".
            monetary: Monetary value: the sum of the values, or the mean of an event with one; by
                default "sum".
            scores: Scores by rank, or four edges for each of recency, frequency and monetary value;
                by default "quantile".
            segments: Segments by scores, instead of the usual ones, such as vip=r4-5,f5; first fit;
                by default [{"name": "champions", "r": [4, 5], "f": [4, 5], "m": [4, 5]}, {"name":
                "loyal", "r": [3, 5], "f": [4, 5], "m": [1, 5]}, {"name": "potential", "r": [4, 5],
                "f": [3, 3], "m": [1, 5]}, {"name": "new", "r": [4, 5], "f": [1, 2], "m": [1, 5]},
                {"name": "needs_attention", "r": [3, 3], "f": [3, 3], "m": [1, 5]}, {"name":
                "about_to_sleep", "r": [3, 3], "f": [1, 2], "m": [1, 5]}, {"name": "cannot_lose",
                "r": [1, 1], "f": [4, 5], "m": [4, 5]}, {"name": "at_risk", "r": [1, 2], "f": [3,
                5], "m": [1, 5]}, {"name": "hibernating", "r": [2, 2], "f": [1, 5], "m": [1, 5]},
                {"name": "lost", "r": [1, 1], "f": [1, 5], "m": [1, 5]}].
            limit: Users on a page: all unless given; from 1 to 1000000000.
            after: User after whom the page begins: next of the page before.
            from_: First date; a date, or text such as "2026-01-31" or "yesterday".
            to: Last date, included; a date, or text such as "2026-01-31" or "yesterday".
            last: Span back from as_of, such as 30d, 4w, 6m; text such as "30d", "4w", "6m", "2q" or
                "1y"; not with `from`, `to`.
            as_of: Instant or date up to which the data are known; a datetime or a date; without an
                offset it is in the store's time zone.
            where: Conditions on properties that events must meet.
            among: Only users of a segment, such as 'did(purchase, 30d) and not did(login, 7d)'.
            breakdown: The answer for each value of a property.
            breakdown_limit: Values with the most users; the rest is $other; from 1 to 10000; by
                default 20; goes with `breakdown`.
            members: The users behind a cell, instead of counts.
            timeout: Seconds after which the question is given up; by default none.

        Returns:
            A `Result` in long form: one row for each cell, ordered by the keys.

        Raises:
            InvalidArgument: an unknown name, or a question that cannot be answered exactly.
            ResourceExhausted: it needs more memory than is left for questions.
            DeadlineExceeded: `timeout` passed first.
            FailedPrecondition: the store is closed, or was opened by another process.
            KeyboardInterrupt: Ctrl-C; the question has ended.
        """
    def adoption(
        self,
        *,
        features: Sequence[Selector],
        period: Literal["day", "week", "fortnight", "month", "quarter"] | None = ...,
        from_: Date | None = ...,
        to: Date | None = ...,
        last: str | None = ...,
        as_of: Instant | None = ...,
        where: Conditions | None = ...,
        among: Segment | None = ...,
        breakdown: str | None = ...,
        breakdown_limit: int | None = ...,
        members: Mapping[str, Any] | None = ...,
        timeout: float | None = ...,
    ) -> Result:
        r"""Who uses which features, and who takes to them.

        Args:
            features: Events that are uses of a feature, one for each.
            period: Period; by default "day".
            from_: First date; a date, or text such as "2026-01-31" or "yesterday".
            to: Last date, included; a date, or text such as "2026-01-31" or "yesterday".
            last: Span back from as_of, such as 30d, 4w, 6m; text such as "30d", "4w", "6m", "2q" or
                "1y"; not with `from`, `to`.
            as_of: Instant or date up to which the data are known; a datetime or a date; without an
                offset it is in the store's time zone.
            where: Conditions on properties that events must meet.
            among: Only users of a segment, such as 'did(purchase, 30d) and not did(login, 7d)'.
            breakdown: The answer for each value of a property.
            breakdown_limit: Values with the most users; the rest is $other; from 1 to 10000; by
                default 20; goes with `breakdown`.
            members: The users behind a cell, instead of counts.
            timeout: Seconds after which the question is given up; by default none.

        Returns:
            A `Result` in long form: one row for each cell, ordered by the keys.

        Raises:
            InvalidArgument: an unknown name, or a question that cannot be answered exactly.
            ResourceExhausted: it needs more memory than is left for questions.
            DeadlineExceeded: `timeout` passed first.
            FailedPrecondition: the store is closed, or was opened by another process.
            KeyboardInterrupt: Ctrl-C; the question has ended.
        """
    def aha(
        self,
        *,
        cohort_event: Selector | None = ...,
        return_event: Selector | None = ...,
        within: Length | None = ...,
        candidates: Sequence[Selector] | None = ...,
        at_least: Sequence[int] | None = ...,
        from_day: int | None = ...,
        to_day: int | None = ...,
        from_: Date | None = ...,
        to: Date | None = ...,
        last: str | None = ...,
        as_of: Instant | None = ...,
        where: Conditions | None = ...,
        among: Segment | None = ...,
        breakdown: str | None = ...,
        breakdown_limit: int | None = ...,
        members: Mapping[str, Any] | None = ...,
        timeout: float | None = ...,
    ) -> Result:
        r"""Which early events go with staying.

        Args:
            cohort_event: Event whose first ever makes a user new; by default "*".
            return_event: Event that counts as coming back; by default "*".
            within: Time from the cohort event in which candidates count, its end included; a
                timedelta, or text such as "90s", "5m", "3h", "14d", "2w"; by default "7d".
            candidates: Events that are tried: unless given, each name of the store.
            at_least: How often users did it, or more; from 1 to 2147483647; by default [1, 2, 3, 5,
                10].
            from_day: First day after the cohort event's that counts as coming back; from 2 to
                36600; by default 8.
            to_day: Last day after the cohort event's that counts as coming back; from 2 to 36600;
                by default 30.
            from_: First date; a date, or text such as "2026-01-31" or "yesterday".
            to: Last date, included; a date, or text such as "2026-01-31" or "yesterday".
            last: Span back from as_of, such as 30d, 4w, 6m; text such as "30d", "4w", "6m", "2q" or
                "1y"; not with `from`, `to`.
            as_of: Instant or date up to which the data are known; a datetime or a date; without an
                offset it is in the store's time zone.
            where: Conditions on properties that events must meet.
            among: Only users of a segment, such as 'did(purchase, 30d) and not did(login, 7d)'.
            breakdown: The answer for each value of a property.
            breakdown_limit: Values with the most users; the rest is $other; from 1 to 10000; by
                default 20; goes with `breakdown`.
            members: The users behind a cell, instead of counts.
            timeout: Seconds after which the question is given up; by default none.

        Returns:
            A `Result` in long form: one row for each cell, ordered by the keys.

        Raises:
            InvalidArgument: an unknown name, or a question that cannot be answered exactly.
            ResourceExhausted: it needs more memory than is left for questions.
            DeadlineExceeded: `timeout` passed first.
            FailedPrecondition: the store is closed, or was opened by another process.
            KeyboardInterrupt: Ctrl-C; the question has ended.
        """
    def ltv(
        self,
        *,
        cohort_event: Selector | None = ...,
        value_event: Selector | None = ...,
        cohort: Literal["first_ever", "first_in_range"] | None = ...,
        period: Literal["day", "week", "fortnight", "month", "quarter"] | None = ...,
        summary: Literal["pooled", "mean", "none"] | None = ...,
        horizons: Sequence[int] | None = ...,
        cost_per_user: Amount | Mapping[str, Amount] | None = ...,
        cost_event: Selector | None = ...,
        from_: Date | None = ...,
        to: Date | None = ...,
        last: str | None = ...,
        as_of: Instant | None = ...,
        where: Conditions | None = ...,
        among: Segment | None = ...,
        breakdown: str | None = ...,
        breakdown_limit: int | None = ...,
        members: Mapping[str, Any] | None = ...,
        timeout: float | None = ...,
    ) -> Result:
        r"""What users are worth, and when they pay back their cost.

        Args:
            cohort_event: Event that makes a user join; by default "*".
            value_event: Event whose amounts are what a user is worth; by default "*".
            cohort: When a user joins; by default "first_ever".
            period: Period of a cohort; by default "day".
            summary: How the last rows sum up; by default "pooled".
            horizons: Days after a user's first through which amounts count; from 0 to 36600; by
                default [0, 1, 7, 14, 30, 60, 90].
            cost_per_user: What a user costs: an amount, or one for each value of the breakdown; in
                the unit of the events' values.
            cost_event: Event whose amounts are costs, and no value; not with `cost_per_user`.
            from_: First date; a date, or text such as "2026-01-31" or "yesterday".
            to: Last date, included; a date, or text such as "2026-01-31" or "yesterday".
            last: Span back from as_of, such as 30d, 4w, 6m; text such as "30d", "4w", "6m", "2q" or
                "1y"; not with `from`, `to`.
            as_of: Instant or date up to which the data are known; a datetime or a date; without an
                offset it is in the store's time zone.
            where: Conditions on properties that events must meet.
            among: Only users of a segment, such as 'did(purchase, 30d) and not did(login, 7d)'.
            breakdown: The answer for each value of a property.
            breakdown_limit: Values with the most users; the rest is $other; from 1 to 10000; by
                default 20; goes with `breakdown`.
            members: The users behind a cell, instead of counts.
            timeout: Seconds after which the question is given up; by default none.

        Returns:
            A `Result` in long form: one row for each cell, ordered by the keys.

        Raises:
            InvalidArgument: an unknown name, or a question that cannot be answered exactly.
            ResourceExhausted: it needs more memory than is left for questions.
            DeadlineExceeded: `timeout` passed first.
            FailedPrecondition: the store is closed, or was opened by another process.
            KeyboardInterrupt: Ctrl-C; the question has ended.
        """
    def compare(
        self,
        *,
        metric: Mapping[str, Any],
        exposure: Selector | None = ...,
        variant: str | None = ...,
        values: Sequence[str] | None = ...,
        variants: Mapping[str, Segment] | None = ...,
        control: str | None = ...,
        event: Selector | None = ...,
        split: Mapping[str, Amount] | None = ...,
        aa: int | None = ...,
        seed: int | None = ...,
        from_: Date | None = ...,
        to: Date | None = ...,
        last: str | None = ...,
        as_of: Instant | None = ...,
        where: Conditions | None = ...,
        among: Segment | None = ...,
        breakdown: str | None = ...,
        breakdown_limit: int | None = ...,
        members: Mapping[str, Any] | None = ...,
        timeout: float | None = ...,
    ) -> Result:
        r"""How the variants of an experiment fare.

        Args:
            metric: What is measured of each user.
            exposure: Event by which users get into the experiment; by default "*".
            variant: Property of the exposure whose values are the variants.
            values: The variants to compare; all unless given; goes with `variant`.
            variants: A variant that is a segment, as it stood before from; goes with `from`; not
                with `exposure`, `variant`, `values`.
            control: The variant that the others are compared with: the first unless given.
            event: Event that counts; by default "*".
            split: Share of the users that a variant was to get: all alike unless given.
            aa: Random splits of variant and control, to see how much they differ by chance; from 1
                to 100000.
            seed: Number that the random splits depend on; from 0 to 2147483647; by default 0; goes
                with `aa`.
            from_: First date; a date, or text such as "2026-01-31" or "yesterday".
            to: Last date, included; a date, or text such as "2026-01-31" or "yesterday".
            last: Span back from as_of, such as 30d, 4w, 6m; text such as "30d", "4w", "6m", "2q" or
                "1y"; not with `from`, `to`.
            as_of: Instant or date up to which the data are known; a datetime or a date; without an
                offset it is in the store's time zone.
            where: Conditions on properties that events must meet.
            among: Only users of a segment, such as 'did(purchase, 30d) and not did(login, 7d)'.
            breakdown: The answer for each value of a property.
            breakdown_limit: Values with the most users; the rest is $other; from 1 to 10000; by
                default 20; goes with `breakdown`.
            members: The users behind a cell, instead of counts.
            timeout: Seconds after which the question is given up; by default none.

        Returns:
            A `Result` in long form: one row for each cell, ordered by the keys.

        Raises:
            InvalidArgument: an unknown name, or a question that cannot be answered exactly.
            ResourceExhausted: it needs more memory than is left for questions.
            DeadlineExceeded: `timeout` passed first.
            FailedPrecondition: the store is closed, or was opened by another process.
            KeyboardInterrupt: Ctrl-C; the question has ended.
        """
    def profile(
        self,
        *,
        user: str | int,
        events: int | None = ...,
        year: int | None = ...,
        rfm: bool | None = ...,
        from_: Date | None = ...,
        to: Date | None = ...,
        last: str | None = ...,
        as_of: Instant | None = ...,
        where: Conditions | None = ...,
        among: Segment | None = ...,
        breakdown: str | None = ...,
        breakdown_limit: int | None = ...,
        members: Mapping[str, Any] | None = ...,
        timeout: float | None = ...,
    ) -> Result:
        r"""Who one user is, by what they did.

        Args:
            user: The user's id.
            events: How many of the last events to list; from 0 to 10000; by default 20.
            year: A year to report on, with the user's rank in it; from 1 to 9999; not with `from`,
                `to`, `last`.
            rfm: The RFM scores, for which all users are looked at; by default true.
            from_: First date; a date, or text such as "2026-01-31" or "yesterday".
            to: Last date, included; a date, or text such as "2026-01-31" or "yesterday".
            last: Span back from as_of, such as 30d, 4w, 6m; text such as "30d", "4w", "6m", "2q" or
                "1y"; not with `from`, `to`.
            as_of: Instant or date up to which the data are known; a datetime or a date; without an
                offset it is in the store's time zone.
            where: Conditions on properties that events must meet.
            among: Only users of a segment, such as 'did(purchase, 30d) and not did(login, 7d)'.
            breakdown: The answer for each value of a property.
            breakdown_limit: Values with the most users; the rest is $other; from 1 to 10000; by
                default 20; goes with `breakdown`.
            members: The users behind a cell, instead of counts.
            timeout: Seconds after which the question is given up; by default none.

        Returns:
            A `Result` in long form: one row for each cell, ordered by the keys.

        Raises:
            InvalidArgument: an unknown name, or a question that cannot be answered exactly.
            ResourceExhausted: it needs more memory than is left for questions.
            DeadlineExceeded: `timeout` passed first.
            FailedPrecondition: the store is closed, or was opened by another process.
            KeyboardInterrupt: Ctrl-C; the question has ended.
        """
    def streaks(
        self,
        *,
        event: Selector | None = ...,
        from_: Date | None = ...,
        to: Date | None = ...,
        last: str | None = ...,
        as_of: Instant | None = ...,
        where: Conditions | None = ...,
        among: Segment | None = ...,
        breakdown: str | None = ...,
        breakdown_limit: int | None = ...,
        members: Mapping[str, Any] | None = ...,
        timeout: float | None = ...,
    ) -> Result:
        r"""How many days in a row users are active.

        Args:
            event: Event that counts; by default "*".
            from_: First date; a date, or text such as "2026-01-31" or "yesterday".
            to: Last date, included; a date, or text such as "2026-01-31" or "yesterday".
            last: Span back from as_of, such as 30d, 4w, 6m; text such as "30d", "4w", "6m", "2q" or
                "1y"; not with `from`, `to`.
            as_of: Instant or date up to which the data are known; a datetime or a date; without an
                offset it is in the store's time zone.
            where: Conditions on properties that events must meet.
            among: Only users of a segment, such as 'did(purchase, 30d) and not did(login, 7d)'.
            breakdown: The answer for each value of a property.
            breakdown_limit: Values with the most users; the rest is $other; from 1 to 10000; by
                default 20; goes with `breakdown`.
            members: The users behind a cell, instead of counts.
            timeout: Seconds after which the question is given up; by default none.

        Returns:
            A `Result` in long form: one row for each cell, ordered by the keys.

        Raises:
            InvalidArgument: an unknown name, or a question that cannot be answered exactly.
            ResourceExhausted: it needs more memory than is left for questions.
            DeadlineExceeded: `timeout` passed first.
            FailedPrecondition: the store is closed, or was opened by another process.
            KeyboardInterrupt: Ctrl-C; the question has ended.
        """
    def milestones(
        self,
        *,
        event: Selector | None = ...,
        date: Date | None = ...,
        of: Literal["first_day", "active_day", "event"] | None = ...,
        numbers: Sequence[int] | None = ...,
        from_: Date | None = ...,
        to: Date | None = ...,
        last: str | None = ...,
        as_of: Instant | None = ...,
        where: Conditions | None = ...,
        among: Segment | None = ...,
        breakdown: str | None = ...,
        breakdown_limit: int | None = ...,
        members: Mapping[str, Any] | None = ...,
        timeout: float | None = ...,
    ) -> Result:
        r"""Who has a day to remember on a date.

        Args:
            event: Event that counts; by default "*".
            date: One date, instead of a range; a date, or text such as "2026-01-31" or "yesterday";
                not with `from`, `to`, `last`.
            of: What is counted: days since the first, active days, or events; by default
                ["first_day", "active_day", "event"].
            numbers: The numbers to remember, such as 7,30,100; from 1 to 2147483647; by default [7,
                30, 100, 365].
            from_: First date; a date, or text such as "2026-01-31" or "yesterday".
            to: Last date, included; a date, or text such as "2026-01-31" or "yesterday".
            last: Span back from as_of, such as 30d, 4w, 6m; text such as "30d", "4w", "6m", "2q" or
                "1y"; not with `from`, `to`.
            as_of: Instant or date up to which the data are known; a datetime or a date; without an
                offset it is in the store's time zone.
            where: Conditions on properties that events must meet.
            among: Only users of a segment, such as 'did(purchase, 30d) and not did(login, 7d)'.
            breakdown: The answer for each value of a property.
            breakdown_limit: Values with the most users; the rest is $other; from 1 to 10000; by
                default 20; goes with `breakdown`.
            members: The users behind a cell, instead of counts.
            timeout: Seconds after which the question is given up; by default none.

        Returns:
            A `Result` in long form: one row for each cell, ordered by the keys.

        Raises:
            InvalidArgument: an unknown name, or a question that cannot be answered exactly.
            ResourceExhausted: it needs more memory than is left for questions.
            DeadlineExceeded: `timeout` passed first.
            FailedPrecondition: the store is closed, or was opened by another process.
            KeyboardInterrupt: Ctrl-C; the question has ended.
        """
    def response(
        self,
        *,
        campaign: str,
        runs: Mapping[str, Instant],
        horizons: Sequence[int] | None = ...,
        returned: Selector | None = ...,
        converted: Selector | None = ...,
        contact: Selector | None = ...,
        cost_per_contact: str | None = ...,
        as_of: Instant | None = ...,
        where: Conditions | None = ...,
        among: Segment | None = ...,
        breakdown: str | None = ...,
        breakdown_limit: int | None = ...,
        members: Mapping[str, Any] | None = ...,
        timeout: float | None = ...,
    ) -> Result:
        r"""What the users of a campaign did, against those held out.

        Args:
            campaign: The campaign.
            runs: A run of it, and the instant after which its time begins.
            horizons: Times of so many days of 24 hours in which events count; from 1 to 36600; by
                default [1, 3, 7, 14, 30].
            returned: Event by which users return; by default "*".
            converted: Event by which users convert: adds who did.
            contact: Event that says that a user was reached: adds who was.
            cost_per_contact: What a contact costs.
            as_of: Instant or date up to which the data are known; a datetime or a date; without an
                offset it is in the store's time zone.
            where: Conditions on properties that events must meet.
            among: Only users of a segment, such as 'did(purchase, 30d) and not did(login, 7d)'.
            breakdown: The answer for each value of a property.
            breakdown_limit: Values with the most users; the rest is $other; from 1 to 10000; by
                default 20; goes with `breakdown`.
            members: The users behind a cell, instead of counts.
            timeout: Seconds after which the question is given up; by default none.

        Returns:
            A `Result` in long form: one row for each cell, ordered by the keys.

        Raises:
            InvalidArgument: an unknown name, or a question that cannot be answered exactly.
            ResourceExhausted: it needs more memory than is left for questions.
            DeadlineExceeded: `timeout` passed first.
            FailedPrecondition: the store is closed, or was opened by another process.
            KeyboardInterrupt: Ctrl-C; the question has ended.
        """
