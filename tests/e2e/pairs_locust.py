"""Runs several locustfiles with the real Locust, side by side in one process, and prints as JSON what it counted.

stdin: [{"file", "users", "spawn_rate", "run_time", "tags", "exclude_tags"}, ..]. A test ends with its run time, or when the
last of its users has stopped.
"""
from locust.env import Environment      # first of all, for it makes the standard library cooperative
from locust.util.load_locustfile import load_locustfile

import json
import sys
import time

import gevent


def run(order):
    _, classes, _ = load_locustfile(order["file"])
    environment = Environment(user_classes=list(classes.values()), tags=order["tags"], exclude_tags=order["exclude_tags"])
    runner = environment.create_local_runner()
    began = time.monotonic()
    runner.start(order["users"], order["spawn_rate"])
    runner.spawning_greenlet.join()
    while runner.user_count and time.monotonic() - began < order["run_time"]:
        gevent.sleep(0.02)
    runner.quit()
    return {
        "rows": [[row.method, row.name, row.num_requests, row.num_failures] for row in environment.stats.entries.values()],
        "exceptions": [raised["traceback"] for raised in runner.exceptions.values()],
    }


def main():
    tests = [gevent.spawn(run, order) for order in json.load(sys.stdin)]
    gevent.joinall(tests)
    json.dump([test.get() for test in tests], sys.stdout)


if __name__ == "__main__":
    main()
