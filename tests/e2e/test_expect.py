#!/usr/bin/python3
"""What a run must show: --expect and a scenario's `expect`, in exit codes, text and JSON."""
import signal
import tempfile
import time
from pathlib import Path

import rig

SCENARIO = """
host: {url}
users: 3
spawn_rate: 100
run_time: 300ms
wait: 5ms
expect: [ {expect} ]
tasks:
  - get: /json
  - post: /json
    expect: {{ status: 4xx }}
  - get: /bytes/10
    name: few bytes
"""


class Expect(rig.Case):
    @classmethod
    def setUpClass(cls):
        cls.target = rig.Target()
        cls.folder = tempfile.TemporaryDirectory()

    @classmethod
    def tearDownClass(cls):
        cls.target.stop()
        cls.folder.cleanup()

    def load(self, *expressions, path="/json", options=("-n", 200, "-c", 2)):
        """A run of one kind of request."""
        words = [word for e in expressions for word in ("--expect", e)]
        return rig.squall(self.target.url + path, *options, *words)

    def scenario(self, *expressions):
        file = Path(self.folder.name, "a.yaml")
        quoted = ", ".join(f'"{e}"' for e in expressions)
        file.write_text(SCENARIO.format(url=self.target.url, expect=quoted), "utf-8")
        return file

    def requests_seen(self):
        return sum(self.target.counts().values())

    def assert_refused(self, run, *lines):
        self.assert_exit(run, 2)
        self.assertIsNone(run.result, str(run))
        self.assertEqual(run.out, "")
        self.assertEqual(run.err.splitlines(), [f"squall: {line}" for line in lines], str(run))

    # --- what holds ---------------------------------------------------------------------------------------

    def test_what_holds_is_told_and_changes_no_exit_code(self):
        expressions = ["count==200", "failed == 0", "fail_ratio<1%", "rps>0", "failures_per_s<=0", "min>0",
                       "max<20s", "avg<20s", "p99<20s", "p(99.9)<20000", "p12.5 <= 20 s", "p50{GET /json}<20s",
                       "count{/json}>100"]
        run = self.load(*expressions)
        self.assert_clean(run)
        told = run.result["expectations"]
        self.assertEqual([e["expr"] for e in told], expressions)
        self.assertTrue(all(e["holds"] for e in told), told)
        for expression in expressions:
            self.assertIn(f"{expression} holds: ", run.out)
        self.assertNotIn("not met", run.out)

    def test_the_values_are_those_of_the_report(self):
        run = self.load("p50<1h", "max<1h", "avg<1h", "rps>0", "fail_ratio<1", "count>0")
        latency, total = run.result["total"]["latency_us"], run.result["total"]
        told = run.result["expectations"]
        self.assertEqual([e["value_us"] for e in told],
                         [latency["p50"], latency["max"], latency["mean"], None, None, None])
        self.assertEqual([e["value"] for e in told[:3] + told[4:]], [None, None, None, 0.0, 200])
        self.assertAlmostEqual(told[3]["value"], total["rps"], 5)

    def test_a_run_that_expects_nothing_has_an_empty_list(self):
        self.assertEqual(self.load().result["expectations"], [])

    # --- what does not ------------------------------------------------------------------------------------

    def test_one_that_does_not_hold_is_exit_99(self):
        run = self.load("p99<20s", "count>200")
        self.assert_books_balance(run)
        self.assert_exit(run, 99)
        self.assertEqual([e["holds"] for e in run.result["expectations"]], [True, False])
        self.assertIn("1 of 2 expectations not met.", run.out)
        self.assertIn("p99<20s holds: ", run.out)
        self.assertIn("count>200 does not hold: 200", run.out)

    def test_99_wins_over_failed_requests(self):
        failing = {"path": "/status/500", "options": ("-n", 20, "-c", 1, "--exit-code-on-failure", 7)}
        self.assert_exit(self.load("fail_ratio>50%", **failing), 7)
        run = self.load("fail_ratio<50%", **failing)
        self.assert_exit(run, 99)
        self.assertIn("fail_ratio<50% does not hold: 100%", run.out)
        self.assertEqual(run.result["expectations"][0]["value"], 1.0)

    def test_nothing_measured_holds_nothing(self):
        run = self.load("p99<1h", "fail_ratio<100%", "count==0", path="/stall",
                        options=("-d", "200ms", "-c", 1))
        self.assert_exit(run, 99)
        told = run.result["expectations"]
        self.assertEqual([(e["value_us"], e["value"], e["holds"]) for e in told],
                         [(None, None, False), (None, None, False), (None, 0.0, True)])
        self.assertIn("p99<1h does not hold: nothing was measured", run.out)

    def test_a_signal_wins_over_99(self):
        running = rig.Running(self.target.url + "/json", "-d", "30s", "-c", 1, "--expect", "count<0")
        time.sleep(0.5)
        running.process.send_signal(signal.SIGINT)
        run = running.wait()
        self.assert_exit(run, 130)
        self.assertFalse(run.result["expectations"][0]["holds"])

    # --- mistakes -----------------------------------------------------------------------------------------

    def test_mistakes_are_told_all_at_once_and_nothing_is_sent(self):
        before = self.requests_seen()
        run = self.load("p99<fast", "count>0", "fail_ration<1%", "p95{GET /jsn}<80ms", "p99")
        self.assert_refused(
            run,
            "--expect 'p99<fast': expected a time such as '50ms' or '1.5s', found 'fast'",
            "--expect 'fail_ration<1%': unknown metric 'fail_ration'; did you mean 'fail_ratio'?",
            "--expect 'p95{GET /jsn}<80ms': no row is called 'GET /jsn'; did you mean 'GET /json'?",
            "--expect 'p99': expected one of < <= > >= == !=, found nothing")
        self.assertEqual(self.requests_seen(), before)

    # --- scenarios ----------------------------------------------------------------------------------------

    def test_those_of_the_scenario_come_before_those_of_the_command_line(self):
        file = self.scenario("p99 < 20s", "count{few bytes} > 0")
        run = rig.squall("run", file, "--expect", "p95{POST /json}<20s")
        self.assert_clean(run)
        self.assertEqual([e["expr"] for e in run.result["expectations"]],
                         ["p99 < 20s", "count{few bytes} > 0", "p95{POST /json}<20s"])

    def test_one_of_the_scenario_that_does_not_hold_is_exit_99(self):
        run = rig.squall("run", self.scenario("rps > 1G", "failed == 0"))
        self.assert_exit(run, 99)
        self.assertEqual([e["holds"] for e in run.result["expectations"]], [False, True])

    def test_a_row_that_two_methods_share_needs_one(self):
        run = rig.squall("run", self.scenario(), "--expect", "count{/json}>0")
        self.assert_refused(
            run, "--expect 'count{/json}>0': several rows are called '/json'; put the method before it")

    def test_a_mistake_in_the_scenario_names_its_line(self):
        before = self.requests_seen()
        for command in ("run", "check"):
            code, out, err = rig.call(command, self.scenario("p99 < 1s", "p99{few byte} < 1s"))
            self.assertEqual((code, out), (2, ""), err)
            self.assertIn("a.yaml:7:23: ", err)
            self.assertIn("no row is called 'few byte'; did you mean 'GET few bytes'?", err)
        self.assertEqual(self.requests_seen(), before)


if __name__ == "__main__":
    rig.main()
