"""Threads, signals, forks, the end of the interpreter, and leaks."""

import concurrent.futures
import copy
import gc
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import rollcall

from support import environment, library, memory_store, run_python, visits


def resident_bytes():
    """How much memory this process has."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Threads(unittest.TestCase):
    def test_many_threads_use_one_store(self):
        columns = visits()
        with memory_store() as store:
            def work(number):
                users = [f"{user} {number}" for user in columns["user"]]
                for _ in range(20):
                    store.ingest({**columns, "user": users})
                    store.active()
                    store.info()
                return number

            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                self.assertEqual(sorted(pool.map(work, range(8))), list(range(8)))
            self.assertEqual(store.info()["event_count"], 8 * 20 * 6)
            self.assertEqual(store.info()["user_count"], 8 * 3)

    def test_a_question_leaves_other_threads_running(self):
        ticks = []
        done = threading.Event()

        def tick():
            while not done.wait(0.001):
                ticks.append(time.monotonic())

        with memory_store() as store:
            store.ingest(visits())
            thread = threading.Thread(target=tick)
            thread.start()
            started = time.monotonic()
            store.query([{"kind": "retention", "periods": 300}] * 1000)
            ended = time.monotonic()
            done.set()
            thread.join()
        during = [at for at in ticks if started < at < ended]
        self.assertGreater(ended - started, 0.01)
        self.assertGreater(len(during), 3)

    def test_closing_waits_for_calls(self):
        store = memory_store()
        store.ingest(visits())
        begun = threading.Event()
        outcome = []

        def ask():
            try:
                while True:
                    outcome.append(len(store.query([{"kind": "retention", "periods": 300}] * 100)))
                    begun.set()
            except rollcall.FailedPrecondition:
                outcome.append("closed")

        thread = threading.Thread(target=ask)
        thread.start()
        begun.wait()
        store.close()
        thread.join()
        self.assertEqual(set(outcome[:-1]), {100})
        self.assertEqual(outcome[-1], "closed")


class OtherProcesses(unittest.TestCase):
    def test_a_forked_child_is_refused_and_the_parent_goes_on(self):
        with tempfile.TemporaryDirectory() as folder:
            store = rollcall.open(os.path.join(folder, "store.db"))
            store.ingest(visits())
            reader, writer = os.pipe()
            child = os.fork()
            if child == 0:
                seen = []
                for call in (store.active, store.info, store.sources, store.close, store.checkpoint,
                             lambda: store.ingest(visits()), lambda: store.forget(["ann"])):
                    try:
                        call()
                        seen.append("nothing")
                    except rollcall.FailedPrecondition as error:
                        seen.append(error.code)
                    except BaseException as error:  # pylint: disable=broad-exception-caught
                        seen.append(repr(error))
                del store
                gc.collect()
                os.write(writer, " ".join(seen).encode())
                os._exit(0)
            os.close(writer)
            with os.fdopen(reader) as answers:
                self.assertEqual(answers.read(), " ".join(["failed_precondition"] * 7))
            self.assertEqual(os.waitpid(child, 0)[1], 0)
            store.ingest({**visits(), "user": ["zoe"] * 6})
            store.close()
            with rollcall.open(os.path.join(folder, "store.db")) as store:
                self.assertEqual(store.info()["event_count"], 12)

    def test_multiprocessing_is_refused(self):
        with memory_store() as store:
            store.ingest(visits())
            queue = multiprocessing.get_context("fork").Queue()

            def ask():
                try:
                    store.active()
                    queue.put("nothing")
                except rollcall.FailedPrecondition as error:
                    queue.put(error.code)

            child = multiprocessing.get_context("fork").Process(target=ask)
            child.start()
            self.assertEqual(queue.get(timeout=30), "failed_precondition")
            child.join(30)
            self.assertEqual(child.exitcode, 0)

    def test_pickling_is_refused_with_a_reason(self):
        with memory_store() as store:
            store.ingest(visits())
            for held, reason in (
                    (store, "a rollcall.Store cannot be pickled or copied, as it belongs to the process that opened it "
                            "(allowed: pass its path, and open it where it is used)"),
                    (store.active(), "a rollcall.Result cannot be pickled, as it belongs to a store of this process "
                                     "(allowed: pickle its to_dicts(), to_arrow() or to_polars())")):
                for call in (pickle.dumps, copy.copy, copy.deepcopy):
                    with self.subTest(held=held, call=call), self.assertRaises(TypeError) as caught:
                        call(held)
                    self.assertEqual(str(caught.exception), reason)

    def test_an_error_can_be_pickled(self):
        with memory_store() as store, self.assertRaises(rollcall.Error) as caught:
            store.drop("alert", "none")
        again = pickle.loads(pickle.dumps(caught.exception))
        self.assertEqual((type(again), str(again)), (rollcall.NotFound, str(caught.exception)))


class Directories(unittest.TestCase):
    def test_a_store_stays_where_it_was_opened(self):
        with tempfile.TemporaryDirectory() as folder:
            done = run_python("""
                import os, sys, rollcall
                os.chdir(sys.argv[1])
                store = rollcall.open("visits.db")
                os.mkdir("other")
                os.chdir("other")
                columns = {"user": ["ann"], "time": ["2026-01-01"]}
                store.ingest(columns, event_name="x", ack="durable")
                print(store.path)
                store.close()
                """, folder)
            self.assertEqual((done.stdout, done.stderr), ("visits.db\n", ""))
            with rollcall.open(os.path.join(folder, "visits.db")) as store:
                self.assertEqual(store.info()["event_count"], 1)


class Signals(unittest.TestCase):
    def test_an_interrupt_ends_a_question(self):
        done = run_python("""
            import os, signal, threading, time, rollcall
            store = rollcall.open(":memory:")
            count = 20000
            store.ingest({"user": [str(n) for n in range(count)] * 10,
                          "time": [f"2026-01-{1 + n // count:02}" for n in range(10 * count)]},
                         event_name="visit")
            threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
            started = time.monotonic()
            try:
                while True:
                    store.query([{"kind": "paths", "event": "visit"}] * 1000)
            except KeyboardInterrupt:
                print("interrupted", time.monotonic() - started < 5)
            print(store.active().column("users")[0])
            """)
        self.assertEqual(done.stdout.split(), ["interrupted", "True", "20000"], done.stderr)

    def test_an_interrupt_ends_an_ingest_and_keeps_what_was_read(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "store.db")
            done = run_python("""
                import os, signal, sys, rollcall

                def interrupt(progress):
                    os.kill(os.getpid(), signal.SIGINT)

                store = rollcall.open(sys.argv[1])
                columns = {"user": ["ann"] * (1 << 20), "time": ["2026-01-01"] * (1 << 20)}
                store.ingest(columns, event_name="x")
                try:
                    store.ingest(columns, event_name="x", progress=interrupt)
                except KeyboardInterrupt:
                    print("interrupted")
                sys.stdout.flush()
                os._exit(0)  # without closing: only what was committed is there
                """, path)
            self.assertEqual(done.stdout.split(), ["interrupted"], done.stderr)
            with rollcall.open(path) as store:
                self.assertGreaterEqual(store.info()["event_count"], 1 << 20)

    def test_an_interrupt_commits_the_batches_of_a_stream(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "store.db")
            done = run_python("""
                import os, signal, sys, threading, time, rollcall
                try:
                    import pyarrow
                except ImportError:
                    sys.exit(77)
                batch = pyarrow.RecordBatch.from_pydict({"user": ["ann"], "time": ["2026-01-01"]})
                given = []

                def batches():
                    while True:
                        given.append(1)
                        yield batch
                        time.sleep(0.02)

                store = rollcall.open(sys.argv[1])
                threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
                try:
                    store.ingest(pyarrow.RecordBatchReader.from_batches(batch.schema, batches()),
                                 event_name="x")
                except KeyboardInterrupt:
                    print(len(given))
                sys.stdout.flush()
                os._exit(0)  # without closing: only what was committed is there
                """, path)
            if done.returncode == 77:
                self.skipTest("there is no pyarrow")
            given = int(done.stdout)
            with rollcall.open(path) as store:
                count = store.info()["event_count"]
            self.assertGreater(count, 3)
            self.assertLessEqual(given - 1, count)  # one may be given after the stop, and not taken

    def test_an_interrupt_ingests_nothing_of_what_counts_as_a_whole(self):
        done = run_python("""
            import os, signal, sys, threading, time, rollcall
            try:
                import pyarrow
            except ImportError:
                sys.exit(77)
            batch = pyarrow.RecordBatch.from_pydict({"user": ["ann"], "time": ["2026-01-01"]})

            def batches():
                while True:
                    yield batch
                    time.sleep(0.02)

            store = rollcall.open(":memory:")
            threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
            try:
                store.ingest(pyarrow.RecordBatchReader.from_batches(batch.schema, batches()),
                             event_name="x", token=("log", "1"), positions={"log": "1"})
            except KeyboardInterrupt:
                print(store.info()["event_count"], store.sources())
            """)
        if done.returncode == 77:
            self.skipTest("there is no pyarrow")
        self.assertEqual(done.stdout.split(), ["0", "{}"], done.stderr)

    def test_an_interrupt_ends_the_reading_of_files(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "store.db")
            fifo = os.path.join(folder, "events.csv")
            os.mkfifo(fifo)
            done = run_python("""
                import os, signal, sys, threading, time, rollcall
                store = rollcall.open(sys.argv[1])

                def write():
                    with open(sys.argv[2], "w") as file:
                        file.write("user,time,event\\nann,2026-01-01,x\\n")
                        file.flush()
                        time.sleep(2.5)
                        os.kill(os.getpid(), signal.SIGINT)
                        time.sleep(10)

                threading.Thread(target=write, daemon=True).start()
                started = time.monotonic()
                try:
                    store.ingest(sys.argv[2], user="user", time="time", event="event")
                except KeyboardInterrupt:
                    print("interrupted", time.monotonic() - started < 8)
                sys.stdout.flush()
                os._exit(0)
                """, path, fifo)
            self.assertEqual(done.stdout.split(), ["interrupted", "True"], done.stderr)
            with rollcall.open(path) as store:
                self.assertEqual(store.info()["event_count"], 1)


class Exit(unittest.TestCase):
    def test_the_end_of_the_interpreter_loses_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "store.db")
            done = run_python("""
                import sys, rollcall
                store = rollcall.open(sys.argv[1])
                store.ingest({"user": ["ann"], "time": ["2026-01-01"]}, event_name="x")
                class Keeps:
                    held = store
                sys.exit(3)
                """, path)
            self.assertEqual((done.returncode, done.stderr), (3, ""))
            with rollcall.open(path) as store:
                self.assertEqual(store.info()["event_count"], 1)

    def test_the_end_does_not_wait_for_a_question_of_a_daemon_thread(self):
        started = time.monotonic()
        done = run_python("""
            import threading, time, rollcall
            store = rollcall.open(":memory:")
            store.ingest({"user": [str(n) for n in range(50000)] * 4,
                          "time": [f"2026-01-{1 + n // 50000:02}" for n in range(200000)]},
                         event_name="visit")
            def ask():
                try:
                    while True:
                        store.query([{"kind": "paths", "event": "visit"}] * 1000)
                except rollcall.Cancelled:
                    pass
            threading.Thread(target=ask, daemon=True).start()
            time.sleep(0.3)
            """, timeout=50)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertLess(time.monotonic() - started, 40)



class CommandLine(unittest.TestCase):
    """`python -m rollcall`, which is the program `rollcall`."""

    def start(self, *arguments, stdin=subprocess.DEVNULL):
        return subprocess.Popen([sys.executable, "-m", "rollcall", *arguments], env=environment(),
                                stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run_program(self, *arguments):
        with self.start(*arguments) as started:
            printed, told = started.communicate(timeout=60)
        return started.returncode, printed, told

    def test_it_is_of_the_version_of_the_package(self):
        self.assertEqual(self.run_program("--version"), (0, f"rollcall {rollcall.__version__}\n", ""))

    def test_it_ends_as_the_program_does(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "store.db")
            with rollcall.open(path) as store:
                store.ingest(visits())
            self.assertEqual(self.run_program("active", "--db", path, "-o", "csv"),
                             (0, "date,users,complete\n2026-01-01,3,true\n2026-01-02,1,true\n2026-01-03,2,true\n", ""))
            self.assertEqual(self.run_program("verify", "--db", folder)[0], 1)
            self.assertEqual(self.run_program("activ", "--db", path)[0], 2)

    def test_it_reads_parquet(self):
        parquet = library(self, "pyarrow.parquet")
        pyarrow = library(self, "pyarrow")
        with tempfile.TemporaryDirectory() as folder:
            path, store = os.path.join(folder, "visits.parquet"), os.path.join(folder, "store.db")
            parquet.write_table(pyarrow.table(visits()), path)
            code, _, told = self.run_program("ingest", "--db", store, path)
            self.assertEqual(code, 0, told)
            self.assertEqual(self.run_program("counts", "--db", store, "-o", "csv", "--period", "month")[1],
                             "date,events,users,value,events_per_user,value_per_user,complete\n"
                             "2026-01-01,6,3,0,,,false\n")
            with open(path, "r+b") as file:
                file.truncate(100)
            code, _, told = self.run_program("ingest", "--db", store, path)
            self.assertEqual(code, 1)
            self.assertIn("visits.parquet: ", told)
            self.assertNotIn("Traceback", told)

    def test_without_a_library_parquet_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "visits.parquet")
            with open(path, "wb") as file:
                file.write(b"PAR1 and more PAR1")
            done = run_python("""
                import os, sys
                for name in ("pyarrow", "pyarrow.parquet", "duckdb"):
                    sys.modules[name] = None
                from rollcall.__main__ import main
                sys.exit(main())
                """, "ingest", "--db", os.path.join(folder, "store.db"), path)
            self.assertEqual((done.returncode, done.stderr), (
                1, f"rollcall: {path}: Parquet files need pyarrow or DuckDB: pip install pyarrow (or give what another "
                   "library reads of them: polars.scan_parquet(...).collect())\n"))

    def test_an_interrupt_commits_what_was_read(self):
        with tempfile.TemporaryDirectory() as folder:
            fifo, path = os.path.join(folder, "events.csv"), os.path.join(folder, "store.db")
            os.mkfifo(fifo)
            with self.start("ingest", "--db", path, fifo) as started:
                with open(fifo, "w", encoding="ascii") as file:
                    file.write("user,time,event\nann,2026-01-01,visit\n")
                    file.flush()
                    while not os.path.exists(path):
                        time.sleep(0.01)
                    time.sleep(0.5)
                    started.send_signal(signal.SIGINT)
                    self.assertEqual(started.wait(timeout=60), 130)
                started.communicate()
            with rollcall.open(path) as store:
                self.assertEqual(store.info()["event_count"], 1)

    def test_an_interrupt_ends_what_has_nothing_to_commit(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "store.db")
            rollcall.open(path).close()
            with self.start("query", "--db", path, "-", stdin=subprocess.PIPE) as started:
                time.sleep(2)  # it waits for the question by now, or Python still begins
                started.send_signal(signal.SIGINT)
                self.assertIn(started.wait(timeout=60), (-signal.SIGINT, 130))
                started.communicate()


class Leaks(unittest.TestCase):
    def test_opens_and_ingests_leave_nothing_behind(self):
        columns = {name: values * 100 for name, values in visits().items()}

        def work(times):
            for _ in range(times):
                with memory_store(partition_count=1) as store:
                    store.ingest(columns)
                    store.retention().to_dicts()
                    try:
                        store.active(event="none")
                    except rollcall.Error:
                        pass
            gc.collect()

        def stores():
            return sum(isinstance(held, rollcall.Store) for held in gc.get_objects())

        held_elsewhere = stores()  # such as by tests that were skipped
        work(30)
        before = resident_bytes()
        work(int(os.environ.get("ROLLCALL_PYTHON_OPENS", "150")))
        grown = resident_bytes() - before
        self.assertLess(grown, 32 << 20)
        self.assertLessEqual(stores(), held_elsewhere)


if __name__ == "__main__":
    unittest.main()
