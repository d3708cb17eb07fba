"""goal: who was the bottleneck is told rightly, for faults of the generator and of the server made on purpose.

One try of each; `blame.py --tries 20` makes more. What the machine's other work spoils is tried again a few times
and then left out.
"""
import os
import re
import unittest

import blame
import rig


class Blame(unittest.TestCase):
    def expect_right(self, case):
        if rig.SANITIZED:
            self.skipTest("a slowed-down squall is the bottleneck wherever it runs")
        if os.geteuid() != 0 or not os.sched_getaffinity(0) >= {
                blame.GENERATOR_CPU, blame.SERVER_CPU}:
            self.skipTest("needs root and two CPUs")
        if case.endswith("quota") and not os.access(blame.CGROUP, os.W_OK):
            self.skipTest("needs a control group of its own")
        right, seen, _ = blame.verdict_of(case, real_time=True, tries=3)
        if right is None:
            self.skipTest(f"something else used squall's CPU: {seen.sentence}")
        self.assertTrue(right, f"{seen.sentence} {seen.reasons}")

    def test_squall_that_was_stopped_was_the_bottleneck(self):
        self.expect_right("squall-stopped-at-a-rate")

    def test_squall_without_its_cpu_was_the_bottleneck(self):
        self.expect_right("busy-sibling")

    def test_squall_under_a_quota_was_the_bottleneck(self):
        self.expect_right("squall-quota")

    def test_a_server_that_was_stopped_was_the_bottleneck(self):
        self.expect_right("server-stopped")

    def test_a_slow_handler_was_the_bottleneck(self):
        self.expect_right("slow-handler")


class Strict(unittest.TestCase):
    """A queue of 8 completions runs over in any build and on any machine."""

    def run_with_a_tiny_queue(self, *arguments):
        with rig.Target() as target:
            return rig.squall("-d", "300ms", *arguments, target.url + "/json", environment={"SQUALL_RING_ENTRIES": "8"})

    def test_a_generator_at_its_end_claims_nothing(self):
        run = self.run_with_a_tiny_queue()
        self.assertEqual(run.code, 0, run)
        self.assertEqual(run.result["generator"]["verdict"], "generator", run)
        self.assertIn("Bottleneck: generator: ", run.out)
        self.assertIsNone(re.search(r"\b(max|limit)", run.out, re.IGNORECASE), run)
        self.assertGreater(sum(s["overflows"] for s in run.result["generator"]["seconds"]), 0, run)
        self.assertTrue(run.result["audit"]["ok"], run)

    def test_strict_makes_it_an_exit_code(self):
        self.assertEqual(self.run_with_a_tiny_queue("--strict").code, 98)
        self.assertEqual(self.run_with_a_tiny_queue("--strict", "--expect", "p99<1ns").code, 98)


class KernelTimestamps(unittest.TestCase):
    """The kernel's own clock on answers: an independent truth about whose time it was."""

    def assert_split(self, run, answered):
        phases = run.result["phases_us"]
        for part in ("server_and_wire", "stack", "sampled_generator"):
            self.assertEqual(phases[part]["count"], answered, run)
        self.assertGreaterEqual(phases["server_and_wire"]["p50"], 20000.0, run)
        parts = sum(phases[part]["p50"] for part in ("server_and_wire", "stack", "sampled_generator"))
        self.assertAlmostEqual(parts / run.result["total"]["latency_us"]["p50"], 1.0, delta=0.2)

    def test_at_a_rate_every_answer_is_split(self):
        with rig.Target() as target:
            run = rig.squall("-d", "400ms", "-R", 100, "--kernel-timestamps", target.url + "/delay/20ms")
        self.assert_split(run, run.result["total"]["ok"])

    def test_users_have_some_of_their_connections_stamped(self):
        with rig.Target() as target:
            run = rig.squall("-n", 128, "-c", 32, "-t", 1, "--kernel-timestamps", target.url + "/delay/20ms")
        self.assert_split(run, run.result["total"]["ok"] // 16)

    def test_without_direct_files_and_multishot_receives_too(self):
        with rig.Target() as target:
            run = rig.squall("-d", "200ms", "-R", 100, "--kernel-timestamps", target.url + "/delay/20ms",
                             environment={"SQUALL_RING_MASK": "direct_files,multishot_recv"})
        self.assert_split(run, run.result["total"]["ok"])


if __name__ == "__main__":
    rig.main()
