#!/usr/bin/python3
"""Claim: a script that drives Locust 2.12.1 through its web API drives `squall web` as it stands: every call succeeds, every key is
there, every value is of the same type."""
import csv
import io
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import rig
from web_client import Web

rig.need("locust")

LOCUSTFILE = """
from locust import HttpUser, constant, task

class User(HttpUser):
    wait_time = constant(0.05)

    @task(3)
    def read(self):
        self.client.get("/json")

    @task
    def miss(self):
        self.client.get("/status/404", name="missing")
"""
SCENARIO = """
users: 1
spawn_rate: 1
wait: 50ms
tasks:
  - weight: 3
    get: /json
  - get: /status/404
    name: missing
"""


class Script:
    """What somebody wrote for Locust, with urllib alone. It knows nothing of squall."""

    def __init__(self, url):
        self.url = url
        self.answers = {}

    def call(self, path, form=None, keep=None):
        with urllib.request.urlopen(self.url + path, data=form and form.encode(), timeout=30) as answer:
            body = answer.read().decode("utf-8")
            kind = answer.headers["Content-Type"].split(";")[0]
            name = answer.headers["Content-Disposition"] or ""
        value = json.loads(body) if kind == "application/json" else body
        self.answers[keep or path] = (answer.status, kind, "attachment" in name, value)
        return value

    def wait(self, is_so):
        until = time.monotonic() + 20 * rig.PATIENCE
        while time.monotonic() < until:
            stats = self.call("/stats/requests", keep="polled")
            if is_so(stats):
                return stats
            time.sleep(0.2)
        raise AssertionError(f"not after 20 s: {stats}")

    def play(self, host):
        self.call("/")
        self.call("/stats/requests", keep="ready")
        self.call("/tasks", keep="tasks ready")
        self.call("/swarm", f"user_count=4&spawn_rate=20&host={host}", keep="swarm")
        self.wait(lambda stats: stats["state"] == "running" and stats["user_count"] == 4)
        self.wait(lambda stats: len(stats["errors"]) > 0 and len(stats["stats"]) == 3)
        self.call("/swarm", "user_count=8&spawn_rate=20", keep="edit")
        self.wait(lambda stats: stats["user_count"] == 8)
        self.wait(lambda stats: stats["total_rps"] > 0 and stats["current_response_time_percentile_95"] is not None)
        self.call("/stats/requests", keep="running")
        for path in ("/tasks", "/exceptions", "/stats/requests/csv", "/stats/requests_full_history/csv", "/stats/failures/csv",
                     "/exceptions/csv", "/stats/report"):
            self.call(path)
        self.call("/swarm", "user_count=1&spawn_rate=20&run_time=never", keep="no run time")
        self.call("/stop")
        self.wait(lambda stats: stats["state"] == "stopped")    # Locust gives the same answer for two seconds
        self.call("/stats/requests", keep="stopped")
        self.call("/swarm", f"user_count=1&spawn_rate=1&host={host}&run_time=1h30m", keep="again")
        self.wait(lambda stats: stats["state"] == "running")
        self.call("/stats/reset")
        self.call("/stop", keep="stop again")
        return self.answers


class Locust(rig.Server):
    def __init__(self, folder):
        self.port = rig.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        path = Path(folder, "locustfile.py")
        path.write_text(LOCUSTFILE, "utf-8")
        super().__init__(["locust", "-f", str(path), "--web-host", "127.0.0.1", "--web-port", str(self.port),
                          "--csv", "run", "--csv-full-history"],
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder)
        rig.wait_for_port(self.port, 30)


NUMBER = "number"
MAY_BE_NULL = ("current_response_time_percentile_50", "current_response_time_percentile_95")


def shape_of(value):
    """Types, not values. Rows of lists are merged: null stands beside what else was there."""
    if isinstance(value, bool) or value is None:
        return type(value).__name__
    if isinstance(value, (int, float)):
        return NUMBER
    if isinstance(value, dict):
        return {key: NUMBER if key in MAY_BE_NULL else shape_of(item) for key, item in value.items()}
    if isinstance(value, list):
        merged = {}
        for item in value:
            merged.update(shape_of(item) if isinstance(item, dict) else {})
        return [merged]
    return type(value).__name__


class SameAnswers(rig.Case):
    def assert_has(self, ours, theirs, where):
        """All that Locust has is here, of the same type."""
        if isinstance(theirs, dict):
            self.assertIsInstance(ours, dict, where)
            for key, value in theirs.items():
                self.assertIn(key, ours, where)
                self.assert_has(ours[key], value, f"{where}.{key}")
        elif isinstance(theirs, list):
            self.assertIsInstance(ours, list, where)
            self.assert_has(ours[0], theirs[0], where + "[]")
        else:
            self.assertEqual(ours, theirs, where)

    def assert_same(self, ours, theirs, what):
        is_data = theirs[1] in ("application/json", "text/csv")
        self.assertEqual((ours[0], is_data and ours[1], ours[2]), (theirs[0], is_data and theirs[1], theirs[2]), what)
        if what in ("/tasks", "tasks ready"):       # names of users and tasks are keys there
            for tree in ("per_class", "total"):
                (mine,), (his,) = ours[3][tree].values(), theirs[3][tree].values()
                self.assertEqual(set(mine), set(his), what)
                self.assertEqual(sorted(task["ratio"] for task in mine["tasks"].values()),
                                 sorted(task["ratio"] for task in his["tasks"].values()), what)
        elif "csv" in what:
            mine, his = (next(csv.reader(io.StringIO(answer[3]))) for answer in (ours, theirs))
            self.assertEqual(mine, his, what)
        elif theirs[1] == "application/json":
            self.assert_has(shape_of(ours[3]), shape_of(theirs[3]), what)
            for key in ("success", "state", "user_count"):
                self.assertEqual(ours[3].get(key), theirs[3].get(key), f"{what}: {key}")

    def test_a_script_for_locust_finds_the_same_here(self):
        with rig.Target() as target, tempfile.TemporaryDirectory() as folder:
            scenario = Path(folder, "scenario.yaml")
            scenario.write_text(SCENARIO, "utf-8")
            with Locust(folder) as locust, Web(scenario) as web, ThreadPoolExecutor() as both:
                theirs, ours = both.map(lambda url: Script(url).play(target.url), (locust.url, web.url))
        self.assertEqual(set(ours), set(theirs))
        for what in theirs:
            if what != "polled":
                with self.subTest(what):
                    self.assert_same(ours[what], theirs[what], what)
        for name in ("/json", "missing", "Aggregated"):
            self.assertIn(name, {row["name"] for row in ours["running"][3]["stats"]})


if __name__ == "__main__":
    sys.exit(rig.main())
