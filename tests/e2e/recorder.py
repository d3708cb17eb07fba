"""A small asyncio server that answers like TweetCheck and writes down when each request came, from which connection."""
import asyncio
import json
import re
import threading
import time
from typing import NamedTuple


class Seen(NamedTuple):
    time: float         # monotonic seconds at which its head was complete
    connection: int     # counted from 0
    method: str
    path: str
    headers: dict       # names in lower case
    body: bytes


def answer_tweetcheck(seen, recorder):
    """Status and JSON value for a request of the exercise."""
    if seen.path == "/api-token-auth/":
        recorder.tokens += 1
        return 200, {"token": f"token-{recorder.tokens}"}
    if not re.fullmatch(r"Token token-\d+", seen.headers.get("authorization", "")):
        return 401, {"detail": "Authentication credentials were not provided."}
    if seen.path == "/api/tweets/":
        return (201, {"id": 1}) if seen.method == "POST" else (200, [])
    if re.fullmatch(r"/api/tweets/\d+/", seen.path):
        return 200, {"id": int(seen.path.split("/")[3])}
    return 404, {"detail": "Not found."}


class Recorder:
    def __init__(self, answer=answer_tweetcheck):
        self.seen = []
        self.accepted = []      # monotonic seconds of each connection
        self.tokens = 0
        self.answer = answer    # (seen, recorder) -> status and JSON value
        self.extra = ""         # header lines of every answer
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self):
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def _serve(self):
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._main())
        self._loop.close()

    async def _main(self):
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0, backlog=1024)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)

    async def _talk(self, reader, writer):
        connection = len(self.accepted)
        self.accepted.append(time.monotonic())
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                now = time.monotonic()
                first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
                method, path, _ = first.split(" ")
                headers = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                seen = Seen(now, connection, method, path, headers, body)
                self.seen.append(seen)
                status, value = self.answer(seen, self)
                text = json.dumps(value).encode()
                writer.write(b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\n%s"
                             b"Content-Length: %d\r\n\r\n%s" % (status, self.extra.encode(), len(text), text))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
