#!/usr/bin/python3
"""Ten million real requests, counted by squall, by its server and by the kernel: all three agree to the last one.

    SQUALL=build/tools/squall tests/e2e/accounts.py [--scale S]

Everything runs in a network of its own, so the kernel's counters are of nothing else. Requests are those of the
server; connections are ActiveOpens of /proc/net/snmp; bytes received are tcpi_bytes_received of every socket as it is
destroyed (ss --events), which counts the FIN of the other side as one. Needs root and iproute2.
"""
import argparse
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import own_network
import rig

# name, requests, options, whether the bytes of every socket are looked at: too many at once, and events are lost
PARTS = [
    ("16 in flight on each of 64 connections", 9_600_000, ("-c", 64, "-p", 16), True),
    ("one in flight on each of 64 connections", 300_000, ("-c", 64), True),
    ("at 20,000 per second", 50_000, ("-R", 20_000, "-c", 64), True),
    ("a connection for each request", 50_000, ("-c", 64, "--requests-per-connection", 1), False),
]
PATH = "/bytes/100"


def kernel_counters(pid):
    """What the kernel has counted in the network of a process."""
    rows = [line.split()[1:] for line in Path(f"/proc/{pid}/net/snmp").read_text("ascii").splitlines()
            if line.startswith("Tcp:")]
    return dict(zip(rows[0], map(int, rows[1])))


class Sockets:
    """Writes down the sockets of a network as they are destroyed."""

    def __init__(self, pid, port):
        self.port = port
        self.process = subprocess.Popen(["stdbuf", "-oL", "ss", "--events", "-tinO"], stdout=subprocess.PIPE, text=True,
                                        preexec_fn=own_network.join(pid))
        time.sleep(0.5)     # it says nothing before the first socket is destroyed

    def bytes_received(self):
        """(by sockets connected to the port, without their FINs; sockets)"""
        time.sleep(0.5)
        self.process.terminate()
        received = sockets = 0
        for line in self.process.stdout:
            found = re.search(r"^\S+\s+\d+\s+\d+\s+\S+\s+\S+:(\d+)\s.*\bbytes_received:(\d+)", line)
            if found and int(found[1]) == self.port:
                received += int(found[2]) - 1
                sockets += 1
        self.process.wait()
        return received, sockets


def stats_of(target):
    """Asked in the network of the server."""
    asked = subprocess.run([sys.executable, "-c", "import sys, urllib.request; "
                            "sys.stdout.write(urllib.request.urlopen(sys.argv[1]).read().decode())",
                            target.url + "/stats"], capture_output=True, text=True, check=True,
                           preexec_fn=own_network.join(target.process.pid))
    return json.loads(asked.stdout)["requests"].get(f"GET {PATH}", 0)


def play(target, count, options, are_bytes_counted):
    pid = target.process.pid
    answered = stats_of(target)
    sockets = Sockets(pid, target.port) if are_bytes_counted else None
    before = kernel_counters(pid)
    run = rig.Running("-q", "-n", count, *options, target.url + PATH, before=own_network.join(pid)).wait(600)
    after = kernel_counters(pid)
    received, seen = sockets.bytes_received() if sockets is not None else (0, 0)
    result = run.result
    equal = [
        ("requests asked for and ok", count, result["total"]["ok"]),
        ("requests the server answered and ok", stats_of(target) - answered, result["total"]["ok"]),
        ("connections the kernel opened and squall's", after["ActiveOpens"] - before["ActiveOpens"],
         result["connections"]["opened"]),
        ("equations of the audit that do not hold and none", result["audit"]["broken"], 0),
    ]
    if sockets is not None:
        equal += [("sockets destroyed and connections", seen, result["connections"]["opened"]),
                  ("bytes the kernel received and squall's", received, result["counters"]["bytes_in"])]
    return run, equal


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--scale", type=float, default=1.0, help="so many times ten million")
    options = parser.parse_args()
    rig.need("ss", "stdbuf")
    total = wrong = 0
    with rig.Target(before=own_network.make(10000, 65000)) as target:
        for name, requests, arguments, are_bytes_counted in PARTS:
            run, equal = play(target, int(requests * options.scale), arguments, are_bytes_counted)
            total += run.result["total"]["ok"]
            print(f"{name}: {run.result['total']['ok']:,} requests in {run.result['duration_s']:.1f} s, "
                  f"{run.result['audit']['equations']:,} equations of the audit", flush=True)
            for what, left, right in equal:
                wrong += left != right
                print(f"  {'equal' if left == right else 'DIFFERENT'}: {what}: {left:,} and {right:,}")
    print(f"{total:,} requests, {wrong} differences")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
