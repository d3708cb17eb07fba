#!/usr/bin/python3
"""Does the page of `squall web` disturb the run that it shows? How late the engine notices what is due, with nobody looking, and
while a thousand clients who mean harm keep the page busy: interleaved pairs, the same load, the same machine.

    bench/dashboard.py --squall build/tools/squall [--pairs N] [--seconds T] [--clients N] [--rate N]

One run of each pair is looked at by a page that asks once a second, as browsers do. In the other one as many clients as are asked
for send half a request, or a byte a second, or ask for the largest file and do not take it, or ask without a pause; who is cut off
comes again. Because those clients need CPU themselves, both runs of a pair have them: in the first they keep the page of another
process busy. Prints the lateness of each run and the median of the pairs' ratios; exit 1 when that is above 1.05.
"""
import argparse
import json
import os
import random
import re
import selectors
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


def harm(port, count, until):
    """Runs in a process of its own, which gives way to everybody."""
    os.nice(19)
    kinds = ["half", "trickler", "reader", "asker"]
    clients = [Client(kinds[i % 4], port) for i in range(count)]
    watch = selectors.DefaultSelector()
    for client in clients:
        watch.register(client.socket, selectors.EVENT_READ, client)
    while time.monotonic() < until:
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


def run_once(options, scenario, target, harm_own):
    """(lateness p99 in us, requests per second, seconds the slowest look at the page took)"""
    with tempfile.TemporaryDirectory() as runs:
        command = [options.squall, "web", scenario, "-P", "0", "--runs-dir", runs, "-H", target.url, *options.cpus]
        with Process(command) as web, Process([*options.pin, options.squall, "web", "-P", "0", "--runs-dir", runs]) as other:
            until = time.monotonic() + options.seconds + 1
            child = os.fork()
            if child == 0:
                os.sched_setaffinity(0, options.rest)
                harm((web if harm_own else other).port, options.clients, until)
                os._exit(0)
            time.sleep(0.7)
            ask(web.url + "/api/start", {"rate": options.rate, "run_time": f"{options.seconds}s"})
            slowest = 0
            while ask(web.url + "/api/state")["state"] != "stopped":
                time.sleep(1)
                began = time.monotonic()
                ask(web.url + "/api/live?since=1")
                slowest = max(slowest, time.monotonic() - began)
            result = ask(web.url + "/api/result")
            os.waitpid(child, 0)
    return result["generator"]["lateness_us"]["p99"], result["total"]["rps"], slowest


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--squall", required=True)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=6)
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--rate", type=int, default=2000)
    parser.add_argument("--worker-cpus", default="0", help="of the engine; the server under load has the others")
    options = parser.parse_args()
    options.cpus = ["--cpus", options.worker_cpus]
    every = os.sched_getaffinity(0)
    options.rest = every - {int(cpu) for cpu in options.worker_cpus.split(",")} or every
    options.pin = ["taskset", "-c", ",".join(map(str, sorted(options.rest)))]
    ratios = []
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as scenario, \
            Process([*options.pin, options.squall, "target", "--listen", "127.0.0.1:0", "-q"]) as target:
        scenario.write("users: 64\ntasks:\n  - get: /bytes/100\n")
        scenario.flush()
        for pair in range(options.pairs):
            figures = {}
            for harm_own in (False, True) if pair % 2 == 0 else (True, False):
                figures[harm_own] = run_once(options, scenario.name, target, harm_own)
            ratios.append(figures[True][0] / figures[False][0])
            print("pair {}: p99 of lateness {:.1f} us in peace, {:.1f} us with {} clients: {:.3f}; the page answered within {:.0f} ms"
                  .format(pair + 1, figures[False][0], figures[True][0], options.clients, ratios[-1], figures[True][2] * 1e3),
                  flush=True)
    median = statistics.median(ratios)
    print(f"median of {len(ratios)} pairs: {median:.3f}, from {min(ratios):.3f} to {max(ratios):.3f}")
    sys.exit(median > 1.05)


if __name__ == "__main__":
    main()
