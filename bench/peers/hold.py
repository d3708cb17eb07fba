#!/usr/bin/python3
"""Many connections to one server on this machine, each with a request per second, held for a while: none may fail.

usage: hold.py --squall build/tools/squall [--connections N] [--seconds S] [--peer-connections N]

A process may often open only so many descriptors (ulimit -n), and an address has only so many local ports. squall's connections are
registered with its rings and are no descriptors: each ring, one per worker, may hold as many as the limit says, and so do those of
squall target, one per thread. Several local addresses (--source) have the ports.

Printed is what became of the requests, and what a connection takes of memory: of the process, as its growth from a few connections
to all; and of the kernel, where both ends are. wrk has an open descriptor for each and one local address: it holds what the limits
let it, at the same pace. Exit 1 when a request failed, or when a connection of wrk takes less.
"""
import argparse
import json
import resource
import signal
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import idle
from servers import TargetServer, pin_to, tree_memory

FEW = 100
SPARE_FILES = 500       # of the limit: for everything that is no connection
PORTS_USED = 20000      # of the usual 28,232 of a local address
TARGET_FILES = 16000    # connections that one thread of the target holds, at most 16384
RAMP_S = 10
RUN_S = 600             # it is stopped before
PATIENCE_S = 120
SCENARIO = """
users: %(users)d
spawn_rate: %(rate)d
wait: pacing 1s
tasks:
  - get: /bytes/100
"""
WRK_PACE = "function delay() return 1000 end\n"


def divide_up(a, b):
    return -(-a // b)


def file_limit():
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def squall_command(url, count, options, result):
    """Workers in pairs: each CPU of two has as many."""
    threads = 2 * divide_up(count, 2 * (file_limit() - SPARE_FILES))
    scenario = options.folder / "hold.yaml"
    scenario.write_text(SCENARIO % {"users": count, "rate": max(count // RAMP_S, 1)}, "utf-8")
    sources = f"127.0.0.2-127.0.0.{1 + divide_up(count, PORTS_USED)}"
    return [options.squall, "run", scenario, "-H", url, "-t", f"{RUN_S}s", "--threads", threads, "--source", sources,
            "-q", "-o", result]


def wrk_command(url, count, options, _):
    script = options.folder / "pace.lua"
    script.write_text(WRK_PACE, "utf-8")
    return ["wrk", "-t2", f"-c{count}", f"-d{RUN_S}s", "--timeout", "30s", "-s", script, url + "/bytes/100"]


def wait_until_open(server, count, process):
    until = time.monotonic() + PATIENCE_S
    while server.stats()["connections"]["open"] <= count:       # one of them asks for this
        if process.poll() is not None or time.monotonic() > until:
            sys.exit(f"{count} connections did not come to stand: {' '.join(map(str, process.args))}")
        time.sleep(0.3)


def hold(command, count, seconds, options):
    """Runs it until all connections have stood for `seconds`: bytes of its process and of the kernel, and its result."""
    server = TargetServer(options, threads=divide_up(count, TARGET_FILES) + 1)
    result = options.folder / "run.json"
    result.unlink(missing_ok=True)
    before = idle.kernel_bytes()
    words = command(server.url, count, options, result)
    process = subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               preexec_fn=pin_to(None))
    try:
        wait_until_open(server, count, process)
        time.sleep(seconds)
        memory = tree_memory(process.pid, "VmRSS"), idle.kernel_bytes() - before
        held = server.stats()["connections"]["open"] - 1
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE_S)
    finally:
        process.kill()
        process.wait()
        server.stop()
    return memory, held, json.loads(result.read_text("utf-8")) if result.exists() else None


def growth(command, count, seconds, options):
    """What each connection takes of the process and of the kernel, how many were held, and the result."""
    (few, kernel_few), _, _ = idle.in_a_network_of_its_own(hold, command, FEW, 2, options)
    (many, kernel_many), held, result = idle.in_a_network_of_its_own(hold, command, count, seconds, options)
    return (many - few) / (count - FEW), (kernel_many - kernel_few) / (count - FEW), held, result


def tell_run(result, held, options):
    total, books = result["total"], result["accounting"]
    steady = sorted(p["rps"] for p in result["timeline"] if p["t_s"] > RAMP_S + 1)[:-1] or [total["rps"]]
    print(f"squall: {held:,} connections held for {options.seconds} s by {result['load']['threads']} workers, "
          f"{result['connections']['opened']:,} opened")
    print(f"        {books['scheduled']:,} requests: {books['ok']:,} ok, {books['failed']} failed, "
          f"{books['in_flight_at_end']} in flight at the end, {books['not_sent']} not sent; "
          f"{steady[len(steady) // 2]:,.0f}/s when all were there, p99 {total['latency_us']['p99'] / 1000:.1f} ms")
    return books["failed"] == 0 and books["balanced"] and held >= options.connections \
        and result["connections"]["opened"] == options.connections


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--squall", default=str(Path(__file__).resolve().parents[2] / "build" / "tools" / "squall"))
    parser.add_argument("--connections", type=int, default=50000)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--peer-connections", type=int, default=min(file_limit() - SPARE_FILES, PORTS_USED))
    options = parser.parse_args()
    options.server_cpu = None
    sys.stdout.reconfigure(line_buffering=True)
    print(f"limits: {file_limit():,} descriptors for a process")
    with tempfile.TemporaryDirectory(prefix="squall-hold-") as folder:
        options.folder = Path(folder)
        own, own_kernel, held, result = growth(squall_command, options.connections, options.seconds, options)
        is_good = tell_run(result, held, options)
        print(f"        {own:,.0f} bytes of squall and {own_kernel:,.0f} of the kernel, both ends, for each connection")
        if shutil.which("wrk"):
            peers, peers_kernel, held, _ = growth(wrk_command, options.peer_connections, 5, options)
            print(f"wrk:    {held:,} connections held")
            print(f"        {peers:,.0f} bytes of wrk and {peers_kernel:,.0f} of the kernel, both ends, for each connection")
            is_good &= own + own_kernel < peers + peers_kernel
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
