"""`squall web` for the tests: started on a free port with a folder of its own, and asked over raw sockets or as scripts ask."""
import json
import re
import select
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

import rig


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode("utf-8")

    @property
    def json(self):
        return json.loads(self.body)

    def __str__(self):
        return f"{self.status}: {self.body[:500]!r}"


class Web(rig.Server):
    """squall web; `url` is where it listens."""

    def __init__(self, *arguments, runs=None, before=None):
        self._folder = tempfile.TemporaryDirectory()
        self.runs = runs or self._folder.name
        self._err = tempfile.TemporaryFile()
        super().__init__([rig.SQUALL, "web", "-P", "0", "--runs-dir", self.runs, *map(str, arguments)],
                         stdout=subprocess.PIPE, stderr=self._err, preexec_fn=before)
        readable, _, _ = select.select([self.process.stdout], [], [], 20 * rig.PATIENCE)
        line = self.process.stdout.readline().decode() if readable else ""
        found = re.match(r"listening on (http://(\[?[\d.:a-f]+\]?):(\d+))/(?:#token=(\w+))?$", line)
        if not found:
            self.stop()
            raise AssertionError(f"squall web said {line!r} instead of where it listens: {self.err()}")
        self.url, self.port, self.token = found[1], int(found[3]), found[4]

    def err(self):
        self._err.seek(0)
        return self._err.read().decode("utf-8", "replace")

    def __exit__(self, *_):
        self.stop()
        err = self.err()
        self._err.close()
        self._folder.cleanup()
        if "Sanitizer" in err or "runtime error:" in err:
            raise AssertionError(err)
        if self.process.returncode not in (130, 143):
            raise AssertionError(f"squall web ended with {self.process.returncode}: {err}")

    def ask(self, path, body=None, method=None, **headers):
        """As a script does: JSON out when `body` is a dict, a form when it is bytes."""
        if isinstance(body, dict):
            headers.setdefault("Content-Type", "application/json")
            body = json.dumps(body).encode()
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.url + path, data=body, headers=headers,
                                         method=method or ("POST" if body is not None else "GET"))
        try:
            with urllib.request.urlopen(request, timeout=20 * rig.PATIENCE) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read())

    def order(self, what, **fields):
        answer = self.ask("/api/" + what, fields)
        if answer.status != 200:
            raise AssertionError(f"/api/{what} {fields}: {answer}")
        return answer.json

    def state(self):
        return self.ask("/api/state").json

    def wait_for(self, is_so, what, seconds=10):
        """Asks for the live figures until is_so(them), and returns them."""
        until = time.monotonic() + seconds * rig.PATIENCE
        while time.monotonic() < until:
            live = self.ask("/api/live").json
            if is_so(live):
                return live
            time.sleep(0.05)
        raise AssertionError(f"{what}: not after {seconds} s: {live}")

    def stop_run(self):
        self.order("stop")
        return self.wait_for(lambda live: live["state"] == "stopped", "the run stops")

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=10 * rig.PATIENCE)

    def raw(self, text):
        """Sends exactly these bytes and returns the first answer, or what came of it until the end."""
        with self.connect() as s:
            data = b""
            try:
                s.sendall(text.encode("latin-1"))
                while not is_whole(data) and (chunk := s.recv(65536)):
                    data += chunk
            except ConnectionError:
                pass
            return data


def is_whole(raw):
    head, blank, body = raw.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    return bool(blank) and len(body) >= int(length[1] if length else 0)


def status_of(raw):
    found = re.match(rb"HTTP/1\.[01] (\d{3}) ", raw)
    return int(found[1]) if found else None
