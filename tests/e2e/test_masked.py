#!/usr/bin/python3
"""An older kernel lacks what a newer one brings: whole tests again with each ring feature forbidden, and with all of them."""
import concurrent.futures
import os
import subprocess
import sys
import unittest
from pathlib import Path

import rig
from test_limits import features

TESTS = ("faults", "books", "nginx")
AT_ONCE = 3     # they wait for timeouts more than they work


@unittest.skipIf(rig.SANITIZED, "the release build has shown it, and this is long")
class Masked(unittest.TestCase):
    def run_test(self, mask, name):
        return mask, name, subprocess.run(
            [sys.executable, "-B", str(Path(__file__).with_name(f"test_{name}.py"))],
            env={**os.environ, "SQUALL_RING_MASK": mask}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=120, check=False)

    def test_everything_works_with_each_feature_and_with_all_missing(self):
        names = features()
        self.assertGreater(len(names), 1)
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            runs = [pool.submit(self.run_test, mask, name)
                    for mask in [*names, ",".join(names)] for name in TESTS]
            for done in concurrent.futures.as_completed(runs):
                mask, name, result = done.result()
                with self.subTest(mask=mask, test=name):
                    self.assertIn(result.returncode, (0, rig.SKIPPED), result.stderr[-4000:])


if __name__ == "__main__":
    rig.main()
