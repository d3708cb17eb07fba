#!/usr/bin/python3
"""Does the page of `squall web` disturb the run that it shows? How late the engine notices what is due, with nobody looking, and
while a thousand clients who mean harm keep the page busy: interleaved slices of one run.

    bench/dashboard.py --squall build/tools/squall [--pairs N] [--clients N] [--rate N] [--realtime]

In one slice of each pair as many clients as are asked for send half a request to the page of the run, or a byte now and then, or ask
for a file and do not take it, or ask without a pause; who is cut off comes again. Because those clients need CPU themselves, as many
do the same in the other slice, to the page of another process. The figures begin anew with each slice. On a machine that others use
too, --realtime puts the engine before them (it takes root). Prints the median of each and of the pairs' ratios; exit 1 when that is
above 1.05.
"""
import argparse
import json
import os
import random
import re
import selectors
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

HEAD = "Host: 127.0.0.1:{port}\r\n\r\n"


class Process:
    def __init__(self, command):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        line = self.process.stdout.readline().decode()
        self.port = int(re.search(r":(\d+)", line.split("//")[1])[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def ask(url, form=None):
    request = urllib.request.Request(url, data=None if form is None else json.dumps(form).encode(),
                                     headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


class Client:
    """One connection of one kind of harm."""

    def __init__(self, kind, port):
        self.kind, self.port = kind, port
        self.open()

    def open(self):
        self.socket = socket.socket()
        self.socket.setblocking(False)
        if self.kind == "reader":
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.connect_ex(("127.0.0.1", self.port))
        self.begun = False

    def step(self, can_read):
        """False when it was cut off."""
        try:
            if can_read and self.kind != "reader" and not self.socket.recv(65536):
                return False
            if self.kind == "asker":
                self.socket.send(("GET /api/live HTTP/1.1\r\n" + HEAD.format(port=self.port)).encode())
            elif self.kind == "reader" and not self.begun:
                self.socket.send(("GET /app.js HTTP/1.1\r\n" + HEAD.format(port=self.port)).encode() * 20)
            elif self.kind == "trickler":
                self.socket.send(b"G" if not self.begun else b"E")
            elif self.kind == "half" and not self.begun:
                self.socket.send(b"GET /api/state HTTP/1.1\r\nHost: ")
            self.begun = True
        except BlockingIOError:
            pass
        except OSError as error:
            return error.errno == 107       # not connected yet
        return True


def harm(port, count, cpus):
    """A process of its own, which gives way to everybody. It stands still until it is told to go on."""
    child = os.fork()
    if child != 0:
        return child
    os.setpriority(os.PRIO_PROCESS, 0, 19)
    os.sched_setaffinity(0, cpus)
    os.kill(os.getpid(), signal.SIGSTOP)
    kinds = ["half", "trickler", "reader", "asker"]
    clients = [Client(kinds[i % 4], port) for i in range(count)]
    watch = selectors.DefaultSelector()
    for client in clients:
        watch.register(client.socket, selectors.EVENT_READ, client)
    while True:
        ready = {id(key.data) for key, _ in watch.select(0.05)}
        chosen = random.sample(clients, count // 50)
        for client in clients:
            if id(client) not in ready and client not in chosen:
                continue
            if not client.step(id(client) in ready):
                watch.unregister(client.socket)
                client.socket.close()
                client.open()
                watch.register(client.socket, selectors.EVENT_READ, client)


def slice_of(options, web, harmful, harmless):
    """(p99 of the lateness in us, seconds the page took to answer) while `harmful` does its work and `harmless` stands still."""
    os.kill(harmless, signal.SIGSTOP)
    os.kill(harmful, signal.SIGCONT)
    time.sleep(0.3)
    ask(web.url + "/api/reset", {})
    time.sleep(options.seconds)
    began = time.monotonic()
    result = ask(web.url + "/api/live?since=1e9")["result"]
    return result["generator"]["lateness_us"]["p99"], time.monotonic() - began


def measure(options, web, other):
    """Pairs of slices: [(in peace, under harm)]"""
    harms = [harm(page.port, options.clients, options.rest) for page in (other, web)]
    pairs = []
    try:
        ask(web.url + "/api/start", {"rate": options.rate})
        time.sleep(1)
        for pair in range(options.pairs):
            figures = {}
            for own in (False, True) if pair % 2 == 0 else (True, False):
                figures[own] = slice_of(options, web, harms[own], harms[not own])
            pairs.append((figures[False], figures[True]))
    finally:
        for child in harms:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    return pairs


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--squall", required=True)
    parser.add_argument("--pairs", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=1.1)
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--rate", type=int, default=2000)
    parser.add_argument("--realtime", action="store_true")
    parser.add_argument("--worker-cpus", default="0", help="of the engine; the server under load has the others")
    options = parser.parse_args()
    every = os.sched_getaffinity(0)
    options.rest = every - {int(cpu) for cpu in options.worker_cpus.split(",")} or every
    pin = ["taskset", "-c", ",".join(map(str, sorted(options.rest)))]
    first = ["chrt", "-r", "1"] if options.realtime else []
    with tempfile.TemporaryDirectory() as folder, \
            Process([*pin, options.squall, "target", "--listen", "127.0.0.1:0", "-q"]) as target:
        scenario = os.path.join(folder, "scenario.yaml")
        with open(scenario, "w", encoding="ascii") as file:
            file.write(f"host: {target.url}\nusers: 64\ntasks:\n  - get: /bytes/100\n")
        page = [options.squall, "web", "-P", "0", "--runs-dir", os.path.join(folder, "runs")]
        with Process([*first, *page, scenario, "--cpus", options.worker_cpus]) as web, Process([*pin, *page]) as other:
            pairs = measure(options, web, other)
    peace, harmed = ([pair[i][0] for pair in pairs] for i in (0, 1))
    ratios = sorted(b / a for a, b in zip(peace, harmed))
    print(f"p99 of the engine's lateness, medians of {len(pairs)} pairs: {statistics.median(peace):.1f} us in peace, "
          f"{statistics.median(harmed):.1f} us with {options.clients} clients at the page")
    quiet = [statistics.quantiles(figures, n=4)[0] for figures in (peace, harmed)]
    print(f"in a quarter of the slices, those that others disturbed least: below {quiet[0]:.1f} us and below {quiet[1]:.1f} us")
    print(f"ratio: median {statistics.median(ratios):.3f}, quartiles {ratios[len(ratios) // 4]:.3f} and "
          f"{ratios[len(ratios) * 3 // 4]:.3f}; the page answered within {max(pair[1][1] for pair in pairs) * 1e3:.0f} ms")
    sys.exit(statistics.median(ratios) > 1.05)


if __name__ == "__main__":
    main()
