#!/usr/bin/python3
"""What the live view costs: how late squall is with it on a terminal and with -q, in interleaved pairs.

usage: live_view.py [--squall PATH] [--pairs N] [--seconds S] [--rate R]

A worker on CPU 0 sends R requests per second to the built-in server on CPU 1. Lateness is how long after it was due a
request was noticed; its p99 is taken from each run, then the median over the runs of each kind, and their ratio with the
range that 19 of 20 resamplings of the pairs stay in. Exit 1 when that whole range is above 1.05. As root both are
scheduled before everything else, so that a busy machine does not decide; at rates above some thousands the worker never
sleeps, and Linux holds back whoever does that for 50 ms of each second."""
import argparse
import fcntl
import json
import os
import pty
import random
import re
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESAMPLINGS = 2000
LIMIT = 1.05


def go_first():
    """For preexec_fn."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except PermissionError:
        pass


def drain(master, sizes):
    """Reads what the terminal is sent, as its emulator does, until its last holder is gone."""
    try:
        while got := os.read(master, 65536):
            sizes.append(len(got))
    except OSError:
        pass


def run(squall, url, rate, seconds, quiet):
    """p50, p99 of the lateness of one run in microseconds, and how many bytes the terminal got."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    sizes = []
    reader = threading.Thread(target=drain, args=(master, sizes))
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder, "run.json")
        process = subprocess.Popen(
            [squall, url, "-R", str(rate), "-d", f"{seconds}s", "-c", "16", "-t", "1", "--cpus", "0",
             "-o", str(result), *(["-q"] if quiet else [])],
            stdin=slave, stdout=subprocess.DEVNULL, stderr=slave, preexec_fn=go_first,
            env={**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"})
        os.close(slave)
        reader.start()
        if process.wait() not in (0, 1):
            sys.exit(f"squall ended with {process.returncode}")
        reader.join()
        os.close(master)
        lateness = json.loads(result.read_text("utf-8"))["generator"]["lateness_us"]
    return lateness["p50"], lateness["p99"], sum(sizes)


def ratio_of(pairs):
    return statistics.median(p[0] for p in pairs) / statistics.median(p[1] for p in pairs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--squall", default=ROOT / "build/tools/squall")
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--rate", type=int, default=1000)
    o = parser.parse_args()
    target = subprocess.Popen(["taskset", "-c", "1", str(o.squall), "target", "--listen", "127.0.0.1:0", "-q"],
                              stdout=subprocess.PIPE, text=True, preexec_fn=go_first)
    try:
        url = re.match(r"listening on (\S+)", target.stdout.readline())[1] + "/hello"
        pairs = []
        for i in range(o.pairs):
            order = [False, True] if i % 2 == 0 else [True, False]
            seen = {quiet: run(o.squall, url, o.rate, o.seconds, quiet) for quiet in order}
            pairs.append((seen[False][1], seen[True][1]))
            print(f"pair {i + 1:2}: p99 late {seen[False][1]:8.1f} us with the view ({seen[False][2]} bytes of it), "
                  f"{seen[True][1]:8.1f} us with -q", flush=True)
    finally:
        target.terminate()
        target.wait()
    source = random.Random(1)
    spread = sorted(ratio_of(source.choices(pairs, k=len(pairs))) for _ in range(RESAMPLINGS))
    low, high = spread[RESAMPLINGS // 40], spread[-RESAMPLINGS // 40]
    print(f"median p99 {statistics.median(p[0] for p in pairs):.1f} us with the view, "
          f"{statistics.median(p[1] for p in pairs):.1f} us with -q: ratio {ratio_of(pairs):.3f} [{low:.3f}, {high:.3f}]")
    sys.exit(1 if low > LIMIT else 0)


if __name__ == "__main__":
    main()
