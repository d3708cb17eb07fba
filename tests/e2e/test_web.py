#!/usr/bin/python3
"""Claims: runs are started, changed, stopped, reset and started again from `squall web`, kept whole and given back; strangers are
refused and what they send stays text."""
import json
import os
import re
import resource
import tempfile
import time
from pathlib import Path

import rig
import web_client
from web_client import Web, status_of

SCENARIO = """
host: {host}
users: 2
spawn_rate: 100
wait: 20ms
tasks:
  - get: /json
  - weight: 2
    get: /bytes/100
    name: /bytes
"""


def scenario_file(folder, text):
    path = Path(folder, "scenario.yaml")
    path.write_text(text, "utf-8")
    return path


class Control(rig.Case):
    def setUp(self):
        self.target = rig.Target()
        self.folder = tempfile.TemporaryDirectory()
        self.file = scenario_file(self.folder.name, SCENARIO.format(host=self.target.url))

    def tearDown(self):
        self.target.stop()
        self.folder.cleanup()

    def test_a_run_is_started_edited_reset_stopped_and_run_again(self):
        with Web(self.file) as web:
            state = web.state()
            self.assertEqual((state["state"], state["run"], state["kept"]), ("ready", None, 0))
            self.assertEqual(state["form"]["users"], 2)
            self.assertEqual(state["scenarios"][0]["file"], str(self.file))
            self.assertIsNone(web.ask("/api/live").json["result"])

            first = web.order("start", users=3, spawn_rate=1000, run_time="", host="", tags=[], name="first")
            self.assertEqual(first["users_max"], 1000)
            web.wait_for(lambda live: live["users"] == 3 and live["result"]["total"]["count"] > 0, "three users")
            self.assertEqual(web.ask("/api/start", {"users": 1}).status, 409)

            web.order("edit", users=40, spawn_rate=500)
            web.wait_for(lambda live: live["users"] == 40, "up to forty")
            web.order("edit", users=5)
            live = web.wait_for(lambda live: live["users"] == 5, "down to five")
            self.assertEqual(live["users_target"], 5)

            before = web.wait_for(lambda live: live["result"]["total"]["count"] > 200, "200 requests")
            web.order("reset")
            after = web.ask("/api/live").json
            self.assertLess(after["result"]["total"]["count"], before["result"]["total"]["count"])
            self.assertEqual(after["users"], 5)
            web.wait_for(lambda live: live["result"]["total"]["count"] > 0, "counts go on")

            stopped = web.stop_run()
            self.assert_whole(stopped["result"])
            self.assertEqual(web.ask("/api/edit", {"users": 1}).status, 409)
            self.assertEqual(web.ask("/api/stop", {}).status, 409)

            second = web.order("start", users=1, spawn_rate=1, run_time="300ms", name="second")
            self.assertNotEqual(first["run"], second["run"])
            web.wait_for(lambda live: live["state"] == "stopped", "it ends by itself")
            result = web.ask("/api/result").json
            self.assert_whole(result)
            self.assertTrue(result["audit"]["ok"], result["audit"])
            self.check_kept(web, first["run"], second["run"])

    def assert_whole(self, result):
        books = result["accounting"]
        self.assertTrue(books["balanced"], books)
        self.assertEqual(result["total"]["failed"], 0)
        self.assertEqual(result["total"]["count"], sum(row["count"] for row in result["requests"]))

    def check_kept(self, web, first, second):
        runs = web.ask("/api/runs").json
        self.assertEqual({run["id"] for run in runs}, {first, second})
        self.assertEqual({run["name"] for run in runs}, {"first", "second"})
        stored = web.ask("/api/runs/" + second).json
        self.assertEqual(stored["schema"], "squall/1")
        self.assert_whole(stored)
        self.assertEqual(web.ask("/api/runs/" + second, {"name": "named", "note": "2 < 3 & so on"}).status, 200)
        named = web.ask("/api/runs/" + second).json
        self.assertEqual((named["name"], named["note"]), ("named", "2 < 3 & so on"))
        self.assertEqual({**named, "name": None, "note": None}, {**stored, "name": None, "note": None})
        for ending in ("json", "csv", "hlog", "html"):
            for name in (second, "current"):
                answer = web.ask(f"/api/download/{name}.{ending}")
                self.assertEqual(answer.status, 200, f"{name}.{ending}: {answer}")
                self.assertIn("attachment", answer.headers["Content-Disposition"])
        self.assertEqual(web.ask("/api/runs/" + first, method="DELETE").status, 200)
        self.assertEqual(web.ask("/api/runs/" + first).status, 404)
        self.assertEqual(os.listdir(web.runs), [second + ".json"])

    def test_all_tags_of_a_file_are_offered_and_none_chosen_is_all_tasks(self):
        text = SCENARIO.format(host=self.target.url) + "    tags: [often, small]\n  - get: /hello\n    tags: often\n"
        with Web(scenario_file(self.folder.name, text), "--tags", "small,often") as web:
            state = web.state()
            self.assertEqual(state["scenarios"][0]["tags"], ["often", "small"])
            self.assertEqual(state["form"]["tags"], ["small", "often"])
            web.order("start", spawn_rate=1000, tags=[])
            live = web.wait_for(lambda live: live["result"]["total"]["count"] > 50, "fifty requests")
            self.assertIn("/json", [row["name"] for row in live["result"]["requests"] if row["count"]])
            self.assertEqual(web.state()["form"]["tags"], [])

    def test_descriptors_that_run_out_for_visitors_are_no_matter_to_the_run(self):
        with Web(self.file, before=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))) as web:
            web.order("start", users=4, spawn_rate=1000, run_time="", host="", tags=[])
            web.wait_for(lambda live: live["users"] == 4, "four users")
            visitors = [web.connect() for _ in range(100)]
            before = self.target.stats()["total"]
            until = time.monotonic() + 10 * rig.PATIENCE
            while self.target.stats()["total"] < before + 20:
                self.assertLess(time.monotonic(), until, "the run stands still")
                time.sleep(0.05)
            self.assertEqual(len(os.listdir(f"/proc/{web.process.pid}/fd")), 64)
            for visitor in visitors:
                visitor.close()
            live = web.wait_for(lambda live: live["result"]["total"]["count"] > 20, "visitors are served again")
            self.assertEqual(live["result"]["total"]["failed"], 0)
            web.stop_run()

    def test_mistakes_are_told_as_on_the_command_line(self):
        rows = [
            ({"users": "many"}, "users", "--users: expected a whole number such as '64' or '20k', got 'many'"),
            ({"users": 0}, "users", "--users: expected a number from 1 to 10000000, got '0'"),
            ({"spawn_rate": "-1"}, "spawn_rate", "--spawn-rate: expected a rate above 0"),
            ({"run_time": "soon"}, "run_time", "--run-time: expected a duration such as '250ms' or '5m', got 'soon'"),
            ({"rate": "x"}, "rate", "--rate: expected a rate above 0"),
            ({"scenario": "/etc/passwd"}, "scenario", "expected one of the scenarios"),
            ({"host": "ftp://x"}, "host", "--host: expected 'http://' or 'https://', found another scheme"),
            ({"tags": ["nobody-has-it"]}, "tags", "nobody-has-it"),
        ]
        with Web(self.file) as web:
            for form, field, sentence in rows:
                answer = web.ask("/api/start", form)
                self.assertIn(answer.status, (400, 409), f"{form}: {answer}")
                self.assertIn(sentence, answer.json["error"], form)
                self.assertEqual(answer.json["field"], field, form)
            web.order("start", users=1)
            answer = web.ask("/api/edit", {"users": 2000})
            self.assertEqual((answer.status, answer.json["field"]), (400, "users"), answer)
            self.assertIn("--max-users", answer.json["error"])

    def test_metrics_are_what_prometheus_reads(self):
        line = re.compile(r'^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z]+="([^"\\]|\\.)*"(,[a-z]+="([^"\\]|\\.)*")*\})? '
                          r'(NaN|[+-]?[0-9.e+-]+))$')
        with Web(self.file) as web:
            web.order("start", run_time="200ms")
            web.wait_for(lambda live: live["state"] == "stopped", "the end")
            answer = web.ask("/metrics")
            self.assertTrue(answer.headers["Content-Type"].startswith("text/plain; version=0.0.4"))
            for row in answer.text.splitlines():
                self.assertRegex(row, line)
            counts = dict(re.findall(r'squall_request_duration_seconds_count\{method="GET",name="(.*)"\} (\d+)', answer.text))
            result = web.ask("/api/result").json
            self.assertEqual({name: int(n) for name, n in counts.items()},
                             {row["name"]: row["count"] for row in result["requests"]})
            histogram = web.ask("/api/histogram?method=GET&name=/json").json
            self.assertEqual(sum(histogram["counts"]), int(counts["/json"]))
            self.assertEqual(len(histogram["edges_us"]), len(histogram["counts"]) + 1)
            self.assertEqual(web.ask("/api/histogram?method=GET&name=/nothing").status, 404)

    def test_without_a_file_users_get_the_front_page_of_a_host(self):
        with Web() as web:
            self.assertEqual(web.state()["form"]["host"], "")
            self.assertEqual(web.ask("/api/start", {"users": 1}).status, 400)
            web.order("start", host=self.target.url, run_time="200ms")
            web.wait_for(lambda live: live["state"] == "stopped", "the end")
            self.assertGreater(self.target.counts()[("GET", "/")], 0)

    def test_files_of_others_in_the_folder_do_no_harm(self):
        folder = self.folder.name
        hostile = {
            "empty.json": b"", "broken.json": b'{"schema":"squall/1"', "deep.json": b"[" * 100000,
            "other.json": b'{"schema":"other"}', "list.json": b"[1,2]", "nul.json": b'{"schema":"squall/1","name":"\x00"}',
            "types.json": b'{"schema":"squall/1","total":[],"name":7,"load":{"users":"x"},"started_at":[]}',
            "../escape.json": None, "a b.json": b"{}", "-rf.json": b'{"schema":"squall/1"}', "run.json.txt": b"{}",
            "x" * 200 + ".json": b'{"schema":"squall/1"}', "utf.json": b'{"schema":"squall/1","name":"\xff\xfe"}',
        }
        for name, content in hostile.items():
            if content is not None:
                Path(folder, name).write_bytes(content)
        os.symlink("/etc/passwd", Path(folder, "link.json"))
        os.mkfifo(Path(folder, "pipe.json"))
        os.mkdir(Path(folder, "folder.json"))
        with Web(self.file, runs=folder) as web:
            self.assertEqual({run["id"] for run in web.ask("/api/runs").json}, {"types", "-rf"})
            for name in ("link", "pipe", "folder", "empty", "broken", "deep", "other", "list", "nul", "utf", "a%20b", "..%2fescape",
                         "../../etc/passwd", "x" * 200, ".", "..", "%00", "types%00"):
                for method, body in (("GET", None), ("DELETE", None), ("POST", {"name": "x"})):
                    if (name, method) in (("broken", "DELETE"), ("empty", "DELETE"), ("deep", "DELETE"), ("other", "DELETE"),
                                          ("list", "DELETE"), ("nul", "DELETE"), ("utf", "DELETE")):
                        continue
                    answer = web.ask("/api/runs/" + name, body, method=method)
                    self.assertIn(answer.status, (404, 400), f"{method} {name}: {answer}")
                self.assertIn(web.ask(f"/api/download/{name}.json").status, (404, 400))
            web.order("start", run_time="100ms")
            web.wait_for(lambda live: live["state"] == "stopped", "the end")
            self.assertEqual(len(web.ask("/api/runs").json), 3)
        self.assertTrue(Path("/etc/passwd").exists())


class Strangers(rig.Case):
    def test_hostile_requests_are_refused(self):
        with Web() as web:
            token = web.state()["token"]
            host = f"Host: 127.0.0.1:{web.port}\r\n"
            own = f"Origin: http://127.0.0.1:{web.port}\r\n"
            secret = f"X-Squall-Token: {token}\r\n"
            wrong = "X-Squall-Token: " + "0" * 32 + "\r\n"
            as_json = "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
            as_form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 24\r\n\r\nuser_count=1&spawn_rate=1"
            as_text = "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}"
            get, end = "GET /api/state HTTP/1.1\r\n", "\r\n"
            start, stop = "POST /api/start HTTP/1.1\r\n", "GET /stop HTTP/1.1\r\n"
            rows = [    # what is sent, and the statuses that refuse it; None = the connection is closed
                ("another name", get + "Host: evil.example\r\n" + end, {421}),
                ("another name at our port", get + f"Host: evil.example:{web.port}\r\n" + end, {421}),
                ("another port", get + "Host: 127.0.0.1:1\r\n" + end, {421}),
                ("no port", get + "Host: 127.0.0.1\r\n" + end, {421}),
                ("a name that begins like ours", get + f"Host: 127.0.0.1.evil.example:{web.port}\r\n" + end, {421}),
                ("an empty Host", get + "Host: \r\n" + end, {421, 400}),
                ("no Host", get + end, {421, 400}),
                ("two Hosts", get + host + "Host: evil.example\r\n" + end, {421, 400}),
                ("HTTP/1.0 without Host", "GET /api/state HTTP/1.0\r\n\r\n", {421}),
                ("an address with another Host", f"GET http://127.0.0.1:{web.port}/api/state HTTP/1.1\r\nHost: evil.example\r\n\r\n",
                 {421, 400, 404}),
                ("rebinding of the page itself", "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", {421}),
                ("rebinding where there is nothing", "GET /no HTTP/1.1\r\nHost: evil.example\r\n\r\n", {421}),
                ("a start from another origin", start + host + "Origin: http://evil.example\r\n" + secret + as_json, {403}),
                ("a start from the origin null", start + host + "Origin: null\r\n" + secret + as_json, {403}),
                ("a start over https", start + host + f"Origin: https://127.0.0.1:{web.port}\r\n" + secret + as_json, {403}),
                ("a start from another port", start + host + "Origin: http://127.0.0.1:1\r\n" + secret + as_json, {403}),
                ("a start cross-site", start + host + "Sec-Fetch-Site: cross-site\r\n" + secret + as_json, {403}),
                ("a start same-site", start + host + "Sec-Fetch-Site: same-site\r\n" + secret + as_json, {403}),
                ("a start of a browser without token", start + host + own + "Sec-Fetch-Site: same-origin\r\n" + as_json, {403}),
                ("a start with a wrong token", start + host + own + wrong + as_json, {403}),
                ("a start of a script with a wrong token", start + host + wrong + as_json, {403}),
                ("a start with a Referer of others", start + host + "Referer: http://evil.example/\r\n" + secret + as_json, {403}),
                ("a start as text/plain", start + host + as_text, {415}),
                ("Locust's start of another origin", "POST /swarm HTTP/1.1\r\n" + host + "Origin: http://evil.example\r\n" + as_form, {403}),
                ("a start by GET", "GET /api/start HTTP/1.1\r\n" + host + end, {405}),
                ("a stop by an image", stop + host + "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n\r\n", {403}),
                ("a stop by a link of our own page", stop + host + "Sec-Fetch-Site: same-origin\r\n" + secret + end, {403}),
                ("a stop by an old browser", stop + host + "Referer: http://evil.example/\r\n\r\n", {403}),
                ("a reset by an image", "GET /stats/reset HTTP/1.1\r\n" + host + "Sec-Fetch-Site: cross-site\r\n\r\n", {403}),
                ("figures for another site", get + host + "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: cors\r\n\r\n", {403}),
                ("a script of ours for another site", "GET /app.js HTTP/1.1\r\n" + host + "Sec-Fetch-Site: cross-site\r\n"
                 "Sec-Fetch-Mode: no-cors\r\n\r\n", {403}),
                ("a path out of the folder", "GET /../../etc/passwd HTTP/1.1\r\n" + host + end, {404, 400}),
                ("an escaped path out", "GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n" + host + end, {404}),
                ("a run out of the folder", "GET /api/runs/..%2f..%2fetc%2fpasswd HTTP/1.1\r\n" + host + end, {404}),
                ("a download out of the folder", "GET /api/download/..%2f..%2fx.json HTTP/1.1\r\n" + host + end, {404}),
                ("a byte 0 in the path", "GET /api/state%00.js HTTP/1.1\r\n" + host + end, {404}),
                ("the template of reports", "GET /report.html HTTP/1.1\r\n" + host + end, {404}),
                ("TRACE", "TRACE / HTTP/1.1\r\n" + host + end, {405, 501}),
                ("CONNECT", "CONNECT evil.example:80 HTTP/1.1\r\n" + host + end, {404, 405, 400, 501}),
                ("a long request line", "GET /" + "a" * 100000 + " HTTP/1.1\r\n" + host + end, {414, 431, 400, None}),
                ("a long header", get + host + "X: " + "a" * 100000 + "\r\n\r\n", {431, 413, 400, None}),
                ("many headers", get + host + "".join(f"X-{i}: 1\r\n" for i in range(10000)) + end, {431, 413, 400, None}),
                ("a long body", start + host + "Content-Type: application/json\r\nContent-Length: 10000000\r\n\r\n", {413}),
                ("a negative body", start + host + "Content-Type: application/json\r\nContent-Length: -1\r\n\r\n", {400, 413, None}),
                ("garbage", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 50 + "\r\n\r\n", {400, 405, 501, 505, None}),
                ("no JSON", start + host + "Content-Type: application/json\r\nContent-Length: 4\r\n\r\n{a:1", {400}),
                ("deep JSON", start + host + "Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n" + "[" * 60000, {400}),
                ("JSON of objects", start + host + 'Content-Type: application/json\r\nContent-Length: 15\r\n\r\n{"users":{"a":1}}'[:-2], {400}),
            ]
            self.assertGreaterEqual(len(rows), 30)
            for what, request, statuses in rows:
                with self.subTest(what):
                    answer = web.raw(request)
                    self.assertIn(status_of(answer), statuses, f"{what}: {answer[:300]!r}")
            self.assertEqual(web.state()["state"], "ready", "one of them changed something")
            good = start + host + own + "Sec-Fetch-Site: same-origin\r\n" + secret
            body = '{"host":"http://127.0.0.1:1"}'
            good += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}"
            self.assertEqual(status_of(web.raw(good)), 200, "the page itself may start a run")

    def test_every_answer_has_the_headers_that_keep_a_browser_safe(self):
        with Web() as web:
            for path in ("/", "/app.js", "/app.css", "/api/state", "/api/runs", "/metrics", "/stats/requests", "/nothing"):
                headers = web.ask(path).headers
                self.assertIn("default-src 'none'", headers["Content-Security-Policy"], path)
                self.assertIn("frame-ancestors 'none'", headers["Content-Security-Policy"], path)
                self.assertNotIn("unsafe", headers["Content-Security-Policy"], path)
                self.assertEqual(headers["X-Content-Type-Options"], "nosniff", path)
                self.assertEqual(headers["X-Frame-Options"], "DENY", path)
                self.assertIsNone(headers["Access-Control-Allow-Origin"], path)

    def test_another_address_needs_the_token(self):
        with Web("--bind", "127.0.0.1") as web:
            self.assertIsNone(web.token)
        with Web("--bind", "0.0.0.0") as web:
            web.url = f"http://127.0.0.1:{web.port}"
            self.assertRegex(web.token, "^[0-9a-f]{32}$")
            self.assertIn("token", web.err())
            self.assertEqual(web.ask("/").status, 200)
            for path in ("/api/state", "/stats/requests", "/metrics", "/stop"):
                self.assertEqual(web.ask(path).status, 401, path)
                self.assertEqual(web.ask(path, X_Squall_Token="f" * 32).status, 403, path)
            self.assertEqual(web.ask("/api/state", X_Squall_Token=web.token).status, 200)
        code, _, err = rig.call("web", "--bind", "nowhere")
        self.assertEqual(code, 2, err)

    def test_clients_who_mean_harm_hold_nobody_up(self):
        """128 connections are accepted; those that hold one without asking give way to those who ask."""
        with Web() as web:
            idle = [web.connect() for _ in range(300)]
            for s in idle[::2]:
                s.sendall(b"GET /api/state HTTP/1.1\r\nHost: 127")
            for _ in range(5):
                began = time.monotonic()
                self.assertEqual(web.ask("/api/state").status, 200)
                self.assertLess(time.monotonic() - began, 2 * rig.PATIENCE)
            slow = web.connect()
            slow.setsockopt(web_client.socket.SOL_SOCKET, web_client.socket.SO_RCVBUF, 4096)
            slow.sendall((f"GET /app.js HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\n\r\n" * 50).encode())
            self.assertEqual(web.ask("/api/state").status, 200)
            descriptors = len(os.listdir(f"/proc/{web.process.pid}/fd"))
            self.assertLess(descriptors, 128 + 40)
            for s in [*idle, slow]:
                s.close()


HOSTILE_TEXTS = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>", "'\"><script>alert(1)</script>",
    "</script><script>alert(1)</script>", "<!--<script>", "]]><script>", "javascript:alert(1)", "<a href='javascript:alert(1)'>x</a>",
    "<iframe srcdoc='<script>alert(1)</script>'>", "<body onload=alert(1)>", "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u2028alert(1)", "\u2029alert(1)", "{{constructor.constructor('alert(1)')()}}", "${alert(1)}", "`${alert(1)}`", "__proto__",
    "constructor", "toString", "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>", "<style>@import'//evil'</style>",
    "<link rel=stylesheet href=//evil>", "<base href=//evil>", "<meta http-equiv=refresh content=0;url=//evil>",
]
HOSTILE_TEXTS += [f"{i}{text}" for i in range(1, 4) for text in HOSTILE_TEXTS]


class Texts(rig.Case):
    def test_a_hundred_hostile_texts_stay_texts(self):
        """In names of rows, in failures, in the name of a run and its note: no byte of an answer can begin a tag."""
        self.assertGreaterEqual(len(HOSTILE_TEXTS), 100)
        with rig.Target() as target, tempfile.TemporaryDirectory() as folder:
            tasks = "".join(
                f"  - get: /status/404\n    name: {json.dumps(text.replace('${', '$${'))}\n"
                f"    headers: {{ X-Text: {json.dumps(re.sub(r'[^ -~]', '', text).replace('${', '$${'))} }}\n"
                for text in HOSTILE_TEXTS)
            file = scenario_file(folder, f"host: {target.url}\nusers: 20\nspawn_rate: 1000\ntasks:\n{tasks}")
            code, out, err = rig.call("check", file)
            self.assertEqual(code, 0, out + err)
            with Web(file) as web:
                run = web.order("start", run_time="700ms", name=HOSTILE_TEXTS[0])["run"]
                live = web.wait_for(lambda live: live["state"] == "stopped", "the end")
                self.assertEqual(web.ask("/api/runs/" + run, {"note": "\u2028" + HOSTILE_TEXTS[1]}).status, 200)
                names = {row["name"] for row in live["result"]["requests"]}
                self.assertEqual({name.replace("$$", "$") for name in names}, set(HOSTILE_TEXTS))
                self.assertGreater(live["result"]["total"]["failed"], 500)
                for path in ("/api/state", "/api/live", "/api/result", "/api/runs", "/api/runs/" + run, "/stats/requests", "/tasks",
                             "/exceptions"):
                    answer = web.ask(path)
                    self.assertEqual(answer.headers["Content-Type"], "application/json", path)
                    for byte in (b"<", b">", b"&", "\u2028".encode(), "\u2029".encode()):
                        self.assertNotIn(byte, answer.body, path)
                    json.loads(answer.body)
                refused = web.ask("/api/start", {"users": HOSTILE_TEXTS[0]})
                self.assertNotIn(b"<", refused.body)
                self.assertIn(HOSTILE_TEXTS[0], refused.json["error"])


if __name__ == "__main__":
    rig.main()
