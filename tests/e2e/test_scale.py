#!/usr/bin/python3
"""Ten thousand users on one core: every one of them is served, in little memory, at the rate that waiting alone allows."""
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import rig

USERS = 10000
RSS_MAX_KIB = 64 * 1024
SECONDS = 8
SCENARIO = f"""
users: {USERS}
spawn_rate: {USERS // 2}
run_time: {SECONDS}s
wait: 1s
tasks:
  - get: /
"""


class Scale(rig.Case):
    def test_ten_thousand_users_wait_a_second_each(self):
        with tempfile.TemporaryDirectory() as folder, rig.Target() as target:
            scenario = Path(folder, "many.yaml")
            scenario.write_text(SCENARIO, "utf-8")
            running = rig.Running("run", scenario, "-H", target.url, "--threads", 1,
                                  before=lambda: rig.raise_file_limit(USERS + 100))
            peak = 0
            while running.process.poll() is None:
                peak = max(peak, running.peak_rss_kib() or 0)
                time.sleep(0.1)
            run = running.wait()
            seen = sum(target.counts().values())
        self.assert_clean(run)
        result = run.result
        self.assertEqual(result["load"]["users_peak"], USERS)
        self.assertEqual(result["connections"]["opened"], USERS)
        self.assertEqual(result["total"]["ok"] + result["accounting"]["in_flight_at_end"], seen)
        if rig.SANITIZED:
            return
        self.assertLess(peak, RSS_MAX_KIB)
        # One request per user and second once all are there; a busy machine may serve fewer, never more.
        steady = sorted(p["rps"] for p in result["timeline"] if 4 <= p["t_s"] <= SECONDS - 1)
        middle = steady[len(steady) // 2]
        print(f"{middle:.0f} requests per second, {peak / 1024:.1f} MiB")
        near = 0.01 if os.environ.get("SQUALL_QUIET_MACHINE") == "1" else 0.25
        self.assertLess(abs(middle - USERS), near * USERS, f"{steady}")


if __name__ == "__main__":
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < USERS + 100:
        print("skipped: the hard limit of open files is below what this test needs")
        sys.exit(rig.SKIPPED)
    rig.main()
