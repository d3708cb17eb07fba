#!/usr/bin/python3
"""The live view as a user sees it: drawn into panes of tmux, resized while it runs, driven by its keys, and gone without a
trace however the run ends. The pictures are printed, so the log of this test shows what was seen."""
import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import tempfile
import termios
import time
from pathlib import Path

import rig

SCENARIO = """host: {url}
users: 30
spawn_rate: 300
run_time: 60s
wait: 20ms
tasks:
  - get: /json
  - get: /status/503
  - get: /bytes/1000
    name: /bytes/[n]
"""
TERMINAL_STATE = "stty -a | tr ' ;' '\\n\\n' | grep -x -e icanon -e echo | tr '\\n' '.'"
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


class Panes:
    """Panes of a tmux server of our own, each with a shell in it."""

    def __init__(self, folder):
        self._socket = str(Path(folder, "tmux"))
        self._folder = folder

    def tmux(self, *words):
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("TMUX", "LC_", "LANG", "NO_COLOR"))}
        done = subprocess.run(["tmux", "-u", "-S", self._socket, "-f", "/dev/null", *map(str, words)],
                              env={**environment, "LC_ALL": "C.UTF-8", "TERM": "xterm-256color", "HISTFILE": ""},
                              cwd=self._folder, capture_output=True, text=True, timeout=20, check=False)
        return done.stdout

    def open(self, name, columns, rows):
        self.tmux("new-session", "-d", "-s", name, "-x", columns, "-y", rows, "bash --norc --noprofile -i")
        return Pane(self, name)

    def close(self):
        self.tmux("kill-server")


class Pane:
    def __init__(self, panes, name):
        self._panes, self.name = panes, name

    def type(self, *keys):
        self._panes.tmux("send-keys", "-t", self.name, *keys)

    def run(self, line):
        self.type("-l", line)
        self.type("Enter")

    def resize(self, columns, rows):
        self._panes.tmux("resize-window", "-t", self.name, "-x", columns, "-y", rows)

    def lines(self, *options):
        return self._panes.tmux("capture-pane", "-p", "-t", self.name, *options).rstrip("\n").split("\n")

    def until(self, pattern, seconds=10.0):
        """The lines on the screen, as soon as the pattern is there."""
        until = time.monotonic() + seconds * rig.PATIENCE
        while time.monotonic() < until:
            lines = self.lines()
            if re.search(pattern, "\n".join(lines)):
                return lines
            time.sleep(0.05)
        raise AssertionError(f"{self.name}: no '{pattern}' on the screen:\n" + "\n".join(self.lines()))


def show(title, lines):
    print(f"--- {title}\n" + "\n".join(lines), flush=True)


class Terminal(rig.Case):
    @classmethod
    def setUpClass(cls):
        cls.target = rig.Target()
        cls.folder = tempfile.TemporaryDirectory()
        Path(cls.folder.name, "load.yaml").write_text(SCENARIO.format(url=cls.target.url), "utf-8")
        cls.panes = Panes(cls.folder.name)

    @classmethod
    def tearDownClass(cls):
        cls.panes.close()
        cls.target.stop()
        cls.folder.cleanup()

    def run_in(self, pane, words, before=""):
        """Runs squall in the pane; then how it ended, and whether the terminal has lines and an echo again."""
        pane.run(f"clear; {before}{rig.SQUALL} {words}; echo ended with $?; {TERMINAL_STATE}")

    def assert_terminal_is_as_it_was(self, pane, code):
        lines = pane.until(r"icanon\.echo\.", 20)
        self.assertIn(f"ended with {code}", "\n".join(lines))
        self.assertNotIn("p99 ms ", "\n".join(line for line in lines if line.startswith(" p99 ms")))

    def assert_picture(self, lines, columns, rows, wide):
        """A whole frame, once, from the first line on."""
        self.assertLessEqual(len(lines), rows)
        self.assertTrue(lines[0].startswith(" squall  load.yaml"), lines[0])
        self.assertEqual(sum(line.startswith(" squall  ") for line in lines), 1, "two frames")
        self.assertTrue(all(len(line) <= columns for line in lines))
        text = "\n".join(lines)
        for wanted in (" left", " req/s ", " users ", "30 of 30", " failures ", "GET /json", "Aggregated"):
            self.assertIn(wanted, text)
        for wanted in (" p99 ms ", " limit ", " since the start, ms ", " last second, ms ", "status 503", "? keys"):
            if wide:
                self.assertIn(wanted, text)

    def test_pictures_of_every_size_and_kind_of_terminal(self):
        kinds = {
            "80x24": (80, 24, ""), "200x60": (200, 60, ""), "no color": (80, 24, "NO_COLOR=1 "),
            "C locale": (80, 24, "LC_ALL=C "), "resized": (80, 24, ""),
        }
        panes = {}
        for name, (columns, rows, before) in kinds.items():
            panes[name] = self.panes.open(name.replace(" ", "_"), columns, rows)
            panes[name].run(f"{before}{rig.SQUALL} run load.yaml --threads 1 -u 30 -t 60s")
        for name, (columns, rows, _) in kinds.items():
            lines = panes[name].until(r"30 of 30(.|\n)*[▁▂▃▄▅▆▇█_.:=+*#-]{2}(.|\n)*status 503", 20)
            show(name, lines)
            self.assert_picture(lines, columns, rows, True)
        colored = "\n".join(panes["80x24"].lines("-e"))
        show("80x24 with its escape sequences", [colored.replace("\x1b", "^[")])
        self.assertRegex(colored, "\x1b\\[[0-9;]*32m")
        self.assertIn("━", colored)
        self.assertIn("p99.9", "\n".join(panes["200x60"].lines()))
        self.assertNotRegex("\n".join(panes["no color"].lines("-e")), ESCAPES)
        self.assertTrue("\n".join(panes["C locale"].lines()).isascii())

        pane = panes["resized"]
        for columns, rows in ((120, 40), (44, 16), (200, 12), (20, 4), (1, 1), (80, 24)):
            pane.resize(columns, rows)
            time.sleep(0.4 * rig.PATIENCE)
            if columns >= 44:
                lines = pane.until(r"^ squall  load.yaml(.|\n)*Aggregated")
                show(f"resized to {columns}x{rows}", lines)
                self.assert_picture(lines, columns, rows, False)
        for pane in panes.values():
            pane.type("q")

    def test_keys_change_a_run_and_the_report_says_so(self):
        pane = self.panes.open("keys", 100, 30)
        self.run_in(pane, "run load.yaml --threads 1 -o keys.json")
        pane.until("30 of 30")
        pane.type("?")
        lines = pane.until("show the keys, or hide them")
        show("the list of keys", lines)
        for wanted in ("+  more users", "-  fewer users", "p  pause", "r  begin the numbers", "q  stop"):
            self.assertIn(wanted, "\n".join(lines))
        pane.type("+", "+")
        pane.until("32 of 32")
        pane.type("-")
        pane.until("31 of 31")
        pane.type("p")
        pane.until("paused: requests in flight end, none begins")
        time.sleep(0.3)
        before = self.target.stats()["requests"]
        time.sleep(0.3)
        self.assertEqual(self.target.stats()["requests"].get("GET /json"), before.get("GET /json"))
        pane.type("p")
        pane.until("going on after")
        pane.type("r")
        pane.until("since the reset")
        pane.type("Up", "F5", "x")
        time.sleep(0.6)
        pane.type("q")
        self.assert_terminal_is_as_it_was(pane, 130)
        result = json.loads(Path(self.folder.name, "keys.json").read_text("utf-8"))
        self.assertTrue(result["accounting"]["balanced"], result["accounting"])
        self.assertEqual(result["total"]["failed"], sum(row["count"] for row in result["failures"]))
        self.assertEqual(result["load"]["users"], 31)
        reasons = " | ".join(result["generator"]["reasons"])
        self.assertRegex(reasons, "the numbers were reset .* s after the start: nothing here is from before")
        self.assertRegex(reasons, "the number of users was changed 3 times while it ran, in the end to 31")
        self.assertNotIn("paused", reasons)

    def test_a_pause_is_told_and_is_in_no_duration(self):
        pane = self.panes.open("pause", 80, 24)
        self.run_in(pane, "run load.yaml --threads 1 -t 1500ms -o pause.json")
        pane.until("30 of 30")
        pane.type("p")
        pane.until("paused:")
        time.sleep(1)
        pane.type("p")
        self.assert_terminal_is_as_it_was(pane, 1)
        result = json.loads(Path(self.folder.name, "pause.json").read_text("utf-8"))
        self.assertTrue(result["accounting"]["balanced"], result["accounting"])
        self.assertRegex(" ".join(result["generator"]["reasons"]), r"paused once, 1\.\d+ s in all")
        self.assertLess(abs(result["duration_s"] - 1.5), 0.3 * rig.PATIENCE)

    def test_users_of_a_url_cannot_be_changed_and_it_is_said(self):
        pane = self.panes.open("url", 100, 24)
        self.run_in(pane, f"{self.target.url}/json -c 2 -t 1 -d 60s")
        pane.until("GET /json")
        pane.type("+")
        pane.until(r"\+ and - change the users of a scenario; these connections stay as they are")
        pane.type("C-c")
        self.assert_terminal_is_as_it_was(pane, 130)

    def test_the_terminal_is_put_back_whatever_ends_the_run(self):
        ends = [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT]
        if not rig.SANITIZED:       # sanitizers handle these themselves
            ends += [signal.SIGSEGV, signal.SIGABRT]
        panes = {number: self.panes.open(number.name, 80, 24) for number in ends}
        for number, pane in panes.items():
            self.run_in(pane, f"run load.yaml --threads 1 & echo $! > {number.name}; fg", before="ulimit -c 0; ")
        for number, pane in panes.items():
            pane.until("30 of 30")
            os.kill(int(Path(self.folder.name, number.name).read_text("ascii")), number)
        for number, pane in panes.items():
            self.assert_terminal_is_as_it_was(pane, 128 + number)

    def test_suspended_and_continued(self):
        pane = self.panes.open("suspended", 80, 24)
        pane.run(f"clear; {rig.SQUALL} run load.yaml --threads 1")
        pane.until("30 of 30")
        pane.type("C-z")
        pane.until("Stopped")
        pane.run(TERMINAL_STATE)
        pane.until(r"icanon\.echo\.")
        pane.run("clear; fg")
        pane.until(r"\? keys")
        pane.type("?")
        pane.until("show the keys")
        pane.type("q")
        pane.until("accounting ")

    def test_a_terminal_that_takes_nothing_holds_nobody_up(self):
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 200, 500, 0, 0))
        try:
            began = time.monotonic()
            done = subprocess.run(
                [rig.SQUALL, "run", "load.yaml", "--threads", "1", "-t", "3s", "--json"], cwd=self.folder.name,
                stdin=slave, stderr=slave, stdout=subprocess.PIPE, timeout=30, check=False,
                env={**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"})
            self.assertLess(time.monotonic() - began, 4 * rig.PATIENCE)
        finally:
            os.close(master)
            os.close(slave)
        points = [point["t_s"] for point in json.loads(done.stdout)["timeline"]]
        self.assertGreaterEqual(len(points), 3, "seconds were missed")

    def test_pipes_get_the_report_and_nothing_else(self):
        code, out, err = rig.call(self.target.url + "/json", "-d", "600ms", "-c", "2", "-t", "1")
        self.assertEqual((code, err), (0, ""))
        self.assertNotIn("\x1b", out)
        self.assertNotIn("p99 ms", out)
        show("piped", out.splitlines()[:3])
        code, out, err = rig.call(self.target.url + "/json", "-d", "300ms", "--json")
        self.assertEqual((code, err), (0, ""))
        json.loads(out)


if __name__ == "__main__":
    rig.need("tmux", "bash", "stty")
    rig.main()
