#!/usr/bin/python3
"""squall doctor, and the sums before a run: on this host as it is, and on hosts that lack something."""
import errno
import json
import os
import pty
import re
import resource
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import own_network
import refusal
import rig

CLEAN = {k: v for k, v in os.environ.items() if not k.startswith(("NO_COLOR", "TERM", "LC_", "LANG", "SQUALL_RING"))}
LEVELS = ["fine", "unknown", "limits", "broken"]
FIRST_PORT, LAST_PORT = 20000, 20009
SCENARIO = "host: http://127.0.0.1:9\nusers: 1\nwait: 20s\ntasks:\n  - get: /\n"


def call(*arguments, before=None, environment=None, locale="C.UTF-8"):
    """(exit code, stdout, stderr), both on pipes."""
    done = subprocess.run([rig.SQUALL, *map(str, arguments)], stdin=subprocess.DEVNULL, check=False,
                          capture_output=True, timeout=30 * rig.PATIENCE, preexec_fn=before,
                          env={**CLEAN, "LC_ALL": locale, **(environment or {})})
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def call_on_terminal(*arguments, environment=None):
    """stdout of the command when that is a terminal."""
    master, slave = pty.openpty()
    with subprocess.Popen([rig.SQUALL, *arguments], stdin=subprocess.DEVNULL, stdout=slave,
                          env={**CLEAN, "TERM": "xterm", "LC_ALL": "C.UTF-8", **(environment or {})}):
        os.close(slave)
        shown = b""
        while True:
            try:
                got = os.read(master, 65536)
            except OSError:
                break
            if not got:
                break
            shown += got
    os.close(master)
    return shown.decode()


def diagnose(before=None, environment=None):
    """(exit code, the JSON, name -> finding)"""
    code, out, err = call("doctor", "--json", before=before, environment=environment)
    result = json.loads(out)
    if err:
        raise AssertionError(err)
    return code, result, {check["name"]: check for check in result["checks"]}


class Doctor(rig.Case):
    def assert_verdict(self, code, result):
        levels = [check["level"] for check in result["checks"]]
        self.assertLessEqual(set(levels), set(LEVELS))
        self.assertEqual(result["level"], max(levels, key=LEVELS.index))
        self.assertEqual(code, 3 if result["level"] == "broken" else 0)

    # --- this host ------------------------------------------------------------------------------------

    def test_this_host_can_run_and_every_line_says_so(self):
        code, out, err = call("doctor")
        self.assertEqual((code, err), (0, ""))
        for label in ("kernel", "io_uring", "features", "TLS", "CPUs", "CPU quota", "descriptors", "ports", "TIME_WAIT", "memory"):
            self.assertRegex(out, rf"(?m)^ {label} +[✓!?] \S")
        self.assertRegex(out.splitlines()[-1 if "--fix" not in out else -2], "^ [✓!] squall can run on this host")
        self.assertNotIn("\x1b", out)

    def test_the_json_agrees_with_the_kernel(self):
        code, result, found = diagnose()
        self.assert_verdict(code, result)
        self.assertEqual(result["schema"], "squall-doctor/1")
        facts = result["facts"]
        first, last = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text("ascii").split())
        self.assertLessEqual(facts["ports"], last - first + 1)
        self.assertIn(f"{last} - {first} + 1", found["ports"]["sentence"])
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        self.assertEqual(facts["connections_per_worker"], min(hard, 1 << 20))
        self.assertEqual(facts["kernel"], os.uname().release)
        self.assertIn(f"{len(os.sched_getaffinity(0))} of ", found["cpus"]["sentence"])

    def test_the_features_are_those_of_a_run(self):
        _, result, _ = diagnose()
        told = set(result["facts"]["ring_features"].split(","))
        _, _, err = call("http://127.0.0.1:9/", "-n", 1, "-v")
        used = set(re.search(r"io_uring: (\S+)", err)[1].split(","))
        self.assertLessEqual(used - {"registered_ring"}, told)

    def test_text_fits_eighty_columns_and_is_ascii_where_that_is_all(self):
        for locale in ("C", "C.UTF-8"):
            _, out, _ = call("doctor", locale=locale)
            self.assertLessEqual(max(map(len, out.splitlines())), 80)
            self.assertEqual(out.isascii(), locale == "C")

    def test_colors_are_for_terminals_that_want_them(self):
        self.assertIn("\x1b[", call_on_terminal("doctor"))
        self.assertNotIn("\x1b[", call_on_terminal("doctor", "--no-color"))
        self.assertNotIn("\x1b[", call_on_terminal("doctor", environment={"NO_COLOR": "1"}))

    def test_fix_is_a_script_that_a_shell_can_read(self):
        code, out, err = call("doctor", "--fix", before=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)))
        self.assertEqual((code, err), (0, ""))
        self.assertTrue(out.startswith("#!/bin/sh\n"))
        self.assertIn("\nulimit -n ", out)
        self.assertEqual(subprocess.run(["sh", "-n"], input=out, text=True, check=False).returncode, 0)
        for line in out.splitlines():
            self.assertRegex(line, r"^(#|$|sysctl -w |ulimit -[ln] |echo \w+ (\||>) ?)")

    def test_mistakes_are_usage(self):
        for arguments in (["x"], ["--fixx"], ["--fix", "--json"], ["-c", "5"]):
            code, out, err = call("doctor", *arguments)
            self.assertEqual((code, out), (2, ""), arguments)
            self.assertEqual(err.count("\n"), 1)
        code, out, _ = call("doctor", "--help")
        self.assertEqual(code, 0)
        self.assertIn("--fix", out)

    # --- hosts that lack something --------------------------------------------------------------------

    def test_io_uring_refused_is_exit_3_with_a_remedy(self):
        for name in ("EPERM", "ENOSYS"):
            with self.subTest(name):
                code, result, found = diagnose(
                    before=lambda: refusal.refuse(refusal.IO_URING_SETUP, getattr(errno, name)))
                self.assertEqual((code, found["io_uring"]["level"]), (3, "broken"))
                self.assertIn(name, found["io_uring"]["sentence"])
                self.assertTrue(found["io_uring"]["remedy"])
                self.assert_verdict(code, result)

    def test_a_missing_feature_is_told(self):
        code, result, found = diagnose(environment={"SQUALL_RING_MASK": "direct_files"})
        self.assertEqual((code, found["features"]["level"]), (0, "limits"))
        self.assertNotIn("direct_files", result["facts"]["ring_features"])

    def test_few_descriptors_limit_and_too_many_connections_are_refused(self):
        few = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        code, result, found = diagnose(before=few)
        self.assertEqual((code, found["descriptors"]["level"]), (0, "limits"))
        self.assertEqual(result["facts"]["connections_per_worker"], 64)
        code, out, err = call("http://127.0.0.1:9/", "-c", 65, "-t", 1, before=few)
        self.assertEqual((code, out), (3, ""))
        self.assertEqual(err, "squall: 65 connections / 1 thread = 65 for a ring, and the limit of descriptors is 64: "
                              "raise it with 'ulimit -n 65', or use --threads 2, or fewer connections\n")


class Network(rig.Case):
    """A server and its callers in a network with ten ports."""

    @classmethod
    def setUpClass(cls):
        try:
            cls.server = rig.Server([rig.SQUALL, "target", "--listen", "127.0.0.1:8000", "-q"], stdout=subprocess.PIPE,
                                    preexec_fn=own_network.make(FIRST_PORT, LAST_PORT))
        except subprocess.SubprocessError as refused:
            raise unittest.SkipTest(f"no network of our own: {refused}")
        cls.addClassCleanup(cls.server.stop)
        cls.url = re.match(rb"listening on (\S+)", cls.server.process.stdout.readline())[1].decode()
        cls.inside = staticmethod(own_network.join(cls.server.process.pid))

    def run_inside(self, *options, seconds=20):
        return rig.squall(self.url, "-t", 1, *options, timeout=seconds, before=self.inside)

    def test_the_doctor_counts_the_ports(self):
        code, result, found = diagnose(before=self.inside)
        self.assertEqual((code, found["ports"]["level"]), (0, "limits"))
        self.assertEqual(found["ports"]["sentence"], "20009 - 20000 + 1 = 10 connections to one address and port")
        self.assertEqual(result["facts"]["opened_per_s_on_loopback"], 10)

    def test_as_many_connections_as_ports_work_and_one_more_is_refused(self):
        run = self.run_inside("-c", 11, "-d", "1s")
        self.assert_exit(run, 3)
        self.assertEqual(run.err, "squall: 11 connections to one server need a local port each, and there are 20009 - 20000 + "
                                  "1 = 10: use fewer connections, --source with more local addresses, or sysctl -w "
                                  "net.ipv4.ip_local_port_range='10000 65535'\n")
        self.wait_for_ports()
        run = self.run_inside("-c", 10, "-n", 1000)
        self.assert_clean(run)
        self.assertEqual(run.result["connections"]["opened"], 10)

    def test_every_local_address_has_all_the_ports(self):
        self.wait_for_ports()
        run = self.run_inside("-c", 40, "-n", 1000, "--source", "127.0.0.2-127.0.0.5")
        self.assert_clean(run)
        self.assertEqual(run.result["connections"]["opened"], 40)
        run = self.run_inside("-c", 41, "-d", "1s", "--source", "127.0.0.2-127.0.0.5")
        self.assert_exit(run, 3)
        self.assertIn("20009 - 20000 + 1 = 10 for each of 4 addresses: use fewer connections", run.err)

    def test_an_open_loop_is_warned_and_runs(self):
        self.wait_for_ports()
        run = self.run_inside("-c", 11, "-R", 20, "-d", "500ms")
        self.assert_clean(run)
        self.assertIn("up to 11 connections to one server need a local port each", run.err)

    def test_ports_that_run_out_in_the_run_are_counted_and_it_goes_on(self):
        self.wait_for_ports()
        run = rig.squall(self.url + "/delay/50ms", "-t", 1, "-c", 20, "-R", 400, "-d", "600ms", before=self.inside)
        self.assert_books_balance(run)
        self.assertEqual(set(run.failures()), {"local_port"}, str(run))
        self.assertGreater(run.result["total"]["ok"], 50)
        self.assertEqual(run.result["connections"]["opened"], 10)

    def test_new_connections_run_as_fast_as_ports_come_back_and_no_faster(self):
        self.wait_for_ports()
        run = self.run_inside("-c", 2, "-R", 16, "-d", "2s", "--requests-per-connection", 2)
        self.assert_clean(run)
        self.assertEqual(run.result["connections"]["opened"], 16)
        run = self.run_inside("-c", 2, "-R", 40, "-d", "2s", "--requests-per-connection", 2)
        self.assert_exit(run, 3)
        self.assertEqual(run.err, "squall: 40 requests/s / 2 per connection = 20 new connections/s that squall closes, and "
                                  "TIME_WAIT allows 10 ports / 1 s = 10 to each address and port: raise "
                                  "--requests-per-connection\n")

    def wait_for_ports(self):
        """What an earlier test closed is used again after a second."""
        subprocess.run(["sleep", "1.1"], check=True)


@unittest.skipIf(rig.SANITIZED, "sanitizers take memory of their own")
class Costs(rig.Case):
    """The bytes that the sums take for a user and a connection are those that squall takes."""

    @classmethod
    def setUpClass(cls):
        cls.target = rig.Target()
        cls.addClassCleanup(cls.target.stop)
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.scenario = Path(cls.folder.name, "many.yaml")
        cls.scenario.write_text(SCENARIO, "utf-8")

    def resident_bytes(self, users, *options):
        """When each has sent its request and waits for the next."""
        before = self.target.stats()["total"]
        command = [rig.SQUALL, "run", self.scenario, "-H", self.target.url, "-u", users, "-r", users, "--threads", 1,
                   "-t", "60s", "-q", *options]
        # What is not used is not touched either, unless the allocator is told to.
        untouched = {name: value for name, value in os.environ.items() if name != "MALLOC_PERTURB_"}
        with subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=untouched) as process:
            try:
                until = time.monotonic() + 20
                while self.target.stats()["total"] - before < users:
                    self.assertLess(time.monotonic(), until, "not every user has sent its request")
                    time.sleep(0.1)
                status = Path(f"/proc/{process.pid}/status").read_text("ascii")
            finally:
                process.kill()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024

    def bytes_each(self, few, many, *options):
        return (self.resident_bytes(many, *options) - self.resident_bytes(few, *options)) / (many - few)

    def test_a_user_and_a_connection_take_what_the_sums_say(self):
        costs = diagnose()[1]["costs"]
        user = self.bytes_each(10_000, 210_000, "-p", 1000)
        self.assertLess(abs(user / costs["user_bytes"] - 1), 0.35, f"{user:.0f} bytes for a user")
        many = min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 10_000)
        connection = self.bytes_each(100, many) - user
        self.assertLess(abs(connection / costs["connection_bytes"] - 1), 0.35, f"{connection:.0f} bytes for a connection")


if __name__ == "__main__":
    rig.main()
