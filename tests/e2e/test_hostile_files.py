#!/usr/bin/python3
"""Scenario files, and files that they name, made to cost much: each costs a message with its place, less than a second and
less than 64 MiB, and nothing is sent. What the texts of single mistakes are is tested where they are made.
"""
import os
import resource
import subprocess
import tempfile
import time
from pathlib import Path

import rig

SECONDS, MEBIBYTES = 1.0, 64
MANY = 10_000
MESSAGES_MAX = 100_000    # bytes
HOST = "host: http://127.0.0.1:9\nusers: 1\nrun_time: 1s\n"
TASKS = "tasks:\n  - get: /\n"
FED = HOST + "feeds:\n  rows: {{ file: {0} }}\ntasks:\n  - get: /${{rows.a}}\n"
SENT = HOST + "tasks:\n  - post: /\n    body_file: {0}\n"
UPLOADED = HOST + "tasks:\n  - post: /\n    multipart: {{ f: {{ file: {0} }} }}\n"

# The text of the file, and what the first message says after its name.
TEXTS = {
    "nine levels of lists that repeat the one before": (
        "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)) + HOST + TASKS,
        ":1:5: expected a value, found the anchor '&a0': write the value out where it is used"),
    "a list that holds itself": (
        HOST + "tasks: &t [*t]\n", ":4:8: expected a value, found the anchor '&t': write the value out where it is used"),
    "a merge of itself": (
        HOST + TASKS + "headers: &h { <<: *h }\n",
        ":6:10: expected a value, found the anchor '&h': write the value out where it is used"),
    "lists 10,000 deep": (
        HOST + TASKS + "    json: " + "[" * MANY + "]" * MANY + "\n", ":6:72: expected at most 64 levels, found more"),
    "mappings 10,000 deep, not closed": (
        HOST + TASKS + "    json: " + "{a: " * MANY, ":6:255: expected at most 64 levels, found more"),
    "blocks 10,000 deep": (
        HOST + TASKS + "    json:\n      " + "- " * MANY + "x\n", ":7:129: expected at most 64 levels, found more"),
    "steps 10,000 deep": (
        HOST + "tasks:\n  - steps: [" + "{repeat: 2, steps: [" * MANY, "expected at most 64 levels, found more"),
    "more values than a file may have": (
        HOST + TASKS + "    json: [" + "1," * 150_000 + "1]\n", "expected at most 100000 values, found more"),
    "more keys than a file may have": (
        HOST + TASKS + "    json: {" + ",".join(f"k{n}: 1" for n in range(80_000)) + "}\n",
        "expected at most 100000 values, found more"),
    "one key again and again": (
        HOST + TASKS + "users: 2\n" * MANY, ":6:1: key 'users' is given twice, before on line 2"),
    "a NUL": (HOST + "wait: 1s\0\n" + TASKS, r":4:9: expected text in UTF-8, found the control character \x00"),
    "a NUL before everything": ("\0" + HOST + TASKS, "expected text in UTF-8, found"),
    "UTF-16 with its mark": ((HOST + TASKS).encode("utf-16"), ":1:1: expected text in UTF-8, found UTF-16"),
    "UTF-16 without its mark": ((HOST + TASKS).encode("utf-16-le"), ":1:"),
    "UTF-32": ((HOST + TASKS).encode("utf-32"), ":1:1: expected text in UTF-8, found UTF-"),
    "two marks": (b"\xef\xbb\xbf\xef\xbb\xbf" + (HOST + TASKS).encode(), ":1:"),
    "broken UTF-8": (HOST.encode() + b"wait: \xc0\xaf\n" + TASKS.encode(), ":4:7: expected text in UTF-8, found"),
    "tabs": (HOST + "tasks:\n\t- get: /\n", ":5:1: "),
    "a megabyte of blank lines and nothing else": ("\n" * 1_000_000, "expected"),
    "a megabyte of opening brackets": ("[" * 1_000_000, "expected at most 64 levels, found more"),
    "a megabyte of expressions": (HOST + "tasks:\n  - get: /" + "${uuid()}" * 110_000 + "\n", ""),
    "brackets 10,000 deep in an expression": (
        HOST + "tasks:\n  - get: /\n    if: " + "(" * 4000 + "1" + ")" * 4000 + "\n", ":6:"),
    "a list of 4,000 negations": (HOST + "tasks:\n  - get: /\n    if: " + "not " * 1000 + "true\n", ":6:"),
    "a pattern that explodes": (
        HOST + "tasks:\n  - get: /\n    expect: { body: { matches: '" + "(a?" * 2000 + ")" * 2000 + "' } }\n", ":6:"),
    "a pattern of huge counts": (
        HOST + "tasks:\n  - get: /\n    expect: { body: { matches: '((a{65535}){65535}){65535}' } }\n", ":6:"),
}

# Numbers that no run can have. They are the value of one key; the first message names its line and column.
NUMBERS = {
    "users": ("-1", "0", "1e309", "nan", ".inf", "99999999999999999999", "1.5", ""),
    "run_time": ("0s", "-1s", "1e309s", "nan", "999999999999999999999s", "5 parsecs", ""),
    "spawn_rate": ("-1", "0", "1e309", "nan", "1/0", ""),
    "timeout": ("-1s", "nan", "0"),
    "connections": ("-1", "0", "1e309", "none of these"),
    "requests_per_connection": ("-1", "0", "1e309"),
}

# Contents of a feed, and what is wrong with it.
FEEDS = {
    "no bytes at all": b"",
    "a header and no rows": b"a,b\n",
    "a row that is too short": b"a,b\n1,2\n3\n",
    "a row that is too long": b"a,b\n1,2\n3,4,5\n",
    "a quote that is not closed": b'a,b\n1,"2\n' + b"x" * 100_000,
    "the same column twice": b"a,a\n1,2\n",
    "another column": b"b\n1\n",
    "a field of a megabyte": b"a\n" + b"x" * 1_000_000 + b"\n",
    "100,000 columns": b"a," * 100_000 + b"b\n",
    "a NUL": b"a\n1\0002\n",
}


class Hostile(rig.Case):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()

    def tearDown(self):
        self.folder.cleanup()

    def write(self, name, content):
        path = Path(self.folder.name, name)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def judge(self, path, command="check", options=()):
        """Its messages, after it was refused in time and with little memory."""
        began = time.monotonic()
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = subprocess.Popen([rig.SQUALL, command, str(path), *map(str, options)], stdin=subprocess.DEVNULL,
                                       stdout=out, stderr=err, preexec_fn=self.limit_time)
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            seconds = time.monotonic() - began
            said = [file.seek(0) or file.read().decode("utf-8", "replace") for file in (out, err)]
        self.assertEqual(process.returncode, 2, f"after {seconds:.1f} s: {said[0][-500:]}{said[1][-2000:]}")
        self.assertEqual(said[0], "")
        self.assertLess(len(said[1]), MESSAGES_MAX, "many messages, or long ones")
        self.assertLess(seconds, SECONDS * rig.PATIENCE)
        if not rig.SANITIZED:
            self.assertLess(used.ru_maxrss, MEBIBYTES * 1024)
        return said[1]

    @staticmethod
    def limit_time():
        resource.setrlimit(resource.RLIMIT_CPU, (10, 10))

    def test_texts(self):
        for what, (text, message) in TEXTS.items():
            with self.subTest(what):
                path = self.write("a.yaml", text)
                err = self.judge(path)
                self.assertTrue(err.startswith(str(path)) or f"'{path}'" in err.splitlines()[0], err[:300])
                self.assertIn(message, err)

    def test_a_file_with_a_byte_order_mark_is_as_good_as_one_without(self):
        path = self.write("a.yaml", b"\xef\xbb\xbf" + (HOST + TASKS).encode())
        self.assertEqual(rig.call("check", path)[0], 0)

    def test_numbers(self):
        for key, values in NUMBERS.items():
            for value in values:
                with self.subTest(f"{key}: {value}"):
                    lines = [line for line in HOST.splitlines() if not line.startswith(key + ":")]
                    text = "\n".join([*lines, f"{key}: {value}", TASKS])
                    err = self.judge(self.write("a.yaml", text))
                    self.assertIn(f"a.yaml:{len(lines) + 1}:", err.splitlines()[0])
                    self.assertIn(f"'{key}'", err.splitlines()[0])

    def special_files(self):
        """Name -> path of what is no ordinary file, or a much too large one."""
        paths = {name: Path(self.folder.name, name)
                 for name in ("fifo", "sparse", "folder", "missing", "dangling", "ring", "secret")}
        os.mkfifo(paths["fifo"])
        with open(paths["sparse"], "wb") as file:
            file.truncate(1 << 30)
        paths["folder"].mkdir()
        paths["dangling"].symlink_to("nowhere")
        paths["ring"].symlink_to("ring")
        paths["zeros"] = Path("/dev/zero")
        if os.geteuid() != 0:
            paths["secret"].write_text("x")
            paths["secret"].chmod(0)
        return paths

    def test_what_is_no_ordinary_file_is_refused_as_a_scenario(self):
        for what, path in self.special_files().items():
            with self.subTest(what):
                self.assertIn(f"'{path}'", self.judge(path))
                self.assertIn(f"'{path}'", self.judge(path, "run"))

    def test_what_is_no_ordinary_file_is_refused_as_a_feed_or_a_body(self):
        for what, path in self.special_files().items():
            linked = Path(self.folder.name, what + ".csv")
            linked.symlink_to(path)
            for form, text in (("feed", FED), ("body", SENT), ("upload", UPLOADED)):
                with self.subTest(f"{what} as a {form}"):
                    err = self.judge(self.write("a.yaml", text.format(linked)))
                    self.assertRegex(err.splitlines()[0], r"a\.yaml:\d+:\d+: ")
                    self.assertIn(str(linked), err)

    def test_feeds(self):
        for what, content in FEEDS.items():
            with self.subTest(what):
                self.write("rows.csv", content)
                err = self.judge(self.write("a.yaml", FED.format("rows.csv")))
                self.assertRegex(err.splitlines()[0], r"a\.yaml:\d+:\d+: ")

    def test_a_link_to_a_scenario_is_followed(self):
        self.write("a.yaml", HOST + TASKS)
        link = Path(self.folder.name, "link.yaml")
        link.symlink_to("a.yaml")
        self.assertEqual(rig.call("check", link)[0], 0)

    def test_nothing_is_sent_because_of_a_mistake_late_in_the_file(self):
        with rig.Target() as target:
            text = (HOST.replace("http://127.0.0.1:9", target.url) + "tasks:\n" + "  - get: /json\n" * 1000
                    + "  - gte: /\n")
            err = self.judge(self.write("a.yaml", text), "run", ("-u", 10))
            self.assertIn(":1005:5: unknown key 'gte' in a task; did you mean 'get'?", err)
            self.assertEqual(target.counts(), {})

    def test_tasks_that_send_nothing_end_with_their_time(self):
        nothing = "steps: [ { set: { a: 1 } }, { get: /, if: false } ]"
        for what, task in {
            "nothing but a variable": f"- {{ {nothing} }}",
            "a loop without an end": f"- {{ steps: [ {{ while: true, at_most: 1000000000, {nothing} }} ] }}",
            "a billion rounds": f"- {{ steps: [ {{ repeat: 1000000000, {nothing} }} ] }}",
            "nothing that is ever true": "- { get: /, if: false }",
            "sets that are left at once": "- { name: s, sequence: [ { steps: [ leave ] } ] }",
        }.items():
            with self.subTest(what):
                text = f"host: http://127.0.0.1:9\nusers: 3\nrun_time: 500ms\ntasks:\n  {task}\n"
                run = rig.squall("run", self.write("a.yaml", text), timeout=10)
                self.assert_books_balance(run)
                self.assertEqual(run.result["total"]["count"], 0)
                self.assertLess(run.seconds, 3 * rig.PATIENCE)


if __name__ == "__main__":
    rig.main()
