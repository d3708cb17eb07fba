"""An HTTP proxy that notes what it was asked for: whole URLs are fetched, CONNECT is a tunnel."""
import socket
import threading
import urllib.request
from urllib.parse import urlsplit

from raw_server import RawServer


def pump(source, sink):
    """Bytes one way, to the end."""
    try:
        while piece := source.recv(65536):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def connect_through(near, port):
    """All bytes of a socket to a port of ours and back."""
    with near, socket.create_connection(("127.0.0.1", port)) as far:
        back = threading.Thread(target=pump, args=(far, near))
        back.start()
        pump(near, far)
        back.join()


class Unchanged(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None     # the client's business


class Proxy:
    """`refusal`: the answer to every CONNECT, instead of a tunnel."""

    def __init__(self, refusal=None):
        self.refusal, self.targets, self.hosts, self.tunnels = refusal, [], [], []
        self._server = RawServer(self._serve)
        self.url = self._server.url

    def __enter__(self):
        self._server.__enter__()
        return self

    def __exit__(self, *_):
        self._server.__exit__()

    def _serve(self, connection):
        while (head := connection.request()) is not None:
            method, target, _ = head.split("\r\n")[0].split(" ")
            if method == "CONNECT":
                self.tunnels.append(target)
                self._tunnel(connection, target)
                return
            self.targets.append(target)
            self._fetch(connection, method, target, head)

    def _tunnel(self, connection, target):
        if self.refusal is not None:
            connection.send(self.refusal)
            connection.close()
            return
        connection.send(b"HTTP/1.1 200 Connection established\r\nVia: 1.1 test\r\n\r\n")
        connect_through(connection.socket, int(target.rsplit(":", 1)[1]))

    def _fetch(self, connection, method, target, head):
        headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:])
        self.hosts.append(headers["Host"])
        place = urlsplit(target)
        request = urllib.request.Request(f"http://127.0.0.1:{place.port or 80}{target[len('http://') + len(place.netloc):]}",
                                         method=method, headers={k: v for k, v in headers.items() if k != "Connection"})
        try:
            answer = urllib.request.build_opener(urllib.request.ProxyHandler({}), Unchanged).open(request, timeout=10)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            body = answer.read()
            kept = "".join(f"{k}: {v}\r\n" for k, v in answer.headers.items() if k in ("Location", "Set-Cookie", "Content-Type"))
        connection.send(f"HTTP/1.1 {answer.status} X\r\n{kept}Content-Length: {len(body)}\r\n\r\n".encode() + body)
