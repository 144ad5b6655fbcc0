#!/usr/bin/env python3
"""Facts about real data sets, stated by those who published them or computed by other means, asked of
the program. Exit code 77 (skipped) when a data set is not there.

    real_data_test.py --rollcall PROGRAM --data DIR DATASET
"""

import argparse
import csv
import gzip
import json
import os
import subprocess
import sys
import tempfile

SKIPPED = 77


class Store:
    """Holds a store made from one file, and asks it questions."""

    def __init__(self, program, folder, flags, path):
        self.program = program
        self.db = os.path.join(folder, "store")
        self.report = json.loads(self.run("ingest", "-o", "json", *flags, path))
        self.flags, self.path = flags, path
        self.folder = os.path.dirname(path)

    def run(self, command, *arguments):
        done = subprocess.run([self.program, command, "--db", self.db, *arguments],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise AssertionError(f"rollcall {command} {' '.join(arguments)}: {done.stderr}")
        return done.stdout

    def ingest_again(self):
        return json.loads(self.run("ingest", "-o", "json", *self.flags, self.path))

    def ask(self, kind, *arguments):
        answer = json.loads(self.run(kind, "-o", "json", *arguments))
        names = [column["name"] for column in answer["columns"]]
        return [dict(zip(names, row)) for row in answer["rows"]]

    def info(self):
        return json.loads(self.run("info", "-o", "json"))

    def cohort(self, first_day, *arguments):
        """Returns users of one cohort by period."""
        return [row["users"] for row in self.ask("retention", *arguments)
                if row["cohort"] == first_day]

    def days(self, *arguments):
        """Returns (user-days, the busiest day, its users)."""
        rows = self.ask("active", *arguments)
        peak = max(rows, key=lambda row: row["users"])
        return sum(row["users"] for row in rows), peak["date"], peak["users"]


class Checker:
    def __init__(self, data):
        self.data = data
        self.failures = 0
        self.facts = 0

    def equal(self, fact, found, expected):
        self.facts += 1
        if found != expected:
            self.failures += 1
            print(f"FAILED {fact}: found {found}, expected {expected}")


def online_retail(store_of, check):
    path = "online_retail/online_retail.csv.gz"
    store = store_of(path, "--timezone", "Europe/London", "--user", "CustomerID", "--time", "InvoiceDate",
                     "--event-name", "purchase", "--dimension", "Country", "--value", "UnitPrice")
    check.equal("rows read", store.report["rows_read"], 541909)
    check.equal("rows with CustomerID", store.report["rows_ingested"], 406829)
    check.equal("rows without CustomerID", store.report["rows_rejected"], 135080)
    check.equal("customers", store.info()["users"], 4372)
    check.equal("cohort 2010-12", store.cohort("2010-12-01", "--period", "month"),
                [948, 362, 317, 367, 341, 376, 360, 336, 336, 374, 354, 474, 260])
    wide = store.run("retention", "--period", "month", "--shape", "wide", "-o", "csv").splitlines()
    row = next(line for line in wide if line.startswith("2010-12-01"))
    check.equal("cohort 2010-12, wide", row,
                "2010-12-01,948,948,362,317,367,341,376,360,336,336,374,354,474,260,12")
    check.equal("month +1 in per cent",
                [round(row["rate"] * 100, 1) for row in store.ask("retention", "--period", "month")
                 if row["cohort"] == "2010-12-01" and row["period"] == 1], [38.2])
    check.equal("user-days and peak day", store.days(), (19296, "2011-10-06", 154))
    days = [row for row in store.ask("active", "--period", "day") if row["users"] > 0]
    check.equal("days with a known customer's sale", len(days), store.info()["days"])
    idle = store.ask("idle", "--edges", "0,1,7")
    check.equal("everybody is idle for some time", sum(row["users"] for row in idle), 4372)
    churn = store.ask("churn", "--rule-period", "month")
    first = next(row for row in churn if row["date"] == "2010-12-01")
    check.equal("base, retained, churned of 2010-12",
                (first["base"], first["retained"], first["churned"]), (948, 362, 586))
    again = store.ingest_again()
    check.equal("rows ingested again", again["rows_ingested"], 0)
    check.equal("the file is known", again["files"][0]["outcome"], "known")
    check.equal("faults", "faults" in store.run("verify"), True)


def cdnow(store_of, check):
    path = "cdnow/CDNOW_master.txt.gz"
    store = store_of(path, "--format", "csv", "--delimiter", "space", "--columns",
                     "user,date,cds,dollars", "--header", "--user", "user", "--time", "date",
                     "--time-format", "%Y%m%d", "--event-name", "purchase", "--value", "dollars")
    check.equal("purchases", store.report["rows_ingested"], 69659)
    check.equal("nothing is rejected", store.report["rows_rejected"], 0)
    check.equal("customers", store.info()["users"], 23570)
    check.equal("user-days and peak day", store.days(), (67591, "1997-02-24", 490))
    for first_day, users in {"1997-01-01": [7846, 1157, 964, 810],
                             "1997-02-01": [8476, 1312, 980, 783],
                             "1997-03-01": [7248, 1032, 752, 756]}.items():
        cohort = store.cohort(first_day, "--period", "month", "--periods", "3")
        check.equal(f"cohort {first_day}", cohort, users)

    sample = store_of("cdnow/CDNOW_sample.txt.gz", "--delimiter", "space", "--columns",
                      "master,user,date,cds,dollars", "--user", "user", "--time", "date",
                      "--time-format", "%Y%m%d", "--event-name", "purchase", "--value", "dollars")
    check.equal("sample: purchases", sample.report["rows_ingested"], 6919)
    check.equal("sample: customers", sample.info()["users"], 2357)
    customers = sample.ask("rfm_users", "--as-of", "1997-09-30")
    with gzip.open(os.path.join(sample.folder, "CDNOW_sample_summary.csv.gz"), "rt",
                   encoding="utf-8") as file:
        published = list(csv.DictReader(file))
    check.equal("sample: customers of the summary", len(customers), len(published))
    # Both are in the order of ids; the summary counts in weeks of two decimals.
    for row, known in zip(customers, published):
        mean = row["mean_repeat"] or 0
        check.equal(f"sample: summary of customer {known['ID']}",
                    [row["x"], f"{row['t_x'] / 7:.2f}", f"{row['T'] / 7:.2f}",
                     abs(mean - float(known["zbar"])) < 0.0101],
                    [int(known["x"]), known["t_x"], known["T"], True])


def college_msg(store_of, check):
    path = "college_msg/CollegeMsg.txt.gz"
    flags = ["--delimiter", "space", "--user", "src", "--time", "time", "--event-name", "message"]
    store = store_of(path, *flags)
    check.equal("messages", store.report["rows_ingested"], 59835)
    check.equal("senders", store.info()["users"], 1350)
    check.equal("user-days and peak day", store.days(), (14649, "2004-05-27", 386))
    for mode, expected in {"on": {1: (1349, 590), 7: (1346, 354), 30: (1330, 144)},
                           "on_or_after": {1: (1349, 1103), 7: (1346, 963), 30: (1330, 640)}}.items():
        # The facts take the last day, of which the data hold the morning, for a whole one.
        rows = store.ask("retention", "--mode", mode, "--periods", "30", "--as-of", "2004-10-26")
        pooled = {row["period"]: (row["size"], row["users"]) for row in rows if row["cohort"] is None}
        for period, counts in expected.items():
            check.equal(f"D{period} {mode}: eligible and retained", pooled[period], counts)
    for first_day, users in {"2004-04-01": [313, 262, 179, 90, 76, 63, 36],
                             "2004-05-01": [776, 400, 172, 135, 106, 70]}.items():
        cohort = store.cohort(first_day, "--period", "month", "--periods", str(len(users) - 1))
        check.equal(f"cohort {first_day}", cohort, users)
    local = store_of(path, *flags, "--timezone", "America/Los_Angeles")
    check.equal("local days are other days", local.days()[0] == 14649, False)
    check.equal("local senders are the same", local.info()["users"], 1350)


def retentioneering_ecom(store_of, check):
    store = store_of("retentioneering_ecom/ecom.csv.gz", "--dimension", "platform",
                     "--dimension", "acquisition_channel")
    check.equal("events", store.report["rows_ingested"], 31106)
    check.equal("users", store.info()["users"], 600)
    user_days, day, users = store.days()
    check.equal("user-days (a session never spans two days here)", user_days, 3605)
    check.equal("peak day", (day, users), ("2024-06-18", 46))
    names = {event["name"]: event["events"] for event in store.info()["event_names"]}
    check.equal("counts by event", (len(names), names["product_view"], names["checkout_bug"]),
                (19, 6851, 44))
    buyers = store.ask("active", "--event", "purchase", "--period", "quarter")
    idle = store.ask("idle", "--event", "purchase")
    check.equal("users with a purchase", sum(row["users"] for row in idle), 328)
    check.equal("every quarter has buyers", all(row["users"] > 0 for row in buyers), True)
    for first_day, users in {"2024-01-01": [63, 45, 38, 43, 39, 32],
                             "2024-02-01": [124, 90, 93, 81, 77],
                             "2024-03-01": [181, 150, 138, 141], "2024-04-01": [167, 148, 151],
                             "2024-05-01": [62, 58], "2024-06-01": [3]}.items():
        check.equal(f"cohort {first_day}", store.cohort(first_day, "--period", "month"), users)


def cookie_cats(store_of, check):
    """The data have marks of players; each that is set becomes an event of that day."""
    gates = ("gate_30", "gate_40")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "events.csv")
        players = os.path.join(check.data, "cookie_cats", "cookie_cats.csv.gz")
        with gzip.open(players, "rt") as marks, open(path, "w", encoding="utf-8") as events:
            events.write("user,event,time,version\n")
            for row in csv.DictReader(marks):
                user = row["userid"]
                events.write(f"{user},install,2020-01-01,{row['test_version']}\n")
                for mark, day in (("retention_1", "2020-01-02"), ("retention_7", "2020-01-08")):
                    if row[mark] == "True":
                        events.write(f"{user},play,{day},\n")
        store = store_of(path, "--dimension", "version")

    def ask(metric, *flags):
        rows = store.ask("compare", metric, *flags, "--as-of", "2020-01-31")
        return {row["variant"]: row for row in rows}

    by_exposure = ("--exposure", "install", "--variant", "version")
    first, week = ask("retention_day:1", *by_exposure), ask("retention_day:7", *by_exposure)
    check.equal("players", [first[gate]["users"] for gate in gates], [44700, 45489])
    check.equal("day 1 in per cent", [round(100 * first[gate]["rate"], 2) for gate in gates],
                [44.82, 44.23])
    check.equal("day 7 in per cent", [round(100 * week[gate]["rate"], 2) for gate in gates],
                [19.02, 18.2])
    tested = first["gate_40"]
    check.equal("z of day 1 and its p", (round(tested["statistic"], 3), round(tested["p"], 4)),
                (-1.784, 0.0744))
    tested = week["gate_40"]
    check.equal("z of day 7 and its p", (round(tested["statistic"], 3), round(tested["p"], 5)),
                (-3.164, 0.00155))
    check.equal("difference on day 7 in points",
                [round(100 * tested[name], 2) for name in ("difference", "low", "high")],
                [-0.82, -1.33, -0.31])
    check.equal("the control is compared with nothing", week["gate_30"]["p"], None)
    ratio = week["sample_ratio"]
    check.equal("sample ratio", (round(ratio["statistic"], 2), round(ratio["p"], 4)), (6.9, 0.0086))
    # The day after is day 0 of segments as they stood before it.
    segments = ask("retention_day:6", "--from", "2020-01-02", "--variants",
                   "gate_30=did(install[version=gate_30])", "--variants",
                   "gate_40=did(install[version=gate_40])")
    check.equal("the same by segments", segments, week)


DATASETS = {"online_retail": online_retail, "cdnow": cdnow, "college_msg": college_msg,
            "retentioneering_ecom": retentioneering_ecom, "cookie_cats": cookie_cats}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rollcall", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("dataset", choices=DATASETS)
    arguments = parser.parse_args()
    if not os.path.isdir(os.path.join(arguments.data, arguments.dataset)):
        print(f"SKIPPED: no data set {arguments.dataset} in {arguments.data}; set ROLLCALL_DATA_DIR "
              "to the folder that holds it to check the facts published about it")
        return SKIPPED
    check = Checker(arguments.data)
    with tempfile.TemporaryDirectory() as folder:
        count = 0

        def store_of(path, *flags):
            nonlocal count
            count += 1
            place = os.path.join(folder, str(count))
            os.mkdir(place)
            return Store(os.path.realpath(arguments.rollcall), place, list(flags),
                         os.path.join(arguments.data, path))

        DATASETS[arguments.dataset](store_of, check)
    print(f"{arguments.dataset}: {check.facts - check.failures} of {check.facts} facts hold")
    return 1 if check.failures else 0


if __name__ == "__main__":
    sys.exit(main())
