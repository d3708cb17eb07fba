#!/usr/bin/python3
"""A path that delays, reorders, repeats and loses packets: every answer is counted once, is right to the last byte, and took as long
as it took."""
import hashlib
import os
import sys
import tempfile
from pathlib import Path

import own_network
import rig
from crooked_path import HERE, THERE, TUN, CrookedPath

CONNECTIONS, REQUESTS = 8, 64
RETRANSMIT_US = 200_000     # the kernel's least wait before it sends a lost segment again
PATTERN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.\n"    # of the target's bodies, again and again
SIZE = 20000        # some fifteen segments
SCENARIO = """
host: {url}
users: {users}
spawn_rate: 1000
tasks:
  - get: /bytes/{size}
    expect: {{ that: "sha256(body) == '{digest}'" }}
"""


def digest(size):
    return hashlib.sha256((PATTERN * (size // len(PATTERN) + 1))[:size]).hexdigest()


def out_of_order():
    """Segments that this network namespace heard before an earlier one, and those that it told the sender it had twice."""
    with open("/proc/self/net/netstat", encoding="ascii") as file:
        names, values = [line.split()[1:] for line in file if line.startswith("TcpExt:")]
    counts = dict(zip(names, map(int, values)))
    return counts["TCPOFOQueue"], counts["TCPDSACKOldSent"] + counts["TCPDSACKOfoSent"]


class Paths(rig.Case):
    def serve(self, *options):
        self.target = rig.Target("--listen", f"{HERE}:0", *options)
        self.addCleanup(self.target.stop)
        return self.target.url.replace(HERE, THERE)

    def load(self, url, *options, size=SIZE):
        with tempfile.TemporaryDirectory() as folder:
            scenario = Path(folder, "bodies.yaml")
            scenario.write_text(SCENARIO.format(url=url, users=CONNECTIONS, size=size, digest=digest(size)), "utf-8")
            run = rig.squall("run", scenario, "-n", REQUESTS, "-t", "30s", *options)
        self.assert_clean(run)
        self.assertEqual(run.result["total"]["ok"], REQUESTS, str(run))
        self.assertEqual(run.result["counters"]["sent"], REQUESTS)
        self.assertEqual((run.result["counters"]["bad_events"], run.result["counters"]["stale_completions"]), (0, 0))
        return run

    def assert_time_is_true(self, run, least_s):
        """Each took at least the way there and back; and all of a user together no longer than the run."""
        latency = run.result["total"]["latency_us"]
        self.assertGreaterEqual(latency["min"], least_s * 1e6)
        self.assertLessEqual(latency["mean"] * REQUESTS, CONNECTIONS * run.seconds * 1e6)

    def test_packets_that_overtake_others_and_come_twice_change_no_answer(self):
        for options, asked in (((), ()), (("--tls",), ("-k",))):
            with self.subTest(options), CrookedPath(delay_s=0.003, jitter_s=0.006, repeated=100) as path:
                url, before = self.serve(*options), out_of_order()
                run = self.load(url, *asked)
                self.assertEqual(run.result["total"]["bytes_in"] // SIZE, REQUESTS)
                after = out_of_order()
                if not options:
                    self.assertEqual(self.target.counts(), {("GET", f"/bytes/{SIZE}"): REQUESTS})
                self.assert_time_is_true(run, 2 * path.delay_s)
            self.assertGreater(path.counts["overtaken"], REQUESTS, path.counts)
            self.assertGreater(path.counts["repeated"], REQUESTS, path.counts)
            self.assertGreater(min(b - a for a, b in zip(before, after)), 0, (before, after))

    def test_a_path_of_200_ms_there_and_back_is_in_every_latency(self):
        with CrookedPath(delay_s=0.1) as path:
            run = self.load(self.serve(), size=1000)
            self.assert_time_is_true(run, 2 * path.delay_s)
        phases = run.result["phases_us"]
        for key in ("connect", "first_byte"):
            self.assertGreaterEqual(phases[key]["p50"], 2 * path.delay_s * 1e6, phases)
        self.assertEqual(path.counts["overtaken"], 0, path.counts)

    def test_one_packet_in_ten_lost_both_ways_costs_time_and_no_answer(self):
        with CrookedPath(lost=100) as path:
            run = self.load(self.serve(), size=1000)
        self.assertGreater(path.counts["lost"], 10, path.counts)
        self.assertGreaterEqual(run.result["total"]["latency_us"]["max"], RETRANSMIT_US)


if __name__ == "__main__":
    if not os.access(TUN, os.R_OK | os.W_OK):
        print(f"skipped: no {TUN} to open")
        sys.exit(rig.SKIPPED)
    own_network.enter()
    rig.main()
