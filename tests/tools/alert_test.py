#!/usr/bin/env python3
"""Alerts as people run them: webhooks to a server on this machine, commands, --watch, beside an ingest.

    alert_test.py --rollcall PROGRAM
"""

import argparse
import hashlib
import hmac
import http.server
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

PROGRAM = None
SECRET = "s3cr3t-of-the-test"
SOON_S = 30


class Server(http.server.ThreadingHTTPServer):
    """Answers as its `mode` says, and keeps what it was sent."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.mode = "ok"
        self.requests = []
        self.released = threading.Event()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def url(self, path="/hook"):
        return f"http://127.0.0.1:{self.server_address[1]}{path}"

    def end(self):
        self.released.set()
        self.shutdown()
        self.server_close()


class TlsServer(Server):
    """The same with a certificate, whose handshakes it keeps: "shaken", or why they failed."""

    def __init__(self, certificate, key):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        # Before 1.3, what the client thinks of the certificate is part of the handshake.
        self.context.maximum_version = ssl.TLSVersion.TLSv1_2
        self.handshakes = []
        super().__init__()

    def url(self, path="/hook"):
        return f"https://localhost:{self.server_address[1]}{path}"

    def get_request(self):
        plain, address = super().get_request()
        try:
            connection = self.context.wrap_socket(plain, server_side=True)
        except OSError as error:
            self.handshakes.append(getattr(error, "reason", str(error)))
            plain.close()
            raise
        self.handshakes.append("shaken")
        return connection, address


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):  # pylint: disable=invalid-name
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((self.path, dict(self.headers), body))
        mode = self.server.mode
        if mode == "fail twice" and len(self.server.requests) > 2:
            mode = "ok"
        if mode == "stall":
            self.server.released.wait(120)
            return
        if mode == "redirect":
            self.send_response(307)
            self.send_header("Location", self.server.url("/elsewhere"))
            self.end_headers()
            return
        self.send_response(200 if mode in ("ok", "for ever") else 500)
        self.end_headers()
        try:
            while mode == "for ever" and not self.server.released.is_set():
                self.wfile.write(b"x" * 4096)
        except OSError:
            pass  # the client has had enough

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


class Alerts(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = self.temporary.name
        self.server = Server()
        self.environment = dict(os.environ, ALERT_KEY=SECRET)
        self.environment.pop("ROLLCALL_DB", None)
        self.ingest([("2026-01-01", 9), ("2026-01-02", 9)])

    def tearDown(self):
        self.server.end()
        self.temporary.cleanup()

    def path(self, name):
        return os.path.join(self.folder, name)

    def run_program(self, *arguments, code=0, **variables):
        done = subprocess.run([PROGRAM, *arguments], cwd=self.folder, env={**self.environment, **variables},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                              timeout=100)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def ingest(self, days):
        with open(self.path("e.csv"), "w", encoding="utf-8") as file:
            file.write("user,event,time\n")
            for day, users in days:
                for user in range(users):
                    file.write(f"u{user},login,{day}\n")
        self.run_program("ingest", "--db", "e.db", "e.csv")

    def create(self, name="low", notify=None, **fields):
        definition = {"query": {"kind": "active"}, "column": "users", "condition": {"below": 5},
                      "notify": notify or [], **fields}
        with open(self.path("a.json"), "w", encoding="utf-8") as file:
            json.dump(definition, file)
        self.run_program("alert", "create", "--db", "e.db", "--replace", name, "a.json")

    def webhook(self):
        return {"webhook": {"url": self.server.url(), "secret_env": "ALERT_KEY"}}

    def wait_for(self, is_so):
        end = time.monotonic() + SOON_S
        while not is_so() and time.monotonic() < end:
            time.sleep(0.02)
        self.assertTrue(is_so())

    def test_each_change_is_posted_once_and_signed(self):
        self.create(notify=self.webhook(), severity="high")
        self.run_program("alert", "check", "--db", "e.db")
        self.assertEqual(self.server.requests, [])
        self.ingest([("2026-01-03", 2)])
        self.run_program("alert", "check", "--db", "e.db", code=3)
        self.run_program("alert", "check", "--db", "e.db", code=3)
        self.ingest([("2026-01-04", 9)])
        self.run_program("alert", "check", "--db", "e.db")
        self.assertEqual(len(self.server.requests), 2)
        for path, headers, body in self.server.requests:
            self.assertEqual(path, "/hook")
            signed = headers["Rollcall-Timestamp"].encode() + b"." + body
            digest = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
            self.assertEqual(headers["Rollcall-Signature"], "v1=" + digest)
            self.assertLess(abs(int(headers["Rollcall-Timestamp"]) - time.time()), 120)
        fired, cleared = (json.loads(body) for _, _, body in self.server.requests)
        self.assertRegex(fired.pop("at"), r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual(fired, {
            "event": "change", "alert": "low", "severity": "high", "series": {}, "from": "ok",
            "to": "firing", "date": "2026-01-03", "column": "users", "value": 2, "reference": None,
            "users": 2, "condition": "below 5"})
        self.assertEqual((cleared["from"], cleared["to"], cleared["value"]), ("firing", "ok", 9))
        ids = [headers["Rollcall-Delivery"] for _, headers, _ in self.server.requests]
        self.assertNotEqual(*ids)

    def test_a_server_that_fails_is_tried_again(self):
        self.create(notify=self.webhook())
        self.ingest([("2026-01-03", 2)])
        self.server.mode = "fail twice"
        self.run_program("alert", "check", "--db", "e.db", code=3)
        self.assertEqual(len({headers["Rollcall-Delivery"] for _, headers, _ in self.server.requests}), 1)
        self.assertEqual(len(self.server.requests), 3)

    def test_what_does_not_arrive_waits_for_the_next_check(self):
        self.create(notify=self.webhook())
        self.ingest([("2026-01-03", 2)])
        self.server.mode = "redirect"
        self.run_program("alert", "check", "--db", "e.db", code=1)
        self.assertEqual({path for path, _, _ in self.server.requests}, {"/hook"})
        tried = len(self.server.requests)
        self.server.mode = "for ever"
        # The pause after the last try is 4 s.
        time.sleep(4.5)
        self.run_program("alert", "check", "--db", "e.db", code=3)
        self.assertEqual(len(self.server.requests), tried + 1)
        self.assertEqual(len({headers["Rollcall-Delivery"] for _, headers, _ in self.server.requests}), 1)

    def test_the_key_is_nowhere(self):
        self.create(notify=self.webhook())
        self.ingest([("2026-01-03", 2)])
        self.server.mode = "fail"
        printed = []
        for arguments, code in [(("alert", "check", "--db", "e.db"), 1), (("alert", "test", "--db", "e.db", "low"), 1),
                                (("alert", "show", "--db", "e.db", "low"), 0), (("alert", "list", "--db", "e.db"), 0),
                                (("alert", "list", "--db", "e.db", "-o", "json"), 0),
                                (("saved", "export", "--db", "e.db"), 0), (("saved", "list", "--db", "e.db"), 0),
                                (("alert", "history", "--db", "e.db", "low"), 0),
                                (("backup", "--db", "e.db", "--to", "b.db"), 0)]:
            done = self.run_program(*arguments, code=code)
            printed.append(done.stdout + done.stderr)
        self.assertTrue(any("ALERT_KEY" in text for text in printed))
        self.assertNotIn(SECRET, "".join(printed))
        for store in ("e.db", "b.db"):
            for folder, _, names in os.walk(self.path(store)):
                for name in names:
                    with open(os.path.join(folder, name), "rb") as file:
                        self.assertNotIn(SECRET.encode(), file.read(), name)

    def test_a_server_that_nobody_vouches_for_gets_nothing(self):
        openssl = shutil.which("openssl")
        if openssl is None:
            self.skipTest("there is no openssl to make a certificate with")
        for name in ("localhost", "example.org"):
            with self.subTest(name=name):
                certificate, key = self.path(f"{name}.pem"), self.path(f"{name}.key")
                subprocess.run([openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                                "-nodes", "-days", "2", "-subj", f"/CN={name}", "-addext",
                                f"subjectAltName=DNS:{name}", "-keyout", key, "-out", certificate],
                               check=True, capture_output=True)
                server = TlsServer(certificate, key)
                try:
                    # It speaks to whoever trusts it.
                    trusting = ssl.create_default_context(cafile=certificate)
                    with socket.create_connection(("localhost", server.server_address[1])) as plain:
                        trusting.wrap_socket(plain, server_hostname=name).close()
                    self.wait_for(lambda server=server: server.handshakes == ["shaken"])
                    self.create(notify={"webhook": {"url": server.url(), "secret_env": "ALERT_KEY"}})
                    self.run_program("alert", "test", "--db", "e.db", "low", code=1)
                    self.wait_for(lambda server=server: len(server.handshakes) == 2)
                    self.assertEqual(server.handshakes[1:], ["TLSV1_ALERT_UNKNOWN_CA"])
                    self.assertEqual(server.requests, [])
                finally:
                    server.end()

    def test_webhooks_alone_need_libcurl(self):
        self.create(notify=self.webhook())
        os.mkdir(self.path("broken"))
        for name in ("libcurl.so.4", "libcrypto.so.3"):
            with self.subTest(name=name):
                with open(self.path(f"broken/{name}"), "wb") as file:
                    file.write(b"no library")
                done = self.run_program("alert", "test", "--db", "e.db", "low", code=1,
                                        LD_LIBRARY_PATH=self.path("broken"))
                self.assertEqual(done.stdout, f"webhook 1: failed, webhooks need {name}, which cannot be loaded: "
                                 f"{self.path('broken')}/{name}: file too short (on Debian and Ubuntu, apt-get install "
                                 "libcurl4 installs what is needed)\n")
                os.remove(self.path(f"broken/{name}"))
        self.assertEqual(self.server.requests, [])
        self.run_program("alert", "test", "--db", "e.db", "low")
        self.assertEqual(len(self.server.requests), 1)

    def test_commands_run_only_where_they_may(self):
        program = "/usr/bin/touch"
        self.create(notify={"command": [program, self.path("ran; echo $HOME")]})
        self.ingest([("2026-01-03", 2)])
        self.run_program("alert", "check", "--db", "e.db", code=3)
        self.run_program("alert", "test", "--db", "e.db", "low", code=1)
        self.assertFalse(os.path.exists(self.path("ran; echo $HOME")))
        # It has waited for a check that may run it.
        self.run_program("alert", "check", "--db", "e.db", "--allow-commands", code=3)
        self.assertTrue(os.path.exists(self.path("ran; echo $HOME")))

    def test_a_failing_question_is_notified_once(self):
        self.run_program("segment", "save", "--db", "e.db", "all", "did(login)")
        self.create(notify=self.webhook(), query={"kind": "active", "among": "segment(all)"})
        self.ingest([("2026-01-03", 2)])
        self.run_program("alert", "check", "--db", "e.db", code=3)
        self.run_program("segment", "drop", "--db", "e.db", "all")
        for _ in range(3):
            done = self.run_program("alert", "check", "--db", "e.db", "-o", "json", code=1)
            self.assertEqual(json.loads(done.stdout)[0]["states"][0]["state"], "firing")
        bodies = [json.loads(body) for _, _, body in self.server.requests]
        self.assertEqual([body["event"] for body in bodies], ["change", "question_failed"])
        self.assertEqual(bodies[1]["error"], "invalid argument")
        done = self.run_program("alert", "breaker", "--db", "e.db", "low")
        self.assertEqual(done.stdout, "open\n")
        self.assertNotEqual(done.stderr, "")

    def test_all_works_beside_a_writer(self):
        self.create(notify=self.webhook())
        self.ingest([("2026-01-03", 2)])
        writer = subprocess.Popen([PROGRAM, "ingest", "--db", "e.db", "--user", "user", "--event", "event",
                                   "--time", "time", "--format", "csv", "-"],
                                  cwd=self.folder, env=self.environment, stdin=subprocess.PIPE,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            writer.stdin.write(b"user,event,time\nu1,login,2026-01-03\n")
            writer.stdin.flush()

            def is_locked():
                with open(self.path("e.db/LOCK"), encoding="utf-8") as file:
                    return str(writer.pid) in file.read()

            self.wait_for(is_locked)
            self.run_program("alert", "check", "--db", "e.db", code=3)
            self.assertEqual(self.run_program("alert", "breaker", "--db", "e.db", "low").stdout, "open\n")
            self.run_program("alert", "disable", "--db", "e.db", "low")
            self.run_program("alert", "enable", "--db", "e.db", "low")
            self.run_program("active", "--db", "e.db")
            # A definition is a commit, which is the writer's.
            self.run_program("alert", "drop", "--db", "e.db", "low", code=1)
            self.assertTrue(is_locked())
        finally:
            writer.communicate()
        self.assertEqual(len(self.server.requests), 1)

    def watch(self, *arguments):
        return subprocess.Popen([PROGRAM, "alert", "check", "--db", "e.db", "--watch", "50ms", *arguments],
                                cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def history(self, name="low"):
        return json.loads(self.run_program("alert", "history", "--db", "e.db", name, "-o", "json").stdout)

    def test_a_watch_goes_on_although_a_server_stalls_and_ends_on_a_signal(self):
        self.server.mode = "stall"
        self.create(notify=self.webhook())
        for stop in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(stop=stop):
                process = self.watch()
                try:
                    before = len(self.history())
                    day = 3 + 2 * before
                    self.ingest([(f"2026-01-{day:02}", 2)])
                    self.wait_for(lambda: self.server.requests)
                    # The notification hangs, and the next change is seen all the same.
                    self.wait_for(lambda: len(self.history()) > before)
                    self.ingest([(f"2026-01-{day + 1:02}", 9)])
                    self.wait_for(lambda: len(self.history()) > before + 1)
                    process.send_signal(stop)
                    out, error = process.communicate(timeout=SOON_S)
                    self.assertEqual((process.returncode, error), (0, ""))
                    self.assertEqual([line.split("  ")[3] for line in out.splitlines()][-2:],
                                     ["ok -> firing", "firing -> ok"])
                finally:
                    process.kill()
                    process.wait()

    def test_a_watch_says_once_that_it_cannot_read(self):
        self.create()
        process = self.watch()
        try:
            os.rename(self.path("e.db"), self.path("away.db"))
            first = process.stderr.readline()
            self.assertTrue(first.startswith("rollcall: "))
            time.sleep(0.5)
            os.rename(self.path("away.db"), self.path("e.db"))
            self.ingest([("2026-01-03", 2)])
            self.wait_for(self.history)
            process.send_signal(signal.SIGTERM)
            _, error = process.communicate(timeout=SOON_S)
            # While the store was moved, the text may have been another one for a moment.
            self.assertLessEqual(len(error.splitlines()), 1)
            self.assertEqual(process.returncode, 0)
        finally:
            process.kill()
            process.wait()

    def test_kills_lose_and_repeat_no_change(self):
        self.create(notify=self.webhook())
        days = []
        for day in range(3, 11):
            process = self.watch()
            self.ingest([(f"2026-01-{day:02}", 2 if day % 2 else 9)])
            days.append(f"2026-01-{day:02}")
            time.sleep(0.02 * (day % 5))
            process.kill()
            process.communicate()
        self.run_program("alert", "check", "--db", "e.db")
        self.assertEqual([change["date"] for change in self.history()], days)
        self.run_program("verify", "--db", "e.db")

    def test_two_watches_beside_an_ingest_judge_and_notify_once(self):
        self.create(notify=self.webhook())
        watches = [self.watch(), self.watch()]
        try:
            days = [f"2026-01-{day:02}" for day in range(3, 9)]
            for i, day in enumerate(days):
                self.ingest([(day, 9 if i % 2 else 2)])
            self.wait_for(lambda: len(self.history()) == len(days))
            self.wait_for(lambda: len(self.server.requests) == len(days))
        finally:
            for process in watches:
                process.send_signal(signal.SIGTERM)
            said = [process.communicate(timeout=SOON_S) for process in watches]
        self.assertEqual([(process.returncode, error) for process, (_, error) in zip(watches, said)],
                         [(0, "")] * 2)
        self.assertEqual([change["date"] for change in self.history()], days)
        # Each change was printed by the one that judged it, and sent by one, in their order.
        printed = [line.split("  ")[4] for out, _ in said for line in out.splitlines()]
        self.assertEqual(sorted(printed), days)
        self.assertEqual([json.loads(body)["date"] for _, _, body in self.server.requests], days)
        self.run_program("verify", "--db", "e.db")

    def test_two_checkers_judge_and_notify_once(self):
        self.create(notify=self.webhook())
        self.ingest([("2026-01-03", 2), ("2026-01-04", 9), ("2026-01-05", 2)])
        processes = [subprocess.Popen([PROGRAM, "alert", "check", "--db", "e.db"], cwd=self.folder,
                                      env=self.environment, stdout=subprocess.DEVNULL) for _ in range(4)]
        self.assertEqual({process.wait() for process in processes}, {3})
        self.run_program("alert", "check", "--db", "e.db", code=3)
        self.assertEqual([change["date"] for change in self.history()],
                         ["2026-01-03", "2026-01-04", "2026-01-05"])
        ids = [headers["Rollcall-Delivery"] for _, headers, _ in self.server.requests]
        self.assertEqual(len(ids), 3)
        self.assertEqual(len(set(ids)), 3)


def main():
    global PROGRAM  # pylint: disable=global-statement
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rollcall", required=True, help="the program under test")
    arguments, rest = parser.parse_known_args()
    PROGRAM = os.path.abspath(arguments.rollcall)
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
