"""A running `squall target` and a plain client for it: what is sent and received can be counted to the byte."""
import json
import os
import signal
import socket
import subprocess
import unittest

SQUALL = os.environ.get("SQUALL", "squall")
LINE = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.\n"
PATIENCE_S = 20
HELLO = b"hello, world\n"


def pattern(size):
    return (LINE * (size // len(LINE) + 1))[:size]


class Target:
    """A running target; `options` are added to its command line."""

    def __init__(self, squall, *options):
        self.process = subprocess.Popen([squall, "target", *options], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("listening on http://127.0.0.1:"):
            raise AssertionError(f"unexpected first line {line!r}: {self.process.communicate()[1]}")
        self.address = ("127.0.0.1", int(line.rsplit(":", 1)[1]))

    def connect(self):
        return Client(self.address)

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, out, err


class Answer:
    def __init__(self, status, fields, body, wire):
        self.status, self.fields, self.body, self.wire = status, fields, body, wire

    def json(self):
        return json.loads(self.body)


class Client:
    """One connection: writes what it is given, reads answers one by one, counts bytes both ways."""

    def __init__(self, address):
        self.socket = socket.create_connection(address, timeout=PATIENCE_S)
        self.buffer = b""
        self.sent = self.received = 0

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.socket.close()

    def send(self, data):
        self.sent += len(data)
        self.socket.sendall(data)

    def receive(self):
        data = self.socket.recv(1 << 20)
        self.received += len(data)
        self.buffer += data
        return data

    def take(self, size):
        pieces, have = [self.buffer], len(self.buffer)
        while have < size:
            data = self.socket.recv(1 << 20)
            if not data:
                raise EOFError(f"{have} of {size} bytes")
            self.received += len(data)
            pieces.append(data)
            have += len(data)
        whole = b"".join(pieces)
        self.buffer = whole[size:]
        return whole[:size]

    def take_until(self, end):
        while end not in self.buffer:
            if not self.receive():
                raise EOFError(repr(self.buffer[:200]))
        return self.take(self.buffer.index(end) + len(end))

    def take_all(self):
        while self.receive():
            pass
        return self.take(len(self.buffer))

    def answer(self, has_body=True):
        head = self.take_until(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        fields = {name.lower(): value for name, value in
                  (line.split(": ", 1) for line in lines[1:] if line)}
        status = int(lines[0].split(" ")[1])
        body = b""
        if has_body and fields.get("transfer-encoding") == "chunked":
            while True:
                size = int(self.take_until(b"\r\n"), 16)
                body += self.take(size)
                if self.take(2) != b"\r\n":
                    raise AssertionError("a chunk without its end")
                if size == 0:
                    break
        elif has_body and "content-length" in fields:
            body = self.take(int(fields["content-length"]))
        return Answer(status, fields, body, head + body)

    def ask(self, path, method="GET", body=b"", fields=()):
        self.send(request(path, method, body, fields))
        return self.answer(method != "HEAD")

    def is_closed(self):
        return self.socket.recv(1) == b""


def request(path, method="GET", body=b"", fields=()):
    lines = [f"{method} {path} HTTP/1.1", "Host: target", *fields]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Case(unittest.TestCase):
    """One target for all tests of a class, which ends well."""
    options = ()

    @classmethod
    def setUpClass(cls):
        cls.target = Target(SQUALL, *cls.options)

    @classmethod
    def tearDownClass(cls):
        code, out, err = cls.target.stop()
        if code != 0:
            raise AssertionError(f"the target ended with {code}: {out}{err}")
        cls.target.process.stdout.close()

    def ask(self, *args, **named):
        with self.target.connect() as client:
            return client.ask(*args, **named)
