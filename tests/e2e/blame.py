#!/usr/bin/python3
"""Who was it? Faults of the generator and of the server, made on purpose, and what squall says of them.

    SQUALL=build/tools/squall tests/e2e/blame.py --tries 20 [--real-time] [CASE...]

Squall runs on one CPU and its server on another; needs root for priorities and control groups. A try in which
something else used squall's CPU says nothing about a server's fault or an idle run: it is inconclusive and made
again. --real-time keeps other work on this machine off squall's CPU in those cases. Exits with 1 when a verdict was
wrong, or when one could not be had.
"""
import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import rig

GENERATOR_CPU, SERVER_CPU = 0, 1
SECONDS = 1.5
STOPPED_S = 0.3
QUOTA = 0.2
OTHERS_TOLERATED = 0.005
TRIES_PER_VERDICT = 15
CGROUP = Path("/sys/fs/cgroup/cpu")


class Group:
    """A control group with a fifth of a CPU."""

    def __init__(self):
        self.folder = CGROUP / f"squall-blame-{os.getpid()}"

    def __enter__(self):
        self.folder.mkdir()
        (self.folder / "cpu.cfs_period_us").write_text("100000")
        (self.folder / "cpu.cfs_quota_us").write_text(str(int(100000 * QUOTA)))
        return self

    def __exit__(self, *_):
        for _ in range(50):
            try:
                self.folder.rmdir()
                return
            except OSError:
                time.sleep(0.02)

    def take(self, pid):
        (self.folder / "cgroup.procs").write_text(str(pid))


class Competitor:
    """Somebody who wants all of squall's CPU."""

    def __enter__(self):
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", "while :; do :; done"],
            preexec_fn=lambda: os.sched_setaffinity(0, {GENERATOR_CPU}))
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def busy_ticks():
    """(of squall's CPU: time that somebody used it, time that the hypervisor did)"""
    for line in Path("/proc/stat").read_text("ascii").splitlines():
        if line.startswith(f"cpu{GENERATOR_CPU} "):
            user, nice, system, _, _, irq, softirq, steal = map(int, line.split()[1:9])
            return user + nice + system + irq + softirq, steal
    raise AssertionError("no such CPU")


class Seen:
    """What one run said, and whether somebody else was on its CPU."""

    def __init__(self, result, others):
        generator = result["generator"]
        self.word, self.reasons = generator["limited_by"], generator["reasons"]
        self.verdict, self.others = generator["verdict"], others
        self.sentence = generator["bottleneck"]


def play(server, *arguments, path="/json", during=None, group=None, nice=0, real_time=False, environment=None):
    def before():
        os.sched_setaffinity(0, {GENERATOR_CPU})
        if group is not None:
            group.take(os.getpid())
        if nice:
            os.nice(nice)
        if real_time:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))

    ticks, stolen = busy_ticks()
    cpu = time.clock_gettime(time.CLOCK_MONOTONIC)
    used = os.times()
    running = rig.Running("-q", "-t", 1, "--cpus", GENERATOR_CPU, "-d", f"{SECONDS}s", *arguments,
                          server.url + path, before=before, environment=environment)
    if during is not None:
        time.sleep(0.4)
        during(running.process)
    run = running.wait()
    seconds = time.clock_gettime(time.CLOCK_MONOTONIC) - cpu
    own = os.times()
    own_s = own.children_user + own.children_system - used.children_user - used.children_system
    after, stolen_after = busy_ticks()
    hertz = os.sysconf("SC_CLK_TCK")
    others = ((after - ticks) / hertz - own_s + (stolen_after - stolen) / hertz) / seconds
    if run.result is None:
        raise AssertionError(str(run))
    return Seen(run.result, others)


def stop_for_a_while(process):
    process.send_signal(signal.SIGSTOP)
    time.sleep(STOPPED_S)
    process.send_signal(signal.SIGCONT)


def squall_stopped(server, _):
    return play(server, "-c", 16, during=stop_for_a_while)


def squall_stopped_at_a_rate(server, _):
    return play(server, "-R", 1000, during=stop_for_a_while)


def busy_sibling(server, _):
    with Competitor():
        return play(server, "-c", 16)


def squall_quota(server, _):
    with Group() as group:
        return play(server, "-c", 16, group=group)


def tiny_queue(server, _):
    return play(server, "-c", 64, environment={"SQUALL_RING_ENTRIES": "8"})


def squall_nice(server, _):
    with Competitor():
        return play(server, "-c", 16, nice=19)


def server_stopped(server, real_time):
    return play(server, "-c", 16, during=lambda _: stop_for_a_while(server.process), real_time=real_time)


def server_stopped_at_a_rate(server, real_time):
    return play(server, "-R", 1000, during=lambda _: stop_for_a_while(server.process), real_time=real_time)


def server_quota(server, real_time):
    with Group() as group:
        group.take(server.process.pid)
        try:
            return play(server, "-c", 16, real_time=real_time)
        finally:
            (CGROUP / "cgroup.procs").write_text(str(server.process.pid))


def slow_handler(server, real_time):
    return play(server, "-c", 16, path="/delay/5ms", real_time=real_time)


def idle(server, real_time):
    return play(server, "-R", 500, "-c", 8, real_time=real_time)


# name: (what is done, who it was, words that a reason must have)
CASES = {
    "squall-stopped": (squall_stopped, "generator", "stood still"),
    "squall-stopped-at-a-rate": (squall_stopped_at_a_rate, "generator", "stood still"),
    "busy-sibling": (busy_sibling, "generator", "waited for a CPU"),
    "squall-quota": (squall_quota, "generator", "quota"),
    "tiny-queue": (tiny_queue, "generator", "completion queue"),
    "squall-nice-19": (squall_nice, "generator", "waited for a CPU"),
    "server-stopped": (server_stopped, "server", None),
    "server-stopped-at-a-rate": (server_stopped_at_a_rate, "server", None),
    "server-quota": (server_quota, "server", None),
    "slow-handler": (slow_handler, "server", None),
    "idle": (idle, "server", None),
}


def is_right(seen, who, words):
    if seen.word != who or (seen.verdict == "generator") != (who == "generator"):
        return False
    return words is None or any(words in reason for reason in seen.reasons)


def open_server():
    """Slower than squall: as fast as that, it would have squall at the end of its CPU at times, without any fault."""
    server = rig.Target("--work-us", "20")
    os.sched_setaffinity(server.process.pid, {SERVER_CPU})
    return server


def verdict_of(case, real_time=False, tries=TRIES_PER_VERDICT):
    """(right or wrong, or None when no try was conclusive; what was seen last; tries that were inconclusive)"""
    what, who, words = CASES[case]
    seen = None
    for inconclusive in range(tries):
        with open_server() as server:
            seen = what(server, real_time)
        if is_right(seen, who, words):
            return True, seen, inconclusive
        # Others on its CPU make squall the bottleneck for a reason of their own, never the server.
        if seen.others <= OTHERS_TOLERATED or (who == "generator" and seen.word != who):
            return False, seen, inconclusive
    return None, seen, tries


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--tries", type=int, default=1)
    parser.add_argument("--real-time", action="store_true")
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(CASES))
    options = parser.parse_args()
    failed = False
    for case in options.cases or CASES:
        right = repeated = 0
        for _ in range(options.tries):
            verdict, seen, inconclusive = verdict_of(case, options.real_time)
            repeated += inconclusive
            right += verdict is True
            if not verdict:
                print(f"{case}: {'no verdict' if verdict is None else 'WRONG'}: {seen.sentence} {seen.reasons} "
                      f"(others on its CPU: {seen.others:.1%})", flush=True)
        failed = failed or right < options.tries
        print(f"{case}: right {right} of {options.tries}, {repeated} inconclusive tries made again; "
              f"last: {seen.sentence}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
