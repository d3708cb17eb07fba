#!/usr/bin/python3
"""The command line as users and their scripts meet it: exit codes, what is on stdout and on stderr, files, signals."""
import fcntl
import json
import os
import pty
import re
import resource
import select
import signal
import struct
import subprocess
import tempfile
import termios
import time
from pathlib import Path

import rig
from recorder import Recorder
from rig import call

SCENARIO = """
host: http://127.0.0.1:9
users: 4
wait: 1ms..5ms
tasks:
  - get: /json
  - get: /hello
"""
NEVER_ANSWERED = SCENARIO.replace("/json", "/stall").replace("/hello", "/stall")


def call_on_terminal(*arguments, columns=80, rows=24, environment=None, interrupt_after=None):
    """The binary with a terminal as stderr and a pipe as stdout: (exit code, stdout, what the terminal got)."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    clean = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "TERM", "LC_ALL", "LANG")}
    process = subprocess.Popen([rig.SQUALL, *map(str, arguments)], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=slave,
                               env={**clean, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8",
                                    **(environment or {})})
    os.close(slave)
    began, shown = time.monotonic(), b""
    while True:
        if interrupt_after is not None and time.monotonic() - began > interrupt_after:
            process.send_signal(signal.SIGINT)
            interrupt_after = None
        if select.select([master], [], [], 0.05)[0]:
            try:
                got = os.read(master, 65536)
            except OSError:
                break
            if not got:
                break
            shown += got
        elif process.poll() is not None:
            break
    out = process.stdout.read().decode()
    process.stdout.close()
    os.close(master)
    return process.wait(), out, shown.decode()


class Cli(rig.Case):
    @classmethod
    def setUpClass(cls):
        cls.target = rig.Target()
        cls.folder = tempfile.TemporaryDirectory()
        cls.scenario = Path(cls.folder.name, "a.yaml")
        cls.scenario.write_text(SCENARIO, "utf-8")
        cls.stalling = Path(cls.folder.name, "stalling.yaml")
        cls.stalling.write_text(NEVER_ANSWERED, "utf-8")

    @classmethod
    def tearDownClass(cls):
        cls.target.stop()
        cls.folder.cleanup()

    def assert_usage(self, arguments, sentence):
        code, out, err = call(*arguments)
        self.assertEqual((code, out), (2, ""), err)
        self.assertEqual(err, f"squall: {sentence}\n")

    # --- what is sent ---------------------------------------------------------------------------------

    def test_a_number_of_requests_is_exact(self):
        before = self.target.counts().get(("GET", "/hello"), 0)
        run = rig.squall(self.target.url + "/hello", "-n", 1000, "-c", 7)
        self.assert_clean(run)
        self.assertEqual(run.result["total"]["ok"], 1000)
        self.assertEqual(run.result["accounting"]["scheduled"], 1000)
        self.assertEqual(self.target.counts()["GET", "/hello"] - before, 1000)

    def test_options_may_stand_on_both_sides_of_the_url(self):
        run = rig.squall("-n30", self.target.url, "--connections=3", "--threads", 1, "-q")
        self.assert_clean(run)
        self.assertEqual(run.result["load"]["connections"], 3)
        self.assertEqual(run.result["load"]["threads"], 1)
        self.assertEqual(run.result["total"]["ok"], 30)

    def test_never_more_threads_than_connections(self):
        run = rig.squall(self.target.url, "-n", 5, "-c", 1)
        self.assert_clean(run)
        self.assertEqual(run.result["load"]["threads"], 1)

    def test_arrivals_are_spread_only_where_there_is_a_rate(self):
        self.assert_usage(["run", self.scenario, "--arrival", "poisson"],
                          "--arrival: needs --rate, or a scenario whose stages have rates")

    def test_gathered_answers_are_counted_like_others_and_the_result_tells_of_it(self):
        run = rig.squall(self.target.url + "/bytes/100", "-n", 2000, "-c", 16, "--threads", 1, "--gather", "200us")
        self.assert_clean(run)
        self.assertEqual(run.result["total"]["ok"], 2000)
        self.assertEqual(run.result["load"]["gather_us"], 200.0)
        shown = subprocess.run([rig.SQUALL, self.target.url, "-n50", "--gather", "200us"], capture_output=True, text=True,
                               timeout=30)
        self.assertIn("answers waited up to 0.200 ms for others", " ".join(shown.stdout.split()))

    def test_many_answers_gathered_at_once_find_buffers(self):
        run = rig.squall(self.target.url + "/bytes/100", "-n", 20000, "-c", 1024, "--threads", 1, "--gather", "1ms")
        self.assert_clean(run)
        self.assertLess(run.result["counters"]["buffers_dry"], 2000)

    def test_nothing_is_gathered_at_a_rate_or_while_spinning(self):
        self.assert_usage([self.target.url, "--rate", 10, "--gather", "1ms"],
                          "--gather: is for as much as the server takes, found a rate to keep: leave out one of them")
        self.assert_usage([self.target.url, "--busy-poll", "--gather", "1ms"],
                          "--gather: is for as much as the server takes, found --busy-poll: leave out one of them")

    def test_method_headers_and_body_arrive(self):
        body = Path(self.folder.name, "body")
        body.write_bytes(b"from\x00a file")
        with Recorder(lambda seen, _: (200, {})) as server:
            url = server.url + "/a?b=c"
            self.assert_clean(rig.squall(url, "-n1", "-c1", "-X", "PATCH", "--data", f"@{body}", "-H",
                                         "X-One: 1", "-H", "X-Two: two words"))
            self.assert_clean(rig.squall(url, "-n1", "-c1", "--data", "short"))
            self.assert_clean(rig.squall(url, "-n1", "-c1"))
        first, second, third = server.seen
        self.assertEqual((first.method, first.path, first.body),
                         ("PATCH", "/a?b=c", b"from\x00a file"))
        self.assertEqual((first.headers["x-one"], first.headers["x-two"]), ("1", "two words"))
        self.assertEqual((second.method, second.body), ("POST", b"short"))
        self.assertEqual((third.method, third.body), ("GET", b""))

    def test_a_url_runs_as_long_as_it_is_told(self):
        run = rig.squall(self.target.url, "-d", "1200ms", "-c", 2)
        self.assert_clean(run)
        self.assertAlmostEqual(run.result["duration_s"], 1.2, delta=0.1 * rig.PATIENCE)

    # --- what comes out -------------------------------------------------------------------------------

    def test_json_is_the_only_thing_on_stdout(self):
        path = Path(self.folder.name, "both.json")
        code, out, err = call(self.target.url, "-n", 50, "--json", "-o", path)
        self.assertEqual((code, err), (0, ""))
        result = json.loads(out)
        self.assertEqual(out, path.read_text("utf-8"))
        self.assertTrue(out.endswith("}\n"))
        self.assertEqual(result["schema"], "squall/1")
        self.assertEqual(result["command"][1:3], [self.target.url, "-n"])
        self.assertEqual(result["total"]["ok"], 50)
        self.assertEqual(result["expectations"], [])
        self.assertFalse(result["interrupted"])

    def test_the_seconds_add_up_to_the_whole(self):
        run = rig.squall(self.target.url, "-d", "2300ms", "-c", 4)
        self.assert_clean(run)
        timeline = run.result["timeline"]
        self.assertEqual(len(timeline), 3, timeline)
        self.assertEqual(sum(point["count"] for point in timeline), run.result["total"]["count"])
        self.assertAlmostEqual(timeline[0]["t_s"], 1, delta=0.1 * rig.PATIENCE)

    def test_the_report_is_text_without_escapes_when_piped(self):
        code, out, err = call(self.target.url, "-d", "300ms", environment={"TERM": "xterm"})
        self.assertEqual((code, err), (0, ""))
        self.assertIn("none failed", out)
        self.assertNotIn("\x1b", out)

    def test_a_seed_is_kept_or_made_and_told(self):
        self.assertEqual(rig.squall(self.target.url, "-n1", "--seed", 42).result["seed"], 42)
        seeds = {rig.squall(self.target.url, "-n1").result["seed"] for _ in range(3)}
        self.assertGreater(len(seeds), 1)
        code, _, err = call(self.target.url, "-n1", "-v", "--seed", 43)
        self.assertEqual(code, 0)
        self.assertRegex(err, r"^squall: \d+ threads? on CPU[ \d]+; seed 43; io_uring: [a-z_,]+\n$")

    def test_help_fits_eighty_columns(self):
        for words in (["--help"], ["-h"], ["run", "--help"], ["check", "--help"],
                      ["doctor", "--help"], ["target", "--help"]):
            with self.subTest(words):
                code, out, err = call(*words)
                self.assertEqual((code, err), (0, ""))
                self.assertIn("usage: squall", out)
                self.assertLessEqual(max(map(len, out.splitlines())), 80)
        self.assertEqual(call("--version")[:2], (0, f"squall {self.version()}\n"))

    def version(self):
        return re.search(r"version: '([\d.]+)'", (rig.ROOT / "meson.build").read_text("utf-8"))[1]

    def test_check_prints_the_plan_and_sends_nothing(self):
        code, out, err = call("check", self.scenario, "-u", 3)
        self.assertEqual((code, err), (0, ""))
        self.assertIn("GET /json", out)

    # --- exit codes -----------------------------------------------------------------------------------

    def test_a_failed_request_is_exit_1_or_as_told(self):
        url = self.target.url + "/status/503"
        for options, code in (([], 1), (["--exit-code-on-failure", "7"], 7),
                              (["--exit-code-on-failure=0"], 0)):
            with self.subTest(options):
                run = rig.squall(url, "-n", 5, *options)
                self.assert_books_balance(run)
                self.assert_exit(run, code)
                self.assertEqual(run.failures(), {"http_error": 5})

    def test_mistakes_are_one_sentence_and_exit_2(self):
        url = self.target.url
        for arguments, sentence in [
            (["-c", "5"], "expected a URL such as 'http://127.0.0.1:8080/'; see 'squall --help'"),
            ([url, "--conections", "5"], "unknown option '--conections'; did you mean '--connections'?"),
            ([url, "--users", "5"], "unknown option '--users' here: it belongs to 'squall run'"),
            (["run", "f", "--run-time", "30 sec"],
             "--run-time: expected a duration such as '250ms' or '5m', got '30 sec'"),
            ([url, "-o", "a.pdf"],
             "-o: expected a file name that ends in .json, .html, .csv, .md, .xml or .hlog, got 'a.pdf'"),
            (["rnu"], "expected a URL or a command, got 'rnu'; did you mean 'run'?"),
            (["-q", "run", "f"], "'run' is a command: it must be the first word, before the options"),
            ([url, "--data", "@/nonexistent"],
             "--data: cannot read '/nonexistent': no such file or directory"),
            ([url, "--data", "@/"], "--data: cannot read '/': is a directory"),
        ]:
            with self.subTest(arguments):
                self.assert_usage(arguments, sentence)

    def test_the_word_help_is_no_host(self):
        self.assertEqual(call("help"), call("--help"))
        self.assertEqual(call("help", "run"), call("run", "--help"))
        self.assertEqual(call("help", "rnu")[0], 2)

    def test_help_that_could_not_be_written_is_no_success(self):
        for words in (["--help"], ["--version"], ["check", "--help"], ["target", "--help"]):
            with open("/dev/full", "wb") as full, self.subTest(words):
                run = subprocess.run([rig.SQUALL, *words], stdout=full, stderr=subprocess.PIPE, text=True, timeout=30)
                self.assertEqual((run.returncode, run.stderr), (1, "squall: cannot write: no space left on device\n"))

    def test_no_words_at_all_get_a_short_usage(self):
        code, out, err = call()
        self.assertEqual((code, out), (2, ""))
        self.assertLess(len(err.splitlines()), 12)
        self.assertIn("squall run FILE", err)

    def test_a_wrong_scenario_is_exit_2_with_its_place(self):
        path = Path(self.folder.name, "wrong.yaml")
        path.write_text(SCENARIO.replace("1ms..5ms", "fast"), "utf-8")
        for command in ("run", "check"):
            code, out, err = call(command, path)
            self.assertEqual((code, out), (2, ""))
            self.assertIn(f"{path}:4:", err)

    def test_a_cpu_that_is_not_there_is_exit_3(self):
        code, out, err = call(self.target.url, "--cpus", 1023)
        self.assertEqual((code, out), (3, ""))
        self.assertRegex(err, r"^squall: CPU 1023 .*: .*--cpus.*\n$")

    # --- files and streams that cannot be written ---------------------------------------------------

    def test_a_file_that_cannot_be_written_is_refused_before_anything_is_sent(self):
        before = self.target.counts()
        missing = Path(self.folder.name, "none", "x.json")
        for path, reason in ((missing, "no such file or directory"),
                             (self.scenario / "x.json", "not a directory")):
            with self.subTest(reason):
                self.assert_usage([self.target.url, "-n", 5, "-o", path], f"--output: cannot write '{path}': {reason}")
        self.assert_usage(["run", self.scenario, "-t", "1s", "--csv", missing.parent / "x"],
                          f"--csv: cannot write '{missing.parent}/x_stats.csv': no such file or directory")
        counts = self.target.counts()
        self.assertEqual({**counts, ("GET", "/stats"): 0}, {**before, ("GET", "/stats"): 0})

    def test_a_failing_write_leaves_the_old_file(self):
        folder = Path(self.folder.name, "full")
        folder.mkdir()
        path = folder / "x.json"
        path.write_text("old", "utf-8")

        def before():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

        code, out, err = call(self.target.url, "-n", 5, "-o", path, before=before)
        self.assertEqual(code, 1)
        self.assertIn("none failed", out)
        self.assertIn("file too large", err)
        self.assertEqual(path.read_text("utf-8"), "old")
        self.assertEqual(os.listdir(folder), ["x.json"])

    def test_a_full_stdout_is_no_success(self):
        with open("/dev/full", "wb") as full:
            for options in ([], ["--json"]):
                done = subprocess.run([rig.SQUALL, self.target.url, "-n", "5", *options], check=False,
                                      stdout=full, stderr=subprocess.PIPE, timeout=30 * rig.PATIENCE)
                self.assertEqual(done.returncode, 1)
                self.assertIn(b"cannot write the report: no space left on device", done.stderr)

    def test_a_reader_that_left_is_no_crash(self):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run([rig.SQUALL, self.target.url, "-n", "5"], check=False, stdout=writer,
                              stderr=subprocess.PIPE, timeout=30 * rig.PATIENCE)
        os.close(writer)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"broken pipe", done.stderr)

    # --- signals --------------------------------------------------------------------------------------

    def stopped_by(self, *numbers, arguments=(), pause=0.1):
        running = rig.Running(*arguments)
        time.sleep(0.7 * rig.PATIENCE)
        began = time.monotonic()
        for number in numbers:
            running.process.send_signal(number)
            time.sleep(pause)
        run = running.wait(30)
        return run, time.monotonic() - began

    def test_an_interrupt_gives_the_whole_summary_and_130(self):
        run, seconds = self.stopped_by(signal.SIGINT, arguments=(self.target.url, "-d", "30s"))
        self.assert_exit(run, 130)
        self.assert_books_balance(run)
        self.assertTrue(run.result["interrupted"])
        self.assertGreater(run.result["total"]["ok"], 0)
        self.assertLess(run.result["duration_s"], 10)
        self.assertIn("none failed", run.out)
        self.assertIn("stopped by SIGINT", run.out)
        self.assertLess(seconds, 3 * rig.PATIENCE)

    def test_termination_is_as_orderly(self):
        run, _ = self.stopped_by(signal.SIGTERM, arguments=(self.target.url, "-d", "30s"))
        self.assert_exit(run, 128 + signal.SIGTERM)
        self.assert_books_balance(run)
        self.assertTrue(run.result["interrupted"])

    def test_a_second_interrupt_does_not_wait_for_answers(self):
        run, seconds = self.stopped_by(
            signal.SIGINT, signal.SIGINT,
            arguments=("run", self.stalling, "-H", self.target.url, "-t", "30s", "--stop-timeout", "20s"))
        self.assert_exit(run, 130)
        self.assert_books_balance(run)
        self.assertGreater(run.result["accounting"]["in_flight_at_end"], 0)
        self.assertLess(seconds, 2 * rig.PATIENCE)

    def test_a_scenario_without_an_end_says_so_and_waits_for_one(self):
        run, _ = self.stopped_by(signal.SIGINT,
                                 arguments=("run", self.scenario, "-H", self.target.url))
        self.assert_exit(run, 130)
        self.assert_books_balance(run)
        self.assertIn("no run time given: running until Ctrl-C", run.err)
        self.assertNotIn("\x1b", run.err)

    # --- the live view --------------------------------------------------------------------------------

    def test_a_terminal_gets_a_live_view_that_is_gone_at_the_end(self):
        code, out, shown = call_on_terminal(self.target.url, "-d", "1600ms")
        self.assertEqual(code, 0, shown)
        self.assertIn("p99 ms", shown)
        self.assertIn("last second", shown)
        self.assertIn("\x1b[32m", shown)
        # It begins on a screen of its own and ends on the other, with a cursor and lines that fold.
        self.assertTrue(shown.startswith("\x1b[?1049h\x1b[?25l"), shown[:40])
        self.assertTrue(shown.endswith("\x1b[?7h\x1b[?25h\x1b[?1049l"), shown[-40:])
        self.assertNotIn("\x1b", out)

    def test_every_frame_fits_and_is_one_write_from_the_top(self):
        _, _, shown = call_on_terminal("run", self.scenario, "-H", self.target.url, "-t", "1400ms",
                                       columns=47, rows=12)
        frames = shown.split("\x1b[?7l\x1b[H")[1:]
        self.assertGreater(len(frames), 3)
        for frame in frames:
            frame, last, _ = frame.partition("\x1b[J\x1b[?7h")
            self.assertTrue(last, "a frame has no end")
            lines = re.sub(r"\x1b\[[?\d]*[a-zA-Z]", "", frame).replace("\r", "").split("\n")
            self.assertLessEqual(len(lines), 12)
            for line in lines:
                self.assertLessEqual(len(line), 47)

    def test_no_view_and_no_color_where_none_is_wanted(self):
        url, time_given = self.target.url, ("-d", "600ms")
        self.assertEqual(call_on_terminal(url, *time_given, "-q")[2], "")
        self.assertEqual(call_on_terminal(url, *time_given, environment={"TERM": "dumb"})[2], "")
        for options, environment in ((["--no-color"], {}), ([], {"NO_COLOR": "1"})):
            shown = call_on_terminal(url, *time_given, *options, environment=environment)[2]
            self.assertIn("p99 ms", shown)
            self.assertNotRegex(shown, r"\x1b\[\d*m")
        shown = call_on_terminal(url, *time_given, environment={"LC_ALL": "C"})[2]
        self.assertIn("p99 ms", shown)
        self.assertTrue(shown.isascii())

    def test_an_interrupt_is_seen_in_the_view(self):
        code, out, shown = call_on_terminal("run", self.stalling, "-H", self.target.url, "--stop-timeout",
                                            "800ms", interrupt_after=0.6 * rig.PATIENCE)
        self.assertEqual(code, 130)
        self.assertIn("stopping", shown)
        self.assertIn("stopped by SIGINT", out)


if __name__ == "__main__":
    rig.main()
