#!/usr/bin/python3
"""squall check: the plan in words, what it costs, the tasks that tags leave, every key there is."""
import re
import tempfile
from pathlib import Path

import rig

SCENARIO = """
host: http://127.0.0.1:8000
users: 100
variables: { ids: [] }
on_start: [{ post: /login, form: { user: ada } }]
tasks:
  - get: /list
    tags: [read]
  - steps:
      - repeat: 3
        steps:
          - get: /items/${random(1, 9)}/${uuid()}
      - get: /end
    name: browse
    tags: [slow]
"""


class Check(rig.Case):
    def check(self, *arguments, scenario=SCENARIO):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "shop.yaml")
            file.write_text(scenario, "utf-8")
            return rig.call("check", file, *arguments)

    def plan(self, *arguments):
        code, out, err = self.check(*arguments)
        self.assertEqual((code, err), (0, ""))
        return out

    def test_the_cost_of_each_task_stands_below_the_plan(self):
        out = self.plan("--cost")
        without = self.plan().split("\n", 1)[1]  # the first line has the file's name
        self.assertEqual(out.split("\n", 1)[1][:len(without)], without)
        rows = re.findall(r"^ +(\d+)(\+?) +(\d+) +(\d+) +([\d.]+) \+ ([\d.]+) +user: (.+)$", out, re.MULTILINE)
        self.assertEqual([(row[0], row[1], row[3], row[6]) for row in rows],
                         [("1", "", "0", "first"), ("1", "", "0", "/list"), ("2", "+", "2", "browse")])
        sizes, own = [int(row[2]) for row in rows], [float(row[4]) for row in rows]
        self.assertGreater(sizes[2], sizes[1])
        self.assertGreater(own[2], 2 * own[1])
        self.assertRegex(out, r"A user takes \d+ bytes beside its socket, 100 of them \d+\.\d MiB")

    def test_tags_say_which_tasks_are_left(self):
        self.assertRegex(self.plan("--tags", "read"), r"100\.0%  GET /list\n +0\.0%  browse")
        self.assertRegex(self.plan("--exclude-tags", "read"), r"0\.0%  GET /list\n +100\.0%  browse")
        self.assertRegex(self.plan("--tags", "read", "--tags", "slow"), r"50\.0%  GET /list")
        self.assertEqual(self.check("--tags", "fast"), (2, "", "--tags: no task has the tag 'fast'\n"))

    def test_a_number_of_requests_that_nobody_would_count_is_refused(self):
        uncounted = """
host: http://127.0.0.1:8000
on_start: [ get: /login ]
tasks:
  - { get: /ping, record: false }
  - { get: /list, tags: [read] }
"""
        refusal = ("squall: --requests: no task sends a request that is counted: "
                   "give --run-time, or leave out 'record: false'\n")
        arguments = ("--exclude-tags", "read", "-n", "100")
        self.assertEqual(self.check(*arguments, scenario=uncounted), (2, "", refusal))
        self.assertEqual(self.check(*arguments, "-t", "5s", scenario=uncounted)[0], 0)
        self.assertEqual(self.check("-n", "100", scenario=uncounted)[0], 0)

    def test_every_key_has_its_words(self):
        code, out, err = rig.call("check", "--keys")
        self.assertEqual((code, err), (0, ""))
        for line in out.splitlines():
            self.assertRegex(line, r"^[a-z.]+\t[a-z_]+\t.+$")
        self.assertIn("root\thost\t", out)
        self.assertIn("request\tget\t", out)


if __name__ == "__main__":
    rig.main()
