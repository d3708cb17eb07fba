#!/usr/bin/python3
"""The examples of tools/cli/scenario.md do what they say: each one, as it stands, is checked and run against the target.

An example is a block that begins with ```yaml. It is written to a folder of its own that has the files examples name, with
the target's address in place of http://127.0.0.1:8000. Every request of it must succeed, and every row must be reached.
"""
import json
import re
import tempfile
import urllib.request
from pathlib import Path

import rig

MANUAL = rig.ROOT / "tools" / "cli" / "scenario.md"
EXAMPLE = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OWN_SERVER = "http://127.0.0.1:8000"
FILES = {
    "body.json": b'{"a": [1, 2, 3], "text": "' + b"many of them " * 40 + b'"}\n',
    "picture.png": b"\x89PNG\r\n\x1a\nnot much of a picture",
    "people.csv": b'email,name\nada@example.org,Ada Lovelace\ngrace@example.org,"Hopper, Grace"\n',
}


def examples():
    """(line of its first line, heading it stands under, text) of each example."""
    text = MANUAL.read_text("utf-8")
    for found in EXAMPLE.finditer(text):
        headings = re.findall(r"^## (.+)$", text[:found.start()], re.MULTILINE)
        yield text.count("\n", 0, found.start(1)) + 1, headings[-1], found[1]


class Manual(rig.Case):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        for name, content in FILES.items():
            Path(cls.folder.name, name).write_bytes(content)
        cls.examples = list(examples())
        cls.runs = {}
        for line, heading, text in cls.examples:
            with rig.Target() as target:
                file = Path(cls.folder.name, f"line_{line}.yaml")
                file.write_text(text.replace(OWN_SERVER, target.url), "utf-8")
                check = rig.call("check", file)
                run = rig.squall("run", file, "--seed", 1, timeout=20) if check[0] == 0 else None
                cls.runs[line] = (heading, check, run, target.counts())

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def each(self, assert_that):
        for line, (heading, check, run, seen) in self.runs.items():
            with self.subTest(f"scenario.md:{line} ({heading})"):
                self.assertEqual(check[0], 0, check[2])
                assert_that(heading, check[1], run, seen)

    def test_the_manual_has_examples_in_every_chapter_that_shows_keys(self):
        self.assertGreaterEqual({heading for _, heading, _ in self.examples},
                                {"Users and tasks", "Load", "Requests", "Values", "Answers", "Flow", "Thresholds"})

    def test_every_example_passes_all_its_checks(self):
        self.each(lambda heading, plan, run, seen: self.assert_clean(run))

    def test_every_row_of_an_example_is_reached(self):
        def reached(heading, plan, run, seen):
            for row in run.result["requests"]:
                self.assertGreater(row["count"], 0, f"{row['method']} {row['name']}: {run}")
        self.each(reached)

    def test_the_target_saw_as_many_requests_as_were_counted_or_sent_unrecorded(self):
        def as_many(heading, plan, run, seen):
            unrecorded = seen.get(("GET", "/status/204"), 0) if heading == "Requests" else 0
            self.assertEqual(sum(seen.values()) - unrecorded, run.result["total"]["count"], str(run))
        self.each(as_many)

    def test_check_prints_every_row_of_the_plan(self):
        def printed(heading, plan, run, seen):
            for row in run.result["requests"]:
                self.assertIn(row["name"], plan)
        self.each(printed)

    def test_the_target_shows_a_body_that_is_json_as_what_it_says(self):
        with rig.Target() as target:
            def shown(body):
                with urllib.request.urlopen(target.url + "/echo", data=body, timeout=10) as answer:
                    return json.load(answer).get("json", "no JSON")
            for sent in (b'{"a": [1, "\xc3\xbc"], "b": null}', b" 12\n", b'"text"'):
                self.assertEqual(shown(sent), json.loads(sent))
            for sent in (b"", b"{", b"{} {}", b'{"a": 1,}', b'"\xff"', b"NaN", b"[" * 100_000):
                self.assertEqual(shown(sent), "no JSON", sent[:20])


if __name__ == "__main__":
    rig.main()
