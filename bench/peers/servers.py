"""The servers: pinned, with a counter of their own requests. And what the system tells about processes."""
import json
import os
import re
import resource
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from cases import CASES
from tools import find

NGINX = """
daemon off;
%(user)s
worker_processes 1;
pid %(folder)s/nginx.pid;
error_log %(folder)s/error.log crit;
events { worker_connections 16384; }
http {
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    client_body_temp_path %(folder)s/t1;
    proxy_temp_path %(folder)s/t2;
    fastcgi_temp_path %(folder)s/t3;
    uwsgi_temp_path %(folder)s/t4;
    scgi_temp_path %(folder)s/t5;
    server {
        listen 127.0.0.1:%(port)d backlog=4096;
        listen 127.0.0.1:%(tls_port)d ssl backlog=4096;
        ssl_certificate %(folder)s/own.pem;
        ssl_certificate_key %(folder)s/own.key;
        ssl_protocols TLSv1.3;
        ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
        root %(folder)s;
        location = /stats { stub_status; }
    }
}
"""


def pin_to(cpu):
    """For preexec_fn: one CPU (None: whichever is free), and as many descriptors as are allowed."""
    def prepare():
        if cpu is not None:
            os.sched_setaffinity(0, {cpu})
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return prepare


def children(pid):
    try:
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def tree_cpu_s(pid):
    """User and system CPU seconds so far of a process, its threads and the children it has waited for, in the clock that
    wait4() will report them in."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0, 0.0
    ticks = os.sysconf("SC_CLK_TCK")
    return (int(fields[11]) + int(fields[13])) / ticks, (int(fields[12]) + int(fields[14])) / ticks


def tree_memory(pid, field="VmHWM"):
    """Resident bytes of a process and its children: the most so far, or with VmRSS now."""
    total = 0
    for member in (pid, *children(pid)):
        try:
            found = re.search(rf"{field}:\s+(\d+) kB", Path(f"/proc/{member}/status").read_text("ascii"))
        except (OSError, UnicodeDecodeError):
            continue
        total += int(found[1]) * 1024 if found else 0
    return total


ANY_CERTIFICATE = ssl.create_default_context()
ANY_CERTIFICATE.check_hostname, ANY_CERTIFICATE.verify_mode = False, ssl.CERT_NONE


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def make_certificate(folder):
    """Signed by itself, on P-256, as own.pem and own.key."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "own.key",
         "-out", folder / "own.pem"], check=True, capture_output=True)


class Server:
    def __init__(self, command, cpu, **options):
        self.process = subprocess.Popen([str(c) for c in command], stdin=subprocess.DEVNULL,
                                        preexec_fn=pin_to(cpu), **options)

    def fetch(self, path):
        with urllib.request.urlopen(self.url + path, timeout=30, context=ANY_CERTIFICATE) as answer:
            return answer.read().decode()

    def url_of(self, case):
        return (self.tls_url if case.tls else self.url) + case.path

    def cpu_s(self):
        return sum(sum(tree_cpu_s(pid)) for pid in (self.process.pid, *children(self.process.pid)))

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
        if self.process.stdout:
            self.process.stdout.close()


class TargetServer(Server):
    def __init__(self, options, work_us=0, threads=1, more=()):
        super().__init__([options.squall, "target", "--listen", "127.0.0.1:0", "--work-us", work_us, "--threads", threads,
                          "-q", *more], options.server_cpu, stdout=subprocess.PIPE)
        line = self.process.stdout.readline().decode()
        found = re.match(r"listening on (https?://\S+)", line)
        if not found:
            sys.exit(f"squall target said {line!r} instead of where it listens")
        self.url = self.tls_url = found[1].rstrip("/")

    def stats(self):
        return json.loads(self.fetch("/stats"))

    def requests(self):
        return self.stats()["total"]

    def open_connections(self):
        return self.stats()["connections"]["open"]


class TlsTargetServer(TargetServer):
    def __init__(self, options, work_us=0):
        super().__init__(options, work_us, more=("--tls",))


class NginxServer(Server):
    def __init__(self, options, work_us=0):
        port, tls_port, folder = free_port(), free_port(), options.folder
        make_certificate(folder)
        (folder / "bytes").mkdir(exist_ok=True)
        for case in CASES.values():
            if "nginx" in case.servers:
                (folder / case.path[1:]).write_bytes(b"x" * int(case.path.rsplit("/", 1)[1]))
        user = "user root;" if os.getuid() == 0 else ""
        config = folder / "nginx.conf"
        config.write_text(NGINX % {"folder": folder, "port": port, "tls_port": tls_port, "user": user}, "utf-8")
        super().__init__([find("nginx"), "-p", folder, "-c", config, "-e", folder / "error.log"],
                         options.server_cpu, stderr=subprocess.DEVNULL)
        self.url, self.tls_url = f"http://127.0.0.1:{port}", f"https://127.0.0.1:{tls_port}"
        self._asked = 0
        for _ in range(100):
            try:
                self.requests()
                break
            except OSError:
                time.sleep(0.05)

    def status(self, pattern):
        """Of its own requests, those that ask for this are not counted."""
        found = re.search(pattern, self.fetch("/stats"), re.MULTILINE)
        self._asked += 1
        return int(found[1])

    def requests(self):
        return self.status(r"^ *\d+ +\d+ +(\d+)") - self._asked

    def open_connections(self):
        return self.status(r"^Active connections: (\d+)")


SERVERS = {"target": TargetServer, "target-tls": TlsTargetServer, "nginx": NginxServer}


def server_version(name, options):
    if name.startswith("target"):
        return ""
    said = subprocess.run([find(name), "-v"], capture_output=True, text=True)
    found = re.search(r"\d+\.\d+[\w.]*", said.stderr)
    return found[0] if found else ""
