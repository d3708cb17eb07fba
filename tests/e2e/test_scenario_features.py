#!/usr/bin/python3
"""What scenarios say that no locustfile can, or that is only seen in a whole run: stages, shared connections, feeds over
several threads, hosts, refused values, thresholds, what is sent but not counted.
"""
import gzip
import json
import statistics
import tempfile
from pathlib import Path
from urllib.parse import quote, quote_plus

import rig
from raw_server import RawServer
from recorder import Recorder

INJECTION = "v\r\nX-Injected: yes"
HOSTILE = (INJECTION, "\nX-Injected: yes", " HTTP/1.1\r\n\r\nGET /stolen HTTP/1.1\r\n\r\n", "a\0b", "\x7f", "  blanks  ",
           "\u00e9\u2028\u202e", "", "../../..", "%0d%0a", '"}, "admin": {"', "; Path=/; Secure", "a=b&c=d#e?f",
           "${user} $${user}", "\U0001f600" * 500)
PLACES = """
users: 1
run_time: 5s
tasks:
  - steps:
      - get: /value
        capture: { value: json /value }
      - get: /path/${value}
        name: /path
      - get: /query
        query: { q: "${value}" }
      - post: /form
        form: { v: "${value}" }
      - post: /json
        json: { v: "${value}", text: "<${value}>" }
      - post: /raw
        body: <${value}>
      - get: /header
        headers: { X-Value: "<${value}>" }
      - cookies: { c: "${value}" }
      - get: /cookie
      - stop_user
"""


def answer(seen, recorder):
    """Status and JSON value: what was sent, so that it can be captured."""
    path, _, query = seen.path.partition("?")
    body = seen.body.decode("utf-8", "replace") if seen.headers.get("content-encoding") != "gzip" else ""
    return int(query or 200) if path == "/status" else 200, {"path": path, "body": body, "list": ["a", "b"]}


class Features(rig.Case):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()

    def tearDown(self):
        self.folder.cleanup()

    def write(self, name, content):
        path = Path(self.folder.name, name)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def play(self, text, *options, url=None, **how):
        """Runs a scenario; its host is the recorder's or target's."""
        path = self.write("a.yaml", f"host: {url or self.recorder.url}\n{text}")
        run = rig.squall("run", path, "--seed", 5, *options, timeout=30, **how)
        self.assertNotEqual(run.code, 2, str(run))
        self.assert_books_balance(run)
        return run


class Recorded(Features):
    """Features that need every request in the hand."""

    def setUp(self):
        super().setUp()
        self.recorder = Recorder(answer)
        self.recorder.__enter__()

    def tearDown(self):
        self.recorder.__exit__()
        super().tearDown()

    def sent(self, path):
        return [seen for seen in self.recorder.seen if seen.path.startswith(path)]

    def test_a_captured_line_break_gets_into_no_header_and_is_counted_as_scenario(self):
        run = self.play(f"""
users: 2
spawn_rate: 100
run_time: 2s
tasks:
  - steps:
      - post: /first
        body: {json.dumps(INJECTION)}
        capture: {{ value: json /body }}
      - get: /header
        headers: {{ X-Value: "${{value}}" }}
      - get: /after
      - get: /path/${{value}}
        name: /path
      - get: /query
        query: {{ q: "${{value}}" }}
      - session_headers: {{ X-Session: "a ${{value}}" }}
      - get: /session
      - session_headers: {{ X-Session: fine }}
      - get: /fine
      - stop_user
""")
        self.assert_exit(run, 1)
        self.assertEqual(run.failures(), {"scenario": 4}, str(run))
        self.assertEqual({row["name"]: row["failed"] for row in run.result["requests"]},
                         {"/first": 0, "/header": 2, "/after": 0, "/path": 0, "/query": 0, "/session": 2, "/fine": 0})
        self.assertEqual(self.sent("/header") + self.sent("/session"), [])
        self.assertFalse(any("x-injected" in seen.headers for seen in self.recorder.seen))
        self.assertEqual({seen.path for seen in self.sent("/path")}, {"/path/v%0D%0AX-Injected:%20yes"})
        self.assertEqual({seen.path for seen in self.sent("/query")}, {"/query?q=v%0D%0AX-Injected%3A+yes"})
        self.assertEqual(len(self.sent("/fine")), 2)

    def test_whatever_was_captured_stays_where_it_was_put(self):
        for value in HOSTILE:
            with self.subTest(value[:20]):
                self.recorder.seen.clear()
                self.recorder.answer = lambda seen, recorder, value=value: (200, {"value": value})
                run = self.play(PLACES)
                self.assertLessEqual(set(run.failures()), {"scenario"}, str(run))
                seen = {one.path.split("/")[1].split("?")[0]: one for one in self.recorder.seen}
                self.assertEqual(len(seen), len(self.recorder.seen), self.recorder.seen)
                self.assertLessEqual({"value", "path", "query", "form", "json", "raw"}, set(seen))
                self.assertEqual(seen["path"].path, "/path/" + quote(value, safe="!$&'()*+,;=:@~"))
                self.assertEqual(seen["query"].path, "/query?q=" + quote_plus(value, safe="~"))
                self.assertEqual(seen["form"].body.decode(), "v=" + quote_plus(value, safe="~"))
                self.assertEqual(seen["json"].body.decode(), json.dumps({"v": value, "text": f"<{value}>"}))
                self.assertEqual(seen["raw"].body.decode(), f"<{value}>")
                if "header" in seen:
                    self.assertEqual(seen["header"].headers["x-value"].encode("latin-1").decode(), f"<{value}>")
                else:
                    self.assertRegex(value, r"[\0-\x1f\x7f]")
                if "cookie" in seen:
                    self.assertRegex(seen["cookie"].headers["cookie"], r"\Ac=[^;\0-\x1f\x7f]*\Z")
                else:
                    self.assertRegex(value, r"[;\0-\x1f\x7f]")
                usual = {"host", "user-agent", "accept", "content-type", "content-length", "x-value", "cookie"}
                self.assertLessEqual({name for one in self.recorder.seen for name in one.headers}, usual)

    def test_a_line_break_in_a_row_of_a_file_gets_into_no_header(self):
        self.write("rows.csv", 'name,value\r\ngood,1\r\nbad,"2\r\nX-Injected: yes"\r\nlast,3\r\n')
        run = self.play("""
users: 1
run_time: 2s
feeds: { rows: { file: rows.csv, at_end: stop } }
tasks:
  - steps:
      - feed: rows
      - get: /header/${rows.name}
        name: /header
        headers: { X-Value: "${rows.value}" }
""")
        self.assertEqual(run.failures(), {"scenario": 1}, str(run))
        self.assertEqual([(seen.path, seen.headers["x-value"]) for seen in self.recorder.seen],
                         [("/header/good", "1"), ("/header/last", "3")])

    def test_rows_are_taken_once_each_over_two_threads(self):
        rows = 500
        self.write("rows.csv", "id\n" + "".join(f"{n}\n" for n in range(rows)))
        for order in ("sequential", "shuffled"):
            with self.subTest(order):
                self.recorder.seen.clear()
                run = self.play(f"""
users: 10
spawn_rate: 1000
run_time: 10s
feeds: {{ rows: {{ file: rows.csv, order: {order}, at_end: stop }} }}
tasks:
  - steps:
      - feed: rows
      - get: /row/${{rows.id}}
        name: /row
""", "--threads", 2)
                self.assert_clean(run)
                taken = [int(seen.path.split("/")[2]) for seen in self.recorder.seen]
                self.assertEqual(sorted(taken), list(range(rows)))
                self.assertLess(run.seconds, 8 * rig.PATIENCE, "the run ends when its last user has stopped")
                if order == "shuffled":
                    self.assertNotEqual(taken[:20], sorted(taken[:20]))

    def test_a_feed_that_begins_again_gives_every_row_equally_often(self):
        self.write("rows.jsonl", "".join(json.dumps({"id": n, "text": "ü\n"}) + "\n" for n in range(4)))
        run = self.play("""
users: 1
run_time: 5s
feeds: { rows: { file: rows.jsonl, order: sequential, at_end: again } }
tasks:
  - steps:
      - repeat: 12
        steps:
          - feed: rows
          - post: /row/${rows.id}
            name: /row
            json: { text: "${rows.text}", id: "${rows.id}" }
      - stop_user
""")
        self.assert_clean(run)
        self.assertEqual([seen.path for seen in self.recorder.seen], [f"/row/{n % 4}" for n in range(12)])
        self.assertEqual(self.recorder.seen[5].body, b'{"text": "\\u00fc\\n", "id": 1}')

    def test_what_is_not_recorded_is_sent_and_counted_nowhere(self):
        run = self.play("""
users: 3
spawn_rate: 100
run_time: 2s
tasks:
  - steps:
      - get: /counted
      - get: /hidden
        record: false
      - get: /status?500
        record: false
      - stop_user
""")
        self.assert_clean(run)
        self.assertEqual([(row["name"], row["count"]) for row in run.result["requests"]], [("/counted", 3)])
        self.assertEqual(run.result["accounting"]["scheduled"], 3)
        self.assertEqual(run.result["total"]["count"], 3)
        self.assertEqual((len(self.sent("/hidden")), len(self.sent("/status"))), (3, 3))

    def test_constants_are_the_same_for_all_and_variables_differ(self):
        run = self.play("""
users: 8
spawn_rate: 1000
run_time: 5s
constants: { run: "${uuid()}", when: "${now_ms()}" }
variables: { cart: "${hex(16)}" }
tasks:
  - steps:
      - repeat: 5
        steps:
          - post: /echo
            json: { run: "${run}", when: "${when}", cart: "${cart}", number: "${sequence()}", user: "${user}" }
      - stop_user
""", "--threads", 2)
        self.assert_clean(run)
        bodies = [json.loads(seen.body) for seen in self.recorder.seen]
        self.assertEqual(len(bodies), 40)
        self.assertEqual(len({(body["run"], body["when"]) for body in bodies}), 1)
        self.assertEqual({body["user"] for body in bodies}, set(range(8)))
        self.assertEqual(len({(body["user"], body["cart"]) for body in bodies}), 8)
        self.assertEqual(len({body["cart"] for body in bodies}), 8)
        self.assertEqual(len({body["number"] for body in bodies}), 40, "sequence() gave a number twice")

    def test_batches_of_locust_come_once_a_second_and_the_even_spread_does_not(self):
        text = "users: 15\nspawn_rate: 5\nrun_time: 3500ms\nwait: 60s\ntasks:\n  - get: /\n"
        for imitate, usual in (("imitate: locust\n", 5), ("", 1)):
            with self.subTest(imitate):
                self.recorder.accepted.clear()
                self.assert_clean(self.play(imitate + text))
                times = self.recorder.accepted
                at_once = [sum(1 for other in times if abs(other - t) < 0.080) for t in times]
                self.assertEqual(statistics.median(at_once), usual, times)
                self.assertAlmostEqual(times[-1] - times[0], 2.0 if imitate else 2.8, delta=0.3)

    def test_a_body_is_compressed_and_said_to_be(self):
        content = b"many words " * 500
        self.write("body.txt", content)
        run = self.play("""
users: 1
run_time: 2s
tasks:
  - steps:
      - post: /packed
        body_file: body.txt
        compress: gzip
        headers: { Content-Type: text/plain }
      - stop_user
""")
        self.assert_clean(run)
        seen, = self.sent("/packed")
        self.assertEqual(seen.headers["content-encoding"], "gzip")
        self.assertEqual(seen.headers["content-type"], "text/plain")
        self.assertEqual(gzip.decompress(seen.body), content)
        self.assertLess(len(seen.body), 200)

    def test_a_check_that_does_not_hold_says_what_was_expected_and_what_came(self):
        run = self.play("""
users: 1
run_time: 2s
tasks:
  - steps:
      - get: /one
        expect: { json: { /path: /two } }
      - get: /two
        expect: { body: { contains: nowhere } }
      - get: /three
        expect: { that: length(json('/list/*')) > 5 }
      - get: /four
        expect: { header: { Content-Type: text/html } }
      - get: /status?503
        expect: { status: [200, 201] }
      - get: /five
        capture: { it: json /not/there }
      - get: /never
      - stop_user
""", "-n", 6)
        self.assert_exit(run, 1)
        messages = {row["name"]: row["message"] for row in run.result["failures"]}
        self.assertEqual(set(messages), {"/one", "/two", "/three", "/four", "/status?503", "/five"}, str(run))
        for name, parts in {"/one": ("/path", "/two", "/one"), "/two": ("contains", "nowhere"), "/three": ("5", "2"),
                            "/four": ("Content-Type", "text/html", "application/json"), "/status?503": ("503",),
                            "/five": ("'it'", "nothing at json /not/there")}.items():
            for part in parts:
                self.assertIn(part, messages[name], name)
        self.assertEqual(self.sent("/never"), [])

    def test_a_redirect_to_a_host_that_is_not_named_fails_and_is_not_followed(self):
        with Recorder(answer) as other:
            self.recorder.answer = lambda seen, recorder: (302, {})
            self.recorder.extra = f"Location: {other.url}/stolen\r\n"
            text = """
users: 1
run_time: 2s
tasks:
  - steps:
      - get: /away
        headers: { Authorization: Bearer secret }
      - stop_user
"""
            run = self.play(text)
            self.assert_exit(run, 1)
            failure, = run.result["failures"]
            self.assertIn(f"127.0.0.1:{other.port}", failure["message"])
            self.assertEqual(other.seen, [])
            named = self.play(f"hosts: [\"{other.url}\"]\n{text}")
            self.assert_clean(named)
            seen, = other.seen
            self.assertEqual(seen.path, "/stolen")
            self.assertNotIn("authorization", seen.headers)

    def test_without_cookies_none_is_sent_back(self):
        for cookies, expected in (("cookies: true", "kept=1"), ("cookies: false", None)):
            with self.subTest(cookies):
                self.recorder.seen.clear()
                self.recorder.extra = "Set-Cookie: kept=1\r\n"
                run = self.play(f"""
{cookies}
users: 1
run_time: 2s
tasks:
  - steps:
      - get: /first
      - get: /second
      - stop_user
""")
                self.assert_clean(run)
                self.assertEqual(self.sent("/second")[0].headers.get("cookie"), expected)

    def test_users_say_goodbye_at_the_end_of_the_run_and_it_counts(self):
        run = self.play("""
users: 6
spawn_rate: 100
run_time: 500ms
wait: 20ms
on_stop:
  - post: /bye
    json: { user: "${user}" }
tasks:
  - get: /work
""", "--threads", 2)
        self.assert_clean(run)
        self.assertEqual({json.loads(seen.body)["user"] for seen in self.sent("/bye")}, set(range(6)))
        self.assertEqual(run.count_of("POST", "/bye"), 6)

    def test_leaving_a_set_takes_no_wait_and_ending_a_task_does(self):
        run = self.play("""
users: 1
run_time: 3s
wait: 300ms
sequence:
  - name: inner
    wait: 100ms
    sequence:
      - get: /one
      - steps:
          - get: /two
          - leave
  - get: /three
  - steps:
      - get: /four
      - stop_user
""")
        self.assert_clean(run)
        times = [seen.time for seen in self.recorder.seen]
        gaps = [later - earlier for earlier, later in zip(times, times[1:])]
        for gap, expected in zip(gaps, (0.1, 0.0, 0.3)):
            self.assertAlmostEqual(gap, expected, delta=0.04 * rig.PATIENCE)


class Loaded(Features):
    """Features that are about how much, how many and how often."""

    def setUp(self):
        super().setUp()
        self.target = rig.Target()

    def tearDown(self):
        self.target.stop()
        super().tearDown()

    def play_on_target(self, text, *options, **how):
        return self.play(text, *options, url=self.target.url, **how)

    def accepted(self):
        """Connections that the target has had, with the one that asks for it."""
        return self.target.stats()["connections"]["accepted"]

    def users_by_second(self, run):
        return {round(point["t_s"]): point["users"] for point in run.result["timeline"]}

    def test_a_rate_is_that_of_the_first_requests_of_tasks(self):
        """A task takes 60 ms of the one connection: 16 a second, of 40 that are due."""
        run = self.play_on_target("""
connections: 1
run_time: 1s
tasks:
  - steps:
      - get: /delay/20ms
      - repeat: 2
        steps: [ get: /delay/20ms ]
""", "-R", 40)
        books, generator = run.result["accounting"], run.result["generator"]
        self.assertGreater(run.result["total"]["rps"], 30)
        self.assertEqual(books["due"], 40)
        self.assertGreater(books["scheduled"], 60)
        self.assertGreater(books["not_sent"], 15)
        self.assertEqual(generator["limited_by"], "server")
        self.assertNotIn("was reached", generator["bottleneck"])

    def test_users_follow_the_stages(self):
        run = self.play_on_target("""
wait: 20ms
stages:
  - { users: 40, over: 2s }
  - { users: 40, for: 1500ms }
  - { users: 10, for: 1s }
  - { users: 60, for: 1s }
  - { users: 0, over: 1500ms }
tasks:
  - get: /json
""", "--threads", 2)
        self.assert_clean(run)
        users = self.users_by_second(run)
        for second, expected in {1: 20, 2: 40, 3: 40, 4: 10, 5: 60, 6: 40}.items():
            self.assertAlmostEqual(users[second], expected, delta=1, msg=f"second {second}: {users}")
        self.assertEqual(run.result["load"]["users_peak"], 60)
        self.assertAlmostEqual(run.result["duration_s"], 7.0, delta=0.3)

    def test_a_user_that_leaves_finishes_its_request_and_says_goodbye(self):
        run = self.play_on_target("""
wait: 10ms
on_stop: [ { get: /hello } ]
stages:
  - { users: 20, for: 500ms }
  - { users: 5, for: 500ms }
tasks:
  - get: /delay/50ms
""")
        self.assert_clean(run)
        self.assertEqual(run.count_of("GET", "/hello"), 20)
        self.assertEqual(run.result["accounting"]["in_flight_at_end"], 0)

    def test_rates_follow_the_stages_to_the_request(self):
        run = self.play_on_target("""
connections: 10
stages:
  - { rate: 200, over: 2s }
  - { rate: 200, for: 1s }
  - { rate: 50, for: 1s }
tasks:
  - get: /json
""")
        self.assert_clean(run)
        self.assertAlmostEqual(run.result["accounting"]["scheduled"], 200 + 200 + 50, delta=1)
        rates = {round(point["t_s"]): point["rps"] for point in run.result["timeline"]}
        for second, expected in {1: 50, 2: 150, 3: 200, 4: 50}.items():
            self.assertAlmostEqual(rates[second], expected, delta=20, msg=f"second {second}: {rates}")
        self.assertLessEqual(self.accepted(), 10 + 1)

    def test_fifty_users_share_five_connections(self):
        run = self.play_on_target("""
users: 50
spawn_rate: 1000
run_time: 1s
connections: 5
wait: 1ms
tasks:
  - get: /delay/2ms
""")
        self.assert_clean(run)
        self.assertLessEqual(run.result["connections"]["opened"], 5)
        self.assertLessEqual(self.accepted() - 1, 5)
        self.assertGreater(run.result["total"]["count"], 500)
        self.assertEqual(run.result["load"]["users_peak"], 50)

    def test_each_request_on_a_connection_of_its_own(self):
        run = self.play_on_target("users: 5\nspawn_rate: 100\nrun_time: 500ms\nwait: 10ms\n"
                                  "connections: per_request\ntasks:\n  - get: /json\n")
        self.assert_clean(run)
        self.assertEqual(run.result["connections"]["opened"], run.result["total"]["count"])
        # Each of the five users may have been connecting when the time was up.
        self.assertIn(self.accepted() - 1 - run.result["total"]["count"], range(6))

    def test_a_connection_is_closed_after_so_many_requests(self):
        run = self.play_on_target("users: 1\nrun_time: 5s\nrequests_per_connection: 10\n"
                                  "tasks:\n  - get: /json\n", "-n", 95)
        self.assert_clean(run)
        self.assertEqual(run.result["connections"]["opened"], 10)

    def test_nothing_follows_a_request_that_says_close(self):
        """Though the server, which does not care, would take it."""
        def script(connection):
            while connection.request() is not None:
                connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        with RawServer(script) as server:
            run = self.play("users: 1\nrun_time: 5s\ntasks:\n  - steps:\n      - get: /\n"
                            "      - get: /last\n        headers: { connection: close }\n", "-n", 40, url=server.url)
            self.assert_clean(run)
            self.assertEqual(run.result["connections"]["opened"], 20)
            run = rig.squall("-n", 40, "-c", 1, "-p", 8, "-H", "Connection: close", server.url)
            self.assert_clean(run)
            self.assertEqual(run.result["connections"]["opened"], 40)

    def test_thresholds_of_the_file_decide_the_exit(self):
        text = "users: 2\nrun_time: 500ms\nwait: 10ms\nexpect:\n{}tasks:\n  - get: /json\n  - get: /delay/20ms\n"
        held = self.play_on_target(text.format(
            "  - p99 < 5s\n  - fail_ratio < 1%\n  - rps > 1\n  - p50{GET /delay/20ms} >= 20ms\n  - failed == 0\n"))
        self.assert_clean(held)
        self.assertEqual([row["holds"] for row in held.result["expectations"]], [True] * 5)
        broken = self.play_on_target(text.format("  - rps > 1\n  - p50{GET /delay/20ms} < 10ms\n"))
        self.assert_exit(broken, 99)
        self.assertEqual([row["holds"] for row in broken.result["expectations"]], [True, False])
        self.assertIn("p50{GET /delay/20ms} < 10ms", broken.out + broken.err)

    def test_tags_choose_tasks(self):
        text = ("users: 4\nspawn_rate: 100\nrun_time: 500ms\nwait: 2ms\ntasks:\n"
                "  - { get: /json, tags: [fast] }\n  - { get: /hello, tags: [fast, greeting] }\n  - { get: /bytes/10 }\n")
        for options, expected in {
            (): {"/json", "/hello", "/bytes/10"},
            ("--tags", "fast"): {"/json", "/hello"},
            ("--tags", "greeting"): {"/hello"},
            ("--exclude-tags", "greeting"): {"/json", "/bytes/10"},
            ("--tags", "fast", "--exclude-tags", "greeting"): {"/json"},
        }.items():
            with self.subTest(options):
                run = self.play_on_target(text, *options)
                self.assert_clean(run)
                self.assertEqual({row["name"] for row in run.result["requests"] if row["count"]}, expected)
        code, _, err = rig.call("run", Path(self.folder.name, "a.yaml"), "--tags", "nothing")
        self.assertEqual(code, 2, err)

    def test_kinds_come_in_the_numbers_asked_for(self):
        run = self.play_on_target("""
users: 14
spawn_rate: 1000
run_time: 500ms
wait: 60s
user_kinds:
  reader: { weight: 3, tasks: [ { get: /json } ] }
  writer: { weight: 1, tasks: [ { get: /hello } ] }
  admin: { fixed_count: 2, tasks: [ { get: /bytes/1 } ] }
""")
        self.assert_clean(run)
        self.assertEqual({row["name"]: row["count"] for row in run.result["requests"]},
                         {"/json": 9, "/hello": 3, "/bytes/1": 2})


if __name__ == "__main__":
    rig.main()
