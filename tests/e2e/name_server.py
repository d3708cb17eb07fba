"""A name server on 127.0.0.1:53 whose answers a test sets, for a network namespace of its own."""
import socket
import struct
import threading
from pathlib import Path

SILENCE = None      # no answer at all
SERVFAIL, NXDOMAIN = 2, 3
FAMILIES = {1: socket.AF_INET, 28: socket.AF_INET6}     # of questions for A and AAAA
FILES = {"/etc/resolv.conf": "nameserver 127.0.0.1\noptions timeout:1 attempts:1 edns0\n",
         "/etc/nsswitch.conf": "hosts: files dns\n"}


def write_files(folder):
    """What lets this host's programs ask us: path -> the file to be seen there."""
    for path, text in FILES.items():
        Path(folder, Path(path).name).write_text(text, "ascii")
    return {path: Path(folder, Path(path).name) for path in FILES}


def read_name(packet, at):
    labels = []
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode("ascii"))
        at += 1 + packet[at]
    return ".".join(labels).lower(), at + 1


def records(addresses, kind):
    """Those of the addresses that are of the kind asked for, as records that point back to the question's name."""
    family = FAMILIES.get(kind)
    packed = [socket.inet_pton(family, a) for a in addresses if family and (":" in a) == (family == socket.AF_INET6)]
    return [struct.pack("!HHHIH", 0xC00C, kind, 1, 0, len(bytes_)) + bytes_ for bytes_ in packed]


class NameServer:
    """`answers`: name -> list of addresses, an error code, or SILENCE; other names do not exist. May be changed at any time."""

    def __init__(self, **answers):
        self.asked = 0
        self.answers = {name.replace("_", "."): answer for name, answer in answers.items()}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 53))
        self._socket.settimeout(0.05)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._is_over.set()
        self._thread.join()
        self._socket.close()

    def _serve(self):
        while not self._is_over.is_set():
            try:
                packet, peer = self._socket.recvfrom(4096)
            except TimeoutError:
                continue
            reply = self._reply(packet)
            if reply:
                self._socket.sendto(reply, peer)

    def _reply(self, packet):
        self.asked += 1
        name, end = read_name(packet, 12)
        kind = struct.unpack_from("!H", packet, end)[0]
        answer = self.answers.get(name, NXDOMAIN)
        if answer is SILENCE:
            return None
        code, found = (answer, []) if isinstance(answer, int) else (0, records(answer, kind))
        head = struct.pack("!2sHHHHH", packet[:2], 0x8580 | code, 1, len(found), 0, 0)
        return head + packet[12:end + 4] + b"".join(found)
