#!/usr/bin/env python3
"""Recounts real data sets in SQL, and compares every cell with the answers of the program.

    sql_recount_test.py --rollcall PROGRAM --data DIR DATASET

The file goes into a store, and, read by plain Python, into a table of events in SQLite. Every kind of
question is written twice: as JSON, and as SQL over that table. The questions are asked as one array.
Of those about retention, lifetime value and RFM, for which SQL takes long, every other one is asked;
with ROLLCALL_SQL_RECOUNT=all, all of them are.
Exit code 77 (skipped) when a data set is not there.
"""

import argparse
import csv
import datetime
import functools
import gzip
import json
import math
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
from decimal import Decimal
from typing import Callable, NamedTuple
from zoneinfo import ZoneInfo

SKIPPED = 77
SCALE = 10**6  # amounts are kept with six decimals
EPOCH = datetime.date(1970, 1, 1)
HOUR = 3600
ALL_KINDS = ("active", "counts", "retention", "churn", "idle", "lifecycle", "stickiness", "segment",
             "ltv", "rfm", "rfm_users")
SEGMENTS = [("champions", "r >= 4 AND f >= 4 AND m >= 4"), ("loyal", "r >= 3 AND f >= 4"),
            ("potential", "r >= 4 AND f = 3"), ("new", "r >= 4 AND f <= 2"),
            ("needs_attention", "r = 3 AND f = 3"), ("about_to_sleep", "r = 3 AND f <= 2"),
            ("cannot_lose", "r = 1 AND f >= 4 AND m >= 4"), ("at_risk", "r <= 2 AND f >= 3"),
            ("hibernating", "r = 2"), ("lost", "r = 1")]


class Event(NamedTuple):
    user: object  # str or int
    name: str
    time: object  # civil time in the store's zone, a bare date, or Unix seconds
    property: str
    amount: str


class Selector(NamedTuple):
    """Returns which events count, as JSON, and as a condition in SQL."""
    spec: object
    sql: str


ANY = Selector("*", "1")


class DataSet(NamedTuple):
    path: str
    flags: list
    zone: str
    property: str  # the declared one; empty: none
    read: Callable
    selectors: list  # for the kinds that have one selector
    cohort_event: Selector
    return_event: Selector
    # Steps, and the users that those who publish the data count at each, without a window.
    funnel: tuple = ()


def online_retail_events(file):
    for row in csv.DictReader(file):
        if row["CustomerID"]:
            time = datetime.datetime.fromisoformat(row["InvoiceDate"])
            yield Event(row["CustomerID"], "purchase", time, row["Country"], row["UnitPrice"])


def college_msg_events(file):
    next(file)
    for line in file:
        source, _, time = line.split()
        yield Event(int(source), "message", int(time), "", "0")


def cdnow_events(file):
    next(file)
    for line in file:
        user, date, _, dollars = line.split()
        yield Event(user, "purchase", datetime.datetime.strptime(date, "%Y%m%d").date(), "", dollars)


def ecom_events(file):
    for row in csv.DictReader(file):
        time = datetime.datetime.fromisoformat(row["timestamp"])
        yield Event(row["user_id"], row["event"], time, row["acquisition_channel"], "0")


DATASETS = {
    "online_retail": DataSet(
        "online_retail/online_retail.csv.gz",
        ["--timezone", "Europe/London", "--user", "CustomerID", "--time", "InvoiceDate", "--event-name",
         "purchase", "--dimension", "Country", "--value", "UnitPrice"],
        "Europe/London", "Country", online_retail_events,
        [ANY, Selector({"event": "purchase", "where": {"Country": {"ne": "United Kingdom"}}},
                       "property <> 'United Kingdom'")], ANY, ANY),
    "cdnow": DataSet(
        "cdnow/CDNOW_master.txt.gz",
        ["--format", "csv", "--delimiter", "space", "--columns", "user,date,cds,dollars", "--header",
         "--user", "user", "--user-type", "string", "--time", "date", "--time-format", "%Y%m%d",
         "--event-name", "purchase", "--value", "dollars"],
        "UTC", "", cdnow_events, [ANY], ANY, ANY),
    "college_msg": DataSet(
        "college_msg/CollegeMsg.txt.gz",
        ["--timezone", "America/Los_Angeles", "--delimiter", "space", "--user", "src", "--time", "time",
         "--event-name", "message"],
        "America/Los_Angeles", "", college_msg_events, [ANY], ANY, ANY),
    "retentioneering_ecom": DataSet(
        "retentioneering_ecom/ecom.csv.gz", ["--dimension", "acquisition_channel"],
        "UTC", "acquisition_channel", ecom_events,
        [ANY, Selector({"not_event": ["home", "product_view"]},
                       "name NOT IN ('home', 'product_view')")],
        Selector({"event": "product_view"}, "name = 'product_view'"),
        Selector({"event": "purchase"}, "name = 'purchase'"),
        (["product_view", "add_to_cart", "cart", "shipping_details", "payment_details", "purchase"],
         [598, 517, 429, 329, 222, 114])),
}


def period_of(kind, day):
    """First day of the period that holds a day."""
    if kind == "day":
        return day
    if kind == "week":
        return day - datetime.timedelta(days=day.weekday())
    if kind == "fortnight":
        return day - datetime.timedelta(days=(day - datetime.date(1970, 1, 5)).days % 14)
    return day.replace(day=1, month=day.month if kind == "month" else (day.month - 1) // 3 * 3 + 1)


class Recount:
    """Holds the events in SQLite, and SQL for each kind of question over the whole history.

    Tables: events(user, name, day, hour, property, amount); daily, their numbers and amounts by
    day; periods(kind, n, starts, last), numbered from 0 without gaps; calendar(kind, day, n);
    hours(day, starts, hour, complete). Days count from 1970-01-01. `ended` is the latest day that
    is over, `last` the latest one there is.
    """

    def __init__(self, data, folder):
        self.data = data
        self.zone = ZoneInfo(data.zone)
        self.sql = sqlite3.connect(":memory:")
        self.seen_tables = {}
        self.retained = None  # what the table of that name was made of
        self.worth_tables = {}
        self.sql.execute("CREATE TABLE events(user, name, day, hour, property, amount)")
        self.latest = 0.0
        with gzip.open(os.path.join(folder, data.path), "rt", encoding="utf-8", newline="") as file:
            self.sql.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)",
                                 map(self.row_of, data.read(file)))
        self.sql.execute(
            "CREATE TABLE daily AS SELECT user, name, day, property, COUNT(*) AS events, "
            "SUM(amount) AS amount FROM events GROUP BY user, name, day, property")
        self.sql.execute("CREATE INDEX daily_user ON daily(user, day)")
        first, last = self.all("SELECT MIN(day), MAX(day) FROM daily")[0]
        self.last = last
        self.ended = last if self.begin_of(last + 1) - 1 <= self.latest else last - 1
        self.make_calendar(first, last)

    def begin_of(self, day):
        """Returns the Unix seconds of a day's first instant."""
        date = EPOCH + datetime.timedelta(days=day)
        return datetime.datetime.combine(date, datetime.time(), self.zone).timestamp()

    def key_of(self, time):
        """Returns "2026-01-31T06:00+01:00", with "Z" in the zone UTC."""
        text = time.isoformat(timespec="minutes")
        return text.removesuffix("+00:00") + "Z" if self.data.zone == "UTC" else text

    @functools.cache
    def day_and_hour(self, time):
        """Returns the day and the hour of a time, and notes the latest instant."""
        if isinstance(time, int):
            instant, date = time, datetime.datetime.fromtimestamp(time, self.zone).date()
        elif isinstance(time, datetime.datetime):
            instant, date = time.replace(tzinfo=self.zone).timestamp(), time.date()
        else:
            instant, date = None, time
        day = (date - EPOCH).days
        begin = self.begin_of(day)
        if instant is None:  # counts to the end of the date, and in its first hour
            self.latest = max(self.latest, self.begin_of(day + 1) - 1)
        else:
            self.latest = max(self.latest, instant)
        return day, int((instant or begin) - begin) // HOUR

    def row_of(self, event):
        day, hour = self.day_and_hour(event.time)
        return (event.user, event.name, day, hour, event.property, int(Decimal(event.amount) * SCALE))

    def make_calendar(self, first, last):
        self.sql.execute("CREATE TABLE periods(kind, n, starts, last)")
        self.sql.execute("CREATE TABLE calendar(kind, day, n, PRIMARY KEY(kind, day))")
        self.sql.execute("CREATE TABLE hours(day, starts, hour, complete, PRIMARY KEY(day, hour))")
        for kind in ("day", "week", "fortnight", "month", "quarter"):
            n, start = -1, None
            for day in range(first, last + 1):
                date = EPOCH + datetime.timedelta(days=day)
                if period_of(kind, date) != start:
                    n, start = n + 1, period_of(kind, date)
                    after = date
                    while period_of(kind, after) == start:
                        after += datetime.timedelta(days=1)
                    self.sql.execute("INSERT INTO periods VALUES (?, ?, ?, ?)",
                                     (kind, n, start.isoformat(), (after - EPOCH).days - 1))
                self.sql.execute("INSERT INTO calendar VALUES (?, ?, ?)", (kind, day, n))
        for day in range(first, last + 1):
            begin = self.begin_of(day)
            for hour in range(int(self.begin_of(day + 1) - begin) // HOUR):
                if begin + hour * HOUR <= self.latest:
                    over = begin + (hour + 1) * HOUR - 1 <= self.latest
                    starts = datetime.datetime.fromtimestamp(begin + hour * HOUR, self.zone)
                    self.sql.execute("INSERT INTO hours VALUES (?, ?, ?, ?)",
                                     (day, self.key_of(starts), hour, over))

    def all(self, statement, **parameters):
        parameters.update(last=getattr(self, "last", None), ended=getattr(self, "ended", None))
        return [list(row) for row in self.sql.execute(statement, parameters)]

    def seen(self, kind, condition):
        """Makes a table (user, n, events, amount) that says who had such an event in which period.
        """
        key = (kind, condition)
        if key not in self.seen_tables:
            name = self.seen_tables[key] = f"seen_{len(self.seen_tables)}"
            self.sql.execute(
                f"CREATE TABLE {name} AS SELECT user, n, SUM(events) AS events, "
                "SUM(amount) AS amount FROM daily JOIN calendar USING (day) "
                f"WHERE kind = '{kind}' AND ({condition}) "
                "GROUP BY user, n")
            self.sql.execute(f"CREATE INDEX {name}_user ON {name}(user, n, amount)")
            self.sql.execute(f"CREATE INDEX {name}_n ON {name}(n, user)")
        return self.seen_tables[key]

    @functools.cache
    def active(self, condition, kind, window=1):
        seen = self.seen(kind, condition)
        return self.all(
            f"SELECT starts, (SELECT COUNT(DISTINCT user) FROM {seen} AS s "
            "                 WHERE s.n BETWEEN p.n - :window + 1 AND p.n), last <= :ended "
            "FROM periods AS p WHERE kind = :kind ORDER BY p.n", kind=kind, window=window)

    def active_ratio(self, condition, window):
        return [[day, users, users / of if complete and of else None, complete]
                for (day, users, complete), (_, of, _) in zip(
                    self.active(condition, "day"), self.active(condition, "day", window))]

    def counts(self, condition, kind):
        seen = self.seen(kind, condition)
        return self.all(
            "SELECT starts, events, users, amount, "
            "       CASE WHEN complete AND users > 0 THEN 1.0 * events / users END, "
            f"      CASE WHEN complete AND users > 0 THEN 1.0 * amount / users / {SCALE} END, complete "
            "FROM (SELECT p.n AS n, starts, COALESCE(SUM(events), 0) AS events, "
            "             COUNT(user) AS users, COALESCE(SUM(amount), 0) AS amount, "
            "             last <= :ended AS complete "
            f"     FROM periods AS p LEFT JOIN {seen} AS s ON s.n = p.n "
            "      WHERE kind = :kind GROUP BY p.n) ORDER BY n", kind=kind)

    def counts_with_payers(self, condition, kind):
        seen = self.seen(kind, condition)
        payers = dict(self.all(f"SELECT starts, COUNT(user) FROM periods AS p JOIN {seen} AS s ON "
                               "s.n = p.n AND amount > 0 WHERE kind = :kind GROUP BY starts",
                               kind=kind))
        rows = []
        for *row, complete in self.counts(condition, kind):
            starts, _, users, amount = row[:4]
            paying = payers.get(starts, 0)
            rate = paying / users if complete and users else None
            rows.append(row + [paying, rate, amount / paying / SCALE if complete and paying else None,
                               complete])
        return rows

    def counts_by_hour(self, condition):
        return self.all(
            "SELECT starts, events, users, amount, "
            "       CASE WHEN complete AND users > 0 THEN 1.0 * events / users END, "
            f"      CASE WHEN complete AND users > 0 THEN 1.0 * amount / users / {SCALE} END, complete "
            "FROM (SELECT h.day, h.hour, starts, complete, COALESCE(e.events, 0) AS events, "
            "             COALESCE(e.users, 0) AS users, COALESCE(e.amount, 0) AS amount "
            "      FROM hours AS h LEFT JOIN (SELECT day, hour, COUNT(*) AS events, "
            "                                        COUNT(DISTINCT user) AS users, "
            "                                        SUM(amount) AS amount "
            f"                                FROM events WHERE {condition} GROUP BY day, hour) AS e "
            "      ON e.day = h.day AND e.hour = h.hour) ORDER BY day, hour")

    def make_retained(self, cohort_condition, return_condition, kind, cohort, mode, periods,
                      value_condition, with_amounts):
        """Makes the table retained, of cells with the users who came back and their amounts."""
        joined, back = self.seen(kind, cohort_condition), self.seen(kind, return_condition)
        of_value = self.seen(kind, f"({cohort_condition}) AND {value_condition}")
        joins = f"SELECT user, n FROM {joined}"
        if cohort == "first_ever":
            joins = f"SELECT user, MIN(n) AS n FROM {joined} GROUP BY user"
        in_periods = f"FROM {back} AS b WHERE b.user = m.user AND b.n"
        hits, amounts = {
            "on": (f"EXISTS (SELECT 1 {in_periods} = c.n + k)",
                   f"(SELECT SUM(amount) {in_periods} = c.n + k)"),
            "on_or_after": (f"EXISTS (SELECT 1 {in_periods} >= c.n + k)",
                            f"(SELECT SUM(amount) {in_periods} >= c.n + k)"),
            "on_or_before": (f"EXISTS (SELECT 1 {in_periods} BETWEEN c.n AND c.n + k)",
                             f"(SELECT SUM(amount) {in_periods} BETWEEN c.n AND c.n + k)"),
            "streak": (f"(SELECT COUNT(*) = k + 1 {in_periods} BETWEEN c.n AND c.n + k)",
                       f"(SELECT SUM(amount) {in_periods} = c.n + k AND "
                       f"(SELECT COUNT(*) = k + 1 {in_periods} BETWEEN c.n AND c.n + k))"),
        }[mode]
        amount = f"COALESCE((SELECT SUM({amounts}) FROM cohort AS m WHERE m.n = c.n), 0)"
        self.sql.execute("DROP TABLE IF EXISTS cohort")
        self.sql.execute("DROP TABLE IF EXISTS retained")
        self.sql.execute("CREATE TABLE cohort AS "
                         f"SELECT user, n FROM ({joins}) JOIN {of_value} USING (user, n)")
        self.sql.execute("CREATE INDEX cohort_n ON cohort(n, user)")
        self.all(
            "CREATE TABLE retained AS WITH RECURSIVE ks(k) AS "
            "  (SELECT 0 UNION ALL SELECT k + 1 FROM ks WHERE k < :periods) "
            "SELECT c.n AS n, c.starts AS starts, k, "
            "       (SELECT COUNT(*) FROM cohort AS m WHERE m.n = c.n) AS size, "
            f"      COALESCE((SELECT SUM({hits}) FROM cohort AS m WHERE m.n = c.n), 0) AS returned, "
            f"      {amount if with_amounts else 'NULL'} AS amount, "
            "       z.last <= :ended AS complete "
            "FROM periods AS c JOIN ks JOIN periods AS z ON z.kind = c.kind AND z.n = c.n + k "
            "WHERE c.kind = :kind", periods=periods, kind=kind)

    def retention(self, cohort_condition, return_condition, *, kind, cohort, mode, periods,
                  measure="users", value_condition="1"):
        """`value_condition`: what one of the cohort events of the cohort's period must be, too."""
        asked = (cohort_condition, return_condition, kind, cohort, mode, periods, value_condition)
        found, unit = ("amount", SCALE) if measure == "value" else ("returned", 1)
        if self.retained != asked:
            self.make_retained(*asked, with_amounts=measure == "value")
            # A table with amounts does for the question of users that comes next.
            self.retained = asked if measure == "value" else None
        rate = f"CASE WHEN complete AND size > 0 THEN 1.0 * {found} / size / {unit} END"
        measures = f"{found}, {rate}"
        if measure == "value":
            measures += (", returned, CASE WHEN complete AND returned > 0 "
                         f"THEN 1.0 * {found} / returned / {unit} END")
        cells = self.all(f"SELECT starts, size, k, {measures}, complete FROM retained ORDER BY n, k")
        pooled = self.all(
            f"SELECT NULL, size, k, {measures}, complete FROM "
            "(SELECT k, SUM(size * complete) AS size, SUM(amount * complete) AS amount, "
            "        SUM(returned * complete) AS returned, 1 AS complete "
            " FROM retained GROUP BY k HAVING SUM(complete) > 0) ORDER BY k")
        return cells + pooled

    def worths(self, cohort_condition, value, cost, horizons):
        """Makes a table (user, k, value, cost) of what came of users up to k days after their first.
        """
        key = (cohort_condition, value, cost, tuple(horizons))
        if key in self.worth_tables:  # for periods of another kind, or at another price
            return self.worth_tables[key]
        name = self.worth_tables[key] = f"worths_{len(self.worth_tables)}"
        late = " UNION ALL ".join(f"SELECT {day} AS k" for day in horizons)
        amounts = "(SELECT COALESCE(SUM(amount), 0) FROM daily AS d WHERE d.user = m.user AND "
        self.all(
            f"CREATE TABLE {name} AS SELECT user, k, {amounts} day BETWEEN first AND first + k AND "
            f"{value}) AS value, {amounts} day <= first + k AND ({cost})) AS cost "
            f"FROM (SELECT user, MIN(day) AS first FROM daily WHERE {cohort_condition} "
            f"      GROUP BY user) AS m JOIN ({late})")
        self.sql.execute(f"CREATE INDEX {name}_user ON {name}(user)")
        return name

    def ltv(self, cohort_condition, value_condition, *, kind, horizons, of_value="1", per_user=None,
            cost_condition=None):
        """`of_value`: what one of the cohort events of the cohort's period must be, too."""
        joined = self.seen(kind, f"({cohort_condition}) AND {of_value}")
        value = f"({value_condition}) AND NOT ({cost_condition or 0})"
        cost = cost_condition or 0
        worths = self.worths(cohort_condition, value, cost, horizons)
        for table in ("cohort", "sums", "cells", "paid"):
            self.sql.execute(f"DROP TABLE IF EXISTS {table}")
        self.all("CREATE TABLE cohort AS SELECT user, first, f.n AS n "
                 f"FROM (SELECT user, MIN(day) AS first FROM daily WHERE {cohort_condition} "
                 "       GROUP BY user) "
                 "JOIN calendar AS f ON f.kind = :kind AND f.day = first "
                 f"JOIN {joined} USING (user, n)", kind=kind)
        late = " UNION ALL ".join(f"SELECT {day} AS k" for day in horizons)
        self.all(f"CREATE TABLE sums AS SELECT n, k, value, cost FROM cohort JOIN {worths} USING (user)")
        self.all(
            "CREATE TABLE cells AS SELECT p.n AS n, starts, k, COUNT(s.value) AS size, "
            "       COALESCE(SUM(value), 0) AS value, COALESCE(SUM(value > 0), 0) AS payers, "
            "       COALESCE(SUM(cost), 0) AS cost, p.last + k <= :ended AS complete "
            f"FROM periods AS p JOIN ({late}) LEFT JOIN sums AS s USING (n, k) "
            "WHERE p.kind = :kind AND julianday(starts) - 2440587.5 + k <= :last GROUP BY p.n, k",
            kind=kind)
        if per_user is not None:
            self.all("UPDATE cells SET cost = size * :cost", cost=per_user)
        self.all(
            "CREATE TABLE paid AS WITH days AS "
            f"(SELECT n, MAX(day - first, 0) AS late, SUM(amount * ((day >= first AND {value}) - "
            f"        ({cost}))) AS came FROM cohort JOIN daily USING (user) GROUP BY n, late), "
            "totals AS (SELECT n, late, SUM(came) OVER (PARTITION BY n ORDER BY late) AS total "
            "           FROM days), "
            "sizes AS (SELECT n, COUNT(*) AS size FROM cohort GROUP BY n) "
            "SELECT n, MIN(late) AS payback_day FROM totals JOIN sizes USING (n) "
            "JOIN periods AS p USING (n) WHERE p.kind = :kind AND p.last + late <= :ended "
            "AND total >= size * :cost GROUP BY n", kind=kind, cost=per_user or 0)
        is_asked = per_user is not None or cost_condition is not None
        quotients = ("CASE WHEN complete AND {1} <> 0 THEN 1.0 * {0} / {1} / %s END" % SCALE).format
        costs = (f"cost, {quotients('cost', 'size')}, "
                 f"CASE WHEN complete AND cost <> 0 THEN 1.0 * value / cost END, payback_day, ")
        columns = (f"size, k, value, {quotients('value', 'size')}, payers, "
                   f"{quotients('value', 'payers')}, {costs if is_asked else ''} complete")
        rows = self.all(f"SELECT starts, {columns} FROM cells LEFT JOIN paid USING (n) ORDER BY n, k")
        return rows + self.all(
            f"SELECT NULL, {columns} FROM (SELECT k, SUM(size) AS size, SUM(value) AS value, "
            "       SUM(payers) AS payers, SUM(cost) AS cost, NULL AS payback_day, 1 AS complete "
            "FROM cells WHERE complete GROUP BY k) ORDER BY k")

    def churn(self, condition, kind, gap, base):
        seen = self.seen(kind, condition)
        first = f"SELECT user, MIN(n) AS n FROM {seen} GROUP BY user"
        source = f"({first})" if base == "new" else seen
        return self.all(
            "SELECT starts, base, retained, base - retained, "
            "       CASE WHEN complete AND base > 0 THEN 1.0 * (base - retained) / base END, recalled, "
            "       complete "
            "FROM (SELECT p.n AS n, starts, COUNT(s.user) AS base, "
            f"            SUM(EXISTS (SELECT 1 FROM {seen} AS t WHERE t.user = s.user AND "
            "                         t.n BETWEEN p.n + 1 AND p.n + :gap)) AS retained, "
            f"            SUM(NOT EXISTS (SELECT 1 FROM {seen} AS t WHERE t.user = s.user AND "
            "                             t.n BETWEEN p.n + 1 AND p.n + :gap) AND "
            f"                EXISTS (SELECT 1 FROM {seen} AS t WHERE t.user = s.user AND "
            "                         t.n > p.n + :gap)) AS recalled, "
            "             COALESCE((SELECT z.last FROM periods AS z WHERE z.kind = p.kind AND "
            "                       z.n = p.n + :gap) <= :ended, 0) AS complete "
            f"     FROM periods AS p LEFT JOIN {source} AS s ON s.n = p.n WHERE kind = :kind "
            "      GROUP BY p.n) ORDER BY n", kind=kind, gap=gap)

    def churn_users(self, condition, kind, starts, column):
        """Returns who is behind a number of a churn by periods."""
        seen = self.seen(kind, condition)
        after = f"SELECT 1 FROM {seen} AS t WHERE t.user = s.user AND t.n"
        chosen = {"base": "1", "retained": f"EXISTS ({after} = s.n + 1)",
                  "churned": f"NOT EXISTS ({after} = s.n + 1)",
                  "recalled": f"NOT EXISTS ({after} = s.n + 1) AND EXISTS ({after} > s.n + 1)"}[column]
        rows = self.all(f"SELECT user FROM {seen} AS s JOIN periods AS p ON p.n = s.n "
                        f"WHERE p.kind = :kind AND starts = :starts AND {chosen} ORDER BY user",
                        kind=kind, starts=starts)
        return [[str(user)] for (user,) in rows]

    def idle(self, condition, edges):
        starts = " UNION ALL ".join(
            f"SELECT {start} AS a, {edges[i + 1] - 1 if i + 1 < len(edges) else 'NULL'} AS b"
            for i, start in enumerate(edges))
        return self.all(
            f"WITH edges AS ({starts}), away AS (SELECT user, :last - MAX(day) AS days FROM daily "
            f"                                   WHERE {condition} GROUP BY user) "
            "SELECT a, b, COUNT(user), 1.0 * COUNT(user) / (SELECT COUNT(*) FROM away) "
            "FROM edges LEFT JOIN away ON days >= a AND (b IS NULL OR days <= b) GROUP BY a ORDER BY a")

    def lifecycle(self, condition, kind):
        seen = self.seen(kind, condition)
        at = f"SELECT 1 FROM {seen} AS t WHERE t.user = s.user AND t.n"
        return self.all(
            "SELECT starts, born, returning_users, resurrecting, dormant, "
            "       born + returning_users + resurrecting, "
            "       CASE WHEN complete AND dormant > 0 THEN 1.0 * (born + resurrecting) / dormant END, "
            "       complete "
            "FROM (SELECT p.n AS n, starts, last <= :ended AS complete, "
            f"        (SELECT COUNT(*) FROM {seen} AS s WHERE s.n = p.n AND "
            f"         NOT EXISTS ({at} < p.n)) AS born, "
            f"        (SELECT COUNT(*) FROM {seen} AS s WHERE s.n = p.n AND "
            f"         EXISTS ({at} = p.n - 1)) AS returning_users, "
            f"        (SELECT COUNT(*) FROM {seen} AS s WHERE s.n = p.n AND "
            f"         NOT EXISTS ({at} = p.n - 1) AND EXISTS ({at} < p.n)) AS resurrecting, "
            f"        (SELECT COUNT(*) FROM {seen} AS s WHERE s.n = p.n - 1 AND "
            f"         NOT EXISTS ({at} = p.n)) AS dormant "
            "      FROM periods AS p WHERE kind = :kind) ORDER BY n", kind=kind)

    def stickiness(self, condition, kind):
        seen = self.seen(kind, condition)
        return self.all(
            "WITH present AS "
            f"  (SELECT user, COUNT(*) AS times FROM {seen} GROUP BY user) "
            "SELECT n + 1, (SELECT COUNT(*) FROM present WHERE times = n + 1), "
            "       (SELECT COUNT(*) FROM present WHERE times >= n + 1), "
            "       (SELECT MAX(last) FROM periods WHERE kind = :kind) <= :ended "
            "FROM periods WHERE kind = :kind ORDER BY n", kind=kind)

    def stickiness_of_windows(self, condition, window):
        seen = self.seen("day", condition)
        self.sql.execute("DROP TABLE IF EXISTS present")
        self.all(f"CREATE TABLE present AS SELECT p.n AS n, user, COUNT(*) AS days FROM periods AS p "
                 f"JOIN {seen} AS s ON s.n BETWEEN p.n - :window + 1 AND p.n WHERE kind = 'day' "
                 "GROUP BY p.n, user", window=window)
        self.sql.execute("CREATE INDEX present_n ON present(n, days)")
        by_days = self.all(
            "WITH RECURSIVE ks(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM ks WHERE k < :window), "
            "counted AS (SELECT n, days, COUNT(*) AS users FROM present GROUP BY n, days) "
            "SELECT starts, k, COALESCE(users, 0), NULL, last <= :ended "
            "FROM periods AS p JOIN ks LEFT JOIN counted AS c ON c.n = p.n AND days = k "
            "WHERE kind = 'day' ORDER BY p.n, k", window=window)
        means = self.all(
            "SELECT starts, NULL, COUNT(user), CASE WHEN last <= :ended THEN AVG(days) END, "
            "       last <= :ended "
            "FROM periods AS p LEFT JOIN present AS x ON x.n = p.n WHERE kind = 'day' "
            "GROUP BY p.n ORDER BY p.n")
        rows = []
        for i, mean in enumerate(means):
            rows += by_days[i * window:(i + 1) * window] + [mean]
        return rows

    def values_shown(self, condition, limit):
        """Returns the values with the most users, each with its condition; then `$other`."""
        ranked = [value for (value,) in self.all(
            f"SELECT property FROM daily WHERE {condition} GROUP BY property "
            "ORDER BY COUNT(DISTINCT user) DESC, property")]
        shown = [(value, f"property = '{value}'") for value in sorted(ranked[:limit])]
        if len(ranked) > limit:
            listed = ", ".join(f"'{value}'" for value, _ in shown)
            shown.append(("$other", f"property NOT IN ({listed})"))
        return shown

    @functools.lru_cache(maxsize=1)  # the table is that of the last call
    def rfm_users(self, condition, frequency, monetary):
        """Makes the table rfm, and returns the rows of its users."""
        worth = {"sum": f"1.0 * amount / {SCALE}",
                 "mean": f"1.0 * amount / valued / {SCALE}"}[monetary]
        ranked = " ".join(
            f", 1 + 5 * (2 * (RANK() OVER (ORDER BY {by}) - 1) + COUNT(*) OVER (PARTITION BY {by})) "
            f"/ (2 * COUNT(*) OVER ()) AS {score}"
            for score, by in (("r", "-recency"), ("f", "frequency"), ("m", "COALESCE(worth, 0)")))
        cases = " ".join(f"WHEN {fits} THEN '{name}'" for name, fits in SEGMENTS)
        self.sql.execute("DROP TABLE IF EXISTS rfm")
        self.all(
            "CREATE TABLE rfm AS WITH matching AS "
            f" (SELECT *, MIN(day) OVER (PARTITION BY user) AS first FROM events WHERE {condition}), "
            "people AS (SELECT user, :last - MAX(day) AS recency, "
            f"      COUNT({'*' if frequency == 'events' else 'DISTINCT day'}) AS frequency, "
            "       SUM(amount) AS amount, SUM(amount <> 0) AS valued, "
            "       COUNT(DISTINCT day) - 1 AS x, MAX(day) - MIN(day) AS t_x, "
            "       :last - MIN(day) AS t, SUM(CASE WHEN day > first THEN amount ELSE 0 END) AS later "
            "       FROM matching GROUP BY user), "
            f"worths AS (SELECT *, {worth} AS worth FROM people), "
            f"scored AS (SELECT * {ranked} FROM worths) "
            f"SELECT *, CASE {cases} END AS segment FROM scored ORDER BY user")
        shown = "amount" if monetary == "sum" else "worth"
        return [[str(row[0])] + row[1:] for row in self.all(
            f"SELECT user, recency, frequency, {shown}, r, f, m, segment, x, t_x, t, "
            f"      CASE WHEN x > 0 THEN 1.0 * later / x / {SCALE} END, 1 FROM rfm ORDER BY user")]

    def rfm(self, condition, frequency, monetary):
        self.rfm_users(condition, frequency, monetary)
        rows = {row[0]: row for row in self.all(
            "SELECT segment, COUNT(*), 1.0 * COUNT(*) / (SELECT COUNT(*) FROM rfm), AVG(recency), "
            "       AVG(frequency), AVG(worth), SUM(amount), 1 FROM rfm GROUP BY segment")}
        return [rows.get(name, [name, 0, 0.0, None, None, None, 0, 1]) for name, _ in SEGMENTS]


class Questions:
    """Holds pairs of a question and the rows that answer it."""

    def __init__(self, recount):
        self.recount = recount
        self.asked = []
        self.asks_all = os.environ.get("ROLLCALL_SQL_RECOUNT") == "all"
        self.turn = int(os.environ.get("ROLLCALL_SEED", random.randrange(2)))
        print(f"ROLLCALL_SEED={self.turn}")

    def every_other(self, questions):
        """Returns a half of them, and at the next call the other half."""
        self.turn += 1
        return questions if self.asks_all else questions[self.turn % 2::2]

    def add(self, expected, **spec):
        self.asked.append((spec, expected))

    def add_active(self, selector):
        for period in ("day", "week", "fortnight", "month", "quarter"):
            self.add(self.recount.active(selector.sql, period), kind="active", event=selector.spec,
                     period=period)
        for window in (7, 30):
            self.add(self.recount.active(selector.sql, "day", window), kind="active",
                     event=selector.spec, window_days=window)
            self.add(self.recount.active_ratio(selector.sql, window), kind="active",
                     event=selector.spec, ratio_to_window=window)

    def add_counts(self, selector):
        for period in ("day", "month"):
            self.add(self.recount.counts(selector.sql, period), kind="counts", event=selector.spec,
                     period=period)
            self.add(self.recount.counts_with_payers(selector.sql, period), kind="counts",
                     event=selector.spec, period=period, payers=True)
        self.add(self.recount.counts_by_hour(selector.sql), kind="counts", event=selector.spec,
                 period="hour")

    def add_ltv(self, cohort_event, value_event, cost_event):
        horizons = [0, 1, 7, 30, 90, 365]
        events = {"kind": "ltv", "cohort_event": cohort_event.spec, "value_event": value_event.spec,
                  "horizons": horizons}
        costs = [({}, {}), ({"per_user": 40 * SCALE}, {"cost": {"per_user": "40"}}),
                 ({"cost_condition": cost_event.sql}, {"cost": {"event": cost_event.spec}})]
        for period in ("day", "week", "month"):
            for in_sql, in_json in self.every_other(costs):
                expected = self.recount.ltv(cohort_event.sql, value_event.sql, kind=period,
                                            horizons=horizons, **in_sql)
                self.add(expected, period=period, **in_json, **events)

    def add_retention(self, cohort_event, return_event):
        tables = [("day", 7, "first_ever"), ("week", 6, "recurring"), ("month", 5, "first_ever"),
                  ("month", 5, "recurring")]
        for period, periods, cohort in tables:
            for mode in self.every_other(("on", "on_or_after", "on_or_before", "streak")):
                for measure in ("value", "users"):  # one table does for both
                    expected = self.recount.retention(
                        cohort_event.sql, return_event.sql, kind=period, cohort=cohort, mode=mode,
                        periods=periods, measure=measure)
                    self.add(expected, kind="retention", cohort_event=cohort_event.spec,
                             return_event=return_event.spec, cohort=cohort, mode=mode, period=period,
                             periods=periods, measure=measure)

    def add_churn(self, selector):
        for base in ("active", "new"):
            for gap in (1, 7):
                self.add(self.recount.churn(selector.sql, "day", gap, base), kind="churn",
                         event=selector.spec, base=base, rule={"gap_days": gap})
            for period, count in (("week", 1), ("month", 1), ("month", 3)):
                self.add(self.recount.churn(selector.sql, period, count, base), kind="churn",
                         event=selector.spec, base=base, rule={"period": period, "count": count})

    def add_idle(self, selector):
        for edges in ([0, 1, 7, 14, 30, 60, 90], [0, 5]):
            self.add(self.recount.idle(selector.sql, edges), kind="idle", event=selector.spec,
                     edges=edges)

    def add_lifecycle(self, selector):
        for period in ("week", "month"):
            self.add(self.recount.lifecycle(selector.sql, period), kind="lifecycle",
                     event=selector.spec, period=period)

    def add_stickiness(self, selector):
        for period in ("week", "month"):
            self.add(self.recount.stickiness(selector.sql, period), kind="stickiness",
                     event=selector.spec, period=period)
        self.add(self.recount.stickiness_of_windows(selector.sql, 7), kind="stickiness",
                 event=selector.spec, window_days=7)

    def add_rfm(self, selector):
        for frequency in ("events", "days"):
            for monetary in self.every_other(("sum", "mean")):
                spec = {"event": selector.spec, "frequency": frequency, "monetary": monetary}
                self.add(self.recount.rfm(selector.sql, frequency, monetary), kind="rfm", **spec)
                self.add(self.recount.rfm_users(selector.sql, frequency, monetary),
                         kind="rfm_users", **spec)

    def add_ranges(self, selector):
        """Questions of part of the history: rows are those of all of it."""
        starts = [row[0] for row in self.recount.active(selector.sql, "month")]
        since, until = starts[1], starts[-2]
        words = {"event": selector.spec, "period": "month", "from": since, "to": until}

        def within(rows):
            return [row for row in rows if row[0] is not None and since <= row[0] <= until]

        self.add(within(self.recount.active(selector.sql, "month")), kind="active", **words)
        self.add(within(self.recount.counts(selector.sql, "month")), kind="counts", **words)
        self.add(within(self.recount.lifecycle(selector.sql, "month")), kind="lifecycle", **words)
        for cohort in ("first_ever", "recurring"):
            rows = self.recount.retention(selector.sql, selector.sql, kind="month", cohort=cohort,
                                          mode="on", periods=4)
            self.add(within(rows), kind="retention", cohort=cohort, periods=4, summary="none", **words)

    def add_segments(self, selector):
        """Their users are counted and listed; the same set narrows another question."""
        recent = "day > :last - 60"
        of_days = "SELECT user FROM daily WHERE {} AND {} GROUP BY user HAVING COUNT(DISTINCT day) {}"
        everybody = "SELECT user FROM daily"
        did = f"SELECT user FROM daily WHERE {selector.sql} AND {recent}"
        first = (f"SELECT user FROM daily WHERE {selector.sql} GROUP BY user "
                 "HAVING MIN(day) > :last - 90")
        twice = of_days.format(selector.sql, recent, ">= 2")
        segments = [
            ({"did": selector.spec, "last": "60d"}, did),
            ({"not": {"did": selector.spec, "last": "60d"}}, f"{everybody} EXCEPT {did}"),
            ({"first": selector.spec, "last": "90d"}, first),
            ({"did": selector.spec, "last": "60d", "days": {"gte": 3}},
             of_days.format(selector.sql, recent, ">= 3")),
            ({"did": selector.spec, "last": "60d", "days": {"lte": 1}},
             f"{everybody} EXCEPT {twice}"),
            ({"all": [{"first": selector.spec, "last": "90d"},
                      {"not": {"did": selector.spec, "last": "60d", "days": {"gte": 2}}}]},
             f"SELECT * FROM ({first}) EXCEPT {twice}"),
            ("did(*, 60d) and not did(*, 14d)",
             f"{did.replace(selector.sql, '1')} EXCEPT SELECT user FROM daily WHERE day > :last - 14"),
        ]
        for spec, sql in segments:
            users = self.recount.all(f"SELECT DISTINCT user FROM ({sql}) ORDER BY user")
            self.add([[len(users)]], kind="segment", segment=spec)
            self.add([[str(user)] for (user,) in users], kind="segment", segment=spec, members={})
            ids = ", ".join(repr(user) for (user,) in users)
            self.add(self.recount.active(f"({selector.sql}) AND user IN ({ids})", "month"),
                     kind="active", event=selector.spec, period="month", among=spec)

    def add_breakdowns(self, selector, cohort_event, return_event):
        recount, options = self.recount, {"breakdown": self.recount.data.property}

        def by_value(ranked_by, limit, rows_of):
            return [[value] + row for value, condition in recount.values_shown(ranked_by, limit)
                    for row in rows_of(f"AND {condition}")]

        both, event = f"({selector.sql})", selector.spec
        for limit in (3, 50):
            options["breakdown_limit"] = limit
            self.add(by_value(both, limit, lambda more: recount.active(both + more, "month")),
                     kind="active", event=event, period="month", **options)
            self.add(by_value(both, limit, lambda more: recount.counts(both + more, "week")),
                     kind="counts", event=event, period="week", **options)
            self.add(by_value(both, limit, lambda more: recount.idle(both + more, [0, 30])),
                     kind="idle", event=event, edges=[0, 30], **options)
        for limit in (3, 9):  # SQL takes long for each value
            options["breakdown_limit"] = limit
            self.add(by_value(both, limit, lambda more: recount.churn(both + more, "month", 1, "new")),
                     kind="churn", event=event, base="new", rule={"period": "month"}, **options)
            self.add(by_value(both, limit, lambda more: recount.lifecycle(both + more, "month")),
                     kind="lifecycle", event=event, period="month", **options)
            joins, returns = f"({cohort_event.sql})", f"({return_event.sql})"
            retention = {"kind": "month", "cohort": "first_ever", "mode": "on", "periods": 3}
            spec = {"kind": "retention", "cohort_event": cohort_event.spec, "period": "month",
                    "return_event": return_event.spec, "periods": 3}
            self.add(by_value(joins, limit, lambda more: recount.retention(
                joins + more, returns + more, **retention)), breakdown_match="both", **spec, **options)
            self.add(by_value(joins, limit, lambda more: recount.retention(
                joins, returns, value_condition=more.removeprefix("AND "), **retention)),
                     **spec, **options)
            self.add(by_value(joins, limit, lambda more: recount.ltv(
                joins, returns, kind="month", horizons=[0, 30], of_value=more.removeprefix("AND "))),
                     kind="ltv", cohort_event=cohort_event.spec, value_event=return_event.spec,
                     period="month", horizons=[0, 30], **options)

    def add_members(self, selector):
        for starts, *_ in self.recount.churn(selector.sql, "month", 1, "active"):
            for column in ("base", "retained", "churned", "recalled"):
                self.add(self.recount.churn_users(selector.sql, "month", starts, column), kind="churn",
                         event=selector.spec, rule={"period": "month"},
                         members={"where": {"date": starts}, "of": column})


def questions_of(recount):
    data, questions = recount.data, Questions(recount)
    for selector in data.selectors:
        questions.add_active(selector)
        questions.add_counts(selector)
        questions.add_churn(selector)
        questions.add_idle(selector)
        questions.add_lifecycle(selector)
        questions.add_stickiness(selector)
        questions.add_rfm(selector)
        questions.add_ranges(selector)
        questions.add_segments(selector)
        questions.add_members(selector)
    questions.add_retention(data.cohort_event, data.return_event)
    questions.add_ltv(data.cohort_event, data.return_event, data.selectors[-1])
    if data.property:
        questions.add_breakdowns(ANY, data.cohort_event, data.return_event)
    return questions.asked


def ask(program, folder, flags, path, specs):
    """Returns answers of a new store with the file in it."""
    store, file = os.path.join(folder, "store"), os.path.join(folder, "questions.json")
    with open(file, "w", encoding="utf-8") as out:
        json.dump(specs, out)
    subprocess.run([program, "ingest", "--db", store, *flags, path], check=True, capture_output=True)
    done = subprocess.run([program, "query", "--db", store, "-o", "json", file], capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"rollcall query: {done.stderr}")
    return json.loads(done.stdout)


def rows_of(answer):
    """Returns rows of an answer, with amounts as whole millionths, as in SQL."""
    decimals = [column["type"] == "decimal" for column in answer["columns"]]
    return [[int(Decimal(cell) * SCALE) if decimal and cell is not None else cell
             for cell, decimal in zip(row, decimals)] for row in answer["rows"]]


def equal(found, expected):
    if isinstance(found, float) and isinstance(expected, (int, float)):
        return math.isclose(found, expected, rel_tol=1e-12)
    return found == expected


def difference(found, expected):
    """The first cell that differs, in words; empty: none does."""
    for i, (row, other) in enumerate(zip(found, expected)):
        if row != other and (len(row) != len(other) or not all(map(equal, row, other))):
            return f"row {i} is {row}, in SQL {other}"
    if len(found) != len(expected):
        return f"{len(found)} rows, in SQL {len(expected)}"
    return ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rollcall", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("dataset", choices=DATASETS)
    arguments = parser.parse_args()
    data = DATASETS[arguments.dataset]
    path = os.path.join(arguments.data, data.path)
    if not os.path.isfile(path):
        print(f"SKIPPED: no data set {arguments.dataset} in {arguments.data}; set ROLLCALL_DATA_DIR "
              "to the folder that holds it to recount it in SQL")
        return SKIPPED
    asked = questions_of(Recount(data, arguments.data))
    funnels = [{"kind": "funnel", "steps": data.funnel[0], "window": "10000d"}] if data.funnel else []
    with tempfile.TemporaryDirectory() as folder:
        answers = ask(os.path.realpath(arguments.rollcall), folder, data.flags, path,
                      [spec for spec, _ in asked] + funnels)
    failures, cells, kinds = 0, 0, {}
    if data.funnel:
        users = [row[2] for row in rows_of(answers.pop())]
        print(f"{'equal ' if users == data.funnel[1] else 'FAILED'} {len(users):6} cells: a funnel")
        failures += users != data.funnel[1]
    for (spec, expected), answer in zip(asked, answers, strict=True):
        found = rows_of(answer)
        wrong = difference(found, expected)
        compared = sum(map(len, expected))
        print(f"{'FAILED' if wrong else 'equal '} {compared:6} cells: {json.dumps(spec)}")
        if wrong:
            print(f"       {wrong}")
        failures += bool(wrong)
        cells += compared
        kinds[spec["kind"]] = kinds.get(spec["kind"], 0) + compared
    assert all(kinds.get(kind, 0) > 0 for kind in ALL_KINDS), f"nothing was compared: {kinds}"
    print(f"{arguments.dataset}: {len(asked) + len(funnels) - failures} of "
          f"{len(asked) + len(funnels)} answers equal SQL's, or those published, "
          f"{cells} cells")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
