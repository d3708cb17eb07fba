"""The rig of the end-to-end tests: runs the binary under test and servers of our own on free loopback ports.

SQUALL (environment) is the path of the binary. SQUALL_SANITIZED=1 says that it is slow: counts stay exact, speed is
not judged. A test module ends with rig.main(); it exits with 77 when its distribution packages are missing.
"""
import json
import os
import re
import resource
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path

SQUALL = os.environ.get("SQUALL", "")
SANITIZED = os.environ.get("SQUALL_SANITIZED") == "1"
ROOT = Path(__file__).resolve().parent.parent.parent
SKIPPED = 77
PATIENCE = 3 if SANITIZED else 1


def main():
    if not os.access(SQUALL, os.X_OK):
        sys.exit("SQUALL must be the path of the binary under test")
    program = unittest.main(exit=False, verbosity=2)
    result = program.result
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(SKIPPED if result.testsRun and len(result.skipped) == result.testsRun else 0)


def find(program):
    """Its path, or None when it is not installed."""
    return shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin")


def need(*programs):
    """Leaves with 77 when one of the programs is not installed."""
    for program in programs:
        if find(program) is None:
            print(f"skipped: {program} is not installed")
            sys.exit(SKIPPED)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for_port(port, seconds=10.0):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(f"nothing listens on 127.0.0.1:{port} after {seconds} s")


class Run:
    """One finished run of the binary."""

    def __init__(self, arguments, code, out, err, seconds, result):
        self.arguments, self.code, self.out, self.err = arguments, code, out, err
        self.seconds, self.result = seconds, result

    def __str__(self):
        return (f"squall {' '.join(self.arguments)}: exit {self.code} after {self.seconds:.2f} s\n"
                f"--- stdout\n{self.out[-3000:]}\n--- stderr\n{self.err[-3000:]}")

    def count_of(self, method, name):
        for row in self.result["requests"]:
            if (row["method"], row["name"]) == (method, name):
                return row["count"]
        return 0

    def failures(self):
        """class -> count"""
        sums = {}
        for row in self.result["failures"]:
            sums[row["class"]] = sums.get(row["class"], 0) + row["count"]
        return sums


class Running:
    """The binary while it runs; `wait` makes a Run of it."""

    def __init__(self, *arguments, environment=None, before=None):
        self.arguments = [str(a) for a in arguments]
        self._folder = tempfile.TemporaryDirectory()
        os.chmod(self._folder.name, 0o777)      # some tests run the binary as another user
        self._json = Path(self._folder.name, "run.json")
        self._out = open(Path(self._folder.name, "out"), "w+b")
        self._err = open(Path(self._folder.name, "err"), "w+b")
        command = [SQUALL, *self.arguments, "-o", str(self._json)]
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self._out, stderr=self._err,
            env={**os.environ, **(environment or {})}, preexec_fn=before)

    def peak_rss_kib(self):
        """Highest resident size so far, None when it has gone."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        except (FileNotFoundError, ProcessLookupError):
            return None
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        return int(found[1]) if found else None

    def _text(self, file):
        file.seek(0)
        return file.read().decode("utf-8", "replace")

    def wait(self, timeout=60.0):
        hung = False
        try:
            self.process.wait(timeout * PATIENCE)
        except subprocess.TimeoutExpired:
            hung = True
            self.process.kill()
            self.process.wait()
        seconds = time.monotonic() - self.began
        result = json.loads(self._json.read_text("utf-8")) if self._json.exists() else None
        run = Run(self.arguments, self.process.returncode, self._text(self._out),
                  self._text(self._err), seconds, result)
        self._out.close()
        self._err.close()
        self._folder.cleanup()
        if hung:
            raise AssertionError(f"hung and was killed: {run}")
        if run.code < 0 or "Sanitizer" in run.err or "runtime error:" in run.err:
            raise AssertionError(f"crashed: {run}")
        return run


def squall(*arguments, timeout=60.0, environment=None, before=None):
    return Running(*arguments, environment=environment, before=before).wait(timeout)


def call(*arguments, environment=None, before=None, timeout=30):
    """The binary with both outputs on pipes, no options added: (exit code, stdout, stderr)."""
    done = subprocess.run([SQUALL, *map(str, arguments)], stdin=subprocess.DEVNULL, check=False,
                          capture_output=True, timeout=timeout * PATIENCE, preexec_fn=before,
                          env={**os.environ, **(environment or {})})
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class Server:
    """A child process that serves; stopped with its context."""

    def __init__(self, command, **options):
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


class Target(Server):
    """squall's own server with known answers."""

    def __init__(self, *arguments, before=None):
        super().__init__([SQUALL, "target", "--listen", "127.0.0.1:0", "-q", *arguments],
                         stdout=subprocess.PIPE, preexec_fn=before)
        readable, _, _ = select.select([self.process.stdout], [], [], 10 * PATIENCE)
        line = self.process.stdout.readline().decode() if readable else ""
        found = re.match(r"listening on (https?://[\d.:\[\]]+:(\d+))", line)
        if not found:
            self.stop()
            raise AssertionError(f"squall target said {line!r} instead of where it listens")
        self.url, self.port = found[1], int(found[2])

    def stats(self):
        with urllib.request.urlopen(self.url + "/stats", timeout=10) as answer:
            return json.load(answer)

    def counts(self):
        """(method, path) -> requests, as the server counted them."""
        return {tuple(row.split(" ", 1)): n for row, n in self.stats()["requests"].items()}


def raise_file_limit(count):
    """For preexec_fn: as many descriptors as are allowed, at least `count`."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(count, hard), hard))


class Case(unittest.TestCase):
    """What every run must fulfil, whatever happened to it."""

    maxDiff = None

    def assert_books_balance(self, run):
        self.assertIsNotNone(run.result, f"no JSON was written: {run}")
        result, books, total = run.result, run.result["accounting"], run.result["total"]
        self.assertTrue(books["balanced"], f"{books}: {run}")
        parts = ("ok", "failed", "dropped", "in_flight_at_end", "not_sent")
        self.assertEqual(books["scheduled"], sum(books[part] for part in parts), books)
        self.assertEqual((total["ok"], total["failed"]), (books["ok"], books["failed"]))
        self.assertEqual(total["count"], total["ok"] + total["failed"])
        for key in ("count", "ok", "failed", "bytes_in", "bytes_out"):
            if key in total and all(key in row for row in result["requests"]):
                self.assertEqual(total[key], sum(row[key] for row in result["requests"]), key)
        self.assertEqual(total["failed"], sum(run.failures().values()), result["failures"])

    def assert_exit(self, run, code):
        self.assertEqual(run.code, code, str(run))

    def assert_clean(self, run):
        """All went well: exit 0, balanced, nothing failed, something done."""
        self.assert_books_balance(run)
        self.assertEqual(run.failures(), {}, str(run))
        self.assert_exit(run, 0)
        self.assertGreater(run.result["total"]["ok"], 0)
