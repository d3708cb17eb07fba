#!/usr/bin/python3
"""bench/peers/ still measures: one short pair against wrk, every figure there and more than nothing; and squall is never
below the truth of a server that stands still."""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import rig


class Peers(rig.Case):
    def test_one_short_pair_has_all_figures(self):
        with tempfile.TemporaryDirectory() as folder:
            figures = Path(folder, "peers.json")
            run = subprocess.run(
                [sys.executable, rig.ROOT / "bench" / "peers" / "peers.py", "--squall", rig.SQUALL,
                 "--case", "small", "--server", "target", "--peer", "wrk", "--pairs", "1",
                 "--seconds", "1", "--json", figures],
                capture_output=True, text=True, timeout=40)
            self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
            rows = json.loads(figures.read_text("utf-8"))
            shown = subprocess.run(
                [sys.executable, rig.ROOT / "bench" / "peers" / "peers.py", "--squall", rig.SQUALL,
                 "--from", figures, "--markdown"], capture_output=True, text=True, timeout=20)
        self.assertEqual(len(rows), 1)
        for key, value in rows[0].items():
            # The kernel samples what is user time and what is system time: of a short run either may be nothing.
            is_split = key.endswith(("_user_us", "_system_us"))
            self.assertTrue(isinstance(value, str) or value > 0 or is_split, f"{key}: {rows[0]}")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertRegex(shown.stdout, r"(?m)^\| answers of 100 bytes.* \| target \| wrk \| \d")
        self.assertIn(rows[0]["date"], shown.stdout)

    def test_a_server_that_stands_still_is_charged_for_it(self):
        run = subprocess.run(
            [sys.executable, rig.ROOT / "bench" / "peers" / "truth.py", "--squall", rig.SQUALL, "--case", "frozen",
             "--tool", "squall", "--runs", "1", "--markdown"], capture_output=True, text=True, timeout=40)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertRegex(run.stdout, r"\| \*\*\d+\*\* \|\n\|  \| squall `-R 1000` \| \d+\.\d \| ")


if __name__ == "__main__":
    rig.need("wrk")
    rig.main()
