#!/usr/bin/python3
"""Hosts that cannot or will not: io_uring refused, few descriptors, little memory to lock, features missing."""
import errno
import os
import re
import resource
import unittest

import refusal
import rig
from memory_group import MemoryGroup

NOBODY = 65534


def features():
    """The names that SQUALL_RING_MASK knows: the refusal of a wrong one lists them."""
    run = rig.squall("http://127.0.0.1:9/", "-n", 1, environment={"SQUALL_RING_MASK": "nonsense"})
    if run.code not in (2, 3):
        raise AssertionError(f"an unknown feature in SQUALL_RING_MASK was accepted: {run}")
    found = re.search(r"[a-z]+_[a-z_]+(?:,[a-z_]+)+", run.err)
    if not found:
        raise AssertionError(f"the features are not listed: {run}")
    return found[0].split(",")


def as_nobody(limit, value):
    """For preexec_fn: a low limit, for a user whom limits concern."""
    def before():
        resource.setrlimit(limit, (value, value))
        if os.getuid() == 0:
            os.setgid(NOBODY)
            os.setuid(NOBODY)
    return before


class Limits(rig.Case):
    @classmethod
    def setUpClass(cls):
        cls.target = rig.Target()

    @classmethod
    def tearDownClass(cls):
        cls.target.stop()

    def assert_refused(self, run):
        self.assert_exit(run, 3)
        lines = [line for line in run.err.splitlines() if line.strip()]
        self.assertIn(len(lines), (1, 2), f"one line and its remedy were expected: {run}")
        self.assertEqual(run.out, "")

    def test_io_uring_refused_is_exit_3_and_a_remedy(self):
        for name in ("EPERM", "ENOSYS"):
            with self.subTest(name):
                error = getattr(errno, name)
                run = rig.squall(self.target.url, "-n", 10, timeout=10,
                                 before=lambda: refusal.refuse(refusal.IO_URING_SETUP, error))
                self.assert_refused(run)
                self.assertIn("io_uring", run.err)
                code, out, err = rig.call("target", before=lambda: refusal.refuse(refusal.IO_URING_SETUP, error))
                self.assertEqual((code, out), (3, ""))
                self.assertRegex(err, "^squall target: io_uring refused: .*; .*\n$")

    def test_too_few_descriptors_are_named_with_the_number_needed(self):
        run = rig.squall(self.target.url, "-n", 100, "-c", 500, timeout=20,
                         before=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)))
        if run.code == 3:
            self.assert_refused(run)
            self.assertRegex(run.err, r"ulimit|nofile|descriptor")
        else:
            self.assert_books_balance(run)
            self.assertLessEqual(set(run.failures()), {"local_fd"})

    def test_few_descriptors_are_enough_for_few_connections(self):
        run = rig.squall(self.target.url, "-n", 200, "-c", 16, timeout=20,
                         before=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)))
        self.assert_clean(run)
        self.assertEqual(run.result["total"]["ok"], 200)

    def test_descriptors_that_run_out_in_the_run_are_counted_and_it_goes_on(self):
        """Without direct files each connection is a descriptor."""
        run = rig.squall(self.target.url + "/delay/20ms", "-c", 63, "-n", 600, "-t", 1, timeout=20,
                         environment={"SQUALL_RING_MASK": "direct_files"},
                         before=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)))
        self.assert_books_balance(run)
        self.assertEqual(set(run.failures()), {"local_fd"}, str(run))
        self.assertGreater(run.result["total"]["ok"], 300)
        self.assert_exit(run, 1)

    @unittest.skipIf(rig.SANITIZED, "sanitizers take address space of their own")
    def test_too_little_address_space_is_refused_with_the_limit(self):
        limit = 29 << 20
        run = rig.squall(self.target.url, "-n", 100, "-c", 2000, timeout=20,
                         before=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
        self.assert_refused(run)
        self.assertRegex(run.err, "^squall: no memory for the (connections and rings; this process may have [0-9]+ KiB of address "
                                  "space|histograms): use fewer .*\n$")

    @unittest.skipIf(rig.SANITIZED, "sanitizers take address space of their own")
    def test_tls_connections_without_memory_are_this_hosts_fault_and_never_the_servers(self):
        with rig.Target("--tls") as target:
            for limit in range(64 << 20, 512 << 20, 8 << 20):       # the least with which the run begins
                run = rig.squall(target.url, "-k", "-t", 1, "-n", 1600, "-c", 800, timeout=20,
                                 before=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
                if run.code != 3:
                    break
        self.assert_books_balance(run)
        self.assertEqual(set(run.failures()), {"local_memory"}, str(run))
        self.assert_exit(run, 1)

    @unittest.skipIf(rig.SANITIZED, "sanitizers take memory of their own")
    def test_a_control_group_with_little_memory_is_kept_to_and_named(self):
        try:
            group = MemoryGroup(64 << 20)
        except OSError as error:
            self.skipTest(f"no control group with a limit on memory: {error}")
        with group:
            run = rig.squall(self.target.url, "-n", 20000, "-c", 20000, timeout=20, before=group.enter)
            self.assert_refused(run)
            self.assertRegex(run.err, "^squall: 20000 connections x .* of memory, and .* are available: use fewer .*\n$")
            self.assert_clean(rig.squall(self.target.url, "-n", 1000, "-c", 64, timeout=20, before=group.enter))

    def test_little_lockable_memory_is_enough_or_named(self):
        for limit in (64 * 1024, 0):
            with self.subTest(limit):
                try:
                    run = rig.squall(self.target.url, "-n", 200, "-c", 16, timeout=20,
                                     before=as_nobody(resource.RLIMIT_MEMLOCK, limit))
                except PermissionError:
                    self.skipTest("the binary's folder is closed to other users")
                if run.code == 3:
                    self.assert_refused(run)
                elif run.result is None:
                    self.fail(str(run))
                else:
                    self.assert_clean(run)

    def test_every_single_feature_may_be_missing(self):
        names = features()
        self.assertGreater(len(names), 1)
        for mask in [*names, ",".join(names)]:
            with self.subTest(mask):
                run = rig.squall(self.target.url, "-n", 500, "-c", 20, timeout=20,
                                 environment={"SQUALL_RING_MASK": mask})
                self.assert_clean(run)
                self.assertEqual(run.result["total"]["ok"], 500)


if __name__ == "__main__":
    rig.main()
