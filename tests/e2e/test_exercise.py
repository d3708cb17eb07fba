#!/usr/bin/python3
"""The workshop's exercise, with shorter waits: its ramp, its weights, its logins and its counts are what they are said to be."""
import collections
import math
import re
import tempfile
import unittest
from pathlib import Path

import rig
from recorder import Recorder

SCENARIO = rig.ROOT / "tools" / "cli" / "tweets.yaml"
USERS, SPAWN_RATE = 250, 25
WEIGHTS = {("GET", "/api/tweets/"): 5, ("GET", "/api/tweets/[id]/"): 2, ("POST", "/api/tweets/"): 1}
LOGIN = ("POST", "/api-token-auth/")


def row_of(seen):
    path = re.sub(r"/\d+/$", "/[id]/", seen.path)
    return seen.method, path


class Exercise(rig.Case):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        text = SCENARIO.read_text("utf-8")
        short = text.replace("wait: 5s..10s ", "wait: 400ms..800ms ")
        assert short != text, "the scenario's wait is not where this test expects it"
        cls.scenario = Path(cls.folder.name, "tweets.yaml")
        cls.scenario.write_text(short, "utf-8")
        # The ramp of the exercise itself, 10 s to 250 users, seen by a server that records each request.
        with Recorder() as recorder:
            cls.outcome = cls.exercise(recorder.url, "12s")
        cls.recorder = recorder

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def exercise(cls, url, run_time):
        return rig.squall("run", cls.scenario, "-H", url, "-u", USERS, "-r", SPAWN_RATE,
                          "-t", run_time, "--seed", 7)

    def logins(self):
        return [seen for seen in self.recorder.seen if seen.path == LOGIN[1]]

    def test_the_run_is_clean(self):
        self.assert_clean(self.outcome)

    def test_250_users_are_there_after_ten_seconds(self):
        users = {round(point["t_s"]): point["users"] for point in self.outcome.result["timeline"]}
        for second in range(1, 10):
            self.assertAlmostEqual(users[second], SPAWN_RATE * second, delta=SPAWN_RATE * 0.2 + 1)
        self.assertEqual(users[11], USERS)
        self.assertEqual(self.outcome.result["load"]["users_peak"], USERS)

    def test_a_user_starts_every_40_ms(self):
        times = [seen.time for seen in self.logins()]
        self.assertEqual(len(times), USERS)
        late = sorted(abs(t - times[0] - index / SPAWN_RATE) for index, t in enumerate(times))
        self.assertLess(late[USERS // 2], 0.010, "half of the users within 10 ms of their time")
        self.assertLess(late[int(USERS * 0.95)], 0.100)
        self.assertAlmostEqual(times[-1] - times[0], (USERS - 1) / SPAWN_RATE, delta=0.2)

    def test_each_user_logs_in_exactly_once_on_a_connection_of_its_own(self):
        logins = self.logins()
        self.assertEqual(len(logins), USERS)
        self.assertEqual(len({seen.connection for seen in logins}), USERS)
        self.assertEqual(len(self.recorder.accepted), USERS)
        self.assertEqual(self.outcome.count_of(*LOGIN), USERS)
        for seen in logins:
            self.assertEqual(seen.headers["content-type"], "application/x-www-form-urlencoded")
            self.assertEqual(seen.body, b"username=admin%40tweetcheck.com&password=admin")

    def test_each_user_keeps_its_own_token(self):
        tokens = collections.defaultdict(set)
        for seen in self.recorder.seen:
            if seen.path != LOGIN[1]:
                tokens[seen.connection].add(seen.headers.get("authorization"))
        self.assertTrue(all(len(own) == 1 for own in tokens.values()))
        self.assertEqual(len(set.union(*tokens.values())), len(tokens))

    def test_tasks_come_in_proportion_to_their_weights(self):
        rows = collections.Counter(row_of(seen) for seen in self.recorder.seen)
        del rows[LOGIN]
        self.assertEqual(set(rows), set(WEIGHTS))
        total = sum(rows.values())
        for row, weight in WEIGHTS.items():
            share = weight / sum(WEIGHTS.values())
            sigma = math.sqrt(total * share * (1 - share))
            self.assertLess(abs(rows[row] - total * share), 3 * sigma, f"{row} of {rows}")

    def test_the_ids_asked_for_are_those_from_1_to_20(self):
        ids = [int(seen.path.split("/")[3]) for seen in self.recorder.seen
               if row_of(seen)[1].endswith("[id]/")]
        self.assertEqual(set(ids), set(range(1, 21)))

    def test_users_wait_as_long_as_the_scenario_says(self):
        last, waits = {}, []
        for seen in self.recorder.seen:
            if seen.connection in last:
                waits.append(seen.time - last[seen.connection])
            last[seen.connection] = seen.time
        # The first wait of a user follows its login at once: no wait before the first task.
        waits = [wait for wait in waits if wait > 0.2]
        self.assertGreaterEqual(min(waits), 0.400 - 0.002)
        middle = sorted(waits)[len(waits) // 2]
        self.assertAlmostEqual(middle, 0.600, delta=0.050)

    def test_every_request_counted_was_seen_and_the_other_way_round(self):
        seen = collections.Counter(row_of(s) for s in self.recorder.seen)
        counted = {(r["method"], r["name"]): r["count"] for r in self.outcome.result["requests"]}
        if self.outcome.result["accounting"]["in_flight_at_end"] == 0:
            self.assertEqual(counted, dict(seen))
        else:
            self.assertEqual(sum(seen.values()), sum(counted.values())
                             + self.outcome.result["accounting"]["in_flight_at_end"])

    def test_the_target_counts_the_same_to_the_last_request(self):
        with rig.Target() as target:
            run = self.exercise(target.url, "4s")
            paths = target.counts()
        self.assert_clean(run)
        self.assertEqual(run.result["accounting"]["in_flight_at_end"], 0, str(run))
        counted = collections.Counter()
        for row in run.result["requests"]:
            counted[row["method"], row["name"]] += row["count"]
        seen = collections.Counter()
        for (method, path), count in paths.items():
            seen[method, re.sub(r"/\d+/$", "/[id]/", path)] += count
        self.assertEqual(dict(counted), dict(seen))


if __name__ == "__main__":
    rig.main()
