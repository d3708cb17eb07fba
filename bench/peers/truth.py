#!/usr/bin/python3
"""What load generators report of a server whose truth is known, next to that truth.

usage: truth.py --squall build/tools/squall [--case NAME]... [--tool NAME]... [--runs N] [--json FILE] [--markdown]

The truth is what somebody who came at a moment of their own had to wait, 1000 of them a second, evenly spread.

    frozen     the server answers at once, and stands still (SIGSTOP) for half of the time, a second each: half of all who
               come have to wait, up to a second
    slow       one answer in ten takes 50 ms, the others 5 ms

Every tool has 64 connections. squall and h2load are told the rate, h2load for each connection; wrk and ab know none, and
ask again as soon as they are answered. Shown is the lowest of each percentile over the runs, as nothing may be below the truth.
Tools that are not installed are left out. Exit 1 when squall reports less than the truth, by more than the millisecond between
two arrivals.
"""
import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import types
from pathlib import Path
from typing import NamedTuple

from servers import TargetServer, pin_to
from tools import find

RATE = 1000
CONNECTIONS = 64
PERCENTILES = (75, 90, 99)
LEAD_S = 1.0                # before the first standstill and after the last: a tool may be slow to start
STANDSTILL_S = 1.0
PAUSE_S = 0.5               # between two
GRANULARITY_MS = 1000 / RATE


class Case(NamedTuple):
    text: str
    path: str
    seconds: int
    freezes: bool


CASES = {
    "frozen": Case("answers at once, and stands still for half of the time, a second each", "/hello", 6, True),
    "slow": Case("takes 50 ms for one answer in ten, 5 ms for the others", "/delay/5ms?every=10&then=50ms", 5, False),
}


# --- the truth ------------------------------------------------------------------------------------------------------

class Freezer(threading.Thread):
    """Stops a process for half of the time and keeps when it really stood still."""

    def __init__(self, pid, seconds):
        super().__init__()
        self._pid, self._seconds, self.standstills = pid, seconds, []
        self.began = time.monotonic()

    def _stands_still(self):
        return Path(f"/proc/{self._pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()[0] == "T"

    def run(self):
        at = self.began + LEAD_S
        while at + STANDSTILL_S + LEAD_S <= self.began + self._seconds + 1e-6:
            time.sleep(max(0.0, at - time.monotonic()))
            os.kill(self._pid, signal.SIGSTOP)
            while not self._stands_still():
                pass
            stopped = time.monotonic()
            time.sleep(max(0.0, stopped + STANDSTILL_S - time.monotonic()))
            self.standstills.append((stopped, time.monotonic()))
            os.kill(self._pid, signal.SIGCONT)
            at += STANDSTILL_S + PAUSE_S


def percentiles_of(values):
    """Nearest rank, in integers."""
    values = sorted(values)
    return {p: values[(len(values) * p + 99) // 100 - 1] for p in PERCENTILES}


def truth_of(case, freezer):
    """Milliseconds at least, of arrivals at the rate in the time of the run."""
    if not case.freezes:
        return percentiles_of([5.0] * 9 + [50.0])
    waits = []
    for i in range(case.seconds * RATE):
        at = freezer.began + i / RATE
        waits.append(max([1000 * (end - at) for start, end in freezer.standstills if start <= at < end], default=0.0))
    return percentiles_of(waits)


# --- the tools: each gives its command, and what it has reported as {percentile: ms} ------------------------------------

def squall(case, url, folder):
    report = folder / "squall.json"

    def read(_):
        latency = json.loads(report.read_text("utf-8"))["total"]["latency_us"]
        return {p: latency[f"p{p}"] / 1000 for p in PERCENTILES}
    return ["squall", "-R", RATE, "-c", CONNECTIONS, "-d", f"{case.seconds}s", "-q", "-o", report, url], read


def wrk(case, url, folder):
    def read(said):
        units = {"us": 0.001, "ms": 1, "s": 1000}
        found = {int(p): float(value) * units[unit]
                 for p, value, unit in re.findall(r"^ +(\d+)% +([\d.]+)(us|ms|s) *$", said, re.MULTILINE)}
        return {p: found[p] for p in PERCENTILES}
    return ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{case.seconds}s", "--latency", url], read


def h2load(case, url, folder):
    log = folder / "h2load.log"
    log.unlink(missing_ok=True)

    def read(_):
        return percentiles_of([int(line.split("\t")[2]) / 1000 for line in log.read_text("ascii").splitlines()])
    return ["h2load", "--h1", "-t1", "-c", CONNECTIONS, f"--rps={RATE / CONNECTIONS}", "-D", case.seconds,
            f"--log-file={log}", url], read


def ab(case, url, folder):
    def read(said):
        found = {int(p): float(ms) for p, ms in re.findall(r"^ +(\d+)% +(\d+)", said, re.MULTILINE)}
        return {p: found[p] for p in PERCENTILES}
    return ["ab", "-q", "-k", "-c", CONNECTIONS, "-t", case.seconds, "-n", 10000000, url], read


TOOLS = {"squall": squall, "h2load": h2load, "wrk": wrk, "ab": ab}
LABELS = {"squall": "squall `-R 1000`", "h2load": "h2load `--rps`"}


def run(case, name, options, folder):
    """One run: what the tool says and what was true, both as {percentile: ms}."""
    server = TargetServer(options)
    try:
        command, read = TOOLS[name](case, server.url + case.path, folder)
        command[0] = options.squall if name == "squall" else find(name)
        freezer = Freezer(server.process.pid, case.seconds)
        if case.freezes:
            freezer.start()
        done = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              preexec_fn=pin_to(options.generator_cpu), timeout=60 + case.seconds)
        if case.freezes:
            freezer.join()
    finally:
        server.stop()
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return read(done.stdout), truth_of(case, freezer)


# --- all of it ------------------------------------------------------------------------------------------------------

def measure(case_name, name, options, folder):
    case, says, truths = CASES[case_name], [], []
    for _ in range(options.runs):
        said, truth = run(case, name, options, folder)
        says.append(said)
        truths.append(truth)
    short = max(truth[p] - said[p] for said, truth in zip(says, truths) for p in PERCENTILES)
    return {"case": case_name, "tool": name, "runs": options.runs, "short_ms": short,
            "says_ms": {str(p): min(said[p] for said in says) for p in PERCENTILES},
            "truth_ms": {str(p): min(truth[p] for truth in truths) for p in PERCENTILES}}


def text(row):
    return (f"{row['case']:<8} {row['tool']:<8}" + "".join(
        f"  p{p}: {row['says_ms'][str(p)]:>7.1f} of {row['truth_ms'][str(p)]:>6.1f} ms" for p in PERCENTILES))


def markdown(rows):
    yield "| server | reported by | p75, ms | p90, ms | p99, ms |"
    yield "| --- | --- | ---: | ---: | ---: |"
    for case_name in CASES:
        mine = [row for row in rows if row["case"] == case_name]
        for row in mine[:1]:
            truth = " | ".join(f"**{row['truth_ms'][str(p)]:.0f}**" for p in PERCENTILES)
            yield f"| {CASES[case_name].text} | **the truth, at least** | {truth} |"
        for row in mine:
            says = " | ".join(f"{row['says_ms'][str(p)]:.1f}" for p in PERCENTILES)
            yield f"|  | {LABELS.get(row['tool'], row['tool'])} | {says} |"


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--squall", required=True)
    parser.add_argument("--case", action="append", choices=CASES)
    parser.add_argument("--tool", action="append", choices=TOOLS)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    cpus = sorted(os.sched_getaffinity(0))
    return types.SimpleNamespace(**vars(options), server_cpu=cpus[0], generator_cpu=cpus[-1])


def main():
    options = parse()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for case_name in options.case or CASES:
            for name in options.tool or TOOLS:
                if name != "squall" and not find(name):
                    continue
                rows.append(measure(case_name, name, options, Path(folder)))
                print(text(rows[-1]), file=sys.stderr if options.markdown else sys.stdout, flush=True)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    if options.markdown:
        print("\n".join(markdown(rows)))
    return 1 if any(row["tool"] == "squall" and row["short_ms"] > GRANULARITY_MS for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
