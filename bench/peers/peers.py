#!/usr/bin/python3
"""squall beside the load generators people know: requests per CPU second of the generator, in interleaved pairs.

usage: peers.py --squall build/tools/squall [--case NAME]... [--peer NAME]... [--server NAME]... [--pairs N] [--seconds S]
                [--json FILE] [--list]

How it measures: the server is pinned to one CPU and the generator to another. A pair is one run of squall and one of a peer, right after
each other, every second pair the other way round. Requests come from the server's own counter, CPU time (user and system) from
wait4() of the generator. The start of a run (imports, connecting) is left out: both are read once when it has settled, and again at
its end. Reported is the median of the pairs' ratios with the smallest and largest. Peers that are not installed are left out.
"""
import argparse
import json
import math
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import NamedTuple


class Case(NamedTuple):
    text: str
    path: str
    connections: int
    pipeline: int = 1
    new_connections: bool = False


CASES = {
    "small": Case("answers of 100 bytes, 64 connections", "/bytes/100", 64),
    "small-1024": Case("answers of 100 bytes, 1024 connections", "/bytes/100", 1024),
    "pipeline": Case("answers of 100 bytes, 64 connections, 16 in flight on each", "/bytes/100", 64, 16),
    "body-64k": Case("answers of 64 KiB, 64 connections", "/bytes/65536", 64),
    "body-1m": Case("answers of 1 MiB, 16 connections", "/bytes/1048576", 16),
    "connect": Case("a new connection for each request, 64 at a time", "/bytes/100", 64,
                    new_connections=True),
}
FOLDER = Path(tempfile.mkdtemp(prefix="squall-peers-"))

WRK_PIPELINE = """
init = function(args)
    local all = {}
    for i = 1, %d do all[i] = wrk.format() end
    whole = table.concat(all)
end
request = function() return whole end
"""
LOCUSTFILE = """
from locust import %(kind)s, task
class Visitor(%(kind)s):
    @task
    def visit(self):
        self.client.get("%(path)s")
"""
NGINX = """
daemon off;
%(user)s
worker_processes 1;
pid %(folder)s/nginx.pid;
error_log %(folder)s/error.log crit;
events { worker_connections 4096; }
http {
    access_log off;
    sendfile on;
    keepalive_requests 1000000000;
    client_body_temp_path %(folder)s/t1;
    proxy_temp_path %(folder)s/t2;
    fastcgi_temp_path %(folder)s/t3;
    uwsgi_temp_path %(folder)s/t4;
    scgi_temp_path %(folder)s/t5;
    server {
        listen 127.0.0.1:%(port)d backlog=4096;
        root %(folder)s;
        location = /stats { stub_status; }
    }
}
"""


# --- generators: a function that gives the command for a case, or None when it cannot do it --------------------------

def squall(case, url, seconds, options):
    command = [options.squall, "-c", case.connections, "-d", f"{seconds}s", "--threads", 1,
               "--cpus", options.generator_cpu, "-q", "-p", case.pipeline]
    if case.new_connections:
        command += ["--requests-per-connection", 1]
    return command + [url]


def wrk_like(program):
    def wrk(case, url, seconds, options):
        command = [program, "-t1", f"-c{case.connections}", f"-d{seconds}s"]
        if program == "wrk2":
            command += ["-R", 10000000]
        if case.new_connections:
            command += ["-H", "Connection: close"]
        if case.pipeline > 1:
            script = FOLDER / "pipeline.lua"
            script.write_text(WRK_PIPELINE % case.pipeline, "utf-8")
            command += ["-s", script]
        return command + [url]
    return wrk


def h2load(case, url, seconds, options):
    if case.new_connections:
        return None
    return ["h2load", "--h1", "-t1", "-c", case.connections, "-m", case.pipeline, "-D", seconds, url]


def ab(case, url, seconds, options):
    if case.pipeline > 1:
        return None
    keep_alive = [] if case.new_connections else ["-k"]
    return ["ab", "-q", *keep_alive, "-c", case.connections, "-t", seconds, "-n", 100000000, url]


def oha(case, url, seconds, options):
    if case.pipeline > 1:
        return None
    keep_alive = ["--disable-keepalive"] if case.new_connections else []
    return ["oha", "--no-tui", *keep_alive, "-c", case.connections, "-z", f"{seconds}s", url]


def gcannon(case, url, seconds, options):
    once = ["-r", 1] if case.new_connections else []
    return ["gcannon", url, "-c", case.connections, "-t", 1, "-d", f"{seconds}s",
            "-p", case.pipeline, *once]


def k6(case, url, seconds, options):
    if case.pipeline > 1 or case.new_connections:
        return None
    script = FOLDER / "script.js"
    script.write_text(f"import http from 'k6/http';\nexport default function () {{ http.get('{url}'); }}\n",
                      "utf-8")
    return ["k6", "run", "-q", "-u", case.connections, "-d", f"{seconds}s", script]


def locust_like(kind):
    def locust(case, url, seconds, options):
        if case.pipeline > 1 or case.new_connections:
            return None
        script = FOLDER / f"{kind.lower()}.py"
        script.write_text(LOCUSTFILE % {"kind": kind, "path": case.path}, "utf-8")
        return ["locust", "-f", script, "--headless", "--only-summary", "-u", case.connections,
                "-r", case.connections, "-t", f"{seconds}s", "-H", url[:-len(case.path)]]
    return locust


class Peer(NamedTuple):
    program: str
    command: object
    settle_s: float = 0.4   # from its start until its figures count


PEERS = {
    "wrk": Peer("wrk", wrk_like("wrk")),
    "gcannon": Peer("gcannon", gcannon),
    "h2load": Peer("h2load", h2load),
    "ab": Peer("ab", ab),
    "wrk2": Peer("wrk2", wrk_like("wrk2")),
    "oha": Peer("oha", oha),
    "k6": Peer("k6", k6, 1.5),
    "locust": Peer("locust", locust_like("HttpUser"), 3.0),
    "locust-fast": Peer("locust", locust_like("FastHttpUser"), 3.0),
}
SQUALL = Peer("squall", squall)


# --- servers -----------------------------------------------------------------------------------------------------------

class Server:
    """A pinned server with a counter of its own requests."""

    def __init__(self, command, cpu, **options):
        self.process = subprocess.Popen([str(c) for c in command], stdin=subprocess.DEVNULL,
                                        preexec_fn=lambda: os.sched_setaffinity(0, {cpu}), **options)

    def fetch(self, path):
        with urllib.request.urlopen(self.url + path, timeout=30) as answer:
            return answer.read().decode()

    def cpu_s(self):
        return sum(tree_cpu_s(pid) for pid in (self.process.pid, *children(self.process.pid)))

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


class TargetServer(Server):
    def __init__(self, options):
        super().__init__([options.squall, "target", "--listen", "127.0.0.1:0", "-q"], options.server_cpu,
                         stdout=subprocess.PIPE)
        line = self.process.stdout.readline().decode()
        found = re.match(r"listening on (http://\S+)", line)
        if not found:
            sys.exit(f"squall target said {line!r} instead of where it listens")
        self.url = found[1].rstrip("/")

    def requests(self):
        return json.loads(self.fetch("/stats"))["total"]


class NginxServer(Server):
    def __init__(self, options):
        import socket
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        (FOLDER / "bytes").mkdir(exist_ok=True)
        for case in CASES.values():
            (FOLDER / case.path[1:]).write_bytes(b"x" * int(case.path.rsplit("/", 1)[1]))
        user = "user root;" if os.getuid() == 0 else ""
        config = FOLDER / "nginx.conf"
        config.write_text(NGINX % {"folder": FOLDER, "port": port, "user": user}, "utf-8")
        super().__init__([find("nginx"), "-p", FOLDER, "-c", config, "-e", FOLDER / "error.log"],
                         options.server_cpu, stderr=subprocess.DEVNULL)
        self.url, self._asked = f"http://127.0.0.1:{port}", 0
        for _ in range(100):
            try:
                self.requests()
                break
            except OSError:
                time.sleep(0.05)

    def requests(self):
        numbers = re.search(r"^ *(\d+) +(\d+) +(\d+)", self.fetch("/stats"), re.MULTILINE)
        self._asked += 1
        return int(numbers[3]) - self._asked


SERVERS = {"target": TargetServer, "nginx": NginxServer}


# --- measuring -----------------------------------------------------------------------------------------------------------

def find(program):
    return shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin")


def children(pid):
    try:
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def tree_cpu_s(pid):
    """CPU seconds so far of a process and all its threads, in the clock that wait4() will report it in."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return sum(int(n) for n in fields[11:15]) / os.sysconf("SC_CLK_TCK")


class Figures(NamedTuple):
    requests: int
    cpu_s: float
    wall_s: float
    server_share: float     # of its CPU that the server used

    @property
    def per_cpu_s(self):
        return self.requests / max(self.cpu_s, 1e-6)


def measure(peer, case, server, options):
    # Whole seconds: wrk and ab read nothing finer.
    seconds = math.ceil(options.seconds + peer.settle_s)
    command = peer.command(case, server.url + case.path, seconds, options)
    process = subprocess.Popen(
        [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, {options.generator_cpu}))
    try:
        time.sleep(peer.settle_s)
        requests, cpu_s = server.requests(), tree_cpu_s(process.pid)
        server_s, began = server.cpu_s(), time.monotonic()
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
    return Figures(requests, usage.ru_utime + usage.ru_stime - cpu_s, wall_s,
                   (server.cpu_s() - server_s) / wall_s)


def compare(name, case, server, options):
    """The pairs of one case, as (squall, peer) figures."""
    pairs = []
    for number in range(options.pairs):
        both = {}
        for peer in (SQUALL, PEERS[name]) if number % 2 == 0 else (PEERS[name], SQUALL):
            both[peer] = measure(peer, case, server, options)
        pairs.append((both[SQUALL], both[PEERS[name]]))
    return pairs


def row_of(case_name, server_name, peer_name, pairs):
    ratios = [own.per_cpu_s / max(other.per_cpu_s, 1e-6) for own, other in pairs]
    middle = statistics.median
    return {
        "case": case_name, "server": server_name, "peer": peer_name, "pairs": len(pairs),
        "squall_per_cpu_s": middle(own.per_cpu_s for own, _ in pairs),
        "peer_per_cpu_s": middle(other.per_cpu_s for _, other in pairs),
        "ratio": middle(ratios), "ratio_min": min(ratios), "ratio_max": max(ratios),
        "squall_rps": middle(own.requests / own.wall_s for own, _ in pairs),
        "peer_rps": middle(other.requests / other.wall_s for _, other in pairs),
        "server_share": middle(own.server_share for own, _ in pairs),
    }


HEAD = f"{'case':<11} {'server':<7} {'peer':<12} {'squall':>9} {'peer':>9}   {'ratio':>5} {'[min, max]':<14} " \
       f"{'squall':>9} {'peer':>9}  {'server':>6}\n" \
       f"{'':<11} {'':<7} {'':<12} {'requests per CPU s':>19}   {'':>5} {'':<14} {'requests per s':>19}  {'busy':>6}"


def print_row(row):
    spread = f"[{row['ratio_min']:.2f}, {row['ratio_max']:.2f}]"
    print(f"{row['case']:<11} {row['server']:<7} {row['peer']:<12} {row['squall_per_cpu_s']:>9.0f} "
          f"{row['peer_per_cpu_s']:>9.0f}   {row['ratio']:>5.2f} {spread:<14} {row['squall_rps']:>9.0f} "
          f"{row['peer_rps']:>9.0f}  {row['server_share']:>6.0%}", flush=True)


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    root = Path(__file__).resolve().parents[2]
    parser.add_argument("--squall", default=str(root / "build" / "tools" / "squall"))
    parser.add_argument("--case", action="append", choices=CASES)
    parser.add_argument("--peer", action="append", choices=PEERS)
    parser.add_argument("--server", action="append", choices=SERVERS)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--list", action="store_true", help="show cases and peers, measure nothing")
    options = parser.parse_args()
    cpus = sorted(os.sched_getaffinity(0))
    options.server_cpu, options.generator_cpu = cpus[0], cpus[-1]
    if len(cpus) < 2:
        print("note: one CPU only, server and generator share it", file=sys.stderr)
    return options


def main():
    options = read_options()
    present = {name for name, peer in PEERS.items() if find(peer.program)}
    if options.list:
        for name, case in CASES.items():
            print(f"{name:<11} {case.text}")
        print("peers here: " + " ".join(n for n in PEERS if n in present))
        return 0
    wanted = [n for n in options.peer or PEERS if n in present]
    for name in set(options.peer or ()) - present:
        print(f"note: {name} is not installed", file=sys.stderr)
    rows = []
    print(HEAD)
    for server_name in options.server or [n for n in SERVERS if n != "nginx" or find("nginx")]:
        server = SERVERS[server_name](options)
        try:
            for case_name in options.case or CASES:
                case = CASES[case_name]
                for name in wanted:
                    if PEERS[name].command(case, server.url + case.path, 1, options) is None:
                        continue
                    rows.append(row_of(case_name, server_name, name,
                                       compare(name, case, server, options)))
                    print_row(rows[-1])
        finally:
            server.stop()
    if options.json:
        Path(options.json).write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    return 0 if rows else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
