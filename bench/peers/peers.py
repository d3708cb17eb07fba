#!/usr/bin/python3
"""squall beside the load generators people know: requests per CPU second of the generator, in interleaved pairs.

usage: peers.py --squall build/tools/squall [--case NAME]... [--peer NAME]... [--server NAME]... [--pairs N] [--seconds S]
                [--limit PATH] [--json FILE] [--markdown] [--from FILE]... [--list]

How it measures: the server is pinned to one CPU and the generator to another. A pair is one run of squall and one of a peer, right after
each other, every second pair the other way round. Requests come from the server's own counter, CPU time (user and system) from
wait4() of the generator. The start of a run (imports, connecting) is left out: both are read once when it has settled, and again at
its end. Reported is the median of the pairs' ratios with the smallest and largest. Peers that are not installed are left out.

The peer `limit` is bench_limit: the same ring with no parser, clock or histogram. `squall-url` and `squall-rate` are squall itself, asking
for a URL, `without-FEATURE` is it with that feature of the ring forbidden (SQUALL_RING_MASK), for the cases masked-*. Those and
users-million are measured only when named. Memory is the most that was resident when three quarters of a run were over.
"""
import argparse
import json
import math
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import idle
import table
from cases import CASES, is_for
from facts import Facts
from servers import SERVERS, pin_to, tree_cpu_s, tree_memory
from tools import OWN, PEERS, default_limit, find, path_of

MIB = 1024 * 1024


class Figures(NamedTuple):
    requests: int
    user_s: float
    system_s: float
    wall_s: float
    memory: int             # bytes of the generator, the most that was resident
    server_share: float     # of its CPU that the server used

    @property
    def per_cpu_s(self):
        return self.requests / max(self.user_s + self.system_s, 1e-6)


def measure(peer, case, server, options):
    # Whole seconds: wrk and ab read nothing finer.
    settle_s = peer.settle_s + case.settle_s
    seconds = math.ceil(options.seconds + settle_s)
    command = peer.command(case, server.url_of(case), seconds, options)
    process = subprocess.Popen(
        [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, preexec_fn=pin_to(options.generator_cpu))
    try:
        time.sleep(settle_s)
        requests, (user_s, system_s) = server.requests(), tree_cpu_s(process.pid)
        server_s, began = server.cpu_s(), time.monotonic()
        memory = tree_memory(process.pid)
        time.sleep(options.seconds * 0.75)
        memory = max(memory, tree_memory(process.pid))
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    except BaseException:
        process.send_signal(signal.SIGKILL)
        process.wait()
        raise
    wall_s = time.monotonic() - began
    requests = server.requests() - requests
    if requests == 0:
        sys.exit(f"no request came, exit {process.returncode}: {' '.join(str(c) for c in command)}")
    return Figures(requests, max(usage.ru_utime - user_s, 0.0), max(usage.ru_stime - system_s, 0.0), wall_s,
                   memory, (server.cpu_s() - server_s) / wall_s)


def compare(name, case, server, options):
    """The pairs of one case, as (squall, peer) figures."""
    own = OWN[case.own]
    pairs = []
    for number in range(options.pairs):
        both = {}
        for side in (own, PEERS[name]) if number % 2 == 0 else (PEERS[name], own):
            both[side] = measure(side, case, server, options)
            if case.same_rate and side is own:
                options.rate = round(both[own].requests / both[own].wall_s)
        pairs.append((both[own], both[PEERS[name]]))
    return pairs


def row_of(pairs):
    ratios = [own.per_cpu_s / max(other.per_cpu_s, 1e-6) for own, other in pairs]
    middle = statistics.median
    row = {"pairs": len(pairs), "ratio": middle(ratios), "ratio_min": min(ratios), "ratio_max": max(ratios),
           "server_share": middle(own.server_share for own, _ in pairs)}
    for side, all_figures in zip(("squall", "peer"), zip(*pairs)):
        row.update({
            f"{side}_per_cpu_s": middle(f.per_cpu_s for f in all_figures),
            f"{side}_rps": middle(f.requests / f.wall_s for f in all_figures),
            f"{side}_user_us": middle(f.user_s / f.requests * 1e6 for f in all_figures),
            f"{side}_system_us": middle(f.system_s / f.requests * 1e6 for f in all_figures),
            f"{side}_mib": middle(f.memory / MIB for f in all_figures),
        })
    return row


def idle_row(name, case, server_name, known, options):
    """`known`: what was measured before, so that squall is looked at once for all its peers."""
    times = min(options.pairs, 3)
    row = {"pairs": times}
    for side, program in (("squall", "squall"), ("peer", name)):
        if program not in known:
            looks = [idle.bytes_each(program, case, server_name, options) for _ in range(times)]
            known[program] = [statistics.median(column) for column in zip(*looks)]
        row[f"{side}_bytes"], row[f"{side}_kernel_bytes"] = known[program]
    return row


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    root = Path(__file__).resolve().parents[2]
    parser.add_argument("--squall", default=str(root / "build" / "tools" / "squall"))
    parser.add_argument("--limit", metavar="PATH", help="bench_limit; default: beside squall in its build")
    parser.add_argument("--bare", metavar="PATH", help="squall built with -Dc_args=-DSQUALL_AUDIT=0, for the cases audit-*")
    parser.add_argument("--case", action="append", choices=CASES)
    parser.add_argument("--peer", action="append", choices=PEERS)
    parser.add_argument("--server", action="append", choices=SERVERS)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--markdown", action="store_true",
                        help="the table as it stands in README.md on stdout, all else on stderr")
    parser.add_argument("--from", dest="earlier", action="append", metavar="FILE",
                        help="rows of an earlier --json, before those of now; with no --case measure nothing")
    parser.add_argument("--list", action="store_true", help="show cases and peers, measure nothing")
    options = parser.parse_args()
    cpus = sorted(os.sched_getaffinity(0))
    options.cpu_count, options.server_cpu, options.generator_cpu = len(cpus), cpus[0], cpus[-1]
    options.limit = options.limit or default_limit(options.squall)
    options.rate = 1
    if len(cpus) < 2:
        print("note: one CPU only, server and generator share it", file=sys.stderr)
    return options


def present_peers(options):
    present = {name for name, peer in PEERS.items() if path_of(peer.program, options)}
    for name in sorted(set(options.peer or ()) - present):
        print(f"note: {name} is not installed", file=sys.stderr)
    return [name for name in options.peer or PEERS if name in present]


def measure_case(case_name, server_name, wanted, options):
    """Rows of a case, one per peer."""
    case, known = CASES[case_name], {}
    names = [name for name in wanted if is_for(case, name, PEERS[name])]
    if case_name in idle.CASES:
        yield from ((name, idle_row(name, case, server_name, known, options)) for name in names)
        return
    server = SERVERS[server_name](options, case.work_us)
    try:
        for name in names:
            if PEERS[name].command(case, server.url_of(case), 1, options) is not None:
                yield name, row_of(compare(name, case, server, options))
    finally:
        server.stop()


def measure_all(options, rows, out):
    wanted, facts = present_peers(options), Facts(options)
    print(table.HEAD, file=out)
    servers = options.server or [n for n in SERVERS if n != "nginx" or find("nginx")]
    for case_name in options.case or [n for n, case in CASES.items() if not case.if_asked]:
        for server_name in (n for n in servers if n in CASES[case_name].servers):
            for name, figures in measure_case(case_name, server_name, wanted, options):
                rows.append({"case": case_name, "server": server_name, "peer": name, **figures,
                             **facts.of(server_name, name)})
                print(table.text_row(rows[-1]), file=out, flush=True)
                save(options, rows)


def save(options, rows):
    if options.json:
        Path(options.json).write_text(json.dumps(rows, indent=1) + "\n", "utf-8")


def main(options):
    if options.list:
        for name, case in CASES.items():
            print(f"{name:<20} {case.text}" + " (if named)" * case.if_asked)
        print("peers here: " + " ".join(present_peers(options)))
        return 0
    rows = [row for file in options.earlier or () for row in json.loads(Path(file).read_text("utf-8"))]
    if options.case or not options.earlier:
        measure_all(options, rows, sys.stderr if options.markdown else sys.stdout)
    save(options, rows)
    if options.markdown and rows:
        print(table.markdown(rows))
    return 0 if rows else 1


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="squall-peers-", ignore_cleanup_errors=True) as folder:
        chosen = read_options()
        chosen.folder = Path(folder)
        sys.exit(main(chosen))
