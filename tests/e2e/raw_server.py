"""A server that plays scripts: what it does to each connection is a Python function, down to the byte and the reset."""
import socket
import struct
import threading
import time


class Connection:
    def __init__(self, sock, number):
        self.socket, self.number = sock, number
        self._buffer = b""

    def request(self):
        """Reads one request (its head; bodies are not expected here). None when the client closed."""
        while b"\r\n\r\n" not in self._buffer:
            try:
                got = self.socket.recv(65536)
            except OSError:
                return None
            if not got:
                return None
            self._buffer += got
        head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        return head.decode("latin-1")

    def send(self, *pieces, pause=0.0):
        for index, piece in enumerate(pieces):
            if index and pause:
                time.sleep(pause)
            try:
                self.socket.sendall(piece)
            except OSError:
                return False
        return True

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_WR)
            self.socket.settimeout(5)
            while self.socket.recv(65536):
                pass
        except OSError:
            pass
        self.socket.close()

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def hold(self):
        """Says nothing until the client has gone."""
        try:
            while self.socket.recv(65536):
                pass
        except OSError:
            pass
        self.socket.close()


class RawServer:
    """Plays `script(connection)` for each connection, each on a thread of its own."""

    def __init__(self, script):
        self._script = script
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self.accepted = 0
        self.requests = []
        self._open = []
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        # Closing alone would leave accept() blocked; a shut-down listener returns from it.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in self._open:
            sock.close()

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(sock, self.accepted)
            self.accepted += 1
            self._open.append(sock)
            threading.Thread(target=self._play, args=(connection,), daemon=True).start()

    def _play(self, connection):
        try:
            self._script(connection)
        except OSError:
            pass
        finally:
            connection.socket.close()
