#!/usr/bin/python3
"""What a locustfile says and what the scenario beside it says are the same, as the server sees it and as both count it.

Each pair in pairs/ (NAME.py, NAME.yaml) is run once by the real Locust and once by squall against a server that writes
down every request. Users of most pairs stop when they are done, so both sides are compared to the last byte: who sent what
in which order, headers, bodies, rows and failures. Only pairs named in the tables below are allowed to differ, in what they
are named for.
"""
import collections
import concurrent.futures
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import rig
from pairs_server import PairsServer

FOLDER = rig.ROOT / "tests" / "e2e" / "pairs"
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
LOCUSTS = 2     # processes of Locust at a time, each with half of the pairs
SQUALLS = 3     # runs of squall at a time
ENVIRONMENT = {"PAIRS_API_VERSION": "v2", "NO_PROXY": "127.0.0.1"}

HOSTS = {"several_hosts": 2, "hosts_of_classes": 2}
TAGS = {"chosen_tags": (["read", "slow"], ["broken"])}

# Random by intent: what is drawn anew, and what it looks like to both sides.
UUID = (r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", "[uuid]")
RANDOM = {
    "collected_ids": [(r"/items/\d{5}$", "/items/[id]")],
    "picked_from_answer": [(r'"product": 1[123], "quantity": [123]}', '"product": [id], "quantity": [1-3]}')],
    "random_paths": [(r"/items/([1-9]|1\d|20)$", "/items/[id]"), (r"/page/(?!coffee)[a-z]{8}$", "/page/[word]"),
                     (r"/page/(tea|coffee)$", "/page/[drink]")],
    "registration": [UUID, (r'"password": "[a-z]{12}"', "[password]"), (r'"age": (1[89]|[2-9]\d),', "[age],"),
                     (r'"score": (0\.\d{1,2}|1\.0),', "[score],"), (r'"(de|fr)"', "[country]")],
}

# Who says it is a matter of chance, but what all say together is the same.
UNORDERED = {"shared_pool"}

# Users run until the time is up; all others stop when they are done, however long a busy machine takes for it.
LASTING = {"logout_at_the_end"}
SECONDS_MAX = 20

# Tasks are drawn by weight until the time is up: shares of what is drawn from, see `draws`.
DRAWN = {
    "legacy_style": {"": {"/page": 1, "/search?q=stats": 1}},
    "chance_branch": {"": {"/page/common": 7, "/page/rare": 3}},
    "task_weights": {"": {"/page/tweets": 5, "/page/one": 2, "/echo": 1}},
    "chosen_tags": {"": {"/page/read": 3, "/page/search": 1}},
    "nested_weights": {"": {"/page/home": 3, "set": 1}, "set": {"/page/thread": 2, "/page/enough": 1}},
}
CHI_SQUARE_LIMITS = {1: 15.1, 2: 18.4}      # by degrees of freedom; exceeded by chance once in 10,000

PROGRAMS = ("python-requests/", "python/gevent-http-client", "squall/")     # as they call themselves

# Seconds between the arrivals of two requests.
GAPS = {"constant_waits": 0.2, "constant_pacing": 0.2, "constant_throughput": 0.2, "pause_in_task": 0.1}


def number_in(text, key, default):
    found = re.search(rf"^{key}: ([\d.]+)", text, re.MULTILINE)
    return float(found[1]) if found else default


def headers_of(seen):
    """Those that say something: no names of programs, none that only concern this connection."""
    for name, value in seen.headers:
        own = (name, value) == ("accept", "*/*") or (name == "user-agent" and value.startswith(PROGRAMS))
        if not own and name not in ("accept-encoding", "connection", "content-length"):
            yield f"{name}: {value}"


def shape_of(name, seen):
    """One request as text, what is random in it made equal."""
    headers, body = "\n".join(sorted(headers_of(seen))), seen.body.decode("latin-1")
    boundary = re.search(r"boundary=\"?([^\s\";]+)", headers)
    if boundary:
        headers, body = (text.replace(boundary[1], "[boundary]") for text in (headers, body))
    path = seen.path
    for pattern, same in RANDOM.get(name, []):
        path, body = re.sub(pattern, same, path), re.sub(pattern, same, body)
    return f"{seen.method} {path} (host {seen.host})\n{headers}\n\n{body}"


def flows(name, seen, users):
    """What each user sent, in order. Users share no connection, so each is one; a single user may have more of them."""
    of_user = collections.defaultdict(list)
    for one in seen:
        of_user[0 if users == 1 else one.connection].append(shape_of(name, one))
    return sorted(of_user.values())


def draws(seen):
    """(set, what was drawn there) of each choice. Who was seen in the nested set is in it until it is seen to leave."""
    inside = set()
    for one in seen:
        if one.path in ("/page/thread", "/page/enough"):
            if one.connection not in inside:
                yield "", "set"
            yield "set", one.path
            (inside.discard if one.path == "/page/enough" else inside.add)(one.connection)
        else:
            yield "", one.path


class Side:
    """What one program did with one pair."""

    def __init__(self, seen, rows, run=None):
        self.seen, self.rows, self.run = seen, rows, run

    @property
    def counts(self):
        """(method, row) -> (requests, failures) of each row that was reached: Locust knows no others."""
        return {(method, name): (count, failed) for method, name, count, failed in self.rows if count}


def write_pairs(folder, sites):
    """The pairs with the ports of the server in them."""
    for path in FOLDER.iterdir():
        if path.suffix not in (".py", ".yaml"):
            shutil.copy(path, folder)
        elif path.stem in sites:
            text = path.read_text("utf-8")
            for host, port in enumerate(sites[path.stem].ports):
                text = text.replace(f"http://127.0.0.1:{8000 + host}", f"http://127.0.0.1:{port}")
            Path(folder, path.name).write_text(text, "utf-8")


def order_for(folder, name):
    text = Path(folder, name + ".yaml").read_text("utf-8")
    tags, exclude_tags = TAGS.get(name, (None, None))
    run_time = number_in(text, "run_time", 2) if name in DRAWN or name in LASTING else SECONDS_MAX
    return {"file": str(Path(folder, name + ".py")), "users": int(number_in(text, "users", 1)),
            "spawn_rate": number_in(text, "spawn_rate", 1), "run_time": run_time,
            "tags": tags, "exclude_tags": exclude_tags}


def run_locust(folder, names):
    orders = [order_for(folder, name) for name in names]
    done = subprocess.run([sys.executable, str(Path(__file__).with_name("pairs_locust.py"))], input=json.dumps(orders),
                          capture_output=True, text=True, timeout=60, check=False,
                          env={**os.environ, **ENVIRONMENT})
    if done.returncode != 0:
        raise AssertionError(f"Locust failed: {done.stderr}")
    return dict(zip(names, json.loads(done.stdout)))


def run_squall(folder, name):
    options = []
    for option, tags in zip(("--tags", "--exclude-tags"), TAGS.get(name, ())):
        for tag in tags:
            options += [option, tag]
    return rig.squall("run", Path(folder, name + ".yaml"), "--seed", 7, *options, timeout=20, environment=ENVIRONMENT)


class Pairs(rig.Case):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder, \
             PairsServer({name: HOSTS.get(name, 1) for name in NAMES}) as server:
            write_pairs(folder, server.sites)
            cls.users = {name: order_for(folder, name)["users"] for name in NAMES}
            cls.locust = cls.collect_locust(folder, server)
            cls.squall = cls.collect_squall(folder, server)

    @staticmethod
    def collect_locust(folder, server):
        counted = {}
        with concurrent.futures.ThreadPoolExecutor(LOCUSTS) as pool:
            for some in pool.map(lambda first: run_locust(folder, NAMES[first::LOCUSTS]), range(LOCUSTS)):
                counted.update(some)
        sides = {}
        for name, counts in counted.items():
            if counts["exceptions"]:
                raise AssertionError(f"{name}.py raises: {counts['exceptions'][0]}")
            sides[name] = Side(server.sites[name].seen, counts["rows"])
            server.sites[name].begin()
        return sides

    @staticmethod
    def collect_squall(folder, server):
        with concurrent.futures.ThreadPoolExecutor(SQUALLS) as pool:
            runs = dict(zip(NAMES, pool.map(lambda name: run_squall(folder, name), NAMES)))
        sides = {}
        for name, run in runs.items():
            rows = run.result["requests"] if run.result else []
            sides[name] = Side(server.sites[name].seen,
                               [(row["method"], row["name"], row["count"], row["failed"]) for row in rows], run)
        return sides

    def assert_same(self, name):
        locust, squall = self.locust[name], self.squall[name]
        self.assertGreater(len(locust.seen), 0, "Locust sent nothing")
        self.assert_books_balance(squall.run)
        if name in DRAWN:
            self.assert_drawn_by_weight(name, locust)
            self.assert_drawn_by_weight(name, squall)
            self.assertEqual(set(squall.counts), set(locust.counts), str(squall.run))
            self.assert_exit(squall.run, 0)
            return
        said = [flows(name, side.seen, self.users[name]) for side in (squall, locust)]
        if name in UNORDERED:
            said = [sorted(sum(side, [])) for side in said]
        self.assertEqual(*said, f"squall (first) sent something else than Locust (second): {squall.run}")
        failed = any(failures for _, failures in locust.counts.values())
        self.assertEqual(squall.counts, locust.counts, f"squall (first) counted otherwise: {squall.run}")
        self.assert_exit(squall.run, 1 if failed else 0)
        if name in GAPS:
            self.assert_gaps(name, squall, 0.010)
            self.assert_gaps(name, locust, 0.100)

    def assert_drawn_by_weight(self, name, side):
        for which, weights in DRAWN[name].items():
            drawn = collections.Counter(what for where, what in draws(side.seen) if where == which)
            self.assertEqual(set(drawn), set(weights), drawn)
            total, whole = sum(drawn.values()), sum(weights.values())
            self.assertGreater(total, 40)
            distance = sum((drawn[what] - total * weight / whole) ** 2 / (total * weight / whole)
                           for what, weight in weights.items())
            self.assertLess(distance, CHI_SQUARE_LIMITS[len(weights) - 1], drawn)

    def assert_gaps(self, name, side, tolerance):
        times = [one.time for one in side.seen]
        gap = statistics.median(later - earlier for earlier, later in zip(times, times[1:]))
        self.assertGreater(gap, GAPS[name] - tolerance * rig.PATIENCE)
        self.assertLess(gap, GAPS[name] + tolerance * rig.PATIENCE)

    def test_there_is_a_locustfile_beside_each_scenario(self):
        self.assertEqual(NAMES, sorted(path.stem for path in FOLDER.glob("*.py")))
        self.assertGreater(len(NAMES), 32)


for NAME in NAMES:
    setattr(Pairs, f"test_{NAME}_says_the_same_as_its_locustfile", lambda self, name=NAME: self.assert_same(name))


if __name__ == "__main__":
    if subprocess.run([sys.executable, "-c", "import locust"], capture_output=True, check=False).returncode != 0:
        print("skipped: python3-locust is not installed")
        sys.exit(rig.SKIPPED)
    rig.main()
