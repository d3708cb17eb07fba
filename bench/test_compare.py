#!/usr/bin/python3
"""The harness of the benchmarks: its JSON can be read back, and only what lies outside both spreads is marked.

usage: test_compare.py PATH_OF_A_BENCH
"""
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

BENCH = sys.argv.pop(1)


def run(*arguments):
    return subprocess.run([BENCH, *map(str, arguments)], capture_output=True, text=True, timeout=60)


class Compare(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.old = Path(folder.name, "old.json")
        written = run("--quick", "--json", self.old)
        self.assertEqual(written.returncode, 0, written.stderr)
        self.figures = json.loads(self.old.read_text("utf-8"))
        self.names = [b["name"] for b in self.figures["benches"] if "skipped" not in b]

    def compared_with(self, **figures):
        """The lines of a run beside an earlier one in which every bench had these figures."""
        for bench in self.figures["benches"]:
            bench.update(figures)
        self.old.write_text(json.dumps(self.figures), "utf-8")
        compared = run("--quick", "--compare", self.old)
        self.assertEqual(compared.returncode, 0, compared.stderr)
        lines = {line.split()[0]: line for line in compared.stdout.splitlines()[2:]}
        return [lines[name] for name in self.names]

    def test_the_machine_and_every_figure_are_recorded(self):
        for key in ("version", "cpu", "governor", "kernel"):
            self.assertTrue(self.figures[key])
        for bench in self.figures["benches"]:
            if "skipped" not in bench:
                self.assertLess(0, bench["min_ns"])
                self.assertLessEqual(bench["min_ns"], bench["median_ns"])
                self.assertLessEqual(bench["median_ns"], bench["max_ns"])

    def test_json_to_stdout_is_nothing_but_json(self):
        self.assertEqual([b["name"] for b in json.loads(run("--quick", "--json", "-").stdout)["benches"]],
                         [b["name"] for b in self.figures["benches"]])

    def test_what_lies_within_the_old_spread_is_not_marked(self):
        for line in self.compared_with(min_ns=0.0001, median_ns=5.0, max_ns=1e12):
            self.assertIn(" 5.00 ", line)
            self.assertNotIn("slower", line)
            self.assertNotIn("faster", line)

    def test_what_is_above_all_of_the_old_is_slower(self):
        for line in self.compared_with(min_ns=0.0001, median_ns=0.0001, max_ns=0.0002):
            self.assertIn("slower", line)

    def test_what_is_below_all_of_the_old_is_faster(self):
        for line in self.compared_with(min_ns=1e12, median_ns=1e12, max_ns=1e12):
            self.assertIn("faster", line)

    def test_a_file_that_is_no_json_is_refused(self):
        self.old.write_text("{", "utf-8")
        self.assertEqual(run("--quick", "--compare", self.old).returncode, 2)


if __name__ == "__main__":
    unittest.main()
