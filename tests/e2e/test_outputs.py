#!/usr/bin/python3
"""What a run leaves behind: files for Locust's scripts, for CI servers and for people; each whole or not there, whatever happens
to the disk or the reader.
"""
import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import junit_rules
import locust_csv
import made_up
import rig

LOCUSTFILE = """
from locust import HttpUser, constant, task

class Visitor(HttpUser):
    wait_time = constant(0.02)

    @task
    def fast(self):
        self.client.get("/bytes/100")

    @task
    def slow(self):
        self.client.get("/delay/60ms")

    @task
    def missing(self):
        self.client.get("/status/404")
"""
SCENARIO = """
users: 4
spawn_rate: 100
run_time: 2s
wait: 20ms
tasks:
  - get: /bytes/100
  - get: /delay/60ms
  - get: /status/404
"""
ROWS = {"GET /bytes/100", "GET /delay/60ms", "GET /status/404", " Aggregated"}
LOCUST_TRIES = 3
MS_MORE = 25    # what Locust itself and a busy machine may add to a latency
HEADERS = {
    "stats": ["Type", "Name", "Request Count", "Failure Count", "Median Response Time", "Average Response Time", "Min Response Time",
              "Max Response Time", "Average Content Size", "Requests/s", "Failures/s", *locust_csv.PERCENTILES],
    "stats_history": ["Timestamp", "User Count", "Type", "Name", "Requests/s", "Failures/s", *locust_csv.PERCENTILES,
                      "Total Request Count", "Total Failure Count", "Total Median Response Time", "Total Average Response Time",
                      "Total Min Response Time", "Total Max Response Time", "Total Average Content Size"],
    "failures": ["Method", "Name", "Error", "Occurrences"],
    "exceptions": ["Count", "Message", "Traceback", "Nodes"],
}


def run_locust(folder, url):
    """Locust's own files, as PREFIX; None where it is not installed."""
    program = shutil.which("locust")
    if program is None:
        return None
    Path(folder, "locustfile.py").write_text(LOCUSTFILE, "utf-8")
    subprocess.run(
        [program, "-f", "locustfile.py", "--headless", "--only-summary", "-u", "4", "-r", "100", "-t", "2s", "-H", url,
         "--csv", "theirs"], cwd=folder, capture_output=True, timeout=60 * rig.PATIENCE, check=False)
    return str(Path(folder, "theirs"))


class Outputs(rig.Case):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.target = rig.Target()
        cls.addClassCleanup(cls.target.stop)
        cls.scenario = cls.file("three.yaml")
        cls.scenario.write_text(SCENARIO, "utf-8")
        cls.played = rig.squall(
            "run", cls.scenario, "-H", cls.target.url, "--csv", cls.file("ours"), "--expect", "p99<1ms", "--expect", "rps>1",
            *(word for ending in ("csv", "xml", "md", "hlog") for word in ("-o", cls.file(f"run.{ending}"))),
            "--html", cls.file("page"))
        cls.file("run.json").write_text(json.dumps(cls.played.result), "utf-8")

    @classmethod
    def file(cls, name):
        return Path(cls.folder.name, name)

    def text(self, name):
        return self.file(name).read_bytes().decode("utf-8")

    # --- CSV ------------------------------------------------------------------------------------------

    def test_the_run_was_what_it_should_be(self):
        self.assert_books_balance(self.played)
        self.assert_exit(self.played, 99)
        self.assertEqual(self.played.err, "")

    def test_a_script_for_locust_reads_ours_as_it_reads_theirs(self):
        ours = locust_csv.read(self.file("ours"))
        self.assertEqual(ours["headers"], HEADERS)
        if rig.SANITIZED:
            self.skipTest("latencies of a slow binary are not held against others'")
        for trial in range(LOCUST_TRIES):
            prefix = run_locust(self.folder.name, self.target.url)
            if prefix is None:
                self.skipTest("locust is not installed")
            theirs = locust_csv.read(prefix)
            self.assertEqual(ours["headers"], theirs["headers"])
            # Now and then it ends without having written all rows, or a busy machine slows it down.
            if set(theirs["stats"]) == ROWS and (self.are_near(ours, theirs) or trial == LOCUST_TRIES - 1):
                break
        self.assertEqual(list(ours["stats"]), list(theirs["stats"]))
        self.assertEqual(set(ours["failures"]), set(theirs["failures"]))
        self.assertEqual(ours["exceptions"], theirs["exceptions"])
        for name in ROWS - {" Aggregated"}:
            mine, other = ours["stats"][name], theirs["stats"][name]
            self.assertAlmostEqual(mine["size"], other["size"], places=6, msg=name)
            self.assertEqual(mine["failures"] / mine["requests"], other["failures"] / other["requests"], name)
        self.assertTrue(self.are_near(ours, theirs), f"{ours['stats']}\n{theirs['stats']}")

    @staticmethod
    def are_near(ours, theirs):
        """The latencies of each row, as far as two clients can agree."""
        return all(abs(ours["stats"][name][key] - theirs["stats"][name][key]) < MS_MORE
                   for name in ROWS - {" Aggregated"} for key in ("min", "median", "50%"))

    def test_the_numbers_are_those_of_the_run(self):
        rows = locust_csv.read(self.file("ours"))["stats"]
        for row in [*self.played.result["requests"], {**self.played.result["total"], "method": "", "name": "Aggregated"}]:
            mine, latency = rows[f"{row['method']} {row['name']}"], row["latency_us"]
            self.assertEqual((mine["requests"], mine["failures"]), (row["count"], row["failed"]))
            for key, value in (("min", "min"), ("average", "mean"), ("max", "max"), ("median", "p50")):
                self.assertAlmostEqual(mine[key], latency[value] / 1000, places=5)
            for key, value in (("50%", "p50"), ("75%", "p75"), ("90%", "p90"), ("99%", "p99"), ("99.9%", "p99_9")):
                self.assertLessEqual(abs(mine[key] - latency[value] / 1000), 0.5 + latency[value] / 1e6, f"{key} of {row['name']}")
            values = [mine[key] for key in locust_csv.PERCENTILES]
            self.assertEqual(values, sorted(values))
        self.assertEqual(self.text("run.csv"), self.text("ours_stats.csv"))

    def test_the_history_has_its_last_second(self):
        history = locust_csv.read(self.file("ours"))["history"]
        self.assertIn(len(history), (2, 3))
        self.assertEqual([row["name"] for row in history], ["Aggregated"] * len(history))
        times = [row["time"] for row in history]
        self.assertEqual(times, sorted(times))
        counts = [row["requests"] for row in history]
        self.assertEqual(counts, sorted(counts))
        self.assertEqual((history[-1]["requests"], history[-1]["failures"]),
                         (self.played.result["total"]["count"], self.played.result["total"]["failed"]))
        self.assertAlmostEqual(history[-1]["size"], self.played.result["total"]["size_avg"], places=2)
        self.assertEqual(history[0]["users"], 4)

    def test_the_full_history_has_the_endpoints_as_locusts_has(self):
        prefix = self.file("full")
        run = rig.squall("run", self.scenario, "-H", self.target.url, "-t", "1s", "--csv", prefix, "--csv-full-history")
        history = locust_csv.read(prefix)["history"]
        self.assertEqual(history[-1]["name"], "Aggregated")
        last = {row["name"]: row["requests"] for row in history if row["time"] == history[-1]["time"]}
        self.assertEqual(last.pop("Aggregated"), run.result["total"]["count"])
        self.assertGreater(len(last), 1)
        self.assertEqual(sum(last.values()), run.result["total"]["count"])

    def test_lines_end_and_cells_are_quoted_as_in_locusts_files(self):
        for name in HEADERS:
            text = self.text(f"ours_{name}.csv")
            self.assertTrue(text.endswith("\r\n"))
            self.assertEqual(text.count("\n"), text.count("\r\n"))
            again = io.StringIO()
            csv.writer(again).writerows(csv.reader(text.splitlines()))
            self.assertEqual(text, again.getvalue())

    # --- JUnit, Markdown, and all again from the JSON ------------------------------------------------

    def test_the_junit_file_is_one(self):
        text = self.text("run.xml")
        self.assertEqual(junit_rules.mistakes(text), [])
        self.assertEqual(len(re.findall("<testcase", text)), 3 + 2)
        self.assertIn('<testcase name="GET /status/404" classname="squall.requests"', text)
        self.assertIn('<failure message="expected p99&lt;1ms, found ', text)
        if shutil.which("xmllint"):
            subprocess.run(["xmllint", "--noout", str(self.file("run.xml"))], check=True, timeout=30)

    def test_the_summary_is_markdown_with_tables(self):
        text = self.text("run.md")
        self.assertRegex(text, r"^### squall: `.*three.yaml`\n\n❌ \d+ of \d+ requests failed: status 404\. 1 of 2 ")
        try:
            import markdown     # pylint: disable=import-outside-toplevel
        except ImportError:
            self.skipTest("needs python3-markdown")
        page = markdown.markdown(text, extensions=["tables"])
        self.assertEqual(page.count("<table>"), 3)
        self.assertEqual(page.count("<tr>"), 5 + 3 + 2)
        for cell in ("<code>GET</code> <code>/delay/60ms</code>", "<code>p99&lt;1ms</code>", "<code>status 404</code>"):
            self.assertIn(cell, page)

    def test_a_stored_run_is_drawn_as_it_was(self):
        again = {ending: self.file(f"again.{ending}") for ending in ("csv", "xml", "md", "json", "hlog", "html")}
        code, out, err = rig.call("report", self.file("run.json"), *(word for path in again.values() for word in ("-o", path)))
        self.assertEqual((code, out, err), (0, "", ""))
        for ending in ("csv", "xml", "md"):
            self.assertEqual(self.text(f"again.{ending}"), self.text(f"run.{ending}"), ending)
        self.assertEqual(json.loads(self.text("again.json")), self.played.result)
        self.assertEqual(self.text("again.hlog").count("\nTag="), 3)
        page = self.text("again.html")
        self.assertNotRegex(page, r'(src|href)="(?!data:,")')
        self.assertEqual(page.count("<!doctype html>"), 1)

    def test_two_runs_are_compared(self):
        other = json.loads(json.dumps(self.played.result))
        other["load"]["users"] = 5
        self.file("other.json").write_text(json.dumps(other), "utf-8")
        code, out, err = rig.call("compare", self.file("run.json"), self.file("other.json"), "-o", self.file("both.md"),
                                  "-o", self.file("both.html"), "-o", self.file("both.json"))
        self.assertEqual((code, err), (0, ""))
        self.assertIn("One run each is no proof", out)
        self.assertRegex(out, r"users +4 +5\n")
        both = json.loads(self.text("both.json"))
        self.assertEqual([change["key"] for change in both["changes"]], ["users"])
        self.assertEqual(both["requests"][0]["rps"]["ratio"], 1)
        self.assertIn("<td>1.00</td>", self.text("both.html"))
        self.assertIn("| users | `4` | `5` |", self.text("both.md"))

    def test_what_is_slower_can_fail_a_pipeline(self):
        for name, slow in (("base", 1.0), ("slow", 2.0)):
            self.file(f"{name}.json").write_text(json.dumps(made_up.result(60, slow=slow)), "utf-8")
        base, slow = self.file("base.json"), self.file("slow.json")
        for one, other, expected in ((base, slow, 99), (slow, base, 0), (base, base, 0)):
            code, out, err = rig.call("compare", one, other, "--fail-if-slower")
            self.assertEqual((code, "One run each is no proof" in out), (expected, True), err)
            self.assertRegex(err, r"^squall: --fail-if-slower: \d+ percentiles are slower\n$" if code else "^$")

    def test_a_file_that_is_no_run_has_one_sentence(self):
        bad = self.file("bad.json")
        os.mkfifo(self.file("pipe.json"))
        for text, sentence in (
                (b"{", "line 1, column 1: expected JSON"),
                (b"\xff\xfe", "line 1, column 0: expected JSON"),
                (b"[" * 100_000, "line 1, column 2049: expected JSON"),
                (b'{"schema": "squall/1", "total": 1}', "total: expected an object, found a number")):
            bad.write_bytes(text)
            with self.subTest(text[:20]):
                for command in (["report", bad, "-o", self.file("x.csv")], ["compare", self.file("run.json"), bad]):
                    self.assertEqual(rig.call(*command), (2, "", f"squall: '{bad}': {sentence}\n"))
        for path, sentence in ((self.file("none.json"), "cannot open '{}': no such file"),
                               (self.folder.name, "cannot read '{}': it is a directory"),
                               (self.file("pipe.json"), "cannot read '{}': it is no regular file")):
            self.assertEqual(rig.call("report", path, "-o", self.file("x.csv")),
                             (2, "", f"squall: {sentence.format(path)}\n"))
        self.assertFalse(self.file("x.csv").exists())
        far = self.file("nowhere") / "x.html"
        for command in (["report", self.file("run.json")], ["compare", self.file("run.json"), self.file("run.json")]):
            self.assertEqual(rig.call(*command, "-o", far),
                             (2, "", f"squall: --output: cannot write '{far}': no such file or directory\n"))

    # --- places that cannot take what is written ------------------------------------------------------

    def in_small_disk(self, script):
        """Runs a shell script in a folder of 64 KiB that nobody else sees; $SQUALL and $URL are set."""
        place = tempfile.mkdtemp(dir=self.folder.name)
        own = ["unshare", "-m"] if os.getuid() == 0 else ["unshare", "-rm"]
        done = subprocess.run(
            [*own, "sh", "-c", f"mount -t tmpfs -o size=64k none {place} && cd {place} && printf old > x.html\n{script}\n"],
            env={**os.environ, "SQUALL": rig.SQUALL, "URL": self.target.url}, capture_output=True, text=True,
            timeout=60 * rig.PATIENCE, check=False)
        if "unshare" in done.stderr or "mount:" in done.stderr:
            self.skipTest("needs a mount namespace")
        return done.stdout, done.stderr

    def test_a_full_disk_keeps_the_old_file_and_the_summary(self):
        out, err = self.in_small_disk('$SQUALL -n 50 -o x.html -o y.json --json "$URL" > /dev/null; echo "exit $?"; ls -A; cat x.html')
        self.assertEqual(out, "exit 1\nx.html\ny.json\nold")
        self.assertIn("squall: --output: cannot write 'x.html': no space left on device\n", err)
        self.assertIn("50 requests, none failed", err)

    def test_a_disk_that_becomes_read_only_keeps_the_old_file(self):
        out, err = self.in_small_disk('($SQUALL -d 900ms -o x.html -o y.json "$URL"; echo "exit $?") > /tmp/out.$$ &\n'
                                      "sleep 0.4; mount -o remount,ro .; wait; cat /tmp/out.$$; rm /tmp/out.$$; ls -A; cat x.html")
        self.assertIn("none failed", out)
        self.assertTrue(out.endswith("exit 1\nx.html\nold"), out)
        for name in ("x.html", "y.json"):
            self.assertIn(f"squall: --output: cannot write '{name}': read-only file system\n", err)

    def test_whatever_the_disk_answers_the_old_file_is_intact(self):
        if shutil.which("strace") is None or rig.SANITIZED:
            self.skipTest("needs strace and a binary without sanitizers")
        folder = self.file("answers")
        folder.mkdir()
        page = folder / "x.html"
        for answer, sentence in (
                ("write:error=EIO", "input/output error"), ("write:error=EDQUOT", "disk quota exceeded"), ("write:retval=0", "input/output error"),
                ("fsync:error=EIO", "input/output error"), ("fsync:error=ENOSPC", "no space left on device"),
                ("fchmod:error=EPERM", "operation not permitted"), ("rename:error=EIO", "input/output error")):
            page.write_text("old", "utf-8")
            with self.subTest(answer):
                done = subprocess.run(
                    ["strace", "-f", "-qq", "-o", os.devnull, "-e", f"inject={answer}:when=1", rig.SQUALL, "report", self.file("run.json"),
                     "-o", page], capture_output=True, text=True, timeout=30 * rig.PATIENCE, check=False)
                self.assertEqual((done.returncode, done.stderr), (1, f"squall: --output: cannot write '{page}': {sentence}\n"))
                self.assertEqual((os.listdir(folder), page.read_text("utf-8")), (["x.html"], "old"))

    def test_a_read_only_folder_is_refused_before_anything_is_sent(self):
        out, err = self.in_small_disk('mount -o remount,ro .; $SQUALL -n 5 -o x.html "$URL"; echo "exit $?"; ls -A; cat x.html')
        self.assertEqual((out, err), ("exit 2\nx.html\nold", "squall: --output: cannot write 'x.html': read-only file system\n"))

    def shell(self, script):
        done = subprocess.run(["bash", "-c", script], cwd=self.folder.name, capture_output=True, text=True, check=False,
                              env={**os.environ, "SQUALL": rig.SQUALL, "URL": self.target.url}, timeout=30 * rig.PATIENCE)
        return done.returncode, done.stdout, done.stderr

    def test_a_closed_stdout_sends_the_summary_to_stderr(self):
        for options in ("", "--json"):
            code, out, err = self.shell(f'$SQUALL -n 50 {options} -o closed.json "$URL" >&-')
            self.assertEqual((code, out), (1, ""))
            self.assertIn("squall: cannot write the report: bad file descriptor\n", err)
            self.assertIn("50 requests, none failed", err)
            self.assertEqual(json.loads(self.text("closed.json"))["total"]["count"], 50)

    def test_a_reader_of_one_line_costs_nothing(self):
        code, out, err = self.shell('$SQUALL -n 50 -o head.json "$URL" | head -1; echo "${PIPESTATUS[0]}"')
        self.assertEqual(code, 0)
        self.assertRegex(out, r"^ . 50 requests, none failed.*\n[01]\n$")
        if out.endswith("\n1\n"):
            self.assertIn("50 requests, none failed", err)
        self.assertEqual(json.loads(self.text("head.json"))["total"]["count"], 50)

    def test_a_reader_that_is_gone_leaves_the_summary_on_stderr(self):
        code, _, err = self.shell('$SQUALL -d 500ms -o gone.json "$URL" | exec true; exit "${PIPESTATUS[0]}"')
        self.assertEqual(code, 1)
        self.assertIn("squall: cannot write the report: broken pipe\n", err)
        self.assertIn("none failed", err)
        self.assertGreater(json.loads(self.text("gone.json"))["total"]["count"], 0)

    def test_a_kill_while_writing_leaves_the_old_page_or_the_new(self):
        page = self.file("killed.html")
        page.write_text("old", "utf-8")
        for pause in (0.0, 0.002, 0.004):
            process = subprocess.Popen([rig.SQUALL, "report", self.file("run.json"), "-o", page])
            time.sleep(pause)
            process.send_signal(signal.SIGKILL)
            process.wait()
            self.assertTrue(self.text("killed.html") == "old" or self.text("killed.html").endswith("</html>\n"))


if __name__ == "__main__":
    rig.main()
