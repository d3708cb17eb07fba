"""The server of the pairs: an application with logins, things, jobs, cookies, redirects and answers of every kind, on one
port for each host of each pair. It writes down every request as it came. An answer depends on nothing but the request, and
for jobs and for what is flaky on how often that one was asked for.
"""
import asyncio
import base64
import gzip
import hashlib
import json
import threading
import time
import urllib.parse
import zlib
from typing import NamedTuple

CSRF = "0123456789abcdef0123456789abcdef"
FORM = f"""<!doctype html><form method="post">
<input type="hidden" name="csrfmiddlewaretoken" value="{CSRF}"><input name="name"></form>
"""


class Seen(NamedTuple):
    time: float         # monotonic seconds at which its head was complete
    host: int           # which of the pair's hosts
    connection: int     # counted from 0 over all hosts of the pair
    method: str
    path: str
    headers: list       # (name in lower case, value), as they came
    body: bytes

    def header(self, name):
        return next((value for other, value in self.headers if other == name), "")


class Answer(NamedTuple):
    status: int = 200
    value: object = None            # JSON, or text, or bytes
    headers: tuple = ()
    delay: float = 0.0


class Site:
    """What is on the ports of one pair."""

    def __init__(self, hosts):
        self.hosts = hosts
        self.ports = []
        self.begin()

    def begin(self):
        """Forgets everything: the next run finds it as the one before did."""
        self.seen = []
        self.connections = 0
        self.asked = {}

    def times_asked(self, what):
        self.asked[what] = self.asked.get(what, 0) + 1
        return self.asked[what]


def fields_of(seen):
    if seen.header("content-type").startswith("application/json"):
        value = json.loads(seen.body)
        return value if isinstance(value, dict) else {}
    return dict(urllib.parse.parse_qsl(seen.body.decode("latin-1"), keep_blank_values=True))


def number_of(seen):
    return zlib.crc32(seen.body) % 90000 + 10000


def login(seen, site, rest, query):
    fields = fields_of(seen)
    name = fields.get("username", "")
    token = hashlib.md5(name.encode()).hexdigest()
    headers = (("Set-Cookie", "login=1; Path=/"),) if name == "cookie" else ()
    if "next" in fields:
        return Answer(302, "", headers + (("Location", fields["next"]),))
    return Answer(200, {"token": token, "user": {"id": 17, "name": name, "access": token[::-1]}}, headers)


def private(seen, site, rest, query):
    if seen.header("authorization").split(" ")[0] not in ("Token", "Bearer"):
        return Answer(401, {"detail": "Authentication credentials were not provided."})
    return Answer(200, {"of": rest})


def basic(seen, site, rest, query):
    wanted = ("Basic " + base64.b64encode(name).decode() for name in (b"ada:pass:word", b"ada:secret"))
    return Answer(200, "in") if seen.header("authorization") in wanted else Answer(401, "who are you?")


def form(seen, site, rest, query):
    if seen.method == "GET":
        return Answer(200, FORM, (("Set-Cookie", f"csrftoken={CSRF}; Path=/; SameSite=Lax"),))
    sent = seen.header("x-csrftoken") or fields_of(seen).get("csrfmiddlewaretoken")
    if sent != CSRF or f"csrftoken={CSRF}" not in seen.header("cookie"):
        return Answer(403, {"detail": "CSRF Failed"})
    return Answer(302, "", (("Location", "/page/done"),))


def items(seen, site, rest, query):
    if rest:
        number = int(rest)
        if 1000 <= number < 10000:
            return Answer(404, {"detail": "Not found."})
        if seen.method == "DELETE":
            return Answer(204)
        return Answer(200, {"id": number, "name": f"thing \u00fc {number}", "price": 9.5, "sold": False, "owner": None,
                            "tags": ["a", {"b": 1}], "sku": "4711", "flag": "true"})
    if seen.method == "POST":
        return Answer(201, {"id": number_of(seen)}, (("Location", f"/items/{number_of(seen)}"),))
    return Answer(200, {"items": [{"id": 11, "name": "tea"}, {"id": 12, "name": "coffee"}, {"id": 13, "name": "cup"}]})


def jobs(seen, site, rest, query):
    if not rest:
        return Answer(202, {"id": number_of(seen)})
    if rest.endswith("/result"):
        return Answer(200, {"output": 42})
    return Answer(200, {"status": "done" if site.times_asked(rest) >= 4 else "running"})


def flaky(seen, site, rest, query):
    return Answer(200 if site.times_asked(rest) >= 3 else 503, "")


def redirect(seen, site, rest, query):
    if not rest.isdigit():
        return Answer(200, f"You are at {rest}")
    where = urllib.parse.unquote(query.removeprefix("to="))
    return Answer(int(rest), "", (("Location", where),))


def set_cookie(seen, site, rest, query):
    return Answer(200, "set", (("Set-Cookie", urllib.parse.unquote(query)),))


def packed(seen, site, rest, query):
    text = json.dumps({"number": 12, "text": "squeezed " * 40}).encode()
    body = gzip.compress(text) if rest == "gzip" else zlib.compress(text)
    return Answer(200, body, (("Content-Encoding", rest), ("Content-Type", "application/json")))


PAGES = {
    "login": login, "private": private, "basic": basic, "form": form, "items": items, "jobs": jobs, "flaky": flaky,
    "redirect": redirect, "set-cookie": set_cookie, "packed": packed,
    "circle": lambda seen, site, rest, query: Answer(302, "", (("Location", "/circle"),)),
    "cookies": lambda seen, site, rest, query: Answer(200, {"cookie": seen.header("cookie")}),
    "echo": lambda seen, site, rest, query: Answer(200, {"method": seen.method, "size": len(seen.body)}),
    "list": lambda seen, site, rest, query: Answer(200, [{"id": 5}, {"id": 6}]),
    "page": lambda seen, site, rest, query: Answer(200, f"<h1>Welcome to {rest}</h1>"),
    "search": lambda seen, site, rest, query: Answer(200, {"found": []}),
    "slow": lambda seen, site, rest, query: Answer(200, "at last", delay=int(query.removeprefix("ms=")) / 1000),
    "status": lambda seen, site, rest, query: Answer(int(rest), ""),
    "upload": lambda seen, site, rest, query: Answer(201, {"size": len(seen.body)}),
}


def answer_to(seen, site):
    path, _, query = seen.path.partition("?")
    first, _, rest = path[1:].partition("/")
    page = PAGES.get(first)
    return page(seen, site, rest, query) if page else Answer(404, {"detail": f"no page {path}"})


def bytes_of(answer, is_head):
    """The answer as it goes over the wire."""
    if isinstance(answer.value, bytes):
        body, kind = answer.value, None
    elif isinstance(answer.value, str) or answer.value is None:
        body, kind = (answer.value or "").encode(), "text/html; charset=utf-8"
    else:
        body, kind = json.dumps(answer.value).encode(), "application/json"
    lines = [f"HTTP/1.1 {answer.status} Said", *(f"{name}: {value}" for name, value in answer.headers)]
    if answer.status not in (204, 304):
        lines.append(f"Content-Length: {len(body)}")
        lines += [f"Content-Type: {kind}"] if kind else []
    else:
        body = b""
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (b"" if is_head else body)


class PairsServer:
    """Serves in a thread of its own as long as its context lasts. `names` maps a pair to its number of hosts."""

    def __init__(self, names):
        self.sites = {name: Site(hosts) for name, hosts in names.items()}
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self):
        self._thread.start()
        if not self._ready.wait(10):
            raise AssertionError("the server of the pairs did not start")
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _serve(self):
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._main())
        self._loop.close()

    async def _main(self):
        self._stop = asyncio.Event()
        servers = []
        for site in self.sites.values():
            for host in range(site.hosts):
                server = await asyncio.start_server(self._talks(site, host), "127.0.0.1", 0)
                site.ports.append(server.sockets[0].getsockname()[1])
                servers.append(server)
        self._ready.set()
        await self._stop.wait()
        for server in servers:
            server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)

    def _talks(self, site, host):
        async def talk(reader, writer):
            connection = site.connections
            site.connections += 1
            try:
                while True:
                    await self._exchange(site, host, connection, reader, writer)
            except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                pass
            finally:
                writer.close()
        return talk

    @staticmethod
    async def _exchange(site, host, connection, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        now = time.monotonic()
        first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
        method, path, _ = first.split(" ")
        headers = [(name.lower(), value.strip()) for name, value in (line.split(":", 1) for line in lines)]
        length = int(dict(headers).get("content-length", "0"))
        seen = Seen(now, host, connection, method, path, headers, await reader.readexactly(length))
        site.seen.append(seen)
        answer = answer_to(seen, site)
        if answer.delay:
            await asyncio.sleep(answer.delay)
        writer.write(bytes_of(answer, method == "HEAD"))
        await writer.drain()
