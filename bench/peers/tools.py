"""The generators: for each a function that gives its command for a case, or None when it cannot do it."""
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from cases import MASKED

WRK_PIPELINE = """
init = function(args)
    local all = {}
    for i = 1, %d do all[i] = wrk.format() end
    whole = table.concat(all)
end
request = function() return whole end
"""
WRK_IDLE = """
local asked = 0
function delay()
    asked = asked + 1
    if asked > %d then return 100000000 end
    return 0
end
"""
LARGE_BODY = 65536
LOCUSTFILE = """
from locust import %(kind)s, task
class Visitor(%(kind)s):
    @task
    def visit(self):
        self.client.get("%(path)s")
"""
# Users with a fixed wait who all begin at once stay in step: a wave that leaves both sides idle in turn. Spread over a second
# they do not.
SCENARIO = """
host: %(host)s
users: %(users)d
spawn_rate: %(spawn_rate)d
%(wait)s
tasks:
  - { weight: 3, get: %(path)s, name: often }
  - { weight: 1, get: %(path)s, name: seldom }
"""

# Ten values made anew for each request, one taken out of its answer, and a check. The other side sends as many bytes, always the
# same, to the same path, and looks at nothing.
SLOTS = """
host: %(host)s
users: %(users)d
spawn_rate: 10000
tasks:
  - post: %(path)s
    json:
      user: "${user}"
      number: "${random(1, 1000000)}"
      price: "${random(1, 100000)}"
      token: "${uuid()}"
      trace: "${hex(16)}"
      color: "${choice('red', 'green', 'blue')}"
      count: "${iteration}"
      label: "item ${random(1, 9)}"
      sequence: "${sequence()}"
      method: "${default(method, 'none')}"
    capture: { method: json /method }
    expect: { json: { /method: POST } }
"""
FIXED_BODY = json.dumps({
    "user": 12, "number": 500000, "price": 50000, "token": "4f0c0a52-9a1c-4f7e-8f67-2b1e7a1f0c11",
    "trace": "0123456789abcdef", "color": "green", "count": 12345, "label": "item 5", "sequence": 1234567,
    "method": "POST"})


def find(program):
    return shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin")


def squall(case, url, seconds, options):
    command = [options.squall, "-c", case.connections, "-d", f"{seconds}s", "--threads", 1,
               "--cpus", options.generator_cpu, "-q", "-p", case.pipeline]
    if case.new_connections:
        command += ["--requests-per-connection", 1]
    if case.gather:
        command += ["--gather", case.gather]
    if case.tls:                # nobody else looks at certificates
        command += ["-k", "--tls-min", "1.3"]
    if not case.resumes:
        command += ["--no-tls-resume"]
    return command + [url]


def squall_rate(case, url, seconds, options):
    return [options.squall, "-R", options.rate, *squall(case, url, seconds, options)[1:]]


def squall_run(case, url, seconds, options):
    script = options.folder / "scenario.yaml"
    script.write_text(SCENARIO % {
        "host": url[:-len(case.path)], "users": case.connections * case.pipeline, "path": case.path,
        "spawn_rate": case.spawn_rate,
        "wait": f"wait: {case.wait}" if case.wait else ""}, "utf-8")
    return [options.squall, "run", script, "-t", f"{seconds}s", "-p", case.pipeline, "--threads", 1,
            "--cpus", options.generator_cpu, "-q", *(["-k"] if case.tls else [])]


def squall_slots(case, url, seconds, options):
    script = options.folder / "slots.yaml"
    script.write_text(SLOTS % {"host": url[:-len(case.path)], "users": case.connections, "path": case.path}, "utf-8")
    return [options.squall, "run", script, "-t", f"{seconds}s", "--threads", 1, "--cpus", options.generator_cpu, "-q"]


def squall_post(case, url, seconds, options):
    return [*squall(case, url, seconds, options), "-H", "Content-Type: application/json", "--data", FIXED_BODY]


def squall_masked(feature):
    """Without a feature of the ring, or without all of them."""
    def masked(case, url, seconds, options):
        features = ",".join(ring_features(options)) if feature == "all" else feature
        return ["env", f"SQUALL_RING_MASK={features}", *squall(case, url, seconds, options)]
    return masked


def squall_bare(case, url, seconds, options):
    """Built with -Dc_args=-DSQUALL_AUDIT=0."""
    return [options.bare, *squall(case, url, seconds, options)[1:]]


def ring_features(options):
    """The refusal of a wrong one lists them."""
    said = subprocess.run([options.squall, "-n", "1", "http://127.0.0.1:9/"], capture_output=True, text=True,
                          env={**os.environ, "SQUALL_RING_MASK": "nonsense"}, check=False)
    return re.search(r"[a-z]+_[a-z_]+(?:,[a-z_]+)+", said.stderr)[0].split(",")


def limit(case, url, seconds, options):
    if case.new_connections:
        return None
    at = urlsplit(url)
    return [options.limit, at.hostname, at.port, case.path, case.connections, seconds, case.pipeline]


def wrk_like(program):
    def wrk(case, url, seconds, options):
        command = [program, "-t1", f"-c{case.connections}", f"-d{seconds}s"]
        if program == "wrk2":
            command += ["-R", 10000000]
        if case.new_connections:
            command += ["-H", "Connection: close"]
        if case.pipeline > 1:
            script = options.folder / "pipeline.lua"
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


def hey(case, url, seconds, options):
    if case.pipeline > 1:
        return None
    keep_alive = ["-disable-keepalive"] if case.new_connections else []
    return ["hey", "-cpus", 1, *keep_alive, "-c", case.connections, "-z", f"{seconds}s", url]


def gcannon_like(program, *more, bodies_only=False):
    def gcannon(case, url, seconds, options):
        if bodies_only and int(case.path.rsplit("/", 1)[1]) < LARGE_BODY:
            return None
        once = ["-r", 1] if case.new_connections else []
        return [program, url, "-c", case.connections, "-t", 1, "-d", f"{seconds}s",
                "-p", case.pipeline, *once, *more]
    return gcannon


def k6(case, url, seconds, options):
    if case.pipeline > 1 or case.new_connections:
        return None
    script = options.folder / "script.js"
    script.write_text(f"import http from 'k6/http';\nexport default function () {{ http.get('{url}'); }}\n",
                      "utf-8")
    return ["k6", "run", "-q", "-u", case.connections, "-d", f"{seconds}s", script]


def locust_like(kind):
    def locust(case, url, seconds, options):
        if case.pipeline > 1 or case.new_connections:
            return None
        script = options.folder / f"{kind.lower()}.py"
        script.write_text(LOCUSTFILE % {"kind": kind, "path": case.path}, "utf-8")
        return ["locust", "-f", script, "--headless", "--only-summary", "-u", case.connections,
                "-r", case.connections, "-t", f"{seconds}s", "-H", url[:-len(case.path)]]
    return locust


class Peer(NamedTuple):
    program: str
    command: object
    settle_s: float = 0.4       # from its start until its figures count
    version: tuple = ("--version",)
    is_own: bool = False        # squall against itself


PEERS = {
    "limit": Peer("bench_limit", limit),
    "wrk": Peer("wrk", wrk_like("wrk"), version=("-v",)),
    "gcannon": Peer("gcannon", gcannon_like("gcannon")),
    "gcannon-64k": Peer("gcannon", gcannon_like("gcannon", "--recv-buf", 65536, bodies_only=True)),
    # A build of it with the index of its buffer ring mended, if it is there under this name.
    "gcannon-mended": Peer("gcannon-mended", gcannon_like("gcannon-mended", bodies_only=True)),
    "gcannon-mended-64k": Peer("gcannon-mended", gcannon_like(
        "gcannon-mended", "--recv-buf", 65536, bodies_only=True)),
    "h2load": Peer("h2load", h2load),
    "ab": Peer("ab", ab, version=("-V",)),
    "wrk2": Peer("wrk2", wrk_like("wrk2"), version=("-v",)),
    "oha": Peer("oha", oha),
    "hey": Peer("hey", hey),
    "k6": Peer("k6", k6, 1.5),
    "locust": Peer("locust", locust_like("HttpUser"), 3.0),
    "locust-fast": Peer("locust", locust_like("FastHttpUser"), 3.0),
    "squall-url": Peer("squall", squall, is_own=True),
    "squall-rate": Peer("squall", squall_rate, is_own=True),
    "squall-post": Peer("squall", squall_post, is_own=True),
    "without-audit": Peer("squall", squall_bare, is_own=True),
    **{name: Peer("squall", squall_masked(name.removeprefix("without-")), is_own=True) for name in MASKED},
}
OWN = {
    "squall": Peer("squall", squall),
    "squall-run": Peer("squall", squall_run),
    "squall-slots": Peer("squall", squall_slots),
}


def path_of(program, options):
    if program == "squall":
        return options.squall
    return options.limit if program == "bench_limit" else find(program)


def version_of(peer, options):
    """What it says of itself, or what its package is called; "" when nobody knows."""
    program = path_of(peer.program, options)
    if peer.program == "bench_limit":
        program, peer = options.squall, OWN["squall"]
    try:
        said = subprocess.run([program, *peer.version], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"\d+\.\d+[\w.]*", said.stdout + said.stderr)
    if found:
        return found[0]
    for package in (peer.program, f"python3-{peer.program}"):
        if find("dpkg-query"):
            said = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package],
                                  capture_output=True, text=True)
            if said.returncode == 0 and said.stdout:
                return re.split(r"[-+]", said.stdout)[0]
    return ""


# --- connections that were used once and then stay open ---------------------------------------------------------------

def squall_idle(case, url, count, options):
    idle = case._replace(connections=count, wait="1h")
    return squall_run(idle, url, 600, options)


def wrk_idle(case, url, count, options):
    script = options.folder / "idle.lua"
    script.write_text(WRK_IDLE % count, "utf-8")
    return ["wrk", "-t1", f"-c{count}", "-d600s", "-s", script, url]


def h2load_idle(case, url, count, options):
    return ["h2load", "--h1", "-t1", "-c", count, "-D", 600, "--rps=0.001", url]


IDLE = {"squall": squall_idle, "wrk": wrk_idle, "h2load": h2load_idle}


def default_limit(squall_path):
    """bench_limit of the build that this squall is of, or None."""
    beside = Path(squall_path).resolve().parent.parent / "bench" / "bench_limit"
    return str(beside) if os.access(beside, os.X_OK) else None
