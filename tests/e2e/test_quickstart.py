#!/usr/bin/python3
"""tools/quickstart, from any folder and without a terminal: it builds nothing anew, runs the exercise and leaves nothing behind."""
import json
import os
import subprocess
import tempfile
from pathlib import Path

import rig

BUILD = os.environ.get("SQUALL_BUILD", "")


def processes_of_binary():
    found = set()
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and os.readlink(entry / "exe") == os.path.realpath(rig.SQUALL):
                found.add(entry.name)
        except OSError:
            continue
    return found


class Quickstart(rig.Case):
    def test_it_runs_the_exercise_and_says_how_to_go_on(self):
        before = processes_of_binary()
        with tempfile.TemporaryDirectory() as elsewhere:
            run = subprocess.run(
                [rig.ROOT / "tools" / "quickstart", "--build", BUILD, "--time", "2s"], cwd=elsewhere,
                stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=50 * rig.PATIENCE)
            self.assertEqual(os.listdir(elsewhere), [])
        said = run.stdout + run.stderr
        self.assertEqual(run.returncode, 0, said)
        self.assertIn("against your server:", said)
        self.assertIn("/api/tweets/", said)
        result = json.loads(Path(BUILD, "quickstart.json").read_text("utf-8"))
        self.assertEqual(result["schema"], "squall/1")
        self.assertGreaterEqual(result["total"]["ok"], 45)
        self.assertEqual(result["total"]["failed"], 0)
        self.assertEqual(processes_of_binary(), before)

    def test_an_unknown_option_is_refused_with_the_usage(self):
        run = subprocess.run([rig.ROOT / "tools" / "quickstart", "--nonsense"],
                             capture_output=True, text=True, timeout=10)
        self.assertEqual(run.returncode, 2)
        self.assertIn("usage: tools/quickstart", run.stderr)


if __name__ == "__main__":
    rig.main()
