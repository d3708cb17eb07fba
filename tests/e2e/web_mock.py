#!/usr/bin/python3
"""The page of `squall web` without squall: serves its files and answers from results that are made up.

usage: web_mock.py [--seconds N] [--endpoints N]      prints where it listens and stays until it is stopped

Tests use Mock() for what a real run cannot show in a moment: an hour of seconds, hostile names, errors of the server.
"""
import argparse
import http.server
import json
import re
import sys
import threading
import time
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import made_up

ASSETS = Path(__file__).resolve().parent.parent.parent / "tools/web/assets"
POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
          "frame-ancestors 'none'; base-uri 'none'; form-action 'self'")
PLAN = """user: pauses 5 s to 10 s after each task
     first
            POST /api-token-auth/  captures token from json /token
     62.5%  GET /api/tweets/
     25.0%  GET /api/tweets/${random(1, 20)}/  as /api/tweets/[id]/
     12.5%  POST /api/tweets/  expects 201"""
TASKS = {"user": {"ratio": 1.0, "tasks": {"GET /api/tweets/": {"ratio": 0.625}, "GET /api/tweets/[id]/": {"ratio": 0.25},
                                          "POST /api/tweets/": {"ratio": 0.125}}}}


def joined(ending):
    """app.js or app.css, as the build makes it."""
    lines = (line.split("#")[0].strip() for line in (ASSETS / "manifest").read_text("utf-8").splitlines())
    return "\n".join((ASSETS / name).read_text("utf-8") for name in lines if name.endswith(ending))


def escaped_json(value):
    """JSON that may stand inside a script element."""
    text = json.dumps(value, ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def report_html(result):
    """The report of a result: the template with everything inlined."""
    text = (ASSETS / "report.html").read_text("utf-8")
    for found, wanted in (
            ('<link rel="stylesheet" href="app.css">', f"<style>\n{joined('.css')}</style>"),
            ('<script src="app.js" defer></script>', f"<script>\n{joined('.js')}</script>"),
            ('id="squall-result"></script>', f'id="squall-result">{escaped_json(result)}</script>')):
        assert text.count(found) == 1, found
        text = text.replace(found, wanted)
    return text


class Mock:
    """A server on a free port. `whole` is what the next run will measure, `speed` how many of its seconds pass in one."""

    def __init__(self, whole=None, speed=1.0):
        self.whole, self.speed = whole or made_up.result(seconds=30), speed
        self.kept, self.stats, self.state, self.run = {}, {}, "ready", None
        self.form = {"users": 250, "spawn_rate": 25, "host": "http://127.0.0.1:8000", "run_time": "60s", "rate": None,
                     "scenario": "tweets.yaml", "tags": []}
        self.started, self.ended, self.bodies = 0.0, 0.0, []
        mock = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *unused):
                pass

            def do_GET(self):
                mock.answer(self, "GET", None)

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                mock.answer(self, "POST", json.loads(body or b"null"))

            def do_DELETE(self):
                mock.answer(self, "DELETE", None)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def keep(self, identity, result):
        self.kept[identity] = result

    # --- the life of a run

    def elapsed(self):
        end = self.ended or time.monotonic()
        return min((end - self.started) * self.speed, self.whole["timeline"][-1]["t_s"])

    def now(self):
        """The state; a run ends by itself when its seconds are over."""
        if self.state == "running" and self.elapsed() >= self.whole["timeline"][-1]["t_s"]:
            self.finish()
        return self.state

    def begin_at(self, run, second):
        """A run that is `second` seconds old already."""
        self.run, self.state, self.started, self.ended = run, "running", time.monotonic() - second / self.speed, 0.0

    def finish(self):
        self.ended, self.state = time.monotonic(), "stopped"
        self.keep(self.run, {**self.whole, "name": self.whole.get("name")})

    def state_answer(self):
        state, scenarios = self.now(), [
            {"name": name, "file": name, "host": "http://127.0.0.1:8000", "users": users, "spawn_rate": 25, "run_time_s": 60,
             "tags": tags, "open_loop": False}
            for name, users, tags in (("tweets.yaml", 250, []), ("reads.yaml", 100, ["read", "write"]))]
        users = int(min(self.form["users"], self.elapsed() * self.form["spawn_rate"])) if self.started else 0
        return {"state": state, "run": self.run, "elapsed_s": self.elapsed() if self.started else 0,
                "time_left_s": self.whole["timeline"][-1]["t_s"] - self.elapsed() if state == "running" else None,
                "users": users if state == "running" else 0, "users_target": self.form["users"], "users_max": 10000,
                "version": "0.1.0", "scenarios": scenarios, "scenario": self.form["scenario"], "token": "made-up",
                "plan": PLAN, "form": self.form, "kept": len(self.kept)}

    def start(self, body):
        for field in ("users", "spawn_rate"):
            if not isinstance(body[field], (int, float)) or body[field] <= 0:
                found = "nothing" if body[field] is None else repr(body[field])
                return 400, {"error": f"expected a number such as '10' for {field}, found {found}", "field": field}
        self.form = {key: body[key] for key in self.form}
        self.run = f"run-{len(self.kept) + 1}"
        self.started, self.ended, self.state = time.monotonic(), 0.0, "running"
        self.whole = {**self.whole, "name": body["name"] or None, "scenario": body["scenario"]}
        return 200, {"ok": True}

    def stop(self):
        if self.now() == "running":
            self.finish()
        return 200, {"ok": True}

    def current(self):
        if self.now() == "running":
            return made_up.until(self.whole, self.elapsed())
        return self.whole

    # --- HTTP

    def listed(self):
        return [{"id": identity, "name": r["name"], "note": r["note"], "started_at": r["started_at"],
                 "duration_s": r["duration_s"], "scenario": r["scenario"], "host": r["host"], "users": r["load"]["users"],
                 "rps": r["total"]["rps"], "p50_us": r["total"]["latency_us"]["p50"],
                 "p99_us": r["total"]["latency_us"]["p99"], "fail_ratio": r["total"]["fail_ratio"],
                 "verdict": r["generator"]["verdict"]} for identity, r in reversed(self.kept.items())]

    def histogram(self, query):
        values = [v for v in (query.get("method") or [""])]
        rows = [row for row in self.whole["requests"] if not values[0] or row["method"] == values[0]]
        heat = self.whole["heat"]
        counts = [0] * (len(heat["edges_us"]) - 1)
        for column in heat["cells"]:
            for bucket, n in column:
                counts[bucket] += n
        return {"edges_us": heat["edges_us"], "counts": [n // max(len(self.whole["requests"]) - len(rows) + 1, 1)
                                                        for n in counts]}

    def api(self, method, path, query, body):
        """(status, JSON) of a request."""
        kept = re.fullmatch(r"/api/runs/([^/]+)", path)
        if kept and unquote(kept[1]) in self.kept:
            identity = unquote(kept[1])
            if method == "DELETE":
                del self.kept[identity]
            elif method == "POST":
                self.kept[identity] = {**self.kept[identity], "name": body["name"] or None, "note": body["note"] or None}
            else:
                return 200, self.kept[identity]
            return 200, {"ok": True}
        if kept:
            return 404, {"error": f"no run '{unquote(kept[1])}' is kept"}
        if (method, path) == ("POST", "/api/edit"):
            self.form.update(body)
        answers = {
            ("GET", "/api/state"): lambda: (200, self.state_answer()),
            ("GET", "/api/live"): lambda: (200, {**self.state_answer(), "result": made_up.since(
                self.current(), float(query["since"][0]), self.elapsed()) if self.started else None}),
            ("GET", "/api/result"): lambda: (200, self.current()),
            ("GET", "/api/histogram"): lambda: (200, self.histogram(query)),
            ("GET", "/api/runs"): lambda: (200, self.listed()),
            ("GET", "/tasks"): lambda: (200, {"per_class": TASKS, "total": TASKS}),
            ("POST", "/api/start"): lambda: self.start(body),
            ("POST", "/api/edit"): lambda: (200, {"ok": True}),
            ("POST", "/api/stop"): self.stop,
            ("POST", "/api/reset"): lambda: (200, {"ok": True}),
        }
        return answers.get((method, path), lambda: (404, {"error": f"there is no '{path}'"}))()

    def answer(self, handler, method, body):
        address = urlsplit(handler.path)
        files = {"/": ("text/html", lambda: (ASSETS / "index.html").read_text("utf-8")),
                 "/app.js": ("text/javascript", lambda: joined(".js")), "/app.css": ("text/css", lambda: joined(".css")),
                 "/report.html": ("text/html", lambda: report_html(self.current()))}
        if method == "GET" and address.path in files:
            (kind, text), status = files[address.path], 200
            text = text()
        else:
            if method != "GET":
                self.bodies.append((address.path, body, handler.headers.get("X-Squall-Token")))
            status, value = self.api(method, address.path, parse_qs(address.query), body)
            kind, text = "application/json", json.dumps(value)
        data = text.encode()
        handler.send_response(status)
        handler.send_header("Content-Type", kind + "; charset=utf-8")
        handler.send_header("Content-Length", str(len(data)))
        if kind == "text/html" and address.path == "/":
            handler.send_header("Content-Security-Policy", POLICY)
        handler.end_headers()
        handler.wfile.write(data)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--endpoints", type=int, default=4)
    options = parser.parse_args()
    mock = Mock(made_up.result(seconds=options.seconds, endpoints=options.endpoints))
    mock.keep("first", made_up.result(seconds=60, seed=2, name="before the index", note="2,000 tweets in the table"))
    mock.keep("second", made_up.result(seconds=60, seed=3, slow=2.5, name="after the index"))
    print(f"listening on {mock.url}", flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
